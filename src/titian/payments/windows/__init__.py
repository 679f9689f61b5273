"""Exact event-time sliding windows over many keys: the part that must be fast and never wrong.

`layout` says where each number stands in the state, `index` finds keys and values, `rings` keeps
each key's entries in order of time, `spans` moves the windows over them, `distinct` counts values,
`insert` puts events in, `measures` reads features, `kernel` runs a batch through all series while
`ahead` fetches what comes next, and `forget` makes room.
`state` owns the arrays, grows and evicts within its limits, and takes snapshots.

A *series* is one stream of behaviour (key, which events count, resolution); its *spans* are the
windows read from it. Everything is integers. Cost per event and series is O(spans) amortised;
an event later than one already seen by its key costs O(entries of the key).
"""

from titian.payments.windows.state import Limits, Windows

__all__ = ["Limits", "Windows"]
