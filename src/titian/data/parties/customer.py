"""The customer's picture: who it is, where they stand, and the parts that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa

from titian.data.parties import limits, standing, timeline
from titian.data.parties.changes import changes
from titian.data.parties.model import Act, Asked, Customer, Names, Part, Row, Section
from titian.data.parties.places import names_of
from titian.data.parties.reading import PARTY, Reader, reading, rows
from titian.data.parties.relations import relations
from titian.data.parties.standing import Profile
from titian.kernel import audit
from titian.kernel.errors import NotFound
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope

VIEWED, UNMASKED = "party.view", "party.unmask"
_IDENTITY = (
    "party_id", "party_type", "name", "id_type", "id_no", "gender", "birth_date", "age_years",
    "phone", "address", "village_id", "household_id", "marital", "education", "occupation",
    "monthly_income_fen", "open_date", "tenure_days", "org_id", "officer_id", "status", "opt_out",
)  # fmt: skip
_HOUSEHOLD = (
    "household_id", "village_id", "head_party_id", "members", "land_mu", "house", "industry",
    "credit_village",
)  # fmt: skip
_ACCOUNT = (
    "account_id", "account_no", "product", "currency", "balance_fen", "open_date", "status",
    "annual_rate", "maturity_date", "org_id",
)  # fmt: skip
_CARD = ("card_id", "card_no", "card_type", "open_date", "status", "credit_limit_fen")
_LOAN = (
    "loan_id", "product", "amount_fen", "balance_fen", "annual_rate", "grant_date", "due_date",
    "repay_method", "guarantee", "five_class", "overdue_days", "status", "officer_id",
)  # fmt: skip
_ALL = Asked()


def customer(
    scope: Scope, party_id: PartyId, day: date | None = None, asked: Asked = _ALL
) -> Customer:
    """Give a customer's picture on a business date (the newest without one).

    Masked by class and clearance; every look is audited, with what was looked at. Needs
    VIEW_CUSTOMERS. Raises NotFound, which says the same of another bank's customers.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    limits.opened(scope)
    with reading(scope, day) as reader:
        found = reader.found(PARTY, _IDENTITY, {"party_id": (party_id,)}, most=1)
        if not found.num_rows:
            limits.ended(scope, hits=0)
            raise NotFound(
                f"there is no customer {party_id!r} on {reader.day}", "Search for it first."
            )
        made = _picture(reader, party_id, found, asked)
    detail: dict[str, object] = {"business_date": made.business_date}
    if asked is not _ALL:
        detail["parts"] = sorted(asked.parts)
    if scope.unmask_reason is not None:
        detail["reason"] = scope.unmask_reason
    audit.record(scope, VIEWED if scope.unmask_reason is None else UNMASKED, party_id, detail)
    return made


def unmasked_customer(
    scope: Scope, party_id: PartyId, reason: str, day: date | None = None
) -> Customer:
    """Give a customer's picture in the clear, up to the clearance; the reason is audited.

    Needs VIEW_CUSTOMERS and UNMASK. Raises Denied without a reason, NotFound.
    """
    return customer(scope.unmasked(reason), party_id, day)


@dataclass(frozen=True, slots=True)
class _Look:
    """What every part is read with: `me` is the party in the clear, `own` their profile.

    `quiet` are the kinds of happenings that the profile counted none of.
    """

    reader: Reader
    party_id: PartyId
    me: Row
    own: Profile
    asked: Asked
    quiet: frozenset[Act]

    def of_day(self, table: str, columns: Sequence[str]) -> Section:
        """Give the party's rows of the business date."""
        return self.reader.section(table, columns, "party_id", self.party_id)


def _picture(reader: Reader, party_id: PartyId, me: pa.Table, asked: Asked) -> Customer:
    own = standing.profile(reader, party_id)
    look = _Look(reader, party_id, rows(me)[0], own, asked, timeline.quiet(own))
    found = Customer(
        party_id=party_id,
        business_date=reader.day,
        unmasked=reader.scope.unmask_reason is not None,
        may_unmask=reader.scope.allows(Permission.UNMASK),
        parts=asked.parts,
        identity=reader.shown(PARTY, me),
        figures=standing.figures(reader, party_id, own, course=Part.COURSE in asked.parts),
        tags=standing.worn_tags(reader, party_id, own, rules=Part.TAGS in asked.parts),
        last_entry=standing.last_entry(reader, own),
    )
    for part, fill in _FILL.items():
        if part in asked.parts:
            found = replace(found, **fill(look))
    return replace(found, names=_names(reader, found))


def _home(look: _Look) -> Mapping[str, Any]:
    home, household = Section(), look.me["household_id"]
    if household:
        home = look.reader.section("core.household", _HOUSEHOLD, "household_id", str(household))
    head = home.rows[0]["head_party_id"] if home.rows else None
    tied = relations(look.reader, look.party_id, look.me, look.own, head)
    return {"household": home, "relations": tied}


def _accounts(look: _Look) -> Mapping[str, Any]:
    accounts = look.of_day("core.account", _ACCOUNT)
    return {"accounts": accounts, "cards": look.of_day("core.card", _CARD)}


def _loans(look: _Look) -> Mapping[str, Any]:
    return {"loans": look.of_day("core.loan", _LOAN)}


def _repayments(look: _Look) -> Mapping[str, Any]:
    return {"repayments": timeline.history(look.reader, look.party_id, Act.REPAYMENT, look.quiet)}


def _risk(look: _Look) -> Mapping[str, Any]:
    return {"risk": standing.risk(look.reader, look.party_id)}


def _changes(look: _Look) -> Mapping[str, Any]:
    return {"changes": changes(look.reader, look.party_id)}


def _contacts(look: _Look) -> Mapping[str, Any]:
    return {"touches": timeline.history(look.reader, look.party_id, Act.TOUCH, look.quiet)}


def _happenings(look: _Look) -> Mapping[str, Any]:
    page = timeline.happenings(look.reader, look.party_id, look.asked, look.own, look.quiet)
    return {"happenings": page}


_FILL: dict[Part, Callable[[_Look], Mapping[str, Any]]] = {
    Part.HOUSEHOLD: _home,
    Part.ACCOUNTS: _accounts,
    Part.LOANS: _loans,
    Part.REPAYMENTS: _repayments,
    Part.RISK: _risk,
    Part.CHANGES: _changes,
    Part.CONTACTS: _contacts,
    Part.HAPPENINGS: _happenings,
}


def _names(reader: Reader, found: Customer) -> Names:
    me = found.identity.rows[0]
    was = [(one.column.name, value) for one in found.changes for value in (one.before, one.after)]
    return names_of(
        reader,
        orgs={row["org_id"] for row in (me, *found.accounts.rows)} | _of(was, "org_id"),
        villages={me["village_id"]} | _of(was, "village_id"),
        officers={row["officer_id"] for row in (me, *found.loans.rows)} | _of(was, "officer_id"),
    )


def _of(values: Sequence[tuple[str, object]], column: str) -> set[object]:
    return {value for name, value in values if name == column}
