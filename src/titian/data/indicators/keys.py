"""The dimensions of a cube: the coarsest classes of rows that every needed condition respects.

Conditions such as `channel = 'mobile'` or `is_night` only ask in which set a column's value lies.
All such sets of one column cut its values into classes; the class number is the dimension. Any
other condition becomes a dimension of its own with two classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from titian.decide import Condition
from titian.decide.conditions import sql as decide_sql
from titian.decide.conditions.tree import Call, Node, Ref
from titian.decide.conditions.tree import Constant as Written

OTHER = 0
_SET_OPS = ("eq", "in")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One part of a condition that must hold; `column` and `values` where it is a set test."""

    text: str
    node: Node
    column: str = ""
    values: frozenset[object] = frozenset()


@dataclass(frozen=True, slots=True)
class Key:
    """One dimension of a cube: `name` in its SQL, the expression of the class, their number."""

    name: str
    expression: exp.Expr
    classes: int


Selection = tuple[tuple[int, frozenset[int]], ...]
"""Which classes of which key a figure takes: pairs of key position and class numbers."""


@dataclass(slots=True)
class Reader:
    """Takes conditions apart, each condition object once."""

    known: dict[int, tuple[Condition, tuple[Conjunct, ...]]] = field(default_factory=dict)

    def conjuncts(self, conditions: Iterable[Condition]) -> tuple[Conjunct, ...]:
        """Give what must hold together, each part once, in a stable order."""
        found: dict[str, Conjunct] = {}
        for condition in conditions:
            held = self.known.get(id(condition))
            if held is None:
                held = self.known[id(condition)] = (condition, _parts(condition))
            found |= {part.text: part for part in held[1]}
        return tuple(found[text] for text in sorted(found))


def _parts(condition: Condition) -> tuple[Conjunct, ...]:
    found = []
    stack = [condition.tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.op == "and":
            stack.extend(reversed(node.args))
        else:
            found.append(_conjunct(decide_sql.text(node), node))
    return tuple(found)


def _conjunct(text: str, node: Node) -> Conjunct:
    if isinstance(node, Ref):
        return Conjunct(text, node, node.field.name, frozenset({True}))
    if isinstance(node, Call):
        args = node.args
        if node.op in ("not", "is_false", "is_true") and isinstance(args[0], Ref):
            value = node.op == "is_true"
            return Conjunct(text, node, args[0].field.name, frozenset({value}))
        values = [part.value for part in args[1:] if isinstance(part, Written)]
        plain = all(isinstance(value, str | bool) for value in values)
        complete = plain and len(values) == len(args) - 1 > 0
        if node.op in _SET_OPS and isinstance(args[0], Ref) and complete:
            return Conjunct(text, node, args[0].field.name, frozenset(values))
    return Conjunct(text, node)


def build(
    needed: Iterable[Conjunct],
) -> tuple[tuple[Key, ...], Mapping[str, tuple[int, frozenset[int]]]]:
    """Make the keys for all conjuncts, and say which classes of which key each of them means."""
    by_column: dict[str, dict[str, Conjunct]] = {}
    for part in sorted({part.text: part for part in needed}.values(), key=lambda c: c.text):
        by_column.setdefault(part.column or f" {part.text}", {})[part.text] = part
    keys: list[Key] = []
    meaning: dict[str, tuple[int, frozenset[int]]] = {}
    for column, parts in sorted(by_column.items()):
        name, at = f"k{len(keys)}", len(keys)
        if column.startswith(" "):
            (part,) = parts.values()
            test = decide_sql.expression(part.node)
            keys.append(Key(name, _case([(test, 1)]), 2))
            meaning[part.text] = (at, frozenset({1}))
            continue
        key, allowed = _by_values(name, column, list(parts.values()))
        keys.append(key)
        meaning |= {text: (at, classes) for text, classes in allowed.items()}
    return tuple(keys), meaning


def _by_values(
    name: str, column: str, parts: list[Conjunct]
) -> tuple[Key, dict[str, frozenset[int]]]:
    mentioned = sorted({value for part in parts for value in part.values}, key=str)
    signatures: dict[tuple[bool, ...], list[object]] = {}
    for value in mentioned:
        signatures.setdefault(tuple(value in part.values for part in parts), []).append(value)
    branches = []
    allowed: dict[str, set[int]] = {part.text: set() for part in parts}
    for number, (signature, values) in enumerate(signatures.items(), start=1):
        branches.append((_among(column, values), number))
        for part, inside in zip(parts, signature, strict=True):
            if inside:
                allowed[part.text].add(number)
    key = Key(name, _case(branches), len(branches) + 1)
    return key, {text: frozenset(classes) for text, classes in allowed.items()}


def _among(column: str, values: list[object]) -> exp.Expr:
    field = decide_sql.quoted(column)
    if values == [True]:
        return field
    if values == [False]:
        return exp.Not(this=field)
    literals = [exp.convert(value) for value in values]
    if len(literals) == 1:
        return exp.EQ(this=field, expression=literals[0])
    return exp.In(this=field, expressions=literals)


def _case(branches: list[tuple[exp.Expr, int]]) -> exp.Expr:
    made = exp.Case()
    for test, number in branches:
        made = made.when(test, exp.Literal.number(number), copy=False)
    return made.else_(exp.Literal.number(OTHER), copy=False)
