"""Where a customer stands: key figures with their course, the tags they wear, their risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from titian.data.parties.model import Absence, Figure, RiskDay, Row, Worn
from titian.data.parties.reading import PROFILE, Reader, history_dates, rows, weeks_back
from titian.data.tags import catalogue, store
from titian.data.tags.model import Tag, TagValue
from titian.decide import Label
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission
from titian.lake import masking
from titian.lake.schema import BUSINESS_DATE, Column, Mask

COURSE_WEEKS = 14
FIGURES = (
    "aum_fen", "deposit_fen", "wealth_fen", "loan_fen", "household_aum_fen", "household_loan_fen",
    "in_fen_30d", "out_fen_30d", "entries_30d", "active_days_30d", "mobile_logins_30d",
    "salary_fen_90d", "pension_fen_90d", "subsidy_fen_90d", "payment_fen_90d", "cash_share_90d",
    "products_held", "overdue_days", "late_instalments_90d", "max_days_late_90d", "declines_30d",
    "device_binds_30d", "payee_adds_30d", "phone_sharers", "address_sharers",
)  # fmt: skip
_COURSES = ("aum_fen", "deposit_fen", "wealth_fen", "loan_fen", "entries_30d", "products_held")
_RISK = ("five_class", "overdue_days", "loan_fen")
_HINTS = (
    "dense_id", "last_entry_days", "touches_90d", "instalments_90d", "phone_sharers",
    "address_sharers", "limit_changes_30d",
)  # fmt: skip
_UNITS = {"_fen": "fen", "_share": "share", "_days": "days", "_late": "days"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A party's row of the business date: as the person may see it, and in the clear."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    shown: Row | None = None
    clear: Row = field(default_factory=dict)

    def whole(self, name: str) -> int | None:
        """Give a count in the clear, for deciding what to read; None where it is not known."""
        value = self.clear.get(name)
        return value if isinstance(value, int) else None


def profile(reader: Reader, party_id: PartyId) -> Profile:
    """Read the figures of the business date, and what tells which other tables need reading."""
    snapshot = reader.snapshot(PROFILE)
    if snapshot is None:
        return Profile()
    known = {column.name: column for column in snapshot.table.columns}
    wanted = [name for name in dict.fromkeys((*FIGURES, *_HINTS)) if name in known]
    found = reader.found(PROFILE, wanted, {"party_id": (party_id,)}, most=1)
    if not found.num_rows:
        return Profile(known)
    return Profile(known, reader.shown(PROFILE, found).rows[0], rows(found)[0])


def figures(reader: Reader, party_id: PartyId, own: Profile, *, course: bool) -> tuple[Figure, ...]:
    """Give the figures of the business date; with `course` how some moved over a quarter."""
    weeks = _on_days(reader, party_id, _COURSES, weeks_back(reader, COURSE_WEEKS)) if course else []
    return tuple(
        _figure(reader, own.columns[name], own.shown, weeks)
        for name in FIGURES
        if name in own.columns
    )


def _figure(reader: Reader, column: Column, now: Row | None, weeks: Sequence[Row]) -> Figure:
    value = None if now is None else _number(now[column.name])
    absent = None
    if value is None:
        hidden = masking.rule(reader.scope, column) is not Mask.NONE
        unseen = Absence.HIDDEN if hidden else Absence.UNKNOWN
        absent = Absence.NOT_WORKED_OUT if now is None else unseen
    course = tuple(
        (day, _number(row[column.name]))
        for row in weeks
        if column.name in row and isinstance(day := row[BUSINESS_DATE], date)
    )
    label = Label(column.zh, column.en)
    return Figure(column.name, label, _unit(column.name), value, absent, course)


def risk(reader: Reader, party_id: PartyId) -> tuple[RiskDay, ...]:
    """Give how the loans stood at weekly dates lately and ends of months of a year before.

    Oldest first; of dates alike the first, and the newest in any case.
    """
    found: list[RiskDay] = []
    listed = _on_days(reader, party_id, _RISK, history_dates(reader, PROFILE))
    for row in listed:
        day, grade = row[BUSINESS_DATE], row.get("five_class")
        assert isinstance(day, date)
        late, owed = _whole(row.get("overdue_days")), _whole(row.get("loan_fen"))
        one = RiskDay(day, None if grade is None else str(grade), late, owed)
        if not found or row is listed[-1] or _standing(found[-1]) != _standing(one):
            found.append(one)
    return tuple(found)


def _standing(one: RiskDay) -> tuple[str | None, bool]:
    return one.five_class, bool(one.overdue_days)


def _on_days(
    reader: Reader, party_id: PartyId, names: Iterable[str], days: Sequence[date]
) -> list[Row]:
    snapshot = reader.snapshot(PROFILE)
    if snapshot is None:
        return []
    known = {column.name for column in snapshot.table.columns}
    columns = [name for name in names if name in known]
    wanted = {"party_id": (party_id,)}
    found = reader.found(PROFILE, [*columns, BUSINESS_DATE], wanted, days=days)
    found = found.sort_by(BUSINESS_DATE)
    seen = reader.shown(PROFILE, found.select(columns)).rows
    held = found.column(BUSINESS_DATE).to_pylist()
    return [{**row, BUSINESS_DATE: day} for row, day in zip(seen, held, strict=True)]


def worn_tags(reader: Reader, party_id: PartyId, own: Profile, *, rules: bool) -> tuple[Worn, ...]:
    """Give the tags a customer wears that the person may see; none without VIEW_TAGS.

    With `rules` each says what must hold for it.
    """
    scope = reader.scope
    if not scope.allows(Permission.VIEW_TAGS) or reader.snapshot(PROFILE) is None:
        return ()
    held = [day for day in store.dates(scope) if day <= reader.day]
    if not held:
        return ()
    dense = own.whole("dense_id") if held[-1] == reader.day else None
    if dense is None:
        wanted = {"party_id": (party_id,)}
        listed = reader.found(PROFILE, ("dense_id",), wanted, days=held[-1:]).column(0).to_pylist()
        if not listed:
            return ()
        dense = int(listed[0])
    every = catalogue.load(scope).tags.values()
    known = [tag for tag in every if scope.is_system or tag.level <= scope.clearance]
    worn = store.day_tags(scope, held[-1]).worn_by(dense, (tag.code for tag in known))
    return tuple(
        _worn(tag, value, held[-1], rules=rules)
        for tag in known
        for value in tag.values
        if (tag.code, value.code) in worn
    )


def _worn(tag: Tag, value: TagValue, day: date, *, rules: bool) -> Worn:
    held = value.condition if rules else None
    rule = Label(held.explain("zh"), held.explain("en")) if held else Label("", "")
    if rules and value.at_least is not None and value != tag.values[-1]:
        rule = Label(
            f"模型得分不低于 {value.at_least}", f"the model gives {value.at_least} or more"
        )
    return Worn(
        tag=tag.code,
        value=value.code,
        kind=tag.kind,
        label=tag.label,
        value_label=None if tag.is_plain else value.label,
        category=tag.category.label,
        meaning=tag.description,
        rule=rule,
        as_of=day,
    )


def last_entry(reader: Reader, own: Profile) -> date | None:
    """Give the date money last moved, of the last 90 days; None when it did not."""
    days = own.whole("last_entry_days")
    return None if days is None else reader.day - timedelta(days)


def _unit(name: str) -> str:
    stem = name.removesuffix("_30d").removesuffix("_90d")
    return next((unit for end, unit in _UNITS.items() if stem.endswith(end)), "count")


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
