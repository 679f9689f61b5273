"""Checks in words: what a rule asks and what was found, with columns and codes by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from titian.data.checks.model import Check, CheckKind, Literal
from titian.data.checks.results import Result
from titian.data.checks.wording import describe
from titian.data.jobs.catalogue import load
from titian.data.jobs.dictionary import explained
from titian.data.jobs.model import Job
from titian.kernel.scope import Scope
from titian.lake.schema import Column
from titian.web.i18n import _, errors, formats, locale


@dataclass(frozen=True, slots=True)
class Rule:
    """What a check asks, in the reader's language; `sql` is what it states in SQL, if anything."""

    words: str
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What the columns of a checked table, other tables and feeds are called."""

    columns: Mapping[str, Column]
    others: Mapping[str, str]

    def column(self, name: str) -> str:
        """Name a column."""
        known = self.columns.get(name)
        return known.label.text(locale()) if known else name

    def listed(self, names: Sequence[str]) -> str:
        """Name several columns."""
        return formats.listed([self.column(name) for name in names])

    def value(self, column: str, value: Literal | None) -> str:
        """Name or write a value of a column."""
        known = self.columns.get(column)
        for code in known.codes if known else ():
            if code.value == str(value):
                return code.label.text(locale())
        if isinstance(value, date):
            return formats.day(value)
        if isinstance(value, int) and column.endswith("_fen"):
            return formats.money(value)
        return formats.number(value) if isinstance(value, int | float) else str(value)

    def other(self, name: str) -> str:
        """Name another table or a feed."""
        return self.others.get(name, name)


def names_of(scope: Scope, table: str) -> Names:
    """Give the names around a table of a bank."""
    known = load(scope)
    others = {name: one.label.text(locale()) for name, one in known.tables.items()}
    others |= {name: feed.table.label.text(locale()) for name, feed in known.feeds.items()}
    columns: Mapping[str, Column] = {}
    if table in known.tables:
        columns = {one.name: one for one in explained(scope, known.tables[table]).columns}
    return Names(columns, others)


def rules_of(scope: Scope, job: Job) -> list[tuple[Check, Rule]]:
    """Say what each check of a job asks."""
    names = {table.qualified: names_of(scope, table.qualified) for table in job.writes}
    return [(check, rule(check, names[check.table])) for check in job.checks]


def asked(scope: Scope, job: Job | None, results: Sequence[Result]) -> list[tuple[Result, Rule]]:
    """Say what each result's check asked: as the job has it now, else as it was kept."""
    known = {}
    for check, words in rules_of(scope, job) if job else ():
        known[check.table, describe(check)] = words
    return [
        (
            replace(one, measured=errors.said(one.measured)),
            known.get((one.table, one.label)) or Rule(errors.said(one.label)),
        )
        for one in results
    ]


def rule(check: Check, names: Names) -> Rule:
    """Say what a check asks; a label of its own goes first."""
    if check.label:
        return Rule(check.label.text(locale()))
    return _RULES[check.kind](check, names)


def _range(check: Check, what: str, write: Callable[[Literal | None], str]) -> str:
    low, high = write(check.low), write(check.high)
    if check.low is None:
        return _("%(what)s: at most %(high)s", what=what, high=high)
    if check.high is None:
        return _("%(what)s: at least %(low)s", what=what, low=low)
    return _("%(what)s: from %(low)s to %(high)s", what=what, low=low, high=high)


def _of_column(check: Check, names: Names) -> Rule:
    column = check.columns[0]
    words = _range(check, names.column(column), lambda end: names.value(column, end))
    return Rule(words)


def _of_rows(check: Check, _names: Names) -> Rule:
    def written(end: Literal | None) -> str:
        return formats.number(int(end)) if isinstance(end, int | float) else ""

    return Rule(_range(check, _("Number of rows"), written))


def _accepted(check: Check, names: Names) -> Rule:
    values = [names.value(check.columns[0], value) for value in check.values]
    column = names.column(check.columns[0])
    return Rule(_("%(column)s: one of %(values)s", column=column, values=formats.listed(values)))


def _reference(check: Check, names: Names) -> Rule:
    return Rule(
        _(
            "%(columns)s: found in %(table)s",
            columns=names.listed(check.columns),
            table=names.other(check.to),
        )
    )


def _drift(check: Check, _names: Names) -> Rule:
    share = formats.percent(check.tolerance, 0)
    return Rule(_("Number of rows: at most %(share)s off the date before", share=share))


def _freshness(check: Check, names: Names) -> Rule:
    return Rule(
        _(
            "%(column)s: at most %(days)s days old",
            column=names.listed(check.columns),
            days=check.max_days,
        )
    )


def _sum_equals(check: Check, names: Names) -> Rule:
    words = _(
        "The sum of %(column)s equals the control total of %(feed)s",
        column=names.listed(check.columns),
        feed=names.other(check.theirs),
    )
    return Rule(words, check.where)


def _reconcile(check: Check, names: Names) -> Rule:
    table = names.other(check.to)
    sql = f"{check.ours} = {check.theirs}"
    if check.columns:
        by = names.listed(check.columns)
        return Rule(_("Agrees with %(table)s for each %(by)s", table=table, by=by), sql)
    return Rule(_("Agrees with %(table)s", table=table), sql)


_RULES: Mapping[CheckKind, Callable[[Check, Names], Rule]] = {
    CheckKind.NOT_NULL: lambda check, names: Rule(
        _("Never empty: %(columns)s", columns=names.listed(check.columns))
    ),
    CheckKind.UNIQUE: lambda check, names: Rule(
        _("Never twice the same: %(columns)s", columns=names.listed(check.columns))
    ),
    CheckKind.ACCEPTED: _accepted,
    CheckKind.RANGE: _of_column,
    CheckKind.REFERENCE: _reference,
    CheckKind.CONDITION: lambda check, _names: Rule(_("Holds for every row:"), check.where),
    CheckKind.ROW_COUNT: _of_rows,
    CheckKind.ROW_COUNT_DRIFT: _drift,
    CheckKind.FRESHNESS: _freshness,
    CheckKind.SUM_EQUALS: _sum_equals,
    CheckKind.RECONCILE: _reconcile,
}
