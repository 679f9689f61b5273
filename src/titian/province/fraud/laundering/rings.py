"""Laundering rings of five patterns: fan-in, fan-out, cycle, smurfing and card cash-out.

Patterns after IBM AMLSim (fan-in, fan-out, cycle) and the structuring that large-value reporting
invites (PBOC Order 2016 No. 3: cash from 50,000 yuan a day is reported). Every ring is a
campaign of its own; each account in it is an incident with its role.
"""

from __future__ import annotations

from typing import Final

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
    nth_in_team,
    part,
    post,
    reports,
    round_fen,
    teams,
)
from titian.province.fraud.laundering.moves import (
    collectors,
    from_outside,
    next_in_team,
    onward,
    ring_rows,
)
from titian.province.fraud.model import Part, Reporter, Role, Scenario, merge
from titian.province.model import CardType, Channel, Direction, EventType, Summary

CASH_REPORT_FEN: Final = 5_000_000
"""Cash of this sum in a day is reported, so smurfs stay below it."""

_PER_THOUSAND_MONTHS: Final = 0.22
_KEPT_SHARE: Final = 0.02


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant rings of all five patterns."""
    patterns = (_fan_in, _fan_out, _cycle, _smurfing, _cash_out)
    return merge([pattern(case, stream) for pattern in patterns])


def _fan_in(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    team, party = teams(stream, case.adults, count, 8, 20)
    account, collector = case.account(party), collectors(case, stream, count)
    other = account != collector[team]
    team, party, account = team[other], party[other], account[other]
    label = np.arange(len(team))
    day = days_at(case, stream, count, (0.0, 1.0))
    at = day[team] + stream.integers(8 * HOUR, 2 * DAY, len(team))
    amount = round_fen(stream.uniform(600_000, 4_500_000, len(team)), 100)
    sent = act(
        label,
        at,
        Channel.MOBILE,
        EventType.TRANSFER,
        party,
        account=account,
        amount_fen=(amount * (1 - _KEPT_SHARE)).astype(np.int64),
        payee=collector[team],
        device=case.criminal_device(Scenario.LAUNDERING, team * 4 + label % 4),
        ip=addresses(stream, count)[team],
    )
    funded = from_outside(case, stream, label, at - 2 * HOUR, account, amount)
    gathered = np.bincount(team, weights=sent.amount_fen, minlength=count).astype(np.float64)
    gone = onward(case, stream, np.arange(count), day + 2 * DAY + HOUR, collector, gathered)
    told = reports(stream, len(team), 24 * 12, 0.6, 0.3, Reporter.BANK)
    senders = part([sent], ring_rows(team, party, Role.MULE, "fan_in", told), [funded])
    told = reports(stream, count, 24 * 12, 0.6, 0.2, Reporter.POLICE)
    heads = ring_rows(np.arange(count), case.holder(collector), Role.COLLECTOR, "fan_in", told)
    return merge([senders, part([gone], heads)], one_campaign_list=True)


def _fan_out(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    team, party = teams(stream, case.adults, count, 8, 20)
    account, source = case.account(party), collectors(case, stream, count)
    other = account != source[team]
    team, party, account = team[other], party[other], account[other]
    label, rings = np.arange(len(team)), np.arange(count)
    begin = days_at(case, stream, count, (9.0, 15.0))
    amount = round_fen(stream.uniform(500_000, 1_900_000, len(team)), 100)
    at = begin[team] + 120 * nth_in_team(team) + stream.integers(0, 60, len(team))
    spread = act(
        team,
        at,
        Channel.MOBILE,
        EventType.TRANSFER,
        case.holder(source[team]),
        account=source[team],
        amount_fen=amount,
        payee=account,
        device=case.criminal_device(Scenario.LAUNDERING, 100_000 + team),
        ip=addresses(stream, count)[team],
    )
    total = np.bincount(team, weights=amount, minlength=count).astype(np.int64)
    funded = from_outside(case, stream, rings, begin - HOUR, source, total)
    cash = act(
        label,
        at + stream.integers(HOUR, 30 * HOUR, len(team)),
        Channel.CARD,
        EventType.CASH_OUT,
        party,
        account=account,
        amount_fen=amount // 10_000 * 10_000,
    )
    told = reports(stream, count, 24 * 10, 0.6, 0.25, Reporter.POLICE)
    sources = ring_rows(rings, case.holder(source), Role.SOURCE, "fan_out", told)
    told = reports(stream, len(team), 24 * 12, 0.6, 0.4, Reporter.BANK)
    mules = part([cash], ring_rows(team, party, Role.MULE, "fan_out", told))
    return merge([part([spread], sources, [funded]), mules], one_campaign_list=True)


def _cycle(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    team, party = teams(stream, case.adults, count, 4, 8)
    label, account = np.arange(len(team)), case.account(party)
    start = days_at(case, stream, count, (9.0, 21.0))
    gap = stream.integers(3 * HOUR, 20 * HOUR, len(team))
    hop = nth_in_team(team)
    at = start[team] + np.cumsum(gap) - (np.cumsum(gap) - gap)[np.searchsorted(team, team)]
    first = round_fen(stream.uniform(2_000_000, 20_000_000, count), 1_000)
    amount = (first[team] * (1 - _KEPT_SHARE) ** hop).astype(np.int64)
    sent = act(
        label,
        at,
        Channel.MOBILE,
        EventType.TRANSFER,
        party,
        account=account,
        amount_fen=amount,
        payee=account[next_in_team(team)],
        **case.home(party),
    )
    opening = np.flatnonzero(hop == 0)
    funded = from_outside(
        case, stream, opening, at[opening] - DAY, account[opening], amount[opening]
    )
    told = reports(stream, len(team), 24 * 20, 0.5, 0.5, Reporter.BANK)
    return part([sent], ring_rows(team, party, Role.MULE, "cycle", told), [funded])


def _smurfing(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    account = collectors(case, stream, count)
    ring = np.repeat(np.arange(count), stream.integers(4, 12, count))
    begin = days_at(case, stream, count, (8.5, 9.0))
    at = begin[ring] + nth_in_team(ring) // 2 * DAY + stream.integers(0, 7 * HOUR, len(ring))
    amount = round_fen(stream.uniform(0.84, 0.998, len(ring)) * CASH_REPORT_FEN, 100)
    amount = np.minimum(amount, CASH_REPORT_FEN - 10_000)
    counter = chance(stream, 0.6, len(ring))
    cash = [
        post(ring[rows], at[rows], account[ring[rows]], Direction.CREDIT, amount[rows], channel,
             Summary.CASH)
        for rows, channel in ((counter, Channel.COUNTER), (~counter, Channel.ATM))
    ]  # fmt: skip
    gathered = np.bincount(ring, weights=amount, minlength=count).astype(np.float64)
    last = begin + 7 * DAY
    gone = onward(case, stream, np.arange(count), last, account, gathered)
    told = reports(stream, count, 24 * 15, 0.6, 0.35, Reporter.BANK)
    party = case.holder(account)
    return part(
        [gone], ring_rows(np.arange(count), party, Role.MULE, "below_report_limit", told), cash
    )


def _cash_out(case: Case, stream: np.random.Generator) -> Part:
    cards = case.world.cards
    credit = np.flatnonzero(cards.kind == CardType.CREDIT)
    credit = credit[np.isin(cards.party[credit], case.adults)]
    card = choose(stream, credit, case.campaigns(_PER_THOUSAND_MONTHS) * 3)
    label, size = np.arange(len(card)), len(card)
    party = cards.party[card].astype(np.int64)
    shop = case.far_shops[stream.integers(0, len(case.far_shops), size)]
    turn = np.repeat(label, stream.integers(1, 4, size))
    at = days_at(case, stream, size, (10.0, 21.0))[turn] + nth_in_team(turn) * 7 * DAY
    amount = round_fen(cards.limit_fen[card[turn]] * stream.uniform(0.3, 0.9, len(turn)), 100)
    paid = act(
        turn,
        at,
        Channel.CARD,
        EventType.PAYMENT,
        party[turn],
        account=cards.account[card[turn]],
        card=card[turn],
        amount_fen=amount,
        payee=shop[turn],
    )
    returned = post(
        turn, at + 3 * HOUR, case.account(party[turn]), Direction.CREDIT, amount * 99 // 100,
        Channel.MOBILE, Summary.TRANSFER, shop[turn],
    )  # fmt: skip
    told = reports(stream, size, 24 * 30, 0.5, 0.5, Reporter.BANK)
    return part([paid], ring_rows(label, party, Role.ABUSER, "card_cash_out", told), [returned])
