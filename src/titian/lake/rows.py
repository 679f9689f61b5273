"""The rows of a snapshot, read with Arrow."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds

from titian.lake.handles import Snapshot
from titian.lake.schema import BUSINESS_DATE


def dataset(found: Snapshot, dates: frozenset[date] | None = None) -> ds.Dataset:
    """Give the files of a snapshot, of some dates only if named, as one Arrow dataset.

    `business_date` is its last column; columns that a file lacks are null.
    """
    schema = found.table.arrow_schema(with_date=True)
    by_date = ds.partitioning(pa.schema([schema.field(BUSINESS_DATE)]), flavor="hive")
    return ds.dataset(
        found.uris(dates),
        schema=schema,
        format="parquet",
        partitioning=by_date,
        partition_base_dir=str(found.directory),
    )
