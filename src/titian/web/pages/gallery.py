"""Every part on one page, for developers: `titian serve --gallery`, then /at/<place>/gallery."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import clock
from titian.kernel.scope import Scope
from titian.web.charts import Chart, Heat, Series, trend
from titian.web.context import Context, needs
from titian.web.i18n import _, lazy
from titian.web.listing import (
    Column,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    look,
    rows_of,
)
from titian.web.render import fragment
from titian.web.room import AT_PLACE, Room

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs()]

_STATES = {
    "done": State(lazy("Done"), Tone.GOOD),
    "running": State(lazy("Running"), Tone.NOTE),
    "late": State(lazy("Late"), Tone.WARN),
    "failed": State(lazy("Failed"), Tone.BAD),
    "waiting": State(lazy("Waiting")),
}
_JOBS = ("party", "account", "loan", "repayment", "entry", "event", "touch", "card")
_DAYS = [(date(2026, 3, 1) + timedelta(n)).isoformat()[5:] for n in range(31)]


def _fetch(scope: Scope, query: Query) -> Rows[dict[str, object]]:
    del scope
    rows: list[dict[str, object]] = [
        {
            "job": f"core.{name}",
            "state": list(_STATES)[n % 5],
            "rows": 1_234 * (n * 37 % 101),
            "amount": 98_765_432_10 * (n + 1),
            "share": (n * 13 % 97) / 100,
            "seconds": 0.02 * 3**n,
            "at": clock.now() - timedelta(minutes=7 * n),
        }
        for n, name in enumerate(
            ["party", "account", "loan", "repayment", "entry", "event", "touch", "card"]
        )
    ]
    return rows_of(
        rows,
        query,
        search=lambda row: str(row["job"]),
        keep={"state": lambda row, state: row["state"] == state},
    )


TABLE: Table[dict[str, object]] = Table(
    "gallery",
    lazy("Runs"),
    columns=(
        Column(
            "job", lazy("Job"), Kind.CODE, main=True, link=lambda ctx, _row: ctx.url("/gallery")
        ),
        Column("state", lazy("State"), Kind.STATE, states=_STATES),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("amount", lazy("Amount"), Kind.MONEY, unit="auto"),
        Column("share", lazy("Share"), Kind.PERCENT),
        Column("seconds", lazy("Took"), Kind.SECONDS),
        Column("at", lazy("When"), Kind.MOMENT, desk=True),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Job"), FilterKind.SEARCH),
        Filter("state", lazy("State"), choices=lambda _c: [(s, _STATES[s].label) for s in _STATES]),
    ),
    row_id=lambda row: str(row["job"]),
)


@router.get("/gallery")
def gallery(ctx: Reader) -> Response:
    """Show every part."""
    if ctx.partial or ctx.query("export"):
        return ctx.table(TABLE)
    waves = [round(40 + 12 * math.sin(n / 3) + n * 0.6, 1) for n in range(31)]
    bars = Chart(
        lazy("Balance by product"),
        ["micro_e", "tech", "tax_e", "mortgage_e", "consumer", "farmer_e"],
        [
            Series(lazy("Normal"), [820, 932, 901, 934, 1290, 1330], kind="bar", stack="a"),
            Series(lazy("Overdue"), [32, 61, 42, 25, 75, 110], kind="bar", stack="a"),
        ],
        unit="yuan",
    )
    lines = Chart(
        lazy("Channels"),
        _DAYS,
        [
            Series(
                name,
                [
                    round(v * (0.4 + n / 6) + 8 * math.cos(i / (n + 2)), 1)
                    for i, v in enumerate(waves)
                ],
            )
            for n, name in enumerate(("online", "mobile", "wechat", "card", "counter", "atm"))
        ],
        marks=((lazy("Threshold"), 70),),
    )
    heat = Heat(
        lazy("Runs by hour"),
        [f"{h:02d}" for h in range(24)],
        ["qinghe", "baishui", "luonan"],
        [(h, b, (h * 7 + b * 13) % 24) for h in range(24) for b in range(3)],
    )
    return ctx.render(
        "gallery/gallery.html",
        view=look(ctx, TABLE),
        trend=trend(lazy("Deposits"), _DAYS, waves, unit="yuan"),
        bars=bars,
        lines=lines,
        heat=heat,
        waves=waves,
        form=ctx.form.starting(name="", level=2),
        moments=_moments(),
        states=_STATES.values(),
    )


@router.get("/gallery/stream")
def stream(ctx: Reader) -> Response:
    """Give the stream again, as it is now."""
    return fragment(ctx, "gallery/stream.html", {"moments": _moments()})


@router.post("/gallery/preview")
def preview(ctx: Reader) -> Response:
    """Say what a draft means, while it is typed."""
    words = ctx.form.text("draft", need=False, most=2_000).split()
    text = _("%(num)s words", num=len(words))
    return fragment(ctx, "gallery/preview.html", {"text": text})


def _moments() -> list[datetime]:
    return [clock.now() - timedelta(hours=n * 5) for n in range(3)]


ROOM = Room("gallery", router)
