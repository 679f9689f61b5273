"""Who is asking, for which bank, and what they may do. First argument of every read and write."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from titian.kernel.errors import Denied, Remedy
from titian.kernel.ids import BankId, UserId

SYSTEM_USER = UserId("system")
MAX_CLEARANCE = 5


class Role(StrEnum):
    """What a person is in the house; a user may hold several."""

    UNION_ADMIN = "union_admin"
    BANK_ADMIN = "bank_admin"
    OPERATOR = "operator"
    DATA_ENGINEER = "data_engineer"
    DATA_STEWARD = "data_steward"
    ANALYST = "analyst"
    RISK_OFFICER = "risk_officer"
    LOAN_OFFICER = "loan_officer"
    CLERK = "clerk"
    COMPLIANCE = "compliance"
    PARTNER_DEVELOPER = "partner_developer"


class Permission(StrEnum):
    """One thing a role may do."""

    QUERY = "query"
    VIEW_CATALOG = "view_catalog"
    VIEW_JOBS = "view_jobs"
    RUN_JOBS = "run_jobs"
    LOAD_FEEDS = "load_feeds"
    REPAIR_QUARANTINE = "repair_quarantine"
    VIEW_INDICATORS = "view_indicators"
    VIEW_TAGS = "view_tags"
    EDIT_TAGS = "edit_tags"
    VIEW_CUSTOMERS = "view_customers"
    UNMASK = "unmask"
    EXPORT = "export"
    DEFINE = "define"
    MANAGE_USERS = "manage_users"
    CONFIRM_USERS = "confirm_users"
    MANAGE_BANKS = "manage_banks"
    MAINTAIN_LAKE = "maintain_lake"
    VIEW_AUDIT = "view_audit"
    VIEW_RISK = "view_risk"
    WORK_CASES = "work_cases"
    EDIT_RULES = "edit_rules"
    APPROVE_RULES = "approve_rules"
    SUBMIT_EVENTS = "submit_events"

    @property
    def plain(self) -> str:
        """The permission in plain words, as errors say it."""
        return self.value.replace("_", " ")


_READ_DATA = frozenset(
    {
        Permission.QUERY,
        Permission.VIEW_CATALOG,
        Permission.VIEW_INDICATORS,
        Permission.VIEW_TAGS,
    }
)
_OPERATE = frozenset(
    {
        Permission.VIEW_CATALOG,
        Permission.VIEW_JOBS,
        Permission.RUN_JOBS,
        Permission.LOAD_FEEDS,
        Permission.REPAIR_QUARANTINE,
        Permission.VIEW_INDICATORS,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.UNION_ADMIN: frozenset(Permission) - {Permission.UNMASK},
    Role.BANK_ADMIN: frozenset(
        {
            Permission.MANAGE_USERS,
            Permission.CONFIRM_USERS,
            Permission.VIEW_AUDIT,
            Permission.VIEW_JOBS,
            Permission.VIEW_CATALOG,
            Permission.VIEW_INDICATORS,
            Permission.VIEW_TAGS,
        }
    ),
    Role.OPERATOR: _OPERATE,
    Role.DATA_ENGINEER: _OPERATE | _READ_DATA | {Permission.DEFINE, Permission.MAINTAIN_LAKE},
    # The one role that sees and mends a masked value; it cannot query, export or load anything.
    Role.DATA_STEWARD: frozenset(
        {
            Permission.VIEW_CATALOG,
            Permission.VIEW_JOBS,
            Permission.REPAIR_QUARANTINE,
            Permission.UNMASK,
        }
    ),
    Role.ANALYST: _READ_DATA
    | {Permission.EDIT_TAGS, Permission.EXPORT, Permission.VIEW_CUSTOMERS, Permission.VIEW_JOBS},
    Role.RISK_OFFICER: _READ_DATA
    | {Permission.VIEW_CUSTOMERS, Permission.UNMASK, Permission.EXPORT, Permission.EDIT_TAGS}
    | {
        Permission.VIEW_RISK,
        Permission.WORK_CASES,
        Permission.EDIT_RULES,
        Permission.APPROVE_RULES,
    },
    Role.LOAN_OFFICER: frozenset(
        {
            Permission.VIEW_CUSTOMERS,
            Permission.UNMASK,
            Permission.VIEW_INDICATORS,
            Permission.VIEW_TAGS,
        }
    ),
    Role.CLERK: frozenset({Permission.VIEW_CATALOG, Permission.VIEW_INDICATORS}),
    Role.COMPLIANCE: frozenset(
        {
            Permission.CONFIRM_USERS,
            Permission.VIEW_AUDIT,
            Permission.VIEW_CATALOG,
            Permission.VIEW_JOBS,
            Permission.VIEW_RISK,
        }
    ),
    Role.PARTNER_DEVELOPER: frozenset(),
}

# What nobody has by one administrator's act alone: seeing customers, taking data out, the second
# pair of eyes, and making or confirming others who have these.
SENSITIVE: frozenset[Permission] = frozenset(
    {
        Permission.VIEW_CUSTOMERS,
        Permission.UNMASK,
        Permission.EXPORT,
        Permission.EDIT_TAGS,
        Permission.APPROVE_RULES,
        Permission.MANAGE_USERS,
        Permission.CONFIRM_USERS,
    }
)


class NotPermitted(Denied):
    """Somebody lacks a permission; `what` names it in plain words."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who acts (`user`), where (`bank`, None at union level), as what, and how far they may see.

    `clearance` is the highest data level (1 to 5, JR/T 0197) shown in the clear;
    `unmask_reason` is set only by `unmasked`. Who is not `confirmed` has no SENSITIVE permission.
    """

    user: UserId
    bank: BankId | None
    roles: frozenset[Role]
    clearance: int = 2
    unmask_reason: str | None = None
    confirmed: bool = True

    @classmethod
    def system(cls, bank: BankId | None) -> Scope:
        """Give the platform's own scope, for jobs and for the command line of the machine."""
        return cls(SYSTEM_USER, bank, frozenset(), MAX_CLEARANCE)

    @property
    def is_system(self) -> bool:
        """Whether the platform itself acts."""
        return self.user == SYSTEM_USER

    @property
    def bank_id(self) -> BankId:
        """The bank. Raises Denied at union level."""
        if self.bank is None:
            raise Denied("this needs one bank, and you are at union level", "Choose a bank first.")
        return self.bank

    @property
    def place(self) -> str:
        """The bank's id, or `union`."""
        return self.bank or "union"

    def allows(self, permission: Permission) -> bool:
        """Say whether any of the roles gives the permission, and nobody must confirm it first."""
        return self.is_system or (self._gives(permission) and not self._waits(permission))

    def _gives(self, permission: Permission) -> bool:
        return any(permission in ROLE_PERMISSIONS[role] for role in self.roles)

    def _waits(self, permission: Permission) -> bool:
        return not self.confirmed and permission in SENSITIVE

    def require(self, permission: Permission) -> None:
        """Raise Denied unless the permission is held."""
        if self.allows(permission):
            return
        if self._gives(permission):
            remedy = Remedy("A second administrator or compliance must confirm your account first.")
        else:
            remedy = Remedy("Ask your administrator for a role that includes it.")
        raise NotPermitted(f"{self.user} may not {permission.plain} at {self.place}", remedy)

    def at(self, bank: BankId) -> Scope:
        """Narrow to one bank. Raises Denied when this scope belongs to another bank."""
        if self.bank is not None and self.bank != bank:
            raise Denied(f"{self.user} has no access to bank {bank}", f"You work for {self.bank}.")
        return replace(self, bank=bank)

    def unmasked(self, reason: str) -> Scope:
        """Give a scope that sees personal data in the clear; the caller must audit the reason.

        Raises Denied for a reason that is none, or that would carry a number into the audit log.
        """
        self.require(Permission.UNMASK)
        said = reason.strip()
        letters = sum(character.isalpha() for character in said)
        if len(said) < MIN_REASON_CHARACTERS or letters < MIN_REASON_LETTERS:
            raise Denied("unmasking needs a reason", "Say why, in at least four characters.")
        if len(said) > MAX_REASON_CHARACTERS:
            raise Denied("the reason is too long", "Say it in 200 characters.")
        if holds_a_number(said):
            raise Denied(
                "the reason holds a number that may be somebody's",
                "Leave phone, identity and account numbers out: the reason stays in the audit log.",
            )
        return replace(self, unmask_reason=said)


def holds_a_number(words: str) -> bool:
    """Say whether words that are kept for good hold a number that may be somebody's.

    Six figures in a row are one, or nine with blanks, points or dashes.
    """
    return bool(_LONG_NUMBER.search(words) or _BROKEN_NUMBER.search(words))


MIN_REASON_CHARACTERS = 4
MIN_REASON_LETTERS = 2
MAX_REASON_CHARACTERS = 200
_LONG_NUMBER = re.compile(r"\d{6}")
_BROKEN_NUMBER = re.compile(r"\d(?:[ .·-]?\d){8}")  # a date with dashes has eight digits
