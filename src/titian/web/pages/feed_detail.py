"""One feed: its arrivals, contract, drift and what it holds up; delivering a file by page."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from titian.data.feeds import arrivals, drift, registry, service
from titian.data.feeds.arrivals import Standing, State
from titian.data.feeds.discover import expected_name
from titian.data.feeds.load import Fate, Order, Outcome
from titian.data.feeds.model import Contract, Format
from titian.kernel import clock
from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Permission
from titian.kernel.settings import settings
from titian.web.charts import Chart, Series
from titian.web.context import Context, needs
from titian.web.days import day_of
from titian.web.feed_tables import deliveries, differences
from titian.web.feed_words import (
    ARRIVED,
    CONTRACT_STATES,
    FORMATS,
    KINDS,
    SCHEDULES,
    STATES,
    contract_name,
    field_words,
    labels,
)
from titian.web.flow import Box, Picture, draw
from titian.web.forms import Form
from titian.web.i18n import _, formats, lazy, ngettext
from titian.web.listing import Table
from titian.web.pages.feed_arrival import Held, control_name, held_up
from titian.web.problems import spoken
from titian.web.render import as_code
from titian.web.room import AT_PLACE, MAX_FOUND, Hit, Level, Room, Searcher

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Loader = Annotated[Context, needs(Permission.LOAD_FEEDS, Level.BANK)]

HISTORY_DAYS = 60
MAX_UPLOAD_BYTES = 64_000_000
CHUNK_BYTES = 1 << 20
MAX_NAME_CHARACTERS = 200


@router.get("/feeds/{feed}")
def show_feed(ctx: Watcher, feed: str) -> Response:
    """Show a feed's arrivals over the last dates."""
    return _arrivals_page(ctx, registry.contract(ctx.scope, feed), ctx.form)


def _arrivals_page(ctx: Context, contract: Contract, form: Form, status: int = 200) -> Response:
    day = day_of(ctx)
    lately = arrivals.arrivals(
        ctx.scope, day - timedelta(days=HISTORY_DAYS - 1), day, contract.feed
    )
    return _page(
        ctx,
        contract,
        "arrivals",
        replace(deliveries(lately), path=f"/feeds/{contract.feed}"),
        status=status,
        form=form.starting(day=day.isoformat()),
        lately=lately,
        lately_chart=_chart(ctx, lately),
        newest=lately[0] if lately else None,
        punctual=_punctual(lately),
        waiting=sum(one.arrival.waiting for one in lately if one.arrival),
        day=day,
        expected=expected_name(contract, day),
        control_file=control_name(contract, day),
    )


def _punctual(lately: Sequence[Standing]) -> float | None:
    due = [one for one in lately if one.state not in (State.EXPECTED, State.BACKFILLED)]
    return sum(one.state is State.ARRIVED for one in due) / len(due) if due else None


def _chart(ctx: Context, lately: Sequence[Standing]) -> Chart:
    days = list(reversed(lately))
    came = [one.arrival if one.state in ARRIVED else None for one in days]
    return Chart(
        _("Rows of each delivery"),
        [one.business_date.isoformat() for one in days],
        [
            Series(_("Rows"), [one.rows if one else None for one in came], kind="bar"),
            Series(_("Bad rows"), [one.bad if one else None for one in came], right=True),
        ],
        links=[ctx.url(f"/feeds/{one.feed}/{one.business_date}") for one in days],
    )


@router.get("/feeds/{feed}/contract")
def show_contract(ctx: Watcher, feed: str) -> Response:
    """Show a feed's contract in words."""
    contract = registry.contract(ctx.scope, feed)
    return _page(
        ctx,
        contract,
        "contract",
        delivery=_delivery(contract),
        fields=[field_words(field) for field in contract.fields],
        sources_differ=any(field.source != field.name for field in contract.fields),
    )


def _delivery(contract: Contract) -> list[tuple[str, str]]:
    source = contract.source
    facts = [
        (_("Due"), _("%(when)s, by %(time)s the next morning",
                     when=SCHEDULES[contract.schedule], time=f"{contract.arrival_time:%H:%M}")),
        (_("Holds"), str(KINDS[contract.kind])),
        (_("Written as"), str(FORMATS[source.format])),
    ]  # fmt: skip
    if source.pattern:
        facts.append((_("File name"), as_code(source.pattern)))
    if source.format in (Format.CSV, Format.FIXED):
        facts.append((_("Encoding"), source.encoding.upper()))
    if source.format is Format.CSV:
        facts.append((_("Separator"), as_code(source.delimiter)))
        facts.append((_("Quote"), as_code(source.quote) if source.quote else _("none")))
        facts.append((_("Heading line"), _("yes") if source.header else _("no")))
    if source.sheet:
        facts.append((_("Sheet"), as_code(source.sheet)))
    if source.control is not None:
        facts.append((_("Control file"), as_code(source.control.pattern)))
        totals = [labels(contract).get(name, name) for name in source.control.totals]
        facts.append((_("Control totals"), formats.listed([_("rows"), *totals])))
    facts.append((_("Bad rows allowed"), f"{contract.max_bad_share * 100:g}%"))
    if contract.min_rows:
        facts.append((_("At least"), _rows(contract.min_rows)))
    if contract.max_rows is not None:
        facts.append((_("At most"), _rows(contract.max_rows)))
    facts.append((_("Version"), contract.version))
    facts.append((_("Defined in"), as_code(Path(contract.file).name)))
    return facts


def _rows(number: int) -> str:
    return ngettext("%(num)s row", "%(num)s rows", number)


@router.get("/feeds/{feed}/drift")
def show_drift(ctx: Watcher, feed: str) -> Response:
    """Show how deliveries differ from the contract."""
    contract = registry.contract(ctx.scope, feed)
    return _page(
        ctx, contract, "drift", differences(drift.drift(ctx.scope, feed), labels(contract))
    )


@router.get("/feeds/{feed}/lineage")
def show_lineage(ctx: Watcher, feed: str) -> Response:
    """Show what is made of a feed, with the states of the picked day."""
    contract = registry.contract(ctx.scope, feed)
    day = day_of(ctx)
    held = held_up(ctx, contract, day)
    return _page(
        ctx, contract, "lineage", day=day, held=held, picture=_picture(ctx, contract, held)
    )


def _picture(ctx: Context, contract: Contract, held: Held) -> Picture:
    raw = contract.table.qualified
    boxes = [Box(raw, contract_name(contract), raw, "note", ctx.url(f"/tables/{raw}"), here=True)]
    edges = [(raw, name) for name in held.first]
    for one in held.jobs:
        name, state = one["job"], one["state"]
        url, near = ctx.url(f"/runs/jobs/{name}"), ctx.url("/runs/graph", focus=name, hops=2)
        boxes.append(Box(name, one["label"], name, state.tone, url, word=state.label, near=near))
        edges += [(parent, one["job"]) for parent in one["parents"]]
    return draw(_("What is made of this feed"), boxes, edges)


def _page(
    ctx: Context,
    contract: Contract,
    part: str,
    shown: Table[Any] | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> Response:
    base = f"/feeds/{contract.feed}"
    parts = (
        ("arrivals", _("Arrivals"), base),
        ("contract", _("Contract"), f"{base}/contract"),
        ("drift", _("Differences"), f"{base}/drift"),
        ("lineage", _("What it holds up"), f"{base}/lineage"),
    )
    values = {
        "contract": contract,
        "feed_name": contract_name(contract),
        "part": part,
        "links": [(label, ctx.url(path), key == part) for key, label, path in parts],
        "states": STATES,
        "contract_state": CONTRACT_STATES[contract.status],
        **more,
    }
    if shown is None:
        return ctx.render(f"feeds/{part}.html", values, status=status)
    return ctx.table(shown, f"feeds/{part}.html", values, status=status)


@router.post("/feeds/{feed}/deliver", max_body_size=MAX_UPLOAD_BYTES)
def deliver(ctx: Loader, feed: str) -> Response:
    """Take in a small delivery by page: the file, its control file if there is one."""
    contract = registry.contract(ctx.scope, feed)
    form = ctx.form
    data = form.file("data")
    needs_control = contract.source.control is not None and contract.source.control.required
    control_file = form.file("control", need=needs_control)
    with form.trying("day"):
        day = clock.parse_date(form.text("day", most=10), "business date")
    if form.wrong or data is None:
        return _arrivals_page(ctx, contract, form, status=422)
    files = [one for one in (data, control_file) if one is not None]
    with form.trying():
        outcome = _load(ctx, contract, day, files)
        say = _outcome_words(outcome)
        if outcome.fate in (Fate.LOADED, Fate.REJECTED):
            tone = "success" if outcome.fate is Fate.LOADED else "error"
            return ctx.go(f"/feeds/{feed}/{outcome.business_date}", say, tone=tone)
        form.refuse(say)
    return _arrivals_page(ctx, contract, form, status=422)


def _load(ctx: Context, contract: Contract, day: date, files: Sequence[UploadFile]) -> Outcome:
    home = settings().home / "uploads"
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home) as made:
        folder = Path(made) / Path(expected_name(contract, day)).parent
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            _keep(file, folder)
        report = service.load(
            ctx.scope, Path(made), Order(day, day, force=True), feeds=[contract.feed]
        )
    return report.outcomes[0]


def _keep(file: UploadFile, folder: Path) -> None:
    name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    if not name or name.startswith(".") or len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInput(f"{name[:60]!r} is no name of a file", "Rename the file and try again.")
    with (folder / name).open("wb") as kept:
        shutil.copyfileobj(file.file, kept, CHUNK_BYTES)


def _outcome_words(outcome: Outcome) -> str:
    match outcome.fate:
        case Fate.LOADED:
            return _("Loaded: %(good)s rows went in, %(bad)s wait in quarantine.",
                     good=f"{outcome.good:,}", bad=f"{outcome.bad:,}")  # fmt: skip
        case Fate.REJECTED:
            return _("Refused; the date keeps what it had. The reasons stand below.")
        case Fate.MISSING:
            return _("The file should be named %(name)s.", name=outcome.expected)
        case _ if outcome.error is not None:
            return spoken(outcome.error)
        case _:
            return _("Nothing was loaded.")


def _find(ctx: Context, words: str) -> list[Hit]:
    if ctx.scope.bank is None:
        return []
    low = words.casefold()
    known = registry.contracts(ctx.scope)
    found = [c for c in known if low in f"{c.feed} {c.table.zh} {c.table.en}".casefold()]
    return [Hit(contract_name(c), f"/feeds/{c.feed}", "inbox", c.feed) for c in found[:MAX_FOUND]]


ROOM = Room(
    "feed_detail", router, searchers=(Searcher(lazy("Feeds"), _find, Permission.VIEW_JOBS),)
)
