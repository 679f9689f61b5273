"""Arrays without reference counts, whose atomic updates would take most of the kernel's time.

A bare array must not outlive the call that made it bare: its owner keeps the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba import types
from numba.core.extending import intrinsic

A = TypeVar("A")


@intrinsic
def _bare(_typing: Any, array: Any) -> Any:
    """Give the same array, owning nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        made = context.make_array(signature.return_type)(context, builder, arguments[0])
        made.meminfo = ir.Constant(made.meminfo.type, None)
        return made._getvalue()  # noqa: SLF001 - numba's own way to give a structure back

    if isinstance(array, types.Array):
        return array(array), generate
    return None


bare = cast("Callable[[A], A]", _bare)
