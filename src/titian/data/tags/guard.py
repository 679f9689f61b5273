"""What a person may ask of tags: expressions within their clearance."""

from __future__ import annotations

from functools import lru_cache

from titian.data.tags import catalogue
from titian.data.tags.fields import profile_table
from titian.data.tags.plan import Plan, plan
from titian.kernel.errors import Denied
from titian.kernel.scope import Permission, Scope

MAX_PLANS = 2_000


def allowed_plan(scope: Scope, expression: str) -> Plan:
    """Check an audience's expression for a person.

    Needs VIEW_TAGS. Raises ConditionError or InvalidInput for a wrong expression, Denied for one
    that reads a tag or field above the person's clearance, NotFound at a bank without a profile.
    """
    profile_table(scope)
    return planned(scope, catalogue.load(scope), expression)


def planned(scope: Scope, known: catalogue.Catalogue, expression: str) -> Plan:
    """Check an expression over tags that are at hand already. Raises as `allowed_plan`."""
    scope.require(Permission.VIEW_TAGS)
    made = _planned(known, expression)
    refuse_above(scope, known, made.names)
    return made


# The builder asks for the same expression several times: its words, its count, its parts.
@lru_cache(maxsize=MAX_PLANS)
def _planned(known: catalogue.Catalogue, expression: str) -> Plan:
    return plan(known, expression)


def refuse_above(scope: Scope, known: catalogue.Catalogue, names: frozenset[str]) -> None:
    """Raise Denied when any of the tags or fields is above the person's clearance."""
    hidden = sorted(n for n in names if known.level(frozenset({n})) > scope.clearance)
    if hidden and not scope.is_system:
        raise Denied(
            f"{', '.join(hidden)} is of a data level above your clearance ({scope.clearance})",
            "Leave it out, or ask your administrator for a higher clearance.",
        )
