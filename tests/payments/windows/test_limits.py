"""Nothing grows beyond its limit; what is given up is the oldest, and is counted."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.window_oracle import HOUR, SECOND, START, Happened, expected, inputs, part, plan

from titian.kernel.errors import InvalidInput
from titian.payments.windows import Limits, Windows


def event(place: int, customer: str, payee: str | None = None, amount: int = 5) -> Happened:
    at_us = START + place * SECOND
    return {
        "at_us": at_us,
        "customer": customer,
        "payee": payee,
        "device": "d",
        "amount_fen": amount,
    }


def bytes_of(windows: Windows) -> int:
    return sum(array.nbytes for array in windows._store)


def test_a_flood_of_new_keys_is_bounded_and_the_key_in_use_is_kept() -> None:
    chosen = plan()
    limits = Limits(slots=300, entries=16_384, distinct_values=4_000, entries_of_one_key=256)
    events = [
        event(n, "regular" if n % 20 == 0 else f"flood{n}", f"p{n % 7}") for n in range(4_000)
    ]
    windows, batch = Windows(chosen.shape, limits), inputs(chosen, events)
    got, sizes = [], []
    for first in range(0, len(events), 500):
        got.append(windows.update(part(batch, first, first + 500))[0])
        sizes.append(bytes_of(windows))
        assert windows.health().keys <= limits.slots
    assert sizes[-1] == sizes[3]
    seen = 2 * 3_801 + 7  # two series of each customer, one of each payee
    health = windows.health()
    assert health.keys + health.forgotten_keys >= seen
    regular = [n for n, e in enumerate(events) if e["customer"] == "regular"]
    names = [n for n, name in enumerate(chosen.names) if name.startswith("customer")]
    wanted = expected(chosen, [events[n] for n in regular])
    np.testing.assert_allclose(np.concatenate(got)[np.ix_(regular, names)], wanted[:, names])


def test_the_key_forgotten_is_the_one_unseen_the_longest_and_it_begins_anew() -> None:
    chosen = plan()
    keys = [f"c{n}" for n in range(10)]
    order = [*keys, "c0", "new", "c0", "c1"]
    windows = Windows(chosen.shape, Limits(slots=20))
    got, _ = windows.update(inputs(chosen, [event(n, key) for n, key in enumerate(order)]))
    counts = got[:, chosen.names.index("customer_count_1h")]
    assert counts[10:].tolist() == [2, 1, 3, 1]
    assert windows.health().forgotten_keys >= 2


def test_a_ring_at_its_limit_gives_up_its_oldest_entries() -> None:
    chosen = plan()
    events = [event(n, "busy", f"p{n % 50}", n) for n in range(200)]
    windows = Windows(chosen.shape, Limits(entries_of_one_key=64))
    got, flags = windows.update(inputs(chosen, events))
    for name, wanted in (("count", 64), ("sum", sum(range(136, 200))), ("distinct", 50)):
        assert got[-1, chosen.names.index(f"customer_{name}_1h")] == wanted
    assert got[-1, chosen.names.index("customer_max_1h")] == 199
    assert got[-1, chosen.names.index("customer_since_first")] == 199
    assert windows.health().shortened_entries > 0
    assert not flags.any()


def test_distinct_values_are_given_up_with_the_keys_that_hold_them() -> None:
    chosen = plan()
    limits = Limits(distinct_values=60)
    events = [event(n, f"c{n // 15}", f"p{n % 15}") for n in range(300)]
    windows = Windows(chosen.shape, limits)
    got, _ = windows.update(inputs(chosen, events))
    distinct = got[:, chosen.names.index("customer_distinct_24h")]
    assert distinct.tolist() == [1 + n % 15 for n in range(300)]
    assert windows.health().forgotten_keys > 0


def test_values_that_left_every_ring_leave_the_table() -> None:
    chosen = plan()
    events = [
        {
            "at_us": START + n * 40 * HOUR,
            "customer": "c",
            "payee": f"p{n}",
            "device": "d",
            "amount_fen": 1,
        }
        for n in range(300)
    ]
    windows = Windows(chosen.shape, Limits(distinct_values=40))
    windows.update(inputs(chosen, [{**e, "customer": "c"} for e in events]))
    assert windows.health().forgotten_keys < 400


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(slots=2), "slots"),
        (Limits(entries=100, entries_of_one_key=64), "entries"),
        (Limits(distinct_values=0), "distinct_values"),
        (Limits(lateness_us=-1), "lateness_us"),
    ],
)
def test_limits_in_which_one_event_has_no_room_are_refused(limits: Limits, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        Windows(plan().shape, limits)
