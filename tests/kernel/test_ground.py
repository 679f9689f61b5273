from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.kernel import clock, errors, ids, keys, logs, money
from titian.kernel.errors import Denied, InvalidDefinition, InvalidInput
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import ROLE_PERMISSIONS, Permission, Role, Scope
from titian.kernel.settings import Settings


@given(st.integers(-money.MAX_FEN, money.MAX_FEN))
def test_fen_survive_yuan(fen: int) -> None:
    assert money.fen_from_yuan(money.yuan(fen)) == fen
    assert money.fen_from_yuan(f"{money.yuan(fen):,}") == fen


@pytest.mark.parametrize("amount", ["", "abc", "1.005", "NaN", "Infinity", "1e30"])
def test_wrong_amounts_are_refused(amount: str) -> None:
    with pytest.raises(InvalidInput):
        money.fen_from_yuan(amount)


def test_amounts_for_people() -> None:
    assert money.format_yuan(123_450) == "1,234.50 元"
    assert money.format_yuan(1_234_500_000_000) == "123.45 亿元"
    assert money.format_yuan(150_000_000) == "150.00 万元"
    assert money.format_yuan(-123_450, "en") == "¥-1,234.50"


def test_a_share_is_rounded_half_up() -> None:
    assert money.share(1_005, Decimal("0.1")) == 101


@given(st.lists(st.sampled_from(["run", "case"]), min_size=2, max_size=20))
def test_ids_are_unique(prefixes: list[str]) -> None:
    made = [ids.new_id(prefix) for prefix in prefixes]
    assert len(set(made)) == len(made)


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    made = [ids.new_id("run") for _ in range(5_000)]
    assert made == sorted(set(made))


def test_the_least_id_of_a_moment_parts_before_from_after() -> None:
    made = ids.new_id("run")
    second = timedelta(seconds=1)
    assert (
        ids.least_id("run", clock.now() - second) < made < ids.least_id("run", clock.now() + second)
    )


@pytest.mark.parametrize(
    "name", ["", "Qinghe", "1st", "a-b", "a b", "../x", "清河", "a" * 64, "a\n"]
)
def test_names_are_plain(name: str) -> None:
    with pytest.raises(InvalidInput):
        ids.valid_name(name)


def test_days_are_the_banks_days() -> None:
    with clock.frozen(datetime(2026, 3, 31, 16, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 4, 1)


def test_errors_say_what_and_what_to_do() -> None:
    error = InvalidDefinition(
        "unknown key 'colums'", "Did you mean 'columns'?", file="a.sql", line=3
    )
    assert str(error) == "a.sql:3: unknown key 'colums'. Did you mean 'columns'?"
    assert (errors.http_status(error), errors.exit_code(error)) == (422, 2)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_every_error_has_a_place_outside() -> None:
    every = errors.TitianError.__subclasses__()
    leaves = [kind for kind in every if kind.__module__ == errors.__name__]
    made = [kind("what", "remedy") for kind in leaves]
    assert all(errors.exit_code(error) > 1 for error in made)
    retried = {type(e).__name__ for e in made if isinstance(e, errors.Transient)}
    assert retried == {"Unavailable", "TimedOut"}


def test_scope_denies_by_default() -> None:
    nobody = Scope(UserId("x"), BankId("qinghe"), frozenset())
    assert not any(nobody.allows(permission) for permission in Permission)
    with pytest.raises(Denied, match="administrator"):
        nobody.require(Permission.QUERY)


def test_every_role_is_stated() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)


def test_one_role_sees_and_mends_masked_rows_and_can_do_little_else() -> None:
    both = {Permission.UNMASK, Permission.REPAIR_QUARANTINE}
    assert [role for role, may in ROLE_PERMISSIONS.items() if both <= may] == [Role.DATA_STEWARD]
    looking = {Permission.VIEW_CATALOG, Permission.VIEW_JOBS}
    assert ROLE_PERMISSIONS[Role.DATA_STEWARD] == both | looking


def test_a_scope_narrows_and_never_widens() -> None:
    union = Scope(UserId("x"), None, frozenset({Role.OPERATOR}))
    at_qinghe = union.at(BankId("qinghe"))
    assert at_qinghe.bank_id == "qinghe"
    with pytest.raises(Denied):
        at_qinghe.at(BankId("baishui"))
    with pytest.raises(Denied, match="Choose a bank"):
        _ = union.bank_id


def test_unmasking_needs_right_and_reason() -> None:
    officer = Scope(UserId("x"), BankId("qinghe"), frozenset({Role.RISK_OFFICER}))
    assert officer.unmasked("case 42: call the customer").unmask_reason
    assert officer.unmasked("核验身份").unmask_reason
    for reason in ("", "   ", "ok", "....", "1234", "- x -"):
        with pytest.raises(Denied):
            officer.unmasked(reason)
    with pytest.raises(Denied):
        Scope(UserId("x"), BankId("qinghe"), frozenset({Role.ANALYST})).unmasked("because of it")


def test_keys_stay_and_are_private(home: Settings) -> None:
    assert keys.key("audit") == keys.key("audit") != keys.key("other")
    path = home.home / "keys" / "audit.key"
    assert path.stat().st_mode & 0o077 == 0


def test_logs_hide_personal_data() -> None:
    event = logs.scrub(
        None, "info", {"event": "call 13812345678", "phone": "1", "id_no": "x", "rows": 3}
    )
    assert event == {"event": "call ***", "phone": "***", "id_no": "***", "rows": 3}


@pytest.mark.parametrize("number", ["13812345678", "51012319800101123X", "6222021234567890123"])
def test_logs_hide_numbers_that_touch_chinese_words_or_underscores(number: str) -> None:
    event = logs.scrub(None, "info", {"event": f"客户{number}的手机", "why": f"id_{number}_x"})
    assert event == {"event": "客户***的手机", "why": "id_***_x"}


def test_logs_keep_numbers_inside_of_identifiers() -> None:
    event = logs.scrub(None, "info", {"event": "run_00t40wybmf5cy957pqz5dwh a13812345678b"})
    assert event == {"event": "run_00t40wybmf5cy957pqz5dwh a13812345678b"}


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1899-12-31", "2200-01-01", "x"])
def test_dates_at_the_ends_of_time_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a business date"):
        clock.parse_date(text, "business date")


def test_dates_may_be_written_with_and_without_dashes() -> None:
    assert clock.parse_date("2026-03-31") == clock.parse_date("20260331")
