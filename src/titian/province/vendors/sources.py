"""What each of the ten sources keeps about its subjects besides who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from titian.province.codes import codes
from titian.province.draws import chance
from titian.province.model import (
    Dates,
    Flags,
    Floats,
    Ints,
    Occupation,
    PartyType,
    ProvinceConfig,
)
from titian.province.vendors.model import Records, Source, Subjects

_SALARIED: Final = (Occupation.WORKER, Occupation.CIVIL, Occupation.TEACHER)
_WORKING_YEARS: Final = 16
_HOUSED_YEARS: Final = 25
_CAUSES: Final = pa.array(
    ["民间借贷纠纷", "买卖合同纠纷", "金融借款合同纠纷", "劳动争议", "机动车交通事故责任纠纷"]
)
_GRADES: Final = pa.array(["A", "B", "M", "C", "D"])


@dataclass(frozen=True, slots=True)
class Desk:
    """What a source's columns are made from: its records, whose they are, and chance."""

    config: ProvinceConfig
    subjects: Subjects
    records: Records
    stream: np.random.Generator

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.records.subject)

    @property
    def income_fen(self) -> Floats:
        """The true monthly income behind each record."""
        income: Floats = self.subjects.income_fen[self.records.subject].astype(np.float64)
        return income

    def pick(self, words: tuple[str, ...], shares: tuple[float, ...]) -> pa.Array:
        """Draw one of some words for each record."""
        return pa.array(words).take(pa.array(self.stream.choice(len(words), self.count, p=shares)))

    def whole(self, low: int, high: int) -> Ints:
        """Draw whole numbers from `low` to `high` exclusive."""
        return self.stream.integers(low, high, self.count)

    def days_ago(self, low: int, high: int) -> pa.Array:
        """Draw dates before the window's end."""
        days: Dates = self.config.end_day - self.whole(low, high).astype("timedelta64[D]")
        return pa.array(days)

    def near(self, amount_fen: Floats, spread: float) -> Ints:
        """Amounts around given ones, in whole yuan."""
        drawn = amount_fen * np.exp(self.stream.normal(0, spread, self.count))
        return np.round(drawn / 100).astype(np.int64) * 100


def covers(source: Source, subjects: Subjects, age: Floats, stream: np.random.Generator) -> Flags:
    """Which subjects a source has a record of (bank cards are listed by card instead)."""
    person = subjects.kind == PartyType.PERSON
    salaried = person & np.isin(subjects.occupation, _SALARIED) & (subjects.employer != "")
    trader = person & (subjects.occupation == Occupation.TRADER)
    elder = person & (age >= _HOUSED_YEARS)
    share: Floats = np.select(
        [np.full(len(age), source is kind) for kind in _COVERAGE],
        [
            np.where(salaried, 0.92, np.where(person & (age >= _WORKING_YEARS), 0.55, 0.0)),
            np.where(salaried, 0.5, 0.0),
            np.where(elder, np.where(subjects.rural, 0.22, 0.5), 0.0),
            np.where(elder, 0.45, np.where(person, 0.0, 0.9)),
            np.where(person, np.where(trader, 0.4, 0.0), 0.97),
            np.where(person, np.where(trader, 0.35, 0.0), 1.0),
            0.015 + 0.07 / (1.0 + np.exp(2.0 - subjects.risk)),
            np.where(person, 0.99, 0.0),
            np.where(person, 0.94, 0.85),
        ],
        0.0,
    )
    return chance(stream, share, len(age))


def _social_security(desk: Desk) -> dict[str, pa.Array | Ints]:
    employer = desk.subjects.employer[desk.records.subject]
    employed = employer != ""
    base = desk.near(desk.income_fen * np.where(employed, 0.85, 0.1), 0.12)
    return {
        "scheme": pa.array(["resident", "employee"]).take(pa.array(employed.astype(np.int64))),
        "employer": pa.array(employer.tolist(), pa.string(), mask=~employed),
        "base_fen": base,
        "months_paid": desk.whole(3, 300),
        "status": desk.pick(("paying", "stopped", "retired"), (0.82, 0.12, 0.06)),
        "updated_on": desk.days_ago(1, 60),
    }


def _housing_fund(desk: Desk) -> dict[str, pa.Array | Ints]:
    monthly = desk.near(desk.income_fen * 0.2, 0.15)
    return {
        "employer": pa.array(desk.subjects.employer[desk.records.subject].tolist(), pa.string()),
        "monthly_fen": monthly,
        "balance_fen": monthly * desk.whole(3, 120),
        "status": desk.pick(("normal", "sealed", "withdrawn"), (0.86, 0.09, 0.05)),
        "updated_on": desk.days_ago(1, 90),
    }


def _real_estate(desk: Desk) -> dict[str, pa.Array | Ints]:
    return {
        "certificate_no": codes("BDC", desk.stream.permutation(desk.count) + 10_000_000, 9),
        "kind": desk.pick(("house", "homestead", "shop", "land"), (0.5, 0.36, 0.05, 0.09)),
        "area_m2": np.round(np.exp(desk.stream.normal(4.7, 0.3, desk.count)), 1),
        "registered_on": desk.days_ago(200, 8_000),
        "mortgaged": chance(desk.stream, 0.22, desk.count),
    }


def _utility(desk: Desk) -> dict[str, pa.Array | Ints]:
    late = desk.stream.poisson(np.exp(desk.subjects.risk[desk.records.subject] * 0.8 - 2.2))
    return {
        "meter_no": codes("M", desk.stream.permutation(desk.count) + 40_000_000, 10),
        "kind": desk.pick(("power", "water", "gas"), (0.6, 0.25, 0.15)),
        "mean_monthly_fen": desk.near(np.sqrt(desk.income_fen) * 18, 0.4),
        "months_on_record": desk.whole(4, 240),
        "late_payments_12m": late.astype(np.int64),
    }


def _tax(desk: Desk) -> dict[str, pa.Array | Ints]:
    revenue = desk.near(desk.income_fen * 12, 0.25)
    grade = np.clip(np.round(desk.subjects.risk[desk.records.subject] + 1.4), 0, 4)
    return {
        "tax_year": np.full(desk.count, desk.config.end.year - 1),
        "revenue_fen": revenue,
        "tax_paid_fen": np.round(
            revenue * desk.stream.uniform(0.005, 0.05, desk.count) / 100
        ).astype(np.int64)
        * 100,
        "grade": _GRADES.take(pa.array(grade.astype(np.int64))),
        "owing": chance(desk.stream, 0.04, desk.count),
        "updated_on": desk.days_ago(1, 120),
    }


def _registry(desk: Desk) -> dict[str, pa.Array | Ints]:
    person = desk.subjects.kind == PartyType.PERSON
    bosses = np.flatnonzero(person & (desk.subjects.party >= 0))
    boss = bosses[desk.stream.integers(0, len(bosses), desk.count)]
    own = person[desk.records.subject]
    boss = np.where(own, desk.records.subject, boss)
    return {
        "legal_person": pa.array(desk.subjects.name[boss].tolist(), pa.string()),
        "legal_person_id_no": pa.array(desk.subjects.id_no[boss].tolist(), pa.string()),
        "capital_fen": desk.near(desk.income_fen * 6, 0.8),
        "founded_on": desk.days_ago(300, 7_000),
        "status": desk.pick(("in_business", "abnormal", "revoked", "closed"),
                            (0.92, 0.05, 0.01, 0.02)),
    }  # fmt: skip


def _litigation(desk: Desk) -> dict[str, pa.Array | Ints]:
    return {
        "case_no": codes("MC", desk.stream.permutation(desk.count) + 1, 8),
        "role": desk.pick(("defendant", "plaintiff"), (0.72, 0.28)),
        "cause": _CAUSES.take(pa.array(desk.whole(0, len(_CAUSES)))),
        "amount_fen": desk.near(desk.income_fen * 5, 1.0),
        "filed_on": desk.days_ago(10, 1_800),
        "status": desk.pick(("open", "closed", "enforcing"), (0.25, 0.6, 0.15)),
        "dishonest_listed": chance(desk.stream, 0.08, desk.count),
    }


def _police(desk: Desk) -> dict[str, pa.Array | Ints]:
    return {
        "status": desk.pick(("valid", "expired", "lost", "cancelled"), (0.955, 0.03, 0.01, 0.005)),
        "valid_until": pa.array(
            desk.config.end_day + desk.whole(-300, 7_000).astype("timedelta64[D]")
        ),
        "household_registered_on": desk.days_ago(100, 12_000),
    }


def _telecom(desk: Desk) -> dict[str, pa.Array | Ints]:
    return {
        "months_in_use": desk.whole(1, 180),
        "status": desk.pick(("active", "suspended", "closed"), (0.95, 0.035, 0.015)),
        "monthly_fen": desk.near(np.full(desk.count, 5_800.0), 0.4),
        "real_name_checked": chance(desk.stream, 0.985, desk.count),
    }


def _bank_card(desk: Desk) -> dict[str, pa.Array | Ints]:
    return {"checked_on": desk.days_ago(1, 400)}


COLUMNS: Final[dict[Source, Callable[[Desk], dict[str, pa.Array | Ints]]]] = {
    Source.SOCIAL_SECURITY: _social_security,
    Source.HOUSING_FUND: _housing_fund,
    Source.REAL_ESTATE: _real_estate,
    Source.UTILITY: _utility,
    Source.TAX: _tax,
    Source.REGISTRY: _registry,
    Source.LITIGATION: _litigation,
    Source.POLICE: _police,
    Source.TELECOM: _telecom,
    Source.BANK_CARD: _bank_card,
}
_COVERAGE: Final = tuple(source for source in Source if source is not Source.BANK_CARD)
