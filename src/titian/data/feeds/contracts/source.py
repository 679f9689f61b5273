"""The `servers` part of a contract: how to open a delivery."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from titian.data.feeds.contracts import odcs
from titian.data.feeds.contracts.fields import Position
from titian.data.feeds.contracts.pieces import Piece, custom
from titian.data.feeds.model import ControlSpec, Field, Format, Slot, SourceSpec
from titian.data.feeds.values.numbers import MAX_DIGITS

MAX_DELIMITER_CHARACTERS = 8
MAX_SKIP_LINES = 1_000
_CUSTOM = frozenset(
    {
        "auth_env",
        "control",
        "control_delimiter",
        "control_required",
        "control_totals",
        "delimiter",
        "encoding",
        "header",
        "query",
        "quote",
        "sheet",
        "skip_lines",
        "table",
        "url_env",
        "width_unit",
    }
)
# Every one of them leaves a line feed a line feed, so a file can be cut into lines before decoding.
ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "ascii",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "big5": "big5",
    "latin-1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "cp1250": "cp1250",
    "cp1252": "cp1252",
}
_FORMATS: Mapping[str, Format] = {
    "csv": Format.CSV,
    "delimited": Format.CSV,
    "fixed": Format.FIXED,
    "xlsx": Format.XLSX,
    "excel": Format.XLSX,
    "parquet": Format.PARQUET,
    "sql": Format.SQL,
}
_TOKEN = re.compile(r"\{([^}]*)\}")
DATE_TOKENS = ("yyyymmdd", "yyyy-mm-dd", "yymmdd")
_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")


def read_source(
    piece: Piece, pattern: str, fields: Sequence[Field], positions: Sequence[Position]
) -> SourceSpec:
    """Read the one server of a contract; `pattern` is the schema's file name."""
    entries = piece.keys(odcs.SERVER, "a server")
    extra = custom(entries, odcs.CUSTOM, _CUSTOM)
    kind = entries["type"].text("type") if "type" in entries else "local"
    form = _format(entries, kind, piece)
    slots = _slots(piece, fields, positions) if form is Format.FIXED else ()
    location = _location(entries, kind, piece)
    if form is not Format.SQL and location is None:
        _check_pattern(piece, pattern)
    delimiter = _delimiter(extra)
    return SourceSpec(
        format=form,
        pattern=pattern,
        encoding=_encoding(extra),
        delimiter=delimiter,
        quote=_quote(extra, delimiter),
        header=extra["header"].flag("header") if "header" in extra else form is not Format.FIXED,
        skip_lines=extra["skip_lines"].whole("skip_lines", 0, MAX_SKIP_LINES)
        if "skip_lines" in extra
        else 0,
        sheet=extra["sheet"].text("sheet") if "sheet" in extra else None,
        slots=slots,
        slots_in_bytes=_width_unit(extra),
        location=location,
        auth_env=_env(extra, "auth_env"),
        control=_control(extra, fields, delimiter),
        **_database(extra, form, piece),
    )


def _format(entries: Mapping[str, Piece], kind: str, piece: Piece) -> Format:
    if kind not in {"local", "api"} | odcs.DATABASES:
        raise piece.error(
            f"server type {kind!r} cannot be read from",
            "Use local (files), api (HTTP) or a database type such as postgresql or custom.",
        )
    if "format" not in entries:
        if kind in odcs.DATABASES:
            return Format.SQL
        raise piece.error("the server has no format", f"Use one of {', '.join(_FORMATS)}.")
    chosen = _FORMATS[entries["format"].choice("format", list(_FORMATS))]
    if (chosen is Format.SQL) != (kind in odcs.DATABASES):
        raise entries["format"].error(
            f"format {chosen} does not go with server type {kind}",
            "Use sql with a database and the other formats with local or api.",
        )
    return chosen


def _location(entries: Mapping[str, Piece], kind: str, piece: Piece) -> str | None:
    if kind != "api":
        return None
    if "location" not in entries:
        raise piece.error("an api server has no location", "Add `location:`, the URL to download.")
    location = entries["location"].text("location")
    if not location.startswith(("http://", "https://")):
        raise entries["location"].error(
            f"{location!r} is no web address", "Start it with https:// or http://."
        )
    _check_tokens(entries["location"], location)
    return location


def _check_pattern(piece: Piece, pattern: str) -> None:
    if not pattern:
        raise piece.error(
            "the schema has no physicalName", "Add the file name, such as LOAN_{yyyymmdd}.dat."
        )
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise piece.error(f"{pattern!r} leaves the delivery folder", "Name files inside it.")
    _check_tokens(piece, pattern)


def _check_tokens(piece: Piece, pattern: str) -> None:
    tokens = _TOKEN.findall(pattern)
    wrong = [token for token in tokens if token not in DATE_TOKENS]
    if wrong:
        known = ", ".join(f"{{{token}}}" for token in DATE_TOKENS)
        raise piece.error(f"{{{wrong[0]}}} in {pattern!r} means nothing", f"Use one of {known}.")
    if len(tokens) > 1:
        raise piece.error(f"{pattern!r} has two dates", "Keep one, and * for the other.")


def _encoding(extra: Mapping[str, Piece]) -> str:
    if "encoding" not in extra:
        return "utf-8"
    stated = extra["encoding"].text("encoding").lower().replace("_", "-")
    if stated.startswith(("utf-16", "utf-32")):
        raise extra["encoding"].error(
            f"{stated} files cannot be read", "Have them delivered as UTF-8 or GB18030."
        )
    if stated not in ENCODINGS:
        raise extra["encoding"].error(
            f"encoding {stated!r} is not supported", f"Use one of {', '.join(ENCODINGS)}."
        )
    return codecs.lookup(ENCODINGS[stated]).name


def _delimiter(extra: Mapping[str, Piece]) -> str:
    if "delimiter" not in extra:
        return ","
    stated = extra["delimiter"].any_text("delimiter")
    if not 1 <= len(stated) <= MAX_DELIMITER_CHARACTERS or set(stated) & set("\r\n\0"):
        raise extra["delimiter"].error(
            f"delimiter {stated!r} cannot divide fields",
            f'Use 1 to {MAX_DELIMITER_CHARACTERS} characters of one line; a tab is "\\t".',
        )
    return stated


def _quote(extra: Mapping[str, Piece], delimiter: str) -> str:
    if "quote" not in extra:
        return '"'
    stated = extra["quote"].any_text("quote")
    if len(stated.encode()) > 1 or (stated and stated in delimiter) or stated in ("\r", "\n", "\0"):
        raise extra["quote"].error(
            f"quote {stated!r} is not usable", 'Use one ASCII character, or "" for no quoting.'
        )
    return stated


def _width_unit(extra: Mapping[str, Piece]) -> bool:
    if "width_unit" not in extra:
        return True
    return extra["width_unit"].choice("width_unit", ["bytes", "characters"]) == "bytes"


def _env(extra: Mapping[str, Piece], key: str) -> str | None:
    if key not in extra:
        return None
    name = extra[key].text(key)
    if not _ENV_NAME.fullmatch(name):
        raise extra[key].error(
            f"{name!r} is not the name of an environment variable",
            "Name the variable that holds it, such as CORE_URL; secrets never stand in a contract.",
        )
    return name


def _database(extra: Mapping[str, Piece], form: Format, piece: Piece) -> dict[str, str | None]:
    given = {"url_env": _env(extra, "url_env")}
    given |= {key: extra[key].text(key) if key in extra else None for key in ("table", "query")}
    if form is not Format.SQL:
        stray = sorted(key for key, value in given.items() if value is not None)
        if stray:
            raise extra[stray[0]].error(f"{stray[0]} is for databases", "Use format: sql.")
        return given
    if given["url_env"] is None:
        raise piece.error(
            "the database has no address",
            "Add {property: url_env, value: NAME}, the environment variable with its URL.",
        )
    if (given["table"] is None) == (given["query"] is None):
        raise piece.error("a database feed needs a table or a query", "Give exactly one of them.")
    return given


def _control(
    extra: Mapping[str, Piece], fields: Sequence[Field], delimiter: str
) -> ControlSpec | None:
    if "control" not in extra:
        stray = [key for key in extra if key.startswith("control_")]
        if stray:
            raise extra[stray[0]].error(
                f"{stray[0]} is given without a control file", "Add the property `control`."
            )
        return None
    pattern = extra["control"].text("control")
    _check_tokens(extra["control"], pattern)
    totals = extra["control_totals"].texts("control_totals") if "control_totals" in extra else ()
    summable = {field.name for field in fields if _summable(field.column.arrow)}
    for name in totals:
        if name not in summable:
            raise extra["control_totals"].error(
                f"{name!r} has no total", f"Name integer or decimal columns: {sorted(summable)}."
            )
    if "control_delimiter" in extra:
        delimiter = extra["control_delimiter"].any_text("control_delimiter") or delimiter
    needed = (
        extra["control_required"].flag("control_required") if "control_required" in extra else True
    )
    return ControlSpec(pattern, delimiter, totals, needed)


def _summable(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.precision <= MAX_DIGITS)
    )


def _slots(
    piece: Piece, fields: Sequence[Field], positions: Sequence[Position]
) -> tuple[Slot, ...]:
    made: dict[str, Slot] = {}
    at = 0
    for field, position in zip(fields, positions, strict=True):
        if field.source in made:
            continue
        if position.width is None:
            raise piece.error(
                f"{field.name} has no width, and the file is fixed-width",
                "Add {property: width, value: …} to the column.",
            )
        start = at if position.start is None else position.start - 1
        if start < at:
            raise piece.error(
                f"{field.name} starts at {start + 1}, inside the field before it",
                f"Start it at {at + 1} or later; positions count from 1.",
            )
        made[field.source] = Slot(field.source, start, position.width)
        at = made[field.source].stop
    return tuple(made.values())
