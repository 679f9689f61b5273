from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.support.chinese import english_in

from titian.data import definitions
from titian.data.definitions import Presets
from titian.data.jobs import board
from titian.data.tags import audiences, exports, saved
from titian.demo import build
from titian.demo.accounts import ACCOUNTS
from titian.demo.build import Built
from titian.demo.command import command
from titian.demo.visit import Visit, visit_all
from titian.kernel import banks, db, users
from titian.kernel.banks import Bank
from titian.kernel.errors import Conflict, Corrupt, InvalidInput
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings, configure, load
from titian.kernel.users import User
from titian.lake import store
from titian.province import ProvinceConfig
from titian.web.app import create_app

SMALL = ProvinceConfig(banks=2, customers=240, days=10, end=date(2026, 3, 31))
RUN_DAYS = 3
GUEST = BankId("berka")
MADE = Built("0", "a-password", "qinghe", 1.0, 3, 10, 100, "2026-03-31")
# One indicator's pages set columns, files and codes of rows without marking them as code.
_SHOWS_CODES = re.compile(r"/indicators/[a-z]")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Built]]:
    """Build a small demo once; then a bank of the reader's own moves in."""
    home = tmp_path_factory.mktemp("demo") / "home"
    chosen = configure(load(home=home, query_workers=1, job_workers=2))
    db.upgrade()
    made = build.build(SMALL, RUN_DAYS)
    union = Scope.system(None)
    banks.register(union, Bank(GUEST, "外来农商行", "A guest"))
    definitions.set_presets(Scope.system(GUEST), Presets.NONE)
    yield chosen, made
    db.engine().dispose()


@pytest.fixture
def built(house: tuple[Settings, Built]) -> Built:
    """Give the small demo, with its settings in force."""
    configure(house[0])
    return house[1]


def test_it_works(built: Built) -> None:
    assert (built.banks, built.first_bank) == (2, "qinghe")
    assert built.job_runs >= 2 * RUN_DAYS * 20
    assert [bank.bank for bank in banks.all_banks()] == ["baishui", GUEST, "qinghe"]


def test_every_date_is_there_once(built: Built) -> None:
    scope = Scope.system(BankId("qinghe"))
    days = [SMALL.end - timedelta(days=back) for back in range(RUN_DAYS)]
    assert store.dates(scope, "core.loan") == sorted(days)
    loans = store.read(scope, "core.loan", business_date=SMALL.end, columns=["loan_id"])
    assert len(set(loans.column("loan_id").to_pylist())) == loans.num_rows > 0


def test_the_day_is_finished_with_the_audiences_of_the_samples(built: Built) -> None:
    scope = Scope.system(BankId(built.first_bank))
    days = [SMALL.end - timedelta(days=back) for back in range(RUN_DAYS)]
    lines = [line for day in days for line in board.board(Scope.system(None), day)]
    assert [line for line in lines if line.done < line.total] == []
    assert store.dates(scope, "mart.audience") == sorted(days)
    assert len(exports.find(scope)) == 2


def test_somebody_belongs_to_each_audience_of_the_samples(built: Built) -> None:
    scope = Scope.system(BankId(built.first_bank))
    found = saved.find(scope)
    assert len(found) == 3
    for one in found:
        assert audiences.count(scope, one.expression).members > 0, one.name
    assert all(one.members > 0 for one in exports.find(scope))


def test_the_closing_words_can_be_typed_in_another_terminal(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(build, "existing", lambda: MADE)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    command(serve=False)
    assert "activate" not in capsys.readouterr().out
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "activate").touch()
    command(serve=False)
    said = f". {tmp_path}/bin/activate && export TITIAN_HOME={home.home}\n"
    assert said in capsys.readouterr().out


@dataclass(frozen=True)
class Walk:
    """What a walk of all accounts through all pages saw: each page, in Chinese, by address."""

    seen: Visit
    pages: list[tuple[str, str]]


@pytest.fixture(scope="module")
def walk(house: tuple[Settings, Built]) -> Walk:
    """Walk through the small demo once."""
    configure(house[0])
    party = store.read(
        Scope.system(BankId("qinghe")),
        "core.party",
        business_date=SMALL.end,
        columns=["party_id"],
    )
    customer = f"/at/qinghe/customers/{party.column('party_id')[0].as_py()}"
    asked = {
        UserId("loan"): (customer, f"{customer}/loans"),
        UserId("analyst"): ("/at/qinghe/search?q=存款",),
    }
    pages: list[tuple[str, str]] = []
    password = house[1].password
    seen = visit_all(
        create_app(),
        ACCOUNTS,
        password,
        asked,
        lambda _steps: None,
        read=lambda address, page: pages.append((address, page)),
    )
    return Walk(seen, pages)


def test_every_role_opens_every_page_it_is_led_to(walk: Walk) -> None:
    assert walk.seen.failures == []
    assert walk.seen.pages > 200


def test_no_word_of_another_language_is_on_a_chinese_page(walk: Walk) -> None:
    pages = [(a, page) for a, page in walk.pages if not _SHOWS_CODES.search(a)]
    assert len(pages) > 200
    strange = {(address, text) for address, page in pages for text in english_in(page)}
    assert strange == set()


@pytest.mark.parametrize(
    "part",
    [
        "<p>Rows of loans</p>",
        "<table><tr><td>micro_e</td></tr></table>",
        "<li>贷款 core.loan</li>",
        '<input placeholder="Search">',
        '<button aria-label="Close">x</button>',
        '<span lang="zh">Held up</span>',
        "<svg><text>Loans</text></svg>",
    ],
)
def test_a_word_of_another_language_is_found(part: str) -> None:
    assert len(english_in(f"<html lang=zh><body>{part}</body></html>")) == 1


@pytest.mark.parametrize(
    "part",
    [
        "<p>贷款 P0100012 为 C2 级，文件 3.4 MB，CSV</p>",
        "<code>core.loan</code><pre>SELECT 1</pre><script>let a = 1</script>",
        '<table><tr><td data-kind="code"><span>core.loan</span></td></tr></table>',
        '<span translate="no">zhang</span><option lang="en">English</option>',
        '<span title="qinghe">清河农商行</span><svg><title>core.loan</title></svg>',
    ],
)
def test_what_is_the_same_in_every_language_is_let_be(part: str) -> None:
    assert english_in(f"<html lang=zh><body>{part}</body></html>") == []


def test_a_second_start_finds_it_built_beside_a_bank_that_moved_in(built: Built) -> None:
    assert build.config(None, None, None).banks == built.banks
    assert build.existing() == built


def test_another_version_builds_anew(built: Built) -> None:
    marker = build._marker()
    text = marker.read_text()
    marker.write_text(json.dumps({**json.loads(text), "version": "0.0.1"}))
    try:
        assert build.existing() is None
        assert build._password() == built.password
    finally:
        marker.write_text(text)


def test_a_broken_marker_is_named(built: Built) -> None:
    marker = build._marker()
    text = marker.read_text()
    marker.write_text("{")
    try:
        with pytest.raises(Corrupt, match=r"demo\.json"):
            build.existing()
    finally:
        marker.write_text(text)


def test_building_again_makes_nothing_twice(built: Built) -> None:
    again = build.build(SMALL, RUN_DAYS)
    assert replace(again, seconds=0, rows=0, job_runs=0) == replace(
        built, seconds=0, rows=0, job_runs=0
    )
    scope = Scope.system(BankId("qinghe"))
    loans = store.read(scope, "core.loan", business_date=SMALL.end, columns=["loan_id"])
    assert len(set(loans.column("loan_id").to_pylist())) == loans.num_rows


def test_another_size_is_refused_once_one_is_begun(built: Built, tmp_path: Path) -> None:
    assert build.config(None, None, None) == build.config(2, 240, 10)
    assert build.config(None, None, None).banks == 2
    for asked in ((999, None, None), (None, 241, None), (None, None, 9)):
        with pytest.raises(Conflict, match="2 banks, 240 customers and 10 days") as caught:
            build.config(*asked)
        assert "TITIAN_HOME=" in caught.value.remedy
    configure(load(home=tmp_path / "new"))
    assert build.config(4, None, None) == ProvinceConfig(banks=4)
    with pytest.raises(InvalidInput, match="--banks is 999, outside 1 to 51"):
        build.config(999, None, None)


def test_a_home_of_real_banks_is_left_alone(home: Settings, union: Scope) -> None:
    banks.ensure(union, BankId("berka"))
    with pytest.raises(Conflict, match=r"not the demo's: berka") as caught:
        build.build(SMALL, RUN_DAYS)
    assert "TITIAN_HOME=" in caught.value.remedy
    assert [bank.bank for bank in banks.all_banks()] == ["berka"]
    assert users.all_users(union) == []
    assert sorted(path.name for path in home.home.iterdir() if "titian.db" not in path.name) == [
        "keys"
    ]


def test_a_home_of_real_people_is_left_alone(home: Settings, union: Scope) -> None:
    admin = User(UserId("admin"), "王主任", None, frozenset({Role.UNION_ADMIN}), 3)
    users.create(union, admin, "correct horse battery staple")
    with pytest.raises(Conflict, match=r"not the demo's: admin"):
        build.build(SMALL, RUN_DAYS)
    assert banks.all_banks() == []


def test_a_half_written_province_is_made_again(home: Settings) -> None:
    folder = home.home / "province"
    folder.mkdir()
    for text in ("{", "[]", '{"complete": false}', '{"complete": true}'):
        (folder / "province.json").write_text(text)
        if text == '{"complete": true}':
            with pytest.raises(Corrupt, match=r"province\.json"):
                build.begun()
        else:
            assert build.begun() is None


def test_accounts_and_address_go_to_stdout_and_progress_beside(
    built: Built, house: tuple[Settings, Built], capfd: pytest.CaptureFixture[str]
) -> None:
    command(serve=False)
    seen = capfd.readouterr()
    assert built.password in seen.out
    assert f"http://127.0.0.1:{house[0].port}" in seen.out
    assert str(house[0].home) in seen.out
    assert all(account.user_id in seen.out for account in ACCOUNTS)
    assert seen.err == ""
    with pytest.raises(Conflict, match="--banks 999"):
        command(serve=False, banks=999)


def test_only_the_owner_reads_the_password(built: Built, house: tuple[Settings, Built]) -> None:
    path: Path = house[0].home / "demo.json"
    assert path.stat().st_mode & 0o077 == 0
