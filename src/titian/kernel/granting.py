"""Who may give which role, where, and how far: nobody gives more than they manage themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from titian.kernel.errors import Denied
from titian.kernel.ids import BankId
from titian.kernel.scope import ROLE_PERMISSIONS, SENSITIVE, Permission, Role, Scope

if TYPE_CHECKING:
    from titian.kernel.users import User

UNION_ONLY_ROLES = frozenset({Role.UNION_ADMIN})
BANK_ONLY_ROLES = frozenset({Role.BANK_ADMIN, Role.DATA_STEWARD})
# A role that is not named here gives none, and a new role is given by nobody until it is listed.
GRANTS: Mapping[Role, frozenset[Role]] = {
    Role.UNION_ADMIN: frozenset(Role),
    Role.BANK_ADMIN: frozenset(
        {
            Role.BANK_ADMIN,
            Role.OPERATOR,
            Role.DATA_ENGINEER,
            Role.DATA_STEWARD,
            Role.ANALYST,
            Role.RISK_OFFICER,
            Role.LOAN_OFFICER,
            Role.CLERK,
            Role.COMPLIANCE,
            Role.PARTNER_DEVELOPER,
        }
    ),
}


def existing_at(bank: BankId | None) -> frozenset[Role]:
    """Give the roles that exist at a bank, or (None) at union level."""
    return frozenset(Role) - (BANK_ONLY_ROLES if bank is None else UNION_ONLY_ROLES)


def grantable(scope: Scope) -> frozenset[Role]:
    """Give the roles that somebody may give, at the places where each exists."""
    if scope.is_system:
        return frozenset(Role)
    return frozenset().union(*(GRANTS.get(role, frozenset()) for role in scope.roles))


def check_place(roles: Iterable[Role], bank: BankId | None) -> None:
    """Raise Denied for roles that do not exist at a bank, or (None) at union level."""
    wrong = set(roles) - existing_at(bank)
    if not wrong:
        return
    names = ", ".join(sorted(wrong))
    if bank is None:
        raise Denied(f"{names} exists at banks only", "Choose the bank the person is to work for.")
    raise Denied(
        f"{names} exists at union level only", "Choose a role of the bank, for example bank_admin."
    )


def check_reach(scope: Scope, user: str, roles: Iterable[Role], clearance: int) -> None:
    """Raise Denied where a user holds, or is to hold, more than somebody may give."""
    beyond = set(roles) - grantable(scope)
    if beyond:
        names = ", ".join(sorted(beyond))
        raise Denied(
            f"{scope.user} may not manage {user}: {names} is not theirs to give",
            "Ask an administrator of the union.",
        )
    if clearance > scope.clearance:
        raise Denied(
            f"{scope.user} may not manage {user}: clearance {clearance} is above their own "
            f"({scope.clearance})",
            "Ask an administrator with that clearance.",
        )


def sensitive(roles: Iterable[Role]) -> frozenset[Permission]:
    """Give the permissions of roles that need a second person's confirmation."""
    return SENSITIVE & frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def widens(before: User | None, after: User) -> bool:
    """Say whether an act makes, widens or wakes an account that carries a sensitive permission."""
    if after.disabled or not sensitive(after.roles):
        return False
    if before is None or before.disabled:
        return True
    more = not after.roles <= before.roles or after.clearance > before.clearance
    return more or after.bank != before.bank
