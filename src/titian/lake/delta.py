"""A declared table as Delta metadata and back, and the Delta features that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from titian.kernel.errors import Corrupt
from titian.lake.schema import BUSINESS_DATE, Column, Kind, Layer, Mask, PiClass, Table, split_name

MAX_READER_VERSION, MAX_WRITER_VERSION = 3, 7
ALLOWED_FEATURES = frozenset({"timestampNtz", "appendOnly", "invariants"})
CHECKPOINT_COMMITS = 10
LOG_RETENTION_DAYS = 30
FILE_RETENTION_DAYS = 7

EVOLVED = "titian.evolved"
_PREFIX = "titian."
_DELTA_TYPES = {
    "string": "string",
    "integer": "long",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "binary": "binary",
}
_DECLARED_TYPES = {delta: declared for declared, delta in _DELTA_TYPES.items()}


def delta_schema(table: Table) -> Schema:
    """Give the Delta schema of a table: what is declared of a column travels with it."""
    fields = [
        Field(
            column.name,
            PrimitiveType(_DELTA_TYPES.get(column.type, column.type.replace(" ", ""))),
            metadata=_column_words(column),
        )
        for column in table.columns
    ]
    return Schema([*fields, Field(BUSINESS_DATE, PrimitiveType("date"))])


def configuration(table: Table) -> dict[str, str]:
    """Give the table properties that are set when a table is made."""
    return {
        "delta.checkpointInterval": str(CHECKPOINT_COMMITS),
        "delta.logRetentionDuration": f"interval {LOG_RETENTION_DAYS} days",
        "delta.deletedFileRetentionDuration": f"interval {FILE_RETENTION_DAYS} days",
        **table_words(table),
    }


def table_words(table: Table) -> dict[str, str]:
    """Give the table properties that hold what is declared of a table."""
    words = {"zh": table.zh, "en": table.en, "kind": table.kind.value}
    return {_PREFIX + key: value for key, value in words.items()}


def declared(stored: DeltaTable, qualified: str) -> Table:
    """Read the declaration back from a table. Raises Corrupt when it is not one of ours."""
    layer, name = split_name(qualified)
    metadata = stored.metadata()
    words = metadata.configuration
    columns = [_column(field) for field in stored.schema().fields if field.name != BUSINESS_DATE]
    try:
        return Table(
            Layer(layer),
            name,
            zh=words[_PREFIX + "zh"],
            en=words[_PREFIX + "en"],
            columns=tuple(columns),
            description=metadata.description or "",
            kind=Kind(words[_PREFIX + "kind"]),
        )
    except KeyError as error:
        raise Corrupt(
            f"table {qualified} has no property {error.args[0]}",
            "It was not written by Titian; move its directory out of the lake.",
        ) from None


def check_features(stored: DeltaTable, qualified: str) -> None:
    """Raise Corrupt if a table needs a Delta feature that not every engine here reads."""
    protocol = stored.protocol()
    features = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    foreign = sorted(features - ALLOWED_FEATURES)
    too_new = (
        protocol.min_reader_version > MAX_READER_VERSION
        or protocol.min_writer_version > MAX_WRITER_VERSION
    )
    if foreign or too_new or stored.metadata().partition_columns != [BUSINESS_DATE]:
        raise Corrupt(
            f"table {qualified} needs Delta features that are not used here: "
            f"{', '.join(foreign) or 'protocol or partitioning'}",
            "Another program changed it; restore an earlier version of its directory.",
        )


def _column_words(column: Column) -> dict[str, str]:
    words = {
        "type": column.type,
        "zh": column.zh,
        "en": column.en,
        "pi_class": column.pi_class.value,
        "level": f"L{column.level}",
        "mask": column.mask.value,
        "required": "yes" if column.required else "no",
        "key": "yes" if column.key else "no",
        "description": column.description,
    }
    return {_PREFIX + key: value for key, value in words.items()}


def _column(field: Field) -> Column:
    words = cast("Mapping[str, str]", field.metadata)

    def word(key: str) -> str:
        return words.get(_PREFIX + key, "")

    kind = cast("PrimitiveType", field.type).type
    try:
        return Column(
            field.name,
            word("type") or _DECLARED_TYPES.get(kind, kind),
            zh=word("zh"),
            en=word("en"),
            pi_class=PiClass(word("pi_class")),
            level=int(word("level").removeprefix("L")),
            mask=Mask(word("mask")),
            required=word("required") == "yes",
            key=word("key") == "yes",
            description=word("description"),
        )
    except ValueError:
        raise Corrupt(
            f"column {field.name} carries no class or level",
            "It was not written by Titian; move its table out of the lake.",
        ) from None
