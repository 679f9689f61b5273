"""The nightly jobs of this room: all tags in one scan, then the saved audiences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs.context import JobContext
from titian.data.jobs.python import PythonJob, Shape, job
from titian.data.tags import catalogue, queries, saved
from titian.data.tags.bitmaps import Builder
from titian.data.tags.catalogue import Catalogue
from titian.data.tags.evaluate import evaluate
from titian.data.tags.fields import PROFILE
from titian.data.tags.lake import AUDIENCE_TABLE, EVERYONE, OPTED_OUT, TAG, TAG_TABLE
from titian.data.tags.model import PLAIN, Refresh, Subject
from titian.data.tags.plan import plan
from titian.data.tags.store import DayTags
from titian.kernel.scope import Scope
from titian.lake.schema import BUSINESS_DATE

Line: TypeAlias = dict[str, object]
_HELD = """
    SELECT DISTINCT business_date FROM mart.party_profile
    WHERE business_date IN (SELECT unnest($dates))"""
_BEFORE = "SELECT max(business_date) AS day FROM mart.tag WHERE business_date < $business_date"
_STANDS_FOR_HOUSEHOLD = "_stands_for_household"


def _tags_shape(scope: Scope) -> Shape | None:
    if not definitions.paths(scope, Kind.TAGS):
        return None
    return Shape((TAG_TABLE,), (PROFILE,), catalogue.version(catalogue.load(scope)))


@job(shape=_tags_shape, history=(PROFILE,), batch=True)
def tags(context: JobContext) -> pa.Table:
    """Work out all tags in one scan of the profile for every pace of refresh."""
    known = catalogue.load(context.scope)
    everybody = _everybody(context)
    lines: list[Line] = []
    for refresh in Refresh:
        lines += _worked_out(context, known, refresh, everybody)
    for (day, name), members in everybody.items():
        if name != _STANDS_FOR_HOUSEHOLD:
            total = len(everybody[day, EVERYONE])
            lines.append(_line(day, day, name, PLAIN, members, total, ""))
    return pa.Table.from_pylist(lines, schema=TAG_TABLE.arrow_schema(with_date=True))


def _everybody(context: JobContext) -> dict[tuple[date, str], BitMap]:
    days = {queries.DATES: list(context.dates)}
    rows = context.sql(queries.EVERYBODY, days)
    ones = pa.array(np.ones(rows.num_rows, np.uint8))
    made = _scan(rows.append_column("everyone", ones).to_reader(), (1, 1, 1))
    names = (OPTED_OUT, _STANDS_FOR_HOUSEHOLD, EVERYONE)
    empty = [[BitMap()]] * len(names)
    return {
        (day, name): values[0]
        for day in context.dates
        for name, values in zip(names, made.get(day, empty), strict=True)
    }


def _worked_out(
    context: JobContext,
    known: Catalogue,
    refresh: Refresh,
    everybody: Mapping[tuple[date, str], BitMap],
) -> Iterator[Line]:
    due, sql = queries.scan(known, refresh)
    if not due:
        return
    wanted = {day: refresh.as_of(day) for day in context.dates}
    held = set(context.sql(_HELD, {queries.DATES: list(wanted.values())}).column(0).to_pylist())
    as_of = {day: then if then in held else day for day, then in wanted.items()}
    days = {queries.DATES: sorted(set(as_of.values()))}
    counts = {row[BUSINESS_DATE]: row for row in context.sql(queries.ELIGIBLE, days).to_pylist()}
    made = _scan(context.reader(sql, days), [len(tag.values) for tag in due])
    for day, then in as_of.items():
        bitmaps = made.get(then, [[BitMap()] * len(tag.values) for tag in due])
        for tag, values in zip(due, bitmaps, strict=True):
            eligible = counts.get(then, {}).get(tag.subject, 0)
            mark = catalogue.fingerprint(tag)
            for value, members in zip(tag.values, values, strict=True):
                line = _line(day, then, tag.code, value.code, members, eligible, mark)
                if tag.subject is Subject.HOUSEHOLD:
                    heads = everybody[day, _STANDS_FOR_HOUSEHOLD]
                    line["subjects"] = members.intersection_cardinality(heads)
                yield line


def _scan(reader: pa.RecordBatchReader, values: Sequence[int]) -> dict[date, list[list[BitMap]]]:
    builders: dict[date, Builder] = {}
    for batch in reader:
        for day in pc.unique(batch.column(0)).to_pylist():
            part = batch.filter(pc.equal(batch.column(0), pa.scalar(day, pa.date32())))
            ids, *columns = (c.to_numpy(zero_copy_only=False) for c in part.columns[1:])
            builder = builders.setdefault(day, Builder(values))
            builder.add(ids.astype(np.uint32), [column.astype(np.uint8) for column in columns])
    return {day: builder.finish() for day, builder in builders.items()}


def _line(
    day: date, as_of: date, tag: str, value: str, members: BitMap, eligible: int, mark: str
) -> Line:
    return {
        BUSINESS_DATE: day,
        "tag": tag,
        "value": value,
        "as_of": as_of,
        "members": len(members),
        "eligible": eligible,
        "subjects": len(members),
        "fingerprint": mark,
        "bitmap": members.serialize(),
    }


def _audience_shape(scope: Scope) -> Shape | None:
    if scope.bank is None or _tags_shape(scope) is None:
        return None
    kept = saved.standing(scope)
    mark = "\n".join(f"{one.audience_id} {one.expression}" for one in kept)
    return Shape((AUDIENCE_TABLE,), (TAG, PROFILE), mark) if kept else None


@job(shape=_audience_shape, history=(TAG, PROFILE), batch=True)
def audiences(context: JobContext) -> pa.Table:
    """Take stock of every saved audience: its members, who came and who left since the last day."""
    known = catalogue.load(context.scope)
    plans = [(one, plan(known, one.expression).steps) for one in saved.standing(context.scope)]
    lines: list[Line] = []
    for day in context.dates:
        before = context.sql(_BEFORE, {BUSINESS_DATE: day}).column(0).to_pylist()[0]
        now = DayTags.of_session(context.session, day)
        then = DayTags.of_session(context.session, before) if before is not None else None
        for one, steps in plans:
            members = evaluate(steps, now)
            last = None if then is None else evaluate(steps, then)
            lines.append(
                {
                    BUSINESS_DATE: day,
                    "audience_id": one.audience_id,
                    "name": one.name,
                    "members": len(members),
                    "reachable": members.difference_cardinality(now.opted_out),
                    "entered": None if last is None else members.difference_cardinality(last),
                    "gone": None if last is None else last.difference_cardinality(members),
                    "bitmap": members.serialize(),
                }
            )
    return pa.Table.from_pylist(lines, schema=AUDIENCE_TABLE.arrow_schema(with_date=True))


JOBS: tuple[PythonJob, ...] = (tags, audiences)
