"""From a taught learner to a `Forest`, moving each threshold to where doubles decide the same.

scikit-learn compares features rounded to single precision, and LightGBM takes what is nearly zero
for zero. Both are said by another threshold, so that scoring need not know who taught the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from titian.decide.trees.model import (
    LEAF,
    MAX_TREES,
    MISSING_LEFT,
    NODE_DTYPES,
    ZERO_IS_MISSING,
    Floats,
    Forest,
    Link,
)
from titian.decide.trees.walk import NEARLY_ZERO
from titian.kernel.errors import InvalidInput

_LIGHTGBM_INFINITY: Final = 1e300
_CLASSES: Final = (0, 1)
_LINKS: Final = {
    "binary": Link.LOGISTIC,
    "cross_entropy": Link.LOGISTIC,
    "regression": Link.IDENTITY,
    "regression_l1": Link.IDENTITY,
    "huber": Link.IDENTITY,
    "quantile": Link.IDENTITY,
    "poisson": Link.EXP,
    "gamma": Link.EXP,
    "tweedie": Link.EXP,
}

Node = Mapping[str, Any]


def flatten(model: object) -> Forest:
    """Flatten a taught LightGBM model or a two-class random forest or extra trees.

    Raises InvalidInput for other learners, more than two classes, and splits by category.
    """
    if isinstance(model, lgb.LGBMModel):
        return _from_lightgbm(model.booster_)
    if isinstance(model, lgb.Booster):
        return _from_lightgbm(model)
    if isinstance(model, RandomForestClassifier | ExtraTreesClassifier):
        return _from_scikit(model)
    raise InvalidInput(
        f"A {type(model).__name__} is not a tree model that can be flattened",
        "Give a taught LightGBM model, RandomForestClassifier or ExtraTreesClassifier.",
    )


def _from_lightgbm(booster: lgb.Booster) -> Forest:
    dump = booster.dump_model()
    trees = dump["tree_info"]
    if dump["num_tree_per_iteration"] != 1 or not 1 <= len(trees) <= MAX_TREES:
        raise InvalidInput(
            f"The LightGBM model does not give one score from 1 to {MAX_TREES} trees",
            "Teach a model of two classes or of one number, with fewer trees.",
        )
    link, steepness = _objective(str(dump.get("objective", "")))
    columns: dict[str, list[float]] = {name: [] for name in NODE_DTYPES}
    roots = [_append(columns, tree["tree_structure"]) for tree in trees]
    return Forest(
        width=dump["max_feature_idx"] + 1,
        roots=np.array(roots),
        average=bool(dump["average_output"]),
        link=link,
        steepness=steepness,
        **{name: np.array(cells) for name, cells in columns.items()},
    )


def _objective(text: str) -> tuple[Link, float]:
    """Read LightGBM's words for its objective, such as `binary sigmoid:1`."""
    name, *words = text.split() or [""]
    if name not in _LINKS or "sqrt" in words:
        raise InvalidInput(
            f"The LightGBM model's objective {text!r} is not known",
            f"Teach it with one of: {', '.join(_LINKS)}.",
        )
    options = dict(word.partition(":")[::2] for word in words)
    return _LINKS[name], float(options.get("sigmoid", 1.0))


def _append(columns: dict[str, list[float]], tree: Node) -> int:
    """Write a tree's nodes, parents first, and give the place of its root."""
    root = len(columns["feature"])
    waiting: list[tuple[Node, str, int]] = [(tree, "", LEAF)]
    while waiting:
        node, side, parent = waiting.pop()
        here = len(columns["feature"])
        if side:
            columns[side][parent] = here
        for name, cell in _cells(node).items():
            columns[name].append(cell)
        if "split_feature" in node:
            waiting.append((node["right_child"], "right", here))
            waiting.append((node["left_child"], "left", here))
    return root


def _cells(node: Node) -> dict[str, float]:
    blank = {"feature": LEAF, "threshold": 0.0, "left": LEAF, "right": LEAF, "value": 0.0}
    if "split_feature" not in node:
        if "leaf_coeff" in node:
            raise InvalidInput(
                "The LightGBM model has linear functions in its leaves",
                "Teach it with linear_tree=False.",
            )
        value, cover = node["leaf_value"], node.get("leaf_count", 0)
        return {**blank, "value": value, "missing": 0, "cover": cover}
    if node["decision_type"] != "<=":
        raise InvalidInput(
            f"The LightGBM model splits feature {node['split_feature']} by category",
            "Give categories as numbers (such as their fraud rate) and teach the model again.",
        )
    return {
        **blank,
        "feature": node["split_feature"],
        "threshold": _past_zero(node["threshold"]),
        "missing": _missing(node),
        "cover": node["internal_count"],
    }


def _past_zero(threshold: float) -> float:
    """Move a threshold so that what LightGBM takes for zero goes where zero goes."""
    if threshold >= _LIGHTGBM_INFINITY:
        return np.inf
    if 0 <= threshold < NEARLY_ZERO:
        return NEARLY_ZERO
    if -NEARLY_ZERO <= threshold < 0:
        return float(np.nextafter(-NEARLY_ZERO, -np.inf))
    return threshold


def _missing(node: Node) -> int:
    if node["missing_type"] == "None":
        return MISSING_LEFT if node["threshold"] >= 0 else 0
    left = MISSING_LEFT if node["default_left"] else 0
    return left | (ZERO_IS_MISSING if node["missing_type"] == "Zero" else 0)


def _from_scikit(model: RandomForestClassifier | ExtraTreesClassifier) -> Forest:
    if not hasattr(model, "estimators_"):
        raise InvalidInput("The model is not taught yet", "Call its fit first.")
    if model.n_outputs_ != 1 or len(model.classes_) != len(_CLASSES):
        raise InvalidInput(
            "The forest does not tell apart exactly two classes",
            "Teach it with labels of one column that holds 0 and 1.",
        )
    trees = [estimator.tree_ for estimator in model.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    parts = [_arrays(tree, root) for tree, root in zip(trees, roots, strict=True)]
    columns: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in NODE_DTYPES
    }
    return Forest(
        width=model.n_features_in_,
        roots=roots,
        average=True,
        **columns,
    )


def _arrays(tree: Any, root: int) -> dict[str, Any]:
    """Lay out one of scikit-learn's trees, whose leaves hold the share of each class."""
    inner = tree.children_left >= 0
    return {
        "feature": np.where(inner, tree.feature, LEAF),
        "threshold": np.where(inner, _as_single(tree.threshold), 0.0),
        "left": np.where(inner, tree.children_left + root, LEAF),
        "right": np.where(inner, tree.children_right + root, LEAF),
        "value": np.where(inner, 0.0, tree.value[:, 0, 1]),
        "missing": np.where(inner & (tree.missing_go_to_left != 0), MISSING_LEFT, 0),
        "cover": tree.weighted_n_node_samples,
    }


def _as_single(threshold: Floats) -> Floats:
    """Give the largest doubles that, rounded to single precision, are at most the thresholds."""
    finite = np.where(np.isfinite(threshold), threshold, 0.0)
    rounded = finite.astype(np.float32)
    below = np.where(rounded > finite, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    above = np.nextafter(below, np.float32(np.inf)).astype(np.float64)
    middle = below + (above - below) / 2
    to_even = below.view(np.uint32) % 2 == 0
    largest = np.where(to_even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isfinite(threshold), largest, threshold)
