"""`titian indicators …`: list, show, follow and drill indicators, and see how they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from titian.data import definitions
from titian.data.indicators import browse
from titian.data.indicators.model import Subject, Unit
from titian.data.options import Bank, Day, at_bank, given_day
from titian.kernel.clock import parse_date
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.ids import OrgId
from titian.kernel.money import format_yuan
from titian.kernel.scope import Scope
from titian.kernel.terminal import (
    Cell,
    Csv,
    Json,
    as_json,
    counted,
    in_words,
    language,
    listing,
    say,
)
from titian.lake.queries import json_value

app = typer.Typer(help="List, show and drill indicators.", no_args_is_help=True)

MAX_NAMED = 5
Code = Annotated[str, typer.Argument(help="The indicator's code, such as npl_ratio.")]
Org = Annotated[str | None, typer.Option("--org", help="Organisation; head office by default.")]


@app.command("list")
def list_command(
    bank: Bank,
    subject: Annotated[Subject | None, typer.Option(help="Only this subject.")] = None,
    search: Annotated[str, typer.Option(help="Part of a code or name.")] = "",
    definitions_: Annotated[
        Path | None,
        typer.Option("--definitions", help="First install the indicator files of this folder."),
    ] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List a bank's indicators."""
    scope = at_bank(bank)
    if definitions_ is not None:
        definitions.install(scope, definitions.Kind.INDICATORS, definitions_)
    found = browse.catalogue(scope, subject, search)
    rows = [
        (
            entry.code,
            in_words(entry.label),
            Cell(entry.subject, in_words(entry.subject.label)),
            Cell(entry.unit, in_words(entry.unit.label)),
            in_words(entry.owner),
        )
        for entry in found
    ]
    listing(
        ("code", "name", "subject", "unit", "owner"),
        rows,
        none=f"no indicator's code or name contains {search!r}" if search else "there are none",
        remark=counted(len(found), "indicator"),
        whole=[_flat(entry) for entry in found],
        json=json,
        csv=csv,
    )


@app.command("show")
def show_command(bank: Bank, code: Code, day: Day = None, *, json: Json = False) -> None:
    """Show what an indicator means and its figure for every organisation on a date."""
    scope = at_bank(bank)
    definition = browse.definition(scope, code)
    held = browse.dates(scope)
    asked = given_day(day)
    if asked is not None:
        _require_figures(scope, asked, held)
    when = asked or (held[-1] if held else None)
    figures = browse.by_org(scope, code, when) if when else ()
    if json:
        as_json(
            {
                **_flat(definition.entry),
                "formula": asdict(definition.formula),
                "columns": definition.columns,
                "operands": definition.operands,
                "used_by": definition.used_by,
                "business_date": when,
                "figures": [{"name": f.name, "level": f.level, **asdict(f.point)} for f in figures],
            }
        )
        return
    _describe(definition)
    _list_figures(figures, str(when), definition.entry.unit, bank)


def _list_figures(figures: Sequence[browse.OrgPoint], when: str, unit: Unit, bank: str) -> None:
    names = ["org", "name", "level", when]
    rows = [[f.point.org_id, f.name, f.level, _figure(f.point.value, unit)] for f in figures]
    for part in ("numerator", "denominator"):
        values = [getattr(f.point, part) for f in figures]
        if any(value is not None for value in values):
            names.append(part)
            for row, value in zip(rows, values, strict=True):
                row.append(_figure(value, Unit.NUMBER))
    listing(names, rows, none=f"no figures yet: titian jobs run --bank {bank}")


@app.command("series")
def series_command(
    bank: Bank,
    code: Code,
    org: Org = None,
    first: Annotated[str | None, typer.Option("--from", help="First business date.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last business date.")] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Follow an indicator of one organisation through the dates."""
    scope = at_bank(bank)
    entry = browse.definition(scope, code).entry
    asked = given_day(first, "first date"), given_day(last, "last date")
    held = _held(scope)
    begin, end = asked[0] or held[0], asked[1] or held[-1]
    if None not in asked and begin > end:
        raise InvalidInput(f"{begin} comes after {end}", "Give the earlier date as --from.")
    if not any(begin <= day <= end for day in held):
        raise NotFound(
            f"{scope.bank} has no figures from {begin} to {end}",
            f"There are {_span(held)}.",
        )
    where = browse.head(scope) if org is None else OrgId(org)
    points = browse.series(scope, code, where, begin, end)
    rows = [(point.business_date, _figure(point.value, entry.unit)) for point in points]
    listing(
        ("business_date", in_words(entry.label)),
        rows,
        none=f"{where} has no figures of {code} from {begin} to {end}",
        remark=counted(len(points), "date"),
        whole=points,
        json=json,
        csv=csv,
    )


@app.command("drill")
def drill_command(
    bank: Bank,
    code: Code,
    org: Org = None,
    day: Day = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = 20,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show the rows behind a figure, masked."""
    scope = at_bank(bank)
    when = _day(scope, day)
    _require_figures(scope, when, _held(scope))
    found = browse.drill(scope, code, None if org is None else OrgId(org), when, limit)
    values = [[json_value(value) for value in row.values()] for row in found.rows.to_pylist()]
    names = [column.name for column in found.columns]
    rows = [dict(zip(names, row, strict=True)) for row in values]
    listing(
        names,
        [[Cell(value, "" if value is None else str(value)) for value in row] for row in values],
        none=f"no rows of {found.table} are behind {found.code} on {when}",
        remark=f"{len(values)} of {counted(found.total, 'row')} of {found.table} behind "
        f"{found.code} on {when}",
        whole={"code": found.code, "table": found.table, "total": found.total, "rows": rows},
        json=json,
        csv=csv,
    )


@app.command("compile")
def compile_command(
    bank: Bank,
    code: Annotated[
        list[str] | None, typer.Option("--code", help="Only this; repeatable; all by default.")
    ] = None,
    day: Day = None,
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL of every scan.")] = False,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show how indicators are computed: one scan per source and grain."""
    scope = at_bank(bank)
    codes = code or [entry.code for entry in browse.catalogue(scope)]
    scans = browse.compiled(scope, codes, _day(scope, day))
    if sql:
        for scan in scans:
            say(f"-- {scan.table}: {counted(scan.figures, 'figure')}\n{scan.sql};\n")
        return
    listing(
        ("table", "date", "item", "dimensions", "sums", "figures"),
        [(s.table, s.date_column, s.item, s.dimensions, s.sums, s.figures) for s in scans],
        none="there is nothing to scan",
        remark=f"{counted(len(codes), 'indicator')} from {counted(len(scans), 'scan')}",
        whole=scans,
        json=json,
        csv=csv,
    )


@app.command("status")
def status_command(bank: Bank, day: Day = None, *, json: Json = False, csv: Csv = False) -> None:
    """Say whether every indicator of every organisation is there on a date."""
    scope = at_bank(bank)
    when = _day(scope, day)
    _require_figures(scope, when, _held(scope))
    found = browse.completeness(scope, when)
    rows = [
        (
            Cell(part.subject, in_words(part.subject.label)),
            part.expected,
            part.present,
            part.empty,
            part.missing,
        )
        for part in found
    ]
    names = ("subject", "expected", "present", "empty", "missing")
    none = "there are no indicators"
    listing(names, rows, none=none, remark=f"{when}", whole=found, json=json, csv=csv)


def _day(scope: Scope, text: str | None) -> date:
    return _held(scope)[-1] if text is None else parse_date(text, "business date")


def _held(scope: Scope) -> list[date]:
    held = browse.dates(scope)
    if not held:
        raise NotFound(
            f"{scope.bank} has no indicators yet",
            f"Load its feeds, then: titian jobs run --bank {scope.bank}",
        )
    return held


def _require_figures(scope: Scope, day: date, held: Sequence[date]) -> None:
    if day not in held:
        there = f"There are {_span(held)}." if held else "There are none at all yet."
        raise NotFound(f"{scope.bank} has no figures of {day}", there)


def _span(held: Sequence[date]) -> str:
    if len(held) <= MAX_NAMED:
        return f"figures of {', '.join(map(str, held))}"
    return f"figures of {len(held)} dates from {held[0]} to {held[-1]}"


def _describe(definition: browse.Definition) -> None:
    entry = definition.entry
    say(f"{entry.code}  {in_words(entry.label)}")
    kind = f"{in_words(entry.subject.label)} · {in_words(entry.unit.label)}"
    say(f"  {kind} · {in_words(entry.owner)} · v{entry.version}")
    say(f"  = {in_words(definition.formula)}")
    if definition.description not in (definition.formula, entry.label):
        say(f"  {in_words(definition.description)}")


def _flat(entry: browse.Entry) -> dict[str, object]:
    return {
        "code": entry.code,
        "zh": entry.label.zh,
        "en": entry.label.en,
        "subject": entry.subject.value,
        "unit": entry.unit.value,
        "owner": asdict(entry.owner),
        "version": entry.version,
    }


def _figure(value: float | None, unit: Unit) -> Cell:
    if value is None:
        return Cell(None, "")
    if unit is Unit.FEN:
        return Cell(value, format_yuan(round(value), language()))
    if unit is Unit.RATIO:
        return Cell(value, f"{value:.4%}")
    return Cell(value, f"{value:,.0f}" if value == round(value) else f"{value:,.4f}")
