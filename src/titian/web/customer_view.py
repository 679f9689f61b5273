"""What the parts of a customer's page show: figures, loans, timeline, relations, tags, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from titian.data.parties import Customer
from titian.data.parties.model import Act, Figure, Happening, Row, Worn
from titian.data.tags import catalogue
from titian.data.tags.model import TagKind
from titian.kernel.money import yuan
from titian.kernel.scope import Permission
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.customer_around import Names
from titian.web.customer_words import Wording
from titian.web.flow import Box, Picture, draw
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import Tone

MAX_CHIPS = 8
MAX_DRAWN = 12
HAPPENINGS_A_PAGE = 20
PROFILE = "mart.party_profile"
KEY_FIGURES = ("aum_fen", "deposit_fen", "loan_fen")
MEANINGS: dict[str, tuple[Text, Text]] = {
    "aum_fen": (
        lazy("All that the customer holds with the bank: deposits and wealth products."),
        lazy("deposits + wealth products, at the end of the business date"),
    ),
    "deposit_fen": (
        lazy("Money in demand, time and other deposit accounts."),
        lazy("sum of the balances of open deposit accounts"),
    ),
    "wealth_fen": (
        lazy("What the customer's wealth products are worth."),
        lazy("sum of the balances of open wealth accounts"),
    ),
    "loan_fen": (
        lazy("What the customer still owes on loans that run."),
        lazy("sum of the balances of active loans"),
    ),
    "entries_30d": (
        lazy("How often money moved on the customer's accounts."),
        lazy("account entries of the last 30 days"),
    ),
    "products_held": (
        lazy("How many kinds of products the customer uses."),
        lazy("number of kinds with at least one in use"),
    ),
}
CLASS_TONES = {"normal": Tone.GOOD, "special_mention": Tone.WARN}
STATUS_TONES = {"active": Tone.GOOD, "dormant": Tone.WARN, "written_off": Tone.BAD}
ACT_WORDS: dict[Act, Text] = {
    Act.ENTRY: lazy("Account entries"),
    Act.EVENT: lazy("Channel events"),
    Act.TOUCH: lazy("Marketing contacts"),
    Act.REPAYMENT: lazy("Instalments"),
}
_ACT_ICONS = {
    Act.ENTRY: "arrow-left-right",
    Act.EVENT: "smartphone",
    Act.TOUCH: "megaphone",
    Act.REPAYMENT: "hand-coins",
}
_EVENT_ICONS = {
    "login": "log-in",
    "device_bind": "tablet-smartphone",
    "payee_add": "user-plus",
    "limit_change": "sliders-horizontal",
    "registration": "badge-check",
    "cash_out": "banknote",
}
_KIND_ORDER = {TagKind.MODEL: 0, TagKind.RULE: 1, TagKind.FACT: 2}


@dataclass(frozen=True, slots=True)
class Shown:
    """One key figure as shown; `spark` holds its weekly course, `url` its lineage."""

    label: str
    value: str
    note: str
    tone: str
    meaning: Text
    formula: Text
    source: str
    url: str
    spark: tuple[int | float, ...]


def key_figures(ctx: Context, found: Customer) -> list[Shown]:
    """Give deposits, loans and assets, as far as the reader may see them."""
    late = max((_whole(row["overdue_days"]) for row in found.loans.rows), default=0)
    known = {figure.name: figure for figure in found.figures}
    shown = [known[name] for name in KEY_FIGURES if name in known]
    return [shown_figure(ctx, one, late if one.name == "loan_fen" else 0) for one in shown]


def shown_figure(ctx: Context, figure: Figure, late_days: int = 0) -> Shown:
    """Give one figure with its meaning and where it comes from."""
    meaning, formula = MEANINGS.get(figure.name, ("", ""))
    course = tuple(value for _day, value in figure.course if value is not None)
    column = f"{PROFILE}.{figure.name}"
    lineage = ctx.url(f"/tables/{PROFILE}/lineage", column=figure.name)
    note = _moved(figure, course)
    if late_days:
        note = _("%(num)s days past due", num=late_days)
    return Shown(
        label=figure.label.text(locale()),
        value=_written(figure, figure.value),
        note=note if figure.value is not None else _("not shown at your clearance"),
        tone="bad" if late_days else "",
        meaning=meaning,
        formula=formula,
        source=column,
        url=lineage if ctx.allows(Permission.VIEW_CATALOG) else "",
        spark=course if len(course) > 1 and any(course) else (),
    )


def _moved(figure: Figure, course: Sequence[int | float]) -> str:
    if len(course) < 2 or figure.value is None:  # noqa: PLR2004 - a change is between two
        return ""
    change = course[-1] - course[0]
    sign = "+" if change >= 0 else "−"
    if not change:
        return _("unchanged since %(day)s", day=formats.day(figure.course[0][0]))
    since = next(day for day, value in figure.course if value is not None)
    written = sign + _written(figure, abs(change))
    return _("%(change)s since %(day)s", change=written, day=formats.day(since))


def _written(figure: Figure, value: float | None) -> str:
    if value is None:
        return formats.NOTHING
    if figure.unit == "fen":
        return formats.money(int(value))
    return formats.number(value)


def last_activity(found: Customer) -> datetime | None:
    """Give the moment of the newest entry or event; None when there was none lately."""
    done = (one.at for one in found.timeline if one.act in (Act.ENTRY, Act.EVENT))
    return next(done, None)


def course_chart(found: Customer) -> Chart | None:
    """Draw assets, deposits and loans over the quarter; None where nothing may be seen."""
    drawn = [one for one in found.figures if one.name in KEY_FIGURES]
    if not any(value for one in drawn for _day, value in one.course):
        return None
    days = [day.strftime("%m-%d") for day, _value in drawn[0].course]
    series = [
        Series(
            one.label.text(locale()),
            [None if value is None else float(yuan(int(value))) for _day, value in one.course],
        )
        for one in drawn
    ]
    return Chart(_("Assets and loans lately"), days, series, unit="yuan")


def chips(ctx: Context, worn: Sequence[Worn], most: int = 0) -> list[tuple[str, str, str]]:
    """Give tags as (value or "", tag, address): models and rules first; all without `most`."""
    known = catalogue.visible(ctx.scope).tags if worn else {}
    ordered = sorted(
        worn, key=lambda one: _KIND_ORDER[known[one.tag].kind] if one.tag in known else 2
    )
    return [
        (
            one.value_label.text(locale()) if one.value_label else "",
            one.label.text(locale()),
            ctx.url(f"/tags/{one.tag}"),
        )
        for one in (ordered[:most] if most else ordered)
    ]


def shelves(ctx: Context, worn: Sequence[Worn]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Give tags by category, in the order of the catalogue."""
    grouped = groupby(worn, key=lambda one: one.category.text(locale()))
    return [(category, chips(ctx, list(some))) for category, some in grouped]


def amount(fen: object, currency: object = "CNY") -> str:
    """Write an amount exactly, in yuan or in the account's own currency."""
    if not isinstance(fen, int):
        return formats.NOTHING
    if currency in (None, "CNY"):
        return formats.money(fen, "yuan")
    return f"{currency} {yuan(fen):,.2f}"


def rate(value: object) -> str:
    """Write a yearly rate in per cent."""
    return formats.percent(value, 2) if isinstance(value, Decimal | float) else formats.NOTHING


@dataclass(frozen=True, slots=True)
class Instalment:
    """One instalment of a loan and how it stands."""

    row: Row
    due: int | None
    paid: int | None
    word: str
    tone: Tone


def instalments(found: Customer, loan_id: object) -> list[Instalment]:
    """Give a loan's instalments of the last quarter, newest first, each once."""
    rows = [row for row in found.repayments.rows if row["loan_id"] == loan_id]
    rows.sort(key=lambda row: row["paid_date"] is None)
    once: dict[object, Row] = {}
    for row in rows:
        once.setdefault(row["period"], row)
    ordered = sorted(once.values(), key=lambda row: _day(row["due_date"]), reverse=True)
    return [_instalment(row, found.business_date) for row in ordered]


def _instalment(row: Row, today: date) -> Instalment:
    due = _total(row, "due_principal_fen", "due_interest_fen")
    paid = _total(row, "paid_principal_fen", "paid_interest_fen")
    word, tone = _standing(row, due, paid, today)
    return Instalment(row, due, paid, word, tone)


def _standing(row: Row, due: int | None, paid: int | None, today: date) -> tuple[str, Tone]:
    if row["paid_date"] is None:
        days = (today - _day(row["due_date"])).days
        if days > 0:
            return _("unpaid for %(num)s days", num=days), Tone.BAD
        return _("due"), Tone.NOTE
    if due is not None and paid is not None and paid < due:
        return _("paid in part"), Tone.WARN
    late = _whole(row["days_late"])
    if late:
        return _("%(num)s days late", num=late), Tone.WARN
    return _("in time"), Tone.GOOD


def _total(row: Row, *names: str) -> int | None:
    parts = [value for name in names if isinstance(value := row[name], int)]
    return sum(parts) if parts else None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline as shown."""

    at: datetime
    icon: str
    text: str
    note: str
    amount: str
    came: bool
    state: str
    tone: Tone


def timeline_days(found: Sequence[Happening], word: Wording) -> list[tuple[date, list[Moment]]]:
    """Give happenings as lines under their days, newest first."""
    lines = [_moment(one, word) for one in found]
    return [(day, list(some)) for day, some in groupby(lines, key=lambda line: line.at.date())]


def _moment(one: Happening, word: Wording) -> Moment:
    bad = one.result in ("declined", "failed", "late")
    notes = [word("channel", one.channel), one.other or ""]
    told = one.result not in (None, "success", "on_time")
    came = one.amount_fen is not None and one.amount_fen > 0 and one.act is Act.ENTRY
    return Moment(
        at=one.at,
        icon=_EVENT_ICONS.get(one.what, _ACT_ICONS[one.act]),
        text=word(one.act.value, one.what),
        note=" · ".join(note for note in notes if note),
        amount=_signed(one),
        came=came,
        state=word("result", one.result) if told else "",
        tone=Tone.BAD if bad else Tone.GOOD,
    )


def _signed(one: Happening) -> str:
    if not one.amount_fen:
        return ""
    sign = ("+" if one.amount_fen > 0 else "−") if one.act is Act.ENTRY else ""
    return sign + formats.money(abs(one.amount_fen), "yuan")


def counts(found: Sequence[Happening]) -> dict[Act, int]:
    """Count happenings by kind."""
    return {act: sum(1 for one in found if one.act is act) for act in Act}


def relations_picture(ctx: Context, found: Customer, word: Wording, names: Names) -> Picture | None:
    """Draw who shares household, phone or address with the customer; None when nobody does."""
    if not found.relations:
        return None
    me = found.identity.rows[0]
    boxes = [Box("me", str(me["name"] or found.party_id), _("this customer"), "good", here=True)]
    notes = {
        "household": str(me["household_id"] or ""),
        "phone": str(me["phone"] or ""),
        "address": names(me["village_id"]),
    }
    drawn = found.relations[:MAX_DRAWN]
    ties = dict.fromkeys(tie for one in drawn for tie in one.ties)
    boxes += [Box(tie, word("tie", tie), notes[tie.value], "note") for tie in ties]
    edges: list[tuple[str, str]] = [("me", tie.value) for tie in ties]
    for one in drawn:
        note = _("head of the household") if one.is_head else str(one.party_id)
        url = ctx.url(f"/customers/{one.party_id}/household")
        boxes.append(Box(one.party_id, one.name or one.party_id, note, "calm", url))
        edges += [(tie.value, one.party_id) for tie in one.ties]
    return draw(_("Who is connected with this customer"), boxes, edges)


def life(found: Customer, word: Wording) -> list[Mapping[str, object]]:
    """Give the milestones of the customer with the bank, newest first."""
    me = found.identity.rows[0]
    dated: list[tuple[object, str, str]] = [(me["open_date"], _("Became a customer"), "")]
    for row in found.accounts.rows:
        more = f"{word('account_product', row['product'])} {row['account_no'] or ''}"
        dated.append((row["open_date"], _("Opened an account"), more))
    for row in found.cards.rows:
        more = f"{word('card_type', row['card_type'])} {row['card_no'] or ''}"
        dated.append((row["open_date"], _("Got a card"), more))
    for row in found.loans.rows:
        more = f"{word('loan_product', row['product'])} {amount(row['amount_fen'])}"
        dated.append((row["grant_date"], _("Took a loan"), more))
    known = [(day, text, more) for day, text, more in dated if isinstance(day, date)]
    known.sort(key=lambda one: one[0], reverse=True)
    return [{"day": day, "text": text, "more": more} for day, text, more in known]


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.min


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
