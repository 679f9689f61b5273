"""Who looked at a customer: from the audit log, for those who may read it."""

from __future__ import annotations

from datetime import datetime

from titian.data.parties.search import SEARCHED
from titian.kernel import audit
from titian.kernel.audit import About, Entry
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import PartyId
from titian.kernel.scope import Scope

LOOKED = "party.looks"


def looks(scope: Scope, party_id: PartyId, *, limit: int = 50) -> list[Entry]:
    """List what was done to a customer's page, newest first. Needs VIEW_AUDIT."""
    return audit.about(scope, About(party_id), limit=limit)


def every_look(
    scope: Scope, party_id: PartyId, year: int | None, *, limit: int, offset: int = 0
) -> tuple[list[Entry], int]:
    """Give looks of a calendar year at the banks (or ever), newest first, and how many there are.

    Searches that found the customer are among them. Needs VIEW_AUDIT; who reads this is audited.
    """
    since = until = None
    if year is not None:
        since, until = (datetime(at, 1, 1, tzinfo=BANK_TZ) for at in (year, year + 1))
    wanted = About(party_id, (SEARCHED,), since, until)
    found: list[Entry] = []
    while len(found) < limit:
        most = min(limit - len(found), audit.PAGE_MAX_ROWS)
        some = audit.about(scope, wanted, limit=most, offset=offset + len(found))
        found += some
        if len(some) < most:
            break
    total = audit.count_about(scope, wanted)
    if offset == 0:
        audit.record(scope, LOOKED, party_id, {"year": year, "looks": total})
    return found, total
