"""A planted bank for tests of fraud, and one small province written to disk for the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from titian.province.entries import honest_entries
from titian.province.events import honest_events
from titian.province.fraud import inject
from titian.province.generate import Summary, generate
from titian.province.model import Flows, Injection, ProvinceConfig, World
from titian.province.touches import market
from titian.province.world import build_worlds

Plant = Callable[[ProvinceConfig, World], tuple[Flows, Injection]]
Row = tuple[date, list[str]]


def _honest(config: ProvinceConfig, world: World) -> Flows:
    entries = honest_entries(config, world)
    return Flows(entries, honest_events(config, world, entries), market(config, world)[1].touches)


@pytest.fixture(scope="session")
def plant() -> Plant:
    """Give the function that lets a bank live honestly and plants frauds in it."""

    def planted(config: ProvinceConfig, world: World) -> tuple[Flows, Injection]:
        flows = _honest(config, world)
        return flows, inject(config, world, flows)

    return planted


@pytest.fixture(scope="session")
def planted_config() -> ProvinceConfig:
    """Give the configuration of the planted bank."""
    return ProvinceConfig(banks=1, customers=2_600, days=120)


@pytest.fixture(scope="session")
def planted_world(planted_config: ProvinceConfig) -> World:
    """Give the world of the planted bank."""
    return build_worlds(planted_config)[0]


@pytest.fixture(scope="session")
def _planted(
    plant: Plant, planted_config: ProvinceConfig, planted_world: World
) -> tuple[Flows, Injection]:
    return plant(planted_config, planted_world)


@pytest.fixture(scope="session")
def honest(_planted: tuple[Flows, Injection]) -> Flows:
    """Give what happened honestly in the planted bank."""
    return _planted[0]


@pytest.fixture(scope="session")
def injection(_planted: tuple[Flows, Injection]) -> Injection:
    """Give what was planted."""
    return _planted[1]


@pytest.fixture(scope="session")
def incidents(injection: Injection) -> list[dict[str, Any]]:
    """Give the truth about what was planted."""
    rows: list[dict[str, Any]] = injection.truth["fraud_incident"].to_pylist()
    return rows


@pytest.fixture(scope="session")
def unload_config() -> ProvinceConfig:
    """Give the configuration of the province on disk."""
    return ProvinceConfig(
        banks=2, customers=900, days=45, seed=7, end=date(2026, 3, 22), bad_row_share=0.003
    )


@pytest.fixture(scope="session")
def unload(unload_config: ProvinceConfig, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Write the small province once; `out` of the summary says where."""
    return generate(unload_config, tmp_path_factory.mktemp("province") / "small")


@pytest.fixture(scope="session")
def truth_rows(unload: Summary) -> Callable[[str], list[dict[str, Any]]]:
    """Give the reader of a truth table."""

    def rows(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.read_table(
            unload.out / "truth" / f"{name}.parquet"
        ).to_pylist()
        return found

    return rows


@pytest.fixture(scope="session")
def file_of(unload: Summary) -> Callable[[str, str, date], Path]:
    """Give the path of a feed's file by bank, feed and date."""

    def path(bank: str, feed: str, day: date) -> Path:
        stamp = f"{day:%Y%m%d}"
        return unload.out / "unload" / bank / stamp / f"{feed.upper()}_{stamp}.dat"

    return path


@pytest.fixture(scope="session")
def repaired(
    unload_config: ProvinceConfig,
    file_of: Callable[[str, str, date], Path],
    truth_rows: Callable[[str], list[dict[str, Any]]],
) -> Callable[[str, str], list[Row]]:
    """Give the reader of all rows of a feed, bad rows replaced by what they should have been."""
    bad_rows = truth_rows("bad_row")

    def rows(bank: str, feed: str) -> list[Row]:
        good = {
            (row["business_date"], row["line"]): row["original"]
            for row in bad_rows
            if (row["bank"], row["feed"]) == (bank, feed)
        }
        return [
            (day, (good.get((day, number)) or line.decode("gb18030")).split("|@|"))
            for day in unload_config.dates
            for number, line in enumerate(
                file_of(bank, feed, day).read_bytes().split(b"\n")[:-1], 1
            )
        ]

    return rows
