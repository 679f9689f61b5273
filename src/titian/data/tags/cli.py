"""`titian tags …` and `titian audience …`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from titian.data.tags import audiences, catalogue, store
from titian.data.tags.model import Tag, TagState
from titian.data.terminal import as_json, grid, note
from titian.kernel import banks
from titian.kernel.clock import parse_date
from titian.kernel.ids import bank_id
from titian.kernel.scope import Scope
from titian.kernel.settings import settings

app = typer.Typer(help="List, show and count tags.", no_args_is_help=True)
audience_app = typer.Typer(help="Count and profile audiences.", no_args_is_help=True)

Bank = Annotated[str, typer.Option("--bank", "-b", help="The bank's id.")]
Day = Annotated[str | None, typer.Option("--date", "-d", help="Business date; newest by default.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Code = Annotated[str, typer.Argument(help="The tag's code.")]
Expression = Annotated[
    str, typer.Argument(help="Tags and fields, such as \"borrower AND age_group = 'from_25'\".")
]


@app.command("list")
def list_command(
    bank: Bank,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    *,
    json: Json = False,
) -> None:
    """List the tags in force at a bank."""
    known = catalogue.visible(_scope(bank))
    tags = [tag for tag in known.tags.values() if category in (None, tag.category.code)]
    if json:
        as_json([_flat(tag) for tag in tags])
        return
    rows = [
        (tag.category.label.text(_locale()), tag.code, tag.label.text(_locale()), tag.kind,
         tag.subject, tag.level, len(tag.values))
        for tag in tags
    ]  # fmt: skip
    grid(("category", "code", "name", "kind", "subject", "level", "values"), rows, right=(5, 6))
    note(f"{len(tags)} tags in {len({tag.category for tag in tags})} categories")


@app.command("show")
def show_command(bank: Bank, code: Code, *, json: Json = False) -> None:
    """Show a tag's definition in words, and its coverage over the last dates."""
    scope = _scope(bank)
    tag = catalogue.visible(scope).tag(code)
    held = store.dates(scope)
    history = store.coverage(scope, code, 10) if held else []
    if json:
        as_json({**_flat(tag), "coverage": [_state(state) for state in history]})
        return
    typer.echo(f"{tag.code}  {tag.label.zh}  {tag.label.en}")
    typer.echo(f"  {tag.description.text(_locale())}")
    for value in tag.values:
        meaning = value.condition.explain(_locale()) if value.condition else f"≥ {value.at_least}"
        typer.echo(f"  {value.code} ({value.label.text(_locale())}): {meaning}")
    _print_states(history)


@app.command("count")
def count_command(
    bank: Bank,
    code: Annotated[str | None, typer.Argument(help="Only this tag; all by default.")] = None,
    day: Day = None,
    *,
    json: Json = False,
) -> None:
    """Count the parties that wear each value of each tag."""
    scope = _scope(bank)
    if code is not None:
        catalogue.visible(scope).tag(code)
    found = [s for s in store.states(scope, _day(day)) if code in (None, s.tag)]
    if json:
        as_json([_state(state) for state in found])
        return
    _print_states(found)


@audience_app.command("count")
def audience_count_command(
    bank: Bank, expression: Expression, day: Day = None, *, json: Json = False
) -> None:
    """Count who meets an expression."""
    found = audiences.count(_scope(bank), expression, _day(day))
    if json:
        as_json({**asdict(found), "reachable": found.reachable, "share": found.share})
        return
    typer.echo(
        f"{found.members:,} of {found.population:,} parties on {found.business_date} "
        f"({found.reachable:,} may be contacted; {found.ms:.1f} ms)"
    )


@audience_app.command("explain")
def audience_explain_command(bank: Bank, expression: Expression, *, json: Json = False) -> None:
    """Say in words what an expression means; ends with 2 when it cannot be used."""
    found = audiences.inspect(_scope(bank), expression)
    if json:
        as_json(found)
    else:
        lines = [problem.text(_locale()) for problem in found.problems]
        meaning = found.meaning.text(_locale()) if found.meaning else "\n".join(lines)
        typer.echo(meaning or found.message)
    if not found.right:
        raise typer.Exit(2)


@audience_app.command("profile")
def audience_profile_command(
    bank: Bank,
    expression: Expression,
    day: Day = None,
    limit: Annotated[int, typer.Option(min=1, help="Lines to show at most.")] = 20,
    *,
    json: Json = False,
) -> None:
    """Show how an audience differs from everyone, tag by tag."""
    found = audiences.profile(_scope(bank), expression, _day(day))[:limit]
    if json:
        as_json(found)
        return
    rows = [
        (one.tag, one.value, f"{one.members:,}", f"{one.share:.1%}", f"{one.population_share:.1%}",
         f"{one.lift:.2f}")
        for one in found
    ]  # fmt: skip
    grid(("tag", "value", "members", "share", "everyone", "lift"), rows, right=(2, 3, 4, 5))


@audience_app.command("overlap")
def audience_overlap_command(
    bank: Bank,
    expressions: Annotated[list[str], typer.Argument(help="Two or more expressions.")],
    day: Day = None,
    *,
    json: Json = False,
) -> None:
    """Count how audiences overlap, pair by pair."""
    found = audiences.overlap(_scope(bank), expressions, _day(day))
    if json:
        as_json(found)
        return
    rows = [(text, *row) for text, row in zip(expressions, found.both, strict=True)]
    heads = ("audience", *(str(at + 1) for at in range(len(expressions))))
    grid(heads, rows, right=range(1, len(heads)))


@audience_app.command("trend")
def audience_trend_command(
    bank: Bank,
    expression: Expression,
    days: Annotated[int, typer.Option(min=1, help="Business dates to look back.")] = 30,
    *,
    json: Json = False,
) -> None:
    """Count an audience on its last business dates."""
    found = audiences.trend(_scope(bank), expression, days)
    if json:
        as_json([{"business_date": day, "members": members} for day, members in found])
        return
    grid(("date", "members"), found, right=(1,))


def _scope(bank: str) -> Scope:
    return Scope.system(banks.get(bank_id(bank)).bank)


def _day(text: str | None) -> date | None:
    return parse_date(text) if text else None


def _locale() -> str:
    return settings().locale


def _flat(tag: Tag) -> dict[str, object]:
    return {
        "code": tag.code,
        "zh": tag.label.zh,
        "en": tag.label.en,
        "category": tag.category.code,
        "kind": tag.kind,
        "subject": tag.subject,
        "level": tag.level,
        "owner": tag.owner,
        "refresh": tag.refresh,
        "valid_days": tag.valid_days,
        "source": tag.source,
        "description": asdict(tag.description),
        "values": [
            {
                "code": value.code,
                "zh": value.label.zh,
                "en": value.label.en,
                "when": value.condition.text if value.condition else None,
                "at_least": value.at_least,
            }
            for value in tag.values
        ],
    }


def _state(state: TagState) -> dict[str, object]:
    return {**asdict(state), "coverage": round(state.coverage, 6)}


def _print_states(found: list[TagState]) -> None:
    rows = [
        (s.business_date, s.tag, s.value, f"{s.members:,}", f"{s.eligible:,}", f"{s.coverage:.1%}")
        for s in found
    ]
    grid(("date", "tag", "value", "members", "eligible", "coverage"), rows, right=(3, 4, 5))
