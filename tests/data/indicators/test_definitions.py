from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from titian.data.indicators import loading, wording
from titian.data.indicators.model import Catalogue, Formula, Subject
from titian.kernel.errors import InvalidDefinition
from titian.lake.schema import Table

GOOD = """\
defaults: {subject: credit, owner: {zh: 信贷部, en: Credit}}
sources:
  loan: {zh: 贷款, en: loans, table: core.loan, timing: stock}
  granted: {zh: 放款, en: loans granted, table: core.loan, timing: flow, date: grant_date}
dimensions:
  pledge:
    zh: 担保
    en: guarantee
    column: guarantee
    values:
      credit: {zh: 信用, en: unsecured}
      mortgage: {zh: 抵押, en: mortgaged}
modifiers:
  agri: {zh: 涉农, en: agricultural, where: agri}
atomics:
  balance: {zh: 余额, en: balance, source: loan, aggregation: sum, measure: balance_fen, unit: fen}
  granted: {zh: 放款额, en: granted, source: granted, aggregation: sum, measure: amount_fen, unit: fen}
derive:
  - {atomic: balance, modifiers: [[], agri, "pledge.*", [agri, pledge.mortgage]]}
  - {atomic: granted, periods: [mtd, ytd]}
formulas:
  agri_share: {zh: 涉农占比, en: agricultural share, unit: ratio, formula: balance_agri / balance}
"""
Build = Callable[..., Catalogue]


@pytest.fixture
def build(tmp_path: Path, declared: dict[str, Table]) -> Build:
    def made(text: str, own: str = "") -> Catalogue:
        union, bank = tmp_path / "union.yaml", tmp_path / "bank.yaml"
        union.write_text(text, encoding="utf-8")
        bank.write_text(own or "defaults: {}", encoding="utf-8")
        return loading.build([union, bank], declared, frozenset([bank]))

    return made


def test_it_works(build: Build) -> None:
    found = build(GOOD)
    assert sorted(found.indicators) == [
        "agri_share",
        "balance",
        "balance_agri",
        "balance_agri_pledge_mortgage",
        "balance_pledge_credit",
        "balance_pledge_mortgage",
        "granted_mtd",
        "granted_ytd",
    ]
    assert found.order.index("agri_share") > found.order.index("balance_agri")
    assert found.of_subject(Subject.CREDIT) == found.order
    assert found.tables(("agri_share",)) == ("core.loan",)


def test_names_and_formulas_are_composed_in_both_languages(build: Build) -> None:
    found = build(GOOD)
    twice = found.indicators["balance_agri_pledge_mortgage"]
    assert twice.label.zh == "涉农抵押余额"
    assert twice.label.en == "Balance, agricultural, mortgaged"
    assert found.indicators["granted_mtd"].label.zh == "本月放款额"
    said = wording.spelled(found, twice)
    assert said.zh == "业务日日终的贷款（涉农；担保方式 等于 抵押）：贷款余额之和"
    assert said.en == (
        "Sum of balance over loans where agricultural and guarantee is mortgaged, "
        "at the close of the business date"
    )
    granted = wording.spelled(found, found.indicators["granted_ytd"])
    assert granted.zh == "放款日在本年的放款：放款金额之和"
    share = wording.spelled(found, found.indicators["agri_share"])
    assert share.zh == "〔涉农余额〕 ÷ 〔余额〕"
    assert share.en == "[Balance, agricultural] ÷ [Balance]"


FAULTS = {
    "unknown key": ("atomics:\n", "atomicss:\n", "15: unknown key 'atomicss'", "atomics"),
    "unknown key of an entry": ("unit: fen}\n  granted", "units: fen}\n  granted",
                                "16: unknown key 'units'", "unit"),
    "not yaml": ("sources:\n", "sources: [\n", "this is not YAML", "indentation"),
    "unknown table": ("core.loan, timing: stock", "core.lone, timing: stock",
                      "3: loan: there is no table 'core.lone'", "Did you mean 'core.loan'?"),
    "unknown column": ("measure: balance_fen", "measure: balanc_fen",
                       "16: balance: measure 'balanc_fen', column 1", "balance_fen"),
    "unknown column in a condition": ("where: agri}", "where: agry}",
                                      "19: derive: modifier agri", "agri"),
    "unknown value": ("where: agri}", "where: \"guarantee = 'credti'\"}",
                      "never holds 'credti'", "'credit'"),
    "type clash in a sum": ("measure: balance_fen", "measure: product",
                            "16: balance: sum of 'product', which is string", "count"),
    "type clash in a condition": ("where: agri}", "where: guarantee > 3}", "modifier agri", ""),
    "not a condition": ("where: agri}", "where: overdue_days}", "modifier agri", ""),
    "unknown aggregation": ("aggregation: sum, measure: balance_fen",
                            "aggregation: summ, measure: balance_fen",
                            "16: aggregation 'summ' is not known", "Did you mean 'sum'?"),
    "no measure": ("aggregation: sum, measure: balance_fen", "aggregation: sum",
                   "16: balance: sum needs a measure", "measure"),
    "a denominator nobody asked for": ("measure: balance_fen", "measure: balance_fen, "
                                       "denominator: amount_fen", "16: balance: a denominator", ""),
    "percentile without a share": ("aggregation: sum, measure: balance_fen",
                                   "aggregation: percentile, measure: balance_fen",
                                   "16: balance: percentile needs a share", "share: 0.5"),
    "a share out of range": ("aggregation: sum, measure: balance_fen",
                             "aggregation: percentile, share: 5, measure: balance_fen",
                             "share from 0 to 1", ""),
    "unknown source": ("source: loan,", "source: lone,", "16: balance: there is no source 'lone'",
                       "Did you mean 'loan'?"),
    "a stock with a date": ("core.loan, timing: stock", "core.loan, timing: stock, date: due_date",
                            "3: loan: a stock is taken at its business date", "flow"),
    "a date that is none": ("date: grant_date", "date: product", "4: granted: date column product "
                            "is string", "date"),
    "unknown modifier": ("[[], agri,", "[[], argi,", "19: derive: there is no modifier 'argi'",
                         "Did you mean 'agri'?"),
    "unknown dimension": ('"pledge.*"', '"pledg.*"', "there is no modifier 'pledg.*'",
                          "pledge.*"),
    "unknown period": ("periods: [mtd, ytd]", "periods: [mdt]",
                       "20: derive: there is no flow period 'mdt'", "Did you mean 'mtd'?"),
    "a stock period for a flow": ("periods: [mtd, ytd]", "periods: [pye]", "no flow period 'pye'",
                                  ""),
    "unknown atomic": ("{atomic: granted,", "{atomic: grantd,",
                       "20: derive: there is no atomic 'grantd'", "Did you mean 'granted'?"),
    "an indicator twice": ("[[], agri,", "[[], agri, agri,",
                           "indicator balance_agri is defined twice", "Keep one"),
    "a key twice": ("  agri: {zh: 涉农", "  agri: {zh: 涉, en: a, where: agri}\n  agri: {zh: 涉农",
                    "'agri' is written twice", "Keep one"),
    "the same name twice": ("zh: 放款额, en: granted", "zh: 余额, en: granted",
                            "", ""),
    "unknown operand": ("balance_agri / balance", "balance_agry / balance",
                        "22: agri_share: there is no indicator 'balance_agry'",
                        "Did you mean 'balance_agri'?"),
    "a formula with a function": ("balance_agri / balance", "sqrt(balance)",
                                  "cannot stand in a formula", "brackets"),
    "a formula that is none": ("formula: balance_agri / balance", "formula: balance_agri / / 2",
                               "is not a formula", ""),
    "a cycle": ("formula: balance_agri / balance}", "formula: other / balance}\n  other: "
                "{zh: 别, en: other, unit: ratio, formula: agri_share * 2}",
                "formulas go round in a circle", "State one of them"),
    "no owner": ("owner: {zh: 信贷部, en: Credit}", "version: 1", "'owner' is missing", "owner"),
    "unknown subject": ("subject: credit", "subject: credits", "subject 'credits' is not known",
                        "Did you mean 'credit'?"),
    "unknown unit": ("unit: ratio", "unit: percent", "22: unit 'percent' is not known", ""),
    "a bad code": ("  agri_share:", "  AgriShare:", "'AgriShare' is not a valid name", "lower-case"),
    "an average of a median": (
        "aggregation: sum, measure: balance_fen, unit: fen}\n  granted",
        "aggregation: percentile, share: 0.5, measure: balance_fen, unit: fen}\n  granted", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault[2]])
def test_bad_definitions_are_refused_with_file_line_and_remedy(name: str, build: Build) -> None:
    old, new, message, remedy = FAULTS[name]
    assert old in GOOD
    with pytest.raises(InvalidDefinition) as caught:
        build(GOOD.replace(old, new, 1))
    said = str(caught.value)
    assert re.search(r"union\.yaml:\d+: ", said), said
    assert message in said
    assert remedy in said


def test_two_indicators_may_not_share_a_name(build: Build) -> None:
    twins = GOOD + "  twin: {zh: 涉农占比, en: twin, unit: ratio, formula: balance}\n"
    with pytest.raises(InvalidDefinition, match="both called '涉农占比'"):
        build(twins)


def test_a_percentile_is_not_averaged_over_days(build: Build) -> None:
    text = GOOD.replace("aggregation: sum, measure: balance_fen",
                        "aggregation: percentile, share: 0.5, measure: balance_fen")  # fmt: skip
    text = text.replace("{atomic: balance, modifiers", "{atomic: balance, periods: [avg_mtd], mod")
    text = text.replace("mod:", "modifiers:")
    with pytest.raises(InvalidDefinition, match="cannot be averaged over days"):
        build(text)


OWN = """\
defaults: {subject: credit, owner: {zh: 本行, en: The bank}}
formulas:
  agri_share: {zh: 涉农占比, en: agricultural share, unit: ratio, formula: balance_agri / balance * 2}
"""


def test_a_bank_adds_its_own(build: Build) -> None:
    own = OWN.replace("agri_share", "agri_double").replace("涉农占比", "二倍涉农占比")
    found = build(GOOD, own.replace("agricultural share", "twice the share"))
    assert "agri_double" in found.indicators
    assert found.indicators["agri_double"].origin.own


def test_a_bank_may_not_override_what_the_union_did_not_mark(build: Build) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        build(GOOD, OWN)
    said = str(caught.value)
    assert "bank.yaml:3: " in said
    assert "a bank may not define the union's indicator agri_share anew" in said
    assert "union.yaml:22" in said
    assert "overridable: true" in said


def test_a_bank_overrides_what_the_union_marked(build: Build) -> None:
    marked = GOOD.replace("unit: ratio, formula", "unit: ratio, overridable: true, formula")
    found = build(marked, OWN)
    how = found.indicators["agri_share"].how
    assert isinstance(how, Formula)
    assert how.text == "balance_agri / balance * 2"


def test_the_version_follows_the_meaning(build: Build) -> None:
    first = build(GOOD).version
    assert build(GOOD + "# a comment\n").version == first
    assert build(GOOD.replace("where: agri}", "where: NOT agri}")).version != first


def test_formulas_keep_their_brackets(build: Build) -> None:
    for text in ("balance / (balance_agri / 2)", "balance - (balance_agri - 1)",
                 "(balance + 1) * balance_agri", "balance * balance_agri / 2"):  # fmt: skip
        found = build(GOOD.replace("balance_agri / balance}", f"{text}}}"))
        how = found.indicators["agri_share"].how
        assert isinstance(how, Formula)
        assert how.text == text


def test_the_presets_cover_the_five_subjects(presets: Catalogue) -> None:
    for subject in Subject:
        assert len(presets.of_subject(subject)) >= 24
    for indicator in presets.indicators.values():
        assert re.search(r"[一-鿿]", indicator.label.zh)
        assert not re.search(r"[一-鿿]", indicator.label.en)
        said = wording.spelled(presets, indicator)
        assert said.zh
        assert not re.search(r"[一-鿿]", said.en), said.en
