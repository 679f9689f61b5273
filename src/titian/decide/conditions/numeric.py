"""The numpy target: a typed tree as one function over the columns of a micro-batch.

Every node gives values and a mask of what is known; logic keeps its values false where nothing is
known, so that a condition's values alone say where it holds. Constants are arrays of length 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

import numpy as np

from titian.decide.conditions import arrays, scalar
from titian.decide.conditions.arrays import Kernel
from titian.decide.conditions.columns import DTYPES, Array, Column, Columns, checked, column
from titian.decide.conditions.fields import Kind, Type
from titian.decide.conditions.functions import UNITS
from titian.decide.conditions.logic import FORMS, Evaluate, Slots, both, comparison
from titian.decide.conditions.tree import Call, Constant, Node, Ref

_WHOLE: dict[str, Kernel] = {
    "add": arrays.whole(np.add),
    "sub": arrays.whole(np.subtract),
    "mul": arrays.whole(np.multiply),
    "neg": arrays.whole(np.negative),
    "abs": arrays.whole(np.absolute),
    "intdiv": arrays.whole_quotient,
    "mod": arrays.remainder,
}
_DOUBLE: dict[str, Kernel] = {
    **{
        op: arrays.plain(ufunc)
        for op, ufunc in (
            ("add", np.add),
            ("sub", np.subtract),
            ("mul", np.multiply),
            ("neg", np.negative),
            ("abs", np.absolute),
            ("floor", np.floor),
            ("ceil", np.ceil),
        )
    },
    "round": arrays.round_double,
    "div": arrays.quotient,
}
_TIMES: dict[str, Kernel] = {
    **{part: arrays.plain(function) for part, function in arrays.PARTS.items()},
    **{f"date_diff_{unit}": arrays.date_diff(unit) for unit in UNITS},
    "days_between": arrays.date_diff("day"),
    "add_days": arrays.shifted(1),
    "sub_days": arrays.shifted(-1),
}
_KERNELS: dict[Kind, dict[str, Kernel]] = {
    Kind.INTEGER: _WHOLE,
    Kind.DOUBLE: _DOUBLE,
    Kind.DATE: _TIMES,
    Kind.TIMESTAMP: _TIMES,
}


def compile_batch(node: Node) -> Callable[[Columns, int], Column]:
    """Compile to a function of columns and their length n.

    It gives the values [n] (true only where the condition holds) and the mask [n] of where it is
    known. Raises KeyError for a missing column, InvalidInput for one of another dtype.
    """
    program = _Program()
    result = program.add(node)

    def batch(columns: Columns, n: int) -> Column:
        values, known = program.run(columns)[result]
        if len(values) != n:
            values = np.broadcast_to(values, n)
        return Column(values, known if known is None or len(known) == n
                      else np.broadcast_to(known, n))  # fmt: skip

    return batch


def compile_truths(nodes: Sequence[Node]) -> Callable[[Columns], list[Array]]:
    """Compile to a function of columns that only says where each condition is true.

    What several conditions share is worked out once. An array of length 1 stands for a condition
    that reads no field.
    """
    program = _Program()
    results = [program.add(node) for node in nodes]

    def truths(columns: Columns) -> list[Array]:
        slots = program.run(columns)
        return [slots[result].values for result in results]

    return truths


_NOT_YET = Column(np.empty(0))


class _Program:
    """Steps in order, each of which reads the slots of earlier ones; alike nodes share a slot."""

    def __init__(self) -> None:
        self._slots: list[Column] = []
        self._loads: list[tuple[int, str, Kind]] = []
        self._steps: list[tuple[int, Evaluate]] = []
        self._known: dict[tuple[object, ...], int] = {}

    def add(self, node: Node) -> int:
        """Give the slot of a node's result."""
        args = [self.add(arg) for arg in node.args] if isinstance(node, Call) else []
        key = _key(node, args)
        found = self._known.get(key)
        if found is not None:
            return found
        slot = self._known[key] = len(self._slots)
        self._slots.append(_NOT_YET)
        if isinstance(node, Constant):
            self._slots[slot] = column([node.value], node.type)
        elif isinstance(node, Ref):
            self._loads.append((slot, node.field.name, node.type.kind))
        else:
            self._steps.append((slot, _compiled(node, [itemgetter(arg) for arg in args])))
        return slot

    def run(self, columns: Columns) -> list[Column]:
        """Give what every step gave."""
        slots = self._slots.copy()
        for slot, name, kind in self._loads:
            slots[slot] = checked(name, columns[name], kind)
        with np.errstate(all="ignore"):
            for slot, evaluate in self._steps:
                slots[slot] = evaluate(slots)
        return slots


def _key(node: Node, args: Sequence[int]) -> tuple[object, ...]:
    if isinstance(node, Constant):
        return ("constant", str(node.type), repr(node.value))
    if isinstance(node, Ref):
        return ("field", node.field.name)
    return (node.op, str(node.type), *args)


def _compiled(node: Call, args: Sequence[Evaluate]) -> Evaluate:
    form = FORMS.get(node.op)
    if form is not None:
        return form(node, args)
    compare = comparison(node)
    if compare is not None:
        return _strict(lambda left, right: Column(compare(left, right)), args)
    return _strict(_kernel(node), args[:1] if node.op == "like" else args)


def _strict(kernel: Kernel, args: Sequence[Evaluate]) -> Evaluate:
    """Compute where every argument is known."""

    def one(slots: Slots) -> Column:
        values, known = args[0](slots)
        made, possible = kernel(values)
        return _settled(made, both(known, possible))

    def two(slots: Slots) -> Column:
        left, left_known = args[0](slots)
        right, right_known = args[1](slots)
        made, possible = kernel(left, right)
        return _settled(made, both(both(left_known, right_known), possible))

    def several(slots: Slots) -> Column:
        given = [arg(slots) for arg in args]
        made, known = kernel(*(values for values, _ in given))
        for _, mask in given:
            known = both(known, mask)
        return _settled(made, known)

    return {1: one, 2: two}.get(len(args), several)


def _settled(values: Array, known: Array | None) -> Column:
    if known is not None and values.dtype == np.bool_:
        values = values & known
    return Column(values, known)


def _kernel(node: Call) -> Kernel:
    given = node.args[0].type
    found = _KERNELS.get(given.kind, {}).get(node.op)
    if found is not None:
        return found
    if node.op == "cast" and Kind.DECIMAL not in (given.kind, node.type.kind):
        dtype = DTYPES[node.type.kind]
        return arrays.plain(lambda values: values.astype(dtype))
    if node.op == "cast" and given.kind is node.type.kind:
        return Column
    return _each(scalar.function(node), 1 if node.op == "like" else len(node.args), node.type)


def _each(function: scalar.Operation, arguments: int, type_: Type) -> Kernel:
    """Call a function of single values for each cell."""
    mapped, dtype = np.frompyfunc(function, arguments, 1), DTYPES[type_.kind]
    return lambda *args: Column(mapped(*args).astype(dtype, copy=False))
