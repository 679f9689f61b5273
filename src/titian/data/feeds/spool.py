"""Checked rows held until a delivery is judged: in memory while few, then in a file on disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa

from titian.data.feeds.sources.batch import Whole
from titian.kernel.settings import settings

UNIT, PART, LINE, POSITION = "_unit", "_part", "_line", "_position"
MEMORY_SHARE = 4
_WRITE = pa.ipc.IpcWriteOptions(compression="lz4")


def temporary_folder() -> Path:
    """Make a folder for one load; those of processes that died are removed on the way."""
    home = settings().home / "spool"
    home.mkdir(parents=True, exist_ok=True)
    for old in home.glob("*-*"):
        if not _alive(old.name.partition("-")[0]):
            shutil.rmtree(old, ignore_errors=True)
    return Path(mkdtemp(prefix=f"{os.getpid()}-", dir=home))


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


class Spool:
    """Rows with the unit, part and line they are from; their position is their order of arrival.

    Use it with `closing`: the file goes when it is closed.
    """

    def __init__(self, schema: pa.Schema, memory_bytes: int | None = None) -> None:
        """Hold rows of a schema; `memory_bytes` defaults to a share of `feed_memory_mb`."""
        places = [(UNIT, pa.int32()), (PART, pa.int32()), (LINE, pa.int64())]
        self.schema = pa.schema([*schema, *(pa.field(name, kind) for name, kind in places)])
        self.rows = 0
        self._limit = memory_bytes or settings().feed_memory_mb * 2**20 // MEMORY_SHARE
        self._bytes = 0
        self._held: list[pa.RecordBatch] = []
        self._folder: Path | None = None
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def add(self, rows: pa.Table, units: Whole, parts: Whole, lines: Whole) -> None:
        """Take good rows."""
        columns = [
            *(column.combine_chunks() for column in rows.columns),
            pa.array(units.astype(np.int32)),
            pa.array(parts.astype(np.int32)),
            pa.array(lines),
        ]
        columns = [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in columns]
        batch = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._writer is None and self._bytes > self._limit:
            self._spill()
        if self._writer is None:
            self._held.append(batch)
        else:
            self._writer.write_batch(batch)

    def seal(self) -> None:
        """End the taking; from now on rows can be read, as often as wanted."""
        if self._writer is not None:
            self._writer.close()

    def read(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Give the rows in order, with their position if asked for by name."""
        names = list(columns) if columns is not None else self.schema.names
        position = 0
        for batch in self._batches():
            numbered = batch
            if POSITION in names:
                counted = pa.array(np.arange(position, position + batch.num_rows))
                numbered = batch.append_column(POSITION, counted)
            position += batch.num_rows
            yield numbered.select(names)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._folder is None:
            yield from self._held
            return
        with pa.OSFile(str(self._file)) as file, pa.ipc.open_stream(file) as stream:
            yield from stream

    @property
    def _file(self) -> Path:
        assert self._folder is not None, "the spool has spilled"
        return self._folder / "rows.arrow"

    def _spill(self) -> None:
        self._folder = temporary_folder()
        self._writer = pa.ipc.new_stream(str(self._file), self.schema, options=_WRITE)
        for batch in self._held:
            self._writer.write_batch(batch)
        self._held.clear()

    def close(self) -> None:
        """Drop everything."""
        self._held.clear()
        if self._writer is not None:
            self._writer.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
