"""The lists of a feed: deliveries, columns, differences, and the parts of one delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from titian.data.feeds.arrivals import Standing
from titian.data.feeds.drift import Difference
from titian.kernel.scope import Permission
from titian.web.feed_words import STATES
from titian.web.i18n import lazy, locale
from titian.web.listing import Column, Empty, Filter, FilterKind, Kind, State, Table, Tone, over
from titian.web.render import as_code

if TYPE_CHECKING:
    from titian.web.context import Context
    from titian.web.pages.feed_arrival import Compared

_STATE_ORDER = {state: place for place, state in enumerate(STATES)}
_AGREES, _OPEN, _DIFFERS = "agrees", "open", "differs"
OUTCOMES: dict[str, State] = {
    _DIFFERS: State(lazy("differs"), Tone.BAD),
    _OPEN: State(lazy("open while bad rows wait"), Tone.WARN),
    _AGREES: State(lazy("agrees"), Tone.GOOD),
}
_OUTCOME_ORDER = {name: place for place, name in enumerate(OUTCOMES)}


def _day_link(ctx: Context, one: Standing) -> str:
    return ctx.url(f"/feeds/{one.feed}/{one.business_date}")


DELIVERIES: Table[Standing] = Table(
    "deliveries",
    lazy("Deliveries"),
    columns=(
        Column("business_date", lazy("Business date"), Kind.DATE, main=True, link=_day_link),
        Column("state", lazy("State"), Kind.STATE, states=STATES),
        Column("rows", lazy("Rows"), Kind.NUMBER, lambda one: one.arrival and one.arrival.rows),
        Column("bad", lazy("Bad rows"), Kind.NUMBER, lambda one: one.arrival and one.arrival.bad),
        Column(
            "waiting",
            lazy("In quarantine"),
            Kind.NUMBER,
            lambda one: one.arrival and one.arrival.waiting,
            tone=lambda one: Tone.WARN if one.arrival and one.arrival.waiting else None,
        ),
        Column("size", lazy("Size"), Kind.SIZE, lambda one: one.arrival and one.arrival.bytes),
        Column(
            "came",
            lazy("Arrived at"),
            Kind.MOMENT,
            lambda one: one.arrival and (one.arrival.finished_at or one.arrival.started_at),
            desk=True,
        ),
        Column("due", lazy("Due by"), Kind.MOMENT, desk=True),
    ),
    filters=(
        Filter(
            "state",
            lazy("State"),
            choices=lambda _ctx: [(state, word.label) for state, word in STATES.items()],
        ),
    ),
    sort="-business_date",
    export=Permission.VIEW_JOBS,
    saved_views=False,
)


def deliveries(standings: Sequence[Standing]) -> Table[Standing]:
    """Give the list of a feed's business dates and what became of them."""
    return over(
        DELIVERIES,
        standings,
        keep={"state": lambda one, state: one.state == state},
        order={"state": lambda one: _STATE_ORDER[one.state]},
    )


def differences(found: Sequence[Difference], names: Mapping[str, str]) -> Table[Difference]:
    """Give the list of how deliveries differ from the contract; `names` name its columns."""

    def said(one: Difference) -> str:
        return one.say(locale(), names)

    table: Table[Difference] = Table(
        "differences",
        lazy("Differences"),
        columns=(
            Column("what", lazy("Difference"), value=said, main=True),
            Column("column", lazy("Column"), Kind.CODE, shown=False),
            Column(
                "first_date",
                lazy("First date"),
                Kind.DATE,
                link=lambda ctx, one: ctx.url(f"/feeds/{one.feed}/{one.first_date}"),
            ),
            Column(
                "last_date",
                lazy("Last date"),
                Kind.DATE,
                link=lambda ctx, one: ctx.url(f"/feeds/{one.feed}/{one.last_date}"),
            ),
            Column("deliveries", lazy("Deliveries"), Kind.NUMBER),
            Column("rows", lazy("Rows"), Kind.NUMBER, lambda one: one.rows or None),
        ),
        filters=(Filter("q", lazy("Column or difference"), FilterKind.SEARCH),),
        sort="-last_date",
        empty=Empty(
            lazy("No differences"), lazy("Every delivery was written as the contract says.")
        ),
        export=Permission.VIEW_JOBS,
        saved_views=False,
    )
    return over(table, found, search=lambda one: f"{said(one)} {one.column}")


def _outcome(one: Compared) -> str:
    if one.agrees:
        return _AGREES
    return _OPEN if one.unread else _DIFFERS


CONTROL: Table[Compared] = Table(
    "control",
    lazy("Control file"),
    columns=(
        Column("what", lazy("Number"), main=True, note=lambda one: as_code(one.file)),
        Column("file", lazy("File"), Kind.CODE, shown=False),
        Column("expected", lazy("Said"), Kind.NUMBER),
        Column("found", lazy("Counted"), Kind.NUMBER),
        Column("unread", lazy("Bad rows that wait"), Kind.NUMBER, lambda one: one.unread or None),
        Column("outcome", lazy("Outcome"), Kind.STATE, _outcome, states=OUTCOMES),
    ),
    sort="outcome",
    export=Permission.VIEW_JOBS,
    saved_views=False,
)


def control(found: Sequence[Compared]) -> Table[Compared]:
    """Give the list of a control file's numbers beside what was found, what differs first."""
    return over(CONTROL, found, order={"outcome": lambda one: _OUTCOME_ORDER[_outcome(one)]})


FILES: Table[Any] = Table(
    "files",
    lazy("Files"),
    columns=(
        Column("name", lazy("File"), Kind.CODE, main=True),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("bytes", lazy("Size"), Kind.SIZE),
        Column("sha256", "SHA-256", Kind.CODE, sortable=False),
    ),
    sort="name",
    export=Permission.VIEW_JOBS,
    saved_views=False,
)


def files(found: Sequence[Any]) -> Table[Any]:
    """Give the list of a delivery's files."""
    return over(FILES, found)
