from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from titian.data.tags.bitmaps import BLOCK, Builder, of_ids

ids_lists = st.lists(
    st.integers(0, 4 * BLOCK) | st.integers(0, 300) | st.integers(BLOCK - 3, BLOCK + 3),
    unique=True,
    max_size=400,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(ids=ids_lists, seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 100))
def test_built_bitmaps_hold_what_the_rows_say(ids: list[int], seed: int, cut: int) -> None:
    ordered = np.array(sorted(ids), np.uint32)
    numbers = np.random.default_rng(seed).integers(0, 4, len(ids)).astype(np.uint8)
    builder = Builder([3, 1])
    for start in range(0, len(ids), cut):
        part = slice(start, start + cut)
        builder.add(ordered[part], [numbers[part], numbers[part] // 3])
    first, second = builder.finish()
    for value in (1, 2, 3):
        assert first[value - 1] == BitMap(ordered[numbers == value].tolist())
    assert second[0] == BitMap(ordered[numbers == 3].tolist())


def test_dense_and_sparse_blocks_are_both_right() -> None:
    ids = np.arange(3 * BLOCK, dtype=np.uint32)
    numbers = np.zeros(len(ids), np.uint8)
    numbers[:BLOCK] = 1
    numbers[BLOCK : BLOCK + 4_096] = 1
    numbers[2 * BLOCK : 2 * BLOCK + 4_097] = 1
    builder = Builder([1])
    builder.add(ids, [numbers])
    made = builder.finish()[0][0]
    assert made == BitMap(np.flatnonzero(numbers).tolist())
    assert BitMap.deserialize(made.serialize()) == made


def test_no_rows_give_empty_bitmaps() -> None:
    assert Builder([2]).finish() == [[BitMap(), BitMap()]]
    assert of_ids([]) == BitMap()


def test_ids_in_any_order_and_twice() -> None:
    assert of_ids([70_000, 3, 3, 5]) == BitMap([3, 5, 70_000])
