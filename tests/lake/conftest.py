from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from titian.kernel.ids import UserId
from titian.kernel.labels import Label
from titian.kernel.scope import Role, Scope
from titian.lake import pool, session, store
from titian.lake.schema import Column, Layer, Mask, PiClass, Table

FIRST = date(2026, 1, 1)
LOAN = Table(
    Layer.CORE,
    "loan",
    "贷款借据",
    "Loans",
    (
        Column("loan_id", "string", "借据号", "Loan", PiClass.C1, 2, key=True),
        Column("name", "string", "姓名", "Name", PiClass.C2, 3, Mask.NAME),
        Column("phone", "string", "手机号", "Phone", PiClass.C2, 3, Mask.PHONE),
        Column("amount_fen", "integer", "金额", "Amount", PiClass.C2, 3),
        Column("rate", "decimal(9,6)", "利率", "Rate", level=2),
        Column("granted_at", "timestamp", "发放时间", "Granted at", level=2),
        Column("secret_score", "double", "内部评分", "Score", PiClass.C1, 5),
    ),
    description=Label("全部借据。", "Every loan."),
)


def day(offset: int) -> date:
    return FIRST + timedelta(days=offset)


def loans(count: int, start: int = 0) -> pa.Table:
    numbers = range(start, start + count)
    return pa.table(
        {
            "loan_id": [f"L{number:06}" for number in numbers],
            "name": [("张三", "欧阳锋", "李四")[number % 3] for number in numbers],
            "phone": [f"138{number:08}" for number in numbers],
            "amount_fen": pa.array([100 * number for number in numbers], pa.int64()),
            "rate": pa.array([None] * count, pa.decimal128(9, 6)),
            "granted_at": pa.array([datetime(2026, 1, 1, 8, 30)] * count, pa.timestamp("us")),  # noqa: DTZ001  # bank-local
            "secret_score": pa.array([float(number) for number in numbers], pa.float64()),
        },
        schema=LOAN.arrow_schema(),
    )


def dated(rows: pa.Table, *days: date) -> pa.Table:
    """Give the rows once for each day, with the column business_date."""
    return pa.concat_tables(
        rows.append_column("business_date", pa.array([each] * len(rows), pa.date32()))
        for each in days
    )


@pytest.fixture(autouse=True)
def _close_engines() -> Iterator[None]:
    yield
    session.close_idle()


@pytest.fixture(scope="session", autouse=True)
def _close_workers() -> Iterator[None]:
    yield
    pool.shared().close()


@pytest.fixture
def analyst(qinghe: Scope) -> Scope:
    """Give an analyst of qinghe who sees levels up to 3."""
    return replace(qinghe, user=UserId("ann"), roles=frozenset({Role.ANALYST}), clearance=3)


@pytest.fixture
def risk_officer(analyst: Scope) -> Scope:
    """Give a risk officer of qinghe, who may unmask."""
    return replace(analyst, user=UserId("rui"), roles=frozenset({Role.RISK_OFFICER}))


@pytest.fixture
def filled(qinghe: Scope) -> Scope:
    """Give qinghe with core.loan of two dates, three rows each."""
    store.write_dates(qinghe, LOAN, dated(loans(3), day(0), day(1)), [day(0), day(1)])
    return qinghe
