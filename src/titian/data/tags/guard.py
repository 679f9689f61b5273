"""What a person may ask of tags: expressions within their clearance."""

from __future__ import annotations

from titian.data.tags import catalogue
from titian.data.tags.plan import Plan, plan
from titian.kernel.errors import Denied
from titian.kernel.scope import Permission, Scope


def allowed_plan(scope: Scope, expression: str) -> Plan:
    """Check an audience's expression for a person.

    Needs VIEW_TAGS. Raises ConditionError or InvalidInput for a wrong expression, Denied for one
    that reads a tag or field above the person's clearance.
    """
    scope.require(Permission.VIEW_TAGS)
    known = catalogue.load(scope)
    made = plan(known, expression)
    refuse_above(scope, known, made.names)
    return made


def refuse_above(scope: Scope, known: catalogue.Catalogue, names: frozenset[str]) -> None:
    """Raise Denied when any of the tags or fields is above the person's clearance."""
    hidden = sorted(n for n in names if known.level(frozenset({n})) > scope.clearance)
    if hidden and not scope.is_system:
        raise Denied(
            f"{', '.join(hidden)} is of a data level above your clearance ({scope.clearance})",
            "Leave it out, or ask your administrator for a higher clearance.",
        )
