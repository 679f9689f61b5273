"""What changed in a customer's record: the snapshots of some dates, compared."""

from __future__ import annotations

from itertools import pairwise

from titian.data.parties.model import Change
from titian.data.parties.reading import PARTY, Reader, history_dates, rows
from titian.kernel.ids import PartyId
from titian.lake.schema import BUSINESS_DATE

_COMPARED = (
    "name", "id_type", "id_no", "phone", "address", "village_id", "household_id", "marital",
    "education", "occupation", "monthly_income_fen", "org_id", "officer_id", "status", "opt_out",
)  # fmt: skip


def changes(reader: Reader, party_id: PartyId) -> tuple[Change, ...]:
    """Give what changed between weekly dates lately and ends of months of a year, newest first."""
    wanted = {"party_id": (party_id,)}
    days = history_dates(reader, PARTY)
    found = reader.found(PARTY, (*_COMPARED, BUSINESS_DATE), wanted, days=days)
    found = found.sort_by(BUSINESS_DATE)
    held = found.column(BUSINESS_DATE).to_pylist()
    shown = reader.shown(PARTY, found.select(_COMPARED))
    clear = rows(found.select(_COMPARED))
    listed = [
        Change(held[old], held[new], column, shown.rows[old][name], shown.rows[new][name])
        for old, new in pairwise(range(len(clear)))
        for column in shown.columns
        if clear[old][name := column.name] != clear[new][name]
    ]
    return tuple(reversed(listed))
