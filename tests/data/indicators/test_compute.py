from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from titian.data.indicators import loading
from titian.data.indicators.compute import Figures, Inputs, Query, compute, tall
from titian.data.indicators.model import Aggregation, Catalogue, Derived, Formula, Timing
from titian.data.indicators.periods import STOCK_LOOKBACK_DAYS
from titian.kernel.errors import LimitExceeded
from titian.lake.schema import Table

At = Callable[..., Inputs]
ORACLE = yaml.safe_load(Path(__file__).with_name("oracle.yaml").read_text(encoding="utf-8"))
LAST = date(2026, 3, 31)
MARCH_29 = date(2026, 3, 29)


def _ask(bank: duckdb.DuckDBPyConnection, text: str) -> float:
    ((value,),) = bank.execute(text).fetchall()
    return float("nan") if value is None else float(value)


def _value(figures: Figures, code: str, org: str = "o1") -> float:
    return float(figures.values[code][figures.tree.ids.index(org)])


@pytest.fixture(scope="module")
def done(query: Query, inputs: At, presets: Catalogue) -> Figures:
    return compute(presets, presets.order, inputs(LAST), query)[0]


def test_it_works(done: Figures, presets: Catalogue) -> None:
    assert len(done.values) == len(presets.indicators) >= 120
    assert all(len(column) == 13 for column in done.values.values())


@pytest.mark.parametrize("code", sorted(ORACLE))
def test_figures_equal_hand_written_sql(
    code: str, done: Figures, bank: duckdb.DuckDBPyConnection
) -> None:
    assert math.isclose(_value(done, code), _ask(bank, ORACLE[code]), rel_tol=1e-12)


def test_the_oracle_covers_every_subject_and_aggregation(presets: Catalogue) -> None:
    indicators = [presets.indicators[code] for code in ORACLE]
    derived = [i.how for i in indicators if isinstance(i.how, Derived)]
    assert len(ORACLE) >= 40
    assert {i.subject for i in indicators} == {i.subject for i in presets.indicators.values()}
    assert {d.atomic.aggregation for d in derived} == set(Aggregation) - {Aggregation.MIN}
    assert any(isinstance(i.how, Formula) for i in indicators)


def _one_query_each(how: Derived, org_filter: str, target: date, available: list[date]) -> str:
    atomic, source = how.atomic, how.atomic.source
    where = [condition.sql() for condition in how.where] + [org_filter]
    first, last = how.period.window(target)
    if source.timing is Timing.STOCK and not how.period.average:
        held = [day for day in available if 0 <= (last - day).days <= STOCK_LOOKBACK_DAYS]
        if not held:
            return "SELECT NULL"  # no snapshot near enough: the figure cannot be known
        last = first = max(held)
    where.append(f"{source.date} BETWEEN DATE '{first}' AND DATE '{last}'")
    if source.date != "business_date":
        where.append(f"business_date = DATE '{target}'")
    measure = atomic.measure.text if atomic.measure else "*"
    made = {
        Aggregation.SUM: f"coalesce(sum({measure}), 0)",
        Aggregation.COUNT: f"count({measure})",
        Aggregation.AVG: f"avg({measure})",
        Aggregation.MIN: f"min({measure})",
        Aggregation.MAX: f"max({measure})",
        Aggregation.COUNT_DISTINCT: f"count(DISTINCT {measure})",
        Aggregation.PERCENTILE: f"quantile_cont({measure}, {atomic.share})",
    }.get(atomic.aggregation)
    if atomic.denominator is not None:
        made = f"sum({measure}) / nullif(sum({atomic.denominator.text}), 0)"
    if how.period.average:
        made = f"{made} / nullif(count(DISTINCT business_date), 0)"
    return f"SELECT {made} FROM {source.table.qualified} WHERE {' AND '.join(where)}"


@pytest.mark.parametrize("target", [LAST, MARCH_29])
@pytest.mark.parametrize("org", ["o1", "o3", "o7"])
def test_every_derived_figure_equals_one_query_of_its_own(
    org: str,
    target: date,
    bank: duckdb.DuckDBPyConnection,
    query: Query,
    inputs: At,
    presets: Catalogue,
) -> None:
    at = inputs(target)
    figures = compute(presets, presets.order, at, query)[0]
    below = {"o1": [], "o3": ["o3", *(f"o{n}" for n in range(5, 14) if 2 + n % 3 == 3)]}
    chosen = ", ".join(f"'{name}'" for name in below.get(org, [org]))
    org_filter = "TRUE" if org == "o1" else f"{{org}} IN ({chosen})"
    for code, indicator in presets.indicators.items():
        how = indicator.how
        if not isinstance(how, Derived):
            continue
        if how.period.average:
            continue
        filled = org_filter.format(org=how.atomic.source.org)
        days = list(at.available[how.atomic.source.table.qualified])
        expected = _ask(bank, _one_query_each(how, filled, target, days))
        actual = _value(figures, code, org)
        same = (
            math.isnan(actual)
            if math.isnan(expected)
            else math.isclose(actual, expected, rel_tol=1e-9)
        )
        assert same, (code, actual, expected)


def test_daily_averages_divide_by_the_days_that_have_snapshots(
    done: Figures, bank: duckdb.DuckDBPyConnection
) -> None:
    expected = _ask(
        bank,
        "SELECT sum(balance_fen) / 3 FROM core.account WHERE is_open AND is_deposit "
        "AND business_date >= DATE '2026-03-01'",
    )
    assert math.isclose(_value(done, "deposit_balance_avg_mtd"), expected, rel_tol=1e-12)


def test_many_dates_at_once_equal_each_date_alone(
    query: Query, inputs: At, presets: Catalogue
) -> None:
    days = [date(2026, 3, 29), date(2026, 3, 30), LAST]
    codes = presets.order
    together = compute(presets, codes, inputs(*days), query)
    for day, found in zip(days, together, strict=True):
        alone = compute(presets, codes, inputs(day), query)[0]
        for code in codes:
            np.testing.assert_allclose(
                found.values[code], alone.values[code], rtol=1e-14, err_msg=code
            )


def test_many_dates_far_apart_use_dates_as_buckets(
    query: Query, inputs: At, presets: Catalogue
) -> None:
    days = [date(2026, 1, 10 + n) for n in range(20)] + [LAST]
    codes = [c for c in presets.order if c.startswith(("entry_", "event_", "touch_"))]
    together = compute(presets, codes, inputs(*days), query)
    for at in (0, 7, 20):
        alone = compute(presets, codes, inputs(days[at]), query)[0]
        for code in codes:
            np.testing.assert_array_equal(
                together[at].values[code], alone.values[code], err_msg=code
            )


def test_what_cannot_be_known_is_explicitly_empty(
    query: Query, inputs: At, presets: Catalogue
) -> None:
    day = date(2026, 1, 20)
    figures = compute(presets, presets.order, inputs(day), query)[0]
    assert math.isnan(_value(figures, "loan_balance"))
    assert math.isnan(_value(figures, "npl_ratio"))
    assert _value(figures, "deposit_balance_pye") > 0
    rows = tall([figures], [day], ["loan_balance", "entry_count_day"])
    assert rows.num_rows == 26
    assert rows.column("value").null_count == 13


def test_a_source_without_any_delivery_leaves_its_figures_empty(
    query: Query, inputs: At, presets: Catalogue
) -> None:
    at = inputs(LAST)
    bare = Inputs(at.targets, {**at.available, "core.touch": []}, at.trees)
    figures = compute(presets, ("touch_count_mtd", "entry_count_mtd"), bare, query)[0]
    assert math.isnan(_value(figures, "touch_count_mtd"))
    assert _value(figures, "entry_count_mtd") > 0


def test_rows_of_no_known_organisation_count_for_the_whole_bank(
    done: Figures, bank: duckdb.DuckDBPyConnection
) -> None:
    unplaced = _ask(
        bank,
        "SELECT count(*) FROM core.entry WHERE business_date >= '2026-03-01' AND org_id IS NULL",
    )
    assert unplaced > 0
    outlets = sum(_value(done, "entry_count_mtd", f"o{n}") for n in range(5, 14))
    assert _value(done, "entry_count_mtd") == outlets + unplaced


def test_sums_that_would_lose_digits_are_refused(inputs: At, presets: Catalogue) -> None:
    def huge(_text: str, _days: Mapping[str, date]) -> pa.Table:
        return pa.table({"org": ["o5"], "bucket": [0], "m0": [2.0**53], "m1": [1.0]})

    with pytest.raises(LimitExceeded, match="2\\*\\*53"):
        compute(presets, ("entry_net_day",), inputs(LAST), huge)


NAMES = st.sampled_from(["channel.mobile", "channel.atm", "summary.cash", "direction.debit"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    variants=st.lists(
        st.lists(st.one_of(NAMES, st.sampled_from(["night", "electronic", "large"])), max_size=3),
        min_size=1,
        max_size=5,
        unique_by=tuple,
    ),
    spans=st.lists(
        st.sampled_from(["day", "mtd", "qtd", "ytd", "d7", "d30", "d90", "mtd_ly", "d7_ly"]),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    aggregation=st.sampled_from(["sum", "count", "avg", "min", "max", "count_distinct"]),
    day=st.dates(date(2026, 1, 15), LAST),
)
def test_any_family_equals_one_query_each(
    *,
    variants: list[list[str]],
    spans: list[str],
    aggregation: str,
    day: date,
    bank: duckdb.DuckDBPyConnection,
    query: Query,
    inputs: At,
    tmp_path_factory: pytest.TempPathFactory,
    declared: dict[str, Table],
) -> None:
    variants = [v for v in variants if len(set(v)) == len(v)]
    folder = tmp_path_factory.mktemp("family")
    document = {
        "defaults": {"subject": "public", "owner": "x"},
        "atomics": {
            "x": {"zh": "甲", "en": "x", "source": "entry", "aggregation": aggregation,
                  "measure": "amount_fen", "unit": "fen"}
        },
        "derive": [{"atomic": "x", "modifiers": variants, "periods": spans}],
    }  # fmt: skip
    path = folder / "family.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    shared = Path(loading.__file__).parents[1] / "presets" / "indicators"
    files = [shared / "sources.yaml", shared / "modifiers.yaml", path]
    found = loading.build(files, declared)
    at = inputs(day)
    figures = compute(found, found.order, at, query)[0]
    for code, indicator in found.indicators.items():
        how = indicator.how
        assert isinstance(how, Derived)
        if how.period.name.endswith("_ly"):
            assert math.isnan(_value(figures, code))
            continue
        expected = _ask(bank, _one_query_each(how, "TRUE", day, []))
        actual = _value(figures, code)
        assert actual == expected or (math.isnan(actual) and math.isnan(expected)), code
