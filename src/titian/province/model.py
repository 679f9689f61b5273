"""The words of the synthetic province: its configuration, columnar tables and streams.

Every table is a frozen dataclass of equally long numpy arrays; a row is an index. References
between tables are row indices (`-1` = none), turned into text ids only when files are written.
Dates are `datetime64[D]`, times `datetime64[s]` in bank-local time, money `int64` fen.
"""

from __future__ import annotations

import dataclasses
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.kernel.errors import InvalidInput
from titian.province.vocabulary import (
    AccountStatus,
    CardType,
    Channel,
    Currency,
    Direction,
    Education,
    EventType,
    FiveClass,
    Gender,
    Guarantee,
    House,
    IdType,
    Industry,
    LoanProduct,
    LoanStatus,
    Marital,
    Occupation,
    OfficerRole,
    OrgLevel,
    PartyType,
    PayeeKind,
    Product,
    Purpose,
    RepayMethod,
    Result,
    Summary,
    TouchChannel,
)

Ints = npt.NDArray[np.int64]
Refs = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Text = npt.NDArray[np.str_]
Dates = npt.NDArray[np.datetime64]
Times = npt.NDArray[np.datetime64]

MAX_BANKS = 51
MAX_CUSTOMERS = 5_000_000
MAX_DAYS = 1_100
MIN_CUSTOMERS_PER_BANK = 50
DEFAULT_END = date(2026, 3, 31)
DEFAULT_SEED = 20260217
NOBODY = -1


@dataclass(frozen=True, slots=True)
class ProvinceConfig:
    """What to generate; `customers` counts the parties of all banks together.

    Raises InvalidInput when a number is out of range.
    """

    banks: int = 3
    customers: int = 6_000
    days: int = 120
    seed: int = DEFAULT_SEED
    end: date = DEFAULT_END
    bad_row_share: float = 0.001

    def __post_init__(self) -> None:
        _within("--banks", self.banks, 1, MAX_BANKS)
        _within("--customers", self.customers, self.banks * MIN_CUSTOMERS_PER_BANK, MAX_CUSTOMERS)
        _within("--days", self.days, 1, MAX_DAYS)
        _within("--seed", self.seed, 0, 2**63 - 1)
        _within("--end (year)", self.end.year, 2015, 2040)
        _within("the share of bad rows", self.bad_row_share, 0.0, 0.2)

    @property
    def start(self) -> date:
        """First business date."""
        return self.end - timedelta(days=self.days - 1)

    @property
    def dates(self) -> list[date]:
        """Every business date, oldest first."""
        return [self.start + timedelta(days=n) for n in range(self.days)]

    @property
    def start_day(self) -> np.datetime64:
        """First business date as `datetime64[D]`."""
        return np.datetime64(self.start, "D")

    @property
    def end_day(self) -> np.datetime64:
        """Last business date as `datetime64[D]`."""
        return np.datetime64(self.end, "D")

    def stream(self, bank_no: int, part: str) -> np.random.Generator:
        """Return the independent random stream of one part of one bank (bank 0 = the union).

        A part that draws more or fewer numbers never disturbs another part.
        """
        key = (bank_no, zlib.crc32(part.encode()))
        return np.random.Generator(
            np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=key))
        )


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidInput(
            f"{name} is {value}, outside {low} to {high}",
            f"Give a value from {low} to {high}.",
        )


@dataclass(frozen=True, slots=True)
class Bank:
    """A member bank: `bank` is its id (pinyin), `no` its number from 1."""

    bank: str
    no: int
    name_zh: str
    name_en: str
    county: str
    customers: int


@dataclass(frozen=True, slots=True)
class Orgs:
    """Organisations; row 0 is the head office, then branches, then outlets."""

    name: Text
    parent: Refs
    level: Codes
    township: Text


@dataclass(frozen=True, slots=True)
class Officers:
    """Officers of a bank."""

    name: Text
    org: Refs
    role: Codes
    left_on: Dates


@dataclass(frozen=True, slots=True)
class Villages:
    """Villages; `market_phase` 0-4 is the day (days since 1970 mod 5) of the market (集).

    `shock_on` is the hidden date of a local disaster (NaT = none), `shock` its strength 0-1.
    """

    name: Text
    township: Text
    org: Refs
    grid: Refs
    grid_officer: Refs
    households: Refs
    credit_village: Flags
    market_phase: Codes
    shock_on: Dates
    shock: Floats


@dataclass(frozen=True, slots=True)
class Ground:
    """A bank before it has customers."""

    bank: Bank
    orgs: Orgs
    officers: Officers
    villages: Villages


@dataclass(frozen=True, slots=True)
class Households:
    """Households with at least one customer; `head` is a row of People."""

    village: Refs
    head: Refs
    members: Refs
    land_centimu: Refs
    house: Codes
    industry: Codes


@dataclass(frozen=True, slots=True)
class People:
    """Parties of one bank, as the bank sees them; code 0 or NaT = not applicable.

    `phone` is the number as an integer (0 = none). `open_date` may lie within the window.
    """

    kind: Codes
    name: Text
    id_no: Text
    gender: Codes
    birth: Dates
    phone: Ints
    address: Text
    village: Refs
    household: Refs
    marital: Codes
    education: Codes
    occupation: Codes
    income_fen: Ints
    open_date: Dates
    org: Refs
    officer: Refs
    opt_out_on: Dates
    new_phone: Ints
    new_phone_on: Dates


@dataclass(frozen=True, slots=True)
class Traits:
    """Hidden truth of each party, row by row with People.

    `person` numbers real persons across the whole province (two parties may be one person);
    `household` is the true household (also for duplicates and town people, -1 for firms);
    `risk` is a latent standard-normal credit risk; `digital` 0-1 how digital; `channels` a bit
    mask of registered channels (bit = Channel value); `devices` how many devices (1-3), device
    numbers are `party * 4 + slot`; `ip` the usual address as an integer; `industry` the industry
    code of the household or firm (0 none).
    """

    person: Ints
    household: Refs
    risk: Floats
    digital: Floats
    migrant: Flags
    channels: npt.NDArray[np.uint16]
    devices: Codes
    ip: npt.NDArray[np.uint32]
    industry: Codes


@dataclass(frozen=True, slots=True)
class Records:
    """Parties as the bank sees them, with the hidden truth about each."""

    people: People
    traits: Traits


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts; `opening_fen` is the balance wanted at the start (raised when entries need it).

    `close_date` NaT = open at the end. Credit-card accounts may be negative.
    """

    number: Text
    party: Refs
    product: Codes
    currency: Codes
    open_date: Dates
    close_date: Dates
    org: Refs
    dormant: Flags
    term_months: Refs
    rate_ppm: Refs
    opening_fen: Ints


@dataclass(frozen=True, slots=True)
class Cards:
    """Cards; `account` is the account behind the card."""

    number: Text
    party: Refs
    account: Refs
    kind: Codes
    open_date: Dates
    limit_fen: Ints


@dataclass(frozen=True, slots=True)
class Payees:
    """Everyone money goes to or comes from.

    Rows 0 to size(accounts)-1 are the bank's own accounts in the same order, the rest are outside.
    Injectors append rows at the end.
    """

    number: Text
    name: Text
    kind: Codes


@dataclass(frozen=True, slots=True)
class Outside:
    """Where each kind of outside payee begins in Payees and how many there are."""

    merchants: tuple[int, int]
    utilities: tuple[int, int]
    government: tuple[int, int]
    system: tuple[int, int]
    employers: tuple[int, int]
    firms: tuple[int, int]
    persons: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Loans:
    """Loans at their grant; `hazard_pd` is the hidden monthly default hazard at the start.

    `default_on` is the due date from which nothing more is paid (NaT = never).
    """

    party: Refs
    account: Refs
    product: Codes
    amount_fen: Ints
    rate_ppm: Refs
    term_months: Refs
    grant_date: Dates
    due_date: Dates
    method: Codes
    guarantee: Codes
    purpose: Codes
    agri: Flags
    inclusive: Flags
    officer: Refs
    org: Refs
    hazard_pd: Floats
    default_on: Dates


@dataclass(frozen=True, slots=True)
class Instalments:
    """Every scheduled payment of every loan, by loan and period, with what happened to it.

    `paid_on` NaT = not paid by the end of the window. `late` instalments carry partial payments
    only as a whole: an instalment is paid in full or not at all.
    """

    loan: Refs
    period: Refs
    due_date: Dates
    principal_fen: Ints
    interest_fen: Ints
    paid_on: Dates


@dataclass(frozen=True, slots=True)
class Entries:
    """Ledger entries, in any order until the ledger sorts them.

    `counterparty` is a row of Payees (-1 = none); `label` 0 = honest, k > 0 = the k-th campaign of
    the injectors.
    """

    account: Refs
    at: Times
    direction: npt.NDArray[np.int8]
    amount_fen: Ints
    channel: Codes
    summary: Codes
    counterparty: Refs
    label: Refs


@dataclass(frozen=True, slots=True)
class Events:
    """Channel events; -1 = none for references and amounts, 0 for `phone` and `ip`.

    `device`, `merchant`, `terminal` are numbers private to the bank (any below 2**31; new ones
    may be invented: honest devices are `party * 4 + slot`); `payee` is a row of Payees.
    """

    at: Times
    channel: Codes
    kind: Codes
    party: Refs
    account: Refs
    card: Refs
    amount_fen: Ints
    payee: Refs
    device: Refs
    ip: npt.NDArray[np.uint32]
    phone: Ints
    merchant: Refs
    terminal: Refs
    result: Codes
    label: Refs


@dataclass(frozen=True, slots=True)
class Touches:
    """Marketing contacts; `uplift` and `baseline` are hidden true conversion probabilities."""

    party: Refs
    campaign: Refs
    channel: Codes
    at: Times
    responded: Flags
    responded_at: Times
    converted: Flags
    baseline: Floats
    uplift: Floats


@dataclass(frozen=True, slots=True)
class World:
    """One bank without its flows: small, and all banks' worlds fit in memory together.

    Row by row with People: `employer` is a row of Payees (-1 = none), `main_account` the account
    the party lives on (a row of Accounts; every party has one).
    """

    bank: Bank
    orgs: Orgs
    officers: Officers
    villages: Villages
    households: Households
    people: People
    traits: Traits
    accounts: Accounts
    cards: Cards
    payees: Payees
    outside: Outside
    loans: Loans
    instalments: Instalments
    employer: Refs
    main_account: Refs


@dataclass(frozen=True, slots=True)
class Flows:
    """What happened in one bank during the window, honest until injectors add to it."""

    entries: Entries
    events: Events
    touches: Touches


@dataclass(frozen=True, slots=True)
class Injection:
    """What an injector `inject(config, world, flows, labels_before)` adds.

    Entries and events carry labels from `labels_before + 1` to `labels_before + labels`; payees are
    appended after the world's; truth tables by file name. A truth table with a `label` column
    is joined to the ids of the labelled entries and events in `truth/labels.parquet`.
    """

    entries: Entries
    events: Events
    payees: Payees
    truth: dict[str, pa.Table]
    labels: int


T = TypeVar("T")


def size(table: Any) -> int:
    """Return the number of rows of a columnar table."""
    first = dataclasses.fields(table)[0].name
    return len(getattr(table, first))


def take(table: T, rows: npt.NDArray[Any]) -> T:
    """Return the given rows (indices or a mask) of a columnar table."""
    if rows.dtype == np.bool_:
        if rows.all():
            return table
        rows = np.flatnonzero(rows)
    return _rebuild(table, {n: getattr(table, n)[rows] for n in _names(table)})


def concat(tables: list[T]) -> T:
    """Return columnar tables of one kind under each other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    return _rebuild(
        first, {n: np.concatenate([getattr(t, n) for t in tables]) for n in _names(first)}
    )


def replace(table: T, **columns: npt.NDArray[Any]) -> T:
    """Return a copy of a columnar table with some columns replaced."""
    return _rebuild(table, {n: columns.get(n, getattr(table, n)) for n in _names(table)})


def _names(table: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(table)]


def _rebuild(table: T, columns: dict[str, npt.NDArray[Any]]) -> T:
    return type(table)(**columns)


__all__ = [
    "DEFAULT_END",
    "DEFAULT_SEED",
    "MAX_BANKS",
    "MAX_CUSTOMERS",
    "MAX_DAYS",
    "MIN_CUSTOMERS_PER_BANK",
    "NOBODY",
    "AccountStatus",
    "Accounts",
    "Bank",
    "CardType",
    "Cards",
    "Channel",
    "Codes",
    "Currency",
    "Dates",
    "Direction",
    "Education",
    "Entries",
    "EventType",
    "Events",
    "FiveClass",
    "Flags",
    "Floats",
    "Flows",
    "Gender",
    "Ground",
    "Guarantee",
    "House",
    "Households",
    "IdType",
    "Industry",
    "Injection",
    "Instalments",
    "Ints",
    "LoanProduct",
    "LoanStatus",
    "Loans",
    "Marital",
    "Occupation",
    "OfficerRole",
    "Officers",
    "OrgLevel",
    "Orgs",
    "Outside",
    "PartyType",
    "PayeeKind",
    "Payees",
    "People",
    "Product",
    "ProvinceConfig",
    "Purpose",
    "Records",
    "Refs",
    "RepayMethod",
    "Result",
    "Summary",
    "Text",
    "Times",
    "TouchChannel",
    "Touches",
    "Traits",
    "Villages",
    "World",
    "concat",
    "replace",
    "size",
    "take",
]
