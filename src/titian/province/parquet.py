"""Parquet files of the province: appended bank by bank, marked synthetic in their metadata."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

MARK: Final = {b"titian.synthetic": b"true", b"titian.origin": b"titian province"}
_ROW_GROUP_ROWS = 500_000


class ParquetFolder:
    """A folder of parquet files, one per table name, each written part after part.

    Use as a context manager; a file is complete when the block ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to `<folder>/<name>.parquet`; the first part fixes the columns."""
        table = _in_microseconds(table)
        writer = self._writers.get(name)
        if writer is None:
            schema = table.schema.with_metadata({**(table.schema.metadata or {}), **MARK})
            path = self._folder / f"{name}.parquet"
            writer = pq.ParquetWriter(path, schema, compression="zstd")
            self._writers[name] = writer
        writer.write_table(table.cast(writer.schema), row_group_size=_ROW_GROUP_ROWS)

    def extend(self, tables: dict[str, pa.Table]) -> None:
        """Append every table under its name."""
        for name, table in tables.items():
            self.append(name, table)


def _in_microseconds(table: pa.Table) -> pa.Table:
    fields = [
        pa.field(field.name, pa.timestamp("us"), field.nullable)
        if pa.types.is_timestamp(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields, metadata=table.schema.metadata))
