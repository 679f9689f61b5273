"""Five-operation audience expressions over 110 tags, beside DuckDB's boolean scan in the same run.

    python benchmarks/audiences.py --json

Both sides answer the same expressions on the same members, and their counts must agree. Ours is
the path of the pages: an expression's text is parsed and planned, then worked out on bitmaps that
are in memory. The peer is DuckDB over an in-memory table with one BOOLEAN column a tag, counting
with the expression as its WHERE. Wall time is what counts; processor time of this thread stands
beside ours, since a busy machine lengthens the one and not the other. The goal is a p95 of at most
5 ms and a ratio of at least 15.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from titian.data.tags.bitmaps import BLOCK, Builder
from titian.data.tags.catalogue import Catalogue
from titian.data.tags.evaluate import size
from titian.data.tags.model import (
    PLAIN,
    Category,
    Profile,
    Refresh,
    Subject,
    Tag,
    TagKind,
    TagValue,
)
from titian.data.tags.plan import plan
from titian.decide import Condition, Field, Kind, Label, Schema, Type

OPERATIONS = 5
WARM_UP = 5


@dataclass(frozen=True)
class Memory:
    """A day's bitmaps in memory."""

    bitmaps: dict[str, BitMap]
    everyone: BitMap

    def wearing(self, tag: str, value: str) -> BitMap:
        """Give a tag's members."""
        assert value == PLAIN
        return self.bitmaps[tag]

    def holding(self, condition: Condition) -> BitMap:
        """Refuse: the expressions are over tags alone."""
        raise NotImplementedError(condition.text)


def columns(ids: int, tags: int, seed: int) -> dict[str, npt.NDArray[np.bool_]]:
    """Draw tags as banks have them: some rare, some common, half of them clustered by opening."""
    rng = np.random.default_rng(seed)
    shares = rng.permutation(np.geomspace(0.0005, 0.6, tags))
    made = {}
    for number, share in enumerate(shares):
        flags = rng.random(ids, np.float32) < share
        if number % 2:
            wave = np.sin(np.arange(ids, dtype=np.float32) / rng.integers(10_000, 200_000)) > 0
            flags &= wave | (rng.random(ids, np.float32) < 0.2)
        made[f"tag_{number}"] = flags
    return made


def bitmaps(made: dict[str, npt.NDArray[np.bool_]]) -> dict[str, BitMap]:
    count = len(next(iter(made.values())))
    builder = Builder([1] * len(made))
    for start in range(0, count, BLOCK):
        part = slice(start, min(start + BLOCK, count))
        ids = np.arange(part.start, part.stop, dtype=np.uint32)
        builder.add(ids, [flags[part].astype(np.uint8) for flags in made.values()])
    return {name: values[0] for name, values in zip(made, builder.finish(), strict=True)}


def catalogue(tags: list[str]) -> Catalogue:
    name = Label("标签", "Tag")
    shelf = Category("bench", name, 1)
    value = (TagValue(PLAIN, Label("是", "Yes"), None),)
    known = {
        tag: Tag(tag, name, shelf, TagKind.FACT, Subject.PARTY, 1, name, Refresh.DAILY, 1, name,
                 value)
        for tag in tags
    }  # fmt: skip
    fields = (Field(tag, Type(Kind.BOOLEAN), Label(tag, tag)) for tag in tags)
    return Catalogue(known, Profile({}, Schema(())), Schema(fields))


def expressions(tags: list[str], count: int, seed: int) -> list[str]:
    """Write expressions of five AND, OR and NOT operations, as people nest them."""
    rng = np.random.default_rng(seed + 1)
    shapes = (
        "({0} OR {1}) AND {2} AND NOT ({3} OR {4})",
        "({0} AND {1}) OR ({2} AND NOT {3}) OR {4}",
        "{0} AND {1} AND NOT {2} AND ({3} OR {4})",
        "({0} OR {1} OR {2}) AND NOT {3} AND {4}",
        "NOT ({0} AND {1}) AND ({2} OR {3}) AND {4}",
        "{0} OR ({1} AND {2} AND NOT {3}) OR {4}",
    )
    return [
        shapes[at % len(shapes)].format(*rng.choice(tags, 5, replace=False)) for at in range(count)
    ]


@dataclass(frozen=True)
class Took:
    """Seconds of every expression, by the wall and by this thread's processor, and its counts."""

    wall: list[float]
    cpu: list[float]
    counts: list[int]


def timed(run: Callable[[str], int], asked: list[str]) -> Took:
    for text in asked[:WARM_UP]:
        run(text)
    took = Took([], [], [])
    for text in asked:
        wall, cpu = time.perf_counter(), time.thread_time()
        took.counts.append(run(text))
        took.wall.append(time.perf_counter() - wall)
        took.cpu.append(time.thread_time() - cpu)
    return took


def summary(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "p50_ms": round(statistics.median(seconds) * 1e3, 3),
        "p95_ms": round(cuts[94] * 1e3, 3),
        "p99_ms": round(cuts[98] * 1e3, 3),
        "mean_ms": round(statistics.fmean(seconds) * 1e3, 3),
    }


def measure(ids: int, tags: int, count: int, seed: int) -> dict[str, object]:
    made = columns(ids, tags, seed)
    names = list(made)
    start = time.perf_counter()
    held = Memory(bitmaps(made), BitMap(range(ids)))
    build_seconds = time.perf_counter() - start
    known = catalogue(names)
    asked = expressions(names, count, seed)

    def ours(text: str) -> int:
        return size(plan(known, text).steps, held)

    def bitmaps_alone(text: str) -> int:
        return size(steps[text], held)

    steps = {text: plan(known, text).steps for text in asked}
    with duckdb.connect() as connection:
        connection.register("given", pa.table(made))
        connection.execute("CREATE TABLE tags AS SELECT * FROM given")
        connection.unregister("given")
        made.clear()

        def peer(text: str) -> int:
            found = connection.execute(f"SELECT count(*) FROM tags WHERE {text}").fetchone()
            assert found is not None
            return int(found[0])

        mine, alone, theirs = timed(ours, asked), timed(bitmaps_alone, asked), timed(peer, asked)
    assert mine.counts == theirs.counts, "the two sides disagree"
    ratio = statistics.median(theirs.wall) / statistics.median(mine.wall)
    p95, peer_p95 = summary(mine.wall)["p95_ms"], summary(theirs.wall)["p95_ms"]
    return {
        "ids": ids,
        "tags": tags,
        "expressions": count,
        "operations": OPERATIONS,
        "cpus": os.cpu_count(),
        "bitmap_mb": round(sum(len(b.serialize()) for b in held.bitmaps.values()) / 1e6, 1),
        "build_seconds": round(build_seconds, 2),
        "load_average": round(os.getloadavg()[0], 1),
        "titian": summary(mine.wall),
        "titian_cpu": summary(mine.cpu),
        "titian_bitmaps_only": summary(alone.wall),
        "duckdb": summary(theirs.wall),
        "ratio_p50": round(ratio, 1),
        "ratio_p95": round(peer_p95 / p95, 1),
        "goal_met": p95 <= 5 and ratio >= 15,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--ids", type=int, default=10_000_000)
    options.add_argument("--tags", type=int, default=110)
    options.add_argument("--expressions", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    found = measure(given.ids, given.tags, given.expressions, given.seed)
    if given.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
