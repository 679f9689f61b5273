"""Bonus abuse: one gang claims a promotion's bonus for many customers from a few devices.

Look-alike: a grandchild claims it for the family on one phone.
"""

from __future__ import annotations

import numpy as np

from titian.province.calendar import day_of_month, window
from titian.province.events import BONUS_DAYS
from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    DAY,
    HOUR,
    act,
    addresses,
    choose,
    days_at,
    incidents,
    nth_in_team,
    part,
    reports,
    teams,
)
from titian.province.fraud.model import Part, Reporter, Role, Scenario
from titian.province.model import Channel, EventType, Ints

_CAMPAIGNS = 0.25
_FAMILIES = 1.0
_BONUS_FEN = np.array([500, 800, 1_800])


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant gangs: claim for a bought-up list of customers, gather the bonuses in one account."""
    team, party = teams(stream, case.online, case.campaigns(_CAMPAIGNS), 8, 25)
    label, count = np.arange(len(team)), int(team.max(initial=-1)) + 1
    at = _claim_days(case, stream, count, 8.0)[team] + 95 * nth_in_team(team)
    at = at + stream.integers(0, 40, len(team))
    device = case.criminal_device(Scenario.BONUS_ABUSE, team * 2 + stream.integers(0, 2, len(team)))
    ip = addresses(stream, count)[team]
    bonus = _BONUS_FEN[stream.integers(0, len(_BONUS_FEN), count)][team]
    account = case.account(party)
    gathered = case.mules[stream.integers(0, len(case.mules), count)][team]
    common = {"account": account, "device": device, "ip": ip}
    events = [
        act(label, at, Channel.MOBILE, EventType.DEVICE_BIND, party, **common),
        act(label, at + 15, Channel.MOBILE, EventType.LOGIN, party, **common),
        act(
            label, at + 40, Channel.MOBILE, EventType.BONUS_CLAIM, party,
            amount_fen=bonus, **common,
        ),
        act(
            label, at + 2 * HOUR, Channel.MOBILE, EventType.TRANSFER, party,
            amount_fen=bonus, payee=gathered, **common,
        ),
    ]  # fmt: skip
    told = reports(stream, len(team), 72, 0.6, 0.2, Reporter.BANK)
    rows = incidents(Scenario.BONUS_ABUSE, team, party, Role.ABUSER, "bought_customer_list", told)
    return part(events, rows)


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant families that claim on one phone; each keeps its own bonus."""
    people = case.world.people
    households = np.unique(people.household[case.adults]).astype(np.int64)
    chosen = choose(stream, households[households >= 0], case.campaigns(_FAMILIES))
    party = case.adults[np.isin(people.household[case.adults], chosen)].astype(np.int64)
    party = party[np.argsort(people.household[party], kind="stable")]
    home = people.household[party]
    _, team = np.unique(home, return_inverse=True)
    first = party[np.searchsorted(home, home)]
    label, count = np.arange(len(party)), int(team.max(initial=-1)) + 1
    at = _claim_days(case, stream, count, 18.0)[team] + 240 * nth_in_team(team)
    bonus = _BONUS_FEN[stream.integers(0, len(_BONUS_FEN), count)][team]
    shared = case.home(first)
    events = [
        act(label, at, Channel.MOBILE, EventType.LOGIN, party, **shared),
        act(label, at + 60, Channel.MOBILE, EventType.BONUS_CLAIM, party, amount_fen=bonus,
            **shared),
    ]  # fmt: skip
    rows = incidents(Scenario.BONUS_ABUSE, team, party, Role.INNOCENT, "family_on_one_phone")
    return part(events, rows)


def _claim_days(case: Case, stream: np.random.Generator, count: int, hour: float) -> Ints:
    days = window(case.config)
    open_days = np.flatnonzero(np.isin(day_of_month(days), BONUS_DAYS))
    if not len(open_days):
        return days_at(case, stream, count, (hour, hour + 3))
    day = open_days[stream.integers(0, len(open_days), count)]
    second = stream.uniform(hour * HOUR, (hour + 3) * HOUR, count).astype(np.int64)
    return case.start + day * DAY + second
