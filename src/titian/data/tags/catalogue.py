"""The tags in force at a bank: those of definition files, and those its people made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.strict import Document, nearest
from titian.data.tags import reading
from titian.data.tags.fields import has_profile, profile_of
from titian.data.tags.model import Category, Profile, Source, Tag
from titian.data.tags.tables import business_tag
from titian.decide import Field, Label, Schema, Type
from titian.decide import Kind as DataKind
from titian.kernel import db
from titian.kernel.errors import InvalidDefinition, NotFound
from titian.kernel.labels import UNSAID
from titian.kernel.scope import Permission, Scope

BUSINESS = Category("business_made", Label("业务自建", "Made by the business"), 100)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Tags by code, in category order, with the profile they rest on."""

    tags: Mapping[str, Tag]
    profile: Profile
    schema: Schema

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say of customers: no tag, and no field of a profile."""
        return not self.tags and not self.profile.fields

    @property
    def categories(self) -> tuple[Category, ...]:
        """The categories in use, in order."""
        return tuple(dict.fromkeys(tag.category for tag in self.tags.values()))

    def tag(self, code: str) -> Tag:
        """Find a tag. Raises NotFound naming the nearest."""
        if code not in self.tags:
            raise NotFound(f"there is no tag {code!r}", nearest(code, self.tags))
        return self.tags[code]

    def level(self, names: frozenset[str]) -> int:
        """Give the highest data level among tags and profile fields."""
        own = max((self.tags[name].level for name in names if name in self.tags), default=1)
        return max(own, self.profile.level(names))


_NOTHING = Catalogue({}, Profile({}, Schema(())), Schema(()))


def load(scope: Scope) -> Catalogue:
    """Give a bank's tags: none where there are neither tags nor a profile for them to read.

    Raises InvalidDefinition, and NotFound for tags without a profile.
    """
    stamps = tuple(_stamp(path) for path in definitions.paths(scope, Kind.TAGS))
    approved = _approved(scope)
    if not stamps and not approved and not has_profile(scope):
        return _NOTHING
    return _catalogue(profile_of(scope), stamps, approved)


def visible(scope: Scope) -> Catalogue:
    """Give the tags a person may see: those up to their clearance. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    full = load(scope)
    if scope.is_system:
        return full
    seen = {code: tag for code, tag in full.tags.items() if tag.level <= scope.clearance}
    hidden = full.tags.keys() - seen.keys()
    schema = Schema(field for field in full.schema if field.name not in hidden)
    return Catalogue(seen, full.profile, schema)


@lru_cache(maxsize=128)
def version(catalogue: Catalogue) -> str:
    """Give a fingerprint that changes when any tag's meaning does."""
    words = "\n".join(fingerprint(tag) for tag in catalogue.tags.values())
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def fingerprint(tag: Tag) -> str:
    """Give a fingerprint of what a tag means, whatever it is called."""
    parts = [tag.code, tag.subject.value, tag.refresh.value]
    for value in tag.values:
        parts += (value.code, value.condition.text if value.condition else str(value.at_least))
    if tag.card is not None:
        parts.append(str(tag.card.base))
        parts += (f"{line.points} {line.condition.text}" for line in tag.card.points)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def validate(scope: Scope, files: Sequence[Path]) -> None:
    """Raise InvalidDefinition unless these tag files work together with a bank's other tags."""
    new = {path.name: path for path in files}
    old = [path for path in definitions.paths(scope, Kind.TAGS) if path.name not in new]
    reading.read_files([*old, *files], profile_of(scope))


def read_business(code: str, definition: Mapping[str, object], profile: Profile) -> Tag:
    """Make a tag of what a business user stated. Raises InvalidDefinition."""
    document = Document(f"tag {code}", dict(definition), {})
    reader = reading.Reader(document, profile, BUSINESS, UNSAID)
    return reading.read_tag(reader, code, dict(definition), Source.BUSINESS)


_Stamp = tuple[str, int, int]


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


def _approved(scope: Scope) -> tuple[tuple[str, str], ...]:
    if scope.bank is None:
        return ()
    query = (
        select(business_tag.c.code, business_tag.c.definition)
        .where(business_tag.c.bank == scope.bank, business_tag.c.status == "approved")
        .order_by(business_tag.c.code)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return tuple((row.code, json.dumps(row.definition, sort_keys=True)) for row in rows)


@lru_cache(maxsize=128)
def _catalogue(
    profile: Profile, stamps: tuple[_Stamp, ...], approved: tuple[tuple[str, str], ...]
) -> Catalogue:
    tags = {tag.code: tag for tag in reading.read_files([Path(s[0]) for s in stamps], profile)}
    for code, definition in approved:
        if code in tags:
            raise InvalidDefinition(
                f"tag {code} was made by the business, and a definition file has it too",
                "Retire the one made by the business, or rename the other.",
                file=tags[code].file,
                line=tags[code].line,
            )
        tags[code] = read_business(code, json.loads(definition), profile)
    return Catalogue(tags, profile, profile.schema.extended(_as_field(t) for t in tags.values()))


def _as_field(tag: Tag) -> Field:
    if tag.is_plain:
        return Field(tag.code, Type(DataKind.BOOLEAN), tag.label)
    values = {value.code: value.label for value in tag.values}
    return Field(tag.code, Type(DataKind.STRING), tag.label, values)
