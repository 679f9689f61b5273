from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from titian.province.identity import valid_id_card
from titian.province.model import PartyType, ProvinceConfig, World, size
from titian.province.vendors import (
    DISAGREEMENTS,
    Disagreement,
    Source,
    Vendors,
    build_vendors,
    write_vendors,
)
from titian.province.vendors.subjects import links_of, true_subjects
from titian.province.world import build_worlds

CONFIG = ProvinceConfig(banks=3, customers=9_000, days=30)
AGREES = Disagreement(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
EXACT = dict.fromkeys(Source, AGREES)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return build_worlds(CONFIG)


@pytest.fixture(scope="module")
def vendors(worlds: list[World]) -> Vendors:
    return build_vendors(CONFIG, worlds)


def ask(sql: str, vendors: Vendors, **more: pa.Table) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for name, table in {**vendors.tables, "links": vendors.links, **more}.items():
            connection.register(name, table)
        return connection.execute(sql).fetchall()


def parties(worlds: list[World]) -> pa.Table:
    return pa.concat_tables(
        pa.table(
            {
                "party_id": [f"P{w.bank.no:02d}{row + 1:07d}" for row in range(size(w.people))],
                "name": w.people.name.tolist(),
                "id_no": w.people.id_no.tolist(),
                "person": w.traits.person,
                "firm": w.people.kind != PartyType.PERSON,
            }
        )
        for w in worlds
    )


def test_all_ten_sources_have_records(vendors: Vendors) -> None:
    assert set(vendors.tables) == {source.value for source in Source}
    assert all(table.num_rows > 20 for table in vendors.tables.values())


def test_every_record_is_linked_and_every_link_names_a_record(vendors: Vendors) -> None:
    for source, table in vendors.tables.items():
        linked = ask(f"SELECT DISTINCT record_id FROM links WHERE source = '{source}'", vendors)
        assert {row[0] for row in linked} == set(table["record_id"].to_pylist())
        assert len(linked) == table.num_rows


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("field", ["name_variant", "phone_stale", "address_old"])
def test_disagreement_is_near_its_rate(vendors: Vendors, source: Source, field: str) -> None:
    rows, share = ask(
        f"""
        WITH record AS (SELECT DISTINCT record_id, {field} AS differs FROM links
                        WHERE source = '{source.value}')
        SELECT count(*), avg(differs::int) FROM record
        """,
        vendors,
    )[0]
    rate = getattr(DISAGREEMENTS[source], field)
    margin = 4 * np.sqrt(rate * (1 - rate) / rows) + 0.004
    assert share == pytest.approx(rate, abs=margin)


@pytest.mark.parametrize("source", [s for s in Source if s is not Source.UTILITY])
def test_identity_numbers_are_missing_and_wrong_at_their_rates(
    vendors: Vendors, source: Source
) -> None:
    shares: dict[str, float] = dict(
        ask(
            f"""
            WITH record AS (SELECT DISTINCT record_id, id_change FROM links
                            WHERE source = '{source.value}')
            SELECT id_change, count(*) / sum(count(*)) OVER () FROM record GROUP BY id_change
            """,
            vendors,
        )
    )
    rates = DISAGREEMENTS[source]
    rows = vendors.tables[source.value].num_rows
    for change, rate in (
        ("missing", rates.id_missing),
        ("fifteen", rates.id_fifteen),
        ("slip", rates.id_slip),
    ):
        margin = 4 * np.sqrt(rate * (1 - rate) / rows) + 0.004
        assert shares.get(change, 0.0) == pytest.approx(rate, abs=margin)


def test_what_links_say_was_changed_was_changed(vendors: Vendors, worlds: list[World]) -> None:
    subjects = true_subjects(CONFIG, worlds)
    truth = pa.table(
        {
            "person": subjects.person,
            "true_name": subjects.name.tolist(),
            "true_id": subjects.id_no.tolist(),
        }
    )
    for source in Source:
        if source is Source.UTILITY:
            continue
        wrong = ask(
            f"""
            SELECT count(*) FILTER (name_variant <> (v.name <> true_name)),
                   count(*) FILTER ((id_change = 'same') <> (coalesce(v.id_no, '') = true_id)
                                    AND true_id <> ''),
                   count(*) FILTER (id_change = 'missing' AND v.id_no IS NOT NULL),
                   count(*) FILTER (id_change = 'fifteen' AND length(v.id_no) <> 15),
                   count(*)
            FROM links JOIN {source.value} v USING (record_id) JOIN truth USING (person)
            WHERE source = '{source.value}' AND party_id IS NOT NULL
            """,
            vendors,
            truth=truth,
        )[0]
        assert wrong[:4] == (0, 0, 0, 0), source
        assert wrong[4] > 20


def test_a_swapped_number_keeps_its_digits_and_fails_its_check(vendors: Vendors) -> None:
    rows = ask(
        """
        SELECT v.id_no FROM links JOIN bank_card v USING (record_id)
        WHERE source = 'bank_card' AND id_change = 'slip'
        """,
        vendors,
    )
    assert rows
    assert not any(valid_id_card(number) for (number,) in rows)


def test_without_disagreement_every_record_repeats_the_truth(worlds: list[World]) -> None:
    exact = build_vendors(CONFIG, worlds, EXACT)
    share, firms = ask(
        """
        SELECT avg((v.id_no = p.id_no)::int), count(*) FILTER (firm)
        FROM links JOIN tax v USING (record_id) JOIN party p USING (party_id)
        WHERE source = 'tax' AND NOT name_variant AND id_change = 'same'
        """,
        exact,
        party=parties(worlds),
    )[0]
    # Second records of a person in a bank may lack the number themselves; sources do not.
    assert share > 0.97
    assert firms > 100
    assert ask("SELECT count(*) FROM links WHERE phone_stale OR address_old", exact) == [(0,)]


def test_a_person_known_to_two_banks_is_one_subject_with_two_links(
    vendors: Vendors, worlds: list[World]
) -> None:
    subjects = true_subjects(CONFIG, worlds)
    subject, bank = links_of(subjects, worlds)
    assert len(subject) == CONFIG.customers
    assert len(np.unique(subjects.person)) == len(subjects.person) < CONFIG.customers
    persons = np.concatenate([world.traits.person for world in worlds])
    assert (subjects.person[subject] == persons).all()
    shared = [number for number in np.unique(subject) if len(set(bank[subject == number])) > 1]
    assert shared
    twice = ask(
        """
        SELECT max(n) FROM (SELECT count(DISTINCT bank) AS n FROM links
                            WHERE source = 'police' GROUP BY record_id)
        """,
        vendors,
    )
    assert twice[0][0] >= 2


def test_strangers_have_no_party_and_some_share_a_customers_name(
    vendors: Vendors, worlds: list[World]
) -> None:
    strangers, namesakes, known = ask(
        """
        SELECT count(*), count(*) FILTER (v.name IN (SELECT name FROM party)),
               count(*) FILTER (v.id_no IN (SELECT id_no FROM party))
        FROM links JOIN police v USING (record_id) WHERE source = 'police' AND party_id IS NULL
        """,
        vendors,
        party=parties(worlds),
    )[0]
    assert strangers > 300
    assert namesakes > strangers / 3
    assert known == 0


def test_sources_keep_only_the_subjects_they_would_know(
    vendors: Vendors, worlds: list[World]
) -> None:
    table = parties(worlds)
    firms = {
        source.value: ask(
            f"""
            SELECT count(*) FILTER (firm), count(*) FILTER (NOT firm)
            FROM links JOIN party USING (party_id) WHERE source = '{source.value}'
            """,
            vendors,
            party=table,
        )[0]
        for source in (Source.POLICE, Source.SOCIAL_SECURITY, Source.REGISTRY)
    }
    assert firms["police"][0] == 0
    assert firms["social_security"][0] == 0
    assert firms["registry"][0] == sum(
        int((world.people.kind != PartyType.PERSON).sum()) for world in worlds
    )


def test_cards_are_those_of_the_banks(vendors: Vendors, worlds: list[World]) -> None:
    numbers = {number for world in worlds for number in world.cards.number.tolist()}
    listed = vendors.tables["bank_card"]["card_no"].to_pylist()
    assert set(listed) <= numbers
    assert len(listed) == len(set(listed))
    assert len(listed) > 0.9 * len(numbers)


def test_latent_risk_shows_in_court_and_in_late_payments(
    vendors: Vendors, worlds: list[World]
) -> None:
    risk = {
        f"P{world.bank.no:02d}{row + 1:07d}": float(value)
        for world in worlds
        for row, value in enumerate(world.traits.risk)
    }
    sued = [
        risk[party]
        for (party,) in ask(
            "SELECT party_id FROM links WHERE source = 'litigation' AND party_id IS NOT NULL",
            vendors,
        )
    ]
    late = [
        risk[party]
        for (party,) in ask(
            """
            SELECT party_id FROM links JOIN utility USING (record_id)
            WHERE source = 'utility' AND party_id IS NOT NULL AND late_payments_12m >= 2
            """,
            vendors,
        )
    ]
    assert np.mean(sued) > 0.2
    assert np.mean(late) > 0.4


def test_same_seed_same_records_and_order_tells_nothing(
    vendors: Vendors, worlds: list[World]
) -> None:
    again = build_vendors(CONFIG, worlds)
    assert all(again.tables[name].equals(table) for name, table in vendors.tables.items())
    assert again.links.equals(vendors.links)
    persons = np.array(
        [n for (n,) in ask("SELECT person FROM links WHERE source = 'police'", vendors)]
    )
    assert abs(np.corrcoef(persons, np.arange(len(persons)))[0, 1]) < 0.05


def test_files_are_marked_synthetic(tmp_path: Path, worlds: list[World]) -> None:
    rows = write_vendors(CONFIG, worlds, tmp_path)
    for source, count in rows.items():
        path = tmp_path / "vendors" / f"{source}.parquet"
        assert pq.read_metadata(path).num_rows == count
        assert pq.read_schema(path).metadata[b"titian.synthetic"] == b"true"
    assert (tmp_path / "truth" / "vendor_links.parquet").is_file()


@pytest.mark.parametrize(("banks", "customers"), [(1, 50), (51, 2_550)])
def test_small_and_many_banks_work(banks: int, customers: int) -> None:
    config = ProvinceConfig(banks=banks, customers=customers, days=3)
    made = build_vendors(config, build_worlds(config))
    assert made.tables["police"].num_rows > 0.8 * customers


def test_a_large_province_is_known_in_part(worlds: list[World]) -> None:
    some = true_subjects(CONFIG, worlds, limit=500)
    subject, _ = links_of(some, worlds)
    persons = np.concatenate([world.traits.person for world in worlds])
    assert size(some) == 500
    assert set(np.unique(subject).tolist()) == {-1, *range(500)}
    assert (some.person[subject[subject >= 0]] == persons[subject >= 0]).all()
    assert not np.isin(persons[subject < 0], some.person).any()
