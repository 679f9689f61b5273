"""`titian tags …` and `titian audience …`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from titian.data.options import Bank, Day, at_bank, given_day
from titian.data.tags import audiences, catalogue, store
from titian.data.tags.model import Tag, TagState
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.near import nearest
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

app = typer.Typer(help="List, show and count tags.", no_args_is_help=True)
audience_app = typer.Typer(help="Count and profile audiences.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The tag's code.")]
Expression = Annotated[
    str, typer.Argument(help="Tags and fields, such as \"borrower AND age_group = 'from_25'\".")
]
NOT_WORKED_OUT = "not worked out yet: `titian jobs run` does it"


@app.command("list")
def list_command(
    bank: Bank,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the tags in force at a bank."""
    known = catalogue.visible(at_bank(bank))
    categories = [one.code for one in known.categories]
    if category is not None and category not in categories:
        raise NotFound(f"there is no category {category!r}", nearest(category, categories))
    tags = [tag for tag in known.tags.values() if category in (None, tag.category.code)]
    rows = [
        (
            Cell(tag.category.code, in_words(tag.category.label)),
            tag.code,
            in_words(tag.label),
            tag.kind,
            tag.subject,
            tag.level,
            len(tag.values),
        )
        for tag in tags
    ]
    listing(
        ("category", "code", "name", "kind", "subject", "level", "values"),
        rows,
        none="no tags are in force: inherit the union's presets, or install jobs and tags "
        "with `titian define`",
        remark=f"{counted(len(tags), 'tag')} in "
        f"{counted(len({tag.category for tag in tags}), 'category', 'categories')}",
        whole=[_flat(tag) for tag in tags],
        json=json,
        csv=csv,
    )


@app.command("show")
def show_command(bank: Bank, code: Code, *, json: Json = False) -> None:
    """Show a tag's definition in words, and its coverage over the last dates."""
    scope = at_bank(bank)
    tag = catalogue.visible(scope).tag(code)
    history = store.coverage(scope, code, 10) if store.dates(scope) else []
    if json:
        as_json({**_flat(tag), "coverage": [_state(state) for state in history]})
        return
    say(f"{tag.code}  {in_words(tag.label)}")
    say(f"  {in_words(tag.description)}")
    for value in tag.values:
        meaning = value.condition.explain(language()) if value.condition else f"≥ {value.at_least}"
        say(f"  {value.code} ({in_words(value.label)}): {meaning}")
    _list_states(history)


@app.command("count")
def count_command(
    bank: Bank,
    code: Annotated[str | None, typer.Argument(help="Only this tag; all by default.")] = None,
    day: Day = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Count the parties that wear each value of each tag."""
    scope = at_bank(bank)
    if code is not None:
        catalogue.visible(scope).tag(code)
    found = [s for s in store.states(scope, given_day(day)) if code in (None, s.tag)]
    _list_states(found, json=json, csv=csv)


@audience_app.command("count")
def audience_count_command(
    bank: Bank, expression: Expression, day: Day = None, *, json: Json = False
) -> None:
    """Count who meets an expression."""
    found = audiences.count(at_bank(bank), expression, given_day(day))
    if json:
        as_json({**asdict(found), "reachable": found.reachable, "share": found.share})
        return
    say(
        f"{found.members:,} of {counted(found.population, 'party', 'parties')} on "
        f"{found.business_date} ({found.reachable:,} may be contacted; {found.ms:.1f} ms)"
    )


@audience_app.command("explain")
def audience_explain_command(bank: Bank, expression: Expression, *, json: Json = False) -> None:
    """Say in words what an expression means; ends with 2 when it cannot be used."""
    found = audiences.inspect(at_bank(bank), expression)
    if json:
        as_json(found)
    else:
        lines = [problem.text(language()) for problem in found.problems]
        meaning = in_words(found.meaning) if found.meaning else "\n".join(lines)
        say(meaning or found.message)
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
    csv: Csv = False,
) -> None:
    """Show how an audience differs from everyone, tag by tag."""
    found = audiences.profile(at_bank(bank), expression, given_day(day))[:limit]
    rows = [
        (
            one.tag,
            one.value,
            one.members,
            _share(one.share),
            _share(one.population_share),
            Cell(one.lift, f"{one.lift:.2f}"),
        )
        for one in found
    ]
    heads = ("tag", "value", "members", "share", "everyone", "lift")
    none = "nobody meets the expression: there is nothing to compare"
    listing(heads, rows, none=none, whole=found, json=json, csv=csv)


@audience_app.command("overlap")
def audience_overlap_command(
    bank: Bank,
    expressions: Annotated[list[str], typer.Argument(help="Two or more expressions.")],
    day: Day = None,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Count how audiences overlap, pair by pair."""
    if len(expressions) == 1:
        raise InvalidInput("one audience overlaps with nothing", "Name two or more expressions.")
    found = audiences.overlap(at_bank(bank), expressions, given_day(day))
    rows = [(text, *row) for text, row in zip(expressions, found.both, strict=True)]
    heads = ("audience", *(str(at + 1) for at in range(len(expressions))))
    listing(heads, rows, none="no audience is named", whole=found, json=json, csv=csv)


@audience_app.command("trend")
def audience_trend_command(
    bank: Bank,
    expression: Expression,
    days: Annotated[int, typer.Option(min=1, help="Business dates to look back.")] = 30,
    *,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Count an audience on its last business dates."""
    scope = at_bank(bank)
    found = audiences.trend(scope, expression, days)
    if not found:
        store.day_tags(scope)  # says why there are none
    listing(("business_date", "members"), found, none=NOT_WORKED_OUT, json=json, csv=csv)


def _flat(tag: Tag) -> dict[str, object]:
    return {
        "code": tag.code,
        "zh": tag.label.zh,
        "en": tag.label.en,
        "category": tag.category.code,
        "kind": tag.kind,
        "subject": tag.subject,
        "level": tag.level,
        "owner": asdict(tag.owner),
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


def _list_states(found: list[TagState], *, json: bool = False, csv: bool = False) -> None:
    rows = [
        (s.business_date, s.tag, s.value, s.members, s.eligible, _share(s.coverage)) for s in found
    ]
    heads = ("business_date", "tag", "value", "members", "eligible", "coverage")
    whole = [_state(state) for state in found]
    listing(heads, rows, none=NOT_WORKED_OUT, whole=whole, json=json, csv=csv)


def _share(value: float) -> Cell:
    return Cell(round(value, 6), f"{value:.1%}")
