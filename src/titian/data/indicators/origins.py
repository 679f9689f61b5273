"""Which columns every indicator is measured on: the indicators' part of column lineage."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from titian.data.indicators import loading, wording
from titian.data.indicators.compute import COLUMNS, TABLE
from titian.data.indicators.jobs import subject_table
from titian.data.indicators.model import Catalogue, Derived, Indicator, Subject
from titian.data.jobs.origins import INDICATOR, Origin, Origins
from titian.decide.conditions.tree import fields
from titian.kernel.labels import Label
from titian.kernel.scope import Permission, Scope
from titian.lake.schema import BUSINESS_DATE

_FIGURES = ("value", "numerator", "denominator")
_ORG = "org_id"
_FIGURE = Label("本主题各指标的计算结果", "the figures of this subject's indicators")
_BY_ORG = Label("每个机构一行", "one row for each organisation")
_TOGETHER = Label("各主题合并，不作改动", "all subjects put together, unchanged")


def origins(scope: Scope) -> Origins | None:
    """Give what a bank's indicators are made from. None where it has none."""
    found = loading.load(scope)
    return _origins(found) if found.indicators else None


def name_of(indicator: Indicator) -> str:
    """Name an indicator as lineage does: `indicator:risk.npl_ratio`."""
    return f"{INDICATOR}{indicator.subject.value}.{indicator.code}"


@lru_cache(maxsize=64)
def _origins(found: Catalogue) -> Origins:
    subjects = [subject for subject in Subject if found.of_subject(subject)]
    jobs = [subject_table(subject).qualified for subject in subjects]
    made = [*_ends(found)]
    for subject, job in zip(subjects, jobs, strict=True):
        made += ((job, origin) for origin in _figures(found, subject, job))
        made += (
            (
                TABLE.qualified,
                Origin(f"{job}.{column.name}", f"{TABLE.qualified}.{column.name}", _TOGETHER),
            )
            for column in COLUMNS
        )
    return Origins(frozenset({TABLE.qualified, *jobs}), tuple(dict.fromkeys(made)))


def _ends(found: Catalogue) -> Iterator[tuple[str, Origin]]:
    for indicator in found.indicators.values():
        how, job = indicator.how, subject_table(indicator.subject).qualified
        if isinstance(how, Derived):
            sources = [f"{how.atomic.source.table.qualified}.{name}" for name in _measured(how)]
        else:
            sources = [name_of(found.indicators[code]) for code in how.operands]
        said = wording.spelled(found, indicator)
        for source in sources:
            yield job, Origin(source, name_of(indicator), said, Permission.VIEW_INDICATORS)


def _measured(how: Derived) -> list[str]:
    names: set[str] = set()
    for condition in how.where:
        names |= condition.fields
    for part in (how.atomic.measure, how.atomic.denominator):
        names |= fields(part.tree) if part is not None else set()
    if how.atomic.source.date != BUSINESS_DATE:
        names.add(how.atomic.source.date)
    return sorted(names - {BUSINESS_DATE})


def _figures(found: Catalogue, subject: Subject, job: str) -> Iterator[Origin]:
    for code in found.closure(found.of_subject(subject)):
        how = found.indicators[code].how
        if isinstance(how, Derived):
            table = how.atomic.source.table.qualified
            for name in _measured(how):
                for figure in _FIGURES:
                    yield Origin(f"{table}.{name}", f"{job}.{figure}", _FIGURE)
            yield Origin(f"{table}.{how.atomic.source.org}", f"{job}.{_ORG}", _BY_ORG)
