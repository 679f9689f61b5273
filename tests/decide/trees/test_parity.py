"""Forests score as the learners that taught them do."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from titian.decide.trees import contributions, raw_score, score, score_one
from titian.decide.trees.flatten import flatten
from titian.decide.trees.model import Floats, Forest

TOLERANCE = 1e-12
SINGLE = 1e30


def _boosted(rows: Floats, labels: Floats, **options: object) -> lgb.Booster:
    given = {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1} | options
    return lgb.train(given, lgb.Dataset(rows, labels), 30)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"boosting": "dart"},
        {"sigmoid": 2.0},
        {"objective": "cross_entropy"},
        {"objective": "regression"},
        {"objective": "poisson"},
        {"min_data_in_leaf": 5000},
    ],
    ids=str,
)
def test_lightgbm(
    rows: Floats, labels: Floats, extremes: Floats, options: dict[str, object]
) -> None:
    booster = _boosted(rows, labels, **options)
    forest = flatten(booster)
    for given_rows in (rows, extremes):
        raw, chance = booster.predict(given_rows, raw_score=True), booster.predict(given_rows)
        np.testing.assert_allclose(raw_score(forest, given_rows), raw, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(score(forest, given_rows), chance, rtol=TOLERANCE, atol=1e-12)


def test_lightgbm_averaging_its_trees(rows: Floats, labels: Floats) -> None:
    booster = _boosted(rows, labels, boosting="rf", bagging_freq=1, bagging_fraction=0.5)
    np.testing.assert_allclose(
        score(flatten(booster), rows), booster.predict(rows), rtol=0, atol=TOLERANCE
    )


@pytest.mark.parametrize("options", [{}, {"zero_as_missing": True}], ids=str)
def test_contributions_are_those_of_lightgbm(
    rows: Floats, labels: Floats, options: dict[str, object]
) -> None:
    booster = _boosted(rows, labels, **options)
    forest = flatten(booster)
    for row, theirs in zip(rows[:25], booster.predict(rows[:25], pred_contrib=True), strict=True):
        ours = contributions(forest, row)
        np.testing.assert_allclose([*ours.values, ours.expected], theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("learner", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 9}, {"max_depth": 1}], ids=str)
@pytest.mark.parametrize("missing", [True, False])
def test_scikit(
    rows: Floats, labels: Floats, extremes: Floats,
    learner: type, options: dict[str, int], missing: bool,
) -> None:  # fmt: skip
    taught_on = rows if missing else np.nan_to_num(rows, nan=-1.0)
    model = learner(12, random_state=3, **options).fit(taught_on, labels)
    forest = flatten(model)
    bounded = np.clip(extremes, -SINGLE, SINGLE)
    for given_rows in (taught_on, bounded if missing else np.nan_to_num(bounded)):
        theirs = model.predict_proba(given_rows)[:, 1]
        np.testing.assert_allclose(score(forest, given_rows), theirs, rtol=0, atol=TOLERANCE)
    ours = contributions(forest, taught_on[0])
    assert ours.expected + ours.values.sum() == pytest.approx(
        raw_score(forest, taught_on[:1])[0], abs=1e-9
    )


def test_scikit_at_its_thresholds(rows: Floats, labels: Floats) -> None:
    known = np.nan_to_num(rows)
    model = RandomForestClassifier(5, random_state=3).fit(known, labels)
    near = []
    for estimator in model.estimators_:
        for feature, edge in zip(estimator.tree_.feature, estimator.tree_.threshold, strict=True):
            for value in (edge, np.nextafter(edge, 9), np.float32(edge), edge * (1 + 3e-8)):
                near.append(known[0].copy())
                near[-1][max(feature, 0)] = value
    theirs = model.predict_proba(np.array(near))[:, 1]
    np.testing.assert_allclose(score(flatten(model), np.array(near)), theirs, atol=TOLERANCE)


@pytest.fixture(scope="module")
def taught(rows: Floats, labels: Floats) -> tuple[lgb.Booster, Forest]:
    booster = _boosted(rows, labels)
    return booster, flatten(booster)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(), min_size=6, max_size=6))
def test_any_row(taught: tuple[lgb.Booster, Forest], row: list[float]) -> None:
    booster, forest = taught
    theirs = booster.predict(np.array([row]))[0]
    assert score_one(forest, row) == pytest.approx(theirs, abs=TOLERANCE)
    assert score(forest, np.array([row]))[0] == score_one(forest, row)
