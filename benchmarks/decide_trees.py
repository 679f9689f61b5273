"""Scoring 200 trees: a flattened forest beside LightGBM, one thread each, in the same run.

    python benchmarks/decide_trees.py --json

Both score the same rows, and their scores must agree. Single rows are different rows one after the
other; figures are the best of several rounds, microseconds of processor time a row.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import lightgbm as lgb
import numpy as np

from titian.decide.trees import contributions, score, score_one
from titian.decide.trees.flatten import flatten

TREES, LEAVES, WIDTH = 200, 31, 40


def best(run: Callable[[], object], count: int, rounds: int) -> float:
    """Give microseconds of processor time a row."""
    run()
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        run()
        times.append(time.process_time() - begun)
    return min(times) / count * 1e6


def measure(count: int, rounds: int) -> dict[str, float]:
    """Teach a model and score it both ways."""
    dice = np.random.default_rng(20260217)
    rows = dice.normal(size=(count, WIDTH))
    rows[dice.random(rows.shape) < 0.1] = np.nan
    labels = np.nansum(rows[:, :5], axis=1) + dice.normal(size=count) > 1
    booster = lgb.LGBMClassifier(
        n_estimators=TREES, num_leaves=LEAVES, n_jobs=1, verbose=-1
    ).fit(rows, labels).booster_  # fmt: skip
    forest = flatten(booster)
    gap = np.abs(score(forest, rows) - booster.predict(rows)).max()
    assert gap <= 1e-12, gap
    some = [rows[n : n + 1] for n in range(min(count, 500))]
    figures = {
        "single_us": best(lambda: [score_one(forest, row[0]) for row in some], len(some), rounds),
        "single_lightgbm_us": best(
            lambda: [booster.predict(row, num_threads=1) for row in some], len(some), rounds
        ),
        "batch_us": best(lambda: score(forest, rows), count, rounds),
        "batch_lightgbm_us": best(lambda: booster.predict(rows, num_threads=1), count, rounds),
        "contributions_us": best(
            lambda: [contributions(forest, row[0]) for row in some[:20]], 20, rounds
        ),
        "contributions_lightgbm_us": best(
            lambda: [booster.predict(row, pred_contrib=True, num_threads=1) for row in some[:20]],
            20, rounds,
        ),
    }  # fmt: skip
    for name in ("single", "batch", "contributions"):
        figures[f"{name}_ratio"] = figures[f"{name}_lightgbm_us"] / figures[f"{name}_us"]
    return {"greatest_gap": float(gap), **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    figures = measure(given.rows, given.rounds)
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:12.3g}")


if __name__ == "__main__":
    main()
