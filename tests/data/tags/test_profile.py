"""The profile against core tables read row by row in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from titian.data.tags.fields import profile_of
from titian.kernel.scope import Scope
from titian.lake import store

LAST = date(2026, 3, 31)
Rows = list[dict[str, object]]


def rows(scope: Scope, table: str, day: date | None = LAST) -> Rows:
    found: Rows = store.read(scope, table, business_date=day).to_pylist()
    return found


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value


@pytest.fixture
def profiles(sample_bank: Scope) -> dict[object, dict[str, object]]:
    return {row["party_id"]: row for row in rows(sample_bank, "mart.party_profile")}


def test_it_works(sample_bank: Scope, profiles: dict[object, dict[str, object]]) -> None:
    parties = {row["party_id"]: row for row in rows(sample_bank, "core.party")}
    assert profiles.keys() == parties.keys()
    for party_id, row in profiles.items():
        for name in ("party_type", "gender", "age_years", "occupation", "status", "open_date"):
            assert row[name] == parties[party_id][name]


def test_amounts_over_a_span_are_money_too(sample_bank: Scope) -> None:
    known = profile_of(sample_bank).fields
    assert {known[name].field.unit for name in ("in_fen_90d", "aum_fen", "aum_30d_ago_fen")} == {
        "fen"
    }
    assert known["age_years"].field.unit == "years"
    assert known["entries_90d"].field.unit == ""


def test_balances_are_those_of_the_accounts(
    sample_bank: Scope, profiles: dict[object, dict[str, object]]
) -> None:
    for days_ago, name in ((0, "aum_fen"), (30, "aum_30d_ago_fen"), (90, "aum_90d_ago_fen")):
        totals: Counter[object] = Counter()
        for account in rows(sample_bank, "core.account", LAST - timedelta(days_ago)):
            totals[account["party_id"]] += whole(account["balance_fen"])
        assert {key: row[name] for key, row in profiles.items()} == {
            key: totals[key] for key in profiles
        }


@pytest.mark.parametrize("days", [30, 90])
def test_windows_count_the_entries_of_their_days_only(
    sample_bank: Scope, profiles: dict[object, dict[str, object]], days: int
) -> None:
    counts: Counter[object] = Counter()
    inflow: Counter[object] = Counter()
    active: dict[object, set[object]] = {}
    for entry in rows(sample_bank, "core.entry", None):
        day = entry["business_date"]
        assert isinstance(day, date)
        if LAST - timedelta(days) < day <= LAST:
            counts[entry["party_id"]] += 1
            active.setdefault(entry["party_id"], set()).add(day)
            if entry["direction"] == "credit":
                inflow[entry["party_id"]] += whole(entry["amount_fen"])
    for party_id, row in profiles.items():
        assert row[f"entries_{days}d"] == counts[party_id]
        assert row[f"in_fen_{days}d"] == inflow[party_id]
        assert row[f"active_days_{days}d"] == len(active.get(party_id, ()))


def test_salary_months_are_calendar_months(
    sample_bank: Scope, profiles: dict[object, dict[str, object]]
) -> None:
    months: dict[object, set[tuple[int, int]]] = {}
    for entry in rows(sample_bank, "core.entry", None):
        day = entry["business_date"]
        assert isinstance(day, date)
        salary = entry["summary"] == "salary" and entry["direction"] == "credit"
        if salary and LAST - timedelta(90) < day <= LAST:
            months.setdefault(entry["party_id"], set()).add((day.year, day.month))
    assert any(len(found) >= 3 for found in months.values())
    for party_id, row in profiles.items():
        assert row["salary_months_90d"] == len(months.get(party_id, ()))


def test_household_figures_add_up_over_its_active_members(
    sample_bank: Scope, profiles: dict[object, dict[str, object]]
) -> None:
    members: dict[object, Rows] = {}
    for row in profiles.values():
        if row["household_id"] is not None and row["status"] == "active":
            members.setdefault(row["household_id"], []).append(row)
    for row in profiles.values():
        family = members.get(row["household_id"], [])
        if row["household_id"] is None:
            assert row["household_customers"] is None
            assert row["household_aum_fen"] is None
        elif family:
            assert row["household_customers"] == len(family)
            assert row["household_aum_fen"] == sum(whole(m["aum_fen"]) for m in family)
            borrowers = sum(whole(m["loans"]) > 0 for m in family)
            assert row["household_borrowers"] == borrowers


def test_loans_and_their_worst_class(
    sample_bank: Scope, profiles: dict[object, dict[str, object]]
) -> None:
    loans = {r["party_id"]: r for r in rows(sample_bank, "core.loan") if r["is_active"]}
    for party_id, row in profiles.items():
        loan = loans.get(party_id)
        assert row["loans"] == (1 if loan else 0)
        assert row["loan_fen"] == (loan["balance_fen"] if loan else 0)
        assert row["five_class"] == (loan["five_class"] if loan else None)


def test_the_main_channel_has_the_most_entries(
    sample_bank: Scope, profiles: dict[object, dict[str, object]]
) -> None:
    channels = ("counter", "atm", "online", "mobile", "wechat", "direct", "card", "quick")
    for row in profiles.values():
        counts = {name: whole(row[f"{name}_entries_90d"]) for name in channels}
        if row["main_channel"] is None:
            assert not any(counts.values())
        else:
            assert counts[str(row["main_channel"])] == max(counts.values())
        assert row["channels_90d"] == sum(count > 0 for count in counts.values())


def test_one_date_alone_gives_what_many_dates_give(
    sample_bank: Scope, run_job: Callable[..., object]
) -> None:
    many = store.read(sample_bank, "mart.party_profile", business_date=LAST).sort_by("party_id")
    run_job(sample_bank, "mart.party_profile", LAST)
    one = store.read(sample_bank, "mart.party_profile", business_date=LAST).sort_by("party_id")
    assert one == many
