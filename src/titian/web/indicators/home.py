"""The figures on the home page: the few that a role looks at first, with their last month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from titian.data import indicators
from titian.data.indicators import Entry
from titian.data.indicators.province import dates as province_dates
from titian.data.indicators.province import provinces
from titian.kernel.scope import Role, Scope
from titian.web.context import Context
from titian.web.days import day_of
from titian.web.figures import moved, written
from titian.web.i18n import locale

SPARK_DAYS = 30
SPARK_DAYS_OF_UNION = 7
MAX_SHOWN = 4
MIN_SPARK_POINTS = 3
_HEADLINES: Mapping[Role, Sequence[str]] = {
    Role.RISK_OFFICER: (
        "npl_ratio", "overdue_ratio", "special_mention_ratio", "overdue_90_to_npl",
    ),
    Role.LOAN_OFFICER: ("loan_balance", "grant_amount_mtd", "due_principal_d30", "overdue_ratio"),
    Role.CLERK: ("deposit_balance", "party_count", "loan_balance", "grant_count_mtd"),
}  # fmt: skip
_USUAL = ("deposit_balance", "loan_balance", "npl_ratio", "party_count")

_Values = Mapping[str, Mapping[date, float | None]]


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure of the home page; `spark` its last days, None when there are too few."""

    entry: Entry
    label: str
    shown: str
    moved: str | None
    spark: Sequence[float] | None


def card(ctx: Context) -> Mapping[str, object]:
    """Give the figures of the newest day up to the page's, as the reader's roles want them."""
    wanted = next((_HEADLINES[role] for role in _HEADLINES if role in ctx.scope.roles), _USUAL)
    known = {entry.code: entry for entry in indicators.catalogue(ctx.scope)}
    codes = [code for code in wanted if code in known] or list(known)[:MAX_SHOWN]
    held = province_dates(ctx.scope) if ctx.scope.bank is None else indicators.dates(ctx.scope)
    day = max((one for one in held if one <= day_of(ctx)), default=None)
    if day is None or not codes:
        return {"lines": (), "day": None, "asked": day_of(ctx)}
    values = (
        _of_union(ctx.scope, codes, day)
        if ctx.scope.bank is None
        else _of_bank(ctx.scope, codes, day)
    )
    return {
        "lines": [_headline(known[code], values.get(code, {}), day) for code in codes],
        "day": day,
        "asked": day_of(ctx),
    }


def _of_bank(scope: Scope, codes: Sequence[str], day: date) -> _Values:
    found: dict[str, dict[date, float | None]] = {}
    first = day - timedelta(days=SPARK_DAYS - 1)
    for point in indicators.series(scope, codes, indicators.head(scope), first, day):
        found.setdefault(point.code, {})[point.business_date] = point.value
    return found


def _of_union(scope: Scope, codes: Sequence[str], day: date) -> _Values:
    days = [day - timedelta(days=back) for back in range(SPARK_DAYS_OF_UNION)]
    return {code: found.like(day) for code, found in provinces(scope, codes, days).items()}


def _headline(entry: Entry, values: Mapping[date, float | None], day: date) -> Headline:
    known = [value for _day, value in sorted(values.items()) if value is not None]
    now, before = values.get(day), values.get(day - timedelta(days=1))
    return Headline(
        entry,
        entry.label.text(locale()),
        written(now, entry.unit),
        moved(now, before, entry.unit),
        known if len(known) >= MIN_SPARK_POINTS else None,
    )
