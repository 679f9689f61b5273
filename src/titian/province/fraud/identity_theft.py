"""Identity theft: a channel is opened in the name of somebody who uses none.

Look-alike: a son opens mobile banking for his parents with his own phone.
"""

from __future__ import annotations

import numpy as np

from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    DAY,
    HOUR,
    act,
    addresses,
    choose,
    days_at,
    incidents,
    part,
    reports,
    spread_out,
)
from titian.province.fraud.model import Part, Role, Scenario
from titian.province.identity import PHONE_BASE
from titian.province.model import Channel, EventType

_CAMPAIGNS = 0.5
_HELPERS = 1.0
_STOLEN_PHONES = 97_000_000


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant registrations with the thief's phone and device, then days of draining."""
    party = choose(stream, case.offline, case.campaigns(_CAMPAIGNS))
    label, size = np.arange(len(party)), len(party)
    begin = days_at(case, stream, size, (9.0, 21.0))
    device = case.criminal_device(Scenario.IDENTITY_THEFT, label // 2)
    ip = addresses(stream, size)
    phone = PHONE_BASE + _STOLEN_PHONES + stream.integers(0, 1_000_000, size)
    account = case.account(party)
    thief = {"device": device, "ip": ip, "phone": phone}
    turn, since = spread_out(stream, stream.integers(2, 7, size), 11 * HOUR)
    wait = stream.integers(1, 4, size) * DAY // 2
    amount = case.balance_fen(party[turn]) * stream.uniform(0.1, 0.3, len(turn))
    drop = choose(stream, case.drops, 4)
    events = [
        act(label, begin, Channel.DIRECT, EventType.REGISTRATION, party, **thief),
        act(label, begin + 120, Channel.DIRECT, EventType.DEVICE_BIND, party, **thief),
        act(
            label, begin + 400, Channel.DIRECT, EventType.LIMIT_CHANGE, party,
            account=account, **thief,
        ),
        act(
            label[turn],
            begin[turn] + wait[turn] + since,
            Channel.DIRECT,
            EventType.TRANSFER,
            party[turn],
            account=account[turn],
            amount_fen=np.maximum(amount, 10_000).astype(np.int64),
            payee=drop[turn % len(drop)],
            device=device[turn],
            ip=ip[turn],
        ),
    ]  # fmt: skip
    told = reports(stream, size, 24 * 6, 0.9, 0.12)
    how = "channel_opened_in_name_of_victim"
    return part(
        events, incidents(Scenario.IDENTITY_THEFT, label // 2, party, Role.VICTIM, how, told)
    )


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant helpers: the same registration from the phone of a member of the household."""
    people = case.world.people
    at_home = case.online[people.household[case.online] >= 0]
    homes, where = np.unique(people.household[at_home], return_index=True)
    elders = case.offline[np.isin(people.household[case.offline], homes)]
    party = choose(stream, elders, case.campaigns(_HELPERS))
    label, size = np.arange(len(party)), len(party)
    helper = at_home[where[np.searchsorted(homes, people.household[party])]].astype(np.int64)
    at = days_at(case, stream, size, (10.0, 20.0))
    account = case.account(party)
    home = {
        "device": case.handset(helper),
        "ip": case.world.traits.ip[helper].astype(np.int64),
        "phone": people.phone[helper],
    }
    outside = case.world.outside.utilities[0]
    events = [
        act(label, at, Channel.DIRECT, EventType.REGISTRATION, party, **home),
        act(label, at + 180, Channel.DIRECT, EventType.DEVICE_BIND, party, **home),
        act(
            label, at + 900, Channel.DIRECT, EventType.PAYMENT, party, account=account,
            amount_fen=stream.integers(3_000, 20_000, size), payee=outside, **home,
        ),
    ]  # fmt: skip
    rows = incidents(Scenario.IDENTITY_THEFT, label, party, Role.INNOCENT, "child_helps_parent")
    return part(events, rows)
