"""One property of a contract's schema: a column and what must hold of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.contracts import odcs
from titian.data.feeds.contracts.codes import names, read_codes
from titian.data.feeds.contracts.pieces import Piece, custom, sentence, titles
from titian.data.feeds.model import DEFAULT_PIVOT, Bound, Decoder, Field, Limits
from titian.kernel.errors import Cause, InvalidDefinition, InvalidInput
from titian.lake.schema import Code, Column, Mask, PiClass

MAX_TEXT_LENGTH = 1_000_000
MAX_WIDTH = 100_000
_CUSTOM = frozenset(
    {
        "codes",
        "decode",
        "description_zh",
        "level",
        "mask",
        "missing",
        "pivot",
        "start",
        "width",
    }
)
_SIZED = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d{1,7})\s*(?:,\s*(\d{1,2})\s*)?\))?\s*"
)
_TEXT_TYPES = frozenset(
    {"char", "varchar", "varchar2", "nvarchar", "nvarchar2", "nchar", "bpchar", "character", "text",
     "character varying", "string", "clob"}
)  # fmt: skip
_DECIMAL_TYPES = frozenset({"decimal", "numeric", "number", "dec"})
_DECODES: Mapping[Decoder, frozenset[str]] = {
    Decoder.YUAN_TO_FEN: frozenset({"integer"}),
    Decoder.YYYYMMDD: frozenset({"date"}),
    Decoder.YYYYMMDDHHMMSS: frozenset({"timestamp"}),
    Decoder.YYMMDD: frozenset({"date"}),
    Decoder.YES_NO: frozenset({"boolean"}),
    Decoder.BERKA_BIRTH_NUMBER: frozenset({"date", "string"}),
}
_FORMATS = {"yyyyMMdd": Decoder.YYYYMMDD, "yyyyMMddHHmmss": Decoder.YYYYMMDDHHMMSS}
_ISO_FORMATS = frozenset({"yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a fixed-width field was declared to stand; `start` counts from 1, as people do."""

    width: int | None
    start: int | None


def read_field(piece: Piece, default_level: int) -> tuple[Field, Position, list[str]]:
    """Read one property.

    Returns the field, its fixed-width position, and notes on what this room does not act on.
    """
    entries = piece.keys(odcs.PROPERTY, "a property")
    if "name" not in entries:
        raise piece.error("a property has no name", "Add `name:`, the column's name.")
    name = entries["name"].text("name")
    extra = custom(entries, odcs.CUSTOM, _CUSTOM)
    kind, formatted, stated_length = _type(entries, name, piece)
    decoder, trim = _decoders(extra, kind, name, formatted)
    codes = read_codes(extra, kind)
    if codes is not None and decoder is not None:
        raise extra["codes"].error(f"{name} has codes and a decoder", "Keep one of the two.")
    field = Field(
        column=_column(piece, entries, extra, kind, default_level, names(codes, decoder, kind)),
        source=_source(entries, name),
        decoder=decoder,
        trim=trim,
        codes=codes.meanings if codes else None,
        missing=frozenset(extra["missing"].texts("missing")) if "missing" in extra else frozenset(),
        pivot=extra["pivot"].whole("pivot", 0, 99) if "pivot" in extra else DEFAULT_PIVOT,
        unique=_flag(entries, "unique"),
        limits=_limits(entries, kind, name, stated_length),
    )
    return field, _position(extra), _notes(entries, name)


def _source(entries: Mapping[str, Piece], name: str) -> str:
    return entries["physicalName"].text("physicalName") if "physicalName" in entries else name


def _flag(entries: Mapping[str, Piece], key: str) -> bool:
    return key in entries and entries[key].flag(key)


def _position(extra: Mapping[str, Piece]) -> Position:
    return Position(
        width=extra["width"].whole("width", 1, MAX_WIDTH) if "width" in extra else None,
        start=extra["start"].whole("start", 1, MAX_WIDTH) if "start" in extra else None,
    )


def _column(
    piece: Piece,
    entries: Mapping[str, Piece],
    extra: Mapping[str, Piece],
    kind: str,
    default_level: int,
    codes: tuple[Code, ...],
) -> Column:
    name = entries["name"].text("name")
    zh, en = titles(entries, name)
    classes = [member.value for member in PiClass]
    masks = [member.value for member in Mask]
    stated = entries.get("classification")
    try:
        return Column(
            name=name,
            type=kind,
            zh=zh,
            en=en,
            pi_class=PiClass(stated.choice("classification", classes)) if stated else PiClass.NONE,
            level=extra["level"].whole("level", 1, 5) if "level" in extra else default_level,
            mask=Mask(extra["mask"].choice("mask", masks)) if "mask" in extra else Mask.DEFAULT,
            required=_flag(entries, "required") or _flag(entries, "primaryKey"),
            key=_flag(entries, "primaryKey"),
            description=sentence(entries, "description", extra, "description_zh"),
            codes=codes,
        )
    except InvalidDefinition:
        raise
    except InvalidInput as error:
        raise piece.error(error.what, error.remedy) from None


def _type(
    entries: Mapping[str, Piece], name: str, piece: Piece
) -> tuple[str, Decoder | None, int | None]:
    if "logicalType" not in entries:
        raise piece.error(
            f"property {name} has no logicalType", f"Use one of {', '.join(odcs.OPTIONS)}."
        )
    logical = entries["logicalType"].choice("logicalType", list(odcs.OPTIONS))
    base, first, second = _physical(entries)
    formatted = None
    if logical in ("date", "timestamp"):
        logical, formatted = _format(entries, logical)
    if logical == "number":
        decimal = base in _DECIMAL_TYPES and first is not None
        return (f"decimal({first},{second or 0})" if decimal else "double"), None, None
    return logical, formatted, first if logical == "string" and base in _TEXT_TYPES else None


def _physical(entries: Mapping[str, Piece]) -> tuple[str, int | None, int | None]:
    if "physicalType" not in entries:
        return "", None, None
    stated = entries["physicalType"].text("physicalType")
    match = _SIZED.fullmatch(stated)
    if match is None:
        raise entries["physicalType"].error(
            f"physicalType {stated!r} is not a type", "Write for example varchar(20)."
        )
    first, second = (int(size) if size else None for size in (match[2], match[3]))
    return match[1].lower(), first, second


def _format(entries: Mapping[str, Piece], logical: str) -> tuple[str, Decoder | None]:
    options = entries.get("logicalTypeOptions")
    if options is None:
        return logical, None
    given = options.keys(odcs.OPTIONS[logical], f"logicalTypeOptions of a {logical}")
    if "format" not in given:
        return logical, None
    stated = given["format"].text("format")
    if stated not in _FORMATS and stated not in _ISO_FORMATS:
        known = ", ".join([*_FORMATS, *sorted(_ISO_FORMATS)])
        raise given["format"].error(f"format {stated!r} is not supported", f"Use one of {known}.")
    return ("timestamp" if "HH" in stated else "date"), _FORMATS.get(stated)


def _decoders(
    extra: Mapping[str, Piece], kind: str, name: str, formatted: Decoder | None
) -> tuple[Decoder | None, bool]:
    if "decode" not in extra:
        return formatted, False
    piece = extra["decode"]
    pieces = piece.items("decode", 2) if isinstance(piece.value, list) else [piece]
    chosen = [
        Decoder(part.choice("decode", [member.value for member in Decoder])) for part in pieces
    ]
    work = [decoder for decoder in chosen if decoder is not Decoder.TRIM]
    if len(work) > 1:
        raise piece.error(f"{name} has two decoders", "Keep one, beside trim at most.")
    if work and kind not in _DECODES[work[0]]:
        fit = " or ".join(sorted(_DECODES[work[0]]))
        raise piece.error(f"{work[0]} makes {fit}, and {name} is {kind}", "Change one of the two.")
    return (work[0] if work else formatted), Decoder.TRIM in chosen


def _limits(entries: Mapping[str, Piece], kind: str, name: str, stated: int | None) -> Limits:
    if "logicalTypeOptions" not in entries:
        return Limits(max_length=stated)
    logical = "number" if kind == "double" or kind.startswith("decimal") else kind
    given = entries["logicalTypeOptions"].keys(
        odcs.OPTIONS[logical], f"logicalTypeOptions of a {logical}"
    )

    def length(key: str, default: int | None) -> int | None:
        return given[key].whole(key, 0, MAX_TEXT_LENGTH) if key in given else default

    def bound(key: str) -> Bound | None:
        return _bound(given[key], key, kind, name) if key in given else None

    return Limits(
        min_length=length("minLength", None),
        max_length=length("maxLength", stated),
        minimum=bound("minimum"),
        maximum=bound("maximum"),
        above=bound("exclusiveMinimum"),
        below=bound("exclusiveMaximum"),
        pattern=_pattern(given["pattern"]) if "pattern" in given else None,
    )


def _pattern(piece: Piece) -> str:
    pattern = piece.text("pattern")
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        raise piece.error(
            f"pattern {pattern!r} is not a regular expression ({error})",
            "Use RE2 syntax: no look-around and no back-references.",
        ) from None
    return pattern


def _bound(piece: Piece, key: str, kind: str, name: str) -> Bound:
    value = piece.value
    try:
        if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if kind == "double" and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if kind.startswith("decimal") and not isinstance(value, bool):
            return Decimal(str(value))
        if kind == "date":
            return piece.day(key)
        if kind == "timestamp":
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is None:
                return moment
    except (InvalidOperation, ValueError):
        pass
    raise piece.error(f"{key} {value!r} does not fit {name}, which is {kind}", "Mend the value.")


def _notes(entries: Mapping[str, Piece], name: str) -> list[str]:
    notes: list[str] = []
    if "quality" in entries:
        notes.append(
            Cause(f"{name}: `quality` is left to the checks of jobs, not tested on arrival")
        )
    if "transformLogic" in entries:
        notes.append(Cause(f"{name}: `transformLogic` is never run; use the property `decode`"))
    options = entries.get("logicalTypeOptions")
    if options is not None and isinstance(options.value, dict):
        ignored = sorted({"multipleOf", "defaultTimezone"} & options.value.keys())
        notes += [Cause(f"{name}: `{key}` is not tested on arrival") for key in ignored]
    return notes
