from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from tests.support.published import Figure, publish

from titian.data import definitions, indicators
from titian.data.indicators import browse
from titian.data.indicators.family import Against, part_units, reference, siblings
from titian.data.indicators.model import Catalogue, Unit
from titian.data.indicators.province import dates, province
from titian.kernel import banks
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope

DAYS = (date(2026, 3, 30), date(2026, 3, 31))
LAST = DAYS[-1]


@pytest.fixture
def clerk() -> Scope:
    return Scope(UserId("una"), None, frozenset({Role.CLERK}), 3)


@pytest.fixture
def two_banks(qinghe: Scope, baishui: Scope) -> tuple[Scope, Scope]:
    """Give two banks with a few published figures on two dates."""
    for day, more in zip(DAYS, (0, 100), strict=True):
        mine: dict[str, Figure] = {
            "loan_balance": 1000.0 + more,
            "loan_balance_npl": 10.0,
            "npl_ratio": (10.0, 1000.0 + more),
            "loan_rate": (48.0, 1000.0),
            "loan_largest": 70.0,
            "npl_party_count": 3.0,
        }
        theirs: dict[str, Figure] = {
            "loan_balance": 3000.0,
            "loan_balance_npl": 90.0,
            "npl_ratio": (90.0, 3000.0),
            "loan_rate": (30.0, 500.0),
            "loan_largest": 50.0,
            "npl_party_count": 4.0,
        }
        publish(qinghe, day, mine)
        publish(baishui, day, theirs, head="h9")
    return qinghe, baishui


def test_it_works(two_banks: tuple[Scope, Scope], clerk: Scope) -> None:
    found = province(clerk, "loan_balance", DAYS)
    assert [p.value for p in found.points] == [4000.0, 4100.0]
    assert [p.reporting for p in found.points] == [2, 2]
    assert found.expected == 2
    assert found.why_not is None
    assert found.banks[BankId("baishui")][LAST].value == 3000.0
    assert dates(clerk) == list(DAYS)


def test_a_ratio_comes_from_its_parts_and_not_from_the_banks_ratios(
    two_banks: tuple[Scope, Scope], clerk: Scope
) -> None:
    point = province(clerk, "npl_ratio", [LAST]).point(LAST)
    assert point is not None
    assert (point.numerator, point.denominator) == (100.0, 4100.0)
    assert point.value is not None
    assert math.isclose(point.value, 100 / 4100)
    naive = (10 / 1100 + 90 / 3000) / 2
    assert not math.isclose(point.value, naive, rel_tol=0.05)


def test_the_greatest_of_the_banks_is_the_provinces_greatest(
    two_banks: tuple[Scope, Scope], clerk: Scope
) -> None:
    point = province(clerk, "loan_largest", [LAST]).point(LAST)
    assert point is not None
    assert point.value == 70.0


@pytest.mark.parametrize("code", ["npl_party_count"])
def test_distinct_counts_are_shown_bank_by_bank(
    two_banks: tuple[Scope, Scope], clerk: Scope, code: str
) -> None:
    found = province(clerk, code, [LAST])
    assert found.points == ()
    assert found.why_not is not None
    assert "distinct" in found.why_not.en
    assert {bank: days[LAST].value for bank, days in found.banks.items()} == {
        "baishui": 4.0,
        "qinghe": 3.0,
    }


def test_a_formula_with_a_part_that_does_not_add_up_does_not_either(
    two_banks: tuple[Scope, Scope], clerk: Scope, presets: Catalogue
) -> None:
    kinds = {"count_distinct", "percentile"}
    formulas = [
        code
        for code in presets.order
        if any(
            getattr(getattr(presets.indicators[part].how, "atomic", None), "aggregation", "")
            in kinds
            for part in presets.closure((code,))
        )
        and not hasattr(presets.indicators[code].how, "atomic")
    ]
    assert formulas
    assert province(clerk, formulas[0], [LAST]).why_not is not None


def test_a_bank_that_is_late_is_not_counted_and_it_is_said(
    two_banks: tuple[Scope, Scope], clerk: Scope
) -> None:
    later = date(2026, 4, 1)
    publish(two_banks[0], later, {"loan_balance": 5.0})
    point = province(clerk, "loan_balance", [later]).point(later)
    assert point is not None
    assert (point.value, point.reporting) == (5.0, 1)
    assert set(province(clerk, "loan_balance", [LAST, later]).like(later)) == {later}
    assert set(province(clerk, "loan_balance", [LAST, later]).like(LAST)) == {LAST}
    assert province(clerk, "npl_ratio", [later]).point(later) is None


def test_a_figure_that_cannot_be_known_leaves_its_bank_out(
    two_banks: tuple[Scope, Scope], clerk: Scope
) -> None:
    publish(two_banks[1], LAST, {"loan_balance": None}, head="h9")
    point = province(clerk, "loan_balance", [LAST]).point(LAST)
    assert point is not None
    assert (point.value, point.reporting) == (1100.0, 1)


def test_a_rewritten_date_is_read_anew(two_banks: tuple[Scope, Scope], clerk: Scope) -> None:
    province(clerk, "loan_balance", [LAST])
    publish(two_banks[0], LAST, {"loan_balance": 1.0})
    point = province(clerk, "loan_balance", [LAST]).point(LAST)
    assert point is not None
    assert point.value == 3001.0


def test_a_bank_with_its_own_definition_is_shown_and_not_counted(
    two_banks: tuple[Scope, Scope], clerk: Scope
) -> None:
    own = two_banks[1]
    definitions.set_presets(own, definitions.Presets.NONE)
    folder = definitions.folder(own, definitions.Kind.INDICATORS)
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "defaults: {subject: risk, owner: {zh: 本行, en: Bank}}\n"
        "sources:\n  org: {table: core.org, zh: 机构, en: orgs, timing: stock, rows: [name]}\n"
        "atomics:\n  orgs: {zh: 机构数, en: orgs, source: org, aggregation: count, unit: count}\n"
        "derive:\n  - {atomic: orgs}\n"
        "formulas:\n  loan_balance: {zh: 贷款余额, en: Loans, unit: fen, formula: 2 * orgs}\n",
        encoding="utf-8",
    )
    found = province(clerk, "loan_balance", [LAST])
    assert found.otherwise == (BankId("baishui"),)
    assert found.expected == 1
    assert found.points[0].value == 1100.0
    assert found.banks[BankId("baishui")][LAST].value == 3000.0


def test_bad_questions_are_refused(two_banks: tuple[Scope, Scope], clerk: Scope) -> None:
    with pytest.raises(NotFound, match="Did you mean 'npl_ratio'"):
        province(clerk, "npl_ration", [LAST])
    with pytest.raises(LimitExceeded):
        province(clerk, "npl_ratio", [date.fromordinal(700_000 + n) for n in range(401)])
    with pytest.raises(InvalidInput, match="union level"):
        province(two_banks[0], "npl_ratio", [LAST])
    nobody = replace(clerk, roles=frozenset({Role.PARTNER_DEVELOPER}))
    with pytest.raises(Denied):
        province(nobody, "npl_ratio", [LAST])


def test_a_province_without_banks_or_data_has_no_figures(union: Scope, home: object) -> None:
    found = province(union, "loan_balance", [LAST])
    assert (found.points, found.banks, found.expected) == ((), {}, 0)
    banks.ensure(union, BankId("qinghe"))
    assert province(union, "loan_balance", [LAST]).points == ()
    assert dates(union) == []


def test_periods_of_one_measure_lead_to_each_other(presets: Catalogue) -> None:
    found = {s.period: s.code for s in siblings(presets, presets.indicators["entry_amount_mtd"])}
    assert found["mtd"] == "entry_amount_mtd"
    assert found["ytd"] == "entry_amount_ytd"
    stock = {s.period: s.code for s in siblings(presets, presets.indicators["loan_balance"])}
    assert stock["day"] == "loan_balance"
    assert stock["pye"] == "loan_balance_pye"
    late = {s.period: s.code for s in siblings(presets, presets.indicators["late_rate_mtd"])}
    assert (late["mtd"], late["d90"]) == ("late_rate_mtd", "late_rate_d90")
    assert siblings(presets, presets.indicators["npl_ratio"]) == ()


def test_the_parts_of_a_quotient_have_units(presets: Catalogue) -> None:
    units = {code: part_units(presets, presets.indicators[code]) for code in presets.order}
    assert units["npl_ratio"] == (Unit.FEN, Unit.FEN)
    assert units["loan_balance"] is None
    assert units["overdue_days"] == (Unit.DAYS, Unit.COUNT)
    assert units["late_rate_mtd"] == (Unit.COUNT, Unit.COUNT)
    assert units["provision_ratio"] == (Unit.FEN, Unit.FEN)


@pytest.mark.parametrize(
    ("against", "expected"),
    [
        (Against.DAY_BEFORE, date(2026, 3, 30)),
        (Against.MONTH_END, date(2026, 2, 27)),
        (Against.YEAR_END, None),
        (Against.LAST_YEAR, date(2025, 3, 31)),
    ],
)
def test_a_figure_is_compared_with_the_nearest_earlier_date(
    against: Against, expected: date | None
) -> None:
    held = [date(2025, 3, 31), date(2026, 2, 27), date(2026, 3, 1), *DAYS]
    assert reference(against, LAST, held) == expected


def test_definitions_carry_periods_and_units(two_banks: tuple[Scope, Scope]) -> None:
    found = indicators.definition(two_banks[0], "npl_ratio")
    assert found.part_units == (Unit.FEN, Unit.FEN)
    assert browse.definition(two_banks[0], "entry_amount_mtd").periods
