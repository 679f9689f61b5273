from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

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
  granted: {zh: 放款额, en: granted, source: granted, aggregation: sum, measure: amount_fen,
    unit: fen}
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


FAULTS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", FAULTS)
def test_bad_definitions_are_refused_with_file_line_and_remedy(name: str, build: Build) -> None:
    fault = FAULTS[name]
    assert fault["replace"] in GOOD
    with pytest.raises(InvalidDefinition) as caught:
        build(GOOD.replace(fault["replace"], fault["by"], 1))
    said = str(caught.value)
    assert re.search(r"union\.yaml:\d+: ", said), said
    assert fault["says"] in said
    assert fault.get("remedy", "") in said


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
  agri_share:
    {zh: 涉农占比, en: agricultural share, unit: ratio, formula: balance_agri / balance * 2}
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
    assert "union.yaml:23" in said
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
