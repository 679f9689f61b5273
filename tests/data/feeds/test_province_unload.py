"""The loader against the hidden truth of the synthetic province: it finds exactly the bad rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from titian.data.feeds import service
from titian.data.feeds.load import Fate
from titian.data.feeds.quarantine import Filter, Waiting, quarantine
from titian.data.feeds.reasons import Code
from titian.data.feeds.repair import fix
from titian.data.feeds.replay import replay
from titian.kernel import banks
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings
from titian.lake import store
from titian.province import ProvinceConfig
from titian.province.generate import generate

CODES = {
    "wrong_code": {Code.CODE},
    "bad_date": {Code.TYPE},
    "missing_required": {Code.REQUIRED},
    "impossible_amount": {Code.MINIMUM},
    "extra_field": {Code.FIELD_COUNT},
    "broken_encoding": {Code.ENCODING},
}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("province")
    generate(ProvinceConfig(banks=1, customers=1_500, days=30, bad_row_share=0.01), out)
    return out


def test_exactly_the_bad_rows_wait_and_come_back(home: Settings, province: Path) -> None:
    (bank,) = [BankId(folder.name) for folder in (province / "unload").iterdir()]
    banks.ensure(Scope.system(None), bank)
    scope = Scope.system(bank)
    report = service.load(scope, province / "unload")
    assert {outcome.fate for outcome in report.outcomes} == {Fate.LOADED}

    truth = pq.read_table(province / "truth" / "bad_row.parquet").to_pylist()
    planted = {(row["feed"], row["business_date"], row["line"]): row for row in truth}
    waiting: list[Waiting] = []
    for offset in range(0, len(truth) + 500, 500):
        waiting += quarantine(scope, Filter(), offset=offset, limit=500).rows
    found = {(row.feed, row.business_date, row.line): row for row in waiting}
    assert len(truth) > 300
    assert found.keys() == planted.keys()
    for key, row in found.items():
        assert row.code in CODES[planted[key]["flaw"]]
        if row.column:
            assert row.column == planted[key]["field"]

    before = _rows(scope)
    for key, row in list(found.items())[:40]:
        fix(scope, row.row_id, raw=planted[key]["original"])
    replayed = sum(replay(scope, arrival).good for arrival in {r.arrival_id for r in waiting[:40]})
    assert replayed == 40
    assert _rows(scope) == before + 40


def _rows(scope: Scope) -> int:
    return sum([one.rows for one in store.tables(scope)])
