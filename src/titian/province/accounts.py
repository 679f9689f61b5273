"""Accounts, cards, and the directory of payees of a bank."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import identity, names
from titian.province.model import (
    NOBODY,
    Accounts,
    Bank,
    Cards,
    CardType,
    Currency,
    Dates,
    Flags,
    Ints,
    Occupation,
    Outside,
    PartyType,
    PayeeKind,
    Payees,
    People,
    Product,
    ProvinceConfig,
    Records,
    Refs,
    Text,
)

DEMAND_RATE_PPM: Final = 500
CREDIT_CARD_SHARE: Final = 0.11
DOLLAR_SHARE: Final = 0.004
DORMANT_SHARE: Final = 0.02
_TIME_TERMS: Final = np.array([3, 6, 12, 24, 36, 60])
_TIME_RATES_PPM: Final = np.array([8_500, 10_500, 12_500, 14_500, 17_500, 18_000])
_CARD_BODY: Final = 1_000 * 10**12
_ACCOUNT_BODY: Final = 700 * 10**12
_OUTSIDE_BODY: Final = 900 * 10**12
_SCRAMBLE: Final = 2_654_435_761

MERCHANTS: Final = (
    "惠生活便利店", "好又多超市", "乡亲百货", "老李饭庄", "春晖药房", "顺风加油站", "云购商城",
    "田头农资店", "团团外卖", "出行宝", "闪电快递", "悦读书店", "宝贝母婴", "五金建材店",
    "新风尚服装", "甜蜜蛋糕房", "康乐诊所", "一品羊肉馆", "农家小院", "欢乐影城", "洁净洗衣",
    "手机专卖店",
)  # fmt: skip
UTILITIES: Final = ("供电公司", "自来水公司", "燃气公司", "有线电视", "移动通信")
GOVERNMENT: Final = ("财政局", "教育局", "社会保险中心", "农业农村局", "税务局", "医疗保障局")
SYSTEM_PAYEES: Final = ("利息支出", "贷款放款户", "贷款还款户", "手续费收入", "现金", "理财资金户")


def build_accounts(config: ProvinceConfig, bank: Bank, people: People, borrower: Flags) -> Accounts:
    """Build the accounts of every party; each has a demand (firms: corporate) account first.

    `borrower` marks parties with a loan; some of them have a loan settlement account.
    """
    stream = config.stream(bank.no, "accounts")
    party, product = _holdings(stream, config, people, borrower)
    order = np.lexsort((np.arange(len(party)), party))
    party, product = party[order], product[order]
    count = len(party)
    main = (product == Product.DEMAND) | (product == Product.CORPORATE)
    main &= np.r_[True, party[1:] != party[:-1]]
    terms = _terms(stream, product)
    opened, closes = _lives(stream, config, people.open_date[party], product, main, terms)
    dollar = (product == Product.DEMAND) & ~main
    dormant = (stream.random(count) < DORMANT_SHARE) & (product == Product.DEMAND)
    return Accounts(
        number=_numbers(bank, count),
        party=party.astype(np.int32),
        product=product.astype(np.uint8),
        currency=np.where(dollar, Currency.USD, Currency.CNY).astype(np.uint8),
        open_date=opened,
        close_date=closes,
        org=people.org[party],
        dormant=dormant & (opened < config.start_day - 400),
        term_months=terms.astype(np.int32),
        rate_ppm=_rates(product, terms).astype(np.int32),
        opening_fen=_openings(stream, people, party, product),
    )


def main_accounts(accounts: Accounts, parties: int) -> Refs:
    """Return each party's first account, the one it lives on."""
    return np.searchsorted(accounts.party, np.arange(parties)).astype(np.int32)


def settlement_accounts(accounts: Accounts, main: Refs) -> Refs:
    """Return the account each party's loans settle on: its own kind, or the main one."""
    account = main.copy()
    settle = np.flatnonzero(accounts.product == Product.LOAN_SETTLE)
    account[accounts.party[settle]] = settle
    return account


def build_cards(config: ProvinceConfig, bank: Bank, accounts: Accounts) -> Cards:
    """Build a debit card for most personal demand accounts and one per credit-card account."""
    stream = config.stream(bank.no, "cards")
    count = len(accounts.number)
    debit = np.isin(accounts.product, [Product.DEMAND, Product.SOCIAL])
    debit &= (accounts.currency == Currency.CNY) & (stream.random(count) < 0.93)
    credit = accounts.product == Product.CREDIT_CARD
    account = np.flatnonzero(debit | credit)
    kind = np.where(credit[account], CardType.CREDIT, CardType.DEBIT)
    limit = np.where(kind == CardType.CREDIT, stream.integers(1, 11, len(account)) * 500_000, 0)
    serial = np.arange(len(account)) * _SCRAMBLE % 10**10
    return Cards(
        number=identity.luhn_numbers(_CARD_BODY + bank.no * 10**12 + serial, 19),
        party=accounts.party[account],
        account=account.astype(np.int32),
        kind=kind.astype(np.uint8),
        open_date=accounts.open_date[account],
        limit_fen=limit.astype(np.int64),
    )


def build_payees(
    config: ProvinceConfig, bank: Bank, people: People, accounts: Accounts
) -> tuple[Payees, Outside]:
    """Build the payee directory: own accounts first, then everybody outside the bank."""
    stream = config.stream(bank.no, "payees")
    county, parties = bank.county, len(people.name)
    merchants = [*MERCHANTS, *(f"{county}{name}" for name in MERCHANTS)]
    firm_count = max(parties // 40, 10)
    firms, _ = names.firm_names(stream, "", firm_count, names.FIRM_TRADES)
    employers, _ = names.firm_names(stream, "滨海市", max(parties // 60, 8), names.FIRM_TRADES)
    friends = max(parties * 4 // 5, 20)
    gender = stream.integers(1, 3, friends).astype(np.uint8)
    birth = np.datetime64("1960-01-01") + stream.integers(0, 16_000, friends)
    groups: list[tuple[PayeeKind, Text]] = [
        (PayeeKind.MERCHANT, np.array(merchants)),
        (PayeeKind.UTILITY, np.array([f"{county}{name}" for name in UTILITIES])),
        (PayeeKind.GOVERNMENT, np.array([f"{county}{name}" for name in GOVERNMENT])),
        (PayeeKind.SYSTEM, np.array(SYSTEM_PAYEES)),
        (PayeeKind.EMPLOYER, employers),
        (PayeeKind.FIRM, firms),
        (PayeeKind.PERSON, names.person_names(stream, gender, birth)),
    ]
    sizes = np.array([len(group) for _, group in groups])
    starts = len(accounts.number) + np.cumsum(sizes) - sizes
    serial = np.arange(sizes.sum()) * _SCRAMBLE % 10**10
    outside = identity.luhn_numbers(_OUTSIDE_BODY + bank.no * 10**12 + serial, 17)
    payees = Payees(
        number=np.r_[accounts.number, outside],
        name=np.concatenate([people.name[accounts.party], *(group for _, group in groups)]),
        kind=np.r_[
            np.full(len(accounts.number), PayeeKind.ACCOUNT),
            np.repeat([kind for kind, _ in groups], sizes),
        ].astype(np.uint8),
    )
    spans = [(int(start), int(size)) for start, size in zip(starts, sizes, strict=True)]
    return payees, Outside(*spans)


def assign_employers(
    config: ProvinceConfig, bank: Bank, records: Records, main: Refs, outside: Outside
) -> Refs:
    """Return who pays each party's salary (a row of Payees, -1 = nobody)."""
    people, traits = records.people, records.traits
    stream = config.stream(bank.no, "employers")
    count = len(people.name)
    local = np.flatnonzero(people.kind == PartyType.ENTERPRISE)
    size = stream.pareto(1.3, len(local)) + 0.5
    edges = np.cumsum(size) / size.sum()
    at = np.searchsorted(edges, stream.random(count)).clip(0, len(local) - 1)
    in_bank = main[local][at]
    away = outside.employers[0] + stream.integers(0, outside.employers[1], count)
    office = outside.government[0] + np.where(people.occupation == Occupation.TEACHER, 1, 0)
    worker = people.occupation == Occupation.WORKER
    official = np.isin(people.occupation, [Occupation.CIVIL, Occupation.TEACHER])
    away_worker = worker & (traits.migrant | (stream.random(count) < 0.25))
    informal = worker & (traits.industry > 0) & (stream.random(count) < 0.3)
    chosen = np.select(
        [informal, away_worker, worker, official], [NOBODY, away, in_bank, office], NOBODY
    )
    employer: Refs = chosen.astype(np.int32)
    return employer


def _holdings(
    stream: np.random.Generator, config: ProvinceConfig, people: People, borrower: Flags
) -> tuple[Refs, Refs]:
    count = len(people.name)
    everyone = np.arange(count)
    person = people.kind == PartyType.PERSON
    age = (config.end_day - people.birth).astype(np.float64) / 365.25
    rich = np.log(people.income_fen / 300_000.0).clip(-1, 2)
    luck = stream.random((6, count))
    deposits = stream.poisson(np.where(person, np.exp(0.25 + 0.35 * rich), 0.5))
    adult = person & (age >= 18)
    groups = [
        (Product.DEMAND, everyone[person]),
        (Product.CORPORATE, everyone[~person]),
        (Product.SOCIAL, everyone[person & (luck[0] < 0.55)]),
        (Product.TIME, np.repeat(everyone, deposits)),
        (Product.WEALTH, everyone[adult & (luck[1] < 0.09 + 0.07 * rich)]),
        (Product.NOTICE, everyone[~person & (luck[2] < 0.25)]),
        (Product.LOAN_SETTLE, everyone[borrower & (luck[3] < np.where(person, 0.35, 0.9))]),
        (Product.CREDIT_CARD, everyone[adult & (age < 62) & (luck[4] < CREDIT_CARD_SHARE)]),
        (Product.DEMAND, everyone[adult & (luck[5] < DOLLAR_SHARE)]),
    ]
    party = np.concatenate([rows for _, rows in groups])
    product = np.repeat([kind for kind, _ in groups], [len(rows) for _, rows in groups])
    return party, product


def _terms(stream: np.random.Generator, product: Refs) -> Refs:
    count = len(product)
    time = _TIME_TERMS[stream.choice(6, count, p=[0.1, 0.13, 0.32, 0.15, 0.22, 0.08])]
    wealth = np.array([3, 6, 12])[stream.integers(0, 3, count)]
    return np.select([product == Product.TIME, product == Product.WEALTH], [time, wealth], 0)


def _rates(product: Refs, terms: Refs) -> Ints:
    at = np.searchsorted(_TIME_TERMS, terms).clip(0, len(_TIME_TERMS) - 1)
    kinds = [Product.TIME, Product.WEALTH, Product.NOTICE, Product.CREDIT_CARD]
    rates = [
        _TIME_RATES_PPM[at],
        np.full(len(product), 28_000),
        np.full(len(product), 7_500),
        np.full(len(product), 182_500),
    ]
    return np.select([product == kind for kind in kinds], rates, DEMAND_RATE_PPM)


def _lives(
    stream: np.random.Generator,
    config: ProvinceConfig,
    joined: Dates,
    product: Refs,
    main: Flags,
    terms: Refs,
) -> tuple[Dates, Dates]:
    count = len(product)
    nat = np.datetime64("NaT", "D")
    room = np.maximum((config.start_day - joined).astype(np.int64), 0)
    later = joined + (stream.random(count) * room).astype(np.int64)
    opened = np.where(main, joined, later)
    termed = terms > 0
    age = (stream.random(count) * np.maximum(terms, 18) * 30.4).astype(np.int64)
    opened = np.where(termed, np.maximum(config.end_day - age, joined), opened)
    # Deposits that matured inside the window and were taken out; the rest roll over silently.
    matured = termed & (stream.random(count) < 0.12) & (opened < config.start_day)
    closes = config.start_day + stream.integers(0, config.days, count)
    return opened, np.where(matured, closes, nat)


def _openings(stream: np.random.Generator, people: People, party: Refs, product: Refs) -> Ints:
    income = people.income_fen[party].astype(np.float64)
    months = np.select(
        [product == Product.TIME, product == Product.WEALTH, product == Product.SOCIAL,
         product == Product.NOTICE, product == Product.LOAN_SETTLE],
        [5.5, 9.0, 0.5, 2.0, 0.15],
        1.6,
    )  # fmt: skip
    drawn = income * months * np.exp(stream.normal(0, 0.8, len(party)))
    termed = np.isin(product, [Product.TIME, Product.WEALTH])
    rounded = np.maximum(np.round(drawn / 100_000) * 100_000, 100_000)
    opening = np.where(termed, rounded, np.round(drawn))
    return np.where(product == Product.CREDIT_CARD, 0, opening).astype(np.int64)


def _numbers(bank: Bank, count: int) -> Text:
    serial = np.arange(count) * _SCRAMBLE % 10**10
    return identity.luhn_numbers(_ACCOUNT_BODY + bank.no * 10**12 + serial, 17)
