"""Reading tags: the bitmaps of one business date, kept in memory while they are used.

A day's bitmaps are known by the files they come from, so a rewritten date is read anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

import pyarrow as pa
from pyroaring import BitMap

from titian.data.tags import queries
from titian.data.tags.bitmaps import of_ids
from titian.data.tags.catalogue import visible
from titian.data.tags.fields import PROFILE
from titian.data.tags.lake import EVERYONE, OPTED_OUT, TAG
from titian.data.tags.model import PLAIN, TagState
from titian.data.tags.plan import Step, tags_of
from titian.decide import Condition
from titian.kernel.errors import NotFound
from titian.kernel.scope import Permission, Scope
from titian.lake import handles, store
from titian.lake.schema import BUSINESS_DATE
from titian.lake.session import JobSession, open_session

MAX_DAYS = 64
MAX_CONDITIONS = 64
MAX_HISTORY_DAYS = 800

_BITMAPS = """
    SELECT tag, value, bitmap FROM mart.tag
    WHERE business_date = $business_date AND tag IN (SELECT unnest($codes))"""
_STATES = """
    SELECT tag, value, business_date, as_of, members, eligible FROM mart.tag
    WHERE business_date IN (SELECT unnest($dates)) AND tag NOT LIKE '\\_%' ESCAPE '\\'
    ORDER BY business_date, tag, value"""


@dataclass(slots=True)
class DayTags:
    """The bitmaps of one bank and business date, read when first asked for."""

    scope: Scope | None
    day: date
    session: JobSession | None = None
    _worn: dict[tuple[str, str], BitMap] = field(default_factory=dict)
    _held: OrderedDict[str, BitMap] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of_session(cls, session: JobSession, day: date) -> DayTags:
        """Give a day's bitmaps read through a session that is open already."""
        return cls(None, day, session)

    @property
    def everyone(self) -> BitMap:
        """All active parties."""
        return self.wearing(EVERYONE, PLAIN)

    @property
    def opted_out(self) -> BitMap:
        """Active parties that refuse marketing."""
        return self.wearing(OPTED_OUT, PLAIN)

    def wearing(self, tag: str, value: str) -> BitMap:
        """Give the parties that wear a value of a tag; none where it was not worked out."""
        if (tag, value) not in self._worn:
            self.fetch([tag])
        return self._worn.setdefault((tag, value), BitMap())

    def holding(self, condition: Condition) -> BitMap:
        """Give the active parties for whom a condition over profile fields is true."""
        sql = queries.members(condition)
        with self._lock:
            known = self._held.get(sql)
        if known is not None:
            return known
        ids = self._query(sql, {}).column(0).to_numpy()
        found = of_ids(ids)
        with self._lock:
            self._held[sql] = found
            while len(self._held) > MAX_CONDITIONS:
                self._held.popitem(last=False)
        return found

    def worn_by(self, dense_id: int, tags: Iterable[str]) -> frozenset[tuple[str, str]]:
        """Give the (tag, value) pairs, of some tags, that one party wears."""
        wanted = set(tags)
        self.fetch_missing(wanted)
        held = list(self._worn.items())
        return frozenset(key for key, members in held if key[0] in wanted and dense_id in members)

    def prepare(self, step: Step) -> None:
        """Read all bitmaps a step needs at once."""
        missing = {tag for tag, value in tags_of(step) if (tag, value) not in self._worn}
        if missing or (EVERYONE, PLAIN) not in self._worn:
            self.fetch(sorted(missing))

    def fetch_missing(self, tags: Iterable[str]) -> None:
        """Read the bitmaps of those tags of which none was read yet."""
        held = {tag for tag, _ in self._worn}
        missing = sorted(set(tags) - held)
        if missing or EVERYONE not in held:
            self.fetch(missing)

    def fetch(self, tags: Iterable[str]) -> None:
        """Read the bitmaps of all values of some tags; those of an earlier date lose who left."""
        wanted = set(tags)
        if (EVERYONE, PLAIN) not in self._worn:
            wanted |= {EVERYONE, OPTED_OUT}
        rows = self._query(_BITMAPS, {"codes": sorted(wanted)})
        columns = (rows.column(name).to_pylist() for name in ("tag", "value", "bitmap"))
        made = {
            (tag, value): BitMap.deserialize(held)
            for tag, value, held in zip(*columns, strict=True)
        }
        everyone = made.get((EVERYONE, PLAIN)) or self._worn.get((EVERYONE, PLAIN), BitMap())
        with self._lock:
            self._worn.update({key: members & everyone for key, members in made.items()})

    def _query(self, sql: str, parameters: dict[str, object]) -> pa.Table:
        values = {**parameters, BUSINESS_DATE: self.day}
        if self.session is not None:
            return self.session.sql(sql, values)
        assert self.scope is not None, "a day is read by scope or by session"
        with open_session(self.scope, tables=[TAG, PROFILE]) as session:
            return session.sql(sql, values)


_days: OrderedDict[tuple[str, date, tuple[str, ...]], DayTags] = OrderedDict()
_guard = Lock()


def day_tags(scope: Scope, day: date | None = None) -> DayTags:
    """Give the bitmaps of a bank's business date (the newest without one).

    The caller has checked what the person may see. Raises NotFound where tags were not worked out.
    """
    system = Scope.system(scope.bank_id)
    found = _dates(system)
    if day is None:
        day = found[-1]
    elif day not in found:
        raise NotFound(
            f"no tags were worked out for {day}", f"Choose a date from {found[0]} to {found[-1]}."
        )
    files = tuple(
        path
        for name in (TAG, PROFILE)
        for path in handles.snapshot(system, name).uris(frozenset({day}))
    )
    key = (scope.bank_id, day, files)
    with _guard:
        if key not in _days:
            _days[key] = DayTags(system, day)
        _days.move_to_end(key)
        while len(_days) > MAX_DAYS:
            _days.popitem(last=False)
        return _days[key]


def dates(scope: Scope) -> list[date]:
    """List the business dates with tags, in order; empty where there are none. Needs VIEW_TAGS."""
    scope.require(Permission.VIEW_TAGS)
    system = Scope.system(scope.bank_id)
    return store.dates(system, TAG) if store.exists(system, TAG) else []


def states(scope: Scope, day: date | None = None) -> list[TagState]:
    """Give every visible tag value's coverage on a date (the newest without one)."""
    return _states(scope, [day_tags(scope, day).day])


def coverage(scope: Scope, tag: str, days: int = 90) -> list[TagState]:
    """Give a tag's coverage on its last dates, oldest first. Raises NotFound."""
    visible(scope).tag(tag)
    recent = dates(scope)[-min(days, MAX_HISTORY_DAYS) :]
    return [state for state in _states(scope, recent) if state.tag == tag]


def _states(scope: Scope, days: list[date]) -> list[TagState]:
    known = visible(scope).tags
    system = Scope.system(scope.bank_id)
    with open_session(system, tables=[TAG]) as session:
        rows = session.sql(_STATES, {"dates": days}).to_pylist()
    return [TagState(**row) for row in rows if row["tag"] in known]


def _dates(system: Scope) -> list[date]:
    found = store.dates(system, TAG) if store.exists(system, TAG) else []
    if not found:
        raise NotFound(
            f"no tags were worked out at {system.place} yet",
            "Run the day's jobs: `titian jobs run` makes mart.party_profile and mart.tag.",
        )
    return found
