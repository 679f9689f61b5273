"""Forests survive being kept, and damaged or foreign ones are refused."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from titian.decide.trees import Forest, content_hash, from_bytes, raw_score, score, to_bytes
from titian.decide.trees.flatten import flatten
from titian.decide.trees.model import Floats
from titian.kernel.errors import InvalidInput


@pytest.fixture(scope="module")
def forest(rows: Floats, labels: Floats) -> Forest:
    return flatten(lgb.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(rows, labels))


def test_it_comes_back_the_same(forest: Forest, rows: Floats) -> None:
    back = from_bytes(to_bytes(forest))
    assert to_bytes(back) == to_bytes(forest)
    np.testing.assert_array_equal(score(back, rows), score(forest, rows))


def test_the_hash_sees_every_number(forest: Forest) -> None:
    changed = forest.value.copy()
    changed[-1] += 1e-9
    assert content_hash(replace(forest, value=changed)) != content_hash(forest)
    assert content_hash(replace(forest, steepness=2.0)) != content_hash(forest)


def test_changed_bytes_are_refused(forest: Forest) -> None:
    whole = to_bytes(forest)
    for at in range(0, len(whole), max(1, len(whole) // 300)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            back = from_bytes(bytes(damaged))
        except InvalidInput:
            continue
        assert content_hash(back) == content_hash(forest)


@pytest.mark.parametrize("data", [b"", b"PK", b"\x00" * 100])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        from_bytes(data)


def test_compressed_and_pickled_are_refused(forest: Forest) -> None:
    with zipfile.ZipFile(io.BytesIO(to_bytes(forest))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    pickled = io.BytesIO()
    objects: dict[str, Any] = {name[:-4]: np.array([{}]) for name in members}
    np.savez(pickled, **objects)
    for file in (packed, pickled):
        with pytest.raises(InvalidInput, match="damaged"):
            from_bytes(file.getvalue())


@pytest.mark.parametrize("change", ["loop", "outside", "nan", "orphan"])
def test_arrays_that_are_no_trees_are_refused(forest: Forest, change: str) -> None:
    left, value, feature = forest.left.copy(), forest.value.copy(), forest.feature.copy()
    if change == "loop":
        left[0] = 0
    elif change == "outside":
        feature[0] = forest.width
    elif change == "nan":
        value[-1] = np.nan
    else:
        left[0] = forest.right[0]
    with pytest.raises(InvalidInput, match="do not describe trees"):
        replace(forest, left=left, value=value, feature=feature)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (np.zeros((2, 5)), "do not fit"),
        (np.zeros(6), "do not fit"),
        (np.zeros((0,)), "do not fit"),
        (np.array([["1"] * 6]), "not numbers"),
        (np.array([[None] * 6]), "not numbers"),
        (np.zeros((1, 6), dtype=complex), "not numbers"),
    ],
)
def test_bad_features_are_refused(forest: Forest, features: Floats, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        score(forest, features)


def test_no_rows_give_no_scores_and_other_numbers_are_taken(forest: Forest) -> None:
    assert score(forest, np.zeros((0, 6))).shape == (0,)
    doubles = raw_score(forest, np.ones((3, 6)))
    for dtype in (np.int64, np.float32, np.bool_):
        np.testing.assert_array_equal(raw_score(forest, np.ones((3, 6), dtype=dtype)), doubles)
    np.testing.assert_array_equal(raw_score(forest, np.ones((6, 3)).T), doubles)


def test_models_that_do_not_fit_are_refused(rows: Floats, labels: Floats) -> None:
    known = np.nan_to_num(rows)
    kinds = np.digitize(known[:, 0], [-2, 2])
    category = lgb.Dataset(np.abs(np.round(known)), labels, categorical_feature=[0])
    options = {"objective": "binary", "verbose": -1, "num_threads": 1, "max_cat_to_onehot": 1}
    models = {
        "by category": lgb.train(options, category, 3),
        "linear": lgb.train(
            {"objective": "regression", "verbose": -1, "linear_tree": True},
            lgb.Dataset(known, labels), 3,
        ),
        "one score": lgb.LGBMClassifier(n_estimators=2, verbose=-1).fit(known, kinds),
        "exactly two classes": RandomForestClassifier(2).fit(known, kinds),
        "not taught": RandomForestClassifier(2),
        "cannot be flattened|can be flattened": object(),
    }  # fmt: skip
    for words, model in models.items():
        with pytest.raises(InvalidInput, match=words):
            flatten(model)
