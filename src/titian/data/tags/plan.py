"""From an audience's expression to steps over bitmaps.

An expression is a condition over tags and profile fields. Parts over tags become set operations,
parts over fields become one scan each. NOT is pushed to the leaves, so that SQL's three-valued
logic is kept exactly: a party for whom a field is unknown is in neither side.
"""

from __future__ import annotations

from dataclasses import dataclass

from titian.data.tags.catalogue import Catalogue
from titian.data.tags.model import PLAIN, Tag
from titian.decide import Condition, parse
from titian.decide.conditions.fields import BOOLEAN
from titian.decide.conditions.tree import Call, Constant, Node, Ref, fields
from titian.kernel.errors import InvalidInput

_ANY_OF = {"and": "or", "or": "and"}


@dataclass(frozen=True, slots=True)
class Wears:
    """Parties that wear one of some values of a tag."""

    tag: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """Parties for whom a condition over profile fields is true."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Without:
    """All parties but those of a step."""

    step: Step


@dataclass(frozen=True, slots=True)
class All:
    """Parties in every step."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Parties in at least one step."""

    steps: tuple[Step, ...]


Step = Wears | Holds | Without | All | AnyOf


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked expression with its steps."""

    condition: Condition
    steps: Step

    @property
    def names(self) -> frozenset[str]:
        """The tags and fields it reads."""
        return self.condition.fields


def plan(catalogue: Catalogue, text: str) -> Plan:
    """Check an expression and lay out its steps. Raises ConditionError, InvalidInput."""
    condition = parse(text, catalogue.schema)
    return Plan(condition, _Planner(catalogue).step(condition.tree, negated=False))


def tags_of(step: Step) -> frozenset[tuple[str, str]]:
    """Give the (tag, value) pairs whose bitmaps a step needs."""
    if isinstance(step, Wears):
        return frozenset((step.tag, value) for value in step.values)
    if isinstance(step, Without):
        return tags_of(step.step)
    if isinstance(step, All | AnyOf):
        return frozenset[tuple[str, str]]().union(*(tags_of(inner) for inner in step.steps))
    return frozenset()


class _Planner:
    def __init__(self, catalogue: Catalogue) -> None:
        self.tags = catalogue.tags
        self._on_tags: dict[int, bool] = {}

    def reads_tags(self, node: Node) -> bool:
        """Say whether any tag is read in a node; each node of a tree is looked at once."""
        known = self._on_tags.get(id(node))
        if known is None:
            if isinstance(node, Call):
                known = any(self.reads_tags(arg) for arg in node.args)
            else:
                known = isinstance(node, Ref) and node.field.name in self.tags
            self._on_tags[id(node)] = known
        return known

    def step(self, node: Node, *, negated: bool) -> Step:
        if not self.reads_tags(node):
            return _holds(node, negated=negated)
        if isinstance(node, Ref):
            return _flip(Wears(node.field.name, (PLAIN,)), negated=negated)
        assert isinstance(node, Call), "a constant reads no tag"
        if node.op == "not":
            return self.step(node.args[0], negated=not negated)
        if node.op in _ANY_OF:
            return self._connected(node, negated=negated)
        if node.op in ("is_true", "is_false"):
            inner = self.step(node.args[0], negated=node.op == "is_false")
            return _flip(inner, negated=negated)
        return self._compared(node, negated=negated)

    def _connected(self, node: Call, *, negated: bool) -> Step:
        steps = [self.step(arg, negated=negated) for arg in node.args if self.reads_tags(arg)]
        plain = tuple(arg for arg in node.args if not self.reads_tags(arg))
        if plain:
            whole = plain[0] if len(plain) == 1 else Call(node.op, plain, BOOLEAN)
            steps.append(_holds(whole, negated=negated))
        op = _ANY_OF[node.op] if negated else node.op
        return _all(steps) if op == "and" else _any(steps)

    def _compared(self, node: Call, *, negated: bool) -> Step:
        tag, given = self._tag_and_values(node)
        if node.op == "is_null":
            every = Wears(tag.code, tuple(value.code for value in tag.values))
            return every if negated else Without(every)
        if tag.is_plain:
            return _plain(node, tag, given, negated=negated)
        chosen = tuple(str(value) for value in given)
        if node.op in ("distinct", "same"):
            return _flip(Wears(tag.code, chosen), negated=negated != (node.op == "distinct"))
        if negated != (node.op == "ne"):
            chosen = tuple(value.code for value in tag.values if value.code not in chosen)
        return Wears(tag.code, chosen)

    def _tag_and_values(self, node: Call) -> tuple[Tag, list[object]]:
        refs = [arg for arg in node.args if isinstance(arg, Ref)]
        given: list[object] = [arg.value for arg in node.args if isinstance(arg, Constant)]
        known = node.op in ("eq", "ne", "in", "is_null", "same", "distinct")
        if not known or len(refs) != 1 or len(refs) + len(given) != len(node.args):
            names = ", ".join(sorted(name for name in fields(node) if name in self.tags))
            raise InvalidInput(
                f"{names} is used in a way that tags do not allow",
                "Compare a tag with its values by =, <>, IN or IS NULL; a plain tag stands alone.",
            )
        return self.tags[refs[0].field.name], given


def _plain(node: Call, tag: Tag, given: list[object], *, negated: bool) -> Step:
    wears = Wears(tag.code, (PLAIN,))
    wanted = {bool(value) for value in given}
    if len(wanted) > 1:
        raise InvalidInput(f"{tag.code} is compared with both true and false", "Leave that out.")
    opposite = node.op in ("ne", "distinct")
    return _flip(wears, negated=(negated != opposite) == wanted.pop())


def _all(steps: list[Step]) -> Step:
    """Join steps by AND; what must not be is taken off piece by piece, from ever smaller sets."""
    without = [s.step for s in steps if isinstance(s, Without)]
    if len(without) == len(steps):
        return Without(_any(without))
    pieces = [p for s in without for p in (s.steps if isinstance(s, AnyOf) else (s,))]
    inside = [s for s in steps if not isinstance(s, Without)]
    flat = (*inside, *(Without(piece) for piece in pieces))
    return flat[0] if len(flat) == 1 else All(flat)


def _any(steps: list[Step]) -> Step:
    """Join steps by OR so that no complement is ever laid out in full.

    A or (everyone but B) = everyone but (B without A), since all sets lie within everyone.
    """
    without: list[Step] = [s.step for s in steps if isinstance(s, Without)]
    if not without:
        return steps[0] if len(steps) == 1 else AnyOf(tuple(steps))
    wanted = [s for s in steps if not isinstance(s, Without)]
    return Without(_all([*without, *(Without(s) for s in wanted)]))


def _flip(step: Step, *, negated: bool) -> Step:
    if not negated:
        return step
    return step.step if isinstance(step, Without) else Without(step)


def _holds(node: Node, *, negated: bool) -> Holds:
    tree = Call("not", (node,), BOOLEAN) if negated else node
    return Holds(Condition("", tree))
