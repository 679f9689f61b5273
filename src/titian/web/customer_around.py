"""What stands around customers on their pages: names of places, and a glance at their products."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from titian.data.parties import Customer, Hit
from titian.data.parties.model import Row
from titian.data.parties.reading import PARTY, Reader, reading
from titian.kernel.ids import PartyId
from titian.kernel.scope import Scope

PROFILE, ORG, VILLAGE, OFFICER = "mart.party_profile", "core.org", "core.village", "core.officer"
_GLANCE = (
    "party_id", "household_id", "village_id", "deposit_fen", "wealth_fen", "loans", "debit_cards",
    "credit_cards",
)  # fmt: skip
_GLANCE_SQL = """
    SELECT party_id, household_id, village_id, deposit_fen, wealth_fen, loans, debit_cards,
        credit_cards
    FROM mart.party_profile
    WHERE business_date = $business_date AND list_contains(CAST($ids AS VARCHAR[]), party_id)"""
_ORG_SQL = """
    SELECT org_id, name FROM core.org
    WHERE business_date = $business_date AND list_contains(CAST($ids AS VARCHAR[]), org_id)"""
_VILLAGE_SQL = """
    SELECT village_id, name, township FROM core.village
    WHERE business_date = $business_date AND list_contains(CAST($ids AS VARCHAR[]), village_id)"""
_OFFICER_SQL = """
    SELECT officer_id, name FROM core.officer
    WHERE business_date = $business_date AND list_contains(CAST($ids AS VARCHAR[]), officer_id)"""
_NAMED_SQL = """
    SELECT count(*) FROM core.party
    WHERE business_date = $business_date AND party_id = $party_id AND length(name) > 1
        AND contains($words, name)"""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations, villages and officers by id; an unknown id names itself."""

    of: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: object) -> str:
        """Give the name of an id, else the id; nothing for nothing."""
        return self.of.get(str(key), str(key)) if key else ""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list shows of a customer beside the hit; products are codes of `PRODUCTS`."""

    household_id: str = ""
    village_id: str = ""
    products: tuple[str, ...] = ()


def glances(scope: Scope, hits: Sequence[Hit]) -> tuple[dict[PartyId, Glance], Names]:
    """Give a glance at each hit, and the names of their places, as the person may see them."""
    if not hits:
        return {}, Names()
    with reading(scope, (PARTY, PROFILE, ORG, VILLAGE), None) as reader:
        rows = _rows(reader, PROFILE, _GLANCE, _GLANCE_SQL, [hit.party_id for hit in hits])
        found = {PartyId(str(row["party_id"])): _glance(row) for row in rows}
        villages = {one.village_id for one in found.values()}
        return found, _names(reader, {hit.org_id for hit in hits}, villages, ())


def names_around(scope: Scope, found: Customer) -> Names:
    """Give the names of a customer's organisations, village and officers."""
    me = found.identity.rows[0]
    orgs = {row.get("org_id") for row in (me, *found.accounts.rows)}
    officers = {row.get("officer_id") for row in (me, *found.loans.rows)}
    with reading(scope, (PARTY, ORG, VILLAGE, OFFICER), found.business_date) as reader:
        return _names(reader, orgs, {me.get("village_id")}, officers)


def tells_the_name(scope: Scope, party_id: PartyId, words: str, day: date | None) -> bool:
    """Say whether words hold the customer's name, which a reason for the audit log must not."""
    with reading(scope, (PARTY,), day) as reader:
        found = reader.query(_NAMED_SQL, party_id=party_id, words=words)
    return bool(found.column(0)[0].as_py())


def _names(
    reader: Reader,
    orgs: Collection[object],
    villages: Collection[object],
    officers: Collection[object],
) -> Names:
    named = {
        str(row["org_id"]): str(row["name"])
        for row in _rows(reader, ORG, ("org_id", "name"), _ORG_SQL, orgs)
    }
    for row in _rows(reader, VILLAGE, ("village_id", "name", "township"), _VILLAGE_SQL, villages):
        named[str(row["village_id"])] = f"{row['township'] or ''}{row['name']}"
    for row in _rows(reader, OFFICER, ("officer_id", "name"), _OFFICER_SQL, officers):
        named[str(row["officer_id"])] = f"{row['name']} {row['officer_id']}"
    return Names(named)


def _rows(
    reader: Reader, table: str, columns: Sequence[str], sql: str, ids: Collection[object]
) -> Sequence[Row]:
    wanted = sorted({str(one) for one in ids if one})
    if not wanted or not reader.has(table):
        return ()
    known = {column.name for column in reader.tables[table].columns}
    if not known.issuperset(columns):
        return ()
    return reader.section(table, columns, sql, ids=wanted).rows


def _glance(row: Row) -> Glance:
    held = {
        "deposit": row["deposit_fen"],
        "wealth": row["wealth_fen"],
        "loan": row["loans"],
        "debit_card": row["debit_cards"],
        "credit_card": row["credit_cards"],
    }
    products = tuple(name for name, much in held.items() if isinstance(much, int) and much > 0)
    return Glance(str(row["household_id"] or ""), str(row["village_id"] or ""), products)
