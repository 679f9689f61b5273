"""Writes the farms of all banks as parquet files, what is seen and what is true apart."""

from __future__ import annotations

from pathlib import Path

from titian.province.livestock.build import build_stock
from titian.province.livestock.model import Calendar, Rates
from titian.province.livestock.owners import owners_of
from titian.province.livestock.prices import build_prices, price_table, quote_table
from titian.province.model import ProvinceConfig, World
from titian.province.parquet import ParquetFolder


def write_livestock(
    config: ProvinceConfig, worlds: list[World], out: Path, rates: Rates | None = None
) -> dict[str, int]:
    """Write `<out>/livestock/*.parquet` and `<out>/truth/livestock_*.parquet`, bank by bank.

    Returns the rows written by table.
    """
    chosen = rates or Rates()
    calendar = Calendar(config.end, config.days)
    counties = tuple(dict.fromkeys(world.bank.county for world in worlds))
    prices = build_prices(counties, calendar, config.stream(0, "livestock.prices"))
    quotes = quote_table(prices, chosen, config.stream(0, "livestock.quotes"))
    rows = {"quote": quotes.num_rows}
    with ParquetFolder(out / "livestock") as seen, ParquetFolder(out / "truth") as hidden:
        seen.append("quote", quotes)
        hidden.append("livestock_price", price_table(prices))
        for world in worlds:
            stream = config.stream(world.bank.no, "livestock")
            owners, prefix = owners_of(config, world), f"{world.bank.no:02d}"
            stock = build_stock(owners, prices, calendar, chosen, prefix, stream)
            seen.extend(stock.tables)
            hidden.extend(stock.truth)
            for name, table in stock.tables.items():
                rows[name] = rows.get(name, 0) + table.num_rows
    return rows
