"""Deliveries of villages, good and bad, for the tests of feed and quarantine pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.data.feeds import quarantine, service
from titian.data.feeds.load import Order
from titian.data.feeds.quarantine import Filter, Waiting
from titian.data.feeds.record import RowStatus
from titian.kernel import clock, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.lake import store
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
DAY = date(2026, 3, 30)
NEXT = date(2026, 3, 31)
STAMP = f"{DAY:%Y%m%d}"
S = "|@|"
QINGHE = Scope.system(BankId("qinghe"))
WAITING = "/at/qinghe/quarantine"
FEEDS = "/at/qinghe/feeds"
PARTY = (
    "P010000469|1|张春发|1|990001196503245353|1|19650324|15431062868|清禾县东河镇南白庄村10组|V010012"
    "|H01000232|2|1|1|2840.00|20230119|O010003|F010006|1|N"
)


def villages(*bad: tuple[int, int, str], many: int = 60) -> list[list[str]]:
    """Make a village file; each of `bad` puts a wrong text into a field of a row."""
    lines = [
        [f"V{n:03}", f"村{n}", "东河镇", "清禾县", "O010001", "G01", "F010001", "120", "Y"]
        for n in range(1, many + 1)
    ]
    for row, at, text in bad:
        lines[row - 1][at] = text
    return lines


BAD = ((1, 8, "X"), (2, 8, "X"), (3, 4, ""))


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


@dataclass(frozen=True)
class Delivered:
    folder: Path

    def put(self, name: str, lines: list[list[str]]) -> None:
        text = "".join(S.join(line) + "\n" for line in lines)
        (self.folder / name).write_bytes(text.encode("gb18030"))

    def load(self, day: date, *feeds: str, at: time = time(1, 30)) -> None:
        with clock.frozen(datetime.combine(day + timedelta(days=1), at, BANK_TZ)):
            service.load(QINGHE, self.folder, Order(day, day), feeds=feeds)


@pytest.fixture
def delivered(people: None, tmp_path: Path) -> Delivered:
    union = Scope.system(None)
    people_here = (("wang", "qinghe", Role.OPERATOR), ("lin", "baishui", Role.OPERATOR))
    for name, bank, role in people_here:
        new = User(UserId(name), name.capitalize(), BankId(bank), frozenset({role}), 2)
        users.create(union, new, "terrace field water")
    folder = tmp_path / "delivery"
    folder.mkdir()
    return Delivered(folder)


@pytest.fixture
def broken(delivered: Delivered) -> Delivered:
    """Deliver villages with three bad rows, and then a day whose control file disagrees."""
    for day, bad, said in ((DAY, BAD, 60), (NEXT, (), 61)):
        stamp = f"{day:%Y%m%d}"
        delivered.put(f"VILLAGE_{stamp}.dat", villages(*bad))
        delivered.put(f"CONTROL_{stamp}.ctl", [[f"VILLAGE_{stamp}.dat", str(said), ""]])
        delivered.load(day, "village")
    return delivered


@pytest.fixture
def wang(as_user: SignIn, broken: Delivered) -> Walker:
    """Give the browser of the bank's operator."""
    return as_user("wang")


def rows(status: RowStatus = RowStatus.OPEN) -> list[Waiting]:
    return list(quarantine.quarantine(QINGHE, Filter(status=status)).rows)


def held_rows() -> int:
    return int(store.read(QINGHE, "raw.village", business_date=DAY).num_rows)
