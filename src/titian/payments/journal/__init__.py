"""Decisions on disk before anybody hears of them: append-only, chained, checked when read.

`files` is the thin layer over the disk (the fault simulation puts another one in its place),
`frames` the bytes of one record, `segments` the files they stand in, `journal` writes and finds
records, `recovery` decides what a crash left, `snapshots` keeps states so that a restart is short.

A record is acknowledged only after its batch was synced, and the next batch is written only then.
So whatever is broken *after* the last whole batch was never acknowledged and may be cut; whatever
is broken *before* a later batch is damage, and is named, never skipped.
"""

from titian.payments.journal.files import Disk, Files
from titian.payments.journal.journal import Journal, Limits
from titian.payments.journal.recovery import Anchor, Cut
from titian.payments.journal.verify import Verdict, verify

__all__ = ["Anchor", "Cut", "Disk", "Files", "Journal", "Limits", "Verdict", "verify"]
