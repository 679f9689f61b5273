"""Loading streams: a file four times as large takes about the same memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import core_contract

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
