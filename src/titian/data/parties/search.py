"""Finding a customer by name, phone, identity number, account, card or party id.

Phone, identity and account numbers must be given in full: a search by parts would let anybody
spell out what masking hides. Names may be given in part by those who may see names. What was
searched for is never recorded; that somebody searched, and what came of it, always is.
"""

from __future__ import annotations

from datetime import date

from titian.data.parties.model import Hit, MatchedBy
from titian.data.parties.reading import PARTY, Reader, reading
from titian.kernel import audit
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope

MAX_HITS = 100
MAX_CHARACTERS = 64
MIN_PART_CHARACTERS = 2
_COLUMNS = (
    "party_id", "party_type", "name", "id_no", "phone", "address", "org_id", "status",
)  # fmt: skip
_FOUND = """
    SELECT party_id, party_type, name, id_no, phone, address, org_id, status,
        CASE
            WHEN party_id = $words THEN 'party_id'
            WHEN upper(id_no) = upper($words) THEN 'id_no'
            WHEN phone = $words THEN 'phone'
            WHEN list_contains(CAST($by_account AS VARCHAR[]), party_id) THEN 'account'
            WHEN list_contains(CAST($by_card AS VARCHAR[]), party_id) THEN 'card'
            WHEN name = $words OR ($in_part AND contains(name, $words)) THEN 'name'
        END AS matched_by
    FROM core.party
    WHERE business_date = $business_date AND matched_by IS NOT NULL
    ORDER BY matched_by = 'name', name <> $words, status <> 'active', party_id
    LIMIT $most"""
_BY_ACCOUNT = """
    SELECT DISTINCT party_id FROM core.account
    WHERE business_date = $business_date AND (account_no = $words OR account_id = $words)"""
_BY_CARD = """
    SELECT DISTINCT party_id FROM core.card
    WHERE business_date = $business_date AND (card_no = $words OR card_id = $words)"""


def search(scope: Scope, text: str, *, limit: int = 20, day: date | None = None) -> list[Hit]:
    """Find parties of the bank, best first, masked for this person; audited without the words.

    Needs VIEW_CUSTOMERS. Raises InvalidInput for words too short or too long, NotFound where the
    bank has no customers.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    words = "".join(text.split()) if text.strip().isascii() else text.strip()
    if not MIN_PART_CHARACTERS <= len(words) <= MAX_CHARACTERS:
        raise InvalidInput(
            "the search is too short or too long",
            f"Give {MIN_PART_CHARACTERS} to {MAX_CHARACTERS} characters: a name, or a whole "
            "phone, identity, account or customer number.",
        )
    with reading(scope, (PARTY, "core.account", "core.card"), day) as reader:
        found = _hits(reader, words, max(1, min(limit, MAX_HITS)))
    by = sorted({hit.matched_by.value for hit in found})
    audit.record(scope, "party.search", "core.party", {"hits": len(found), "by": by})
    return found


def _hits(reader: Reader, words: str, most: int) -> list[Hit]:
    name = reader.tables[PARTY].column("name")
    in_part = reader.scope.is_system or name.level <= reader.scope.clearance
    owners = {
        "by_account": _owners(reader, "core.account", _BY_ACCOUNT, words),
        "by_card": _owners(reader, "core.card", _BY_CARD, words),
    }
    values = {"words": words, "in_part": in_part, "most": most, **owners}
    shown, beside = reader.section_beside(PARTY, _COLUMNS, ("matched_by",), _FOUND, **values)
    return [
        Hit(
            party_id=PartyId(str(row["party_id"])),
            party_type=str(row["party_type"]),
            name=_text(row["name"]),
            id_no=_text(row["id_no"]),
            phone=_text(row["phone"]),
            address=_text(row["address"]),
            org_id=str(row["org_id"]),
            status=str(row["status"]),
            matched_by=MatchedBy(str(found["matched_by"])),
        )
        for row, found in zip(shown.rows, beside, strict=True)
    ]


def _owners(reader: Reader, table: str, sql: str, words: str) -> list[str]:
    if not reader.has(table):
        return []
    owners: list[str] = reader.query(sql, words=words).column(0).to_pylist()
    return owners


def _text(value: object) -> str | None:
    return None if value is None else str(value)
