"""Fixed-width records: fields cut by position, in bytes (as core systems count) or characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.model import Contract, Slot, SourceSpec
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.sources.batch import BrokenRow, Findings, Part, RawBatch
from titian.data.feeds.sources.lines import Block, Layout, blocks, grouped
from titian.data.feeds.sources.text import decoded
from titian.data.feeds.values.parsed import Mask, to_mask, trimmed

LF = 10


def read_fixed(contract: Contract, parts: Sequence[Part], findings: Findings) -> Iterator[RawBatch]:
    """Cut the rows of fixed-width files into fields; blanks around a field are not part of it."""
    layout = Layout(contract.headings)
    stream = blocks(parts, contract.source, findings, lambda *_: layout)
    for group in grouped(stream):
        yield _batch(contract.source, group)


def _batch(spec: SourceSpec, group: Sequence[Block]) -> RawBatch:
    data = b"".join(block.data for block in group)
    parts = np.repeat([block.part for block in group], [block.lines for block in group])
    lines = np.concatenate(
        [np.arange(b.first_line, b.first_line + b.lines, dtype=np.int64) for b in group]
    )
    records = _records(data)
    blank = to_mask(pc.equal(pc.binary_length(pc.ascii_trim_whitespace(_shown(records))), 0))
    measured = records if spec.slots_in_bytes else decoded(records, spec.encoding)[0]
    width = spec.slots[-1].stop
    lengths = pc.binary_length(measured) if spec.slots_in_bytes else pc.utf8_length(measured)
    lengths = np.asarray(lengths.fill_null(width).to_numpy(zero_copy_only=False), np.int64)
    fits = (lengths == width) & ~blank
    columns, undecodable = _cut(measured.filter(pa.array(fits)), spec)
    index = np.flatnonzero(fits)
    broken = [
        _broken(
            spec, at, code, parts, lines, records, {"actual": int(lengths[at]), "expected": width}
        )
        for at, code in _complaints(fits, blank, index[undecodable])
    ]
    if undecodable.any():
        keep = pa.array(~undecodable)
        columns = [column.filter(keep) for column in columns]
        index = index[~undecodable]
    return RawBatch(
        columns={slot.source: column for slot, column in zip(spec.slots, columns, strict=True)},
        parts=parts[index],
        lines=lines[index],
        raw=lambda row: records[int(index[row])].as_py(),
        broken=broken,
    )


def _records(data: bytes) -> pa.Array:
    """Give the lines as binary values, without their line ends."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == LF) + 1
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    whole = pa.Array.from_buffers(
        pa.binary(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    )
    shorter = 2 if b"\r\n" in data else 1
    return _without_end(whole, shorter)


def _without_end(lines: pa.Array, longest: int) -> pa.Array:
    cut = pc.binary_slice(lines, 0, -1)
    if longest == 1:
        return cut
    ended = pc.equal(pc.binary_slice(cut, -1), b"\r")
    return pc.if_else(ended, pc.binary_slice(cut, 0, -1), cut)


def _shown(records: pa.Array) -> pa.Array:
    """View bytes as text for ASCII-only functions, which do not look at what they mean."""
    return records.view(pa.string())


def _cut(measured: pa.Array, spec: SourceSpec) -> tuple[list[pa.Array], Mask]:
    bad = to_mask(pc.is_null(measured))
    columns = []
    for slot in spec.slots:
        piece = _piece(measured, slot, in_bytes=spec.slots_in_bytes)
        text, wrong = decoded(piece, spec.encoding) if spec.slots_in_bytes else (piece, None)
        if wrong is not None:
            bad |= wrong
        columns.append(trimmed(text))
    return columns, bad


def _piece(measured: pa.Array, slot: Slot, *, in_bytes: bool) -> pa.Array:
    if in_bytes:
        return pc.binary_slice(measured, slot.start, slot.stop)
    return pc.utf8_slice_codeunits(measured, slot.start, slot.stop)


def _complaints(
    fits: Mask, blank: Mask, undecodable: npt.NDArray[np.int64]
) -> Iterator[tuple[int, Code]]:
    for at in np.flatnonzero(~fits & ~blank).tolist():
        yield at, Code.RECORD_LENGTH
    for at in undecodable.tolist():
        yield at, Code.ENCODING


def _broken(
    spec: SourceSpec,
    at: int,
    code: Code,
    parts: npt.NDArray[np.int64],
    lines: npt.NDArray[np.int64],
    records: pa.Array,
    sizes: Params,
) -> BrokenRow:
    params = sizes if code is Code.RECORD_LENGTH else {"encoding": spec.encoding}
    return BrokenRow(int(parts[at]), int(lines[at]), code, params, records[at].as_py())
