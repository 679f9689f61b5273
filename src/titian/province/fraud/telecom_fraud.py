"""Telecom fraud: a caller talks a customer into sending money, on the customer's own phone.

Look-alike: a new phone and a large transfer to somebody new, for a wedding or a house.
"""

from __future__ import annotations

import numpy as np

from titian.province.draws import chance
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
    round_fen,
    spread_out,
    teams,
)
from titian.province.fraud.model import Part, Role, Scenario, merge
from titian.province.model import Channel, EventType, Ints, size, take

_CAMPAIGNS = 0.35
_WEDDINGS = 1.3
_STORIES = np.array(["safe_account_of_the_police", "paid_orders_to_brush", "refund_of_a_parcel",
                     "loan_with_a_deposit"])  # fmt: skip
_ROWS = 1 << 32
_FIRST_DEVICE = 500_000
_LIFE = np.array(["wedding", "house_deposit", "new_tractor"])


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant callers' campaigns with their victims, and the mules who pass the money on."""
    team, party = teams(stream, case.online, case.campaigns(_CAMPAIGNS), 2, 7)
    label, count = np.arange(len(team)), int(team.max(initial=-1)) + 1
    begin = days_at(case, stream, count, (9.0, 11.0))[team]
    begin = begin + stream.integers(0, 4, len(team)) * DAY + stream.integers(0, 6 * HOUR, len(team))
    account = case.account(party)
    inside = chance(stream, 0.35, count)
    mule = case.mules[stream.integers(0, len(case.mules), count)]
    drop = case.drops[stream.integers(0, len(case.drops), count)]
    payee = np.where(inside, mule, drop)[team]
    turn, since = spread_out(stream, stream.integers(1, 4, len(team)), 25 * 60)
    share = stream.uniform(0.2, 0.55, len(team))[turn]
    amount = round_fen(case.balance_fen(party[turn]) * share, 100)
    home = case.home(party)
    events = [
        act(label, begin, Channel.MOBILE, EventType.LOGIN, party, **home),
        act(label, begin + 300, Channel.MOBILE, EventType.PAYEE_ADD, party, account=account,
            payee=payee, **home),
        act(label, begin + 420, Channel.MOBILE, EventType.LIMIT_CHANGE, party, account=account,
            **home),
        act(label[turn], begin[turn] + 600 + since, Channel.MOBILE, EventType.TRANSFER,
            party[turn], account=account[turn], amount_fen=amount, payee=payee[turn],
            device=home["device"][turn], ip=home["ip"][turn]),
    ]  # fmt: skip
    told = reports(stream, len(team), 8, 1.4, 0.08)
    story = _STORIES[stream.integers(0, len(_STORIES), count)][team]
    rows = incidents(Scenario.TELECOM_FRAUD, team, party, Role.VICTIM, story, told)
    victims = part(events, rows)
    return _with_mules(case, stream, victims, team)


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant large honest payments to somebody new, half of them from a phone bought that week."""
    party = choose(stream, case.online, case.campaigns(_WEDDINGS))
    label, count = np.arange(len(party)), len(party)
    at = days_at(case, stream, count, (9.0, 20.0))
    account = case.account(party)
    new_phone = chance(stream, 0.6, count)
    device = case.handset(party) + np.where(new_phone, 3, 0)
    ip = case.world.traits.ip[party].astype(np.int64)
    payee = case.traders[stream.integers(0, len(case.traders), count)]
    share = stream.uniform(0.3, 0.8, count)
    amount = round_fen(case.balance_fen(party) * share, 1_000)
    bound = label[new_phone]
    events = [
        act(bound, at[bound] - stream.integers(1, 60, len(bound)) * HOUR, Channel.MOBILE,
            EventType.DEVICE_BIND, party[bound], device=device[bound], ip=ip[bound]),
        act(label, at, Channel.MOBILE, EventType.PAYEE_ADD, party, account=account, payee=payee,
            device=device, ip=ip),
        act(label, at + 90, Channel.MOBILE, EventType.LIMIT_CHANGE, party, account=account,
            device=device, ip=ip),
        act(label, at + 200, Channel.MOBILE, EventType.TRANSFER, party, account=account,
            amount_fen=amount, payee=payee, device=device, ip=ip),
    ]  # fmt: skip
    story = _LIFE[stream.integers(0, len(_LIFE), count)]
    return part(events, incidents(Scenario.TELECOM_FRAUD, label, party, Role.INNOCENT, story))


def _with_mules(case: Case, stream: np.random.Generator, victims: Part, team: Ints) -> Part:
    sent = victims.events
    inside = (sent.kind == EventType.TRANSFER) & (sent.payee < size(case.world.accounts))
    got = take(sent, inside)
    campaign = team[got.label - 1]
    pairs, label = np.unique(campaign * _ROWS + got.payee, return_inverse=True)
    number, mule = np.divmod(pairs, _ROWS)
    account = got.payee.astype(np.int64)
    onward = act(
        label,
        got.at.astype(np.int64) + stream.integers(300, 3_600, len(label)),
        Channel.MOBILE,
        EventType.TRANSFER,
        case.holder(account),
        account=account,
        amount_fen=(got.amount_fen * stream.uniform(0.9, 0.99, len(label))).astype(np.int64),
        payee=case.drops[campaign % len(case.drops)],
        device=case.criminal_device(Scenario.LAUNDERING, _FIRST_DEVICE + campaign),
        ip=addresses(stream, int(team.max(initial=-1)) + 1)[campaign],
    )
    told = reports(stream, len(mule), 60, 0.7, 0.15)
    holder = case.holder(mule)
    rows = incidents(Scenario.LAUNDERING, number, holder, Role.MULE, "mule_of_callers", told)
    return merge([victims, part([onward], rows)], one_campaign_list=True)
