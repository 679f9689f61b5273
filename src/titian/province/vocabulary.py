"""Code lists of the province; the values are the codes that the files carry."""

from __future__ import annotations

from enum import IntEnum


class OrgLevel(IntEnum):
    """Levels of an organisation; the values of all these enums are the codes in the files."""

    HEAD = 1
    BRANCH = 2
    OUTLET = 3


class OfficerRole(IntEnum):
    """What an officer does."""

    LOAN = 1
    TELLER = 2
    GRID = 3


class PartyType(IntEnum):
    """Kinds of customer."""

    PERSON = 1
    ENTERPRISE = 2
    COOPERATIVE = 3


class IdType(IntEnum):
    """Kinds of identity number."""

    ID_CARD = 1
    USCC = 2


class Gender(IntEnum):
    """Gender of a person."""

    MALE = 1
    FEMALE = 2


class Marital(IntEnum):
    """Marital status."""

    SINGLE = 1
    MARRIED = 2
    DIVORCED = 3
    WIDOWED = 4


class Education(IntEnum):
    """Highest schooling."""

    PRIMARY = 1
    MIDDLE = 2
    HIGH = 3
    COLLEGE = 4


class Occupation(IntEnum):
    """Main source of a person's income."""

    FARMER = 1
    WORKER = 2
    TRADER = 3
    CIVIL = 4
    TEACHER = 5
    RETIRED = 6
    STUDENT = 7
    OTHER = 8


class Industry(IntEnum):
    """Main industry of a household."""

    CROP = 1
    PIG = 2
    CATTLE = 3
    SHEEP = 4
    ORCHARD = 5
    TRADE = 6
    LABOUR = 7


class House(IntEnum):
    """Kind of house."""

    BRICK = 1
    STOREY = 2
    OLD = 3


class Product(IntEnum):
    """Account products."""

    DEMAND = 1
    TIME = 2
    WEALTH = 3
    LOAN_SETTLE = 4
    SOCIAL = 5
    CORPORATE = 6
    NOTICE = 7
    CREDIT_CARD = 8


class Currency(IntEnum):
    """Account currencies."""

    CNY = 1
    USD = 2


class AccountStatus(IntEnum):
    """Life of an account or card."""

    ACTIVE = 1
    DORMANT = 2
    CLOSED = 3


class CardType(IntEnum):
    """Debit or credit."""

    DEBIT = 1
    CREDIT = 2


class LoanProduct(IntEnum):
    """Loan products."""

    MICRO_E = 1
    TECH = 2
    TAX_E = 3
    MORTGAGE_E = 4
    CONSUMER = 5
    FARMER_E = 6


class RepayMethod(IntEnum):
    """How a loan is paid back."""

    EQUAL_PRINCIPAL = 1
    EQUAL_INSTALMENT = 2
    INTEREST_FIRST = 3
    BULLET = 4


class Guarantee(IntEnum):
    """What secures a loan."""

    CREDIT = 1
    GUARANTOR = 2
    MORTGAGE = 3
    PLEDGE = 4


class Purpose(IntEnum):
    """What a loan is for."""

    PLANTING = 1
    BREEDING = 2
    TRADING = 3
    WORKING_CAPITAL = 4
    EQUIPMENT = 5
    HOUSING = 6
    CONSUMPTION = 7
    EDUCATION = 8


class FiveClass(IntEnum):
    """Five-category classification."""

    NORMAL = 1
    SPECIAL_MENTION = 2
    SUBSTANDARD = 3
    DOUBTFUL = 4
    LOSS = 5


class LoanStatus(IntEnum):
    """Life of a loan."""

    ACTIVE = 1
    SETTLED = 2
    WRITTEN_OFF = 3


class Direction(IntEnum):
    """Side of an entry; the files carry D and C. Credit raises the balance."""

    DEBIT = -1
    CREDIT = 1


class Channel(IntEnum):
    """Where an entry or event happened; BATCH is the bank's own night run (entries only)."""

    COUNTER = 1
    ATM = 2
    ONLINE = 3
    MOBILE = 4
    WECHAT = 5
    DIRECT = 6
    CARD = 7
    QUICK = 8
    BATCH = 9


class Summary(IntEnum):
    """What an entry is."""

    SALARY = 1
    SUBSIDY = 2
    PENSION = 3
    TRANSFER = 4
    PAYMENT = 5
    MARKET = 6
    CASH = 7
    INTEREST = 8
    LOAN_GRANT = 9
    LOAN_REPAY = 10
    FEE = 11
    UTILITY = 12
    SALE = 13
    DEPOSIT = 14
    REFUND = 15
    CARD_REPAY = 16
    RED_PACKET = 17
    TAX = 18


class EventType(IntEnum):
    """What a channel event is."""

    LOGIN = 1
    REGISTRATION = 2
    DEVICE_BIND = 3
    LIMIT_CHANGE = 4
    PAYEE_ADD = 5
    BONUS_CLAIM = 6
    TRANSFER = 7
    PAYMENT = 8
    CASH_OUT = 9


class Result(IntEnum):
    """How a channel event ended."""

    SUCCESS = 1
    DECLINED = 2
    FAILED = 3


class TouchChannel(IntEnum):
    """How a customer was contacted."""

    SMS = 1
    PHONE = 2
    VISIT = 3
    WECHAT = 4


class PayeeKind(IntEnum):
    """What stands behind a row of Payees; not written to any file."""

    ACCOUNT = 1
    MERCHANT = 2
    EMPLOYER = 3
    UTILITY = 4
    GOVERNMENT = 5
    PERSON = 6
    FIRM = 7
    SYSTEM = 8
