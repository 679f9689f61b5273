"""Rows into Parquet files, one directory per business date, in bounded memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from titian.lake.handles import DataFile
from titian.lake.schema import BUSINESS_DATE

ROW_GROUP_ROWS = 131_072
SORTED_ROW_GROUP_ROWS = 16_384
ROW_GROUP_BYTES = 64 * 2**20
FILE_BYTES = 256 * 2**20
BUFFER_BYTES = 192 * 2**20


@dataclass(slots=True)
class _Part:
    """The file being written for one date, and the rows that wait for it."""

    day: date
    waiting: list[pa.RecordBatch] = field(default_factory=list)
    waiting_rows: int = 0
    waiting_bytes: int = 0
    path: str = ""
    sink: pa.NativeFile | None = None
    writer: pq.ParquetWriter | None = None
    rows: int = 0


class FileWriter:
    """Writes rows of any dates below a table's directory; memory stays under `BUFFER_BYTES`.

    With `sorted_by`, each run of rows is sorted by that column into small row groups: whoever looks
    one value up reads one of them in a run, by its smallest and largest value.

    Nothing is visible to readers until the files are committed; `discard` removes them.
    """

    def __init__(self, directory: Path, schema: pa.Schema, sorted_by: str = "") -> None:
        self._directory = directory
        self._schema = schema
        self._sorted_by = sorted_by
        self._parts: dict[date, _Part] = {}
        self._buffered = 0
        self.files: list[DataFile] = []

    def add(self, day: date, batch: pa.RecordBatch) -> None:
        """Take rows of one date, columns as in the schema."""
        part = self._parts.setdefault(day, _Part(day))
        part.waiting.append(batch)
        part.waiting_rows += batch.num_rows
        part.waiting_bytes += batch.nbytes
        self._buffered += batch.nbytes
        if part.waiting_rows >= ROW_GROUP_ROWS or part.waiting_bytes >= ROW_GROUP_BYTES:
            self._flush(part)
        while self._buffered > BUFFER_BYTES:
            self._flush(max(self._parts.values(), key=lambda held: held.waiting_bytes))

    def adopt(self, day: date, path: Path, rows: int) -> None:
        """Move a file with rows of one date, written elsewhere, to where it belongs."""
        if rows == 0:
            return
        place = f"{BUSINESS_DATE}={day.isoformat()}/part-{uuid.uuid4()}.parquet"
        (self._directory / place).parent.mkdir(exist_ok=True)
        path.rename(self._directory / place)
        size = (self._directory / place).stat().st_size
        self.files.append(DataFile(place, day, size, rows))

    def finish(self, days: frozenset[date]) -> list[DataFile]:
        """Write what waits, and an empty file for each of the days that got no row."""
        for day in sorted(days - self._parts.keys() - {file.date for file in self.files}):
            self._parts[day] = _Part(day)
        for part in self._parts.values():
            if part.waiting or not any(file.date == part.day for file in self.files):
                self._flush(part)
            self._close(part)
        self._parts.clear()
        return self.files

    def discard(self) -> None:
        """Remove every file written, after a failure."""
        for part in self._parts.values():
            self._close(part)
        for file in self.files:
            (self._directory / file.path).unlink(missing_ok=True)
        self.files.clear()

    def _flush(self, part: _Part) -> None:
        if part.writer is None:
            self._open(part)
        assert part.writer is not None
        assert part.sink is not None
        rows = pa.Table.from_batches(part.waiting, schema=self._schema)
        if rows.num_rows:
            if self._sorted_by:
                rows = rows.sort_by(self._sorted_by)
            group = SORTED_ROW_GROUP_ROWS if self._sorted_by else ROW_GROUP_ROWS
            part.writer.write_table(rows, row_group_size=group)
        part.rows += rows.num_rows
        self._buffered -= part.waiting_bytes
        part.waiting, part.waiting_rows, part.waiting_bytes = [], 0, 0
        if part.sink.tell() >= FILE_BYTES:
            self._close(part)

    def _open(self, part: _Part) -> None:
        folder = f"{BUSINESS_DATE}={part.day.isoformat()}"
        part.path, part.rows = f"{folder}/part-{uuid.uuid4()}.parquet", 0
        (self._directory / folder).mkdir(exist_ok=True)
        part.sink = pa.OSFile(str(self._directory / part.path), "wb")
        part.writer = pq.ParquetWriter(
            part.sink, self._schema, compression="zstd", store_schema=False
        )

    def _close(self, part: _Part) -> None:
        if part.writer is None or part.sink is None:
            return
        part.writer.close()
        part.sink.close()
        part.writer = part.sink = None
        size = (self._directory / part.path).stat().st_size
        self.files.append(DataFile(part.path, part.day, size, part.rows))


def split_by_date(batch: pa.RecordBatch, days: pa.Array) -> Iterator[tuple[date, pa.RecordBatch]]:
    """Cut a batch into runs of one date each; `days` holds each row's date, none missing."""
    numbers = days.cast(pa.int32()).to_numpy(zero_copy_only=False)
    if np.any(numbers[1:] < numbers[:-1]):
        order = np.argsort(numbers, kind="stable")
        batch, numbers = batch.take(pa.array(order)), numbers[order]
    cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, end in pairwise(cuts):
        if end > start:
            day = pc.cast(pa.scalar(int(numbers[start]), pa.int32()), pa.date32()).as_py()
            yield day, batch.slice(start, end - start)
