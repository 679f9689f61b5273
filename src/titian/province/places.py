"""Banks of the union, and each bank's organisations, officers, villages and grids."""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province import names
from titian.province.model import (
    NOBODY,
    Bank,
    Codes,
    Dates,
    OfficerRole,
    Officers,
    OrgLevel,
    Orgs,
    ProvinceConfig,
    Refs,
    Villages,
)

CUSTOMERS_PER_BRANCH: Final = 400
CUSTOMERS_PER_VILLAGE: Final = 60
VILLAGES_PER_GRID: Final = 3
MIN_BRANCHES: Final = 2
MAX_BRANCHES: Final = 60
MIN_VILLAGES: Final = 4
MAX_VILLAGES: Final = 900
_SHOCK_SHARE: Final = 0.15


def banks_of(config: ProvinceConfig) -> list[Bank]:
    """Return the banks, customers divided unevenly among them and summing exactly."""
    weights = 1.3 - 0.6 * np.arange(config.banks) / max(config.banks - 1, 1)
    exact = config.customers * weights / weights.sum()
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: config.customers - counts.sum()]] += 1
    return [
        Bank(
            bank=pinyin,
            no=number + 1,
            name_zh=f"{county}农商行",
            name_en=f"{pinyin.capitalize()} Rural Commercial Bank",
            county=f"{county}县",
            customers=int(counts[number]),
        )
        for number, (pinyin, county) in enumerate(names.COUNTIES[: config.banks])
    ]


def build_orgs(config: ProvinceConfig, bank: Bank) -> Orgs:
    """Build head office, branches (one a township) and their outlets."""
    stream = config.stream(bank.no, "orgs")
    branches = int(np.clip(bank.customers // CUSTOMERS_PER_BRANCH, MIN_BRANCHES, MAX_BRANCHES))
    outlets = stream.integers(0, 3, branches)
    outlet_parent = np.repeat(np.arange(1, branches + 1), outlets)
    township = [_township(number) for number in range(branches)]
    nth = np.arange(len(outlet_parent)) - np.repeat(np.cumsum(outlets) - outlets, outlets)
    branch_names = [f"{bank.name_zh}{place[:-1]}支行" for place in township]
    outlet_names = [
        f"{branch_names[parent - 1]}{['第一', '第二', '第三'][order]}分理处"
        for parent, order in zip(outlet_parent, nth, strict=True)
    ]
    places = [_township(0), *township, *(township[parent - 1] for parent in outlet_parent)]
    levels = [OrgLevel.HEAD] + [OrgLevel.BRANCH] * branches + [OrgLevel.OUTLET] * len(outlet_names)
    return Orgs(
        name=np.array([f"{bank.name_zh}总行", *branch_names, *outlet_names]),
        parent=np.array([NOBODY] + [0] * branches + outlet_parent.tolist(), np.int32),
        level=np.array(levels, np.uint8),
        township=np.array(places),
    )


def build_villages(config: ProvinceConfig, bank: Bank, orgs: Orgs) -> Villages:
    """Build villages, their grids and market days, and the hidden local disasters."""
    stream = config.stream(bank.no, "villages")
    count = int(np.clip(bank.customers // CUSTOMERS_PER_VILLAGE, MIN_VILLAGES, MAX_VILLAGES))
    branches = np.flatnonzero(orgs.level == OrgLevel.BRANCH)
    org = np.sort(branches[stream.integers(0, len(branches), count)]).astype(np.int32)
    phase_of_org = stream.integers(0, 5, len(orgs.name))
    hit = stream.random(count) < _SHOCK_SHARE
    shock_on = config.end_day - stream.integers(20, 300, count)
    return Villages(
        name=names.village_names(stream, count),
        township=orgs.township[org],
        org=org,
        grid=(np.arange(count) // VILLAGES_PER_GRID).astype(np.int32),
        grid_officer=np.full(count, NOBODY, np.int32),
        households=stream.integers(120, 900, count).astype(np.int32),
        credit_village=stream.random(count) < 0.35,
        market_phase=phase_of_org[org].astype(np.uint8),
        shock_on=np.where(hit, shock_on, np.datetime64("NaT", "D")),
        shock=np.where(hit, stream.uniform(0.3, 1.0, count), 0.0),
    )


def build_officers(
    config: ProvinceConfig, bank: Bank, orgs: Orgs, villages: Villages
) -> tuple[Officers, Refs]:
    """Build loan officers, tellers and grid officers; also return the officer of each village."""
    stream = config.stream(bank.no, "officers")
    branches = np.flatnonzero(orgs.level == OrgLevel.BRANCH)
    desks = np.flatnonzero(orgs.level != OrgLevel.HEAD)
    grids = villages.grid.max() + 1
    grid_org = villages.org[np.searchsorted(villages.grid, np.arange(grids))]
    org = np.r_[np.repeat(branches, 3), np.repeat(desks, 2), grid_org].astype(np.int32)
    sizes = [len(branches) * 3, len(desks) * 2, int(grids)]
    role = np.repeat([OfficerRole.LOAN, OfficerRole.TELLER, OfficerRole.GRID], sizes)
    count = len(org)
    gender = stream.integers(1, 3, count).astype(np.uint8)
    birth = np.datetime64("1970-01-01") + stream.integers(0, 11_000, count)
    officers = Officers(
        name=names.person_names(stream, gender, birth),
        org=org,
        role=role.astype(np.uint8),
        left_on=_departures(stream, config, role.astype(np.uint8)),
    )
    return officers, (villages.grid + sizes[0] + sizes[1]).astype(np.int32)


def loan_officers_of(officers: Officers, orgs: Orgs) -> list[Refs]:
    """Return, for each organisation, the loan officers who serve it (its branch's)."""
    home = np.where(orgs.level == OrgLevel.OUTLET, orgs.parent, np.arange(len(orgs.name)))
    home[0] = np.flatnonzero(orgs.level == OrgLevel.BRANCH)[0]
    serving = (officers.role == OfficerRole.LOAN) & np.isnat(officers.left_on)
    return [np.flatnonzero(serving & (officers.org == branch)).astype(np.int32) for branch in home]


def _township(number: int) -> str:
    base = names.TOWNSHIPS[number % len(names.TOWNSHIPS)]
    lap = number // len(names.TOWNSHIPS)
    return base if lap == 0 else f"{'新老上下'[lap - 1]}{base}"


def _departures(stream: np.random.Generator, config: ProvinceConfig, role: Codes) -> Dates:
    # The first loan officer of every branch stays, so that each branch can always be served.
    count = len(role)
    leaves = (stream.random(count) < 0.04) & ~(
        (role == OfficerRole.LOAN) & (np.arange(count) % 3 == 0)
    )
    left_on = config.start_day + stream.integers(1, max(config.days, 2), count)
    return np.where(leaves, left_on, np.datetime64("NaT", "D"))
