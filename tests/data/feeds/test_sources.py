from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from titian.data.feeds.load import Fate, Order
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources import Findings, Part, read_parts
from titian.data.feeds.sources.batch import DriftKind
from titian.data.feeds.validation import Checked, check
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound, Unavailable
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings, configure, settings
from titian.lake import store

from .conftest import Deliver, Written, core_contract

DAY = date(2026, 3, 31)
FIXED = """
- name: id
  logicalType: string
  primaryKey: true
  classification: C1
  customProperties: [{property: width, value: 4}]
- name: name
  logicalType: string
  classification: C2
  customProperties: [{property: width, value: 8}]
- name: amount_fen
  logicalType: integer
  required: true
  classification: C2
  customProperties:
    - {property: start, value: 14}
    - {property: width, value: 9}
    - {property: decode, value: yuan_to_fen}
"""


def checked(written: Written, path: Path, findings: Findings | None = None) -> list[Checked]:
    contract = written.contract()
    parts = [Part(path.name, path, None)]
    return [check(contract, batch) for batch in read_parts(contract, parts, findings or Findings())]


def fixed(**server: object) -> Written:
    return Written(columns=FIXED, form="fixed", server={"encoding": "gb18030"} | server)


def record(number: str, name: str, amount: str) -> bytes:
    return (
        number.encode().ljust(4) + name.encode("gb18030").ljust(8) + b"|" + amount.rjust(9).encode()
    )


def test_fixed_width_counts_bytes(tmp_path: Path) -> None:
    path = tmp_path / "f.dat"
    lines = [record("A1", "张三丰", "12.50"), b"", record("A2", "", "7.00"), b"short"]
    lines += [record("A3", "x", "9.99")[:-1] + b"\xff", b"A4  \xd5\xc5\xff     |     1.00"]
    path.write_bytes(b"\r\n".join(lines) + b"\r\n")
    (batch,) = checked(fixed(), path)
    assert batch.rows.to_pylist() == [
        {"id": "A1", "name": "张三丰", "amount_fen": 1250},
        {"id": "A2", "name": None, "amount_fen": 700},
    ]
    assert sorted((row.line, row.problems[0].code) for row in batch.bad) == [
        (4, Code.RECORD_LENGTH),
        (5, Code.ENCODING),
        (6, Code.ENCODING),
    ]
    assert {row.line: row.raw for row in batch.bad}[6] == lines[5]


def test_fixed_width_may_count_characters(tmp_path: Path) -> None:
    path = tmp_path / "f.dat"
    path.write_bytes(("A1  " + "张三丰".ljust(8) + "|" + "12.50".rjust(9) + "\n").encode("gb18030"))
    (batch,) = checked(fixed(width_unit="characters"), path)
    assert batch.rows.to_pylist() == [{"id": "A1", "name": "张三丰", "amount_fen": 1250}]


TYPED = """
- {name: id, logicalType: string, primaryKey: true, classification: C1}
- name: amount_fen
  physicalName: amount
  logicalType: integer
  required: true
  classification: C2
  customProperties: [{property: decode, value: yuan_to_fen}]
- {name: day, logicalType: date, classification: C1}
- {name: active, logicalType: boolean, classification: C1}
"""


def workbook(path: Path, rows: list[list[object]], title: str = "Sheet1") -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


ROWS: list[list[object]] = [
    ["id", "amount", "day", "active", "remark"],
    ["a", 12.5, datetime(2026, 1, 31), True, "x"],  # noqa: DTZ001 - Excel has no zones
    [7, 3, datetime(2026, 2, 1), False, None],  # noqa: DTZ001
    [None, None, None, None, None],
    ["c", "many", "2026-02-30", None, None],
]


def test_excel(tmp_path: Path) -> None:
    findings = Findings()
    path = workbook(tmp_path / "f.xlsx", ROWS)
    (batch,) = checked(Written(columns=TYPED, form="xlsx"), path, findings)
    assert batch.rows.to_pylist() == [
        {"id": "a", "amount_fen": 1250, "day": date(2026, 1, 31), "active": True},
        {"id": "7", "amount_fen": 300, "day": date(2026, 2, 1), "active": False},
    ]
    (bad,) = batch.bad
    assert bad.line == 5
    assert [problem.column for problem in bad.problems] == ["amount_fen", "day"]
    assert bad.raw.startswith(b'{"id": "c", "amount": "many"')
    assert [(d.kind, d.column) for d in findings.drift] == [(DriftKind.EXTRA, "remark")]


def test_excel_takes_the_named_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "f.xlsx", ROWS, "借据")
    written = Written(columns=TYPED, form="xlsx", server={"sheet": "借据"})
    assert checked(written, path)[0].rows.num_rows == 2
    findings = Findings()
    assert checked(Written(columns=TYPED, form="xlsx", server={"sheet": "X"}), path, findings) == []
    (refusal,) = findings.refusals
    assert refusal.code is Code.NO_SHEET
    assert (refusal.params["sheet"], refusal.params["sheets"]) == ("X", "借据")


def test_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_bytes(b"a,b\n")
    findings = Findings()
    assert checked(Written(columns=TYPED, form="xlsx"), path, findings) == []
    assert findings.refusals[0].code is Code.NO_WORKBOOK


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    table = pa.table(
        {
            "day": pa.array([DAY, None, DAY]),
            "amount": [0.1, 2.0, -0.005],
            "id": pa.array(["a", "b", "c"]).dictionary_encode(),
            "active": pa.array([1, 0, 1], pa.int8()),
        }
    )
    pq.write_table(table, path)
    findings = Findings()
    (batch,) = checked(Written(columns=TYPED, form="parquet"), path, findings)
    assert batch.rows.to_pylist() == [
        {"id": "a", "amount_fen": 10, "day": DAY, "active": True},
        {"id": "b", "amount_fen": 200, "day": None, "active": False},
    ]
    assert [(row.line, row.problems[0].column) for row in batch.bad] == [(3, "amount_fen")]
    assert findings.types["amount"] == "double"
    assert [d.kind for d in findings.drift] == [DriftKind.REORDERED]


def test_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    path.write_bytes(b"PAR1 or not")
    findings = Findings()
    assert checked(Written(columns=TYPED, form="parquet"), path, findings) == []
    assert findings.refusals[0].code is Code.NO_PARQUET
    pq.write_table(pa.table({"id": ["a"]}), path)
    assert checked(Written(columns=TYPED, form="parquet"), path, findings) == []
    assert findings.refusals[1].code is Code.MISSING_COLUMNS


def database(**server: object) -> Written:
    return Written(
        columns=TYPED,
        type="custom",
        form="sql",
        pattern="",
        server={"url_env": "CORE_URL"} | server,
    )


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path / 'core.db'}"
    monkeypatch.setenv("CORE_URL", url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE loan (id TEXT, amount TEXT, day TEXT, active INT)")
        )
        connection.execute(
            sa.text("INSERT INTO loan VALUES ('a', '1.50', '2026-03-31', 1), ('b', 'x', NULL, 0)")
        )
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "server",
    [
        {"table": "loan"},
        {"query": "SELECT id, amount, day, active, :business_date AS asked FROM loan"},
    ],
)
def test_a_database_loads(
    qinghe: Scope, core: sa.Engine, deliver: Deliver, server: dict[str, object]
) -> None:
    contract = database(
        **server,
    ).contract()
    object.__setattr__(contract, "max_bad_share", 0.5)
    (outcome,) = deliver(contract, order=Order(DAY, DAY))
    assert (outcome.fate, outcome.good, outcome.bad) == (Fate.LOADED, 1, 1)
    rows = store.read(qinghe, "raw.loan").to_pylist()
    assert rows == [
        {"id": "a", "amount_fen": 150, "day": DAY, "active": True, "business_date": DAY}
    ]


def test_a_query_is_asked_for_every_date_of_a_range(
    qinghe: Scope, core: sa.Engine, deliver: Deliver
) -> None:
    query = "SELECT id, '1.00' AS amount, :business_date AS day, active FROM loan"
    contract = database(query=query).contract()
    outcomes = deliver(contract, order=Order(date(2026, 3, 29), DAY))
    assert [outcome.good for outcome in outcomes] == [2, 2, 2]
    rows = store.read(qinghe, "raw.loan").to_pylist()
    assert all(row["day"] == row["business_date"] for row in rows)


def test_a_type_that_changes_between_deliveries_is_drift(
    qinghe: Scope, deliver: Deliver, folder: Path
) -> None:
    contract = Written(columns=TYPED, form="parquet").contract()
    for number, amount in enumerate(([1, 2], ["1", "2"])):
        table = pa.table(
            {"id": ["a", "b"], "amount": amount, "day": [DAY, DAY], "active": [True, False]}
        )
        pq.write_table(table, folder / f"LOAN_2026033{number}.dat")
        outcomes = deliver(contract)
    assert outcomes[-1].drift == ((DriftKind.TYPE, "amount", "int64 → string", 0),)


def test_a_database_needs_its_address_and_its_date(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = database(table="loan").contract()
    with pytest.raises(InvalidInput, match="no business date"):
        deliver(contract)
    with pytest.raises(NotFound, match="CORE_URL"):
        deliver(contract, order=Order(DAY, DAY))
    monkeypatch.setenv("CORE_URL", "nonsense")
    with pytest.raises(InvalidInput, match="usable database URL"):
        deliver(contract, order=Order(DAY, DAY))
    monkeypatch.setenv("CORE_URL", "sqlite://")
    with pytest.raises(Unavailable, match="no such table"):
        deliver(contract, order=Order(DAY, DAY))


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/20260331.dat" and self.headers["Authorization"] == "Bearer t":
            self.send_response(200)
            self.end_headers()
            self.wfile.write("A|@|1.00|@|1|@|张三\n".encode("gb18030"))
            return
        self.send_response({"/gone.dat": 404, "/closed.dat": 401}.get(self.path, 500))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def download(web: str, name: str) -> Written:
    written = core_contract(type="api", pattern="", more_server=f'location: "{web}/{name}"\n')
    written.server["auth_env"] = "CORE_TOKEN"
    return written


def test_a_download_loads(
    qinghe: Scope, web: str, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = download(web, "{yyyymmdd}.dat").contract()
    with pytest.raises(NotFound, match="CORE_TOKEN"):
        deliver(contract, order=Order(DAY, DAY))
    monkeypatch.setenv("CORE_TOKEN", "Bearer t")
    (outcome,) = deliver(contract, order=Order(DAY, DAY))
    assert (outcome.fate, outcome.good) == (Fate.LOADED, 1)
    assert list((settings().home / "spool").iterdir()) == []
    assert store.read(qinghe, "raw.loan").column("name").to_pylist() == ["张三"]


@pytest.mark.parametrize(
    ("name", "error"), [("gone.dat", NotFound), ("closed.dat", Denied), ("broken.dat", Unavailable)]
)
def test_a_download_that_is_refused(
    web: str, deliver: Deliver, monkeypatch: pytest.MonkeyPatch, name: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("CORE_TOKEN", "Bearer t")
    with pytest.raises(error):
        deliver(download(web, name).contract(), order=Order(DAY, DAY))


def test_a_download_is_limited_in_size(
    home: Settings, web: str, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORE_TOKEN", "Bearer t")
    configure(home.model_copy(update={"feed_max_bytes": 5}))
    with pytest.raises(LimitExceeded, match="over 5 bytes"):
        deliver(download(web, "{yyyymmdd}.dat").contract(), order=Order(DAY, DAY))


def test_nobody_answers(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORE_TOKEN", "Bearer t")
    with pytest.raises(Unavailable, match="could not be fetched"):
        deliver(download("http://127.0.0.1:9", "x").contract(), order=Order(DAY, DAY))
