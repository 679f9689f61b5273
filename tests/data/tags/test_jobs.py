from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyroaring import BitMap

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.tags import catalogue, store
from titian.data.tags.lake import EVERYONE, OPTED_OUT, TAG
from titian.data.tags.model import PLAIN, Refresh
from titian.kernel.scope import Scope
from titian.lake import layout
from titian.lake import store as lake
from titian.lake.session import open_session

LAST = date(2026, 3, 31)
BEFORE = LAST - timedelta(1)
RunJob = Callable[..., object]


def query(scope: Scope, sql: str) -> list[tuple[object, ...]]:
    with open_session(scope) as session:
        return [tuple(row.values()) for row in session.sql(sql).to_pylist()]


def worn(scope: Scope, tag: str, value: str = PLAIN, day: date = LAST) -> BitMap:
    return store.day_tags(scope, day).wearing(tag, value)


def test_every_tag_value_has_the_members_its_condition_says(sample_bank: Scope) -> None:
    known = catalogue.load(sample_bank)
    held = store.day_tags(sample_bank, LAST)
    plain = [tag for tag in known.tags.values() if tag.card is None]
    assert len(plain) > 100
    with open_session(sample_bank) as session:
        for tag in plain:
            taken = BitMap()
            for value in tag.values:
                assert value.condition is not None
                applies = {
                    "person": "party_type = 'person'",
                    "enterprise": "party_type <> 'person'",
                    "household": "household_id IS NOT NULL",
                    "party": "TRUE",
                }[tag.subject]
                ids = session.sql(
                    f"SELECT dense_id FROM mart.party_profile WHERE ({value.condition.sql()}) "
                    f"AND {applies} AND status = 'active' AND business_date = DATE '{LAST}'"
                ).column(0)
                expected = BitMap(ids.to_pylist()) - taken
                assert held.wearing(tag.code, value.code) == expected, (tag.code, value.code)
                taken |= expected


def test_a_model_tag_cuts_its_points(sample_bank: Scope) -> None:
    known = catalogue.load(sample_bank)
    tag = known.tag("loan_demand")
    assert tag.card is not None
    points = " + ".join(
        f"CASE WHEN {line.condition.sql()} THEN {line.points} ELSE 0 END"
        for line in tag.card.points
    )
    rows = query(
        sample_bank,
        f"SELECT dense_id, {tag.card.base} + {points} AS score FROM mart.party_profile "
        f"WHERE status = 'active' AND business_date = DATE '{LAST}'",
    )
    high = {row[0] for row in rows if int(str(row[1])) >= 65}
    assert set(worn(sample_bank, "loan_demand", "high")) == high
    assert len(high) > 0
    total = sum(len(worn(sample_bank, "loan_demand", v.code)) for v in tag.values)
    assert total == len(worn(sample_bank, EVERYONE))


def test_everyone_is_active_and_refusals_are_kept_apart(sample_bank: Scope) -> None:
    everyone = query(
        sample_bank,
        "SELECT dense_id, opt_out FROM mart.party_profile "
        f"WHERE status = 'active' AND business_date = DATE '{LAST}'",
    )
    assert set(worn(sample_bank, EVERYONE)) == {row[0] for row in everyone}
    assert set(worn(sample_bank, OPTED_OUT)) == {row[0] for row in everyone if row[1]}


def test_household_tags_count_households(sample_bank: Scope) -> None:
    rows = query(
        sample_bank,
        f"SELECT members, subjects FROM {TAG} "
        f"WHERE tag = 'livestock_keeper' AND business_date = DATE '{LAST}'",
    )
    households = query(
        sample_bank,
        "SELECT count(DISTINCT household_id), count(*) FROM mart.party_profile "
        "WHERE industry IN ('pig', 'cattle', 'sheep') AND status = 'active' "
        f"AND business_date = DATE '{LAST}'",
    )
    assert rows == [(households[0][1], households[0][0])]


def test_one_date_alone_gives_what_many_dates_give(sample_bank: Scope, run_job: RunJob) -> None:
    before = lake.read(sample_bank, TAG, business_date=BEFORE).sort_by("tag")
    run_job(sample_bank, TAG, BEFORE)
    assert lake.read(sample_bank, TAG, business_date=BEFORE).sort_by("tag") == before


def test_party_numbers_are_given_once(sample_bank: Scope, run_job: RunJob) -> None:
    index = "SELECT party_id, dense_id FROM mart.party_index ORDER BY dense_id"
    before = query(sample_bank, index)
    assert [row[1] for row in before] == list(range(240))
    table = lake.describe(sample_bank, "core.party")
    rows = lake.read(sample_bank, "core.party", business_date=LAST).drop_columns("business_date")
    late = rows.slice(0, 1).set_column(0, "party_id", [["p99999"]])
    lake.write_date(sample_bank, table, LAST + timedelta(1), late)
    for _ in range(2):
        run_job(sample_bank, "mart.party_index", LAST + timedelta(1))
    run_job(sample_bank, "mart.party_index", LAST)
    assert query(sample_bank, index) == [*before, ("p99999", 240)]


def test_refresh_says_which_profile_counts() -> None:
    day = date(2026, 3, 18)
    assert Refresh.DAILY.as_of(day) == day
    assert Refresh.WEEKLY.as_of(day) == date(2026, 3, 16)
    assert Refresh.MONTHLY.as_of(day) == date(2026, 3, 1)


def test_a_monthly_tag_stands_as_of_the_first(sample_bank: Scope, run_job: RunJob) -> None:
    path = definitions.folder(sample_bank, Kind.TAGS) / "own.yaml"
    path.write_text(
        "category: {code: own, zh: 自建, en: Own, order: 99}\n"
        "tags:\n"
        "  rich_monthly: {zh: 月度, en: Monthly, kind: rule, subject: party, level: 3,\n"
        "    refresh: monthly, description: {zh: 月, en: Month}, when: aum_fen > 9100000}\n",
        encoding="utf-8",
    )
    first = LAST - timedelta(30)
    assert first == date(2026, 3, 1)
    run_job(sample_bank, TAG, LAST)
    then = query(
        sample_bank,
        f"SELECT dense_id FROM mart.party_profile WHERE aum_fen > 9100000 "
        f"AND status = 'active' AND business_date = DATE '{first}'",
    )
    assert set(worn(sample_bank, "rich_monthly")) == {row[0] for row in then}
    state = next(s for s in store.states(sample_bank) if s.tag == "rich_monthly")
    assert state.as_of == first


def test_coverage_goes_back_over_the_dates(sample_bank: Scope) -> None:
    history = store.coverage(sample_bank, "borrower")
    assert [state.business_date for state in history] == store.dates(sample_bank)
    assert all(0 < state.coverage < 1 for state in history)


def test_a_rewritten_date_is_read_anew(sample_bank: Scope, run_job: RunJob) -> None:
    assert len(worn(sample_bank, "borrower")) > 0
    path = definitions.folder(sample_bank, Kind.TAGS) / "loans.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("when: loans > 0\n", "when: loans > 99\n", 1), encoding="utf-8")
    run_job(sample_bank, TAG, LAST)
    assert len(worn(sample_bank, "borrower")) == 0


def test_a_bank_without_tags_has_no_tag_job(sample_bank: Scope) -> None:
    from titian.data.jobs import catalogue as jobs

    assert TAG in jobs.fresh(sample_bank).jobs
    shutil.rmtree(definitions.folder(sample_bank, Kind.TAGS))
    assert TAG not in jobs.fresh(sample_bank).jobs


def test_tags_that_lost_their_profile_say_so(sample_bank: Scope, tmp_path: Path) -> None:
    from titian.kernel.errors import NotFound

    folder = definitions.folder(sample_bank, Kind.JOBS)
    (folder / "mart.party_profile.sql").rename(tmp_path / "gone.sql")
    shutil.rmtree(layout.table_path(sample_bank, "mart.party_profile"))
    with pytest.raises(NotFound, match=r"no job that makes mart\.party_profile"):
        catalogue.load(sample_bank)
