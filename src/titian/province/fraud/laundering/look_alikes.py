"""What looks like a ring and is none: weddings, cooperatives, savings circles, shops' takings."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.fraud.case import Case
from titian.province.fraud.draft import (
    DAY,
    HOUR,
    act,
    choose,
    days_at,
    nth_in_team,
    part,
    post,
    round_fen,
    teams,
)
from titian.province.fraud.laundering.moves import harmless, no_events
from titian.province.fraud.model import Part, merge
from titian.province.model import Channel, Direction, EventType, PartyType, Summary

_PER_THOUSAND_MONTHS: Final = 0.35
_GIFTS_FEN: Final = np.array([20_000, 30_000, 50_000, 60_000, 80_000, 100_000])


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant all four kinds."""
    kinds = (_wedding_gifts, _cooperative_pays, _savings_circle, _shop_takings)
    return merge([kind(case, stream) for kind in kinds])


def _wedding_gifts(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    team, guest = teams(stream, case.online, count, 12, 35)
    host = case.adults[stream.integers(0, len(case.adults), count)]
    account = case.account(host)[team]
    other = case.account(guest) != account
    team, guest, account = team[other], guest[other], account[other]
    at = days_at(case, stream, count, (7.0, 8.0))[team] + stream.integers(0, 30 * HOUR, len(team))
    events = act(
        team,
        at,
        Channel.WECHAT,
        EventType.TRANSFER,
        guest,
        account=case.account(guest),
        amount_fen=_GIFTS_FEN[stream.integers(0, len(_GIFTS_FEN), len(team))],
        payee=account,
        **case.home(guest),
    )
    return part([events], harmless(np.arange(count), host, "wedding_gifts"))


def _cooperative_pays(case: Case, stream: np.random.Generator) -> Part:
    people = case.world.people
    firm = people.kind != PartyType.PERSON
    firms = np.flatnonzero(firm & (people.open_date < case.config.start_day))
    payer = choose(stream, firms, case.campaigns(_PER_THOUSAND_MONTHS))
    count = len(payer)
    team, member = teams(stream, case.adults, count, 8, 30)
    at = days_at(case, stream, count, (9.0, 11.0))[team] + 8 * nth_in_team(team)
    events = act(
        team,
        at,
        Channel.ONLINE,
        EventType.TRANSFER,
        payer[team],
        account=case.account(payer[team]),
        amount_fen=round_fen(stream.uniform(80_000, 900_000, len(team)), 10),
        payee=case.account(member),
        **case.home(payer[team]),
    )
    return part([events], harmless(np.arange(count), payer, "cooperative_pays_members"))


def _savings_circle(case: Case, stream: np.random.Generator) -> Part:
    count = case.campaigns(_PER_THOUSAND_MONTHS)
    team, party = teams(stream, case.online, count, 5, 9)
    rounds = max(case.config.days // 30, 1)
    row, turn = np.repeat(np.arange(len(team)), rounds), np.tile(np.arange(rounds), len(team))
    size = np.bincount(team, minlength=count)
    first = np.searchsorted(team, np.arange(count))
    receiver = first[team[row]] + turn % np.maximum(size[team[row]], 1)
    given = receiver != row
    row, turn, receiver = row[given], turn[given], receiver[given]
    begin = case.start + stream.integers(0, 25, count) * DAY + 19 * HOUR
    stake = round_fen(stream.uniform(30_000, 200_000, count), 100)
    events = act(
        row,
        begin[team[row]] + turn * 30 * DAY + stream.integers(0, 3 * HOUR, len(row)),
        Channel.WECHAT,
        EventType.TRANSFER,
        party[row],
        account=case.account(party[row]),
        amount_fen=stake[team[row]],
        payee=case.account(party[receiver]),
        **case.home(party[row]),
    )
    return part([events], harmless(team, party, "savings_circle"))


def _shop_takings(case: Case, stream: np.random.Generator) -> Part:
    party = choose(stream, case.adults, case.campaigns(_PER_THOUSAND_MONTHS))
    label = np.arange(len(party))
    row = np.repeat(label, stream.integers(8, 25, len(party)))
    at = days_at(case, stream, len(party), (16.0, 16.3))[row] + nth_in_team(row) * 3 * DAY
    takings = stream.uniform(1_800_000, 4_400_000, len(party))[row]
    amount = round_fen(takings * stream.normal(1, 0.12, len(row)).clip(0.6, 1.4), 10)
    cash = post(
        row, at + stream.integers(0, HOUR // 2, len(row)), case.account(party[row]),
        Direction.CREDIT, amount, Channel.COUNTER, Summary.CASH,
    )  # fmt: skip
    return part([no_events()], harmless(label, party, "shop_takings"), [cash])
