"""Tags: find one, see who wears it and since when, and decide on those that people propose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.tags import business, catalogue, store
from titian.data.tags.business import Status
from titian.data.tags.model import Refresh, Subject, Tag, TagKind, TagState, TagValue
from titian.decide import ConditionError, parse
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission, Scope
from titian.web import tag_tables
from titian.web.charts import Chart, Series
from titian.web.context import Context, needs
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import (
    Action,
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    rows_of,
)
from titian.web.room import AT_PLACE, MAX_FOUND, Entry, Hit, Level, Room, Searcher, Section, Tasks
from titian.web.tag_tasks import proposals

router = APIRouter(prefix=AT_PLACE)
_FIGURES = re.compile(r"[0-9,.]+")
Reader = Annotated[Context, needs(Permission.VIEW_TAGS, Level.BANK)]
Maker = Annotated[Context, needs(Permission.EDIT_TAGS, Level.BANK)]

HISTORY_DAYS = 90
KINDS: dict[TagKind, State] = {
    TagKind.FACT: State(lazy("Fact"), Tone.CALM),
    TagKind.RULE: State(lazy("Rule"), Tone.NOTE),
    TagKind.MODEL: State(lazy("Model"), Tone.GOOD),
}
SUBJECTS: dict[Subject, Text] = {
    Subject.PERSON: lazy("Persons"),
    Subject.HOUSEHOLD: lazy("Households"),
    Subject.ENTERPRISE: lazy("Enterprises"),
    Subject.PARTY: lazy("All customers"),
}
REFRESHES: dict[Refresh, Text] = {
    Refresh.DAILY: lazy("Every day"),
    Refresh.WEEKLY: lazy("Every week"),
    Refresh.MONTHLY: lazy("Every month"),
}
STATUSES: dict[Status, State] = {
    Status.DRAFT: State(lazy("Waits for approval"), Tone.WARN),
    Status.APPROVED: State(lazy("Approved"), Tone.GOOD),
    Status.REJECTED: State(lazy("Rejected"), Tone.BAD),
    Status.RETIRED: State(lazy("Retired"), Tone.CALM),
}


@dataclass(frozen=True, slots=True)
class Worn:
    """A tag with how many wear it, and of how many who could."""

    tag: Tag
    members: int
    eligible: int

    @property
    def share(self) -> float | None:
        """Members as a share of those who could wear it."""
        return self.members / self.eligible if self.eligible else None


def _worn(scope: Scope) -> list[Worn]:
    known = catalogue.visible(scope).tags
    held: dict[str, list[TagState]] = {}
    if store.dates(scope):
        for state in store.states(scope):
            held.setdefault(state.tag, []).append(state)
    return [
        Worn(
            tag,
            sum(state.members for state in held.get(code, ())),
            max((state.eligible for state in held.get(code, ())), default=0),
        )
        for code, tag in known.items()
    ]


def _searched(tag: Tag) -> str:
    labels = (tag.label, tag.category.label, tag.description)
    said = " ".join(f"{label.zh} {label.en}" for label in labels)
    return f"{tag.code} {_FIGURES.sub('', said)}"  # amounts in a description name no tag


def _fetch(scope: Scope, query: Query) -> Rows[Worn]:
    return rows_of(
        _worn(scope),
        query,
        search=lambda worn: _searched(worn.tag),
        keep={
            "category": lambda worn, code: worn.tag.category.code == code,
            "kind": lambda worn, kind: worn.tag.kind == kind,
        },
        order={
            "name": lambda worn: worn.tag.label.text(locale()),
            "category": lambda worn: (worn.tag.category.order, worn.tag.code),
            "share": lambda worn: worn.share or 0.0,
        },
    )


def _categories(ctx: Context) -> Sequence[tuple[str, Text]]:
    found = {tag.category.code: tag.category for tag in catalogue.visible(ctx.scope).tags.values()}
    ordered = sorted(found.values(), key=lambda category: category.order)
    return [(category.code, category.label.text(locale())) for category in ordered]


TABLE: Table[Worn] = Table(
    "tags",
    lazy("Tags"),
    about=lazy("What is known of customers in one word each, worked out anew every night."),
    columns=(
        Column(
            "name",
            lazy("Tag"),
            value=lambda worn: worn.tag.label.text(locale()),
            main=True,
            link=lambda ctx, worn: ctx.url(f"/tags/{worn.tag.code}"),
        ),
        Column("code", lazy("Code"), Kind.CODE, value=lambda worn: worn.tag.code, desk=True),
        Column(
            "category",
            lazy("Category"),
            value=lambda worn: worn.tag.category.label.text(locale()),
        ),
        Column("kind", lazy("Kind"), Kind.STATE, value=lambda worn: worn.tag.kind, states=KINDS),
        Column("members", lazy("Customers"), Kind.NUMBER),
        Column("share", lazy("Share"), Kind.PERCENT),
        Column(
            "level", lazy("Data level"), Kind.NUMBER, value=lambda worn: worn.tag.level, desk=True
        ),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Name or code"), FilterKind.SEARCH),
        Filter("category", lazy("Category"), choices=_categories),
        Filter(
            "kind",
            lazy("Kind"),
            choices=lambda _ctx: [(kind, state.label) for kind, state in KINDS.items()],
        ),
    ),
    sort="category",
    action=Action(lazy("New tag"), "/tags/new", "plus", Permission.EDIT_TAGS),
    empty=Empty(lazy("No tags here"), lazy("Install definitions for this bank first.")),
)


@router.get("/tags")
def list_tags(ctx: Reader) -> Response:
    """List the tags with how many wear them."""
    return ctx.table(TABLE, "tags/list.html", nothing=catalogue.visible(ctx.scope).empty)


@router.get("/tags/proposals")
def list_proposals(ctx: Reader) -> Response:
    """List the tags that business people made, newest first."""
    found = business.find(ctx.scope)
    meanings = {one.code: _said(ctx.scope, one.when) for one in found}
    return ctx.table(tag_tables.proposals(found, STATUSES, meanings), "tags/proposals.html")


def _said(scope: Scope, when: str) -> str:
    try:
        return parse(when, catalogue.load(scope).profile.schema).explain(locale())
    except ConditionError:
        return ""  # a field has gone since; the text beside it says what was meant


@router.post("/tags/proposals/{code}")
def decide(ctx: Maker, code: str) -> Response:
    """Approve or reject a proposal; never one's own."""
    approve = ctx.form.choice("decision", ["approve", "reject"]) == "approve"
    business.decide(ctx.scope, code, approve=approve)
    say = _("Approved: tonight works it out.") if approve else _("Rejected.")
    return ctx.go("/tags/proposals", say)


@router.get("/tags/{code}")
def show_tag(ctx: Reader, code: str) -> Response:
    """Show a tag: its meaning, who wears it, its history."""
    tag = catalogue.visible(ctx.scope).tag(code)
    states = store.coverage(ctx.scope, code, HISTORY_DAYS) if store.dates(ctx.scope) else []
    newest = max((state.business_date for state in states), default=None)
    now = {state.value: state for state in states if state.business_date == newest}
    rows = [_value_row(tag, value.code, now) for value in tag.values]
    return ctx.table(
        tag_tables.wearers(rows),
        "tags/show.html",
        around=lambda: {
            "tag": tag,
            "name": tag.label.text(locale()),
            "kind": KINDS[tag.kind],
            "now": now,
            "expression": rows[0]["expression"] if rows else "",
            "history": _history(tag, states),
            "text": lambda label: label.text(locale()),
            "written": _written(tag),
            "subject": SUBJECTS[tag.subject],
            "refresh": REFRESHES[tag.refresh],
        },
        newest=newest,
    )


def _value_row(tag: Tag, code: str, now: Mapping[str, TagState]) -> dict[str, object]:
    at, value = next((at, one) for at, one in enumerate(tag.values) if one.code == code)
    state = now.get(code)
    condition = value.condition
    return {
        "label": value.label.text(locale()),
        "condition": condition.text if condition else f"≥ {value.at_least}",
        "meaning": _meaning(condition.explain(locale()), tag.values[:at]) if condition else "",
        "members": state.members if state else None,
        "share": state.members / state.eligible if state and state.eligible else None,
        "expression": tag.code if len(tag.values) == 1 else f"{tag.code} = '{code}'",
    }


def _meaning(said: str, before: Sequence[TagValue]) -> str:
    """Say a value's condition with the values that are tried before it: the first to hold wins."""
    if not before:
        return said
    names = formats.listed(one.label.text(locale()) for one in before)
    return _("%(meaning)s, and not: %(values)s", meaning=said, values=names)


def _written(tag: Tag) -> str:
    if tag.card is None:
        return ""
    lines = [f"{line.points:+d}  {line.condition.text}" for line in tag.card.points]
    return "\n".join([f"{tag.card.base:+d}", *lines])


def _history(tag: Tag, states: Sequence[TagState]) -> Chart | None:
    days = sorted({state.business_date for state in states})
    if not days:
        return None
    found = {(state.value, state.business_date): state.members for state in states}
    return Chart(
        _("Customers over time"),
        [day.strftime("%m-%d") for day in days],
        [
            Series(value.label.text(locale()), [found.get((value.code, day)) for day in days])
            for value in tag.values
        ],
    )


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None:
        return []
    try:
        rows = _fetch(ctx.scope, Query(filters={"q": words}, sort="name", limit=MAX_FOUND)).rows
    except NotFound:
        return []
    return [
        Hit(worn.tag.label.text(locale()), f"/tags/{worn.tag.code}", "tag", worn.tag.code)
        for worn in rows
    ]


ROOM = Room(
    "tags",
    router,
    entries=(Entry(Section.DATA, lazy("Tags"), "/tags", "tags", Permission.VIEW_TAGS, Level.BANK),),
    searchers=(Searcher(lazy("Tags"), _find, Permission.VIEW_TAGS, "/tags"),),
    tasks=(Tasks("proposals", lazy("Tags to decide on"), "tags", proposals, Permission.EDIT_TAGS),),
    acts={
        "tag.propose": lazy("Proposed a tag"),
        "tag.approve": lazy("Approved a tag"),
        "tag.reject": lazy("Rejected a tag"),
        "tag.retire": lazy("Retired a tag"),
    },
)
