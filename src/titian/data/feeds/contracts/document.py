"""A whole contract: from the text of a YAML file to a `Contract`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import TypeVar

from titian.data.feeds.contracts import odcs
from titian.data.feeds.contracts.fields import Position, read_field
from titian.data.feeds.contracts.pieces import Piece, custom, sentence, titles
from titian.data.feeds.contracts.source import read_source
from titian.data.feeds.model import (
    DEFAULT_ARRIVAL_TIME,
    DEFAULT_MAX_BAD_SHARE,
    Contract,
    FeedKind,
    Field,
    Format,
    Schedule,
    SourceSpec,
    Status,
)
from titian.data.strict import read_yaml
from titian.kernel.errors import Cause, InvalidDefinition, InvalidInput, NotFound
from titian.kernel.ids import valid_name
from titian.kernel.labels import UNSAID, Label
from titian.lake.schema import MAX_COLUMNS, Kind, Layer, Table

MAX_BYTES = 1_000_000
_CUSTOM = frozenset(
    {
        "as_of",
        "business_date_from",
        "kind",
        "level",
        "max_bad_share",
        "optional",
        "overridable",
        "schedule",
    }
)
_CUSTOM_DESCRIPTION = frozenset({"purpose_zh"})
_UNUSED = ("price", "team", "roles", "support", "slaDefaultElement")
_USED_SLA = "arrivalTime"
MAX_ROWS = 2**53
Choice = TypeVar("Choice", FeedKind, Schedule, Status)


def read(path: Path) -> Contract:
    """Read one contract file. Raises InvalidDefinition, with file and line, or NotFound."""
    if not path.is_file():
        raise NotFound(f"there is no contract {path}", "Check the path.")
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise InvalidDefinition(
            f"the contract is over {MAX_BYTES:,} bytes", "Move code lists out.", file=str(path)
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDefinition(
            "the contract is not UTF-8 text", "Save it as UTF-8.", file=str(path)
        ) from None
    return parse(text, str(path))


def read_all(paths: Iterable[Path]) -> list[Contract]:
    """Read contracts, sorted by feed. Raises InvalidDefinition when two are of one feed."""
    found: dict[str, Contract] = {}
    for path in paths:
        contract = read(path)
        if contract.feed in found:
            raise InvalidDefinition(
                f"feed {contract.feed} has another contract, {found[contract.feed].file}",
                "Give one of them another schema name, or remove it.",
                file=str(path),
                line=1,
            )
        found[contract.feed] = contract
    return [found[feed] for feed in sorted(found)]


def parse(text: str, file: str) -> Contract:
    """Read the text of a contract; `file` is named in complaints. Raises InvalidDefinition."""
    document = read_yaml(text, file)
    if document.value is None:
        raise document.error((), "the contract is empty", "Start from an example contract.")
    piece = Piece(document, document.value, ())
    entries = piece.keys(odcs.CONTRACT, "a contract")
    _check_head(piece, entries)
    extra = custom(entries, odcs.CUSTOM, _CUSTOM)
    schema_piece = _only(piece, entries, "schema")
    schema = schema_piece.keys(odcs.SCHEMA, "a schema")
    kind = _choose(extra, "kind", FeedKind.SNAPSHOT)
    fields, positions, notes = _fields(schema_piece, schema, extra)
    table = _table(schema_piece, entries, schema, fields, kind)
    source = _read_source(piece, entries, schema, fields, positions)
    min_rows, max_rows, row_notes = _row_count(schema)
    arrival_time, sla_notes = _arrival_time(entries)
    contract = Contract(
        feed=table.name,
        version=entries["version"].text("version"),
        status=_choose(entries, "status", Status.ACTIVE),
        kind=kind,
        table=table,
        fields=tuple(fields),
        source=source,
        schedule=_choose(extra, "schedule", Schedule.DAILY),
        arrival_time=arrival_time,
        as_of=extra["as_of"].day("as_of") if "as_of" in extra else None,
        business_date_from=_business_date_from(extra, fields, source),
        max_bad_share=extra["max_bad_share"].number("max_bad_share", 0, 1)
        if "max_bad_share" in extra
        else DEFAULT_MAX_BAD_SHARE,
        min_rows=min_rows,
        max_rows=max_rows,
        optional="optional" in extra and extra["optional"].flag("optional"),
        overridable="overridable" in extra and extra["overridable"].flag("overridable"),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        file=file,
        notes=(*notes, *row_notes, *sla_notes, *_head_notes(entries)),
    )
    _check_dates(extra, contract)
    return contract


def _check_head(piece: Piece, entries: Mapping[str, Piece]) -> None:
    for key in ("apiVersion", "kind", "id", "version", "status", "schema", "servers"):
        if key not in entries:
            raise piece.error(f"the contract has no {key}", f"Add `{key}:`, as ODCS v3 asks.")
    entries["apiVersion"].choice("apiVersion", list(odcs.API_VERSIONS))
    entries["kind"].choice("kind", ["DataContract"])
    entries["id"].text("id")
    if "description" in entries:
        entries["description"].keys(odcs.DESCRIPTION, "the description")


def _only(piece: Piece, entries: Mapping[str, Piece], key: str) -> Piece:
    items = entries[key].items(key, 100)
    if len(items) != 1:
        raise (entries.get(key) or piece).error(
            f"{key} holds {len(items)} items", "A feed contract describes exactly one."
        )
    return items[0]


def _choose(entries: Mapping[str, Piece], key: str, default: Choice) -> Choice:
    if key not in entries:
        return default
    kind = type(default)
    return kind(entries[key].choice(key, [member.value for member in kind]))


def _fields(
    piece: Piece, schema: Mapping[str, Piece], extra: Mapping[str, Piece]
) -> tuple[list[Field], list[Position], list[str]]:
    if "properties" not in schema:
        raise piece.error("the schema has no properties", "List the columns under `properties:`.")
    level = extra["level"].whole("level", 1, 5) if "level" in extra else 1
    read = [
        read_field(item, level) for item in schema["properties"].items("properties", MAX_COLUMNS)
    ]
    return (
        [field for field, _, _ in read],
        [position for _, position, _ in read],
        [note for _, _, notes in read for note in notes],
    )


def _table(
    schema_piece: Piece,
    entries: Mapping[str, Piece],
    schema: Mapping[str, Piece],
    fields: list[Field],
    kind: FeedKind,
) -> Table:
    if "name" not in schema:
        raise schema_piece.error("the schema has no name", "Add `name:`, the table's name.")
    zh, en = titles(schema, schema["name"].text("name"))
    try:
        return Table(
            layer=Layer.RAW,
            name=valid_name(schema["name"].text("name"), "feed name"),
            zh=zh,
            en=en,
            columns=tuple(field.column for field in fields),
            description=_purpose(entries),
            kind=Kind.EVENT if kind is FeedKind.EVENT else Kind.SNAPSHOT,
        )
    except InvalidDefinition:
        raise
    except InvalidInput as error:
        raise schema_piece.error(error.what, error.remedy) from None


def _purpose(entries: Mapping[str, Piece]) -> Label:
    if "description" not in entries:
        return UNSAID
    described = entries["description"].keys(odcs.DESCRIPTION, "the description")
    extra = custom(described, odcs.CUSTOM, _CUSTOM_DESCRIPTION)
    return sentence(described, "purpose", extra, "purpose_zh")


def _read_source(
    piece: Piece,
    entries: Mapping[str, Piece],
    schema: Mapping[str, Piece],
    fields: list[Field],
    positions: list[Position],
) -> SourceSpec:
    pattern = schema["physicalName"].text("physicalName") if "physicalName" in schema else ""
    return read_source(_only(piece, entries, "servers"), pattern, fields, positions)


def _business_date_from(
    extra: Mapping[str, Piece], fields: list[Field], source: SourceSpec
) -> str | None:
    if "business_date_from" not in extra:
        return None
    piece = extra["business_date_from"]
    dated = {f.name: f for f in fields if f.column.type in ("date", "timestamp")}
    name = piece.choice("business_date_from", list(dated))
    if not dated[name].column.required:
        raise piece.error(f"{name} may be empty", f"Mark {name} `required: true`.")
    if "{" in source.pattern:
        raise piece.error(
            "the business date comes from a column and from the file name", "Keep one of the two."
        )
    return name


def _row_count(schema: Mapping[str, Piece]) -> tuple[int, int | None, list[str]]:
    low, high = 0, None
    notes: list[str] = []
    for rule in schema["quality"].items("quality", 100) if "quality" in schema else []:
        parts = rule.keys(odcs.QUALITY, "a quality rule")
        name = parts.get("metric") or parts.get("rule")
        if name is None or name.value != "rowCount":
            notes.append(
                Cause("a `quality` rule is left to the checks of jobs, not tested on arrival")
            )
            continue
        for key, shift in (("mustBeGreaterThan", 1), ("mustBeGreaterOrEqualTo", 0), ("mustBe", 0)):
            if key in parts:
                low = parts[key].whole(key, 0, MAX_ROWS) + shift
        for key, shift in (("mustBeLessThan", -1), ("mustBeLessOrEqualTo", 0), ("mustBe", 0)):
            if key in parts:
                high = parts[key].whole(key, 0, MAX_ROWS) + shift
        if "mustBeBetween" in parts:
            low, high = _between(parts["mustBeBetween"])
    return low, high, notes


def _between(piece: Piece) -> tuple[int, int]:
    ends = piece.items("mustBeBetween", 2)
    if len(ends) != 2:  # noqa: PLR2004
        raise piece.error("mustBeBetween needs two numbers", "Write [1, 1000].")
    return ends[0].whole("the lower end", 0, MAX_ROWS), ends[1].whole("the upper end", 0, MAX_ROWS)


def _arrival_time(entries: Mapping[str, Piece]) -> tuple[time, list[str]]:
    found = DEFAULT_ARRIVAL_TIME
    notes: list[str] = []
    for item in (
        entries["slaProperties"].items("slaProperties", 100) if ("slaProperties" in entries) else []
    ):
        parts = item.keys(odcs.SLA, "an SLA property")
        if "property" not in parts or "value" not in parts:
            raise item.error("an SLA property lacks its name or value", "Give both.")
        name = parts["property"].text("property")
        if name != _USED_SLA:
            notes.append(Cause(f"the SLA property {name} is not acted on"))
            continue
        stated = parts["value"].any_text("arrivalTime")
        try:
            found = time.fromisoformat(stated)
        except ValueError:
            raise parts["value"].error(
                f"arrivalTime {stated!r} is no time of day", 'Write it in quotes, as "03:00".'
            ) from None
    return found, notes


def _check_dates(extra: Mapping[str, Piece], contract: Contract) -> None:
    if contract.schedule is Schedule.ONCE and contract.as_of is None:
        raise extra["schedule"].error("schedule once has no date", "Add the property as_of.")
    if contract.source.format is Format.SQL and contract.source.control is not None:
        raise InvalidDefinition(
            "a database has no control file", "Remove the property control.", file=contract.file
        )


def _head_notes(entries: Mapping[str, Piece]) -> list[str]:
    return [Cause(f"`{key}` is kept as documentation only") for key in _UNUSED if key in entries]
