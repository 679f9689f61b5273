"""Logic and choices over columns: what SQL says where something is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from titian.decide.conditions import arrays
from titian.decide.conditions.columns import Array, Column, column
from titian.decide.conditions.fields import DOUBLE
from titian.decide.conditions.tree import Call, Constant, Node

Slots = Sequence[Column]
"""What every step of a program gave, by number."""
Evaluate = Callable[[Slots], Column]
Compare = Callable[[Array, Array], Array]
Form = Callable[[Call, Sequence[Evaluate]], Evaluate]

_FEW, _FEW_TEXTS = 8, 4  # so many comparisons cost less than a search

_COMPARE: dict[str, Compare] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
_DOUBLES: dict[str, Compare] = {
    "eq": arrays.equal,
    "ne": lambda left, right: ~arrays.equal(left, right),
    "lt": arrays.below,
    "le": lambda left, right: ~arrays.below(right, left),
    "gt": lambda left, right: arrays.below(right, left),
    "ge": lambda left, right: ~arrays.below(left, right),
}
# A written double is never NaN: one comparison says it all.
_BESIDE_CONSTANT: dict[str, Compare] = {
    **_COMPARE,
    "gt": lambda left, right: ~(left <= right),
    "ge": lambda left, right: ~(left < right),
}


def comparison(node: Call) -> Compare | None:
    """Give how arrays are compared for a comparison node, or None for another."""
    return _compare(node.op, *node.args[:2]) if node.op in _COMPARE else None


def _compare(op: str, left: Node, right: Node) -> Compare:
    if left.type != DOUBLE:
        return _COMPARE[op]
    return (_BESIDE_CONSTANT if isinstance(right, Constant) else _DOUBLES)[op]


def both(left: Array | None, right: Array | None) -> Array | None:
    """Give the mask of where both are known."""
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _mask(given: Column) -> Array:
    return np.ones(len(given.values), np.bool_) if given.known is None else given.known


def conjunction(left: Column, right: Column) -> Column:
    """AND: known where both are, or where one is known to be false."""
    values = left.values & right.values
    if left.known is None:
        return Column(values, None if right.known is None else right.known | ~left.values)
    if right.known is None:
        return Column(values, left.known | ~right.values)
    known = (left.known & right.known) | (left.known & ~left.values)
    return Column(values, known | (right.known & ~right.values))


def disjunction(left: Column, right: Column) -> Column:
    """OR: known where both are, or where one is true."""
    values, known = left.values | right.values, both(left.known, right.known)
    return Column(values, None if known is None else known | values)


def _folded(join: Callable[[Column, Column], Column]) -> Form:
    return lambda _, args: lambda slots: reduce(join, (arg(slots) for arg in args))


def _not(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    def evaluate(slots: Slots) -> Column:
        values, known = args[0](slots)
        return Column(~values if known is None else known & ~values, known)

    return evaluate


def _is_null(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    return lambda slots: Column(~_mask(args[0](slots)))


def _is_true(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    return lambda slots: Column(args[0](slots).values)


def _is_false(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    def evaluate(slots: Slots) -> Column:
        given = args[0](slots)
        return Column(_mask(given) & ~given.values)

    return evaluate


def _in(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    values = [arg.value for arg in node.args[1:] if isinstance(arg, Constant)]
    constants = [column([value], node.args[0].type).values for value in values]
    texts = constants[0].dtype == np.dtype(object)
    if len(values) <= (_FEW_TEXTS if texts else _FEW):
        return _tested(args[0], lambda cells: np.logical_or.reduce([cells == c for c in constants]))
    if texts:
        among = frozenset(values).__contains__
        return _tested(args[0], lambda cells: np.fromiter(map(among, cells), np.bool_, len(cells)))
    listed = np.concatenate(constants)
    return _tested(args[0], lambda cells: np.isin(cells, listed))


def _tested(arg: Evaluate, test: Callable[[Array], Array]) -> Evaluate:
    def evaluate(slots: Slots) -> Column:
        values, known = arg(slots)
        found = test(values)
        return Column(found if known is None else found & known, known)

    return evaluate


def _between(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    above = _compare("ge", node.args[0], node.args[1])
    under = _compare("le", node.args[0], node.args[2])

    def evaluate(slots: Slots) -> Column:
        given, low, high = (arg(slots) for arg in args)
        return conjunction(_compared(above, given, low), _compared(under, given, high))

    return evaluate


def _compared(compare: Compare, left: Column, right: Column) -> Column:
    found, known = compare(left.values, right.values), both(left.known, right.known)
    return Column(found if known is None else found & known, known)


def _same(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    compare, wanted = _compare("eq", *node.args), node.op == "same"

    def evaluate(slots: Slots) -> Column:
        left, right = (arg(slots) for arg in args)
        found = _compared(compare, left, right).values
        if left.known is not None or right.known is not None:
            found = found | ~(_mask(left) | _mask(right))
        return Column(found if wanted else ~found)

    return evaluate


def _nullif(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    compare = _compare("eq", *node.args)

    def evaluate(slots: Slots) -> Column:
        given, other = (arg(slots) for arg in args)
        known = _mask(given) & ~_compared(compare, given, other).values
        return _chosen(known, given, given, known)

    return evaluate


def _chosen(where: Array, first: Column, second: Column, known: Array | None) -> Column:
    values = np.where(where, first.values, second.values)
    if known is not None and values.dtype == np.bool_:
        values &= known
    return Column(values, known)


def _coalesce(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    def either(left: Column, right: Column) -> Column:
        if left.known is None:
            return left
        return _chosen(left.known, left, right,
                       None if right.known is None else left.known | right.known)  # fmt: skip

    return lambda slots: reduce(either, (arg(slots) for arg in args))


def _extreme(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    before = (_DOUBLES if node.type == DOUBLE else _COMPARE)["le" if node.op == "least" else "ge"]

    def better(left: Column, right: Column) -> Column:
        first = before(left.values, right.values)
        if left.known is None and right.known is None:
            return _chosen(first, left, right, None)
        left_known, right_known = _mask(left), _mask(right)
        first = left_known & (first | ~right_known)
        return _chosen(first, left, right, left_known | right_known)

    return lambda slots: reduce(better, (arg(slots) for arg in args))


def _case(_: Call, args: Sequence[Evaluate]) -> Evaluate:
    pairs = list(zip(args[0:-1:2], args[1:-1:2], strict=True))

    def evaluate(slots: Slots) -> Column:
        found = args[-1](slots)
        for when, then in reversed(pairs):
            chosen, other = when(slots).values, then(slots)
            known = None
            if found.known is not None or other.known is not None:
                known = np.where(chosen, _mask(other), _mask(found))
            found = _chosen(chosen, other, found, known)
        return found

    return evaluate


# Operations that look at what is unknown by themselves; all others need every argument known.
FORMS: dict[str, Form] = {
    "and": _folded(conjunction),
    "or": _folded(disjunction),
    "not": _not,
    "is_null": _is_null,
    "is_true": _is_true,
    "is_false": _is_false,
    "in": _in,
    "between": _between,
    "same": _same,
    "distinct": _same,
    "nullif": _nullif,
    "coalesce": _coalesce,
    "least": _extreme,
    "greatest": _extreme,
    "case": _case,
}
