"""The tree of a builder: nodes with keys that stay with them while the tree is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from titian.decide import Schema
from titian.decide.outline import Group, Join, Op, Part, Path, Row, Text, operators
from titian.kernel.errors import LimitExceeded

MAX_NODES = 200
MAX_DEPTH = 5
ROOT = "k0"


@dataclass(frozen=True, slots=True)
class Node:
    """One group, row or text; a group's `part` is only how its parts are joined."""

    key: str
    parent: str
    part: Join | Row | Text

    @property
    def is_group(self) -> bool:
        """Whether other nodes can stand in it."""
        return isinstance(self.part, Join)


Tree = tuple[Node, ...]
"""Nodes in the order they are shown, the root first, every node after its parent."""

EMPTY: Tree = (Node(ROOT, "", Join.ALL),)


def planted(group: Group) -> Tree:
    """Make a tree of groups and rows, with fresh keys. Raises LimitExceeded beyond 200 nodes."""
    nodes: list[Node] = []

    def plant(part: Part, parent: str) -> None:
        if len(nodes) >= MAX_NODES:
            raise LimitExceeded(
                f"the expression has over {MAX_NODES} parts",
                "Edit it as text, or save some of it as an audience or a tag of its own.",
            )
        key = f"k{len(nodes)}"
        nodes.append(Node(key, parent, part.join if isinstance(part, Group) else part))
        for below in part.parts if isinstance(part, Group) else ():
            plant(below, key)

    plant(group, "")
    return tuple(nodes)


def grown(tree: Tree) -> tuple[Group, Mapping[Path, str]]:
    """Give the groups and rows of a tree, and the key of the node at each path."""
    below: dict[str, list[Node]] = {}
    for node in tree[1:]:
        below.setdefault(node.parent, []).append(node)
    keys: dict[Path, str] = {}

    def part(node: Node, path: Path) -> Part:
        keys[path] = node.key
        if not isinstance(node.part, Join):
            return node.part
        inner = below.get(node.key, ())
        return Group(node.part, tuple(part(one, (*path, at)) for at, one in enumerate(inner)))

    root = part(tree[0], ())
    assert isinstance(root, Group), "a tree begins with a group"
    return root, keys


def unfinished(tree: Tree) -> tuple[str, ...]:
    """Name the rows and texts without a value, and the groups below the root without parts."""
    homes = {node.parent for node in tree}
    return tuple(
        node.key
        for node in tree[1:]
        if (node.key not in homes if isinstance(node.part, Join) else not node.part.complete)
    )


def depth(tree: Tree, key: str) -> int:
    """Say how many groups stand around a node."""
    parents = {node.key: node.parent for node in tree}
    found = 0
    while parents.get(key):
        key = parents[key]
        found += 1
    return found


def add(tree: Tree, parent: str, part: Join | Row | Text) -> tuple[Tree, str]:
    """Put a part at the end of a group (the root where there is no such group).

    Gives its key, too. Raises LimitExceeded for too many parts or groups within groups.
    """
    home = parent if any(n.key == parent and n.is_group for n in tree) else tree[0].key
    if len(tree) >= MAX_NODES:
        raise LimitExceeded(f"there are {len(tree)} parts", f"Keep to {MAX_NODES}.")
    if isinstance(part, Join) and depth(tree, home) + 1 >= MAX_DEPTH:
        raise LimitExceeded("groups are nested too deeply", f"Keep to {MAX_DEPTH} levels.")
    key = f"k{max(int(node.key[1:]) for node in tree) + 1}"
    last = max(at for at, node in enumerate(tree) if node.key in _family(tree, home))
    return (*tree[: last + 1], Node(key, home, part), *tree[last + 1 :]), key


def remove(tree: Tree, key: str) -> Tree:
    """Take a node out with all that stands in it; the root stays and loses its parts."""
    gone = _family(tree, key) - {tree[0].key}
    return tuple(node for node in tree if node.key not in gone)


def move(tree: Tree, key: str, to: str) -> Tree:
    """Put a node, with all that stands in it, at the end of another group."""
    family = _family(tree, key)
    target = next((node for node in tree if node.key == to and node.is_group), None)
    if target is None or to in family or key == tree[0].key:
        return tree
    moved = [replace(n, parent=to) if n.key == key else n for n in tree if n.key in family]
    rest = tuple(node for node in tree if node.key not in family)
    last = max(at for at, node in enumerate(rest) if node.key in _family(rest, to))
    return (*rest[: last + 1], *moved, *rest[last + 1 :])


def _family(tree: Tree, key: str) -> set[str]:
    found = {key}
    for node in tree:
        if node.parent in found:
            found.add(node.key)
    return found


def row(schema: Schema, name: str, values: Sequence[str] = ()) -> Row | None:
    """Make a new row over a field, with its usual operator; None for an unknown field."""
    if name not in schema:
        return None
    return Row(name, usual(schema, name), tuple(values))


def usual(schema: Schema, name: str) -> Op:
    """Give the operator a new row over a field starts with."""
    return operators(schema[name])[0]
