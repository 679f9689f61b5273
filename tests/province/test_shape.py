"""Statistics of the province: the rhythm and the risks that the pages and models live on."""

from __future__ import annotations

import numpy as np
import pytest

from titian.province import calendar
from titian.province.entries import honest_entries
from titian.province.loanbook import WRITE_OFF_DAYS, standing_of
from titian.province.loans import schedule
from titian.province.model import (
    Channel,
    Direction,
    Entries,
    Flags,
    Occupation,
    Product,
    ProvinceConfig,
    Summary,
    World,
    size,
    take,
)
from titian.province.touches import market
from titian.province.twins import FULL_ID_LENGTH
from titian.province.world import build_worlds

CONFIG = ProvinceConfig(banks=3, customers=9_000, days=120)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return build_worlds(CONFIG)


@pytest.fixture(scope="module")
def world(worlds: list[World]) -> World:
    return worlds[0]


@pytest.fixture(scope="module")
def entries(world: World) -> Entries:
    return honest_entries(CONFIG, world)


def _per_day(entries: Entries, rows: Flags) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    day = (entries.at[rows].astype("datetime64[D]") - CONFIG.start_day).astype(np.int64)
    return np.bincount(day, minlength=CONFIG.days)


def test_salaries_come_on_pay_days(entries: Entries) -> None:
    salary = (entries.summary == Summary.SALARY) & (entries.direction == Direction.CREDIT)
    counts = _per_day(entries, salary)
    paid_on = np.flatnonzero(counts)
    assert len(paid_on) < 30
    assert counts.max() > 50
    officials = {str(day) for day in calendar.pay_days(calendar.window(CONFIG), 10)}
    busiest = CONFIG.start_day + paid_on
    assert officials <= {str(day) for day in busiest}


def test_markets_are_held_every_five_days(world: World, entries: Entries) -> None:
    bought = take(
        entries, (entries.summary == Summary.MARKET) & (entries.direction == Direction.DEBIT)
    )
    village = world.people.village[world.accounts.party[bought.account]]
    phase = world.villages.market_phase[village]
    day = bought.at.astype("datetime64[D]").astype(np.int64)
    assert (village >= 0).all()
    assert (day % 5 == phase).all()
    hour = (bought.at - bought.at.astype("datetime64[D]")).astype(np.int64) // 3_600
    assert np.median(hour) < 10


def test_the_festival_is_seen(entries: Entries) -> None:
    gap = calendar.days_to_festival(calendar.window(CONFIG))
    gifts = _per_day(entries, entries.summary == Summary.RED_PACKET)
    assert gifts[(gap >= -1) & (gap <= 4)].sum() > 0.9 * gifts.sum()
    spent = _per_day(entries, entries.summary == Summary.PAYMENT)
    before, usual = spent[(gap >= -12) & (gap <= -2)].mean(), spent[gap < -25].mean()
    assert before > 1.4 * usual
    firms = _per_day(entries, entries.channel == Channel.ONLINE)
    assert firms[(gap >= 0) & (gap <= 5)].mean() < 0.4 * firms[gap < -25].mean()


def test_firms_rest_on_sundays(entries: Entries) -> None:
    online = _per_day(entries, entries.channel == Channel.ONLINE)
    weekday = calendar.weekday(calendar.window(CONFIG))
    assert online[weekday == 6].mean() < 0.4 * online[weekday == 1].mean()


def test_days_have_their_hours(entries: Entries) -> None:
    seconds = (entries.at - entries.at.astype("datetime64[D]")).astype(np.int64)
    counter = seconds[(entries.channel == Channel.COUNTER)] // 3_600
    assert counter.min() >= 8
    assert counter.max() <= 16
    phone = seconds[entries.channel == Channel.MOBILE] // 3_600
    assert (phone >= 19).mean() > 2 * (phone <= 5).mean()


def test_people_live_on_what_they_earn(world: World, entries: Entries) -> None:
    party = world.accounts.party[entries.account]
    net = np.zeros(size(world.people))
    np.add.at(net, party, entries.amount_fen.astype(np.float64) * entries.direction)
    months = CONFIG.days / 30.4
    for occupation in (Occupation.FARMER, Occupation.WORKER, Occupation.CIVIL, Occupation.TRADER):
        rows = world.people.occupation == occupation
        saved = np.median(net[rows] / months / world.people.income_fen[rows])
        assert -0.2 < saved < 0.6, occupation


@pytest.mark.parametrize("seed", [1, 2, 20_260_217])
def test_delinquency_is_that_of_a_rural_bank(seed: int) -> None:
    config = ProvinceConfig(banks=1, customers=12_000, days=30, seed=seed)
    world = build_worlds(config)[0]
    standing = standing_of(config, world)
    last: dict[int, tuple[int, int]] = {}
    for loan, balance, days in zip(
        standing.loan.tolist(), standing.balance_fen.tolist(), standing.overdue_days.tolist(),
        strict=True,
    ):  # fmt: skip
        last[loan] = balance, days
    active = [(b, d) for b, d in last.values() if b > 0 and d < WRITE_OFF_DAYS]
    overdue = sum(d > 0 for _, d in active) / len(active)
    bad = sum(d > 90 for _, d in active) / len(active)
    assert 0.01 < overdue < 0.045
    assert 0.008 < bad < 0.035


def test_risk_and_disaster_drive_default(worlds: list[World]) -> None:
    risk = np.concatenate([w.traits.risk[w.loans.party] for w in worlds])
    defaulted = np.concatenate([~np.isnat(w.loans.default_on) for w in worlds])
    assert risk[defaulted].mean() > risk[~defaulted].mean() + 0.3
    struck_rate, calm_rate = [], []
    for w in worlds:
        village = w.people.village[w.loans.party]
        farm = (village >= 0) & w.loans.agri
        struck = farm & ~np.isnat(w.villages.shock_on[village])
        after = w.loans.default_on > w.villages.shock_on[village]
        struck_rate.append(after[struck])
        calm_rate.append((~np.isnat(w.loans.default_on))[farm & ~struck])
    assert np.concatenate(struck_rate).mean() > np.concatenate(calm_rate).mean()


def test_schedules_add_up_to_the_loan(world: World) -> None:
    plan = schedule(world.loans)
    total = np.zeros(size(world.loans), np.int64)
    np.add.at(total, plan.loan, plan.principal_fen)
    assert (total == world.loans.amount_fen).all()
    assert (plan.principal_fen >= 0).all()
    assert (plan.interest_fen >= 0).all()
    assert (np.diff(plan.due_date.astype(np.int64))[np.diff(plan.loan) == 0] > 0).all()
    last = np.r_[np.diff(plan.loan) > 0, True]
    assert (plan.due_date[last] == world.loans.due_date).all()


def test_records_of_one_person_are_marked_in_the_truth(worlds: list[World]) -> None:
    within = 0
    for world in worlds:
        persons, counts = np.unique(world.traits.person, return_counts=True)
        within += int((counts == 2).sum())
        for person in persons[counts == 2]:
            first, second = np.flatnonzero(world.traits.person == person)
            assert world.people.birth[first] == world.people.birth[second]
    assert within > 20
    across = set(worlds[0].traits.person.tolist()) & set(worlds[1].traits.person.tolist())
    assert across
    person = next(iter(across))
    numbers = {
        str(w.people.id_no[np.flatnonzero(w.traits.person == person)[0]]) for w in worlds[:2]
    }
    assert len({number for number in numbers if len(number) == FULL_ID_LENGTH}) == 1


def test_identity_numbers_are_distinct_where_persons_are(worlds: list[World]) -> None:
    owners: dict[str, int] = {}
    for world in worlds:
        for number, person in zip(
            world.people.id_no.tolist(), world.traits.person.tolist(), strict=True
        ):
            if len(number) == FULL_ID_LENGTH:
                assert owners.setdefault(number, person) == person


def test_family_names_run_in_households(world: World) -> None:
    household, name = world.people.household, world.people.name
    shared = households = 0
    for number in range(0, size(world.households), 7):
        members = name[household == number]
        if len(members) >= 3:
            households += 1
            shared += members[0][0] == members[2][0]
    assert shared / households > 0.9


def test_the_hold_out_measures_the_true_uplift(worlds: list[World]) -> None:
    rounds = [market(CONFIG, world)[1] for world in worlds]
    treated = np.concatenate([marketing.treated for marketing in rounds])
    converted = np.concatenate([marketing.converted for marketing in rounds])
    uplift = np.concatenate([marketing.uplift for marketing in rounds])
    seen = converted[treated].mean() - converted[~treated].mean()
    error = (converted[~treated].var() / (~treated).sum()) ** 0.5
    assert abs(seen - uplift.mean()) < 4 * error
    assert (uplift < 0).any()
    assert 0.05 < (~treated).mean() < 0.15


def test_deposits_outweigh_loans(world: World) -> None:
    kinds = [Product.DEMAND, Product.TIME, Product.SOCIAL, Product.CORPORATE, Product.NOTICE]
    deposits = world.accounts.opening_fen[np.isin(world.accounts.product, kinds)].sum()
    assert world.loans.amount_fen.sum() < deposits
