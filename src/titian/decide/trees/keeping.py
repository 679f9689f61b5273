"""A forest as bytes (npz without pickle), with a hash of what it decides."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from titian.decide.trees.model import NODE_DTYPES, Forest, Link
from titian.kernel.errors import InvalidInput

MAX_BYTES: Final = 512 * 1024 * 1024
_FORMAT: Final = 1
_DTYPES: Final = {**NODE_DTYPES, "roots": np.dtype("<i4"), "head": np.dtype("u1")}
_MAX_HEADER: Final = 4096
_UNREADABLE: Final = (
    ValueError, LookupError, TypeError, ArithmeticError, EOFError, OSError, RuntimeError,
    struct.error, zipfile.BadZipFile,
)  # fmt: skip


def content_hash(forest: Forest) -> str:
    """Give the SHA-256 of everything a forest holds, as 64 hexadecimal digits."""
    digest = hashlib.sha256(_head(forest))
    for name in ("roots", *NODE_DTYPES):
        array = getattr(forest, name)
        digest.update(f"{name}:{len(array)}:".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def to_bytes(forest: Forest) -> bytes:
    """Write a forest; the same forest gives the same bytes."""
    head = json.loads(_head(forest)) | {"hash": content_hash(forest)}
    arrays = {name: getattr(forest, name) for name in ("roots", *NODE_DTYPES)}
    arrays["head"] = np.frombuffer(json.dumps(head, sort_keys=True).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def from_bytes(data: bytes) -> Forest:
    """Read what `to_bytes` wrote.

    Raises InvalidInput where the bytes are too many, damaged, changed or of another format.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            f"The forest takes {len(data)} bytes, more than {MAX_BYTES}",
            "Teach a model with fewer trees or fewer leaves.",
        )
    try:
        arrays = _read(data)
        head = json.loads(arrays.pop("head").tobytes())
        forest = Forest(
            width=int(head["width"]), average=bool(head["average"]), link=Link(head["link"]),
            steepness=float(head["steepness"]), **arrays,
        )  # fmt: skip
        whole = head["format"] == _FORMAT and head["hash"] == content_hash(forest)
    except _UNREADABLE as error:
        raise _damaged() from error
    if not whole:
        raise _damaged()
    return forest


def _damaged() -> InvalidInput:
    return InvalidInput(
        "The forest's bytes are damaged, changed or of another format",
        "Take them from the registry again, or flatten the model again.",
    )


def _head(forest: Forest) -> bytes:
    head = {
        "format": _FORMAT, "width": forest.width, "average": forest.average,
        "link": int(forest.link), "steepness": forest.steepness,
    }  # fmt: skip
    return json.dumps(head, sort_keys=True).encode()


def _read(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if members.keys() != _DTYPES.keys() or len(archive.infolist()) != len(_DTYPES):
            raise ValueError("other members")
        return {name: _array(archive, member, name) for name, member in members.items()}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> NDArray[np.generic]:
    """Read one array by hand: neither its header nor compression may ask for more memory."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed")
    file = io.BytesIO(archive.read(member))
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=_MAX_HEADER)
    if len(shape) != 1 or dtype != _DTYPES[name]:
        raise ValueError("another type")
    array = np.frombuffer(file.read(), dtype=dtype)
    if array.shape != shape:
        raise ValueError("another length")
    return array
