"""Finding a customer by name, phone, identity number, account, card or party id.

Numbers must be given in full, and names, too, by those who may not unmask: an answer to parts would
let anybody spell out what masking hides, letter by letter. What was searched for is never recorded;
that somebody searched, and who was found, always is, and `limits` keeps guessing slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from unicodedata import normalize

import pyarrow as pa
import pyarrow.compute as pc

from titian.data.parties import limits
from titian.data.parties.model import Hit, MatchedBy, Names, Product, Row
from titian.data.parties.places import names_of
from titian.data.parties.reading import PARTY, PROFILE, Reader, reading, rows
from titian.kernel import audit
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission, Scope

SEARCHED = "party.search"
MAX_HITS = 100
MAX_CHARACTERS = 64
MIN_PART_CHARACTERS = 2
_COLUMNS = (
    "party_id", "party_type", "name", "id_no", "phone", "address", "org_id", "status",
    "village_id", "household_id",
)  # fmt: skip
_GLANCE = ("party_id", "deposit_fen", "wealth_fen", "loans", "debit_cards", "credit_cards")
_HELD = {
    Product.DEPOSIT: "deposit_fen",
    Product.WEALTH: "wealth_fen",
    Product.LOAN: "loans",
    Product.DEBIT_CARD: "debit_cards",
    Product.CREDIT_CARD: "credit_cards",
}
_OWNERS = (
    (MatchedBy.ACCOUNT, "core.account", ("account_no", "account_id")),
    (MatchedBy.CARD, "core.card", ("card_no", "card_id")),
)
_MOST_READ = 2_000


def search(scope: Scope, text: str, *, limit: int = 20, day: date | None = None) -> list[Hit]:
    """Find parties of the bank, best first, masked for this person; audited without the words.

    A part of a name is enough for those who may unmask names; others give it whole. Needs
    VIEW_CUSTOMERS. Raises InvalidInput for words too short or too long, NotFound where the bank
    has no customers, LimitExceeded for too many searches within an hour.
    """
    scope.require(Permission.VIEW_CUSTOMERS)
    words = _typed(text)
    if not MIN_PART_CHARACTERS <= len(words) <= MAX_CHARACTERS:
        raise InvalidInput(
            "the search is too short or too long",
            f"Give {MIN_PART_CHARACTERS} to {MAX_CHARACTERS} characters: a name, or a whole "
            "phone, identity, account or customer number.",
        )
    with reading(scope, day) as reader:
        try:
            limits.begin(scope)
        except LimitExceeded:
            audit.record(scope, SEARCHED, PARTY, {"refused": "limit"})
            raise
        found = _hits(reader, words, max(1, min(limit, MAX_HITS)))
    limits.ended(scope, hits=len(found))
    by = sorted({hit.matched_by.value for hit in found})
    shown = [hit.party_id for hit in found]
    audit.record(scope, SEARCHED, PARTY, {"hits": len(found), "by": by, "found": shown})
    return found


def _typed(text: str) -> str:
    # Numbers come with blanks, and from Chinese keyboards in full width.
    narrow = "".join(normalize("NFKC", text).split())
    return narrow if narrow.isascii() else text.strip()


def _hits(reader: Reader, words: str, most: int) -> list[Hit]:
    owners = {by: _owners(reader, table, keys, words) for by, table, keys in _OWNERS}
    ids = [words, *(party for some in owners.values() for party in some)]
    exact: dict[str, Sequence[object]] = {"party_id": ids, "name": (words,)}
    if words.isascii():
        same = tuple(dict.fromkeys((words, words.upper(), words.lower())))
        exact |= {"id_no": same, "phone": (words,)}
    found = reader.found(PARTY, _COLUMNS, exact, most=_MOST_READ)
    if found.num_rows < most and _may_give_parts(reader):
        more = reader.found(PARTY, _COLUMNS, {}, part={"name": words}, most=_MOST_READ)
        known = pc.is_in(more.column("party_id"), found.column("party_id").combine_chunks())
        found = pa.concat_tables([found, more.filter(pc.invert(known))])
    listed = [(row, _matched(row, words, owners)) for row in rows(found)]
    order = sorted(range(len(listed)), key=lambda at: _rank(*listed[at], words))[:most]
    return _shown(reader, found.take(pa.array(order, pa.int64())), [listed[at][1] for at in order])


def _may_give_parts(reader: Reader) -> bool:
    snapshot = reader.snapshot(PARTY)
    assert snapshot is not None, "a reader stands on the parties"
    level = snapshot.table.column("name").level
    return reader.scope.allows(Permission.UNMASK) and level <= reader.scope.clearance


def _owners(reader: Reader, table: str, keys: Sequence[str], words: str) -> list[str]:
    if not words.isascii():
        return []
    found = reader.found(table, ("party_id",), dict.fromkeys(keys, (words,)), most=MAX_HITS)
    owners: list[str] = found.column(0).to_pylist()
    return list(dict.fromkeys(owners))


def _matched(row: Row, words: str, owners: dict[MatchedBy, list[str]]) -> MatchedBy:
    if row["party_id"] == words:
        return MatchedBy.PARTY_ID
    if row["id_no"] and str(row["id_no"]).upper() == words.upper():
        return MatchedBy.ID_NO
    if row["phone"] == words:
        return MatchedBy.PHONE
    return next((by for by, some in owners.items() if row["party_id"] in some), MatchedBy.NAME)


def _rank(row: Row, by: MatchedBy, words: str) -> tuple[bool, bool, bool, str]:
    # By what was typed and what everybody may see: an order by hidden values would tell them.
    by_name = by is MatchedBy.NAME
    return by_name, row["name"] != words, row["status"] != "active", str(row["party_id"])


def _shown(reader: Reader, found: pa.Table, by: Sequence[MatchedBy]) -> list[Hit]:
    if not by:
        return []
    seen = reader.shown(PARTY, found, masked=True).rows
    glances = _glances(reader, [str(row["party_id"]) for row in seen])
    names = names_of(
        reader,
        orgs={row["org_id"] for row in seen},
        villages={row["village_id"] for row in seen},
    )
    return [_hit(row, how, glances, names) for row, how in zip(seen, by, strict=True)]


def _glances(reader: Reader, ids: Sequence[str]) -> dict[str, tuple[Product, ...]]:
    found = reader.found(PROFILE, _GLANCE, {"party_id": ids}, most=MAX_HITS)
    return {
        str(row["party_id"]): tuple(
            product
            for product, column in _HELD.items()
            if isinstance(much := row[column], int) and much > 0
        )
        for row in reader.shown(PROFILE, found).rows
    }


def _hit(row: Row, by: MatchedBy, glances: dict[str, tuple[Product, ...]], names: Names) -> Hit:
    return Hit(
        party_id=PartyId(str(row["party_id"])),
        party_type=str(row["party_type"]),
        name=_text(row["name"]),
        id_no=_text(row["id_no"]),
        phone=_text(row["phone"]),
        address=_text(row["address"]),
        org_id=str(row["org_id"]),
        status=str(row["status"]),
        matched_by=by,
        org=names(row["org_id"]),
        village_id=_text(row["village_id"]),
        village=names(row["village_id"]),
        household_id=_text(row["household_id"]),
        products=glances.get(str(row["party_id"])),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
