"""Builds every bank's world: places, people, accounts, loans, without what happens day by day."""

from __future__ import annotations

import numpy as np

from titian.province import accounts as accounts_of
from titian.province import loans as loans_of
from titian.province import people as people_of
from titian.province import places, twins
from titian.province.model import (
    Bank,
    Ground,
    Households,
    ProvinceConfig,
    Records,
    World,
    replace,
)


def build_worlds(config: ProvinceConfig) -> list[World]:
    """Build the worlds of all banks, with persons known to several banks and twice to one."""
    first_serial = 0
    worlds: list[World] = []
    neighbour: Records | None = None
    for bank in places.banks_of(config):
        ground = build_ground(config, bank)
        records, households = people_of.build_people(config, ground, first_serial)
        records = twins.within_bank(config, bank, records)
        if neighbour is not None:
            records = twins.across_banks(config, bank, records, neighbour)
        neighbour = records
        worlds.append(_world(config, ground, _served(config, ground, records), households))
        first_serial += bank.customers
    return worlds


def build_ground(config: ProvinceConfig, bank: Bank) -> Ground:
    """Build a bank's organisations, villages and officers."""
    orgs = places.build_orgs(config, bank)
    villages = places.build_villages(config, bank, orgs)
    officers, grid_officer = places.build_officers(config, bank, orgs, villages)
    return Ground(bank, orgs, officers, replace(villages, grid_officer=grid_officer))


def _world(
    config: ProvinceConfig, ground: Ground, records: Records, households: Households
) -> World:
    bank, people = ground.bank, records.people
    borrower = loans_of.borrowers(config, bank, people)
    accounts = accounts_of.build_accounts(config, bank, people, borrower)
    main = accounts_of.main_accounts(accounts, bank.customers)
    payees, outside = accounts_of.build_payees(config, bank, people, accounts)
    settling = accounts_of.settlement_accounts(accounts, main)
    loans, instalments = loans_of.build_loans(config, ground, records, settling, borrower)
    return World(
        bank=bank,
        orgs=ground.orgs,
        officers=ground.officers,
        villages=ground.villages,
        households=households,
        people=people,
        traits=records.traits,
        accounts=accounts,
        cards=accounts_of.build_cards(config, bank, accounts),
        payees=payees,
        outside=outside,
        loans=loans,
        instalments=instalments,
        employer=accounts_of.assign_employers(config, bank, records, main, outside),
        main_account=main,
    )


def _served(config: ProvinceConfig, ground: Ground, records: Records) -> Records:
    stream = config.stream(ground.bank.no, "serving")
    people = records.people
    luck = stream.integers(0, 1 << 30, len(people.name))
    chosen = np.empty(len(people.name), np.int32)
    for org, serving in enumerate(places.loan_officers_of(ground.officers, ground.orgs)):
        rows = people.org == org
        chosen[rows] = serving[luck[rows] % len(serving)]
    return Records(replace(people, officer=chosen), records.traits)
