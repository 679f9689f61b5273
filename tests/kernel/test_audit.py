from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from titian.cli import app
from titian.kernel import audit, audit_head, clock, db
from titian.kernel.errors import Corrupt, Denied, InvalidInput, exit_code
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.tables import audit_entry


def _write(scope: Scope, count: int) -> None:
    for number in range(count):
        audit.record(scope, "test.act", f"thing {number}", {"number": number})


def _tamper(sql: str) -> None:
    with db.begin() as connection:
        for act in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER audit_no_{act}")
        connection.exec_driver_sql(sql)


def test_it_works(qinghe: Scope) -> None:
    _write(qinghe, 3)
    newest = audit.entries(qinghe, limit=1)[0]
    assert (newest.action, newest.target, newest.detail) == ("test.act", "thing 2", {"number": 2})
    assert audit.verify().whole


def test_the_log_refuses_changes(qinghe: Scope) -> None:
    _write(qinghe, 1)
    for sql in ("UPDATE audit_entry SET target = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DatabaseError, match="append-only"), db.begin() as connection:
            connection.exec_driver_sql(sql)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE audit_entry SET target = 'x' WHERE seq = 3", "changed"),
        ("UPDATE audit_entry SET detail = '{}' WHERE seq = 3", "changed"),
        ("UPDATE audit_entry SET user_id = 'wang' WHERE seq = 3", "changed"),
        ("DELETE FROM audit_entry WHERE seq = 3", "missing"),
        ("DELETE FROM audit_entry WHERE seq >= 3", "newest entries are missing"),
        ("DELETE FROM audit_entry", "newest entries are missing"),
    ],
)
def test_tampering_shows(qinghe: Scope, sql: str, reason: str) -> None:
    _write(qinghe, 5)
    _tamper(sql)
    verdict = audit.verify()
    assert not verdict.whole
    assert reason in verdict.reason


def test_an_entry_forged_without_the_key_shows(home: Settings, qinghe: Scope) -> None:
    _write(qinghe, 2)
    forged = {
        "seq": 4,
        "at": clock.now(),
        "user_id": "system",
        "bank": None,
        "action": "bank.register",
        "target": "x",
        "detail": "{}",
        "digest": "0" * 64,
    }
    with db.begin() as connection:
        connection.execute(insert(audit_entry).values(**forged))
    assert audit.verify().broken_at == 4


def test_many_writers_make_one_chain(qinghe: Scope) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: _write(qinghe, 5), range(6)))
    assert audit.verify() == audit.Verdict(31)


def test_a_bank_sees_its_own_acts_only(qinghe: Scope, baishui: Scope) -> None:
    _write(qinghe, 2)
    _write(baishui, 3)
    examiner = Scope(UserId("li"), qinghe.bank, frozenset({Role.COMPLIANCE}))
    assert {entry.bank for entry in audit.entries(examiner)} == {"qinghe"}
    assert audit.count(examiner, action="test.act") == 2


def test_reading_needs_the_right(qinghe: Scope) -> None:
    analyst = Scope(UserId("li"), qinghe.bank, frozenset({Role.ANALYST}))
    with pytest.raises(Denied):
        audit.entries(analyst)


def test_a_search_takes_percent_signs_literally(qinghe: Scope) -> None:
    _write(qinghe, 2)
    assert audit.count(qinghe, contains="%") == 0


def test_long_detail_is_refused(qinghe: Scope) -> None:
    with pytest.raises(InvalidInput, match="characters long"):
        audit.record(qinghe, "test.act", "x", {"text": "x" * 5_000})


def _head(home: Settings) -> Path:
    return home.home / "keys" / "audit.head"


def test_entries_of_a_callers_transaction_are_remembered(home: Settings, qinghe: Scope) -> None:
    with db.begin() as connection:
        audit.record(qinghe, "test.act", "thing", connection=connection)
    _tamper("DELETE FROM audit_entry WHERE seq = 2")
    assert audit.verify() == audit.Verdict(1, 2, "the newest entries are missing")


def _fail(scope: Scope) -> None:
    with db.begin() as connection:
        audit.record(scope, "test.act", "thing", connection=connection)
        raise InvalidInput("no", "Stop.")


def test_what_is_not_committed_is_not_remembered(home: Settings, qinghe: Scope) -> None:
    before = _head(home).read_text()
    with pytest.raises(InvalidInput):
        _fail(qinghe)
    assert _head(home).read_text() == before
    assert audit.verify().whole


def test_a_first_transaction_that_fails_leaves_a_whole_log(home: Settings, union: Scope) -> None:
    with pytest.raises(InvalidInput):
        _fail(union)
    assert audit.verify() == audit.Verdict(0)


@pytest.mark.parametrize("text", [None, "", "7", "x y", "1 short", "\x00\xff"])
def test_a_head_that_is_lost_shows_and_stays_lost(
    home: Settings, qinghe: Scope, text: str | None
) -> None:
    _write(qinghe, 2)
    _tamper("DELETE FROM audit_entry")
    if text is None:
        _head(home).unlink()
    else:
        _head(home).write_text(text)
    for _ in range(2):
        verdict = audit.verify()
        assert not verdict.whole
        assert "put it back from its copy" in verdict.reason
        _write(qinghe, 1)


def test_the_head_never_goes_back(home: Settings, qinghe: Scope) -> None:
    _write(qinghe, 3)
    newest = _head(home).read_text()
    audit_head.remember(1, "f" * 64)
    assert _head(home).read_text() == newest


def test_a_lost_head_ends_verify_with_7(home: Settings, qinghe: Scope) -> None:
    _write(qinghe, 2)
    _head(home).unlink()
    outcome = CliRunner().invoke(app, ["--home", str(home.home), "audit", "verify"])
    assert isinstance(outcome.exception, Corrupt)
    assert exit_code(outcome.exception) == 7
    assert "audit.head is missing" in outcome.exception.what


def test_a_key_that_is_taken_away_does_not_set_the_head_back(home: Settings, qinghe: Scope) -> None:
    _write(qinghe, 2)
    _tamper("DELETE FROM audit_entry")
    (home.home / "keys" / "audit.key").unlink()
    _write(qinghe, 1)
    assert not audit.verify().whole
