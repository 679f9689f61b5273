"""A builder's tree made ready to show: words, choices, counts and problems at every node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from titian.decide import ConditionError, Field, Kind, Problem, Schema, parse
from titian.decide.outline import (
    Checked,
    Join,
    Op,
    Path,
    Row,
    Text,
    checked,
    operators,
    values_needed,
    write,
)
from titian.web.builder import tree as trees
from titian.web.builder.form import TREE, Built
from titian.web.builder.tree import MAX_DEPTH, Node
from titian.web.i18n import Text as Words
from titian.web.i18n import _, lazy, locale

Tally = Callable[[Sequence[str]], Sequence[int | None]]
Worn = Callable[[Sequence[str]], Mapping[tuple[str, str], int]]
_UNITS: Mapping[str, Words] = {
    "fen": lazy("yuan"),
    "days": lazy("days"),
    "years": lazy("years"),
}
_TYPES = {Kind.DATE: "date"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a row may hold."""

    code: str
    label: str
    chosen: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One node as the page shows it; `sent` is what the form says of it.

    `waits` says that it asks nothing yet, `opened` that its values are to be chosen now.
    """

    key: str
    sent: str
    kind: str
    label: str
    name: str
    count: int | None
    problems: tuple[str, ...] = ()
    below: tuple[Shown, ...] = ()
    chosen: str = ""
    options: tuple[tuple[str, str], ...] = ()
    choices: tuple[Choice, ...] = ()
    inputs: tuple[str, ...] = ()
    input_type: str = "text"
    numeric: bool = False
    unit: Words = ""
    text: str = ""
    waits: bool = False
    opened: bool = False
    moves: tuple[tuple[str, str], ...] = ()
    may_nest: bool = False

    @property
    def said(self) -> str:
        """What the chosen values say, in a few words."""
        joint = "、" if locale() == "zh" else ", "
        return joint.join(one.label for one in self.choices if one.chosen)


@dataclass(frozen=True, slots=True)
class Sight:
    """A builder as the page shows it.

    `text` is the condition, `right` says whether it can be used; `marked` cuts the text into
    pieces, true for those that a problem points at.
    """

    built: Built
    root: Shown
    text: str
    right: bool
    problems: tuple[str, ...]
    marked: tuple[tuple[str, bool], ...]
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counting:
    """How parts are counted: `tally` for conditions, `worn` for the values of tags."""

    tally: Tally
    worn: Worn


def look(built: Built, schema: Schema, counting: Counting) -> Sight:
    """Make a builder ready to show."""
    if built.view != TREE:
        return _as_text(built, schema)
    group, keys = trees.grown(built.tree)
    found = checked(group, schema)
    laid = _Laid(built, schema, found, keys, counting)
    every = tuple(p for problems in found.problems.values() for p in problems)
    return Sight(
        built,
        laid.shown(built.tree[0], ()),
        found.text,
        found.right,
        tuple(_said(problem) for problem in every),
        _marked(found.text, every),
        laid.parts(),
    )


def _as_text(built: Built, schema: Schema) -> Sight:
    problems: tuple[Problem, ...] = ()
    if built.typed.strip():
        try:
            parse(built.typed, schema)
        except ConditionError as error:
            problems = error.problems
    return Sight(
        built,
        Shown(trees.ROOT, "", "group", "", "", None),
        built.typed,
        bool(built.typed.strip()) and not problems,
        tuple(_said(problem) for problem in problems),
        _marked(built.typed, problems),
        (),
    )


def _said(problem: Problem) -> str:
    return problem.text(locale())


def _marked(text: str, problems: Sequence[Problem]) -> tuple[tuple[str, bool], ...]:
    if not problems:
        return ()
    wrong = [False] * (len(text) + 1)
    for problem in problems:
        for at in range(problem.start, max(problem.end, problem.start + 1)):
            wrong[min(at, len(text))] = True
    shown = f"{text} " if wrong[len(text)] else text
    pieces: list[tuple[str, bool]] = []
    for character, bad in zip(shown, wrong, strict=False):
        if pieces and pieces[-1][1] == bad:
            pieces[-1] = (pieces[-1][0] + character, bad)
        else:
            pieces.append((character, bad))
    return tuple(pieces)


class _Laid:
    """The parts of one tree with their texts and counts, asked for all at once."""

    def __init__(
        self,
        built: Built,
        schema: Schema,
        found: Checked,
        keys: Mapping[Path, str],
        counting: Counting,
    ) -> None:
        self.tree = built.tree
        self.opened = "" if built.insisted else built.opened
        self.unfinished = frozenset(built.unfinished if built.insisted else ())
        self.schema = schema
        self.problems = {keys[path]: words for path, words in found.problems.items()}
        self.texts = self._texts(found, keys)
        right = [key for key in self.texts if self.texts[key] and key not in self.problems]
        sizes = counting.tally([self.texts[key] for key in right]) if right else ()
        self.counts = dict(zip(right, sizes, strict=True))
        listed = [n.part.field for n in self.tree if isinstance(n.part, Row) and self._listed(n)]
        self.worn = counting.worn(listed) if listed else {}

    def _texts(self, found: Checked, keys: Mapping[Path, str]) -> dict[str, str]:
        spans = found.written.spans
        texts = {keys[path]: found.text[start:end] for path, (start, end) in spans.items()}
        for node in self.tree[1:]:
            if node.is_group:
                inner = trees.grown((*self._only(node),))[0]
                texts[node.key] = write(inner, self.schema).text
        return texts

    def _only(self, group: Node) -> list[Node]:
        held = {group.key}
        chosen = [group]
        for node in self.tree:
            if node.parent in held:
                held.add(node.key)
                chosen.append(node)
        return chosen

    def _listed(self, node: Node) -> bool:
        assert isinstance(node.part, Row), "only rows have fields"
        return self.schema[node.part.field].values is not None

    def parts(self) -> tuple[tuple[str, str], ...]:
        """Give the parts right below the root that ask something: their names and their texts."""
        root = self.tree[0].key
        return tuple(
            (self._name(node), self.texts[node.key])
            for node in self.tree
            if node.parent == root and self.counts.get(node.key) is not None
        )

    def shown(self, node: Node, around: tuple[str, ...]) -> Shown:
        part = node.part
        words = tuple(_said(problem) for problem in self.problems.get(node.key, ()))
        if node.key in self.unfinished:
            words = (*words, _("Finish this part or take it away: as it is, it asks nothing."))
        sent = f"{node.key}|{node.parent}|"
        if isinstance(part, Join):
            inner = (*around, node.key)
            below = tuple(self.shown(one, inner) for one in self.tree if one.parent == node.key)
            options = tuple((join.value, join.label.text(locale())) for join in Join)
            return Shown(
                node.key, f"{sent}group|", "group", part.label.text(locale()), "",
                self.counts.get(node.key), words, below, part.value, options,
                moves=self._moves(node), may_nest=len(around) + 2 <= MAX_DEPTH,
            )  # fmt: skip
        if isinstance(part, Text):
            return Shown(
                node.key, f"{sent}text|", "text", "", "", self.counts.get(node.key), words,
                text=part.text, waits=not part.complete, moves=self._moves(node),
            )  # fmt: skip
        return self._row(node, part, f"{sent}row|{part.field}", words)

    def _row(self, node: Node, part: Row, sent: str, words: tuple[str, ...]) -> Shown:
        field = self.schema[part.field]
        options = tuple((op.value, op.label.text(locale())) for op in operators(field))
        choices = self._choices(field, part)
        return Shown(
            node.key, sent, "row", field.label.text(locale()), field.name,
            self.counts.get(node.key), words, (), part.op.value, options, choices,
            () if choices else _inputs(part), _TYPES.get(field.type.kind, "text"),
            field.type.is_number, _UNITS.get(field.unit, ""), "", not part.complete,
            node.key == self.opened, self._moves(node),
        )  # fmt: skip

    def _choices(self, field: Field, part: Row) -> tuple[Choice, ...]:
        if field.values is None or values_needed(part.op) == 0:
            return ()
        extra = [value for value in part.values if value not in field.values]
        labels = {code: label.text(locale()) for code, label in field.values.items()}
        return tuple(
            Choice(
                code, labels.get(code, code), code in part.values, self.worn.get((field.name, code))
            )
            for code in (*labels, *extra)
        )

    def _moves(self, node: Node) -> tuple[tuple[str, str], ...]:
        inside = {one.key for one in self._only(node)}
        groups = [n for n in self.tree if n.is_group and n.key not in inside]
        return tuple((n.key, self._name(n)) for n in groups if n.key != node.parent and node.parent)

    def _name(self, node: Node) -> str:
        part = node.part
        if isinstance(part, Join):
            inner = [self._name(one) for one in self.tree if one.parent == node.key]
            return f"{part.label.text(locale())} ({', '.join(inner[:2])}{' …' * (len(inner) > 2)})"  # noqa: PLR2004
        if isinstance(part, Text):
            return part.text
        field = self.schema[part.field]
        label = field.label.text(locale())
        if part.op is Op.YES:
            return label
        given = [
            field.values[v].text(locale()) if field.values and v in field.values else v
            for v in part.values
        ]
        return f"{label} {part.op.label.text(locale())} {', '.join(given)}".strip()


def _inputs(part: Row) -> tuple[str, ...]:
    needed = values_needed(part.op)
    if needed == 0:
        return ()
    more = 1 if part.op in (Op.IN, Op.NOT_IN) and part.values else 0
    filled = [*part.values, *[""] * (needed - len(part.values) + more)]
    return tuple(filled[: max(needed, len(part.values) + more)])
