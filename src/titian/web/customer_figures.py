"""A customer's figures as pages show them: what each means, how it is made, why it is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from titian.data.parties import Customer
from titian.data.parties.model import Absence, Figure
from titian.kernel.money import yuan
from titian.kernel.scope import Permission
from titian.web.charts import Chart, Series
from titian.web.context import Context
from titian.web.i18n import Text, _, formats, lazy, locale

PROFILE = "mart.party_profile"
KEY_FIGURES = ("aum_fen", "deposit_fen", "loan_fen")
RISK_FIGURES = (
    "overdue_days", "late_instalments_90d", "max_days_late_90d", "declines_30d",
    "device_binds_30d", "payee_adds_30d", "phone_sharers", "address_sharers",
)  # fmt: skip
SHELVES: dict[Text, tuple[str, ...]] = {
    lazy("What the customer holds and owes"): (
        "wealth_fen", "products_held", "household_aum_fen", "household_loan_fen",
    ),
    lazy("Money coming and going"): (
        "in_fen_30d", "out_fen_30d", "salary_fen_90d", "pension_fen_90d", "subsidy_fen_90d",
        "payment_fen_90d", "cash_share_90d",
    ),
    lazy("How the customer banks"): ("entries_30d", "active_days_30d", "mobile_logins_30d"),
}  # fmt: skip
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
    "household_aum_fen": (
        lazy("What all customers of the household hold with the bank."),
        lazy("sum of the assets of the household's customers"),
    ),
    "household_loan_fen": (
        lazy("What all customers of the household owe."),
        lazy("sum of the loan balances of the household's customers"),
    ),
    "in_fen_30d": (
        lazy("Money that came onto the customer's accounts; interest and fees left out."),
        lazy("sum of incoming entries of the last 30 days"),
    ),
    "out_fen_30d": (
        lazy("Money that left the customer's accounts; interest and fees left out."),
        lazy("sum of outgoing entries of the last 30 days"),
    ),
    "entries_30d": (
        lazy("How often money moved on the customer's accounts."),
        lazy("account entries of the last 30 days, interest and fees left out"),
    ),
    "active_days_30d": (
        lazy("On how many days money moved."),
        lazy("days of the last 30 with an entry"),
    ),
    "mobile_logins_30d": (
        lazy("How often the customer signed in to the mobile bank."),
        lazy("sign-ins of the last 30 days on the mobile bank"),
    ),
    "salary_fen_90d": (
        lazy("Salary that came in."),
        lazy("sum of incoming salary entries of the last 90 days"),
    ),
    "pension_fen_90d": (
        lazy("Pension that came in."),
        lazy("sum of incoming pension entries of the last 90 days"),
    ),
    "subsidy_fen_90d": (
        lazy("Subsidies that came in, such as those for farming."),
        lazy("sum of incoming subsidy entries of the last 90 days"),
    ),
    "payment_fen_90d": (
        lazy("What the customer spent in shops and on markets."),
        lazy("sum of outgoing purchases of the last 90 days"),
    ),
    "cash_share_90d": (
        lazy("How much of the customer's banking is cash."),
        lazy("cash entries ÷ all entries of the last 90 days"),
    ),
    "products_held": (
        lazy("How many kinds of products the customer uses."),
        lazy("number of kinds with at least one in use"),
    ),
    "overdue_days": (
        lazy("How long the oldest unpaid instalment is past due."),
        lazy("the most days past due among active loans"),
    ),
    "late_instalments_90d": (
        lazy("How many instalments were paid late, or are past due."),
        lazy("instalments of the last 90 days after their due date"),
    ),
    "max_days_late_90d": (
        lazy("How late the latest of them was."),
        lazy("the most days between due and paid, of the last 90 days"),
    ),
    "declines_30d": (
        lazy("How often a channel refused or failed what the customer asked for."),
        lazy("events of the last 30 days that were declined or failed"),
    ),
    "device_binds_30d": (
        lazy("How many new devices were bound to the customer's channels."),
        lazy("device bindings of the last 30 days"),
    ),
    "payee_adds_30d": (
        lazy("How many new payees the customer added."),
        lazy("payees added in the last 30 days"),
    ),
    "phone_sharers": (
        lazy("How many customers gave this phone number, this one included."),
        lazy("customers of the bank with the same phone number"),
    ),
    "address_sharers": (
        lazy("How many customers gave this address, this one included."),
        lazy("customers of the bank with the same address"),
    ),
}
_ABSENT: dict[Absence, Text] = {
    Absence.HIDDEN: lazy("not shown at your clearance"),
    Absence.NOT_WORKED_OUT: lazy("not worked out for this date"),
    Absence.UNKNOWN: lazy("not known"),
}


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
    """Give assets, deposits and loans, as far as the reader may see them."""
    overdue = found.figure("overdue_days")
    late = int(overdue.value or 0) if overdue else 0
    shown = [one for name in KEY_FIGURES if (one := found.figure(name))]
    return [shown_figure(ctx, one, late if one.name == "loan_fen" else 0) for one in shown]


def some_figures(ctx: Context, found: Customer, names: Iterable[str]) -> list[Shown]:
    """Give the named figures that the bank works out."""
    return [shown_figure(ctx, one) for name in names if (one := found.figure(name))]


def shelved_figures(ctx: Context, found: Customer) -> list[tuple[str, list[Shown]]]:
    """Give the figures that no other part of the page shows, by what they are about."""
    shelves = ((str(label), some_figures(ctx, found, names)) for label, names in SHELVES.items())
    return [(label, shown) for label, shown in shelves if shown]


def shown_figure(ctx: Context, figure: Figure, late_days: int = 0) -> Shown:
    """Give one figure with its meaning, where it comes from, and why it is missing."""
    meaning, formula = MEANINGS.get(figure.name, ("", ""))
    course = tuple(value for _day, value in figure.course if value is not None)
    lineage = ctx.url(f"/tables/{PROFILE}/lineage", column=figure.name)
    note = str(_ABSENT[figure.absent]) if figure.absent else _moved(figure, course)
    if late_days:
        note = _("%(num)s days past due", num=late_days)
    return Shown(
        label=figure.label.text(locale()),
        value=_written(figure, figure.value),
        note=note,
        tone="bad" if late_days else "",
        meaning=meaning,
        formula=formula,
        source=f"{PROFILE}.{figure.name}",
        url=lineage if ctx.allows(Permission.VIEW_CATALOG) else "",
        spark=course if len(course) > 1 and any(course) else (),
    )


def course_chart(found: Customer) -> Chart | None:
    """Draw assets, deposits and loans over the quarter; None where nothing may be seen."""
    drawn = [one for name in KEY_FIGURES if (one := found.figure(name))]
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


def _moved(figure: Figure, course: Sequence[int | float]) -> str:
    if len(course) < 2:  # noqa: PLR2004 - a change is between two
        return ""
    change = course[-1] - course[0]
    since = next(day for day, value in figure.course if value is not None)
    if not change:
        return _("unchanged since %(day)s", day=formats.day(since))
    written = ("+" if change >= 0 else "−") + _written(figure, abs(change))
    return _("%(change)s since %(day)s", change=written, day=formats.day(since))


def _written(figure: Figure, value: float | None) -> str:
    if value is None:
        return formats.NOTHING
    if figure.unit == "fen":
        return formats.money(int(value))
    if figure.unit == "share":
        return formats.percent(value)
    if figure.unit == "days":
        return _("%(num)s days", num=formats.number(value))
    return formats.number(value)
