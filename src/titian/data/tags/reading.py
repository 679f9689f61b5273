"""Tag definition files, read strictly: one category a file, every mistake with its line.

category: {code: deposits, zh: 存款, en: Deposits, order: 9}
owner: retail
tags:
  deposit_band:
    zh: 存款档次
    en: Deposit band
    kind: rule
    subject: party
    level: 3
    description: {zh: …, en: …}
    values:
      large: {zh: 50 万元以上, en: 500,000 yuan and more, when: deposit_fen >= wan(50)}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from titian.data.strict import Document, Place, read_yaml
from titian.data.tags.fields import FIELDS_FILE
from titian.data.tags.model import (
    PLAIN,
    Card,
    Category,
    Points,
    Profile,
    Refresh,
    Source,
    Subject,
    Tag,
    TagKind,
    TagValue,
)
from titian.decide import Condition, ConditionError, Label, parse
from titian.kernel.errors import InvalidDefinition, InvalidInput
from titian.kernel.ids import valid_name

MAX_TAGS = 2_000
MAX_VALUES = 50
MAX_POINTS = 100
MAX_VALID_DAYS = 400
MAX_ABS_POINTS = 10_000

_FILE_KEYS = ("category", "owner", "overridable", "tags")
_TAG_KEYS = (
    "zh", "en", "kind", "subject", "level", "owner", "refresh", "valid_days", "description",
    "when", "values", "model",
)  # fmt: skip
_MODEL_KEYS = ("name", "version", "base", "points")
_VALUE_KEYS = ("zh", "en", "when", "at_least")


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading a tag needs: its document, the profile's fields, its category and owner."""

    document: Document
    profile: Profile
    category: Category
    owner: Label


def read_files(paths: Sequence[Path], profile: Profile) -> tuple[Tag, ...]:
    """Read all tags of some files, in category order.

    Raises InvalidDefinition with file and line for anything wrong or defined twice.
    """
    found: dict[str, Tag] = {}
    for path in paths:
        if path.name == FIELDS_FILE:
            continue
        for tag in read_file(path, profile):
            if tag.code in found:
                other = found[tag.code]
                raise InvalidDefinition(
                    f"tag {tag.code} is defined in {other.file}:{other.line} already",
                    "Rename one of them.",
                    file=tag.file,
                    line=tag.line,
                )
            found[tag.code] = tag
    if len(found) > MAX_TAGS:
        raise InvalidInput(f"there are over {MAX_TAGS} tags", "Retire some.")
    return tuple(sorted(found.values(), key=lambda tag: (tag.category.order, tag.category.code)))


def read_file(path: Path, profile: Profile) -> list[Tag]:
    """Read one category's file. Raises InvalidDefinition."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDefinition(
            "the file is not UTF-8", "Save it as UTF-8.", file=str(path)
        ) from None
    document = read_yaml(text, str(path))
    top = document.mapping(document.value, (), "the file")
    document.known_keys(top, _FILE_KEYS, ())
    for key in ("category", "tags"):
        if key not in top:
            raise document.error((), f"the file lacks {key!r}", f"Add `{key}: …`.")
    owner = document.label(top.get("owner", "data"), ("owner",), "owner")
    reader = Reader(document, profile, _category(document, top["category"]), owner)
    tags = document.mapping(top["tags"], ("tags",), "tags")
    return [read_tag(reader, code, given) for code, given in tags.items()]


def _category(document: Document, given: object) -> Category:
    place: Place = ("category",)
    known = document.mapping(given, place, "category")
    document.known_keys(known, ("code", "zh", "en", "order"), place)
    code = document.text(known.get("code"), (*place, "code"), "code")
    label = document.label({k: known.get(k) for k in ("zh", "en")}, place, "the category")
    order = document.whole(known.get("order"), (*place, "order"), "order", 1, 999)
    return Category(_name(document, code, (*place, "code")), label, order)


def read_tag(reader: Reader, code: str, given: object, source: Source = Source.FILE) -> Tag:
    """Read one tag's definition. Raises InvalidDefinition."""
    document, place = reader.document, ("tags", code)
    spec = document.mapping(given, place, f"tag {code}")
    document.known_keys(spec, _TAG_KEYS, place)
    for key in ("zh", "en", "kind", "subject", "level", "description"):
        if key not in spec:
            raise document.error(place, f"tag {code} lacks {key!r}", f"Add `{key}: …`.")
    kind = TagKind(document.choice(spec["kind"], (*place, "kind"), "kind", list(TagKind)))
    subject = document.choice(spec["subject"], (*place, "subject"), "subject", list(Subject))
    refresh = document.choice(
        spec.get("refresh", "daily"), (*place, "refresh"), "refresh", list(Refresh)
    )
    card = _card(reader, spec, place, kind)
    tag = Tag(
        code=_name(document, code, place),
        label=document.label({k: spec[k] for k in ("zh", "en")}, place, "the tag"),
        category=reader.category,
        kind=kind,
        subject=Subject(subject),
        level=document.whole(spec["level"], (*place, "level"), "level", 1, 5),
        owner=document.label(spec["owner"], (*place, "owner"), "owner")
        if "owner" in spec
        else reader.owner,
        refresh=Refresh(refresh),
        valid_days=document.whole(
            spec.get("valid_days", 3), (*place, "valid_days"), "valid_days", 1, MAX_VALID_DAYS
        ),
        description=document.label(spec["description"], (*place, "description"), "description"),
        values=_values(reader, spec, place, card),
        card=card,
        source=source,
        file=document.file,
        line=document.line(place),
    )
    _check(tag, reader.profile, document, place)
    return tag


def _check(tag: Tag, profile: Profile, document: Document, place: Place) -> None:
    if tag.code in profile.schema:
        raise document.error(
            place, f"tag {tag.code} is named like a profile field", "Give it another name."
        )
    needed = profile.level(tag.fields)
    if tag.level < needed:
        hot = sorted(n for n in tag.fields if profile.fields[n].level == needed)
        raise document.error(
            (*place, "level"),
            f"tag {tag.code} has level {tag.level} and reads {', '.join(hot)} of level {needed}",
            f"Raise its level to {needed}, or leave these fields out.",
        )
    if tag.subject is Subject.HOUSEHOLD:
        personal = sorted(n for n in tag.fields if not profile.fields[n].household)
        if personal:
            raise document.error(
                place,
                f"household tag {tag.code} reads {', '.join(personal)}, which differ by member",
                "Use fields that describe the household, or make its subject person.",
            )


def _card(reader: Reader, spec: dict[str, object], place: Place, kind: TagKind) -> Card | None:
    document = reader.document
    if (kind is TagKind.MODEL) != ("model" in spec):
        raise document.error(
            place, "a tag of kind model, and no other, states its model", "Mend kind or model."
        )
    if "model" not in spec:
        return None
    inner = (*place, "model")
    given = document.mapping(spec["model"], inner, "model")
    document.known_keys(given, _MODEL_KEYS, inner)
    points = given.get("points")
    if not isinstance(points, list) or not 1 <= len(points) <= MAX_POINTS:
        raise document.error(
            inner, "a model needs a list of points", f"Give 1 to {MAX_POINTS} lines."
        )
    return Card(
        name=document.text(given.get("name"), (*inner, "name"), "name"),
        version=document.whole(given.get("version"), (*inner, "version"), "version", 1, 10_000),
        base=_points_value(document, given.get("base", 0), (*inner, "base")),
        points=tuple(
            _points(reader, line, (*inner, "points", at)) for at, line in enumerate(points)
        ),
    )


def _points(reader: Reader, given: object, place: Place) -> Points:
    line = reader.document.mapping(given, place, "points")
    reader.document.known_keys(line, ("when", "points"), place)
    value = _points_value(reader.document, line.get("points"), (*place, "points"))
    return Points(_condition(reader, line.get("when"), (*place, "when")), value)


def _points_value(document: Document, given: object, place: Place) -> int:
    return document.whole(given, place, "points", -MAX_ABS_POINTS, MAX_ABS_POINTS)


def _values(
    reader: Reader, spec: dict[str, object], place: Place, card: Card | None
) -> tuple[TagValue, ...]:
    document = reader.document
    if ("when" in spec) == ("values" in spec):
        raise document.error(place, "a tag has either `when` or `values`", "Give one of them.")
    if "when" in spec:
        if card is not None:
            raise document.error(place, "a model tag has values with at_least", "Give `values`.")
        yes = Label("是", "Yes")
        return (TagValue(PLAIN, yes, _condition(reader, spec["when"], (*place, "when"))),)
    listed = document.mapping(spec["values"], (*place, "values"), "values")
    if not 1 <= len(listed) <= MAX_VALUES:
        raise document.error(
            (*place, "values"), f"a tag has 1 to {MAX_VALUES} values", "Group some of them."
        )
    made = tuple(
        _value(reader, code, given, (*place, "values", code), card)
        for code, given in listed.items()
    )
    cuts = [value.at_least for value in made if value.at_least is not None]
    if cuts != sorted(set(cuts), reverse=True):
        raise document.error(
            (*place, "values"), "the values of a model go from high to low", "Sort by at_least."
        )
    return made


def _value(reader: Reader, code: str, given: object, place: Place, card: Card | None) -> TagValue:
    document = reader.document
    spec = document.mapping(given, place, f"value {code}")
    document.known_keys(spec, _VALUE_KEYS, place)
    label = document.label({k: spec.get(k) for k in ("zh", "en")}, place, "the value")
    needed, other = ("at_least", "when") if card is not None else ("when", "at_least")
    if needed not in spec or other in spec:
        raise document.error(
            place, f"value {code} needs `{needed}` and no `{other}`", "A model is cut by at_least."
        )
    if card is not None:
        cut = _points_value(document, spec["at_least"], (*place, "at_least"))
        return TagValue(_name(document, code, place), label, None, cut)
    condition = _condition(reader, spec["when"], (*place, "when"))
    return TagValue(_name(document, code, place), label, condition)


def _condition(reader: Reader, given: object, place: Place) -> Condition:
    text = reader.document.text(given, place, "a condition")
    try:
        return parse(text, reader.profile.schema)
    except ConditionError as error:
        raise reader.document.error(place, error.what, error.remedy) from error


def _name(document: Document, code: str, place: Place) -> str:
    try:
        return valid_name(code, "name")
    except InvalidInput as error:
        raise document.error(place, error.what, error.remedy) from None
