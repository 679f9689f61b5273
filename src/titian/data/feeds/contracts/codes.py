"""The code list of a column: what the file writes, what it means, and what people call it.

A code is mapped to its meaning, `{"1": normal}`, or to its meaning with names,
`{"1": {value: normal, zh: 正常类, en: Normal}}`; a text code without `value` means itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from titian.data.feeds.contracts.pieces import Piece
from titian.data.feeds.model import CodeMeaning, Decoder
from titian.kernel.labels import Label
from titian.lake.schema import Code

MAX_CODES = 5_000
_TYPES: Mapping[str, type] = {"string": str, "boolean": bool, "integer": int}
_KINDS = {str: "text", bool: "true or false", int: "a whole number"}
_KEYS = frozenset({"value", "zh", "en"})
_DECODED: Mapping[Decoder, tuple[Code, ...]] = {
    Decoder.BERKA_BIRTH_NUMBER: (
        Code("male", Label("男", "Male")),
        Code("female", Label("女", "Female")),
    ),
}


@dataclass(frozen=True, slots=True)
class CodeList:
    """What each code of a file means, and the names of those meanings."""

    meanings: Mapping[str, CodeMeaning]
    named: tuple[Code, ...]


def names(codes: CodeList | None, decoder: Decoder | None, kind: str) -> tuple[Code, ...]:
    """Give the names of what a column holds: of its code list, or of its decoder's few texts."""
    if codes is not None:
        return codes.named
    return _DECODED.get(decoder, ()) if decoder is not None and kind == "string" else ()


def read_codes(extra: Mapping[str, Piece], kind: str) -> CodeList | None:
    """Read the property `codes` of a column of a type. Raises InvalidDefinition."""
    if "codes" not in extra:
        return None
    piece = extra["codes"]
    wanted = _TYPES.get(kind)
    if wanted is None:
        raise piece.error(f"codes cannot mean a {kind}", "Use string, boolean or integer.")
    meanings: dict[str, CodeMeaning] = {}
    labels: dict[str, Label] = {}
    for code, given in _listed(piece, wanted).items():
        text = _code(piece, code)
        spot = Piece(piece.document, given, (*piece.place, text))
        meanings[text], label = _meaning(spot, text, wanted)
        if label is not None and labels.setdefault(str(meanings[text]), label) != label:
            raise spot.error(
                f"{meanings[text]!r} has two names", "Give codes of one meaning the same name."
            )
    return CodeList(meanings, tuple(Code(value, label) for value, label in labels.items()))


def _listed(piece: Piece, wanted: type) -> dict[object, object]:
    if isinstance(piece.value, list):
        if wanted is not str:
            raise piece.error("these codes need meanings", "Write {code: meaning}.")
        given: dict[object, object] = {code: code for code in piece.texts("codes")}
    elif isinstance(piece.value, dict):
        given = dict(piece.value)
    else:
        raise piece.error("codes must map codes to meanings", 'Write {"1": credit, "2": pledge}.')
    if not 1 <= len(given) <= MAX_CODES:
        raise piece.error(f"there are {len(given)} codes", f"List 1 to {MAX_CODES}.")
    return given


def _code(piece: Piece, code: object) -> str:
    if not isinstance(code, str):
        raise piece.document.error(
            (*piece.place, str(code)),
            f"code {code!r} is not text",
            f'Put codes in quotes as the file writes them, for example "{code}".',
        )
    return code


def _meaning(piece: Piece, code: str, wanted: type) -> tuple[CodeMeaning, Label | None]:
    if not isinstance(piece.value, dict):
        return _fitting(piece, code, piece.value, wanted), None
    parts = piece.keys(_KEYS, f"code {code}")
    if "value" not in parts and wanted is not str:
        raise piece.error(f"code {code!r} has no value", "Add `value:`, what it means.")
    value = parts["value"].value if "value" in parts else code
    names = {key: part.value for key, part in parts.items() if key != "value"}
    label = piece.document.label(names, piece.place, f"the name of code {code}")
    return _fitting(piece, code, value, wanted), label


def _fitting(piece: Piece, code: str, meaning: object, wanted: type) -> CodeMeaning:
    if not isinstance(meaning, str | bool | int) or type(meaning) is not wanted:
        raise piece.error(
            f"code {code!r} means {meaning!r}, which is not {_KINDS[wanted]}",
            "Make the meanings fit the column's logicalType; put texts in quotes.",
        )
    return meaning
