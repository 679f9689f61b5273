"""What an audience looks like: its count, how it differs from everyone, how its parts overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from titian.data.tags import audiences, catalogue, saved, store
from titian.data.tags.audiences import Count, Lift
from titian.data.tags.saved import Audience
from titian.kernel.errors import TitianError
from titian.kernel.scope import Scope
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.i18n import _, locale
from titian.web.problems import spoken

MAX_LIFTS = 10
MAX_PARTS = 8
MAX_OTHERS = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """An audience's count and meaning; `failed` says why it could not be counted."""

    count: Count | None = None
    meaning: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A saved audience in a list: its condition in words, and how many belong to it.

    `meaning` is empty and `members` None where the condition no longer stands, is out of the
    reader's reach, or no tags are worked out yet.
    """

    audience: Audience
    meaning: str
    members: int | None


def listed(scope: Scope, found: Sequence[Audience], day: date | None) -> list[Listed]:
    """Say the conditions of saved audiences in words and count them on a business date."""
    meanings = [meaning(scope, one.expression) for one in found]
    counted: list[int | None] = [None] * len(found)
    if found and store.dates(scope):
        counted = [
            members
            for at in range(0, len(found), audiences.MAX_TALLY)
            for members in audiences.tally(
                scope, [one.expression for one in found[at : at + audiences.MAX_TALLY]], day
            )
        ]
    return [Listed(*one) for one in zip(found, meanings, counted, strict=True)]


def meaning(scope: Scope, expression: str) -> str:
    """Say a condition in words; nothing where it no longer stands or is out of reach."""
    found = audiences.inspect(scope, expression).meaning
    return found.text(locale()) if found else ""


@dataclass(frozen=True, slots=True)
class Overlapping:
    """One part of an audience: its size, and what share of it belongs to each of the parts."""

    name: str
    members: int
    shares: tuple[float | None, ...]


def seen(ctx: Context, expression: str) -> Seen:
    """Count an expression and say it in words; nothing is asked of an empty one."""
    if not expression.strip():
        return Seen()
    found = audiences.inspect(ctx.scope, expression)
    if found.meaning is None:
        return Seen(failed=found.message)
    meaning = found.meaning.text(locale())
    try:
        return Seen(audiences.count(ctx.scope, expression, ctx.business_date), meaning)
    except TitianError as error:
        return Seen(None, meaning, spoken(error))


def pictures(
    ctx: Context, expression: str, parts: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Draw how an audience differs from everyone, and how its parts overlap."""
    lifts = _lifts(ctx, expression)
    return {"lifts": lifts, "profile": _profile(lifts), "overlap": _overlap(ctx, parts)}


def _lifts(ctx: Context, expression: str) -> list[tuple[str, Lift]]:
    known = catalogue.visible(ctx.scope).tags
    found = audiences.profile(ctx.scope, expression, ctx.business_date)
    named = []
    for lift in found[:MAX_LIFTS]:
        tag = known[lift.tag]
        value = next(value for value in tag.values if value.code == lift.value)
        label = tag.label.text(locale())
        if len(tag.values) > 1:
            label = f"{label}: {value.label.text(locale())}"
        named.append((label, lift))
    return named


def _profile(lifts: Sequence[tuple[str, Lift]]) -> Chart | None:
    if not lifts:
        return None
    return Chart(
        _("How they differ from everyone"),
        [label for label, _lift in lifts],
        [
            Series(_("This audience"), [lift.share for _label, lift in lifts], kind="bar"),
            Series(_("Everyone"), [lift.population_share for _label, lift in lifts], kind="bar"),
        ],
        unit="percent",
        horizontal=True,
    )


def _overlap(ctx: Context, parts: Sequence[tuple[str, str]]) -> list[Overlapping]:
    shown = list(parts)[:MAX_PARTS]
    if len(shown) <= 1:
        return []
    texts = [text for _name, text in shown]
    both = audiences.overlap(ctx.scope, texts, ctx.business_date).both
    return [
        Overlapping(
            name,
            both[at][at],
            tuple(with_other / both[at][at] if both[at][at] else None for with_other in both[at]),
        )
        for at, (name, _text) in enumerate(shown)
    ]


def beside_others(ctx: Context, audience: Audience) -> Chart | None:
    """Draw how a saved audience overlaps with the bank's other audiences, the nearest first.

    Raises as `audiences.overlap`.
    """
    others = [
        one
        for one in saved.find(ctx.scope)
        if one.audience_id != audience.audience_id
        and audiences.inspect(ctx.scope, one.expression).right
    ][:MAX_OTHERS]
    if not others:
        return None
    texts = [audience.expression, *(one.expression for one in others)]
    both = audiences.overlap(ctx.scope, texts, ctx.business_date).both
    rows = sorted(
        (
            (one.name, both[0][at], both[0][0] - both[0][at], both[at][at] - both[0][at])
            for at, one in enumerate(others, start=1)
        ),
        key=lambda row: -row[1],
    )
    kinds = ((_("In both"), 1), (_("Only here"), 2), (_("Only there"), 3))
    return Chart(
        _("Overlap with other audiences"),
        [str(row[0]) for row in rows],
        [
            Series(name, [int(row[at]) for row in rows], kind="bar", stack="overlap")
            for name, at in kinds
        ],
        horizontal=True,
    )
