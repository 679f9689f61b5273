"""One small province for all tests of the room, and a plain reader of its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from titian.province.generate import Summary, generate
from titian.province.model import ProvinceConfig

CONFIG = ProvinceConfig(
    banks=2, customers=900, days=45, seed=7, end=date(2026, 3, 22), bad_row_share=0.003
)


@dataclass(frozen=True, slots=True)
class Province:
    """A generated province; `repaired` lines have the planted bad rows put right."""

    config: ProvinceConfig
    out: Path
    summary: Summary

    @property
    def banks(self) -> list[str]:
        """Ids of its banks."""
        return sorted(path.name for path in (self.out / "unload").iterdir())

    def file(self, bank: str, feed: str, day: date) -> Path:
        """Path of a feed's file."""
        stamp = f"{day:%Y%m%d}"
        return self.out / "unload" / bank / stamp / f"{feed.upper()}_{stamp}.dat"

    def truth(self, name: str) -> list[dict[str, object]]:
        """Rows of a truth table."""
        rows: list[dict[str, object]] = pq.read_table(
            self.out / "truth" / f"{name}.parquet"
        ).to_pylist()
        return rows

    def lines(self, bank: str, feed: str, day: date) -> list[bytes]:
        """Lines of a file as written."""
        return self.file(bank, feed, day).read_bytes().split(b"\n")[:-1]

    def repaired(self, bank: str, feed: str) -> Iterator[tuple[date, list[str]]]:
        """Every row of a feed by date, bad rows replaced by what they should have been."""
        good = {
            (row["business_date"], row["line"]): str(row["original"])
            for row in self.truth("bad_row")
            if row["bank"] == bank and row["feed"] == feed
        }
        for day in self.config.dates:
            for number, line in enumerate(self.lines(bank, feed, day), 1):
                text = good.get((day, number)) or line.decode("gb18030")
                yield day, text.split("|@|")


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """Generate the small province once."""
    out = tmp_path_factory.mktemp("province") / "small"
    return Province(CONFIG, out, generate(CONFIG, out))
