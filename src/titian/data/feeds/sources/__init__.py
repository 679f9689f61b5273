"""Where deliveries come from; each source gives rows split into fields, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from titian.data.feeds.model import Contract, Format
from titian.data.feeds.sources.batch import Findings, Part, RawBatch
from titian.data.feeds.sources.database import read_database
from titian.data.feeds.sources.delimited import read_delimited
from titian.data.feeds.sources.excel import read_excel
from titian.data.feeds.sources.fixed import read_fixed
from titian.data.feeds.sources.parquet import read_parquet

__all__ = ["Findings", "Part", "RawBatch", "read_parts"]

_READERS: Mapping[Format, Callable[[Contract, Sequence[Part], Findings], Iterator[RawBatch]]] = {
    Format.CSV: read_delimited,
    Format.FIXED: read_fixed,
    Format.XLSX: read_excel,
    Format.PARQUET: read_parquet,
    Format.SQL: read_database,
}


def read_parts(contract: Contract, parts: Sequence[Part], findings: Findings) -> Iterator[RawBatch]:
    """Read the parts of a delivery in order, noting in `findings` which cannot be used and why."""
    return _READERS[contract.source.format](contract, parts, findings)
