"""Text ids made from numbers, without a loop."""

from __future__ import annotations

import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def codes(prefix: str, numbers: npt.ArrayLike, width: int) -> pa.Array:
    """`prefix` followed by each number, zero-padded to `width` digits."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, padding="0")
    return pc.binary_join_element_wise(prefix, digits, "")
