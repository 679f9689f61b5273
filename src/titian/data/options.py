"""What the command lines of this floor share: which bank, which business date."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from typing import Annotated

import typer

from titian.kernel import banks
from titian.kernel.clock import parse_date
from titian.kernel.errors import NotFound
from titian.kernel.ids import BankId, bank_id
from titian.kernel.scope import Scope

NEARLY = 0.8
Bank = Annotated[str, typer.Option("--bank", "-b", help="The bank's id.")]
AnyBank = Annotated[str | None, typer.Option("--bank", "-b", help="All banks if left out.")]
Day = Annotated[str | None, typer.Option("--date", "-d", help="Business date; newest by default.")]


def at_bank(bank: str) -> Scope:
    """Give the machine's own scope at a bank. Raises InvalidInput, NotFound naming the nearest."""
    return Scope.system(banks.get(bank_id(bank)).bank)


def at_bank_or_union(bank: str | None) -> Scope:
    """Give the machine's own scope at a bank, or at union level where none is named."""
    return Scope.system(None) if bank is None else at_bank(bank)


def bank_to_be(bank: str) -> BankId:
    """Read the id of a bank that may be new.

    Raises InvalidInput, NotFound when it is no registered bank's but nearly so: a slip of the pen
    shall not make a bank.
    """
    name = bank_id(bank)
    known = [one.bank for one in banks.all_banks()]
    close = get_close_matches(name, known, n=1, cutoff=NEARLY)
    if close and name not in known:
        raise NotFound(
            f"there is no bank {name!r}",
            f"Did you mean {close[0]!r}? If it is new: titian banks add {name}",
        )
    return name


def given_day(text: str | None, what: str = "business date") -> date | None:
    """Read a date that may be left out. Raises InvalidInput."""
    return None if text is None else parse_date(text, what)
