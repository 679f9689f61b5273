"""What the buttons of a builder do to its tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from titian.decide import ConditionError, Schema
from titian.decide.outline import Join, Text, outline
from titian.kernel.errors import LimitExceeded
from titian.web.builder import tree as trees
from titian.web.builder.form import TEXT, TREE, Built
from titian.web.problems import spoken

MAX_WORDS = 3
Act = Callable[[Built, Schema, list[str]], Built]


def act(built: Built, do: str, schema: Schema) -> Built:
    """Do what a button says (`add:k0:deposit_band`); a word that is none of ours does nothing."""
    word, *given = do.split(":", MAX_WORDS)
    made = _ACTS.get(word)
    if made is None:
        return built
    try:
        return made(built, schema, [*given, *[""] * MAX_WORDS][:MAX_WORDS])
    except LimitExceeded as error:
        return replace(built, failed=spoken(error))


def _add(built: Built, schema: Schema, given: list[str]) -> Built:
    parent, name, value = given
    row = trees.row(schema, name, [value] if value else [])
    if row is None:
        return built
    tree, key = trees.add(built.tree, parent, row)
    home = next(node.parent for node in tree if node.key == key)
    return replace(built, tree=tree, opened=f"find-{home}" if row.complete else key)


def _group(built: Built, _schema: Schema, given: list[str]) -> Built:
    join = Join(given[1]) if given[1] in list(Join) else Join.ANY
    tree, key = trees.add(built.tree, given[0], join)
    return replace(built, tree=tree, opened=f"find-{key}")


def _text(built: Built, _schema: Schema, given: list[str]) -> Built:
    tree, key = trees.add(built.tree, given[0], Text(""))
    return replace(built, tree=tree, opened=key)


def _remove(built: Built, _schema: Schema, given: list[str]) -> Built:
    home = next((node.parent for node in built.tree if node.key == given[0]), "")
    opened = f"find-{home}" if home else ""
    return replace(built, tree=trees.remove(built.tree, given[0]), opened=opened)


def _move(built: Built, _schema: Schema, given: list[str]) -> Built:
    return replace(built, tree=trees.move(built.tree, given[0], given[1]), opened=given[0])


def _clear(built: Built, _schema: Schema, _given: list[str]) -> Built:
    return Built(view=built.view, opened=f"find-{trees.ROOT}")


def _to_text(built: Built, schema: Schema, _given: list[str]) -> Built:
    if built.view == TEXT:
        return built
    return replace(built, view=TEXT, typed=built.text(schema))


def _to_tree(built: Built, schema: Schema, _given: list[str]) -> Built:
    if built.view == TREE:
        return built
    if not built.typed.strip():
        return Built()
    try:
        tree = trees.planted(outline(built.typed, schema))
    except ConditionError:
        return built  # it stays a text, which points at what is wrong
    return Built(tree)


def _use(built: Built, _schema: Schema, _given: list[str]) -> Built:
    left = built.unfinished
    return replace(built, insisted=True, opened=left[0]) if left else built


_ACTS: Mapping[str, Act] = {
    "save": _use,
    "propose": _use,
    "add": _add,
    "group": _group,
    "text": _text,
    "remove": _remove,
    "move": _move,
    "clear": _clear,
    "as_text": _to_text,
    "as_tree": _to_tree,
}
