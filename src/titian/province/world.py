"""Builds every bank's world: places, people, accounts, loans, without what happens day by day."""

from __future__ import annotations

import numpy as np

from titian.province import accounts as accounts_of
from titian.province import loans as loans_of
from titian.province import people as people_of
from titian.province import places, twins
from titian.province.model import (
    Bank,
    Households,
    Officers,
    Orgs,
    People,
    ProvinceConfig,
    Traits,
    Villages,
    World,
    replace,
)


def build_worlds(config: ProvinceConfig) -> list[World]:
    """Build the worlds of all banks, with persons known to several banks and twice to one."""
    first_serial = 0
    worlds: list[World] = []
    neighbour: tuple[People, Traits] | None = None
    for bank in places.banks_of(config):
        orgs = places.build_orgs(config, bank)
        villages = places.build_villages(config, bank, orgs)
        officers, grid_officer = places.build_officers(config, bank, orgs, villages)
        villages = replace(villages, grid_officer=grid_officer)
        people, traits, households = people_of.build_people(
            config, bank, orgs, villages, first_serial
        )
        people, traits = twins.within_bank(config, bank, people, traits)
        if neighbour is not None:
            people, traits = twins.across_banks(config, bank, people, traits, *neighbour)
        neighbour = people, traits
        people = _served(config, bank, people, officers, orgs)
        worlds.append(_world(config, bank, orgs, officers, villages, households, people, traits))
        first_serial += bank.customers
    return worlds


def _world(
    config: ProvinceConfig,
    bank: Bank,
    orgs: Orgs,
    officers: Officers,
    villages: Villages,
    households: Households,
    people: People,
    traits: Traits,
) -> World:
    borrower = loans_of.borrowers(config, bank, people, traits)
    accounts = accounts_of.build_accounts(config, bank, people, traits, borrower)
    main = accounts_of.main_accounts(accounts, bank.customers)
    payees, outside = accounts_of.build_payees(config, bank, people, accounts)
    loans, instalments = loans_of.build_loans(
        config, bank, people, traits, accounts, main, borrower, orgs, officers, villages
    )
    return World(
        bank=bank,
        orgs=orgs,
        officers=officers,
        villages=villages,
        households=households,
        people=people,
        traits=traits,
        accounts=accounts,
        cards=accounts_of.build_cards(config, bank, accounts),
        payees=payees,
        outside=outside,
        loans=loans,
        instalments=instalments,
        employer=accounts_of.assign_employers(config, bank, people, traits, main, outside),
        main_account=main,
    )


def _served(
    config: ProvinceConfig, bank: Bank, people: People, officers: Officers, orgs: Orgs
) -> People:
    stream = config.stream(bank.no, "serving")
    luck = stream.integers(0, 1 << 30, len(people.name))
    chosen = np.empty(len(people.name), np.int32)
    for org, serving in enumerate(places.loan_officers_of(officers, orgs)):
        rows = people.org == org
        chosen[rows] = serving[luck[rows] % len(serving)]
    return replace(people, officer=chosen)
