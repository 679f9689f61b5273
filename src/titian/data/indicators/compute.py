"""From a plan to figures: scan, read off, roll up, divide, and lay out tall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.data.indicators import cubes, cubesql, distinct, formulas, ranked, spans
from titian.data.indicators.asks import blank
from titian.data.indicators.cells import Asked
from titian.data.indicators.model import Aggregation, Catalogue, Formula
from titian.data.indicators.orgs import Floats, Tree, places
from titian.data.indicators.plan import DENOMINATOR, VALUE, Cube, plan
from titian.kernel.errors import LimitExceeded
from titian.kernel.labels import Label
from titian.lake.schema import BUSINESS_DATE, Column, Layer, Table

MAX_TARGETS = 400
MAX_FIGURES = 50_000_000

Query = Callable[[str, Mapping[str, date]], pa.Table]
COLUMNS = (
    Column(
        "org_id",
        "string",
        "机构号",
        "Organisation",
        key=True,
        required=True,
        description=Label(
            "指标所属机构，各级机构都有自己的行。", "Every level has rows of its own."
        ),
    ),
    Column(
        "indicator",
        "string",
        "指标",
        "Indicator",
        key=True,
        required=True,
        description=Label(
            "指标编码，名称和口径见指标目录。", "Its code; the catalogue explains it."
        ),
    ),
    Column(
        "value",
        "double",
        "指标值",
        "Value",
        description=Label(
            "金额类指标以分计；无法计算时为空。", "Money in fen; empty where it cannot be known."
        ),
    ),
    Column(
        "numerator",
        "double",
        "分子",
        "Numerator",
        description=Label("比率类指标的分子，其他指标为空。", "Of quotients; empty for the rest."),
    ),
    Column(
        "denominator",
        "double",
        "分母",
        "Denominator",
        description=Label("比率类指标的分母，其他指标为空。", "Of quotients; empty for the rest."),
    ),
)
TABLE = Table(
    Layer.MART,
    "indicator",
    "指标",
    "Indicators",
    COLUMNS,
    Label(
        "全部指标在每个机构的取值，每项一行，无法计算的也保留空行。",
        "Every indicator of every organisation, one row each, present or explicitly empty.",
    ),
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a computation stands on: tables' business dates and one tree per target date."""

    targets: tuple[date, ...]
    available: Mapping[str, Sequence[date]]
    trees: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one business date: per code an array over the tree's organisations."""

    tree: Tree
    values: Mapping[str, Floats]
    numerators: Mapping[str, Floats]
    denominators: Mapping[str, Floats]


def compute(
    catalogue: Catalogue, codes: Sequence[str], inputs: Inputs, query: Query
) -> list[Figures]:
    """Compute indicators for several business dates with one scan per grain.

    `query` runs a SELECT over the bank's tables. Gives one result per target, in order. Raises
    LimitExceeded for too many dates or figures at once.
    """
    if len(inputs.targets) > MAX_TARGETS:
        raise LimitExceeded(
            f"{len(inputs.targets)} business dates at once", f"Take at most {MAX_TARGETS}."
        )
    orgs = max(len(tree.ids) for tree in inputs.trees)
    if len(inputs.targets) * orgs * len(codes) > MAX_FIGURES:
        raise LimitExceeded(
            f"{len(codes)} indicators of {orgs} organisations on {len(inputs.targets)} dates",
            f"Compute at most {MAX_FIGURES:,} figures at once.",
        )
    parts: list[dict[tuple[str, str], Floats]] = [{} for _ in inputs.targets]
    for cube in plan(catalogue, tuple(codes)):
        for part, found in zip(parts, _measured(cube, inputs, query), strict=True):
            part.update(found)
    wanted = catalogue.closure(tuple(codes))
    return [
        _settled(catalogue, wanted, part, tree)
        for part, tree in zip(parts, inputs.trees, strict=True)
    ]


def _measured(cube: Cube, inputs: Inputs, query: Query) -> list[dict[tuple[str, str], Floats]]:
    available = inputs.available.get(cube.grain.table, ())
    span = spans.spans(cube, inputs.targets, available)
    if not span:
        return [_unknown(cube, tree) for tree in inputs.trees]
    asked = Asked(cube, inputs.targets, span, spans.cut(span.values()))
    rows = query(*cubesql.query(cube, asked.buckets, inputs.targets))
    if cube.item is not None:
        done = _item_by_item(asked, rows, inputs.trees)
    else:
        orgs, flat = cubes.figures(asked, rows)
        done = [_rolled_up(asked, at, flat[at], orgs, tree) for at, tree in enumerate(inputs.trees)]
    return [{(f.code, f.role): part[:, at] for at, f in enumerate(cube.figures)} for part in done]


def _item_by_item(asked: Asked, rows: pa.Table, trees: Sequence[Tree]) -> list[Floats]:
    results = blank(asked, trees)
    counted = [f.aggregation is Aggregation.COUNT_DISTINCT for f in asked.cube.figures]
    for room, wanted in ((distinct, True), (ranked, False)):
        chosen = [at for at, is_counted in enumerate(counted) if is_counted is wanted]
        if chosen:
            room.fill(results, asked, rows, trees, chosen)
    return results


def _rolled_up(asked: Asked, at: int, flat: Floats, orgs: Sequence[str], tree: Tree) -> Floats:
    placed = np.zeros((len(tree.ids), flat.shape[1]))
    np.add.at(placed, places(orgs, tree), flat)
    total = tree.roll_up(placed)
    for column, figure in enumerate(asked.cube.figures):
        if (asked.targets[at], figure.period.name) not in asked.span:
            total[:, column] = cubes.UNKNOWN
    return total


def _unknown(cube: Cube, tree: Tree) -> dict[tuple[str, str], Floats]:
    return {(f.code, f.role): np.full(len(tree.ids), np.nan) for f in cube.figures}


def _settled(
    catalogue: Catalogue,
    codes: Sequence[str],
    part: Mapping[tuple[str, str], Floats],
    tree: Tree,
) -> Figures:
    values: dict[str, Floats] = {}
    above: dict[str, Floats] = {}
    below: dict[str, Floats] = {}
    for code in codes:
        how = catalogue.indicators[code].how
        if isinstance(how, Formula):
            values[code] = np.broadcast_to(formulas.value(how.term, values), len(tree.ids))
            split = formulas.parts(how.term, values)
            if split is not None:
                above[code], below[code] = split
        elif (code, DENOMINATOR) in part:
            above[code], below[code] = part[code, VALUE], part[code, DENOMINATOR]
            values[code] = formulas.quotient(above[code], below[code])
        else:
            values[code] = part[code, VALUE]
    return Figures(tree, values, above, below)


def tall(found: Sequence[Figures], targets: Sequence[date], codes: Sequence[str]) -> pa.Table:
    """Lay figures out as rows of `mart.indicator` with `business_date`, by indicator and org."""
    tables = [
        _tall_day(figures, codes).append_column(
            BUSINESS_DATE, pa.array([day] * (len(codes) * len(figures.tree.ids)), pa.date32())
        )
        for figures, day in zip(found, targets, strict=True)
    ]
    return pa.concat_tables(tables)


def _tall_day(figures: Figures, codes: Sequence[str]) -> pa.Table:
    ids, ordered = figures.tree.ids, sorted(codes)
    by_id = np.argsort(np.array(ids, dtype=object), kind="stable")
    count = len(ids)
    nothing = np.full(count, np.nan)
    columns = []
    for held in (figures.values, figures.numerators, figures.denominators):
        flat = np.concatenate([np.asarray(held.get(c, nothing))[by_id] for c in ordered])
        columns.append(pa.array(_whole_zero(flat), from_pandas=True))
    orgs = pa.array(ids).take(pa.array(np.tile(by_id, len(ordered))))
    names = pa.array(ordered).take(pa.array(np.repeat(np.arange(len(ordered)), count)))
    return pa.table([orgs, names, *columns], schema=TABLE.arrow_schema())


def _whole_zero(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(values == 0.0, 0.0, values)
