"""Card and account theft: cards copied at one terminal are tried, then used up elsewhere.

Look-alike: a customer on a journey pays at places never seen before.
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
    reports,
    spread_out,
)
from titian.province.fraud.model import Part, Role, Scenario
from titian.province.model import CardType, Channel, EventType, Floats, Ints, Result

_CAMPAIGNS = 0.35
_JOURNEYS = 1.2
_VICTIMS = (3, 9)
_QUICK_SHARE = 1 / 3
_NONE = np.empty(0, np.int64)


def frauds(case: Case, stream: np.random.Generator) -> Part:
    """Plant copied cards: one small test, then large payments; a third over the quick channel."""
    count = case.campaigns(_CAMPAIGNS)
    team, card, copied_at = _copied(case, stream, count)
    label, size = np.arange(len(card)), len(card)
    party = case.world.cards.party[card].astype(np.int64)
    begin = copied_at + stream.integers(DAY, 12 * DAY, size)
    quick = stream.random(count)[team] < _QUICK_SHARE
    channel = np.where(quick, Channel.QUICK, Channel.CARD)
    turn, since = spread_out(stream, stream.integers(3, 9, size), 2 * HOUR)
    test = np.r_[True, turn[1:] != turn[:-1]][: len(turn)]
    amount = np.where(
        test,
        stream.integers(100, 600, len(turn)),
        _limit_fen(case, card)[turn] * stream.uniform(0.08, 0.3, len(turn)),
    )
    events = act(
        label[turn],
        begin[turn] + since,
        channel[turn],
        EventType.PAYMENT,
        party[turn],
        account=case.world.cards.account[card[turn]],
        card=card[turn],
        amount_fen=np.maximum(amount, 100).astype(np.int64),
        payee=case.far_shops[stream.integers(0, len(case.far_shops), len(turn))],
        result=np.where(chance(stream, 0.25, len(turn)), Result.DECLINED, Result.SUCCESS),
    )
    told = reports(stream, size, 16, 1.1, 0.05)
    how = np.where(quick, "card_details_bound_to_wallet", "card_copied_at_terminal")
    return part([events], incidents(Scenario.CARD_THEFT, team, party, Role.VICTIM, how, told))


def innocents(case: Case, stream: np.random.Generator) -> Part:
    """Plant journeys: three to six days of payments at unknown terminals, larger than usual."""
    card = choose(stream, _cards(case), case.campaigns(_JOURNEYS))
    label, size = np.arange(len(card)), len(card)
    party = case.world.cards.party[card].astype(np.int64)
    begin = days_at(case, stream, size, (8.0, 12.0))
    turn, since = spread_out(stream, stream.integers(4, 11, size), 9 * HOUR)
    amount = _limit_fen(case, card)[turn] * stream.uniform(0.02, 0.12, len(turn))
    events = act(
        label[turn],
        begin[turn] + since,
        Channel.CARD,
        EventType.PAYMENT,
        party[turn],
        account=case.world.cards.account[card[turn]],
        card=card[turn],
        amount_fen=np.maximum(amount, 1_000).astype(np.int64),
        payee=case.far_shops[stream.integers(0, len(case.far_shops), len(turn))],
    )
    rows = incidents(Scenario.CARD_THEFT, label, party, Role.INNOCENT, "journey")
    return part([events], rows)


def _copied(case: Case, stream: np.random.Generator, count: int) -> tuple[Ints, Ints, Ints]:
    """Draw tills that copy cards: (team, card, second of its last payment there) per victim."""
    swiped = case.swiped
    usable = np.flatnonzero(np.isin(swiped.card, _cards(case)))
    busy, first = np.unique(swiped.terminal[choose(stream, usable, 4 * count)], return_index=True)
    tills = busy[np.argsort(first)][:count]
    at = swiped.at.astype("datetime64[s]").astype(np.int64)
    teams_, cards, moments = [_NONE], [_NONE], [_NONE]
    for team, till in enumerate(tills):
        here = usable[swiped.terminal[usable] == till]
        here = here[np.lexsort((at[here], swiped.card[here]))]
        last = here[np.r_[swiped.card[here][1:] != swiped.card[here][:-1], True]]
        hit = choose(stream, last, int(stream.integers(*_VICTIMS)))
        teams_.append(np.full(len(hit), team))
        cards.append(swiped.card[hit].astype(np.int64))
        moments.append(at[hit])
    return np.concatenate(teams_), np.concatenate(cards), np.concatenate(moments)


def _cards(case: Case) -> Ints:
    cards = case.world.cards
    known = np.zeros(len(case.world.people.kind), bool)
    known[case.adults] = True
    usable = known[cards.party] & (cards.open_date < case.config.start_day)
    main = case.world.main_account[cards.party] == cards.account
    rows: Ints = np.flatnonzero(usable & (main | (cards.kind == CardType.CREDIT)))
    return rows


def _limit_fen(case: Case, card: Ints) -> Floats:
    cards = case.world.cards
    credit = cards.kind[card] == CardType.CREDIT
    held = case.world.accounts.opening_fen[cards.account[card]]
    limit: Floats = np.where(credit, cards.limit_fen[card], held).astype(np.float64)
    return limit
