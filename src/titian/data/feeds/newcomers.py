"""Banks that deliver for the first time: the delivery makes a member, a mistyped name none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from titian.data import definitions
from titian.data.feeds import arrivals, discover, service
from titian.data.feeds.discover import Listing
from titian.data.feeds.load import Fate, Order
from titian.data.feeds.model import Contract, Format
from titian.kernel import banks
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.kernel.terminal import note

_IN_THE_TABLES = (Fate.LOADED, Fate.UNCHANGED, Fate.CONFIRMED)


def is_new(scope: Scope) -> bool:
    """Say whether the scope's bank is not registered yet."""
    return all(known.bank != scope.bank for known in banks.all_banks())


def require_delivery(
    scope: Scope,
    contracts: Sequence[Contract],
    folder: Path | None,
    order: Order,
    feeds: Sequence[str] = (),
) -> None:
    """Raise NotFound unless at least one contract finds something of a new bank to read.

    Databases and downloads count as found: they are asked when they are loaded.
    """
    wanted = service.chosen(contracts, feeds)
    files = service.files_of(wanted, folder, scope.bank_id)
    if any(_finds(contract, files, order) for contract in wanted):
        return
    raise NotFound(
        f"bank {scope.bank_id} is not registered, and {folder} holds no file of its feeds",
        f"Check both: feed {wanted[0].feed} is called {wanted[0].source.pattern}. "
        "To register a bank before its first delivery: titian banks add",
    )


def _finds(contract: Contract, files: Listing, order: Order) -> bool:
    if contract.source.format is Format.SQL or contract.source.location is not None:
        return True
    found = discover.find(contract.source.pattern, files)
    return bool(discover.within(found, order.first, order.last))


def introduce(scope: Scope, given: Sequence[Path]) -> None:
    """Register a bank that brings its own contracts; it inherits none of the union's.

    A bank that was registered but never delivered is new in this sense, too, if its contracts
    would hide the union's.
    """
    new = _register(scope)
    hidden = {path.name for path in given} & {path.name for path in _inherited(scope)}
    if new or (hidden and arrivals.newest_date(scope) is None):
        definitions.set_presets(scope, definitions.Presets.NONE)
        note(f"bank {scope.bank_id} uses its own definitions only, beginning with these")


def welcome(scope: Scope, found: service.Report) -> None:
    """Register a new bank if anything of its delivery is in its tables; say so if nothing is."""
    if any(found.of(fate) for fate in _IN_THE_TABLES):
        _register(scope)
    else:
        note(
            f"bank {scope.bank_id} is not registered, as nothing was loaded; "
            "to register it all the same: titian banks add"
        )


def _register(scope: Scope) -> bool:
    new = banks.ensure(Scope.system(None), scope.bank_id)
    if new:
        note(f"bank {scope.bank_id} was not known and is registered now")
    return new


def _inherited(scope: Scope) -> list[Path]:
    own = definitions.folder(scope, definitions.Kind.FEEDS)
    found = definitions.paths(scope, definitions.Kind.FEEDS)
    return [path for path in found if path.parent != own]
