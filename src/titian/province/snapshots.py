"""Snapshot feeds: everything on the first night, then only new and changed rows."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from titian.province import text
from titian.province.ledger import Ledger, order_by
from titian.province.model import (
    AccountStatus,
    Cards,
    Codes,
    Dates,
    IdType,
    Ints,
    PartyType,
    ProvinceConfig,
    World,
    size,
)
from titian.province.sheets import Flaw, Ids, Sheet, day_numbers, starts_of, whole_columns

NEW_CREDIT_VILLAGE_SHARE: Final = 0.06
BIRTH_SHARE: Final = 0.01


def org_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Organisations."""
    orgs = world.orgs
    count = size(orgs)
    county = np.full(count, world.bank.county)
    columns = [
        ids.org, text.words(orgs.name), text.take(ids.org, orgs.parent), text.codes(orgs.level),
        text.words(county), text.words(orgs.township),
    ]  # fmt: skip
    fields = ("org_id", "name", "parent_org_id", "org_level", "county", "township")
    return Sheet(
        "org", fields, starts_of(config, np.zeros(count, np.int64)), whole_columns(columns)
    )


def officer_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Officers, again when they leave."""
    officers = world.officers
    base = np.zeros(size(officers), np.int64)
    row, day = _versions(config, base, officers.left_on)
    left = officers.left_on[row] <= config.start_day + day
    columns = [
        text.take(ids.officer, row), text.words(officers.name[row]),
        text.take(ids.org, officers.org[row]), text.codes(officers.role[row]),
        text.whole((~left).astype(np.int8)),
    ]  # fmt: skip
    fields = ("officer_id", "name", "org_id", "role", "status")
    return Sheet("officer", fields, starts_of(config, day), whole_columns(columns))


def village_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Villages, again when one becomes a credit village."""
    villages = world.villages
    stream = config.stream(world.bank.no, "snapshot.village")
    count = size(villages)
    chosen = ~villages.credit_village & (stream.random(count) < NEW_CREDIT_VILLAGE_SHARE)
    on = np.where(
        chosen, config.start_day + stream.integers(0, config.days, count), np.datetime64("NaT", "D")
    )
    row, day = _versions(config, np.zeros(count, np.int64), on)
    credit = villages.credit_village[row] | (on[row] <= config.start_day + day)
    columns = [
        text.take(ids.village, row), text.words(villages.name[row]),
        text.words(villages.township[row]), text.words(np.full(len(row), world.bank.county)),
        text.take(ids.org, villages.org[row]), text.take(ids.grid, villages.grid[row]),
        text.take(ids.officer, villages.grid_officer[row]), text.whole(villages.households[row]),
        text.flags(credit),
    ]  # fmt: skip
    fields = (
        "village_id",
        "name",
        "township",
        "county",
        "org_id",
        "grid_id",
        "grid_officer_id",
        "households",
        "credit_village",
    )
    return Sheet("village", fields, starts_of(config, day), whole_columns(columns))


def household_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Households, again when a child is born."""
    households = world.households
    stream = config.stream(world.bank.no, "snapshot.household")
    count = size(households)
    born = np.where(
        stream.random(count) < BIRTH_SHARE,
        config.start_day + stream.integers(1, max(config.days, 2), count),
        np.datetime64("NaT", "D"),
    )
    head_day = day_numbers(config, world.people.open_date[households.head])
    row, day = _versions(config, head_day, born)
    members = households.members[row] + (born[row] <= config.start_day + day)
    columns = [
        text.take(ids.household, row), text.take(ids.village, households.village[row]),
        text.take(ids.party, households.head[row]), text.whole(members),
        text.money(households.land_centimu[row].astype(np.int64)),
        text.codes(households.house[row]), text.codes(households.industry[row], 2),
    ]  # fmt: skip
    fields = (
        "household_id",
        "village_id",
        "head_party_id",
        "members",
        "land_mu",
        "house",
        "industry",
    )
    flaws = {Flaw.WRONG_CODE: ("house", "industry"), Flaw.MISSING_REQUIRED: ("village_id",)}
    return Sheet("household", fields, starts_of(config, day), whole_columns(columns), flaws=flaws)


def party_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Parties, again when they change telephone or opt out of marketing."""
    people = world.people
    base = day_numbers(config, people.open_date)
    row, day = _versions(config, base, people.new_phone_on, people.opt_out_on)
    date = config.start_day + day
    phone = np.where(people.new_phone_on[row] <= date, people.new_phone[row], people.phone[row])
    person = people.kind == PartyType.PERSON
    id_type = np.where(person, IdType.ID_CARD, IdType.USCC).astype(np.uint8)
    fixed = text.join(
        ids.party, text.codes(people.kind), text.words(people.name), text.codes(id_type),
        text.words(people.id_no), text.codes(people.gender), text.dates(people.birth),
    )  # fmt: skip
    rest = text.join(
        text.words(people.address), text.take(ids.village, people.village),
        text.take(ids.household, people.household), text.codes(people.marital),
        text.codes(people.education), text.codes(people.occupation),
        text.money(people.income_fen), text.dates(people.open_date),
        text.take(ids.org, people.org), text.take(ids.officer, people.officer),
        text.whole(np.ones(len(person), np.int8)),
    )  # fmt: skip
    columns = [
        text.take(fixed, row),
        text.whole(phone),
        text.take(rest, row),
        text.flags(people.opt_out_on[row] <= date),
    ]
    fields = (
        "party_id", "party_type", "name", "id_type", "id_no", "gender", "birth_date", "phone",
        "address", "village_id", "household_id", "marital", "education", "occupation",
        "monthly_income_fen", "open_date", "org_id", "officer_id", "status", "opt_out",
    )  # fmt: skip
    flaws = {
        Flaw.WRONG_CODE: ("party_type", "id_type", "status"),
        Flaw.BAD_DATE: ("open_date",),
        Flaw.MISSING_REQUIRED: ("party_id", "name", "org_id"),
        Flaw.EXTRA_FIELD: (),
        Flaw.IMPOSSIBLE_AMOUNT: ("monthly_income_fen",),
        Flaw.BROKEN_ENCODING: ("name", "address"),
    }
    return Sheet("party", fields, starts_of(config, day), whole_columns(columns), flaws=flaws)


def account_sheet(config: ProvinceConfig, world: World, ids: Ids) -> Sheet:
    """Accounts, again when they close."""
    accounts = world.accounts
    base = day_numbers(config, accounts.open_date)
    row, day = _versions(config, base, accounts.close_date)
    closed = accounts.close_date[row] <= config.start_day + day
    status = np.select(
        [closed, accounts.dormant[row]],
        [AccountStatus.CLOSED, AccountStatus.DORMANT],
        AccountStatus.ACTIVE,
    )
    close = np.where(closed, accounts.close_date[row], np.datetime64("NaT", "D"))
    columns = [
        text.take(ids.account, row), text.words(accounts.number[row]),
        text.take(ids.party, accounts.party[row]), text.codes(accounts.product[row], 2),
        _currencies(accounts.currency[row]), text.dates(accounts.open_date[row]),
        text.dates(close), text.take(ids.org, accounts.org[row]),
        text.codes(status.astype(np.uint8)), text.whole(accounts.term_months[row]),
        text.rates(accounts.rate_ppm[row]),
    ]  # fmt: skip
    fields = (
        "account_id", "account_no", "party_id", "product", "currency", "open_date", "close_date",
        "org_id", "status", "term_months", "annual_rate",
    )  # fmt: skip
    flaws = {
        Flaw.WRONG_CODE: ("product", "currency", "status"),
        Flaw.BAD_DATE: ("open_date",),
        Flaw.MISSING_REQUIRED: ("account_no", "party_id"),
        Flaw.EXTRA_FIELD: (),
        Flaw.BROKEN_ENCODING: ("account_no",),
    }
    return Sheet("account", fields, starts_of(config, day), whole_columns(columns), flaws=flaws)


def balance_sheet(config: ProvinceConfig, world: World, ids: Ids, ledger: Ledger) -> Sheet:
    """Balances at the end of the first day, then of the accounts that moved."""
    there = np.flatnonzero(world.accounts.open_date <= config.start_day)
    moved = np.zeros(size(world.accounts), bool)
    moved[ledger.closing_account[ledger.closing_day == 0]] = True
    still = there[~moved[there]]
    day = np.r_[np.zeros(len(still), np.int64), ledger.closing_day]
    account = np.r_[still, ledger.closing_account]
    balance = np.r_[ledger.opening_fen[still], ledger.closing_fen]
    order = order_by(day, account)
    day, account, balance = day[order], account[order], balance[order]

    def cells(low: int, high: int) -> list[pa.Array]:
        return [text.take(ids.account, account[low:high]), text.money(balance[low:high])]

    flaws = {
        Flaw.MISSING_REQUIRED: ("account_id",),
        Flaw.EXTRA_FIELD: (),
        Flaw.BROKEN_ENCODING: ("account_id",),
    }
    return Sheet(
        "balance",
        ("account_id", "balance_fen"),
        starts_of(config, day),
        cells,
        {"balance_fen": balance},
        flaws,
    )


def card_sheet(config: ProvinceConfig, ids: Ids, cards: Cards) -> Sheet:
    """Cards."""
    row, day = _versions(config, day_numbers(config, cards.open_date))
    columns = [
        text.take(ids.card, row), text.words(cards.number[row]),
        text.take(ids.party, cards.party[row]), text.take(ids.account, cards.account[row]),
        text.codes(cards.kind[row]), text.dates(cards.open_date[row]),
        text.whole(np.ones(len(row), np.int8)), text.money(cards.limit_fen[row]),
    ]  # fmt: skip
    fields = (
        "card_id",
        "card_no",
        "party_id",
        "account_id",
        "card_type",
        "open_date",
        "status",
        "credit_limit_fen",
    )
    flaws = {
        Flaw.WRONG_CODE: ("card_type",),
        Flaw.MISSING_REQUIRED: ("account_id",),
        Flaw.IMPOSSIBLE_AMOUNT: ("credit_limit_fen",),
    }
    return Sheet("card", fields, starts_of(config, day), whole_columns(columns), flaws=flaws)


def _versions(config: ProvinceConfig, base: Ints, *changes: Dates) -> tuple[Ints, Ints]:
    rows, days = [np.arange(len(base))], [base]
    for change in changes:
        number = np.where(np.isnat(change), -1, (change - config.start_day).astype(np.int64))
        changed = np.flatnonzero((number > base) & (number < config.days))
        rows.append(changed)
        days.append(number[changed])
    row, day = np.concatenate(rows), np.concatenate(days)
    inside = day < config.days
    key = np.unique(day[inside] * len(base) + row[inside])
    return key % max(len(base), 1), key // max(len(base), 1)


def _currencies(currency: Codes) -> pa.Array:
    return text.take(text.words(np.array(["", "CNY", "USD"])), currency)
