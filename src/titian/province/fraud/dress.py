"""Makes planted events look like any other: cards, phones, merchants and terminals that fit."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.channels import (
    FIRST_MACHINE,
    MACHINES_PER_ORG,
    TERMINALS_PER_MERCHANT,
    WITH_DEVICE,
)
from titian.province.fraud.case import Case
from titian.province.model import (
    NOBODY,
    Channel,
    Direction,
    Entries,
    Events,
    EventType,
    Flags,
    PayeeKind,
    Result,
    Summary,
    concat,
    replace,
    size,
    take,
)

_MONEY: Final = (EventType.TRANSFER, EventType.PAYMENT, EventType.CASH_OUT)
_MERCHANTS: Final = (PayeeKind.MERCHANT, PayeeKind.ACCOUNT, PayeeKind.UTILITY)
_LIMITS_FEN: Final = np.array([10, 20, 50]) * 1_000_000


def dress(case: Case, events: Events) -> Events:
    """Fill what the channels would have seen, by the rules that honest events follow.

    Card and quick payments show a card but no device or address; the other channels show the
    device, the address and the customer's phone; payments to merchants carry the merchant.
    """
    people, channel = case.world.people, events.channel
    seen, money = WITH_DEVICE[channel], np.isin(events.kind, _MONEY)
    account = np.where(money, events.account, NOBODY)
    by_card = ~seen & (account >= 0)
    card = np.where(by_card & (events.card < 0), case.card_of[account], events.card)
    known = (events.party >= 0) & (seen | (channel == Channel.QUICK)) & (events.phone == 0)
    merchant = _merchants(case, events)
    limit = _LIMITS_FEN[events.label % len(_LIMITS_FEN)]
    raised = (events.kind == EventType.LIMIT_CHANGE) & (events.amount_fen < 0)
    return replace(
        events,
        account=account.astype(np.int32),
        card=card.astype(np.int32),
        amount_fen=np.where(raised, limit, events.amount_fen),
        device=np.where(seen, events.device, NOBODY).astype(np.int32),
        ip=np.where(seen, events.ip, 0).astype(np.uint32),
        phone=np.where(known, people.phone[events.party], events.phone),
        merchant=merchant.astype(np.int32),
        terminal=_terminals(case, events, merchant).astype(np.int32),
    )


def mirror(case: Case, events: Events) -> Entries:
    """The entries that successful payments imply.

    The payer's account is debited; a payee that is an account of the bank is credited the same
    amount at the same moment. Cash leaves at a machine.
    """
    paid = np.isin(events.kind, _MONEY) & (events.result == Result.SUCCESS)
    rows = take(events, paid & (events.account >= 0) & (events.amount_fen > 0))
    cash = rows.kind == EventType.CASH_OUT
    summary = np.where(rows.kind == EventType.PAYMENT, Summary.PAYMENT, Summary.TRANSFER)
    debit = Entries(
        account=rows.account,
        at=rows.at,
        direction=np.full(size(rows), Direction.DEBIT, np.int8),
        amount_fen=rows.amount_fen,
        channel=np.where(cash, np.uint8(Channel.ATM), rows.channel),
        summary=np.where(cash, Summary.CASH, summary).astype(np.uint8),
        counterparty=rows.payee,
        label=rows.label,
    )
    inside = (debit.counterparty >= 0) & (debit.counterparty < size(case.world.accounts))
    got = take(debit, inside)
    credit = replace(
        got,
        account=got.counterparty,
        counterparty=got.account,
        direction=np.full(size(got), Direction.CREDIT, np.int8),
    )
    return concat([debit, credit])


def _is_shop(case: Case, events: Events) -> Flags:
    shop = np.isin(case.payee_kind, _MERCHANTS)[events.payee]
    flags: Flags = (events.kind == EventType.PAYMENT) & (events.payee >= 0) & shop
    return flags


def _merchants(case: Case, events: Events) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.where(_is_shop(case, events), events.payee, NOBODY).astype(np.int64)


def _terminals(
    case: Case, events: Events, merchant: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    luck = events.at.astype(np.int64) // 7 + events.party
    till = merchant * TERMINALS_PER_MERCHANT + luck % TERMINALS_PER_MERCHANT
    org = case.world.people.org[events.party]
    machine = FIRST_MACHINE + org * MACHINES_PER_ORG + luck % MACHINES_PER_ORG
    chosen = np.where(merchant >= 0, till, machine)
    return np.where(events.channel == Channel.CARD, chosen, NOBODY).astype(np.int64)
