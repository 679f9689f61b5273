"""The people in an audience: a masked sample, and the rows of an approved export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
from pyroaring import BitMap
from sqlglot import exp

from titian.data.tags.audiences import members_of
from titian.data.tags.fields import NOT_FIELDS, PROFILE, profile_table
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.scope import Permission, Scope
from titian.lake import masking, store
from titian.lake.schema import BUSINESS_DATE, Column, Table
from titian.lake.session import open_session

PARTY = "core.party"
CONTACT = ("party_id", "name", "phone", "org_id", "officer_id")
MAX_SAMPLE = 100
MAX_COLUMNS = 40
_WANTED = "wanted"


def columns_of(scope: Scope) -> list[Column]:
    """List the columns that rows of people may have: contact data, then the profile."""
    system = Scope.system(scope.bank_id)
    party = store.describe(system, PARTY)
    profile = [c for c in profile_table(system).columns if c.name not in {*CONTACT, *NOT_FIELDS}]
    return [party.column(name) for name in CONTACT] + profile


def sample(scope: Scope, expression: str, day: date | None = None, *, limit: int = 20) -> pa.Table:
    """Give a few members of an audience, as this person may see them.

    Needs VIEW_CUSTOMERS and VIEW_TAGS. Raises ConditionError, Denied, NotFound.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    members = members_of(scope, expression, day, marketing=False)
    first = BitMap(members[: max(1, min(limit, MAX_SAMPLE))])
    shown = (*CONTACT, "age_years", "tenure_days")
    return rows(scope, first, day, shown)


def rows(scope: Scope, members: BitMap, day: date | None, names: Sequence[str]) -> pa.Table:
    """Give columns of some members as this scope may see them, in the order of their ids."""
    chosen = choose(scope, names)
    system = Scope.system(scope.bank_id)
    at = day or store.dates(system, PROFILE)[-1]
    with open_session(system, tables=[PARTY, PROFILE]) as session:
        found = session.sql(_query(chosen), {BUSINESS_DATE: at, _WANTED: list(members)})
    declared = Table(profile_table(system).layer, "people", "客户", "People", tuple(chosen))
    return masking.masked(scope, declared, found)


def choose(scope: Scope, names: Sequence[str]) -> list[Column]:
    """Find the named columns. Raises InvalidInput naming those there are, LimitExceeded."""
    known = {column.name: column for column in columns_of(scope)}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise InvalidInput(
            f"there is no column {', '.join(unknown)}" if unknown else "no columns are named",
            f"Choose among {', '.join(known)}.",
        )
    if len(set(names)) > MAX_COLUMNS:
        raise LimitExceeded(f"{len(names)} columns are asked for", f"Ask for {MAX_COLUMNS}.")
    return [known[name] for name in dict.fromkeys(names)]


def _query(chosen: Sequence[Column]) -> str:
    source = {True: "party", False: "profile"}
    columns = [exp.column(c.name, table=source[c.name in CONTACT], quoted=True) for c in chosen]
    party, profile = (exp.to_table(name) for name in (PARTY, PROFILE))
    same_party = exp.column("party_id", "party").eq(exp.column("party_id", "profile"))
    day = exp.Placeholder(this=BUSINESS_DATE)
    wanted = exp.select(exp.Unnest(expressions=[exp.Placeholder(this=_WANTED)]))
    return (
        exp.select(*columns)
        .from_(profile.as_("profile"))
        .join(party.as_("party"), on=same_party)
        .where(
            exp.column(BUSINESS_DATE, "profile").eq(day),
            exp.column(BUSINESS_DATE, "party").eq(day.copy()),
            exp.In(this=exp.column("dense_id", "profile"), query=wanted.subquery()),
        )
        .order_by(exp.column("dense_id", "profile"))
        .sql("duckdb")
    )
