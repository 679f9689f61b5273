from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.data.indicators import cubesql, periods
from titian.data.indicators.compute import Inputs
from titian.data.indicators.model import Catalogue
from titian.data.indicators.orgs import tree
from titian.data.indicators.plan import plan
from titian.data.indicators.spans import Span, cut, spans
from titian.kernel.errors import Corrupt

LAST = date(2026, 3, 31)
SNAPSHOTS = Path(__file__).with_name("plans")
At = Callable[..., Inputs]

PLANS = {
    "one_column": ("entry_count_channel_mobile_mtd", "entry_count_channel_counter_mtd"),
    "periods": ("entry_amount_mtd", "entry_amount_d30", "entry_count_day", "entry_count_ytd"),
    "shared_filter": ("loan_balance", "loan_balance_agri", "loan_balance_npl"),
    "overlapping_sets": ("entry_count_direction_debit_mtd", "interest_expense_mtd",
                         "fee_income_mtd", "large_entry_d30"),
    "dated": ("grant_amount_agri_mtd", "grant_rate_ytd"),
    "distinct": ("loan_party_count", "npl_party_count"),
    "grouping_sets": ("entry_count_channel_atm_mtd", "entry_count_direction_debit_mtd",
                      "entry_count_night_mtd", "entry_count_electronic_mtd",
                      "entry_count_channel_card_mtd", "entry_count_channel_quick_mtd",
                      "entry_amount_channel_direct_mtd", "entry_amount_channel_online_mtd",
                      "large_entry_d30"),
    "percentile": ("loan_median",),
    "stock_at_reference_dates": ("deposit_year_growth", "deposit_month_change"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PLANS))
def test_generated_sql_is_as_reviewed(name: str, presets: Catalogue, inputs: At) -> None:
    given_inputs = inputs(LAST)
    printed = []
    for cube in plan(presets, PLANS[name]):
        found = spans(cube, (LAST,), given_inputs.available[cube.grain.table])
        text, values = cubesql.query(cube, cut(found.values()), (LAST,))
        printed.append(f"{cubesql.printed(text, values)};\n")
    expected = SNAPSHOTS / f"{name}.sql"
    assert "\n".join(printed) == expected.read_text(encoding="utf-8")


def test_one_scan_per_source_and_grain(presets: Catalogue) -> None:
    cubes = plan(presets, presets.order)
    additive = [cube.grain for cube in cubes if not cube.grain.item]
    assert len(additive) == len(set(additive))
    assert len(cubes) < len(presets.indicators) / 10
    assert sum(len(cube.figures) for cube in cubes) > 250


def test_conditions_that_all_figures_share_filter_rows_instead_of_cutting_them(
    presets: Catalogue,
) -> None:
    (cube,) = plan(presets, ("loan_balance_agri", "loan_count_agri"))
    assert cube.keys == ()
    assert [part.sql("duckdb") for part in cube.common] == ['"agri"', '"is_active"']


spans_ = st.builds(
    lambda first, days: Span(first, date.fromordinal(first.toordinal() + days)),
    st.dates(date(2025, 1, 1), date(2025, 12, 1)),
    st.integers(0, 120),
)


@given(st.lists(spans_, min_size=1, max_size=12))
def test_buckets_tile_every_span_and_nothing_else(found: list[Span]) -> None:
    buckets = cut(found)
    covered = set()
    for start, end in zip(buckets.starts, buckets.ends, strict=True):
        assert start <= end
        covered |= set(range(start.toordinal(), end.toordinal() + 1))
    wanted = {d for s in found for d in range(s.first.toordinal(), s.last.toordinal() + 1)}
    assert covered == wanted
    for span in found:
        inside = buckets.inside(span)
        assert buckets.starts[inside.start] == span.first
        assert buckets.ends[inside.stop - 1] == span.last
    stretches = buckets.stretches()
    assert {d for a, b in stretches for d in range(a.toordinal(), b.toordinal() + 1)} == wanted


def test_periods_end_where_they_should() -> None:
    day = date(2024, 2, 29)
    assert periods.FLOW["qtd"].window(day) == (date(2024, 1, 1), day)
    assert periods.FLOW["d7"].window(day) == (date(2024, 2, 23), day)
    assert periods.FLOW["mtd_ly"].window(day) == (date(2023, 2, 1), date(2023, 2, 28))
    assert periods.STOCK["pme"].window(day) == (date(2024, 1, 31), date(2024, 1, 31))
    assert periods.STOCK["pqe"].window(day)[0] == date(2023, 12, 31)
    assert periods.STOCK["pye"].window(day)[0] == date(2023, 12, 31)
    assert periods.STOCK["ly"].window(day)[0] == date(2023, 2, 28)


def test_a_reference_date_that_was_a_holiday_takes_the_snapshot_before(presets: Catalogue) -> None:
    (cube,) = plan(presets, ("loan_balance_pme",))
    day = date(2026, 3, 31)
    near = spans(cube, (day,), [date(2026, 2, 20), day])
    assert near[day, "pme"] == Span(date(2026, 2, 20), date(2026, 2, 20))
    assert not spans(cube, (day,), [date(2026, 2, 10), day])


def _org(*rows: tuple[str, str | None, str]) -> pa.Table:
    names = ("org_id", "parent_org_id", "org_level")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def test_the_tree_rolls_up_through_uneven_levels() -> None:
    found = tree(_org(("h", None, "head"), ("b", "h", "branch"), ("o", "b", "outlet"),
                      ("direct", "h", "outlet"), ("lost", "gone", "outlet")))  # fmt: skip
    own = np.array([[1.0] for _ in found.ids])
    total = dict(zip(found.ids, found.roll_up(own)[:, 0], strict=True))
    assert total == {"h": 4.0, "b": 2.0, "o": 1.0, "direct": 1.0, "lost": 1.0}
    assert found.ids[found.root] == "h"
    levels = found.levels()
    assert levels.shape == (3, 5)
    at = found.position()
    assert levels[1, at["o"]] == at["b"]
    assert levels[0, at["direct"]] == at["h"]
    assert levels[2, at["direct"]] == -1


def test_a_ring_of_organisations_is_refused() -> None:
    with pytest.raises(Corrupt, match="ring"):
        tree(_org(("a", "b", "head"), ("b", "a", "branch")))


def test_no_organisation_at_all_is_refused() -> None:
    with pytest.raises(Corrupt, match="no organisation"):
        tree(_org().select([]).append_column("org_id", pa.array([], pa.string())))
