"""Malicious registration: a device farm registers batches of phone numbers.

Look-alike: a grid officer signs up a village on one morning.
"""

from __future__ import annotations

import numpy as np

from titian.province.draws import chance
from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    act,
    addresses,
    choose,
    days_at,
    incidents,
    part,
    reports,
)
from titian.province.fraud.model import Part, Reporter, Role, Scenario
from titian.province.identity import PHONE_BASE
from titian.province.model import NOBODY, Channel, EventType, Ints, Result

_CAMPAIGNS = 0.3
_VILLAGES = 0.3
_FARM_PHONES = 98_000_000


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant batches of 30 to 120 registrations of nobody's, with numbers in sequence."""
    count = case.campaigns(_CAMPAIGNS)
    sizes = stream.integers(30, 121, count)
    label = np.repeat(np.arange(count), sizes)
    nth = np.arange(len(label)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begin = days_at(case, stream, count, (0.0, 23.0))[label]
    block = PHONE_BASE + _FARM_PHONES + stream.integers(0, 9_000, count) * 200
    result = stream.choice(
        [Result.SUCCESS, Result.DECLINED, Result.FAILED], len(label), p=[0.35, 0.4, 0.25]
    )
    events = act(
        label,
        begin + nth * 11 + stream.integers(0, 9, len(label)),
        Channel.DIRECT,
        EventType.REGISTRATION,
        NOBODY,
        device=case.criminal_device(Scenario.MALICIOUS_REGISTRATION, label * 5 + nth % 5),
        ip=addresses(stream, count * 3)[label * 3 + nth % 3],
        phone=block[label] + nth,
        result=result,
    )
    told = reports(stream, count, 20, 0.7, 0.3, Reporter.BANK)
    numbers = np.arange(count)
    rows = incidents(
        Scenario.MALICIOUS_REGISTRATION, numbers, NOBODY, Role.ABUSER, "device_farm", told
    )
    return part([events], rows)


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant sign-up mornings: many villagers at one address, each with an own phone."""
    people = case.world.people
    direct = case.world.traits.channels[case.adults] >> np.uint16(Channel.DIRECT) & 1 == 1
    pool = case.adults[~direct & (people.village[case.adults] >= 0)]
    chosen = choose(stream, np.unique(people.village[pool]), case.campaigns(_VILLAGES))
    party = pool[np.isin(people.village[pool], chosen)]
    party = party[np.argsort(people.village[party], kind="stable")]
    party = party[chance(stream, 0.6, len(party))]
    _, team = np.unique(people.village[party], return_inverse=True)
    count = int(team.max(initial=-1)) + 1
    label: Ints = np.arange(len(party))
    at = days_at(case, stream, count, (9.0, 9.5))[team] + stream.integers(0, 9_000, len(party))
    events = act(
        label,
        at,
        Channel.DIRECT,
        EventType.REGISTRATION,
        party,
        device=case.handset(party),
        ip=addresses(stream, count)[team],
        phone=people.phone[party],
        result=np.where(chance(stream, 0.06, len(party)), Result.FAILED, Result.SUCCESS),
    )
    how = "village_sign_up_morning"
    rows = incidents(Scenario.MALICIOUS_REGISTRATION, team, party, Role.INNOCENT, how)
    return part([events], rows)
