"""The customer's picture: identity, household, relations, products, tags, figures, timeline."""

from __future__ import annotations

from datetime import date

from titian.data.parties import standing, timeline
from titian.data.parties.model import Customer, Relation, Section, Tie
from titian.data.parties.reading import PARTY, PROFILE, Reader, reading
from titian.kernel import audit
from titian.kernel.audit import Entry
from titian.kernel.errors import NotFound
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope

MAX_RELATIONS = 60
MAX_LOOKS = 200

_TABLES = (
    PARTY, "core.household", "core.account", "core.card", "core.loan", "core.repayment",
    "core.touch", "core.entry", "core.event", PROFILE,
)  # fmt: skip
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
_TIES = (
    ("same_household", Tie.HOUSEHOLD), ("same_phone", Tie.PHONE), ("same_address", Tie.ADDRESS),
)  # fmt: skip

_RELATED_SQL = """
    WITH own AS (
        SELECT phone, address, household_id FROM core.party
        WHERE business_date = $business_date AND party_id = $party_id)
    SELECT other.party_id, other.name, other.party_type, other.age_years,
        coalesce(other.household_id = own.household_id, FALSE) AS same_household,
        coalesce(other.phone = own.phone AND own.phone <> '', FALSE) AS same_phone,
        coalesce(other.address = own.address AND own.address <> '', FALSE) AS same_address
    FROM core.party AS other, own
    WHERE other.business_date = $business_date AND other.party_id <> $party_id
        AND (same_household OR same_phone OR same_address)
    ORDER BY NOT same_household, other.party_id
    LIMIT $most"""


def customer(scope: Scope, party_id: PartyId, day: date | None = None) -> Customer:
    """Give a customer's picture on a business date (the newest without one).

    Masked by class and clearance; every look is audited. Needs VIEW_CUSTOMERS. Raises NotFound.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    with reading(scope, _TABLES, day) as reader:
        identity = reader.of_day(PARTY, _IDENTITY, "party_id", party_id)
        if not identity.rows:
            raise NotFound(
                f"there is no customer {party_id!r} on {reader.day}", "Search for it first."
            )
        made = _picture(reader, party_id, identity)
    act = "party.view" if scope.unmask_reason is None else "party.unmask"
    detail = {} if scope.unmask_reason is None else {"reason": scope.unmask_reason}
    audit.record(scope, act, party_id, {"business_date": made.business_date, **detail})
    return made


def unmasked_customer(
    scope: Scope, party_id: PartyId, reason: str, day: date | None = None
) -> Customer:
    """Give a customer's picture in the clear, up to the clearance; the reason is audited.

    Needs VIEW_CUSTOMERS and UNMASK. Raises Denied without a reason, NotFound.
    """
    return customer(scope.unmasked(reason), party_id, day)


def looks(scope: Scope, party_id: PartyId, limit: int = 50) -> list[Entry]:
    """List who looked at a customer, newest first. Needs VIEW_AUDIT."""
    found = audit.entries(scope, contains=party_id, limit=MAX_LOOKS)
    return [one for one in found if one.target == party_id][:limit]


def _picture(reader: Reader, party_id: PartyId, identity: Section) -> Customer:
    household = _household(reader, party_id)
    touches = timeline.touches(reader, party_id)
    repayments = timeline.repayments(reader, party_id)
    return Customer(
        party_id=party_id,
        business_date=reader.day,
        unmasked=reader.scope.unmask_reason is not None,
        may_unmask=reader.scope.allows(Permission.UNMASK),
        identity=identity,
        household=household,
        relations=_relations(reader, party_id, household),
        accounts=reader.of_day("core.account", _ACCOUNT, "party_id", party_id),
        cards=reader.of_day("core.card", _CARD, "party_id", party_id),
        loans=reader.of_day("core.loan", _LOAN, "party_id", party_id),
        repayments=repayments,
        touches=touches,
        tags=standing.worn_tags(reader, party_id),
        figures=standing.figures(reader, party_id),
        timeline=timeline.timeline(reader, party_id, touches, repayments),
    )


def _household(reader: Reader, party_id: PartyId) -> Section:
    own = reader.day_rows(PARTY, ("household_id",), "party_id", party_id, reader.day)
    household_id = own.column(0).to_pylist()[0]
    if household_id is None:
        return Section((), ())
    return reader.of_day("core.household", _HOUSEHOLD, "household_id", household_id)


def _relations(reader: Reader, party_id: PartyId, household: Section) -> tuple[Relation, ...]:
    shown, tied = reader.section_beside(
        PARTY,
        ("party_id", "name", "party_type", "age_years"),
        [name for name, _ in _TIES],
        _RELATED_SQL,
        party_id=party_id,
        most=MAX_RELATIONS,
    )
    head = household.rows[0]["head_party_id"] if household.rows else None
    return tuple(
        Relation(
            party_id=PartyId(str(row["party_id"])),
            name=None if row["name"] is None else str(row["name"]),
            party_type=str(row["party_type"]),
            age_years=row["age_years"] if isinstance(row["age_years"], int) else None,
            ties=tuple(tie for name, tie in _TIES if ties[name]),
            is_head=row["party_id"] == head,
        )
        for row, ties in zip(shown.rows, tied, strict=True)
    )
