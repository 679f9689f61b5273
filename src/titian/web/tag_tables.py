"""The lists around tags and audiences: who wears a tag, what colleagues made, who asks for rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from titian.data.tags.business import BusinessTag
from titian.data.tags.exports import Export
from titian.kernel.scope import Permission
from titian.web.i18n import formats, lazy, locale
from titian.web.listing import Column, Empty, Filter, FilterKind, Kind, State, Table, over
from titian.web.naming import person_name
from titian.web.render import as_code

if TYPE_CHECKING:
    from titian.web.context import Context

Value = Mapping[str, Any]


def _build_link(ctx: Context, row: Value) -> str:
    return ctx.url("/audiences/build", expression=row["expression"])


WEARERS: Table[Value] = Table(
    "wearers",
    lazy("Who wears it"),
    columns=(
        Column("label", lazy("Value"), main=True, link=_build_link),
        Column("members", lazy("Customers"), Kind.NUMBER),
        Column("share", lazy("Share"), Kind.PERCENT),
        Column("meaning", lazy("Meaning"), sortable=False),
        Column("condition", lazy("Condition"), Kind.CODE, sortable=False),
    ),
    export=Permission.VIEW_TAGS,
    saved_views=False,
)


def wearers(rows: Sequence[Value]) -> Table[Value]:
    """Give the values of a tag with who wears them."""
    return over(WEARERS, rows)


def proposals(
    found: Sequence[BusinessTag], states: Mapping[Any, State], meanings: Mapping[str, str]
) -> Table[BusinessTag]:
    """Give the tags that business people made; `meanings` say their conditions in words."""

    def named(one: BusinessTag) -> str:
        return one.zh if locale() == "zh" else one.en

    table: Table[BusinessTag] = Table(
        "proposals",
        lazy("Tags made by business people"),
        about=lazy("Nobody approves their own."),
        columns=(
            Column("name", lazy("Tag"), value=named, main=True, note=lambda one: as_code(one.code)),
            Column("code", lazy("Code"), Kind.CODE, shown=False),
            Column(
                "when",
                lazy("Condition"),
                value=lambda one: meanings.get(one.code) or one.when,
                note=lambda one: as_code(one.when) if meanings.get(one.code) else None,
                sortable=False,
            ),
            Column("members", lazy("Customers"), Kind.NUMBER),
            Column("status", lazy("State"), Kind.STATE, states=states),
            Column("author", lazy("By"), value=lambda one: person_name(one.author)),
            Column("created_at", lazy("When"), Kind.MOMENT),
        ),
        filters=(
            Filter("q", lazy("Tag or condition"), FilterKind.SEARCH),
            Filter(
                "status",
                lazy("State"),
                choices=lambda _ctx: [(name, word.label) for name, word in states.items()],
            ),
        ),
        sort="-created_at",
        empty=Empty(
            lazy("No proposals yet"), lazy("A tag made here waits until a colleague approves it.")
        ),
        export=Permission.VIEW_TAGS,
        saved_views=False,
    )
    return over(
        table,
        found,
        search=lambda one: f"{one.code} {one.zh} {one.en} {one.when} {meanings.get(one.code, '')}",
        keep={"status": lambda one, status: one.status == status},
    )


def requests(
    found: Sequence[Export],
    names: Mapping[str, str],
    states: Mapping[Any, State],
    purposes: Mapping[Any, State],
    meanings: Mapping[str, str],
) -> Table[Export]:
    """Give the requests for the rows of audiences.

    `names` name the audiences, `meanings` say the conditions in words.
    """

    def named(one: Export) -> str:
        return names.get(one.audience_id, one.audience_id)

    table: Table[Export] = Table(
        "requests",
        lazy("Requests for rows"),
        about=lazy("Nobody approves their own; every download is recorded."),
        columns=(
            Column(
                "audience",
                lazy("Audience"),
                value=named,
                main=True,
                link=lambda ctx, one: ctx.url(f"/audiences/{one.audience_id}"),
            ),
            Column(
                "expression",
                lazy("Condition"),
                value=lambda one: meanings.get(one.expression) or one.expression,
                raw=lambda one: one.expression,
                note=lambda one: as_code(one.expression) if meanings.get(one.expression) else None,
                sortable=False,
            ),
            Column("purpose", lazy("Purpose"), states=purposes),
            Column("reason", lazy("Why"), sortable=False),
            Column("members", lazy("Members"), Kind.NUMBER),
            Column("status", lazy("State"), Kind.STATE, states=states),
            Column("by", lazy("Asked by"), value=lambda one: person_name(one.requested_by)),
            Column("requested_at", lazy("When"), Kind.MOMENT),
            Column(
                "decided_by",
                lazy("Decided by"),
                value=lambda one: person_name(one.decided_by) if one.decided_by else None,
                raw=lambda one: one.decided_by,
                note=lambda one: formats.moment(one.decided_at) if one.decided_at else None,
            ),
            Column("decided_at", lazy("Decided at"), Kind.MOMENT, shown=False),
        ),
        filters=(
            Filter("q", lazy("Audience or reason"), FilterKind.SEARCH),
            Filter(
                "status",
                lazy("State"),
                choices=lambda _ctx: [(name, word.label) for name, word in states.items()],
            ),
        ),
        sort="-requested_at",
        empty=Empty(lazy("No requests yet"), lazy("Open an audience and ask for its rows.")),
        saved_views=False,
    )
    return over(
        table,
        found,
        search=lambda one: f"{named(one)} {one.reason} {one.requested_by}",
        keep={"status": lambda one, status: one.status == status},
    )
