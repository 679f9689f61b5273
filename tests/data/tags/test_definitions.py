from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from titian.data import definitions
from titian.data.definitions import Kind, Presets
from titian.data.tags import audiences, catalogue
from titian.data.tags.cli import app
from titian.data.tags.model import TagKind
from titian.kernel.errors import InvalidDefinition, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope

HEAD = "category: {code: own, zh: 自建, en: Own, order: 99}\ntags:\n"
TAG = """  {code}:
    zh: 测试
    en: Test
    kind: {kind}
    subject: {subject}
    level: {level}
    description: {{zh: 测试, en: Test}}
    {rest}
"""
SHELVES = {
    "basic": 6, "region": 5, "income": 5, "household": 5, "business": 5, "agriculture": 5,
    "value": 5, "lifecycle": 5, "deposits": 6, "loans": 6, "investment": 5, "accounts": 5,
    "payments": 5, "channels": 5, "behaviour": 5, "consumption": 5, "relations": 5, "credit": 6,
    "risk": 6, "marketing": 5, "potential": 5,
}  # fmt: skip


def tag(
    rest: str = "when: age_years > 3",
    code: str = "own_tag",
    kind: str = "rule",
    subject: str = "party",
    level: str = "3",
) -> str:
    return TAG.format(code=code, kind=kind, subject=subject, level=level, rest=rest)


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Give a folder to put definitions in."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


def test_it_works(sample_bank: Scope) -> None:
    known = catalogue.load(sample_bank)
    assert len(known.tags) == 110
    assert Counter(t.category.code for t in known.tags.values()) == SHELVES
    assert [c.order for c in known.categories] == list(range(1, 22))
    assert {t.kind for t in known.tags.values()} == set(TagKind)
    for found in known.tags.values():
        assert found.label.zh != found.label.en
        for condition in found.conditions:
            assert condition.explain("zh")
            assert condition.explain("en")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("category: {", 1, "not YAML"),
        ("tags: {}", 1, "lacks 'category'"),
        (HEAD + tag().replace("    zh: 测试\n", ""), 3, "lacks 'zh'"),
        (HEAD + tag(rest="wen: age_years > 3"), 10, "unknown key 'wen'"),
        (HEAD + tag(rest="when: age_yeers > 3"), 10, "no field age_yeers"),
        (HEAD + tag(rest="when: sum(age_years) > 3"), 10, "aggregate"),
        (HEAD + tag(rest="when: five_class = 'norml'"), 10, "never holds 'norml'"),
        (HEAD + tag(kind="guess"), 6, "kind 'guess'"),
        (HEAD + tag(subject="cow"), 7, "subject 'cow'"),
        (HEAD + tag(level="9"), 8, "level must be a whole number"),
        (HEAD + tag(level="2", rest="when: overdue_days > 0"), 8, "overdue_days of level 3"),
        (HEAD + tag(code="age_years"), 3, "named like a profile field"),
        (HEAD + tag(code="Own-Tag"), 3, "not a valid"),
        (HEAD + tag(code="borrower"), 3, "is defined in"),
        (HEAD + tag(subject="household"), 3, "differ by member"),
        (HEAD + tag(kind="model"), 3, "states its model"),
        (HEAD + tag(rest="values: {}"), 10, "1 to 50 values"),
        (HEAD + tag(rest="values: {a: {zh: 甲, en: A}}"), 10, "needs `when`"),
        (HEAD + tag() + tag(), 11, "written twice"),
        (
            HEAD + tag(
                kind="model",
                rest="model: {name: m, version: 1, points: [{when: loans > 0, points: 5}]}\n"
                "    values: {a: {zh: 甲, en: A, at_least: 1}, b: {zh: 乙, en: B, at_least: 2}}",
            ),
            11,
            "from high to low",
        ),
        (
            HEAD + tag(kind="model", rest="model: {name: m, version: 1, points: []}"),
            10,
            "list of points",
        ),
    ],
)  # fmt: skip
def test_bad_definitions_are_refused_with_file_and_line(
    sample_bank: Scope, given: Path, text: str, line: int, words: str
) -> None:
    (given / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidDefinition, match=words) as caught:
        definitions.install(sample_bank, Kind.TAGS, given)
    assert caught.value.file.endswith("own.yaml")
    assert caught.value.line == line
    assert caught.value.remedy
    assert not (definitions.folder(sample_bank, Kind.TAGS) / "own.yaml").exists()


def test_a_bank_adds_tags_of_its_own(sample_bank: Scope, given: Path) -> None:
    (given / "own.yaml").write_text(HEAD + tag(), encoding="utf-8")
    definitions.install(sample_bank, Kind.TAGS, given)
    assert catalogue.load(sample_bank).tag("own_tag").category.order == 99


def test_fields_must_be_columns_of_the_profile(sample_bank: Scope, given: Path) -> None:
    (given / "fields.yaml").write_text("household: [landd_mu]\n", encoding="utf-8")
    source = definitions.folder(sample_bank, Kind.TAGS) / "fields.yaml"
    source.write_text("household: [landd_mu]\n", encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="no column landd_mu") as caught:
        catalogue.load(sample_bank)
    assert "land_mu" in caught.value.remedy


def test_people_see_tags_up_to_their_clearance(sample_bank: Scope) -> None:
    analyst = Scope(UserId("ann"), sample_bank.bank, frozenset({Role.ANALYST}), clearance=2)
    seen = catalogue.visible(analyst).tags
    assert "sex" in seen
    assert "loan_class" not in seen
    assert all(found.level <= 2 for found in seen.values())


def test_an_unknown_tag_names_the_nearest(sample_bank: Scope) -> None:
    with pytest.raises(NotFound, match="Did you mean 'borrower'"):
        catalogue.load(sample_bank).tag("borower")


def test_a_definition_changes_its_fingerprint(sample_bank: Scope, given: Path) -> None:
    before = catalogue.version(catalogue.load(sample_bank))
    (given / "own.yaml").write_text(HEAD + tag(), encoding="utf-8")
    definitions.install(sample_bank, Kind.TAGS, given)
    after = catalogue.version(catalogue.load(sample_bank))
    assert before != after
    (given / "own.yaml").write_text(
        HEAD + tag().replace("zh: 测试\n    en: Test\n    k", "zh: 改名\n    en: Renamed\n    k"),
        encoding="utf-8",
    )
    definitions.install(sample_bank, Kind.TAGS, given)
    assert catalogue.version(catalogue.load(sample_bank)) == after


@pytest.fixture
def bare(qinghe: Scope) -> Scope:
    """Give a bank that inherits nothing: it has no job that makes a profile."""
    definitions.set_presets(qinghe, Presets.NONE)
    return qinghe


def test_a_bank_without_a_profile_has_no_tags(bare: Scope) -> None:
    known = catalogue.load(bare)
    assert known.empty
    assert (dict(known.tags), known.categories) == ({}, ())
    seen = CliRunner().invoke(app, ["list", "--bank", "qinghe"])
    assert (seen.exit_code, seen.stdout) == (0, "")
    assert "titian define" in seen.stderr


def test_what_needs_a_profile_says_that_there_is_none(bare: Scope, given: Path) -> None:
    words = "no job that makes mart.party_profile"
    with pytest.raises(NotFound, match=words):
        audiences.count(bare, "borrower")
    (given / "own.yaml").write_text(HEAD + tag(), encoding="utf-8")
    with pytest.raises(NotFound, match=words):
        definitions.install(bare, Kind.TAGS, given)
    folder = definitions.folder(bare, Kind.TAGS)
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text(HEAD + tag(), encoding="utf-8")
    with pytest.raises(NotFound, match=words):
        catalogue.load(bare)
