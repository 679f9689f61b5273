"""The member banks: which plots the hillside has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, InvalidInput, NotFound, Remedy
from titian.kernel.ids import BankId, bank_id
from titian.kernel.near import nearest
from titian.kernel.scope import Permission, Scope
from titian.kernel.tables import bank as bank_table

MAX_BANKS = 500
MAX_NAME = 80


class BankStatus(StrEnum):
    """Whether a bank takes part."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Bank:
    """A member bank (法人行)."""

    bank: BankId
    name_zh: str
    name_en: str
    status: BankStatus = BankStatus.ACTIVE

    def name(self, locale: str) -> str:
        """Give the name in a language."""
        return self.name_zh if locale == "zh" else self.name_en


def register(scope: Scope, new: Bank) -> Bank:
    """Add a bank. Needs MANAGE_BANKS at union level. Raises Conflict, InvalidInput."""
    scope.require(Permission.MANAGE_BANKS)
    bank_id(new.bank)
    _check_names(new)
    known = {bank.bank for bank in all_banks()}
    if new.bank in known:
        raise Conflict(
            f"bank {new.bank} is registered already",
            "Choose another id, or change it on the page of banks.",
        )
    if len(known) >= MAX_BANKS:
        raise Conflict(f"{MAX_BANKS} banks are registered, the most there may be", "Remove one.")
    with db.begin() as connection:
        connection.execute(
            insert(bank_table).values(
                bank=new.bank,
                name_zh=new.name_zh,
                name_en=new.name_en,
                status=new.status,
                registered_at=clock.now(),
            )
        )
        audit.record(scope, "bank.register", new.bank, connection=connection)
    return new


def ensure(scope: Scope, bank: BankId) -> bool:
    """Register a bank under its own id if it is new; say whether it was."""
    if any(known.bank == bank for known in all_banks()):
        return False
    register(scope, Bank(bank, str(bank), str(bank).capitalize()))
    return True


def change(scope: Scope, changed: Bank) -> Bank:
    """Change a bank's names or status. Needs MANAGE_BANKS. Raises NotFound."""
    scope.require(Permission.MANAGE_BANKS)
    get(changed.bank)
    _check_names(changed)
    with db.begin() as connection:
        connection.execute(
            update(bank_table)
            .where(bank_table.c.bank == changed.bank)
            .values(name_zh=changed.name_zh, name_en=changed.name_en, status=changed.status)
        )
        names = {"name_zh": changed.name_zh, "name_en": changed.name_en}
        detail = {**names, "status": changed.status}
        audit.record(scope, "bank.change", changed.bank, detail, connection)
    return changed


def _check_names(bank: Bank) -> None:
    if not all(1 <= len(name.strip()) <= MAX_NAME for name in (bank.name_zh, bank.name_en)):
        raise InvalidInput(
            f"bank {bank.bank} needs a Chinese and an English name",
            f"Write each in 1 to {MAX_NAME} characters.",
        )


def get(bank: BankId) -> Bank:
    """Find a bank. Raises NotFound naming the ones there are, or how the first one comes."""
    banks = all_banks()
    for known in banks:
        if known.bank == bank:
            return known
    none = Remedy(
        f"There are none yet. Load its first delivery with `titian feeds load --bank {bank} …`, "
        f"or register it with `titian banks add {bank} …`."
    )
    remedy = nearest(bank, [known.bank for known in banks]) if banks else none
    raise NotFound(f"there is no bank {bank!r}", remedy)


def all_banks() -> list[Bank]:
    """List all banks by id."""
    query = select(bank_table).order_by(bank_table.c.bank)
    with db.read() as connection:
        return [
            Bank(row.bank, row.name_zh, row.name_en, BankStatus(row.status))
            for row in connection.execute(query)
        ]


def visible(scope: Scope) -> list[Bank]:
    """List the banks a scope may look into."""
    return [bank for bank in all_banks() if scope.bank in (None, bank.bank)]
