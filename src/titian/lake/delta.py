"""A declared table as Delta metadata and back, and the Delta features that are allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from titian.kernel.errors import Corrupt
from titian.kernel.labels import Label
from titian.lake.schema import (
    BUSINESS_DATE,
    Code,
    Column,
    Kind,
    Layer,
    Mask,
    PiClass,
    Table,
    split_name,
)

MAX_READER_VERSION, MAX_WRITER_VERSION = 3, 7
ALLOWED_FEATURES = frozenset({"timestampNtz", "appendOnly", "invariants"})
CHECKPOINT_COMMITS = 10
LOG_RETENTION_DAYS = 30
FILE_RETENTION_DAYS = 7

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


def delta_schema(table: Table, *, evolved: bool = False) -> Schema:
    """Give the Delta schema of a table: what is declared of it travels in its fields.

    The words of the table itself are kept with `business_date`, so that any change of a
    declaration is one commit. `evolved` says that some files lack columns added later.
    """
    fields = [
        Field(
            column.name,
            PrimitiveType(_DELTA_TYPES.get(column.type, column.type.replace(" ", ""))),
            metadata=_column_words(column),
        )
        for column in table.columns
    ]
    words = {
        "zh": table.zh,
        "en": table.en,
        "kind": table.kind.value,
        **_both("description", table.description),
        "evolved": "yes" if evolved else "no",
        "sorted_by": table.sorted_by,
    }
    of_table = {_PREFIX + key: value for key, value in words.items()}
    return Schema([*fields, Field(BUSINESS_DATE, PrimitiveType("date"), metadata=of_table)])


def configuration() -> dict[str, str]:
    """Give the table properties that are set when a table is made."""
    return {
        "delta.checkpointInterval": str(CHECKPOINT_COMMITS),
        "delta.dataSkippingNumIndexedCols": "0",  # no smallest and largest names in the log
        "delta.logRetentionDuration": f"interval {LOG_RETENTION_DAYS} days",
        "delta.deletedFileRetentionDuration": f"interval {FILE_RETENTION_DAYS} days",
    }


def declared(stored: DeltaTable, qualified: str) -> tuple[Table, bool]:
    """Read the declaration back, and whether it evolved. Raises Corrupt if it is not ours."""
    layer, name = split_name(qualified)
    fields = stored.schema().fields
    words = next((_words(field) for field in fields if field.name == BUSINESS_DATE), {})
    columns = [column(field) for field in fields if field.name != BUSINESS_DATE]
    if "zh" not in words:
        raise Corrupt(
            f"table {qualified} carries no declaration",
            "It was not written by Titian; move its directory out of the lake.",
        )
    table = Table(
        Layer(layer),
        name,
        zh=words["zh"],
        en=words["en"],
        columns=tuple(columns),
        description=_label(words, "description"),
        kind=Kind(words["kind"]),
        sorted_by=words.get("sorted_by", ""),
    )
    return table, words["evolved"] == "yes"


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
        **_both("description", column.description),
    }
    if column.codes:
        listed = [[code.value, code.label.zh, code.label.en] for code in column.codes]
        words["codes"] = json.dumps(listed, ensure_ascii=False)
    return {_PREFIX + key: value for key, value in words.items()}


def _both(name: str, label: Label) -> dict[str, str]:
    return {name: label.en, f"{name}_zh": label.zh}


def _label(words: Mapping[str, str], name: str) -> Label:
    # Tables of earlier versions keep one language only.
    return Label(words.get(f"{name}_zh", words[name]), words[name])


def _codes(words: Mapping[str, str]) -> tuple[Code, ...]:
    listed = json.loads(words.get("codes", "[]"))
    return tuple(Code(value, Label(zh, en)) for value, zh, en in listed)


def _words(field: Field) -> dict[str, str]:
    words = cast("Mapping[str, str]", field.metadata)
    return {key.removeprefix(_PREFIX): value for key, value in words.items()}


def column(field: Field) -> Column:
    """Read the declaration of a column back. Raises Corrupt when it carries none."""
    words = _words(field)
    kind = cast("PrimitiveType", field.type).type
    try:
        return Column(
            field.name,
            words["type"] or _DECLARED_TYPES.get(kind, kind),
            zh=words["zh"],
            en=words["en"],
            pi_class=PiClass(words["pi_class"]),
            level=int(words["level"].removeprefix("L")),
            mask=Mask(words["mask"]),
            required=words["required"] == "yes",
            key=words["key"] == "yes",
            description=_label(words, "description"),
            codes=_codes(words),
        )
    except (KeyError, ValueError):
        raise Corrupt(
            f"column {field.name} carries no class or level",
            "It was not written by Titian; move its table out of the lake.",
        ) from None
