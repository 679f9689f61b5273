"""Reading a builder's form: the tree, what is to be done to it, and how it is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from titian.decide import ConditionError, Schema
from titian.decide.outline import Join, Op, Row, Text, operators, outline, write
from titian.kernel.errors import LimitExceeded
from titian.web.builder import tree as trees
from titian.web.builder.tree import EMPTY, MAX_NODES, Node, Tree
from titian.web.forms import Form

MAX_TEXT = 4_000
MAX_VALUES = 60
MAX_VALUE = 200
TREE, TEXT = "tree", "text"
_KEY = re.compile(r"k\d{1,6}")


@dataclass(frozen=True, slots=True)
class Built:
    """A condition as it is being built.

    `view` is `tree` or `text`; `typed` is the text as it was typed, and counts in text view only.
    `opened` is the node that a person should be led to next; `failed` says what could not be done.
    `insisted` says that it was to be used while parts of it were unfinished.
    """

    tree: Tree = EMPTY
    view: str = TREE
    typed: str = ""
    opened: str = ""
    failed: str = ""
    insisted: bool = False

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The keys of the parts that still ask nothing: writing the condition drops them."""
        return trees.unfinished(self.tree) if self.view == TREE else ()

    def text(self, schema: Schema) -> str:
        """Give the condition as text."""
        if self.view == TEXT:
            return self.typed
        return write(trees.grown(self.tree)[0], schema).text


def of_text(text: str, schema: Schema) -> Built:
    """Open a text: as a tree, or as a text where it cannot be parsed."""
    if not text.strip():
        return Built()
    try:
        return Built(trees.planted(outline(text, schema)))
    except (ConditionError, LimitExceeded):
        return Built(EMPTY, TEXT, text)


def read(form: Form, schema: Schema) -> Built:
    """Read a builder's form. What makes no sense is left out; nothing is ever refused here."""
    view = TEXT if form["view"] == TEXT else TREE
    return Built(_tree(form, schema), view, form["expression"][:MAX_TEXT])


def kept(built: Built) -> dict[str, str]:
    """Give a builder's state as texts, for a draft."""
    nodes = [[node.key, node.parent, *_plain(node)] for node in built.tree]
    return {"tree": json.dumps(nodes, ensure_ascii=False), "view": built.view, "typed": built.typed}


def restored(content: Mapping[str, str], schema: Schema) -> Built:
    """Open a draft. What its schema no longer knows is left out."""
    nodes: list[Node] = []
    for key, parent, kind, *rest in json.loads(content.get("tree", "[]")):
        part = _part(kind, rest, schema)
        if part is not None and (not nodes or parent in {n.key for n in nodes if n.is_group}):
            nodes.append(Node(key, parent, part))
    whole = bool(nodes) and nodes[0].is_group
    view = TEXT if content.get("view") == TEXT else TREE
    return Built(tuple(nodes) if whole else EMPTY, view, content.get("typed", ""))


def _plain(node: Node) -> list[str]:
    part = node.part
    if isinstance(part, Join):
        return ["group", part.value]
    if isinstance(part, Text):
        return ["text", part.text]
    return ["row", part.field, part.op.value, *part.values]


def _part(kind: str, rest: list[str], schema: Schema) -> Join | Row | Text | None:
    if kind == "group":
        return Join(rest[0])
    if kind == "text":
        return Text(rest[0])
    return Row(rest[0], Op(rest[1]), tuple(rest[2:])) if rest[0] in schema else None


def _tree(form: Form, schema: Schema) -> Tree:
    nodes: list[Node] = []
    groups: set[str] = set()
    for given in form.chosen("node")[:MAX_NODES]:
        key, _, rest = given.partition("|")
        parent, _, rest = rest.partition("|")
        kind, _, name = rest.partition("|")
        if not _KEY.fullmatch(key) or any(node.key == key for node in nodes):
            continue
        part = _read_part(form, schema, key, kind, name)
        if part is None or (parent not in groups if nodes else kind != "group"):
            continue
        nodes.append(Node(key, parent if nodes else "", part))
        if isinstance(part, Join):
            groups.add(key)
    return tuple(nodes) or EMPTY


def _read_part(
    form: Form, schema: Schema, key: str, kind: str, name: str
) -> Join | Row | Text | None:
    if kind == "group":
        given = form[f"join.{key}"]
        return Join(given) if given in list(Join) else Join.ALL
    if kind == "text":
        return Text(form[f"text.{key}"][:MAX_TEXT])
    if kind != "row" or name not in schema:
        return None
    known = operators(schema[name])
    op = form[f"op.{key}"]
    values = [value[:MAX_VALUE] for value in form.chosen(f"value.{key}")[:MAX_VALUES]]
    while values and not values[-1].strip():
        values.pop()
    return Row(name, Op(op) if op in known else known[0], tuple(values))
