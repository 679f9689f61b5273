"""What the parts of a customer's page show: loans, timeline, relations, tags, milestones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from titian.data.parties import Customer
from titian.data.parties.loans import Instalment, Standing
from titian.data.parties.milestones import Milestone, Step, milestones
from titian.data.parties.model import Act, Change, Happening, RiskDay, Worn
from titian.data.tags.model import TagKind
from titian.kernel.money import yuan
from titian.web.context import Context
from titian.web.customer_words import Wording
from titian.web.flow import Box, Picture, draw
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import Tone

MAX_CHIPS = 8
MAX_DRAWN = 12
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
_STANDING_TONES = {
    Standing.IN_TIME: Tone.GOOD,
    Standing.LATE: Tone.WARN,
    Standing.IN_PART: Tone.WARN,
    Standing.DUE: Tone.NOTE,
    Standing.UNPAID: Tone.BAD,
}
_KIND_ORDER = {TagKind.MODEL: 0, TagKind.RULE: 1, TagKind.FACT: 2}


@dataclass(frozen=True, slots=True)
class Chip:
    """A tag in one word: its value (empty for a plain one), its name, where it is explained."""

    value: str
    tag: str
    url: str
    meaning: str
    rule: str


def chips(ctx: Context, worn: Sequence[Worn], most: int = 0) -> list[Chip]:
    """Give tags, models and rules first; all without `most`."""
    ordered = sorted(worn, key=lambda one: _KIND_ORDER[one.kind])
    return [
        Chip(
            one.value_label.text(locale()) if one.value_label else "",
            one.label.text(locale()),
            ctx.url(f"/tags/{one.tag}"),
            one.meaning.text(locale()),
            one.rule.text(locale()),
        )
        for one in (ordered[:most] if most else ordered)
    ]


def shelves(ctx: Context, worn: Sequence[Worn]) -> list[tuple[str, list[Chip]]]:
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


def standing(one: Instalment) -> tuple[str, Tone]:
    """Say how an instalment stands."""
    words = {
        Standing.IN_TIME: _("in time"),
        Standing.LATE: _("%(num)s days late", num=one.days),
        Standing.IN_PART: _("paid in part"),
        Standing.DUE: _("due"),
        Standing.UNPAID: _("unpaid for %(num)s days", num=one.days),
    }
    return words[one.standing], _STANDING_TONES[one.standing]


def risk_days(found: Customer) -> list[RiskDay]:
    """Give how the loans stood where that changed, newest first; none without a loan then."""
    return [one for one in reversed(found.risk) if one.five_class or one.overdue_days]


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
    """Give happenings as lines under their business dates, newest first."""
    return [
        (day, [_moment(one, word) for one in some])
        for day, some in groupby(found, key=lambda one: one.day)
    ]


def _moment(one: Happening, word: Wording) -> Moment:
    bad = one.result in ("declined", "failed", "late")
    notes = [word("channel", one.channel), one.other or ""]
    told = one.result not in (None, "success", "on_time")
    if one.act is Act.ENTRY:
        text = word.entry(one.what, incoming=one.incoming)
    else:
        text = word(one.act.value, one.what)
    return Moment(
        at=one.at,
        icon=_EVENT_ICONS.get(one.what, _ACT_ICONS[one.act]),
        text=text,
        note=" · ".join(note for note in notes if note),
        amount=_signed(one),
        came=bool(one.incoming),
        state=word("result", one.result) if told else "",
        tone=Tone.BAD if bad else Tone.GOOD,
    )


def _signed(one: Happening) -> str:
    if not one.amount_fen:
        return ""
    sign = "" if one.incoming is None else "+" if one.incoming else "−"
    return sign + formats.money(one.amount_fen, "yuan")


def relations_picture(ctx: Context, found: Customer, word: Wording) -> Picture | None:
    """Draw who shares household, phone or address with the customer; None when nobody does."""
    tied = found.relations.parties[:MAX_DRAWN]
    if not tied:
        return None
    me = found.identity.rows[0]
    boxes = [Box("me", str(me["name"] or found.party_id), _("this customer"), "good", here=True)]
    notes = {
        "household": str(me["household_id"] or ""),
        "phone": str(me["phone"] or ""),
        "address": found.names(me["village_id"]),
    }
    ties = dict.fromkeys(tie for one in tied for tie in one.ties)
    boxes += [Box(tie, word("tie", tie), notes[tie.value], "note") for tie in ties]
    edges: list[tuple[str, str]] = [("me", tie.value) for tie in ties]
    for one in tied:
        note = _("head of the household") if one.is_head else str(one.party_id)
        url = ctx.url(f"/customers/{one.party_id}/household")
        boxes.append(Box(one.party_id, one.name or one.party_id, note, "calm", url))
        edges += [(tie.value, one.party_id) for tie in one.ties]
    return draw(_("Who is connected with this customer"), boxes, edges)


def life(found: Customer, word: Wording) -> list[Mapping[str, object]]:
    """Give the milestones of the customer with the bank, newest first."""
    return [{"day": one.day, **_step(one, word)} for one in milestones(found)]


def changes(found: Customer, word: Wording) -> list[Mapping[str, object]]:
    """Give what changed on file, newest first."""
    return [
        {
            "day": one.day,
            "since": one.since,
            "what": one.column.zh if locale() == "zh" else one.column.en,
            "before": _value(found, one, one.before, word),
            "after": _value(found, one, one.after, word),
            "alike": one.before == one.after,
        }
        for one in found.changes
    ]


def _value(found: Customer, change: Change, value: object, word: Wording) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if change.column.name.endswith("_fen"):
        return amount(value)
    named = change.column.name in ("org_id", "village_id", "officer_id")
    said = found.names(value) if named else word(change.column.name, value)
    return said or formats.NOTHING


def _step(one: Milestone, word: Wording) -> Mapping[str, object]:
    row = one.row
    if one.step is Step.CAME:
        return {"text": _("Became a customer"), "more": ""}
    if one.step is Step.ACCOUNT:
        more = f"{word('account_product', row['product'])} {row['account_no'] or ''}"
        return {"text": _("Opened an account"), "more": more}
    if one.step is Step.CARD:
        more = f"{word('card_type', row['card_type'])} {row['card_no'] or ''}"
        return {"text": _("Got a card"), "more": more}
    more = f"{word('loan_product', row['product'])} {amount(row['amount_fen'])}"
    return {"text": _("Took a loan"), "more": more}
