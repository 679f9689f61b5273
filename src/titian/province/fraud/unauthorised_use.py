"""Unauthorised use: somebody at home uses the customer's own phone at night.

Look-alike: the customer himself plays and pays at night.
"""

from __future__ import annotations

import numpy as np

from titian.province.draws import chance
from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    DAY,
    act,
    choose,
    days_at,
    incidents,
    part,
    reports,
)
from titian.province.fraud.model import Part, Role, Scenario
from titian.province.model import Channel, Events, EventType, Ints

_VICTIMS = 1.0
_PLAYERS = 1.4
_PACKS_FEN = np.array([600, 3_000, 6_800, 12_800, 32_800, 64_800])
_YOUNG_YEARS = 32


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant nights of game purchases by children, and transfers by relatives."""
    older = case.online[_age_years(case, case.online) >= _YOUNG_YEARS]
    party = choose(stream, older, case.campaigns(_VICTIMS))
    label, size = np.arange(len(party)), len(party)
    relative = chance(stream, 0.3, size)
    games = _nights(case, stream, label[~relative], party[~relative], (4, 20), 2)
    told = reports(stream, size, 24 * 18, 0.7, 0.25)
    how = np.where(relative, "relative_moved_savings", "child_bought_games")
    rows = incidents(Scenario.UNAUTHORISED_USE, label, party, Role.VICTIM, how, told)
    moved = _moved_savings(case, stream, label[relative], party[relative])
    return part([games, moved], rows)


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant young customers whose own habit is to pay for games at night."""
    young = case.online[_age_years(case, case.online) < _YOUNG_YEARS]
    party = choose(stream, young, case.campaigns(_PLAYERS))
    label = np.arange(len(party))
    events = _nights(case, stream, label, party, (6, 25), 6)
    rows = incidents(Scenario.UNAUTHORISED_USE, label, party, Role.INNOCENT, "own_night_games")
    return part([events], rows)


def _nights(
    case: Case,
    stream: np.random.Generator,
    label: Ints,
    party: Ints,
    times: tuple[int, int],
    days_apart: int,
) -> Events:
    begin = days_at(case, stream, len(label), (0.0, 0.5))
    turn = np.repeat(np.arange(len(label)), stream.integers(times[0], times[1], len(label)))
    night = stream.integers(0, 6, len(turn)) * days_apart * DAY // 2
    night = night // DAY * DAY
    pack = _PACKS_FEN[stream.choice(6, len(turn), p=[0.18, 0.24, 0.2, 0.18, 0.12, 0.08])]
    return act(
        label[turn],
        begin[turn] + night + stream.integers(0, 9_000, len(turn)),
        Channel.QUICK,
        EventType.PAYMENT,
        party[turn],
        account=case.world.main_account[party[turn]],
        amount_fen=pack,
        payee=case.games,
    )


def _moved_savings(case: Case, stream: np.random.Generator, label: Ints, party: Ints) -> Events:
    at = days_at(case, stream, len(label), (22.0, 23.9))
    relative = choose(stream, case.traders, len(label))
    amount = case.balance_fen(party) * stream.uniform(0.1, 0.5, len(label))
    return act(
        label,
        at,
        Channel.MOBILE,
        EventType.TRANSFER,
        party,
        account=case.world.main_account[party],
        amount_fen=np.maximum(amount, 10_000).astype(np.int64),
        payee=relative[label % max(len(relative), 1)] if len(label) else -1,
        **case.home(party),
    )


def _age_years(case: Case, party: Ints) -> Ints:
    days = (case.config.end_day - case.world.people.birth[party]).astype(np.int64)
    age: Ints = days // 365
    return age
