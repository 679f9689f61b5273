"""Loading streams: a larger file, or one that unpacks into a larger one, takes no more memory."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Written, core_contract

ROWS = 100_000
CHILD = """
import sys
from pathlib import Path
from titian.data.feeds import parse
from titian.data.feeds.discover import listing
from titian.data.feeds.load import Order, load_feed
from titian.kernel import banks, db, logs
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import configure, load

def peak_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

home, folder, contract = (Path(word) for word in sys.argv[1:])
configure(load(home=home, feed_memory_mb=64))
logs.setup()
db.upgrade()
banks.ensure(Scope.system(None), BankId("qinghe"))
made = parse(contract.read_text("utf-8"), "loan")
before = peak_mib()
(outcome,) = load_feed(Scope.system(BankId("qinghe")), made, listing(folder), Order())
print(outcome.good, round(peak_mib() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    contract = tmp_path / "loan.yaml"
    contract.write_text(core_contract().text().replace("varchar(6)", "varchar(60)"), "utf-8")
    small = grown(tmp_path / "small", contract, ROWS)
    large = grown(tmp_path / "large", contract, 4 * ROWS)
    assert large < 1.6 * small


def grown(place: Path, contract: Path, rows: int) -> int:
    folder = place / "unload"
    folder.mkdir(parents=True)
    tail = "|@|1234567.89|@|1|@|" + "清河农商行营业部" * 8 + "\n"
    lines = "".join(f"L{number:050d}{tail}" for number in range(rows))
    (folder / "LOAN_20260331.dat").write_bytes(lines.encode("gb18030"))
    line = [sys.executable, "-c", CHILD, str(place / "home"), str(folder), str(contract)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    good, mib = done.stdout.split()
    assert int(good) == rows
    return int(mib)


BOMB = """
import sys, zipfile
from pathlib import Path
import pyarrow as pa
import pyarrow.parquet as pq
from titian.data.feeds import parse
from titian.data.feeds.sources import Findings, Part, read_parts
from titian.data.feeds.validation import check

def peak_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

path, contract = (Path(word) for word in sys.argv[1:])
made = parse(contract.read_text("utf-8"), "loan")
findings = Findings()
before = peak_mib()
rows = 0
for batch in read_parts(made, [Part(path.name, path, None)], findings):
    rows += check(made, batch).rows.num_rows
code = findings.refusals[0].code if findings.refusals else "read"
print(code, rows, round(peak_mib() - before))
"""
MIB = 1 << 20
BOUND_MIB = 300


def endless_line(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(256):
            file.write(b"x" * MIB)


def open_quote(path: Path) -> None:
    block = b"".join(b"L%d,1.00,1,abc\n" % number for number in range(60_000))
    with path.open("wb") as file:
        file.write(b'id,amount,kind,name\n"never closed,1.00,1,x\n')
        for _ in range(128 * MIB // len(block)):
            file.write(block)


def endless_cell(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        sheet.write(b"<worksheet><sheetData><row><c><is><t>")
        for _ in range(512):
            sheet.write(b"x" * MIB)


def repeated_text(path: Path) -> None:
    texts = pa.array(["x" * (MIB // 16)])
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * 65_536, pa.int32()), texts)
    pq.write_table(pa.table({"id": ids, "amount": ["1.00"] * 65_536}), path)


TWO = """
- {name: id, logicalType: string, required: true, classification: C1}
- {name: amount, logicalType: string, classification: C1}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize(
    ("made", "written", "outcome"),
    [
        (endless_line, core_contract(), "line_too_long 0"),
        (open_quote, Written(server={"encoding": "utf-8"}), "read"),
        (endless_cell, Written(form="xlsx"), "workbook_cell 0"),
        (repeated_text, Written(form="parquet", columns=TWO), "read 65536"),
    ],
)
def test_a_bomb_takes_little_memory(
    tmp_path: Path, made: Callable[[Path], None], written: Written, outcome: str
) -> None:
    contract, path = tmp_path / "loan.yaml", tmp_path / "bomb"
    contract.write_text(written.text(), "utf-8")
    made(path)
    line = [sys.executable, "-c", BOMB, str(path), str(contract)]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    assert done.stdout.startswith(outcome)
    assert int(done.stdout.split()[-1]) < BOUND_MIB
