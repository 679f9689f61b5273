from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.province.livestock import (
    Calendar,
    Owners,
    Rates,
    Stock,
    build_prices,
    build_stock,
    owners_of,
    price_table,
    quote_table,
    write_livestock,
)
from titian.province.livestock.curves import Curve, shape_from_birth, weight_kg
from titian.province.livestock.model import BREEDS, HUSBANDRY, Breed
from titian.province.model import Industry, ProvinceConfig
from titian.province.world import build_worlds

CALENDAR = Calendar(date(2026, 3, 31), 120)
COUNTIES = ("清禾县", "柏水县")


def some_owners(count: int) -> Owners:
    kinds = ["pig", "cattle", "sheep"]
    return Owners(
        bank=pa.array(["qinghe"] * count, pa.string()),
        party_id=pa.array([f"p{n}" for n in range(count)], pa.string()),
        name=pa.array([f"养殖场{n}" for n in range(count)], pa.string()),
        county=pa.array([COUNTIES[n % 2] for n in range(count)], pa.string()),
        township=pa.array(["东河镇"] * count, pa.string()),
        officer_id=pa.array(["o1"] * count, pa.string()),
        industry=pa.array([kinds[n % 3] for n in range(count)], pa.string()),
    )


def make_stock(count: int = 18, seed: int = 7, rates: Rates | None = None) -> Stock:
    prices = build_prices(COUNTIES, CALENDAR, np.random.default_rng(1))
    stream = np.random.default_rng(seed)
    return build_stock(some_owners(count), prices, CALENDAR, rates or Rates(), "01", stream)


@pytest.fixture(scope="module")
def stock() -> Stock:
    return make_stock()


def column(table: pa.Table, name: str) -> Any:
    return np.asarray(table.column(name).to_numpy())


def ask(sql: str, stock: Stock) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, table in {**stock.tables, **stock.truth}.items():
            connection.register(name, table)
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("breed", BREEDS, ids=[breed.name for breed in BREEDS])
def test_curve_starts_at_birth_weight_and_never_falls(breed: Breed) -> None:
    ages = np.arange(0.0, 2_000.0)
    weights = weight_kg(
        breed.curve,
        ages,
        mature_kg=breed.mature_kg,
        shape=breed.shape,
        rate=breed.rate,
        power=breed.power,
    )
    assert weights[0] == pytest.approx(breed.birth_kg)
    assert (np.diff(weights) > 0).all()
    assert weights[-1] < breed.mature_kg
    assert weights[-1] > 0.95 * breed.mature_kg


def test_curves_have_their_published_inflections() -> None:
    ages = np.linspace(0, 800, 80_001)
    expected = {Curve.GOMPERTZ: np.exp(-1), Curve.LOGISTIC: 0.5, Curve.BERTALANFFY: 8 / 27}
    for curve, share in expected.items():
        shape = shape_from_birth(curve, 0.02)
        weights = weight_kg(curve, ages, mature_kg=100.0, shape=shape, rate=0.02)
        at = np.argmax(np.diff(weights))
        assert weights[at] / 100 == pytest.approx(share, abs=0.002)


def test_birth_fraction_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        shape_from_birth(Curve.BRODY, 1.0)


def test_heads_are_an_identity_every_day(stock: Stock) -> None:
    heads = stock.truth["livestock_headcount"]
    moves = {name: column(heads, name) for name in heads.column_names[2:]}
    came = moves["births"] + moves["purchases"]
    left = moves["sales"] + moves["deaths"] + moves["thefts"]
    assert (moves["start"] + came - left == moves["end"]).all()
    assert (moves["end"] >= 0).all()
    assert (moves["hidden"] <= left).all()
    for name in ("births", "purchases", "sales", "deaths", "thefts"):
        assert moves[name].sum() > 0, name


def test_heads_continue_from_day_to_day(stock: Stock) -> None:
    heads = stock.truth["livestock_headcount"].sort_by(
        [("herd_id", "ascending"), ("date", "ascending")]
    )
    same = column(heads, "herd_id")[1:] == column(heads, "herd_id")[:-1]
    next_day = np.diff(column(heads, "date")) == np.timedelta64(1, "D")
    assert (next_day | ~same).all()
    assert (column(heads, "start")[1:] == column(heads, "end")[:-1])[same].all()


def test_truth_of_heads_and_animals_agree(stock: Stock) -> None:
    animals = stock.truth["livestock_animal"]
    thefts = int((column(animals, "exit") == "theft").sum())
    assert thefts == column(stock.truth["livestock_headcount"], "thefts").sum()
    losses = stock.truth["livestock_loss"]
    stolen = losses.filter(pc.equal(losses["kind"], "theft"))
    assert column(stolen, "heads").sum() == thefts


def test_animals_weigh_what_their_curve_says(stock: Stock) -> None:
    truth = stock.truth["livestock_animal"]
    herd = stock.tables["animal"].select(["animal_id", "herd_id", "sex"])
    shocked = set(stock.truth["livestock_shock"]["herd_id"].to_pylist())
    rows = truth.join(herd, "animal_id").to_pylist()
    curves = {breed.name: breed for breed in BREEDS}
    checked = 0
    for row in rows:
        breed = curves[row["breed"]]
        assert row["curve"] == breed.curve
        last = row["exit_date"] or CALENDAR.end
        expected = weight_kg(
            breed.curve,
            np.array(float((last - row["birth_date"]).days)),
            mature_kg=row["mature_kg"],
            shape=breed.shape,
            rate=row["rate_per_day"],
            power=breed.power,
        )
        if row["herd_id"] in shocked:
            assert row["final_kg"] <= expected + 1e-3
        else:
            assert row["final_kg"] == pytest.approx(float(expected), abs=1e-3)
            checked += 1
    assert checked > 1_000


def test_mean_weight_of_a_batch_grows_while_nobody_comes_or_goes(stock: Stock) -> None:
    pairs, growing = ask(
        """
        WITH week AS (
            SELECT total_kg / heads - lag(total_kg / heads) OVER herd AS growth,
                   heads = lag(heads) OVER herd AS same
            FROM livestock_weight WINDOW herd AS (PARTITION BY herd_id ORDER BY date)
        ) SELECT count(*), avg((growth >= -1e-6)::int) FROM week WHERE same
        """,
        stock,
    )[0]
    assert pairs > 100
    assert growing > 0.98


def test_markets_take_the_heaviest_first(stock: Stock) -> None:
    herds, falling = ask(
        """
        WITH sale AS (
            SELECT herd_id, arg_min(total_kg / heads, occurred_on) AS first_kg,
                   arg_max(total_kg / heads, occurred_on) AS last_kg, count(*) AS sales
            FROM farm_event WHERE event_type = 'sale' GROUP BY herd_id
        ) SELECT count(*), avg((first_kg > last_kg)::int) FROM sale WHERE sales > 1
        """,
        stock,
    )[0]
    assert herds > 5
    assert falling > 0.8


def test_reports_leave_out_what_is_hidden_and_come_late(stock: Stock) -> None:
    told = ask(
        "SELECT sum(heads) FROM farm_event WHERE event_type IN ('sale', 'death', 'theft')", stock
    )[0][0]
    true, hidden = ask(
        "SELECT sum(sales + deaths + thefts), sum(hidden) FROM livestock_headcount", stock
    )[0]
    assert hidden > 0
    assert told <= true - hidden
    wrong = """
        SELECT count(*) FROM farm_event
        WHERE reported_at <= occurred_on
           OR (amount_fen IS NOT NULL) <> (event_type IN ('sale', 'purchase'))
    """
    assert ask(wrong, stock) == [(0,)]


def test_messages_repeat_at_their_rate_and_arrive_in_order(stock: Stock) -> None:
    rows, distinct = ask("SELECT count(*), count(DISTINCT message_id) FROM message", stock)[0]
    assert 1 - distinct / rows == pytest.approx(Rates().duplicate_share, rel=0.15)
    received = column(stock.tables["message"], "received_at")
    assert (np.diff(received) >= np.timedelta64(0)).all()


def test_device_clocks_are_wrong_by_what_the_truth_says(stock: Stock) -> None:
    gaps = ask(
        """
        SELECT clock_skew_s, median(epoch(sent_at) - epoch(received_at))
        FROM message JOIN livestock_device_fault USING (device_id)
        GROUP BY device_id, clock_skew_s HAVING count(*) > 100
        """,
        stock,
    )
    assert any(abs(skew) > 600 for skew, _ in gaps)
    assert all(gap == pytest.approx(skew, abs=6) for skew, gap in gaps)


def test_dark_devices_say_nothing(stock: Stock) -> None:
    said, dark = ask(
        """
        SELECT count(*) FILTER (sent_at::date > dark_from AND sent_at::date < dark_until),
               count(DISTINCT device_id)
        FROM message JOIN livestock_device_fault USING (device_id)
        WHERE dark_from IS NOT NULL AND abs(clock_skew_s) < 60
        """,
        stock,
    )[0]
    assert dark > 5
    assert said == 0


def test_tags_are_read_at_their_rate_and_only_while_the_animal_is_there(stock: Stock) -> None:
    reads, late, expected, seen = ask(
        """
        WITH read AS (
            SELECT tag_no, count(DISTINCT received_at::date) AS days,
                   count(*) FILTER (received_at::date > exit_date + 2) AS late, count(*) AS reads
            FROM message JOIN animal USING (tag_no) JOIN livestock_animal USING (animal_id)
            WHERE kind = 'presence' GROUP BY tag_no
        ) SELECT sum(reads), sum(late),
                 avg(tag_read_rate) FILTER (tag_lost_on IS NULL),
                 sum(days) / sum(least(coalesce(exit_date, DATE '2026-04-01'), DATE '2026-04-01')
                     - greatest(entry_date, DATE '2025-12-02')) FILTER (tag_lost_on IS NULL)
        FROM read JOIN animal USING (tag_no) JOIN livestock_animal USING (animal_id)
        """,
        stock,
    )[0]
    assert reads > 10_000
    assert late == 0
    assert expected * 0.9 < seen <= expected * 1.02


def test_girths_and_tape_weights_err_as_declared(stock: Stock) -> None:
    rows, spread, bias = ask(
        """
        WITH near AS (
            SELECT w.inspection_id, avg(w.tape_kg) AS tape,
                   any_value(t.total_kg / t.heads) AS truth_kg
            FROM weighing w JOIN inspection i USING (inspection_id)
            JOIN livestock_weight t ON t.herd_id = i.herd_id AND t.date = i.inspected_at::date
            GROUP BY 1 HAVING count(DISTINCT w.tape_kg) >= 4
        ) SELECT count(*), stddev(ln(tape / truth_kg)), avg(ln(tape / truth_kg)) FROM near
        """,
        stock,
    )[0]
    assert rows > 10
    assert spread < 0.15
    assert abs(bias) < 0.08


def test_scales_err_by_about_one_percent(stock: Stock) -> None:
    rows, middle, spread = ask(
        """
        SELECT count(*), median(weight_kg / final_kg),
               quantile_cont(ln(weight_kg / final_kg), 0.75)
                   - quantile_cont(ln(weight_kg / final_kg), 0.25)
        FROM message m JOIN animal USING (tag_no) JOIN livestock_animal USING (animal_id)
        JOIN livestock_device_fault f ON f.device_id = m.device_id
        WHERE m.kind = 'weight' AND exit = 'stays' AND received_at::date = DATE '2026-03-31'
          AND stuck_from IS NULL
        """,
        stock,
    )[0]
    assert rows > 10
    assert middle == pytest.approx(1.0, abs=0.02)
    assert spread < 0.04


def test_officers_mostly_count_right(stock: Stock) -> None:
    visits, right, worst = ask(
        """
        SELECT count(*), avg((counted_heads = h."end")::int),
               max(abs(counted_heads - h."end") - 0.08 * h."end")
        FROM inspection i JOIN livestock_headcount h
          ON h.herd_id = i.herd_id AND h.date = i.inspected_at::date
        """,
        stock,
    )[0]
    assert visits == stock.tables["inspection"].num_rows
    assert right > 0.85
    assert worst <= 1


def test_quotes_surround_the_true_price() -> None:
    prices = build_prices(COUNTIES, CALENDAR, np.random.default_rng(3))
    quotes = quote_table(prices, Rates(), np.random.default_rng(4))
    stock = Stock({"quote": quotes}, {"price": price_table(prices)})
    middle, halved, early, present = ask(
        """
        SELECT median(q.price_fen_per_kg / t.price_fen_per_kg),
               avg((q.price_fen_per_kg < 0.6 * t.price_fen_per_kg)::int),
               count(*) FILTER (published_on <= week),
               count(*) / (3 * (SELECT count(*) FROM price))
        FROM quote q JOIN price t USING (county, species, band, week)
        """,
        stock,
    )[0]
    assert middle == pytest.approx(1.0, abs=0.002)
    assert halved == pytest.approx(Rates().quote_outlier_share, abs=0.005)
    assert 1 - present == pytest.approx(Rates().quote_missing_share, abs=0.01)
    assert early == 0


def test_hog_prices_move_like_published_ones_and_cattle_less() -> None:
    prices = build_prices(COUNTIES, CALENDAR, np.random.default_rng(5))
    weekly = np.diff(np.log(prices.fen_per_kg), axis=2).std(axis=(1, 2))
    assert 0.025 < weekly[0] < 0.045
    assert weekly[2] < weekly[0] / 2


def test_same_seed_same_farms() -> None:
    first, again, other = make_stock(6), make_stock(6), make_stock(6, seed=8)
    for name, table in {**first.tables, **first.truth}.items():
        assert table.equals({**again.tables, **again.truth}[name]), name
    assert not first.tables["animal"].equals(other.tables["animal"])


def test_no_owner_makes_empty_tables_of_the_same_columns(stock: Stock) -> None:
    empty = make_stock(0)
    for name, table in empty.tables.items():
        assert table.num_rows == 0, name
        assert table.schema.equals(stock.tables[name].schema), name


def test_nothing_is_stolen_when_theft_is_switched_off() -> None:
    calm = make_stock(9, rates=replace(Rates(), theft_share=0.0, hidden_sale_share=0.0))
    assert calm.truth["livestock_loss"].num_rows == 0


def test_every_species_is_kept() -> None:
    assert set(HUSBANDRY) == {breed.species for breed in BREEDS}


@pytest.mark.parametrize(("banks", "customers", "days"), [(3, 900, 40), (51, 2_550, 2)])
def test_files_of_every_bank_are_written_and_marked(
    tmp_path: Path, banks: int, customers: int, days: int
) -> None:
    config = ProvinceConfig(banks=banks, customers=customers, days=days)
    worlds = build_worlds(config)
    rows = write_livestock(config, worlds, tmp_path)
    for name, count in rows.items():
        path = tmp_path / "livestock" / f"{name}.parquet"
        assert pq.read_metadata(path).num_rows == count
        assert pq.read_schema(path).metadata[b"titian.synthetic"] == b"true"
    farms = pq.read_table(tmp_path / "livestock" / "farm.parquet")
    assert len(set(farms["farm_id"].to_pylist())) == rows["farm"]
    assert len(set(farms["bank"].to_pylist())) > banks * 2 / 3
    hidden = {path.stem for path in (tmp_path / "truth").glob("*.parquet")}
    assert {"livestock_headcount", "livestock_weight", "livestock_loss"} <= hidden


def test_owners_are_parties_of_their_bank_and_its_trade() -> None:
    config = ProvinceConfig(banks=1, customers=4_000, days=30)
    world = build_worlds(config)[0]
    owners = owners_of(config, world)
    rows = [int(party[3:]) - 1 for party in owners.party_id.to_pylist()]
    kinds = {Industry.PIG: "pig", Industry.CATTLE: "cattle", Industry.SHEEP: "sheep"}
    assert len(rows) == len(set(rows)) == 18
    assert owners.industry.to_pylist() == [
        kinds[Industry(world.traits.industry[row])] for row in rows
    ]
    assert set(owners.industry.to_pylist()) == set(kinds.values())
    assert (world.people.open_date[rows] < config.start_day).all()


@given(seed=st.integers(0, 2**32 - 1), owners=st.integers(0, 6), days=st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_heads_always_add_up(seed: int, owners: int, days: int) -> None:
    calendar = Calendar(date(2026, 3, 31), days)
    prices = build_prices(COUNTIES, calendar, np.random.default_rng(1))
    stream = np.random.default_rng(seed)
    made = build_stock(some_owners(owners), prices, calendar, Rates(), "01", stream)
    wrong = """
        SELECT count(*) FROM livestock_headcount
        WHERE start + births + purchases - sales - deaths - thefts <> "end" OR "end" < 0
    """
    assert ask(wrong, made) == [(0,)]
    present = ask(
        """
        SELECT (SELECT coalesce(sum("end"), 0) FROM livestock_headcount WHERE date = '2026-03-31'),
               (SELECT count(*) FROM livestock_animal WHERE exit = 'stays')
        """,
        made,
    )[0]
    assert present[0] == present[1]
