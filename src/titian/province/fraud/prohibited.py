"""Prohibited transactions: deposits at a gambling site through changing collecting accounts.

Look-alike: a trader pays his supplier in the small hours on wholesale nights.
"""

from __future__ import annotations

import numpy as np

from titian.province.draws import chance
from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    DAY,
    HOUR,
    act,
    choose,
    days_at,
    incidents,
    part,
    post,
    reports,
    round_fen,
    teams,
)
from titian.province.fraud.model import Part, Reporter, Role, Scenario
from titian.province.model import Channel, Direction, EventType, Ints, Occupation, Summary

_CAMPAIGNS = 0.3
_TRADERS = 0.9
_STAKES_YUAN = np.array([50, 100, 200, 300, 500, 1_000, 2_000])
_COLLECTORS_PER_SITE = 4


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant gambling sites: players pay at night, now and then they win something back."""
    team, party = teams(stream, case.online, case.campaigns(_CAMPAIGNS), 4, 12)
    label, size = np.arange(len(team)), len(team)
    turn = np.repeat(label, stream.integers(5, 26, size))
    at = days_at(case, stream, size, (21.0, 22.0))[turn]
    at = at + stream.integers(0, 20, len(turn)) * DAY + stream.integers(0, 6 * HOUR, len(turn))
    stake = _STAKES_YUAN[stream.choice(7, len(turn), p=[0.1, 0.25, 0.22, 0.15, 0.15, 0.09, 0.04])]
    tail = np.where(chance(stream, 0.4, len(turn)), stream.integers(1, 100, len(turn)), 0)
    shift = at // (5 * DAY) % _COLLECTORS_PER_SITE
    collector = (team[turn] * _COLLECTORS_PER_SITE + shift) % len(case.gambling)
    account = case.account(party[turn])
    quick = chance(stream, 0.5, size)[turn]
    events = act(
        turn,
        at,
        np.where(quick, Channel.QUICK, Channel.MOBILE),
        np.where(quick, EventType.PAYMENT, EventType.TRANSFER),
        party[turn],
        account=account,
        amount_fen=stake * 100 + tail,
        payee=case.gambling[collector],
        **case.home(party[turn]),
    )
    won = np.flatnonzero(chance(stream, 0.12, len(turn)))
    prize = (stake[won] * stream.uniform(100, 400, len(won))).astype(np.int64)
    wins = post(
        turn[won], at[won] + HOUR, account[won], Direction.CREDIT, prize, Channel.ONLINE,
        Summary.TRANSFER, case.gambling[collector[won]],
    )  # fmt: skip
    told = reports(stream, size, 24 * 25, 0.6, 0.55, Reporter.POLICE)
    rows = incidents(
        Scenario.PROHIBITED_TRANSACTION, team, party, Role.ABUSER, "gambling_site", told
    )
    return part([events], rows, [wins])


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant traders who pay the same supplier between two and five on market nights."""
    trader = case.online[case.world.people.occupation[case.online] == Occupation.TRADER]
    party = choose(stream, trader, case.campaigns(_TRADERS))
    label: Ints = np.arange(len(party))
    turn = np.repeat(label, stream.integers(6, 20, len(party)))
    nth = np.arange(len(turn)) - np.searchsorted(turn, turn)
    at = days_at(case, stream, len(party), (2.0, 3.0))[turn] + nth * 5 * DAY
    income = case.world.people.income_fen[party[turn]]
    supplier = case.traders[stream.integers(0, len(case.traders), len(party))]
    events = act(
        turn,
        at + stream.integers(0, 2 * HOUR, len(turn)),
        Channel.MOBILE,
        EventType.TRANSFER,
        party[turn],
        account=case.account(party[turn]),
        amount_fen=round_fen(income * stream.uniform(0.05, 0.3, len(turn)), 10),
        payee=supplier[turn],
        **case.home(party[turn]),
    )
    rows = incidents(
        Scenario.PROHIBITED_TRANSACTION, label, party, Role.INNOCENT, "wholesale_night_payments"
    )
    return part([events], rows)
