"""Loans, their schedules, and what happened to every instalment.

Default is a hidden discrete-time hazard per month: base by product and guarantee, times
exp(0.9·risk), times the season of the household's industry, times the village's shock for nine
months after it. Good payers are late now and then (more before the harvest and at the festival)
and cure within three weeks; after default nothing is paid unless the borrower cures.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.calendar import days_to_festival, month_of
from titian.province.model import (
    Bank,
    Dates,
    Flags,
    Floats,
    Ground,
    Guarantee,
    Industry,
    Instalments,
    Ints,
    LoanProduct,
    Loans,
    Occupation,
    PartyType,
    People,
    ProvinceConfig,
    Purpose,
    Records,
    Refs,
    RepayMethod,
    Traits,
    Villages,
    replace,
)

MAX_TERM_MONTHS: Final = 60
GRANTED_IN_WINDOW_SHARE: Final = 0.10
BASE_MONTHLY_HAZARD: Final = 0.0015
FIRM_HAZARD: Final = 1.4
CURE_SHARE: Final = 0.25
SHOCK_MONTHS: Final = 9
_PERSON_SHARE: Final = 0.34
_FIRM_SHARE: Final = 0.55

_SEASON: Final = np.array(
    [
        [1.0] * 12,
        [1.0, 1.2, 1.4, 1.5, 1.2, 0.8, 0.8, 1.0, 0.8, 0.6, 0.7, 0.9],
        [0.8, 1.1, 1.3, 1.3, 1.2, 1.1, 1.0, 0.9, 0.9, 0.9, 0.8, 0.7],
        [0.8, 1.0, 1.2, 1.2, 1.1, 1.1, 1.0, 1.0, 1.0, 0.9, 0.8, 0.7],
        [0.8, 1.0, 1.2, 1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9, 0.8, 0.8],
        [1.1, 1.2, 1.4, 1.4, 1.2, 1.0, 0.8, 0.7, 0.7, 0.7, 0.9, 1.0],
        [0.7, 1.2, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9],
        [0.7, 1.3, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9],
    ]
)
"""Hazard by industry code (0 = town) and calendar month."""


def borrowers(config: ProvinceConfig, bank: Bank, people: People) -> Flags:
    """Choose who has borrowed."""
    stream = config.stream(bank.no, "borrowers")
    count = len(people.name)
    age = (config.end_day - people.birth).astype(np.float64) / 365.25
    person = people.kind == PartyType.PERSON
    idle = np.isin(people.occupation, [Occupation.STUDENT, Occupation.RETIRED])
    fit = ~person | ((age >= 21) & (age <= 62) & ~idle)
    share = np.where(person, _PERSON_SHARE * 1.45, _FIRM_SHARE)
    old_enough = people.open_date < config.end_day - 20
    chosen: Flags = fit & old_enough & (stream.random(count) < share)
    return chosen


def build_loans(
    config: ProvinceConfig, ground: Ground, records: Records, account: Refs, borrower: Flags
) -> tuple[Loans, Instalments]:
    """Build the loans of a bank and the history of every instalment up to the end.

    `account` is the account that each party's loans are paid out to and collected from.
    """
    stream = config.stream(ground.bank.no, "loans")
    people, traits = records.people, records.traits
    base = np.flatnonzero(borrower).astype(np.int32)
    party = np.sort(np.r_[base, base[stream.random(len(base)) < 0.12]])
    product = _products(stream, people, traits, party)
    term = _terms(stream, product)
    grant = _grant_dates(stream, config, people.open_date[party], term)
    method = _methods(stream, product, term)
    guarantee = _guarantees(stream, product)
    loans = Loans(
        party=party,
        account=account[party],
        product=product.astype(np.uint8),
        amount_fen=_amounts(stream, people, party, product),
        rate_ppm=_rates(stream, product, guarantee),
        term_months=term.astype(np.int32),
        grant_date=grant,
        due_date=add_months(grant, term),
        method=method.astype(np.uint8),
        guarantee=guarantee.astype(np.uint8),
        purpose=_purposes(stream, traits, people, party, product).astype(np.uint8),
        agri=(traits.industry[party] >= 1) & (traits.industry[party] <= Industry.ORCHARD),
        inclusive=np.isin(product, [LoanProduct.MICRO_E, LoanProduct.TAX_E, LoanProduct.FARMER_E]),
        officer=people.officer[party],
        org=people.org[party],
        hazard_pd=np.zeros(len(party)),
        default_on=np.full(len(party), np.datetime64("NaT", "D")),
    )
    return _with_history(config, stream, loans, records, ground.villages)


def add_months(days: Dates, months: Ints | Refs) -> Dates:
    """Return the same day of a later month, the last day where the month is shorter."""
    first = days.astype("datetime64[M]")
    day = (days - first).astype(np.int64)
    target = first + np.asarray(months, np.int64)
    length = ((target + 1).astype("datetime64[D]") - target).astype(np.int64)
    later: Dates = target.astype("datetime64[D]") + np.minimum(day, length - 1)
    return later


def schedule(loans: Loans) -> Instalments:
    """Return every instalment of every loan, nothing paid; principal sums to the amount."""
    term = loans.term_months.astype(np.int64)
    single = loans.method == RepayMethod.BULLET
    periods = np.where(single, 1, term)
    loan = np.repeat(np.arange(len(term)), periods)
    period = np.arange(len(loan)) - np.repeat(np.cumsum(periods) - periods, periods) + 1
    month = np.where(single, term, 1)[loan] * period
    before, after = _outstanding(loans, loan, period - 1), _outstanding(loans, loan, period)
    months_covered = np.where(single, term, 1)[loan]
    rate = loans.rate_ppm[loan] / 12e6 * months_covered
    return Instalments(
        loan=loan.astype(np.int32),
        period=period.astype(np.int32),
        due_date=add_months(loans.grant_date[loan], month),
        principal_fen=before - after,
        interest_fen=np.round(before * rate).astype(np.int64),
        paid_on=np.full(len(loan), np.datetime64("NaT", "D")),
    )


def _outstanding(loans: Loans, loan: Ints, paid: Ints) -> Ints:
    amount = loans.amount_fen[loan]
    single = loans.method[loan] == RepayMethod.BULLET
    periods = np.where(single, 1, loans.term_months[loan]).astype(np.float64)
    growth = 1.0 + loans.rate_ppm[loan] / 12e6
    annuity = (growth**periods - growth**paid) / (growth**periods - 1.0)
    share = np.select(
        [
            loans.method[loan] == RepayMethod.EQUAL_PRINCIPAL,
            loans.method[loan] == RepayMethod.EQUAL_INSTALMENT,
        ],
        [1.0 - paid / periods, annuity],
        (paid < periods).astype(np.float64),
    )
    return np.round(amount * share).astype(np.int64)


def _with_history(
    config: ProvinceConfig,
    stream: np.random.Generator,
    loans: Loans,
    records: Records,
    villages: Villages,
) -> tuple[Loans, Instalments]:
    plan = schedule(loans)
    hazard = _hazard(loans, plan, records, villages)
    risk = records.traits.risk[loans.party[plan.loan]]
    count = len(plan.loan)
    fails = stream.random(count) < -np.expm1(-hazard)
    never = np.datetime64("2200-01-01", "D")
    failed_due = np.where(fails & (plan.due_date <= config.end_day), plan.due_date, never)
    starts = np.searchsorted(plan.loan, np.arange(len(loans.party)))
    default_on = np.minimum.reduceat(failed_due, starts)
    cured = stream.random(len(loans.party)) < CURE_SHARE
    cure_on = default_on + np.where(cured, stream.integers(35, 150, len(loans.party)), 40_000)
    paid_on = plan.due_date + _lateness(stream, plan, risk)
    after = plan.due_date >= default_on[plan.loan]
    paid_on = np.where(after, np.maximum(cure_on[plan.loan], paid_on), paid_on)
    nat = np.datetime64("NaT", "D")
    history = Instalments(
        loan=plan.loan,
        period=plan.period,
        due_date=plan.due_date,
        principal_fen=plan.principal_fen,
        interest_fen=plan.interest_fen,
        paid_on=np.where(
            (paid_on > config.end_day) | (plan.due_date > config.end_day), nat, paid_on
        ),
    )
    default_on = np.where(default_on < never, default_on, nat)
    return replace(loans, hazard_pd=hazard[starts], default_on=default_on), history


def _hazard(loans: Loans, plan: Instalments, records: Records, villages: Villages) -> Floats:
    people, traits = records.people, records.traits
    party = loans.party[plan.loan]
    months = np.where(
        loans.method[plan.loan] == RepayMethod.BULLET, loans.term_months[plan.loan], 1
    )
    secured = np.array([1.0, 1.15, 0.9, 0.55, 0.4])[loans.guarantee[plan.loan]]
    season = _SEASON[traits.industry[party], month_of(plan.due_date) - 1]
    village = people.village[party]
    since = (plan.due_date - villages.shock_on[village]).astype(np.float64) / 30.4
    struck = (village >= 0) & (since >= 0) & (since <= SHOCK_MONTHS)
    farm = (traits.industry[party] >= 1) & (traits.industry[party] <= Industry.ORCHARD)
    shock = np.where(struck & farm, 1.0 + 9.0 * villages.shock[village], 1.0)
    firm = np.where(people.kind[party] == PartyType.PERSON, 1.0, FIRM_HAZARD)
    hazard: Floats = (
        BASE_MONTHLY_HAZARD
        * np.minimum(months, 8)
        * firm
        * secured
        * season
        * shock
        * np.exp(0.9 * traits.risk[party])
    )
    return hazard


def _lateness(stream: np.random.Generator, plan: Instalments, risk: Floats) -> Ints:
    count = len(plan.loan)
    festival = np.abs(days_to_festival(plan.due_date)) <= 10
    share = (0.012 + 0.02 * festival) * np.exp(0.45 * risk)
    late = stream.random(count) < share
    return np.where(late, stream.geometric(0.16, count).clip(1, 24), 0)


def _products(stream: np.random.Generator, people: People, traits: Traits, party: Refs) -> Ints:
    luck = stream.random(len(party))
    firm = people.kind[party] != PartyType.PERSON
    farm = (traits.industry[party] >= 1) & (traits.industry[party] <= Industry.ORCHARD)
    trader = people.occupation[party] == Occupation.TRADER
    firm_product = np.select(
        [luck < 0.35, luck < 0.55, luck < 0.8],
        [LoanProduct.TAX_E, LoanProduct.TECH, LoanProduct.MORTGAGE_E],
        LoanProduct.MICRO_E,
    )
    farm_product = np.select(
        [luck < 0.72, luck < 0.88],
        [LoanProduct.FARMER_E, LoanProduct.MICRO_E],
        LoanProduct.CONSUMER,
    )
    trade_product = np.select(
        [luck < 0.6, luck < 0.75],
        [LoanProduct.MICRO_E, LoanProduct.MORTGAGE_E],
        LoanProduct.CONSUMER,
    )
    other = np.where(luck < 0.7, LoanProduct.CONSUMER, LoanProduct.MORTGAGE_E)
    return np.select([firm, trader, farm], [firm_product, trade_product, farm_product], other)


def _terms(stream: np.random.Generator, product: Ints) -> Ints:
    luck = stream.random(len(product))
    short = np.select([luck < 0.15, luck < 0.8], [6, 12], 24)
    middle = np.select([luck < 0.3, luck < 0.7], [12, 24], 36)
    long = np.select([luck < 0.5], [36], MAX_TERM_MONTHS)
    return np.select(
        [product == LoanProduct.MORTGAGE_E, np.isin(product, [LoanProduct.CONSUMER])],
        [long, middle],
        short,
    )


def _grant_dates(
    stream: np.random.Generator, config: ProvinceConfig, joined: Dates, term: Ints
) -> Dates:
    count = len(term)
    # Reaching back a fifth beyond the term leaves some loans settled before the window.
    back = (stream.random(count) * term * 30.4 * 1.2).astype(np.int64) + 1
    inside = config.start_day + stream.integers(0, config.days, count)
    fresh = stream.random(count) < GRANTED_IN_WINDOW_SHARE
    granted = np.where(fresh, inside, config.start_day - back)
    return np.minimum(np.maximum(granted, joined + 3), config.end_day - 1)


def _methods(stream: np.random.Generator, product: Ints, term: Ints) -> Ints:
    luck = stream.random(len(product))
    farmer = np.select(
        [luck < 0.45, luck < 0.7],
        [RepayMethod.BULLET, RepayMethod.INTEREST_FIRST],
        RepayMethod.EQUAL_PRINCIPAL,
    )
    long = np.where(luck < 0.6, RepayMethod.EQUAL_INSTALMENT, RepayMethod.EQUAL_PRINCIPAL)
    firm = np.where(luck < 0.6, RepayMethod.INTEREST_FIRST, RepayMethod.EQUAL_PRINCIPAL)
    method = np.select(
        [term > 24, product == LoanProduct.FARMER_E, product == LoanProduct.CONSUMER],
        [long, farmer, RepayMethod.EQUAL_INSTALMENT],
        firm,
    )
    return np.where(
        (method == RepayMethod.BULLET) & (term > 12), RepayMethod.INTEREST_FIRST, method
    )


def _guarantees(stream: np.random.Generator, product: Ints) -> Ints:
    luck = stream.random(len(product))
    general = np.select(
        [luck < 0.6, luck < 0.85, luck < 0.95],
        [Guarantee.CREDIT, Guarantee.GUARANTOR, Guarantee.MORTGAGE],
        Guarantee.PLEDGE,
    )
    return np.where(product == LoanProduct.MORTGAGE_E, Guarantee.MORTGAGE, general)


def _amounts(stream: np.random.Generator, people: People, party: Refs, product: Ints) -> Ints:
    yuan = people.income_fen[party] / 100.0
    months = np.array([0, 10, 4, 3, 26, 8, 11])[product]
    drawn = yuan * months * np.exp(stream.normal(0, 0.55, len(party)))
    thousands: Ints = np.round(drawn.clip(3_000, 6_000_000) / 1_000).astype(np.int64)
    return thousands * 100_000


def _rates(stream: np.random.Generator, product: Ints, guarantee: Ints) -> Refs:
    base = np.array([0, 62_000, 48_000, 50_000, 45_000, 72_000, 56_000])[product]
    spread = stream.integers(-6, 13, len(product)) * 500
    rate: Refs = (base + spread - 4_000 * (guarantee == Guarantee.PLEDGE)).astype(np.int32)
    return rate


def _purposes(
    stream: np.random.Generator, traits: Traits, people: People, party: Refs, product: Ints
) -> Ints:
    industry = traits.industry[party]
    consumer = np.where(stream.random(len(party)) < 0.8, Purpose.CONSUMPTION, Purpose.EDUCATION)
    person = people.kind[party] == PartyType.PERSON
    return np.select(
        [
            product == LoanProduct.CONSUMER,
            (product == LoanProduct.MORTGAGE_E) & person,
            (product == LoanProduct.TECH),
            np.isin(industry, [Industry.CROP, Industry.ORCHARD]),
            np.isin(industry, [Industry.PIG, Industry.CATTLE, Industry.SHEEP]),
            industry == Industry.TRADE,
        ],
        [consumer, Purpose.HOUSING, Purpose.EQUIPMENT, Purpose.PLANTING, Purpose.BREEDING,
         Purpose.TRADING],
        Purpose.WORKING_CAPITAL,
    )  # fmt: skip
