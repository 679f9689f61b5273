"""Feeds in words: states, reasons, columns and contracts as people read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from titian.data.feeds.arrivals import Refused, State
from titian.data.feeds.model import (
    Bound,
    Contract,
    Decoder,
    FeedKind,
    Field,
    Format,
    Schedule,
    Status,
)
from titian.data.feeds.reasons import Code, Problem, remedy, say
from titian.data.feeds.record import ArrivalStatus, RowStatus
from titian.lake.schema import Column
from titian.web import listing
from titian.web.i18n import Text, _, formats, lazy, locale
from titian.web.listing import Tone
from titian.web.naming import person_name

_REASON = re.compile(r"(?P<column>[^×]+) (?P<code>\w+) ×(?P<rows>[\d,]+)")
ARRIVED = (State.ARRIVED, State.LATE, State.BACKFILLED)

STATES: dict[State, listing.State] = {
    State.REJECTED: listing.State(lazy("Not accepted"), Tone.BAD),
    State.MISSING: listing.State(lazy("Missing"), Tone.BAD),
    State.WITHDRAWN: listing.State(lazy("Withdrawn"), Tone.WARN),
    State.LATE: listing.State(lazy("Came late"), Tone.WARN),
    State.EXPECTED: listing.State(lazy("Awaited"), Tone.NOTE),
    State.ARRIVED: listing.State(lazy("Arrived"), Tone.GOOD),
    State.BACKFILLED: listing.State(lazy("Loaded later"), Tone.CALM),
}
"""Worst first."""

ARRIVAL_STATES: dict[ArrivalStatus, listing.State] = {
    ArrivalStatus.LOADED: listing.State(lazy("Loaded"), Tone.GOOD),
    ArrivalStatus.REJECTED: listing.State(lazy("Not accepted"), Tone.BAD),
    ArrivalStatus.REPLACED: listing.State(lazy("Replaced"), Tone.CALM),
    ArrivalStatus.WITHDRAWN: listing.State(lazy("Withdrawn"), Tone.WARN),
}

ROW_STATES: dict[RowStatus, listing.State] = {
    RowStatus.OPEN: listing.State(lazy("To fix"), Tone.BAD),
    RowStatus.FIXED: listing.State(lazy("Mended"), Tone.GOOD),
    RowStatus.REPLAYING: listing.State(lazy("Being replayed"), Tone.NOTE),
    RowStatus.REPLAYED: listing.State(lazy("Replayed"), Tone.GOOD),
    RowStatus.DISMISSED: listing.State(lazy("Discarded"), Tone.CALM),
    RowStatus.SUPERSEDED: listing.State(lazy("Delivered anew"), Tone.CALM),
    RowStatus.WITHDRAWN: listing.State(lazy("Withdrawn"), Tone.CALM),
}

REPAIRS: dict[str, listing.State] = {
    "fix": listing.State(lazy("Mended a row"), Tone.NOTE),
    "dismiss": listing.State(lazy("Discarded a row"), Tone.WARN),
    "replay": listing.State(lazy("Replayed a row"), Tone.GOOD),
    "supersede": listing.State(lazy("Its date was delivered anew"), Tone.CALM),
    "withdraw": listing.State(lazy("Its date was withdrawn"), Tone.WARN),
}

REASONS: dict[Code, Text] = {
    Code.ENCODING: lazy("Unreadable characters"),
    Code.FIELD_COUNT: lazy("Wrong number of fields"),
    Code.RECORD_LENGTH: lazy("Wrong length of the line"),
    Code.QUOTE: lazy("Quote not closed"),
    Code.NUL: lazy("NUL character"),
    Code.REQUIRED: lazy("Required and empty"),
    Code.TYPE: lazy("Wrong type"),
    Code.CODE: lazy("Unknown code"),
    Code.TOO_LONG: lazy("Too long"),
    Code.TOO_SHORT: lazy("Too short"),
    Code.MINIMUM: lazy("Too small"),
    Code.MAXIMUM: lazy("Too large"),
    Code.PATTERN: lazy("Wrong pattern"),
    Code.DUPLICATE_KEY: lazy("Key twice"),
    Code.FUTURE: lazy("Date still to come"),
}
"""Why a row waits, in a few words."""

CONTRACT_STATES: dict[Status, listing.State] = {
    Status.PROPOSED: listing.State(lazy("Proposed"), Tone.NOTE),
    Status.DRAFT: listing.State(lazy("Draft"), Tone.NOTE),
    Status.ACTIVE: listing.State(lazy("In force"), Tone.GOOD),
    Status.DEPRECATED: listing.State(lazy("Running out"), Tone.WARN),
    Status.RETIRED: listing.State(lazy("Retired"), Tone.CALM),
}
"""Where a contract is in its life."""

SCHEDULES: dict[Schedule, Text] = {
    Schedule.DAILY: lazy("every day"),
    Schedule.WEEKDAYS: lazy("Monday to Friday"),
    Schedule.MONTH_END: lazy("the last day of each month"),
    Schedule.ONCE: lazy("once"),
}

KINDS: dict[FeedKind, Text] = {
    FeedKind.SNAPSHOT: lazy("all rows at first, then new and changed ones"),
    FeedKind.EVENT: lazy("the rows of that business date"),
    FeedKind.FULL: lazy("all rows, every time"),
}

FORMATS: dict[Format, Text] = {
    Format.CSV: lazy("text with separators"),
    Format.FIXED: lazy("text of fixed width"),
    Format.XLSX: "Excel",
    Format.PARQUET: "Parquet",
    Format.SQL: lazy("read from a database"),
}

DECODERS: dict[Decoder, Text] = {
    Decoder.TRIM: lazy("without surrounding blanks"),
    Decoder.YUAN_TO_FEN: lazy("an amount in yuan such as 1234.56"),
    Decoder.YYYYMMDD: lazy("a date such as 20260331"),
    Decoder.YYYYMMDDHHMMSS: lazy("a moment such as 20260331083000"),
    Decoder.YYMMDD: lazy("a date such as 260331"),
    Decoder.YES_NO: lazy("Y or N"),
    Decoder.BERKA_BIRTH_NUMBER: lazy("a birth number: date, women's months plus 50"),
}

_TYPES: dict[str, Text] = {
    "string": lazy("a text"),
    "integer": lazy("a whole number"),
    "double": lazy("a number"),
    "boolean": lazy("yes or no"),
    "date": lazy("a date such as 2026-03-31"),
    "timestamp": lazy("a moment such as 2026-03-31 08:30:00"),
}


def contract_name(contract: Contract) -> str:
    """Give a feed's name in the reader's language."""
    return contract.table.zh if locale() == "zh" else contract.table.en


def label(column: Column) -> str:
    """Give a column's name in the reader's language."""
    return (column.zh if locale() == "zh" else column.en) or column.name


def labels(contract: Contract) -> dict[str, str]:
    """Give the names of a feed's columns in the reader's language."""
    return {column.name: label(column) for column in contract.table.columns}


def column_words(contract: Contract | None, columns: str) -> str:
    """Give the names of one column, or of several with commas between them."""
    known = labels(contract) if contract else {}
    return ", ".join(known.get(name, name) for name in columns.split(", "))


def problem_words(contract: Contract | None, problem: Problem) -> str:
    """Say what is wrong with a row, with columns and types by their names."""
    params = {"column": column_words(contract, problem.column), **problem.params}
    if "type" in params:
        params["type"] = type_words(str(params["type"]))
    said = say(problem.code, params, locale())
    return said[:1].upper() + said[1:]


def remedy_words(contract: Contract | None, problem: Problem) -> str:
    """Say what to do about a problem of a row."""
    params = {"column": column_words(contract, problem.column), **problem.params}
    return remedy(problem.code, params, locale())


def type_words(text: str) -> str:
    """Say a type as reasons name it, such as `integer (yuan_to_fen)`, in words."""
    kind, _blank, decoder = text.partition(" (")
    decoder = decoder.rstrip(")")
    if decoder in {one.value for one in Decoder}:
        return str(DECODERS[Decoder(decoder)])
    if kind.startswith("decimal"):
        return str(_TYPES["double"])
    return str(_TYPES.get(kind, kind))


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal in words, and what to do about it."""

    what: str
    remedy: str


def _with_code(contract: Contract | None, columns: str) -> str:
    """Give columns by their names, each with its code behind it."""
    known = labels(contract) if contract else {}
    return ", ".join(
        _("%(name)s (%(code)s)", name=known[code], code=code)
        if known.get(code, code) != code
        else code
        for code in columns.split(", ")
    )


def _heading_words(contract: Contract | None, heading: str) -> str:
    """Give the heading of a file with the name of the column it feeds."""
    fed = [field for field in contract.fields if field.source == heading] if contract else []
    return _("%(name)s (%(code)s)", name=label(fed[0].column), code=heading) if fed else heading


def _main_reasons(contract: Contract | None, reasons: str) -> str:
    """Put the main reasons of bad rows, such as `five_class code ×3; name type ×1`, in words."""
    said = []
    for reason in reasons.split("; "):
        found = _REASON.fullmatch(reason)
        if found is None or found["code"] not in REASONS:
            said.append(reason)
            continue
        why = str(REASONS[Code(found["code"])])
        column = "" if found["column"] == "—" else _with_code(contract, found["column"])
        said.append(f"{column} {why} ×{found['rows']}".strip())
    return "; ".join(said)


def refusals_words(contract: Contract | None, refusals: list[Refused]) -> list[Told]:
    """Say why a delivery was refused, with columns by their names."""
    told = []
    for refused in refusals:
        params = dict(refused.params)
        if "column" in params:
            params["column"] = _with_code(contract, str(params["column"]))
        if "columns" in params and refused.code is not Code.TOO_MANY_COLUMNS:
            headings = str(params["columns"]).split(", ")
            params["columns"] = ", ".join(_heading_words(contract, one) for one in headings)
        if "user" in params:
            params["user"] = person_name(str(params["user"]))
        if "reasons" in params:
            params["reasons"] = _main_reasons(contract, str(params["reasons"]))
        if "file" in params:
            params["file"] = str(params["file"]).rpartition("/")[2]
        found = Refused(refused.code, params)
        said = found.say(locale())
        told.append(Told(said[:1].upper() + said[1:], found.remedy(locale())))
    return told


@dataclass(frozen=True, slots=True)
class CodeWords:
    """One code of a file: what it means, in words, and how the table writes that."""

    code: str
    meaning: str
    value: str


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A column of a contract as people read it."""

    column: Column
    label: str
    source: str
    written: str
    rules: list[str]
    codes: list[CodeWords]


def field_words(field: Field) -> FieldWords:
    """Put a field of a contract into words."""
    decoder = field.decoder
    return FieldWords(
        field.column,
        label(field.column),
        field.source,
        str(DECODERS[decoder]) if decoder else type_words(field.column.type),
        _rules(field),
        code_words(field),
    )


def code_words(field: Field) -> list[CodeWords]:
    """Put the code list of a field into words; a code without a name is called what it means."""
    names = {code.value: code.label.text(locale()) for code in field.column.codes}
    names |= {str(True): _("yes"), str(False): _("no")}
    return [
        CodeWords(code, names.get(str(meaning), str(meaning)), str(meaning))
        for code, meaning in (field.codes or {}).items()
    ]


def _bound(field: Field, bound: Bound) -> str:
    if isinstance(bound, datetime):
        return formats.moment(bound)
    if isinstance(bound, date):
        return formats.day(bound)
    if isinstance(bound, int) and field.decoder is Decoder.YUAN_TO_FEN:
        return formats.money(bound)
    return formats.number(bound)


def _rules(field: Field) -> list[str]:
    limits = field.limits
    rules = []
    if field.column.required:
        rules.append(_("required"))
    if field.unique:
        rules.append(_("never twice"))
    if limits.max_length is not None and limits.min_length is not None:
        low, high = limits.min_length, limits.max_length
        rules.append(_("%(low)s to %(high)s characters", low=low, high=high))
    elif limits.max_length is not None:
        rules.append(_("at most %(most)s characters", most=limits.max_length))
    elif limits.min_length is not None:
        rules.append(_("at least %(least)s characters", least=limits.min_length))
    bounds = (
        ("≥", limits.minimum),
        (">", limits.above),
        ("≤", limits.maximum),
        ("<", limits.below),
    )
    rules += [f"{sign} {_bound(field, bound)}" for sign, bound in bounds if bound is not None]
    if limits.pattern is not None:
        rules.append(_("pattern %(pattern)s", pattern=limits.pattern))
    return rules
