"""One account for each role, so that a newcomer sees the house through everybody's eyes."""

from __future__ import annotations

from dataclasses import dataclass

from titian.kernel import users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import MAX_CLEARANCE, Role, Scope
from titian.kernel.users import User


@dataclass(frozen=True, slots=True)
class Account:
    """A demo user: role, names, whether of the union or of the first bank, and clearance."""

    user_id: UserId
    name: str
    role: Role
    at_union: bool
    clearance: int


ACCOUNTS: tuple[Account, ...] = (
    Account(UserId("admin"), "省联社管理员", Role.UNION_ADMIN, at_union=True, clearance=3),
    Account(UserId("operator"), "省联社运维", Role.OPERATOR, at_union=True, clearance=2),
    Account(UserId("engineer"), "数据工程师", Role.DATA_ENGINEER, at_union=True, clearance=3),
    Account(UserId("examiner"), "合规检查", Role.COMPLIANCE, at_union=True, clearance=3),
    Account(UserId("bankadmin"), "法人行管理员", Role.BANK_ADMIN, at_union=False, clearance=3),
    Account(UserId("analyst"), "分析师", Role.ANALYST, at_union=False, clearance=3),
    Account(UserId("risk"), "风险官", Role.RISK_OFFICER, at_union=False, clearance=4),
    Account(UserId("loan"), "客户经理", Role.LOAN_OFFICER, at_union=False, clearance=3),
    Account(UserId("clerk"), "网点柜员", Role.CLERK, at_union=False, clearance=2),
)
assert all(account.clearance <= MAX_CLEARANCE for account in ACCOUNTS)


def create(first_bank: BankId, password: str) -> None:
    """Create the accounts that do not exist yet, all with one password."""
    scope = Scope.system(None)
    for account in ACCOUNTS:
        if users.find(account.user_id) is None:
            users.create(scope, _user(account, first_bank), password)


def _user(account: Account, first_bank: BankId) -> User:
    bank = None if account.at_union else first_bank
    roles = frozenset({account.role})
    return User(account.user_id, account.name, bank, roles, account.clearance)
