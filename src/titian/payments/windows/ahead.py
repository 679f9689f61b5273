"""Fetching what coming events will need while this one is counted: most of the time is memory's.

Some events ahead the key's row of the table, then its slot and the rows of its distinct values,
then the cells of its ring: each step needs what the one before has fetched. Nothing is changed, so
a wrong guess costs only time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.extending import intrinsic

from titian.payments.windows.distinct import place_of
from titian.payments.windows.index import find_row, home
from titian.payments.windows.layout import (
    K_END,
    NONE,
    S_DISTINCT,
    S_KEY,
    S_SPANS,
    SLOT_HEAD,
    W_TAIL,
)
from titian.payments.windows.rings import cell
from titian.payments.windows.spans import group_width

if TYPE_CHECKING:
    from titian.payments.windows.layout import Input, Ints, Shape, Store

_KEY: Final = 6
_SLOT: Final = 4
_RING: Final = 2
"""How many events ahead each step is; measured, flat around here."""

_LINE: Final = 8
"""Numbers in a cache line."""


@intrinsic
def _fetch(_typing: Any, array: Any, row: Any, column: Any) -> Any:
    """Ask the processor to have array[row, column] at hand soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        where = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
            context, builder, signature.args[0], made, list(arguments[1:])
        )
        where = builder.bitcast(where, ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [where.type, flag, flag, flag])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [where.type], kind)
        for_writing, keep_closest, data = flag(1), flag(3), flag(1)
        builder.call(fetch, [where, for_writing, keep_closest, data])
        return context.get_dummy_value()

    return types.none(array, row, column), generate


fetch = cast("Callable[[Ints, int, int], None]", _fetch)


@njit(cache=True, nogil=True, inline="always")
def _slot_of(shape: Shape, store: Store, batch: Input, event: int, number: int) -> int:
    key = batch.keys[event, shape.series[number, S_KEY]]
    found: int = store.keys[find_row(store.keys, key, number), 2]
    return found


@njit(cache=True, nogil=True, forceinline=True)
def look_ahead(shape: Shape, store: Store, batch: Input, event: int, number: int) -> None:
    """Fetch for the events after this one in the same series."""
    events = batch.at_us.shape[0]
    if event + _KEY < events:
        key = batch.keys[event + _KEY, shape.series[number, S_KEY]]
        fetch(store.keys, home(key, number, store.keys.shape[0]), 0)
    if event + _SLOT < events:
        slot_no = _slot_of(shape, store, batch, event + _SLOT, number)
        if slot_no != NONE:
            _fetch_slot(shape, store, batch, event + _SLOT, number, slot_no)
    if event + _RING < events:
        slot_no = _slot_of(shape, store, batch, event + _RING, number)
        if slot_no != NONE:
            _fetch_ring(shape, store, batch, event + _RING, number, slot_no)


@njit(cache=True, nogil=True, forceinline=True)
def _fetch_slot(
    shape: Shape, store: Store, batch: Input, event: int, number: int, slot_no: int
) -> None:
    for place in range(0, store.slots.shape[1], _LINE):
        fetch(store.slots, slot_no, place)
    for column in range(shape.series[number, S_DISTINCT]):
        value = batch.values[event, shape.distinct[number, column]]
        place = place_of(store, slot_no, column)
        fetch(store.pairs, home(place, value, store.pairs.shape[0]), 0)


@njit(cache=True, nogil=True, forceinline=True)
def _fetch_ring(
    shape: Shape, store: Store, batch: Input, event: int, number: int, slot_no: int
) -> None:
    slot, group = store.slots[slot_no], group_width(shape)
    fetch(store.entries, cell(slot, slot[K_END]), 0)
    for span in range(shape.series[number, S_SPANS]):
        fetch(store.entries, cell(slot, slot[SLOT_HEAD + span * group + W_TAIL]), 0)
    for column in range(shape.series[number, S_DISTINCT]):
        value = batch.values[event, shape.distinct[number, column]]
        row = find_row(store.pairs, place_of(store, slot_no, column), value)
        fetch(store.entries, cell(slot, store.pairs[row, 2]), 0)
