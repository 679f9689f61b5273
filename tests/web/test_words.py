from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.kernel import clock
from titian.kernel.errors import Denied, InvalidInput, NotFound
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import NotPermitted, Permission, Role, Scope
from titian.web import i18n, words
from titian.web.i18n import errors, formats, lazy, speaking
from titian.web.i18n.collect import WEB, messages, unused
from titian.web.i18n.collect_errors import sentences
from titian.web.problems import spoken


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    chosen = str(request.param)
    with speaking(chosen):
        yield chosen


def test_every_message_and_every_error_is_translated() -> None:
    assert i18n.missing() == []


def test_no_translation_is_left_over() -> None:
    assert unused() == []


def test_messages_are_found_in_code_and_templates() -> None:
    places = {place for found in messages().values() for place, _line in found}
    assert any(place.endswith(".html") for place in places)
    assert any(place.endswith(".py") for place in places)


def test_translations_fill_in_the_same_values() -> None:
    from titian.web.i18n.messages import catalogues, first, read_catalogue

    holes = re.compile(r"%\((\w+)\)[sd]")
    for path in catalogues("zh"):
        for entry in read_catalogue(path):
            wanted, given_ = holes.findall(first(entry.id)), holes.findall(first(entry.string))
            assert set(given_) <= set(wanted), f"{path.name}: {entry.id}"
            assert "(num)" in first(entry.id) or set(given_) == set(wanted), entry.id


def test_no_message_hides_in_an_f_string() -> None:
    hidden = re.compile(r"\{_\(|\{lazy\(|\{ngettext\(")
    found = [p for p in WEB.rglob("*.py") if hidden.search(p.read_text()) and p.parts[-2] != "i18n"]
    assert found == []


def test_roles_and_permissions_all_have_names() -> None:
    assert set(words.ROLES) == set(Role)
    assert set(words.PERMISSIONS) == set(Permission)


def test_a_lazy_message_speaks_the_readers_language() -> None:
    message = lazy("Users")
    with speaking("zh"):
        assert str(message) == "用户"
    with speaking("en"):
        assert str(message) == "Users"
    assert lazy("Users") == message != lazy("Banks")


def test_an_unknown_language_is_the_installations() -> None:
    with speaking("fr"):
        assert i18n.locale() == "zh"


def test_names_and_sentences_inside_an_error_are_said_too() -> None:
    names = {"core.loan": "贷款借据", "loan": "借据", "party": "客户主体"}
    with speaking("zh"):
        assert errors.told("held up by core.loan (failed)", names) == "被上游 贷款借据 阻塞"
        assert errors.told("waits for loan, party", names) == "等待供数 借据、客户主体"
        assert errors.told("waits for loan, other", names) == "等待供数 loan, other"
        kept = "core.loan of 2026-03-31 was not published: loan_id must not repeat: 2 of 9 rows"
        said = errors.said(kept, names)
        assert said == "2026-03-31 的 贷款借据 未发布：loan_id 不得重复：9 行中有 2 行"
    with speaking("en"):
        assert errors.told("waits for loan", names) == "waits for loan"


def test_errors_are_said_in_chinese_with_their_values() -> None:
    with speaking("zh"):
        said = spoken(Denied("qian has no access to bank baishui", "You work for qinghe."))
        assert said == "qian 无权访问法人行 baishui。您所在的法人行是 qinghe。"
        assert errors.said("nobody wrote this sentence down") == "nobody wrote this sentence down"
    with speaking("en"):
        error = NotFound("there is no bank 'x'", "Registered banks: a.")
        assert spoken(error) == "There is no bank 'x'. Registered banks: a."
        kept = Denied("qian has no access to bank baishui", "You work for qinghe.")
        assert spoken(kept).startswith("qian has no"), "a name stays as it is written"


def test_a_right_that_is_missing_is_called_what_pages_call_it() -> None:
    engineer = Scope(UserId("engineer"), BankId("berka"), frozenset())
    with pytest.raises(NotPermitted) as refused:
        engineer.require(Permission.VIEW_CUSTOMERS)
    with speaking("zh"):
        assert spoken(refused.value).startswith("engineer 在 berka 没有“查看客户”权限。")
    with speaking("en"):
        assert spoken(refused.value).startswith("engineer may not view customers at berka.")


def test_a_hostile_error_text_is_matched_quickly() -> None:
    text = "there is no bank " + "a" * 100_000
    with speaking("zh"):
        began = clock.now()
        assert errors.said(text) == text
        errors.said("a {} " * 390)
        assert clock.now() - began < timedelta(seconds=2)


def test_sentences_with_values_are_patterns() -> None:
    assert "{} has no access to bank {}" in sentences()


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (0, "0.00 元", "¥0.00"),
        (123_456, "1,234.56 元", "¥1,234.56"),
        (-5, "-0.05 元", "¥-0.05"),
        (41_000_000, "410,000.00 元", "¥410,000.00"),
        (123_456_789_00, "1.23 亿元", "¥123.46 M"),
        (1_234_567_00, "123.46 万元", "¥1.23 M"),
        (None, "–", "–"),
    ],
)
def test_money(fen: int | None, zh: str, en: str) -> None:
    with speaking("zh"):
        assert formats.money(fen) == zh
    with speaking("en"):
        assert formats.money(fen) == en


@given(st.integers(-(10**15), 10**15))
def test_money_in_yuan_is_exact(fen: int) -> None:
    with speaking("zh"):
        text = formats.money(fen, "yuan").removesuffix(" 元").replace(",", "")
    assert round(float(text) * 100) == fen or abs(fen) > 2**50


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (999, "999", "999"),
        (12_345, "1.234 万", "12.35 k"),
        (3_200_000, "320 万", "3.2 M"),
        (1_234_567_890, "12.35 亿", "1.235 bn"),
        (None, "–", "–"),
    ],
)
def test_short_numbers(value: int | None, zh: str, en: str) -> None:
    with speaking("zh"):
        assert formats.compact(value) == zh
    with speaking("en"):
        assert formats.compact(value) == en


def test_dates(language: str) -> None:
    zh = language == "zh"
    assert formats.day(date(2026, 3, 1)) == ("2026-03-01" if zh else "1 Mar 2026")
    long = "2026年3月31日 周二" if zh else "Tue 31 March 2026"
    assert formats.long_day(date(2026, 3, 31)) == long
    at = datetime(2026, 3, 31, 16, 5, 9, tzinfo=UTC)
    assert formats.moment(at) == ("2026-04-01 00:05" if zh else "1 Apr 2026 00:05")
    assert formats.moment(at, seconds=True).endswith(":09")
    assert formats.day(None) == formats.moment(None) == formats.ago(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "just now"), (60, "1 minute ago"), (7_300, "2 hours ago"), (90_000, "1 day ago")],
)
def test_how_long_ago(seconds: int, said: str) -> None:
    with speaking("en"):
        assert formats.ago(clock.now() - timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0.0123, "12 毫秒", "12 ms"),
        (4.21, "4.2 秒", "4.2 s"),
        (185, "3 分 05 秒", "3 min 05 s"),
        (7_800, "2 小时 10 分", "2 h 10 min"),
        (None, "–", "–"),
    ],
)
def test_lengths_of_time(value: float | None, zh: str, en: str) -> None:
    with speaking("zh"):
        assert formats.seconds(value) == zh
    with speaking("en"):
        assert formats.seconds(value) == en


def test_names_in_a_row() -> None:
    with speaking("zh"):
        assert formats.listed(["甲", "乙"]) == "甲、乙"
    with speaking("en"):
        assert formats.listed(["first", "second"]) == "first, second"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 B"), (999, "999 B"), (3_400_000, "3.4 MB"), (5 * 10**15, "5,000 TB".replace(",", ""))],
)
def test_sizes(value: int, said: str) -> None:
    assert formats.size(value).replace(",", "").replace("5e+03", "5000") == said


def test_wrong_settings_say_so_in_their_own_words() -> None:
    with speaking("zh"):
        assert spoken(InvalidInput("the disc is full", "Free some space.")).endswith(
            "Free some space."
        )


def test_catalogues_ship_with_the_package() -> None:
    assert {path.name for path in Path(WEB / "i18n" / "zh").glob("*.po")} >= {
        "frame.po",
        "_errors.po",
    }
