"""From syntax to the typed tree: every node known, every type right, or a problem said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from titian.decide.conditions import calls, coerce
from titian.decide.conditions.fields import BOOLEAN, DATE, INTEGER, STRING, TIMESTAMP, Kind, Schema
from titian.decide.conditions.hints import did_you_mean, kind_words, typed_value
from titian.decide.conditions.messages import problem
from titian.decide.conditions.parse import joined, span
from titian.decide.conditions.problems import Problem
from titian.decide.conditions.tree import Call, Constant, Node, Ref

MAX_IN_VALUES = 500
MAX_SHOWN = 40

_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "eq",
    exp.NEQ: "ne",
    exp.LT: "lt",
    exp.LTE: "le",
    exp.GT: "gt",
    exp.GTE: "ge",
    exp.NullSafeEQ: "same",
    exp.NullSafeNEQ: "distinct",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "add",
    exp.Sub: "sub",
    exp.Mul: "mul",
    exp.Div: "div",
    exp.IntDiv: "intdiv",
    exp.Mod: "mod",
}


class Checker:
    """Turns one syntax tree into a typed tree, collecting problems instead of stopping."""

    def __init__(self, source: str, schema: Schema) -> None:
        self.source = source
        self.schema = schema
        self.problems: list[Problem] = []
        self._handlers: dict[type[exp.Expr], Callable[..., Node | None]] = {
            exp.And: self._connector,
            exp.Or: self._connector,
            exp.Not: self._not,
            exp.Paren: lambda node: self.node(node.this),
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: Constant(bool(node.this), BOOLEAN),
            exp.Null: self._null,
            exp.Is: self._is,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Like: self._like,
            exp.Neg: self._neg,
            exp.Cast: self._written_moment,
            exp.Case: self._case,
            exp.If: self._if,
            **dict.fromkeys(_COMPARE, self._compare),
            **dict.fromkeys(_ARITHMETIC, self._arithmetic),
        }

    def condition(self, syntax: exp.Expr) -> Node | None:
        """Check a whole condition; None when `problems` is not empty."""
        node = self._boolean(syntax)
        return None if self.problems else node

    def node(self, syntax: exp.Expr) -> Node | None:
        """Check one expression of any type; None when it (or a part) has a problem."""
        handler = self._handlers.get(type(syntax))
        return handler(syntax) if handler else calls.check(self, syntax)

    def nodes(self, several: Sequence[exp.Expr]) -> list[Node] | None:
        """Check several expressions; None when any has a problem."""
        found = [self.node(part) for part in several]
        good = [part for part in found if part is not None]
        return good if len(good) == len(found) else None

    def fault(self, code: str, syntax: exp.Expr, **words: object) -> None:
        """Record a problem at a syntax node."""
        start, end = span(syntax)
        if (start, end) == (0, 0) and syntax.parent is not None:
            start, end = span(syntax.parent)
        shown = self.source[start:end] if len(self.source[start:end]) <= MAX_SHOWN else "…"
        self.problems.append(problem(code, start, end, **{"name": shown or syntax.key, **words}))

    def alike(self, syntax: exp.Expr, nodes: Sequence[Node]) -> list[Node] | None:
        """Bring nodes to one type, reading written dates where the others are dates."""
        nodes = [typed_value(self, syntax, node, nodes) for node in nodes]
        common = coerce.common_type(nodes)
        if common is None and all(isinstance(n, Constant) for n in nodes):
            self.fault("null_compared", syntax)
            return None
        if common is None:
            other = next((n for n in nodes if n.type.kind is not nodes[0].type.kind), nodes[-1])
            self._mismatch(syntax, nodes[0], other)
            return None
        return [coerce.cast(node, common) for node in nodes]

    def _mismatch(self, syntax: exp.Expr, left: Node, right: Node) -> None:
        if len(self.problems) and self.problems[-1].code in ("bad_date", "null_compared"):
            return
        (left_zh, left_en), (right_zh, right_en) = kind_words(left.type), kind_words(right.type)
        self.fault(
            "type_mismatch",
            syntax,
            left_zh=left_zh,
            left_en=left_en,
            right_zh=right_zh,
            right_en=right_en,
        )

    def _boolean(self, syntax: exp.Expr) -> Node | None:
        node = self.node(syntax)
        if node is None or node.type.kind is Kind.BOOLEAN:
            return node
        zh, en = kind_words(node.type)
        name = node.field.name if isinstance(node, Ref) else "x"
        self.fault("not_boolean", syntax, kind_zh=zh, kind_en=en, name=name)
        return None

    def _connector(self, syntax: exp.Connector) -> Node | None:
        parts = [self._boolean(part) for part in joined(syntax)]
        op = "and" if isinstance(syntax, exp.And) else "or"
        good = tuple(part for part in parts if part is not None)
        return Call(op, good, BOOLEAN) if len(good) == len(parts) else None

    def _not(self, syntax: exp.Not) -> Node | None:
        inner = self._boolean(syntax.this)
        return None if inner is None else Call("not", (inner,), BOOLEAN)

    def _column(self, syntax: exp.Column) -> Node | None:
        if len(syntax.parts) > 1:
            self.fault("qualified", syntax, name=syntax.sql("duckdb"))
            return None
        if isinstance(syntax.this, exp.Star):
            self.fault("star", syntax)
            return None
        field = self.schema.find(syntax.name)
        if field is None:
            hint_zh, hint_en = did_you_mean(self.schema, syntax.name, quoted=syntax.this.quoted)
            self.fault(
                "unknown_field", syntax, name=syntax.name[:60], hint_zh=hint_zh, hint_en=hint_en
            )
            return None
        return Ref(field)

    def _literal(self, syntax: exp.Literal) -> Node | None:
        if syntax.is_string:
            return Constant(syntax.this, STRING)
        constant = coerce.number(syntax.this)
        if constant is None:
            self.fault("bad_number", syntax, near=syntax.this[:40])
        return constant

    def _null(self, syntax: exp.Null) -> Node | None:
        self.fault("null_compared", syntax)
        return None

    def _compare(self, syntax: exp.Binary) -> Node | None:
        nodes = self.nodes((syntax.this, syntax.expression))
        alike = nodes and self.alike(syntax, nodes)
        return Call(_COMPARE[type(syntax)], tuple(alike), BOOLEAN) if alike else None

    def _is(self, syntax: exp.Is) -> Node | None:
        right = syntax.expression
        if isinstance(right, exp.Null):
            inner = self.node(syntax.this)
            return None if inner is None else Call("is_null", (inner,), BOOLEAN)
        if not isinstance(right, exp.Boolean):
            self.fault("not_allowed", syntax, name="IS")
            return None
        inner = self._boolean(syntax.this)
        op = "is_true" if right.this else "is_false"
        return None if inner is None else Call(op, (inner,), BOOLEAN)

    def _in(self, syntax: exp.In) -> Node | None:
        values = syntax.expressions
        if not values:
            self.fault("subquery" if syntax.args.get("query") else "not_allowed", syntax)
            return None
        if len(values) > MAX_IN_VALUES:
            self.fault("too_many_values", syntax, size=len(values), limit=MAX_IN_VALUES)
            return None
        nodes = self.nodes((syntax.this, *values))
        if nodes is None:
            return None
        for node, value in zip(nodes[1:], values, strict=True):
            if not isinstance(node, Constant):
                self.fault("constant_needed", value, name="IN", usage="x IN ('a', 'b')")
                return None
        alike = self.alike(syntax, nodes)
        return Call("in", tuple(alike), BOOLEAN) if alike else None

    def _between(self, syntax: exp.Between) -> Node | None:
        if syntax.args.get("symmetric"):
            self.fault("not_allowed", syntax, name="BETWEEN SYMMETRIC")
            return None
        nodes = self.nodes((syntax.this, syntax.args["low"], syntax.args["high"]))
        alike = nodes and self.alike(syntax, nodes)
        return Call("between", tuple(alike), BOOLEAN) if alike else None

    def _like(self, syntax: exp.Like) -> Node | None:
        nodes = self.nodes((syntax.this, syntax.expression))
        if nodes is None:
            return None
        if not isinstance(nodes[1], Constant):
            self.fault("constant_needed", syntax, name="LIKE", usage="s LIKE 'abc%'")
            return None
        if {n.type.kind for n in nodes} != {Kind.STRING}:
            self._mismatch(syntax, nodes[0], nodes[1])
            return None
        return Call("like", tuple(nodes), BOOLEAN)

    def _neg(self, syntax: exp.Neg) -> Node | None:
        inner = self.node(syntax.this)
        if inner is None:
            return None
        if not inner.type.is_number:
            calls.need(self, syntax, "-", calls.NUMBER, inner)
            return None
        if isinstance(inner, Constant):
            return coerce.negated(inner)
        return Call("neg", (inner,), inner.type)

    def _arithmetic(self, syntax: exp.Binary) -> Node | None:
        nodes = self.nodes((syntax.this, syntax.expression))
        if nodes is None:
            return None
        node = calls.arithmetic(_ARITHMETIC[type(syntax)], nodes[0], nodes[1])
        if node is None:
            self._mismatch(syntax, nodes[0], nodes[1])
        return node

    def _written_moment(self, syntax: exp.Cast) -> Node | None:
        target, inner = syntax.to.this, syntax.this
        kinds = {exp.DType.DATE: Kind.DATE, exp.DType.TIMESTAMPNTZ: Kind.TIMESTAMP}
        if target not in kinds or not (isinstance(inner, exp.Literal) and inner.is_string):
            self.fault("not_allowed", syntax, name="CAST")
            return None
        constant = coerce.moment(inner.this, kinds[target])
        if constant is None:
            self.fault("bad_date", inner, near=repr(inner.this[:40]))
            return None
        wanted = DATE if kinds[target] is Kind.DATE else TIMESTAMP
        return coerce.cast(constant, wanted)

    def _if(self, syntax: exp.If) -> Node | None:
        otherwise = syntax.args.get("false") or exp.Null()
        return self._branches(syntax, [(syntax.this, syntax.args["true"])], otherwise, None)

    def _case(self, syntax: exp.Case) -> Node | None:
        pairs = [(part.this, part.args["true"]) for part in syntax.args["ifs"]]
        otherwise = syntax.args.get("default") or exp.Null()
        return self._branches(syntax, pairs, otherwise, syntax.this)

    def _branches(
        self,
        syntax: exp.Expr,
        pairs: list[tuple[exp.Expr, exp.Expr]],
        otherwise: exp.Expr,
        subject: exp.Expr | None,
    ) -> Node | None:
        tests = [self._test(subject, when) for when, _ in pairs]
        values = [self._value(part) for part in [*(then for _, then in pairs), otherwise]]
        good_tests = [t for t in tests if t is not None]
        good_values = [v for v in values if v is not None]
        if len(good_tests) < len(tests) or len(good_values) < len(values):
            return None
        alike = self.alike(syntax, good_values)
        if alike is None:
            return None
        args: list[Node] = []
        for test, value in zip(good_tests, alike, strict=False):
            args += (test, value)
        return Call("case", (*args, alike[-1]), alike[-1].type)

    def _test(self, subject: exp.Expr | None, when: exp.Expr) -> Node | None:
        if subject is None:
            return self._boolean(when)
        nodes = self.nodes((subject, when))
        alike = nodes and self.alike(when, nodes)
        return Call("eq", tuple(alike), BOOLEAN) if alike else None

    def _value(self, syntax: exp.Expr) -> Node | None:
        return Constant(None, INTEGER) if isinstance(syntax, exp.Null) else self.node(syntax)
