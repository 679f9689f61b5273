"""Parquet files, row group by row group."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources.batch import Findings, Part, RawBatch
from titian.data.feeds.sources.headings import match_headings
from titian.data.feeds.sources.typed import BATCH_ROWS, note_types, typed_batch

_HASH_BYTES = 1 << 20


def read_parquet(
    contract: Contract, parts: Sequence[Part], findings: Findings
) -> Iterator[RawBatch]:
    """Read the contract's columns of Parquet files, by name; a file that is none is noted."""
    for number, part in enumerate(parts):
        assert part.path is not None, "Parquet parts are files"
        try:
            findings.sizes[number] = part.path.stat().st_size
            findings.digests[number] = file_digest(part.path)
            with pq.ParquetFile(part.path, pre_buffer=False) as file:
                yield from _rows(contract, number, part, file, findings)
        except (pa.ArrowException, OSError) as error:
            why = str(error).splitlines()[0][:200]
            findings.refuse(number, Code.UNREADABLE, file=part.name, why=why)


def _rows(
    contract: Contract, number: int, part: Part, file: pq.ParquetFile, findings: Findings
) -> Iterator[RawBatch]:
    schema = file.schema_arrow
    layout = match_headings(contract, number, part, schema.names, findings)
    if layout is None:
        return
    own = dict(zip(layout, schema.names, strict=False))
    wanted = [own[name] for name in contract.headings]
    note_types(findings, number, {name: str(schema.field(name).type) for name in wanted})
    row = 1
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted, use_threads=False):
        columns = {name: batch.column(own[name]) for name in contract.headings}
        yield typed_batch(columns, number, row, batch.num_rows)
        row += batch.num_rows


def file_digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
