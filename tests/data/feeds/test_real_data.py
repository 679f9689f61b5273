"""The real Czech bank and the card transactions, through the commands a person types."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from titian.data.feeds import read_all
from titian.data.feeds.discover import listing
from titian.data.feeds.load import Fate, Order, load_feed
from titian.kernel.scope import Scope
from titian.lake import store

EXAMPLES = Path(__file__).parents[3] / "examples"
AS_OF = date(1998, 12, 31)


@pytest.fixture
def berka(qinghe: Scope, shared_data: Path) -> Scope:
    files = listing(shared_data / "bank")
    for contract in read_all(sorted((EXAMPLES / "berka" / "feeds").glob("*.yaml"))):
        for outcome in load_feed(qinghe, contract, files, Order()):
            expected = Fate.MISSING if contract.feed == "trans" else Fate.LOADED
            assert (outcome.fate, outcome.bad) == (expected, 0)
    return qinghe


def count(scope: Scope, table: str, column: str) -> Counter[object]:
    return Counter(store.read(scope, f"raw.{table}").column(column).to_pylist())


def test_the_czech_bank(berka: Scope) -> None:
    rows = {one.table.name: one.rows for one in store.tables(berka)}
    assert rows == {
        "account": 4_500,
        "card": 892,
        "client": 5_369,
        "disp": 5_369,
        "district": 77,
        "loan": 682,
        "order": 6_471,
    }
    assert {one.first_date for one in store.tables(berka)} == {AS_OF}
    assert count(berka, "loan", "status") == {
        "finished": 203,
        "finished_unpaid": 31,
        "running": 403,
        "running_in_debt": 45,
    }
    assert count(berka, "account", "statement_frequency") == {
        "monthly": 4_167,
        "weekly": 240,
        "after_transaction": 93,
    }
    assert count(berka, "order", "purpose") == {
        "household": 3_502,
        None: 1_379,
        "loan_payment": 717,
        "insurance": 532,
        "leasing": 341,
    }
    assert count(berka, "card", "card_type") == {"classic": 659, "junior": 145, "gold": 88}
    assert count(berka, "disp", "role") == {"owner": 4_500, "user": 869}


def test_birth_numbers_and_missing_figures(berka: Scope) -> None:
    clients = store.read(berka, "raw.client").to_pylist()
    first = next(row for row in clients if row["client_id"] == "1")
    assert (first["birth_date"], first["gender"]) == (date(1970, 12, 13), "female")
    assert set(count(berka, "client", "gender")) == {"male", "female"}
    assert {row["birth_date"].year // 100 for row in clients} == {19}
    districts = store.read(berka, "raw.district").to_pylist()
    jesenik = next(row for row in districts if row["name"] == "Jesenik")
    assert (jesenik["unemployment_1995_percent"], jesenik["crimes_1995"]) == (None, None)
    assert jesenik["crimes_1996"] == 1_358


def test_amounts_add_up(berka: Scope, shared_data: Path) -> None:
    lines = (shared_data / "bank" / "loan.asc").read_text("ascii").split()[1:]
    total = sum(int(line.split(";")[3]) for line in lines)
    assert sum(store.read(berka, "raw.loan").column("amount_fen").to_pylist()) == total * 100


def test_transactions_would_load_too(qinghe: Scope, tmp_path: Path) -> None:
    heading = '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";'
    (tmp_path / "trans.asc").write_bytes(
        (
            heading + '"bank";"account"\r\n'
            '695247;2378;930101;"PRIJEM";"VKLAD";700.00;700.00;"";"";\r\n'
            '171812;576;930101;"VYDAJ";"VYBER KARTOU";900.00;-1.50;" ";"";\r\n'
            '207264;704;981231;"VYBER";"VYBER";1000.00;1000.00;"SANKC. UROK";"AB";12345\r\n'
        ).encode()
    )
    contract = read_all([EXAMPLES / "berka" / "feeds" / "trans.odcs.yaml"])[0]
    (outcome,) = load_feed(qinghe, contract, listing(tmp_path), Order())
    assert (outcome.good, outcome.bad) == (3, 0)
    rows = store.read(qinghe, "raw.trans").to_pylist()
    assert [row["operation"] for row in rows] == [
        "cash_deposit",
        "card_withdrawal",
        "cash_withdrawal",
    ]
    assert rows[1]["balance_fen"] == -150
    assert (rows[2]["booked_date"], rows[2]["purpose"]) == (AS_OF, "penalty_interest")


def test_card_transactions_land_on_their_days_in_one_commit(
    qinghe: Scope, shared_data: Path
) -> None:
    contract = read_all([EXAMPLES / "cards" / "feeds" / "card_transaction.odcs.yaml"])[0]
    files = listing(shared_data / "payments")
    outcomes = load_feed(qinghe, contract, files, Order())
    assert len(outcomes) == 122
    info = store.info(qinghe, "raw.card_transaction")
    assert (info.rows, info.first_date, info.last_date) == (
        1_169_723,
        date(2018, 4, 1),
        date(2018, 7, 31),
    )
    history = store.history(qinghe, "raw.card_transaction")
    assert len([one for one in history if one.action == "write"]) == 1

    day = date(2018, 6, 15)
    source = pq.read_table(files.path(files.names[0]))
    of_day = pc.equal(source.column("occurred_at").cast(pa.date32(), safe=False), day)
    wanted = sorted(
        (row["transaction_id"], round(row["amount"] * 100), row["is_fraud"])
        for row in source.filter(of_day).to_pylist()
    )
    rows = store.read(qinghe, "raw.card_transaction", business_date=day).to_pylist()
    got = sorted((row["transaction_id"], row["amount_fen"], row["is_fraud"]) for row in rows)
    assert got == wanted
