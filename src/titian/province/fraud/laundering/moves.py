"""Moves that rings have in common."""

from __future__ import annotations

import numpy as np

from titian.province.fraud.case import Case
from titian.province.fraud.draft import act, addresses, incidents, post
from titian.province.fraud.model import Incidents, Role, Scenario
from titian.province.model import (
    Channel,
    Direction,
    Entries,
    Events,
    EventType,
    Floats,
    Ints,
    Summary,
)


def onward(
    case: Case,
    stream: np.random.Generator,
    label: Ints,
    at: Ints,
    account: Ints,
    total_fen: Floats,
) -> Events:
    """Send what an account gathered to criminals outside the bank, in two transfers."""
    turn = np.repeat(label, 2)
    share = np.tile([0.55, 0.43], len(label))
    return act(
        turn,
        at[turn] + np.tile([0, 1_500], len(label)),
        Channel.MOBILE,
        EventType.TRANSFER,
        case.holder(account[turn]),
        account=account[turn],
        amount_fen=(total_fen[turn] * share).astype(np.int64),
        payee=case.drops[stream.integers(0, len(case.drops), len(turn))],
        device=case.criminal_device(Scenario.LAUNDERING, 200_000 + turn),
        ip=addresses(stream, len(label))[turn],
    )


def from_outside(
    case: Case, stream: np.random.Generator, label: Ints, at: Ints, account: Ints, amount: Ints
) -> Entries:
    """Credit accounts with criminals' money from outside the bank."""
    payer = case.drops[stream.integers(0, len(case.drops), len(label))]
    return post(
        label, at, account, Direction.CREDIT, amount, Channel.ONLINE, Summary.TRANSFER, payer
    )


def ring_rows(ring: Ints, party: Ints, role: Role, how: str, told: tuple[Ints, Ints]) -> Incidents:
    """Incident rows of a ring's parties."""
    return incidents(Scenario.LAUNDERING, ring, party, role, how, told)


def harmless(ring: Ints, party: Ints, how: str) -> Incidents:
    """Incident rows of an innocent look-alike."""
    return incidents(Scenario.LAUNDERING, ring, party, Role.INNOCENT, how)


def collectors(case: Case, stream: np.random.Generator, count: int) -> Ints:
    """Draw the account of a mule for each ring."""
    picked: Ints = case.mules[stream.integers(0, len(case.mules), count)]
    return picked


def next_in_team(team: Ints) -> Ints:
    """The row after each row in its team, the first after the last."""
    last = np.r_[team[1:] != team[:-1], True][: len(team)]
    return np.where(last, np.searchsorted(team, team), np.arange(len(team)) + 1)


def no_events() -> Events:
    """No channel events."""
    none = np.empty(0, np.int64)
    return act(none, none, Channel.MOBILE, EventType.LOGIN, none)
