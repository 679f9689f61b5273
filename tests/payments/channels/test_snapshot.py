"""A monitor that was stored judges the next bins as the one that was not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from tests.payments.channels.test_monitor import DAY, HISTORY, attacked, monitored

from titian.kernel.errors import Corrupt
from titian.payments.channels.snapshot import dump, load


def test_it_goes_on_where_it_was() -> None:
    series = attacked(4.0, 60)
    one = monitored(series.rows(0, HISTORY))
    one.watch(series.rows(HISTORY, HISTORY + DAY + 10))
    other = load(dump(one))
    assert other.frozen == one.frozen
    ahead = series.rows(HISTORY + DAY + 10, HISTORY + 3 * DAY)
    for mine, theirs in zip(one.watch(ahead), other.watch(ahead), strict=True):
        assert mine.p_values == theirs.p_values
        assert mine.alarms == theirs.alarms
        assert (mine.pressure == theirs.pressure).all()
    assert other.detector.observed == one.detector.observed
    assert (other.online.fitted.coefficients == one.online.fitted.coefficients).all()


def test_what_is_not_a_monitor_is_refused() -> None:
    whole = dump(monitored(attacked(1.0, 1).rows(0, HISTORY)))
    for broken in (b"", b"no", whole[:-30], _without("xx", whole)):
        with pytest.raises(Corrupt):
            load(broken)


def _without(name: str, data: bytes) -> bytes:
    with np.load(io.BytesIO(data)) as found:
        kept = {key: found[key] for key in found.files if key != name}
    into = io.BytesIO()
    np.savez(into, allow_pickle=False, **kept)
    return into.getvalue()
