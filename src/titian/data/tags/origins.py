"""Which profile columns every tag rests on: the tags' part of column lineage."""

from __future__ import annotations

from functools import lru_cache

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs.origins import TAG as PREFIX
from titian.data.jobs.origins import Origin, Origins
from titian.data.tags import catalogue
from titian.data.tags.catalogue import Catalogue
from titian.data.tags.fields import PROFILE
from titian.data.tags.lake import TAG
from titian.data.tags.model import Tag
from titian.decide import Label
from titian.kernel.scope import Permission, Scope
from titian.lake.schema import BUSINESS_DATE

_COUNTED = ("members", "eligible", "subjects", "bitmap")
_COUNT = Label("按标签的每个取值汇总", "counted for each value of each tag")
_EVERY = frozenset({"dense_id", "status", "party_type"})


def origins(scope: Scope) -> Origins | None:
    """Give what a bank's tags are made from. None where it has none."""
    if not definitions.paths(scope, Kind.TAGS):
        return None
    return _origins(catalogue.load(scope))


def name_of(tag: Tag) -> str:
    """Name a tag as lineage does: `tag:loans.has_loan`."""
    return f"{PREFIX}{tag.category.code}.{tag.code}"


@lru_cache(maxsize=64)
def _origins(found: Catalogue) -> Origins:
    columns = {name for name in found.profile.fields if name != BUSINESS_DATE}
    ends = [
        Origin(f"{PROFILE}.{name}", name_of(tag), _how(tag), Permission.VIEW_TAGS, tag.level)
        for tag in found.tags.values()
        for name in sorted(tag.fields & columns)
    ]
    used = {name for tag in found.tags.values() for name in tag.fields} & columns
    counted = [
        Origin(f"{PROFILE}.{name}", f"{TAG}.{column}", _COUNT)
        for name in sorted(used | _EVERY)
        for column in _COUNTED
    ]
    return Origins(frozenset({TAG}), tuple((TAG, origin) for origin in (*ends, *counted)))


def _how(tag: Tag) -> Label:
    conditions = tag.conditions
    return Label(*("\n".join(one.explain(locale) for one in conditions) for locale in ("zh", "en")))
