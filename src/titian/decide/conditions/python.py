"""The Python target: a typed tree as one function over a row, for single decisions.

Its source is written from the typed tree alone: fields and values of the condition appear in it
only as names bound when it is compiled, so no text of a condition ever becomes code. It evaluates
as far as it must, and what it says of unknown values is what SQL says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from titian.decide.conditions import scalar
from titian.decide.conditions.fields import DOUBLE, INTEGER, Kind
from titian.decide.conditions.tree import Call, Constant, Node, Ref, is_boolean

Row = Mapping[str, Any]

_LEVELS_INLINE = 10  # Python's parser allows 200 open brackets, and a level takes a few

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_SWAPPED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
# Doubles may be NaN, which comes last: the sign of the text is not always the sign of Python.
_BESIDE_CONSTANT = {
    "eq": "{0} == {1}", "ne": "{0} != {1}", "lt": "{0} < {1}", "le": "{0} <= {1}",
    "gt": "not {0} <= {1}", "ge": "not {0} < {1}",
}  # fmt: skip
_DOUBLES = {
    "eq": "equal({0}, {1})", "ne": "not equal({0}, {1})", "lt": "below({0}, {1})",
    "le": "not below({1}, {0})", "gt": "below({1}, {0})", "ge": "not below({0}, {1})",
}  # fmt: skip
_ARITHMETIC = {"add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "neg": "-{0}",
               "abs": "abs({0})"}  # fmt: skip
_INLINE = {
    "not": "not {0}",
    "between": "{1} <= {0} <= {2}",
    "starts_with": "{0}.startswith({1})",
    "ends_with": "{0}.endswith({1})",
    "contains": "{1} in {0}",
    "length": "len({0})",
    "left": "{0}[:{1}]",
    "year": "{0}.year",
    "quarter": "({0}.month + 2) // 3",
    "month": "{0}.month",
    "day": "{0}.day",
    "hour": "{0}.hour",
    "isodow": "{0}.isoweekday()",
    "days_between": "({1} - {0}).days",
}
_OF_UNKNOWN = {"between": "between", "same": "same", "distinct": "not same", "nullif": "nullif",
               "least": "least", "greatest": "greatest"}  # fmt: skip
_BOUND: dict[str, Any] = {
    "LOW": scalar.MIN_INTEGER,
    "HIGH": scalar.MAX_INTEGER,
    **{name: getattr(scalar, name) for name in
       ("below", "equal", "between", "same", "nullif", "least", "greatest")},
}  # fmt: skip


def compile_row(node: Node) -> Callable[[Row], bool | None]:
    """Compile to a function of a row: true, false, or None where it is unknown.

    A row maps the name of every field to a plain Python value of its type (int, float, Decimal,
    str, bool, date, naive datetime) or None. Raises KeyError where a field is missing.
    """
    writer = _Writer()
    return writer.function(writer.value(node))


def compile_holds(node: Node) -> Callable[[Row], bool]:
    """Compile to a function of a row that only says whether the condition is true."""
    writer = _Writer()
    return writer.function(writer.truth(node))


def compile_first(nodes: Sequence[Node]) -> Callable[[Row], int]:
    """Compile to a function of a row that gives the number of the first that is true, or -1."""
    writer = _Writer()
    for number, node in enumerate(nodes):
        writer.statement(f"if {writer.truth(node)}: return {number}")
    return writer.function("-1")


def compile_hits(nodes: Sequence[Node]) -> Callable[[Row], list[int]]:
    """Compile to a function of a row that gives the numbers of all that are true."""
    writer = _Writer()
    writer.statement("hits = []")
    for number, node in enumerate(nodes):
        writer.statement(f"if {writer.truth(node)}: hits.append({number})")
    return writer.function("hits")


class _Writer:
    """The source of one function: what it reads, what it works out first, and its result.

    A node is written once, so the source grows with the tree; deep parts become statements.
    """

    def __init__(self) -> None:
        self._bound = dict(_BOUND)
        self._fields: dict[str, tuple[str, bool]] = {}
        self._lines: list[str] = []
        self._locals = 0
        self._level = 0

    def function(self, result: str) -> Callable[[Row], Any]:
        source = "\n ".join(["def row(r):", *self._loads(), *self._lines, f"return {result}"])
        exec(compile(source, "<condition>", "exec"), self._bound)  # noqa: S102 (see the module)
        made: Callable[[Row], Any] = self._bound["row"]
        return made

    def statement(self, written: str) -> None:
        self._lines.append(written)

    def value(self, node: Node) -> str:
        """Write an expression for the node's value or None."""
        if isinstance(node, Constant):
            return "None" if node.value is None else self._bind(node.value)
        if isinstance(node, Ref):
            return self._field(node)
        self._level += 1
        written = self._call(node)
        deep = self._level % _LEVELS_INLINE == 0
        self._level -= 1
        if not deep:
            return f"({written})"
        local = self._local()
        self._lines.append(f"{local} = {written}")
        return local

    def truth(self, node: Node, *, wanted: bool = True) -> str:
        """Write an expression that is True where the node is `wanted`, and False elsewhere."""
        shallow = (self._level + 1) % _LEVELS_INLINE
        if not isinstance(node, Call) or not shallow:
            return f"({self.value(node)} is {wanted})"
        self._level += 1
        if node.op == "not":
            written = self.truth(node.args[0], wanted=not wanted)
        elif node.op in ("and", "or"):
            word = " and " if (node.op == "and") is wanted else " or "
            written = word.join(self.truth(arg, wanted=wanted) for arg in node.args)
        elif node.op in _SIGNS:
            subjects, names = self._operands(node.args)
            test = _comparison(node, names)
            known = [f"{subject} is not None" for subject in subjects]
            written = " and ".join([*known, test if wanted else f"not {test}"])
        else:
            written = f"({self._call(node)}) is {wanted}"
        self._level -= 1
        return f"({written})"

    def _call(self, node: Call) -> str:
        form = _FORMS.get(node.op)
        if form is not None:
            return form(self, node)
        if node.op in _OF_UNKNOWN and not _within_constants(node):
            return f"{_OF_UNKNOWN[node.op]}({', '.join(map(self.value, node.args))})"
        if node.op == "cast" and node.type.kind is node.args[0].type.kind:
            return self.value(node.args[0])
        read = 1 if node.op in ("in", "like") else len(node.args)
        subjects, names = self._operands(node.args[:read])
        unknown = " or ".join(f"{subject} is None" for subject in subjects)
        known = self._known(node, names)
        return f"None if {unknown} else {known}" if unknown else known

    def _known(self, node: Call, names: Sequence[str]) -> str:
        """Write the result of an operation whose operands are all known."""
        op = node.op
        if op in _SIGNS:
            return _comparison(node, names)
        if op == "in":
            values = frozenset(arg.value for arg in node.args[1:] if isinstance(arg, Constant))
            return f"{names[0]} in {self._bind(values)}"
        if op in _ARITHMETIC and node.type.kind is not Kind.DECIMAL:
            return self._arithmetic(node, _ARITHMETIC[op].format(*names))
        if op in _INLINE:
            return _INLINE[op].format(*names)
        return f"{self._bind(scalar.function(node))}({', '.join(names)})"

    def is_(self, node: Call) -> str:
        if node.op == "is_null":
            return f"{self.value(node.args[0])} is None"
        return self.truth(node.args[0], wanted=node.op == "is_true")

    def _arithmetic(self, node: Call, written: str) -> str:
        if node.type != INTEGER:
            return written
        local = self._local()
        return f"{local} if LOW <= ({local} := {written}) <= HIGH else None"

    def _operands(self, args: Sequence[Node]) -> tuple[list[str], list[str]]:
        """Give what is to be tested for None, and the operands' names once that is done."""
        subjects, names = [], []
        for arg in args:
            written = self.value(arg)
            name = written
            if isinstance(arg, Call) and not written.isidentifier():
                name = self._local()
                written = f"({name} := {written})"
            names.append(name)
            if not isinstance(arg, Constant) or arg.value is None:
                subjects.append(written)
        return subjects, names

    def joined(self, node: Call) -> str:
        subjects, names = [], []
        for arg in node.args:
            written = self.value(arg)
            name = written if written.isidentifier() else self._local()
            subjects.append(written if name == written else f"({name} := {written})")
            names.append(name)
        settled = node.op == "or"
        decided = " or ".join(f"{subject} is {settled}" for subject in subjects)
        unknown = " or ".join(f"{name} is None" for name in names)
        return f"{settled} if {decided} else None if {unknown} else {not settled}"

    def case(self, node: Call) -> str:
        pairs = zip(node.args[0:-1:2], node.args[1:-1:2], strict=True)
        branches = [f"{self.value(then)} if {self.truth(when)} else" for when, then in pairs]
        return " ".join([*branches, self.value(node.args[-1])])

    def coalesce(self, node: Call) -> str:
        found = []
        for arg in node.args[:-1]:
            (written, name) = (self.value(arg), self._local())
            found.append(f"{name} if ({name} := {written}) is not None else")
        return " ".join([*found, self.value(node.args[-1])])

    def _field(self, node: Ref) -> str:
        name = node.field.name
        if name not in self._fields:
            self._fields[name] = (f"f{len(self._fields)}", is_boolean(node))
        return self._fields[name][0]

    def _loads(self) -> list[str]:
        lines = []
        for field, (local, boolean) in self._fields.items():
            lines.append(f"{local} = r[{self._bind(field)}]")
            if boolean:
                lines.append(f"if {local} is not None: {local} = not not {local}")
        return lines

    def _bind(self, value: Any) -> str:
        name = f"c{len(self._bound)}"
        self._bound[name] = value
        return name

    def _local(self) -> str:
        self._locals += 1
        return f"v{self._locals}"


_FORMS: dict[str, Callable[[_Writer, Call], str]] = {
    "and": _Writer.joined,
    "or": _Writer.joined,
    "case": _Writer.case,
    "coalesce": _Writer.coalesce,
    "is_null": _Writer.is_,
    "is_true": _Writer.is_,
    "is_false": _Writer.is_,
}


def _within_constants(node: Call) -> bool:
    return node.op == "between" and all(
        isinstance(arg, Constant) and arg.value is not None for arg in node.args[1:]
    )


def _comparison(node: Call, names: Sequence[str]) -> str:
    left, right = node.args
    if left.type != DOUBLE:
        return f"{names[0]} {_SIGNS[node.op]} {names[1]}"
    if isinstance(right, Constant):
        return _BESIDE_CONSTANT[node.op].format(*names)
    if isinstance(left, Constant):
        return _BESIDE_CONSTANT[_SWAPPED[node.op]].format(names[1], names[0])
    return _DOUBLES[node.op].format(*names)
