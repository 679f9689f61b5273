"""Organisations one can go down: bank, branch, outlet, each with its figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from titian.data.indicators import OrgPoint

MAX_BELOW = 300


@dataclass(frozen=True, slots=True)
class Twig:
    """One organisation of the tree; `below` is empty where the tree is not opened."""

    id: str
    name: str
    shown: str
    url: str
    current: bool
    has_below: bool
    below: tuple[Twig, ...] = ()
    fetch: str = ""


def path_to(orgs: Sequence[OrgPoint], chosen: OrgPoint) -> list[OrgPoint]:
    """Give the way from the head office down to an organisation, both included."""
    by_id = {one.point.org_id: one for one in orgs}
    found = [chosen]
    while (above := found[0].parent_org_id) in by_id and len(found) <= len(orgs):
        assert above is not None, "only named parents are found"
        found.insert(0, by_id[above])
    return found


def below(orgs: Sequence[OrgPoint], org: OrgPoint) -> list[OrgPoint]:
    """Give the organisations right below one."""
    return [one for one in orgs if one.parent_org_id == org.point.org_id]


def tree(
    orgs: Sequence[OrgPoint],
    chosen: OrgPoint,
    shown: Callable[[float | None], str],
    url: Callable[[OrgPoint], str],
) -> Twig:
    """Lay out the tree, opened along the way to the chosen organisation."""
    way = path_to(orgs, chosen)
    open_ids = {one.point.org_id for one in way}
    parents = {one.parent_org_id for one in orgs}

    def twig(one: OrgPoint) -> Twig:
        inner = below(orgs, one)[:MAX_BELOW] if one.point.org_id in open_ids else []
        return Twig(
            one.point.org_id,
            one.name,
            shown(one.point.value),
            url(one),
            one is chosen,
            one.point.org_id in parents,
            tuple(twig(part) for part in inner),
        )

    return twig(way[0])
