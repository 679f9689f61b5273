"""`titian indicators …`: list, show, follow and drill indicators, and see how they are computed."""

from __future__ import annotations

import json as jsons
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from titian.data import definitions
from titian.data.indicators import browse
from titian.data.indicators.model import Subject, Unit
from titian.decide import Label
from titian.kernel import banks
from titian.kernel.clock import parse_date
from titian.kernel.errors import NotFound
from titian.kernel.ids import OrgId, bank_id
from titian.kernel.money import format_yuan
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake.queries import json_value

app = typer.Typer(help="List, show and drill indicators.", no_args_is_help=True)

WIDTH_WHEN_PIPED = 400
Bank = Annotated[str, typer.Option("--bank", "-b", help="The bank's id.")]
Code = Annotated[str, typer.Argument(help="The indicator's code, such as npl_ratio.")]
Day = Annotated[str | None, typer.Option("--date", "-d", help="Business date; newest by default.")]
Org = Annotated[str | None, typer.Option("--org", help="Organisation; head office by default.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
) -> None:
    """List a bank's indicators."""
    scope = _scope(bank)
    if definitions_ is not None:
        definitions.install(scope, definitions.Kind.INDICATORS, definitions_)
    found = browse.catalogue(scope, subject, search)
    if json:
        _as_json([_flat(entry) for entry in found])
        return
    rows = [
        (e.code, _say(e.label), _say(e.subject.label), _say(e.unit.label), _say(e.owner))
        for e in found
    ]
    _grid(("code", "name", "subject", "unit", "owner"), rows)
    _note(f"{len(found)} indicators")


@app.command("show")
def show_command(bank: Bank, code: Code, day: Day = None, *, json: Json = False) -> None:
    """Show what an indicator means and its figure for every organisation on a date."""
    scope = _scope(bank)
    definition = browse.definition(scope, code)
    held = browse.dates(scope)
    when = parse_date(day, "date") if day else held[-1] if held else None
    figures = browse.by_org(scope, code, when) if when in held else ()
    if json:
        _as_json(
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
    if not figures:
        _note("no figures yet: run the bank's jobs for a business date")
        return
    unit = definition.entry.unit
    rows = [
        (f.point.org_id, f.name, f.level, _figure(f.point.value, unit),
         _figure(f.point.numerator, Unit.NUMBER), _figure(f.point.denominator, Unit.NUMBER))
        for f in figures
    ]  # fmt: skip
    _grid(("org", "name", "level", str(when), "numerator", "denominator"), rows, right=(3, 4, 5))


@app.command("series")
def series_command(
    bank: Bank,
    code: Code,
    org: Org = None,
    first: Annotated[str | None, typer.Option("--from", help="First business date.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last business date.")] = None,
    *,
    json: Json = False,
) -> None:
    """Follow an indicator of one organisation through the dates."""
    scope = _scope(bank)
    entry = browse.definition(scope, code).entry
    begin = parse_date(first, "first date") if first else date.min
    end = parse_date(last, "last date") if last else date.max
    points = browse.series(scope, code, OrgId(org) if org else browse.head(scope), begin, end)
    if json:
        _as_json([asdict(point) for point in points])
        return
    rows = [(str(point.business_date), _figure(point.value, entry.unit)) for point in points]
    _grid(("date", _say(entry.label)), rows, right=(1,))
    _note(f"{len(points)} dates")


@app.command("drill")
def drill_command(
    bank: Bank,
    code: Code,
    org: Org = None,
    day: Day = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show at most.")] = 20,
    *,
    json: Json = False,
) -> None:
    """Show the rows behind a figure, masked."""
    scope = _scope(bank)
    when = _day(scope, day)
    found = browse.drill(scope, code, OrgId(org) if org else None, when, limit)
    values = [[json_value(value) for value in row.values()] for row in found.rows.to_pylist()]
    names = [column.name for column in found.columns]
    if json:
        rows = [dict(zip(names, row, strict=True)) for row in values]
        _as_json({"code": found.code, "table": found.table, "total": found.total, "rows": rows})
        return
    _grid(names, [["" if v is None else str(v) for v in row] for row in values])
    _note(f"{len(values)} of {found.total} rows of {found.table} behind {found.code} on {when}")


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
) -> None:
    """Show how indicators are computed: one scan per source and grain."""
    scope = _scope(bank)
    codes = code or [entry.code for entry in browse.catalogue(scope)]
    scans = browse.compiled(scope, codes, _day(scope, day))
    if json:
        _as_json([asdict(scan) for scan in scans])
    elif sql:
        for scan in scans:
            _plain(f"-- {scan.table}: {scan.figures} figures\n{scan.sql};\n")
    else:
        rows = [
            (s.table, s.date_column, s.item, str(s.dimensions), str(s.sums), str(s.figures))
            for s in scans
        ]
        _grid(("table", "date", "item", "dimensions", "sums", "figures"), rows, right=(3, 4, 5))
        _note(f"{len(codes)} indicators from {len(scans)} scans")


@app.command("status")
def status_command(bank: Bank, day: Day = None, *, json: Json = False) -> None:
    """Say whether every indicator of every organisation is there on a date."""
    scope = _scope(bank)
    when = _day(scope, day)
    found = browse.completeness(scope, when)
    if json:
        _as_json([{**asdict(part), "subject": part.subject.value} for part in found])
        return
    rows = [
        (_say(p.subject.label), str(p.expected), str(p.present), str(p.empty), ", ".join(p.missing))
        for p in found
    ]
    _grid(("subject", "expected", "present", "empty", "missing"), rows, right=(1, 2, 3))


def _scope(bank: str) -> Scope:
    scope = Scope.system(bank_id(bank))
    banks.get(scope.bank_id)
    return scope


def _day(scope: Scope, text: str | None) -> date:
    if text:
        return parse_date(text, "date")
    held = browse.dates(scope)
    if not held:
        raise NotFound(
            f"{scope.bank} has no indicators yet",
            "Run its jobs for a business date, or use --date.",
        )
    return held[-1]


def _describe(definition: browse.Definition) -> None:
    entry = definition.entry
    _plain(f"{entry.code}  {entry.label.zh}  {entry.label.en}")
    _plain(f"  {_say(entry.subject.label)} · {_say(entry.unit.label)} · {_say(entry.owner)}"
           f" · v{entry.version}")  # fmt: skip
    _plain(f"  = {_say(definition.formula)}")
    if definition.description not in (definition.formula, entry.label):
        _plain(f"  {_say(definition.description)}")


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


def _figure(value: float | None, unit: Unit) -> str:
    if value is None:
        return ""
    if unit is Unit.FEN:
        return format_yuan(round(value), settings().locale)
    if unit is Unit.RATIO:
        return f"{value:.4%}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4f}"


def _say(label: Label) -> str:
    return label.text(settings().locale)


def _grid(names: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    grid = Grid(show_edge=False)
    for at, name in enumerate(names):
        grid.add_column(Text(name), justify="right" if at in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    out = Console(highlight=False)
    wide = out if out.is_terminal else Console(highlight=False, width=WIDTH_WHEN_PIPED)
    wide.print(grid)


def _plain(text: str) -> None:
    Console(highlight=False).print(Text(text), soft_wrap=True)


def _note(text: str) -> None:
    Console(stderr=True, highlight=False).print(text, markup=False)


def _as_json(value: Any) -> None:
    typer.echo(jsons.dumps(value, ensure_ascii=False, indent=1, default=str))
