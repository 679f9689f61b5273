"""The YAML header in a job file's leading comment, read strictly into a table and its rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from titian.data.checks.model import Check
from titian.data.checks.parse import parse_checks
from titian.data.jobs import calendars
from titian.data.jobs.model import Engine
from titian.data.strict import Document, Place, read_yaml
from titian.kernel.errors import InvalidDefinition, InvalidInput
from titian.kernel.labels import UNSAID, Label
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

MAX_RETRIES = 10
MAX_TIMEOUT_S = 24 * 3600
DEFAULT_RETRIES = 2

_KEYS = (
    "writes",
    "zh",
    "en",
    "description",
    "kind",
    "sorted_by",
    "schedule",
    "waits",
    "due",
    "retries",
    "timeout_s",
    "engine",
    "overridable",
    "owner",
    "columns",
    "checks",
)
_COLUMN_KEYS = (
    "type",
    "zh",
    "en",
    "class",
    "level",
    "mask",
    "key",
    "required",
    "description",
    "codes",
    "lowers",
)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Header:
    """What a job file states about itself; `waits` is None where it leaves that to its reads.

    `lowers` says of columns why they may be less guarded than what they are made of.
    """

    table: Table
    schedule: str
    waits: tuple[str, ...] | None
    due: str | None
    retries: int
    timeout_s: float | None
    engine: Engine
    checks: tuple[Check, ...]
    lowers: Mapping[str, Label]
    document: Document


@lru_cache(maxsize=4_096)
def read_header(text: str, file: str) -> Header:
    """Read the leading comment of a job file.

    Raises InvalidDefinition with file and line for a missing header, an unknown key, a wrong value.
    """
    yaml_text, first_line = _leading_comment(text, file)
    document = read_yaml(yaml_text, file, first_line)
    value = document.mapping(document.value, (), "the header")
    document.known_keys(value, _KEYS, ())
    for key in ("writes", "zh", "en", "columns"):
        if key not in value:
            raise document.error((), f"the header lacks {key!r}", f"Add a line `{key}: …`.")
    table = _table(document, value)
    names = frozenset({column.name for column in table.columns} | {BUSINESS_DATE})
    return Header(
        table=table,
        schedule=_schedule(document, value.get("schedule", calendars.DAILY)),
        waits=document.texts(value["waits"], ("waits",), "waits") if "waits" in value else None,
        due=_due(document, value.get("due")),
        retries=document.whole(
            value.get("retries", DEFAULT_RETRIES), ("retries",), "retries", 0, MAX_RETRIES
        ),
        timeout_s=_timeout(document, value.get("timeout_s")),
        engine=Engine(
            document.choice(value.get("engine", "duckdb"), ("engine",), "engine", list(Engine))
        ),
        checks=parse_checks(document, ("checks",), table.qualified, names),
        lowers=_lowers(document, value["columns"]),
        document=document,
    )


def _leading_comment(text: str, file: str) -> tuple[str, int]:
    body = text.removeprefix("\ufeff")
    lead = len(body) - len(body.lstrip())
    end = body.find("*/", lead)
    if not body.startswith("/*", lead) or end < 0:
        raise InvalidDefinition(
            "the file does not start with a header",
            "Start it with /* writes: layer.table … */ as the manual's first example shows.",
            file=file,
            line=1,
        )
    inside = body[lead + 2 : end]
    skipped = len(inside) - len(inside.lstrip("\r\n"))
    first = 1 + body.count("\n", 0, lead + 2 + skipped)
    return inside[skipped:], first


def _table(document: Document, value: dict[str, object]) -> Table:
    qualified = document.text(value["writes"], ("writes",), "writes")
    try:
        layer, name = split_name(qualified)
    except InvalidInput as error:
        raise document.error(("writes",), error.what, error.remedy) from None
    if layer is Layer.RAW:
        raise document.error(
            ("writes",), f"a job may not write {qualified}", "Only feeds write raw; use core."
        )
    columns = document.mapping(value["columns"], ("columns",), "columns")
    kind = document.choice(value.get("kind", "snapshot"), ("kind",), "kind", list(Kind))
    made = tuple(_column(document, name_, spec) for name_, spec in columns.items())
    try:
        return Table(
            layer=layer,
            name=name,
            zh=document.text(value["zh"], ("zh",), "zh"),
            en=document.text(value["en"], ("en",), "en"),
            columns=made,
            description=_description(document, value, ()),
            kind=Kind(kind),
            sorted_by=document.text(value["sorted_by"], ("sorted_by",), "sorted_by")
            if "sorted_by" in value
            else "",
        )
    except InvalidDefinition:
        raise
    except InvalidInput as error:
        raise document.error(("columns",), error.what, error.remedy) from None


def _column(document: Document, name: str, spec: object) -> Column:
    place: Place = ("columns", name)
    given = document.mapping(spec, place, f"column {name}")
    document.known_keys(given, _COLUMN_KEYS, place)
    for key in ("type", "zh", "en"):
        if key not in given:
            raise document.error(place, f"column {name} lacks {key!r}", f"Add `{key}: …`.")
    pi_class = given.get("class", PiClass.NONE.value)
    mask = given.get("mask", Mask.DEFAULT.value)
    try:
        return Column(
            name=name,
            type=document.text(given["type"], (*place, "type"), "type"),
            zh=document.text(given["zh"], (*place, "zh"), "zh"),
            en=document.text(given["en"], (*place, "en"), "en"),
            pi_class=PiClass(document.choice(pi_class, (*place, "class"), "class", list(PiClass))),
            level=document.whole(given.get("level", 1), (*place, "level"), "level", 1, 5),
            mask=Mask(document.choice(mask, (*place, "mask"), "mask", list(Mask))),
            required=document.flag(given.get("required", False), place, "required"),
            key=document.flag(given.get("key", False), place, "key"),
            description=_description(document, given, place),
            codes=_codes(document, given.get("codes", {}), (*place, "codes")),
        )
    except InvalidDefinition:
        raise
    except InvalidInput as error:
        raise document.error(place, error.what, error.remedy) from None


def _lowers(document: Document, columns: object) -> dict[str, Label]:
    assert isinstance(columns, dict), "the table was read from it"
    return {
        name: document.label(spec["lowers"], ("columns", name, "lowers"), "lowers")
        for name, spec in columns.items()
        if "lowers" in spec
    }


def _description(document: Document, given: dict[str, object], place: Place) -> Label:
    if "description" not in given:
        return UNSAID
    return document.label(given["description"], (*place, "description"), "description")


def _codes(document: Document, given: object, place: Place) -> tuple[Code, ...]:
    codes = document.mapping(given, place, "codes")
    return tuple(
        Code(value, document.label(label, (*place, value), f"code {value}"))
        for value, label in codes.items()
    )


def _schedule(document: Document, value: object) -> str:
    return document.choice(value, ("schedule",), "schedule", calendars.NAMES)


def _due(document: Document, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise document.error(
            ("due",), "due must be a time of day", 'Write it in quotes, as "06:30".'
        )
    return value


def _timeout(document: Document, value: object) -> float | None:
    if value is None:
        return None
    return float(document.whole(value, ("timeout_s",), "timeout_s", 1, MAX_TIMEOUT_S))
