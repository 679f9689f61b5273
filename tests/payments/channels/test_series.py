"""Events become bins: counted by hand, with history, outages and refusals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from titian.kernel.errors import InvalidInput
from titian.payments.channels.model import MINUTE_US, Factor, Series, SeriesId
from titian.payments.channels.series import COLUMNS, bin_events
from titian.payments.model import Channel

START = 1_000 * MINUTE_US
Row = tuple[int, str, str, str, int | None, str | None, str | None, str | None]


def events(*rows: Row) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table({name: list(column) for name, column in zip(COLUMNS, columns, strict=True)})


HISTORY: Row = (START - 5, "mobile", "login", "success", None, "ann", "phone", None)
ROWS = (
    HISTORY,
    (START + 1, "mobile", "login", "failed", None, "ann", "phone", None),
    (START + 2, "mobile", "login", "success", None, "ann", "tablet", None),
    (START + 3, "mobile", "transfer", "success", 1_000, "ann", "phone", "bob"),
    (START + 4, "mobile", "transfer", "declined", 4_000, "ann", "phone", "bob"),
    (START + MINUTE_US, "mobile", "payment", "success", None, "eve", "phone", "shop"),
    (START + MINUTE_US, "card", "cash_out", "success", 500, None, None, None),
)


def value(series: Series, bin_: int, channel: Channel, factor: Factor) -> float:
    return float(series.values[bin_, series.ids.index(SeriesId(channel, factor))])


def test_bins_count_what_happened() -> None:
    series = bin_events(events(*ROWS), START, START + 3 * MINUTE_US)
    found = {factor: value(series, 0, Channel.MOBILE, factor) for factor in Factor}
    assert found == {
        Factor.ATTEMPTS: 2,
        Factor.DECLINES: 1,
        Factor.LOG_AMOUNT: pytest.approx(np.log(2_000)),
        Factor.PAYEES: 1,
        Factor.FAILED_LOGINS: 1,
        Factor.NEW_DEVICE_LOGINS: 1,
        Factor.FIRST_PAYEE_TRANSFERS: 1,
    }
    assert value(series, 1, Channel.CARD, Factor.ATTEMPTS) == 1
    assert series.values[2].sum() == 0


def test_a_mean_knows_how_many_attempts_it_has() -> None:
    series = bin_events(events(*ROWS), START, START + 3 * MINUTE_US)
    place = series.ids.index(SeriesId(Channel.MOBILE, Factor.LOG_AMOUNT))
    assert series.weights[:, place].tolist() == [2, 0, 0]


def test_history_decides_what_is_new() -> None:
    without = bin_events(events(*ROWS[1:]), START, START + MINUTE_US)
    assert value(without, 0, Channel.MOBILE, Factor.NEW_DEVICE_LOGINS) == 2


def test_an_outage_is_missing_and_not_empty() -> None:
    touched = (START + MINUTE_US + 1, START + MINUTE_US + 2)
    series = bin_events(events(*ROWS), START, START + 3 * MINUTE_US, outages=[touched])
    assert np.isnan(series.values).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(("end", "bin_us"), [(START, MINUTE_US), (START + 1, 0), (2**62, 1)])
def test_bins_that_cannot_be_are_refused(end: int, bin_us: int) -> None:
    with pytest.raises(InvalidInput, match="whole bins"):
        bin_events(events(*ROWS), START, end, bin_us)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInput, match="no column device_id"):
        bin_events(events(*ROWS).drop_columns(["device_id"]), START, START + MINUTE_US)


def test_shapes_that_do_not_fit_are_refused() -> None:
    ids = (SeriesId(Channel.CARD, Factor.ATTEMPTS),)
    with pytest.raises(InvalidInput, match="do not fit"):
        Series(0, MINUTE_US, ids, np.zeros((5, 2)), np.zeros((5, 2)))
