"""Who shares household, phone or address with a party."""

from __future__ import annotations

from titian.data.parties.model import Relation, Relations, Row, Tie
from titian.data.parties.reading import PARTY, Reader, rows
from titian.data.parties.standing import Profile
from titian.kernel.ids import PartyId

TIED_BY = ("household_id", "phone", "address")
MAX_RELATIONS = 60
MAX_SHARERS = 50
_SHOWN = ("party_id", "name", "party_type", "age_years")
_TIES = {Tie.HOUSEHOLD: "household_id", Tie.PHONE: "phone", Tie.ADDRESS: "address"}
_COUNTED = {Tie.PHONE: "phone_sharers", Tie.ADDRESS: "address_sharers"}
_MOST_READ = 2_000


def relations(
    reader: Reader, party_id: PartyId, own: Row, profile: Profile, head: object
) -> Relations:
    """Give the other parties tied to one, those of the household first.

    `own` is the party in the clear. What more than MAX_SHARERS parties share
    (a placeholder, a block of flats) ties nobody. Names stay masked: others were not unmasked.
    """
    counted = {tie: profile.whole(name) or 0 for tie, name in _COUNTED.items()}
    crowds = {tie: count for tie, count in counted.items() if count > MAX_SHARERS}
    alone = {tie for tie, name in _COUNTED.items() if profile.whole(name) in (0, 1)}
    keys = {
        tie: own[column]
        for tie, column in _TIES.items()
        if own[column] and tie not in crowds and tie not in alone
    }
    if not keys:
        return Relations(crowds=crowds)
    equal = {_TIES[tie]: (value,) for tie, value in keys.items()}
    found = reader.found(PARTY, (*_SHOWN, *TIED_BY), equal, most=_MOST_READ)
    shown = reader.shown(PARTY, found.select(_SHOWN), masked=True).rows
    tied = [
        _relation(row, tuple(tie for tie in keys if clear[_TIES[tie]] == keys[tie]), head)
        for row, clear in zip(shown, rows(found), strict=True)
        if clear["party_id"] != party_id
    ]
    tied.sort(key=lambda one: (Tie.HOUSEHOLD not in one.ties, one.party_id))
    return Relations(tuple(tied[:MAX_RELATIONS]), len(tied) > MAX_RELATIONS, crowds)


def _relation(row: Row, ties: tuple[Tie, ...], head: object) -> Relation:
    return Relation(
        party_id=PartyId(str(row["party_id"])),
        name=None if row["name"] is None else str(row["name"]),
        party_type=str(row["party_type"]),
        age_years=row["age_years"] if isinstance(row["age_years"], int) else None,
        ties=ties,
        is_head=row["party_id"] == head,
    )
