"""Which columns of a result hold masked values, or come from them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlglot import exp


def derived_from(
    tree: exp.Query, masked: Collection[str], columns: Sequence[str]
) -> tuple[bool, ...]:
    """Say which result columns hold or come from masked ones.

    Names are followed through aliases of inner queries and through whole rows, erring on the
    side of "masked".
    """
    if not masked:
        return (False,) * len(columns)
    names = {name.lower() for name in masked}
    names |= {table.alias_or_name.lower() for table in tree.find_all(exp.Table)}
    sources = list(_renamings(tree))
    grew = True
    while grew:
        found = {name for name, used in sources if used & names}
        grew = not found <= names
        names |= found
    if tree.find(exp.Columns):
        return (True,) * len(columns)
    shown = [[bool(_named(select) & names) for select in leaf.selects] for leaf in _leaves(tree)]
    if any(select.is_star for leaf in _leaves(tree) for select in leaf.selects):
        return tuple(name.lower() in names for name in columns)
    if all(len(places) == len(columns) for places in shown):
        return tuple(any(places) for places in zip(*shown, strict=True))
    return (any(any(places) for places in shown),) * len(columns)


def _leaves(tree: exp.Expr) -> list[exp.Query]:
    if isinstance(tree, exp.SetOperation):
        return [*_leaves(tree.left), *_leaves(tree.right)]
    inner = tree.unnest() if isinstance(tree, exp.Subquery) else tree
    if isinstance(inner, exp.SetOperation):
        return _leaves(inner)
    return [inner] if isinstance(inner, exp.Query) else []


def _renamings(tree: exp.Query) -> Iterator[tuple[str, set[str]]]:
    """Give each name that stands for other columns, and the columns it stands for."""
    for alias in tree.find_all(exp.Alias):
        yield alias.alias.lower(), _named(alias)
    for union in tree.find_all(exp.SetOperation):
        first, *others = _leaves(union)
        for other in others:
            for left, right in zip(first.selects, other.selects, strict=False):
                yield left.alias_or_name.lower(), _named(right)
    for holder in tree.find_all(exp.CTE, exp.Subquery):
        for name, select in zip(holder.alias_column_names, holder.this.selects, strict=False):
            yield name.lower(), _named(select)


def _named(node: exp.Expr) -> set[str]:
    return {column.name.lower() for column in node.find_all(exp.Column)}
