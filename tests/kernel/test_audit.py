from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError

from titian.kernel import audit, clock, db
from titian.kernel.errors import Denied, InvalidInput
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
