"""Credential stuffing: leaked passwords tried on many customers in one night.

Look-alike: a branch's wireless network, where dozens of customers log in one morning.
"""

from __future__ import annotations

import numpy as np

from titian.province.draws import chance
from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    HOUR,
    act,
    addresses,
    choose,
    days_at,
    incidents,
    part,
    reports,
    spread_out,
    teams,
)
from titian.province.fraud.model import Part, Reporter, Role, Scenario
from titian.province.model import Channel, Events, EventType, Ints, Result

_CAMPAIGNS = 0.35
_TARGETS = (30, 90)
_HIT_SHARE = 0.06
_DEVICES, _ADDRESSES = 3, 8
_MORNINGS = 0.5


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant nights of stuffing; the few accounts that open are emptied at once."""
    team, party = teams(stream, case.online, case.campaigns(_CAMPAIGNS), *_TARGETS)
    label, size = np.arange(len(team)), len(team)
    begin = days_at(case, stream, int(team.max(initial=-1)) + 1, (1.0, 3.0))[team]
    first = np.r_[True, team[1:] != team[:-1]][:size]
    hit = chance(stream, _HIT_SHARE, size) | first
    device = case.criminal_device(
        Scenario.CREDENTIAL_STUFFING, team * _DEVICES + stream.integers(0, _DEVICES, size)
    )
    pool = addresses(stream, (int(team.max(initial=-1)) + 1) * _ADDRESSES)
    ip = pool[team * _ADDRESSES + stream.integers(0, _ADDRESSES, size)]
    start = begin + stream.integers(0, 2 * HOUR, size)
    attempts, since = spread_out(stream, 1 + stream.poisson(0.6, size), 25)
    last = np.r_[attempts[1:] != attempts[:-1], True][: len(attempts)]
    opened = last & hit[attempts]
    tries = act(
        attempts,
        start[attempts] + since,
        Channel.MOBILE,
        EventType.LOGIN,
        party[attempts],
        device=device[attempts],
        ip=ip[attempts],
        result=np.where(opened, Result.SUCCESS, Result.FAILED),
    )
    taken = label[hit]
    emptied = _empty(case, stream, taken, party[hit], start[hit] + 120, device[hit], ip[hit])
    told = reports(stream, size, 9, 1.0, 0.05)
    seen = reports(stream, size, 30, 0.5, 0.6, Reporter.BANK)
    who, delay = (np.where(hit, a, b) for a, b in zip(told, seen, strict=True))
    how = np.where(hit, "leaked_password_opened", "leaked_password_tried")
    rows = incidents(Scenario.CREDENTIAL_STUFFING, team, party, Role.VICTIM, how, (who, delay))
    return part([tries, *emptied], rows)


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant mornings on which a branch's wireless network carries many customers' logins."""
    team, party = teams(stream, case.online, case.campaigns(_MORNINGS), 12, 35)
    count = int(team.max(initial=-1)) + 1
    label, size = np.arange(len(team)), len(team)
    at = days_at(case, stream, count, (9.0, 9.5))[team] + stream.integers(0, 2 * HOUR, size)
    ip = addresses(stream, count)[team]
    slipped = label[chance(stream, 0.15, size)]
    device = case.handset(party)
    events = [
        act(label, at, Channel.MOBILE, EventType.LOGIN, party, device=device, ip=ip),
        act(
            slipped,
            at[slipped] - 20,
            Channel.MOBILE,
            EventType.LOGIN,
            party[slipped],
            device=device[slipped],
            ip=ip[slipped],
            result=Result.FAILED,
        ),
    ]
    rows = incidents(
        Scenario.CREDENTIAL_STUFFING, team, party, Role.INNOCENT, "branch_wireless_network"
    )
    return part(events, rows)


def _empty(
    case: Case,
    stream: np.random.Generator,
    label: Ints,
    party: Ints,
    at: Ints,
    device: Ints,
    ip: Ints,
) -> list[Events]:
    account = case.account(party)
    payee = choose(stream, case.drops, 3)[label % 3]
    turn, since = spread_out(stream, stream.integers(1, 4, len(label)), 90)
    share = stream.uniform(0.15, 0.45, len(turn))
    amount = np.maximum(case.balance_fen(party[turn]) * share, 5_000).astype(np.int64)
    declined = chance(stream, 0.2, len(turn))
    thief = {"device": device, "ip": ip}
    return [
        act(label, at, Channel.MOBILE, EventType.DEVICE_BIND, party, **thief),
        act(label, at + 50, Channel.MOBILE, EventType.LIMIT_CHANGE, party, **thief),
        act(label, at + 110, Channel.MOBILE, EventType.PAYEE_ADD, party, payee=payee, **thief),
        act(
            label[turn],
            at[turn] + 180 + since,
            Channel.MOBILE,
            EventType.TRANSFER,
            party[turn],
            account=account[turn],
            amount_fen=amount,
            payee=payee[turn],
            device=device[turn],
            ip=ip[turn],
            result=np.where(declined, Result.DECLINED, Result.SUCCESS),
        ),
    ]
