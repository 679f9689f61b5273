"""What an indicator is, said to people: its composed name and its formula in words."""

from __future__ import annotations

from titian.data.indicators.model import (
    Aggregation,
    Catalogue,
    Constant,
    Derived,
    Expression,
    Indicator,
    Operand,
    Term,
    Timing,
)
from titian.data.indicators.periods import Period
from titian.decide import Label
from titian.decide.conditions.words import explain
from titian.lake.schema import BUSINESS_DATE

_AGGREGATED = {
    Aggregation.SUM: Label("{measure}之和", "sum of {measure}"),
    Aggregation.COUNT: Label("记录数", "number of rows"),
    Aggregation.AVG: Label("{measure}的平均值", "average of {measure}"),
    Aggregation.RATIO: Label(
        "{measure}之和 ÷ {denominator}之和", "sum of {measure} ÷ sum of {denominator}"
    ),
    Aggregation.MIN: Label("{measure}的最小值", "least {measure}"),
    Aggregation.MAX: Label("{measure}的最大值", "greatest {measure}"),
    Aggregation.COUNT_DISTINCT: Label("不重复的{measure}数", "number of distinct {measure}"),
    Aggregation.PERCENTILE: Label("{measure}的 {share} 分位数", "{share} percentile of {measure}"),
}
_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}


def name(how: Derived) -> Label:
    """Compose the name of a derived indicator: period, modifiers and atomic."""
    atomic, period = how.atomic.label, how.period.label
    zh = period.zh + "".join(m.label.zh for m in how.modifiers) + atomic.zh
    parts = [atomic.en, *(m.label.en for m in how.modifiers), period.en]
    return Label(zh, ", ".join(part for part in parts if part))


def with_period(label: Label, period: Period) -> Label:
    """Give a formula's name for one of its periods."""
    if not period.label.zh:
        return label
    return Label(f"{period.label.zh}{label.zh}", f"{label.en}, {period.label.en}")


def formula(how: Derived) -> Label:
    """Say how a derived indicator is made, from what rows and when."""
    return Label(_said(how, "zh"), _said(how, "en"))


def spelled(catalogue: Catalogue, indicator: Indicator) -> Label:
    """Say how any indicator is made; formulas name their parts."""
    how = indicator.how
    if isinstance(how, Derived):
        return formula(how)
    return Label(
        _term(how.term, catalogue, "zh", outer=True), _term(how.term, catalogue, "en", outer=True)
    )


def _said(how: Derived, locale: str) -> str:
    atomic = how.atomic
    conditions = [condition.explain(locale) for condition in how.where]
    words = {
        "measure": _measure(atomic.measure, locale),
        "denominator": _measure(atomic.denominator, locale),
        "share": f"{atomic.share:.0%}",
    }
    made = _AGGREGATED[atomic.aggregation].text(locale).format(**words)
    rows = atomic.source.label.text(locale)
    when = _when(how, locale)
    if locale == "zh":
        which = f"（{'；'.join(conditions)}）" if conditions else ""
        return f"{when}的{rows}{which}：{made}"
    which = f" where {' and '.join(conditions)}" if conditions else ""
    made = made[:1].upper() + made[1:]
    return f"{made} over {rows}{which}, {when}"


def _measure(measure: Expression | None, locale: str) -> str:
    return explain(measure.tree, locale) if measure is not None else ""


def _when(how: Derived, locale: str) -> str:
    period, source = how.period.label, how.atomic.source
    if source.timing is Timing.STOCK:
        if how.period.average:
            return period.text(locale)
        at = period.text(locale) or ("业务日" if locale == "zh" else "the business date")
        return f"{at}日终" if locale == "zh" else f"at the close of {at}"
    if source.date == BUSINESS_DATE:
        return period.text(locale)
    column = source.table.column(source.date)
    return f"{column.zh}在{period.zh}" if locale == "zh" else f"{column.en.lower()} {period.en}"


def _term(term: Term, catalogue: Catalogue, locale: str, *, outer: bool = False) -> str:
    if isinstance(term, Constant):
        return f"{term.value:g}"
    if isinstance(term, Operand):
        label = catalogue.indicators[term.code].label.text(locale)
        return f"〔{label}〕" if locale == "zh" else f"[{label}]"
    left = _term(term.left, catalogue, locale)
    right = _term(term.right, catalogue, locale)
    said = f"{left} {_SIGNS[term.op]} {right}"
    return said if outer else f"({said})"
