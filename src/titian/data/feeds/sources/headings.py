"""Which field of a file is which: from its heading line, or from the contract's order."""

from __future__ import annotations

from collections.abc import Sequence

from titian.data.feeds.model import Contract, SourceSpec
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources import quotes
from titian.data.feeds.sources.batch import DriftKind, Findings, Part
from titian.data.feeds.sources.lines import Layout, LayoutReader

MAX_NAMED = 40


def layout_reader(contract: Contract, findings: Findings) -> LayoutReader:
    """Give the function that finds a delimited file's layout, noting how it differs."""
    spec = contract.source

    def read(number: int, part: Part, heading: bytes, first: bytes) -> Layout | None:
        layout: tuple[str, ...] | None = contract.headings
        if spec.header and heading.strip():
            named = _split(spec, heading, "strict")
            if named is None:
                why = f"its heading line is not {spec.encoding} text in proper quotes"
                findings.refuse(number, Code.UNREADABLE, file=part.name, why=why)
                return None
            layout = match_headings(contract, number, part, named, findings)
        if layout is None:
            return None
        row = _split(spec, first, "replace") or []
        trailing = len(row) == len(layout) + 1 and row[-1] == ""
        if trailing:
            findings.differs(number, DriftKind.TRAILING_DELIMITER, "")
        return Layout(layout, trailing)

    return read


def _split(spec: SourceSpec, line: bytes, errors: str) -> list[str] | None:
    try:
        return quotes.split(line.decode(spec.encoding, errors), spec.delimiter, spec.quote)
    except ValueError:
        return None


def match_headings(
    contract: Contract, number: int, part: Part, given: Sequence[str], findings: Findings
) -> tuple[str, ...] | None:
    """Match a file's headings with a contract's, by name.

    Gives the file's fields in its own order under the contract's names, or None (noting why)
    when one is missing. Others, other orders and other cases are noted.
    """
    names = [name.strip() for name in given]
    while names and not names[-1]:
        names.pop()
    wanted = contract.headings
    folded = {name.casefold(): name for name in wanted}
    found = []
    for name in names:
        if (
            name not in wanted
            and name.casefold() in folded
            and folded[name.casefold()] not in names
        ):
            findings.differs(number, DriftKind.RENAMED, folded[name.casefold()], name)
            found.append(folded[name.casefold()])
        else:
            found.append(name)
    missing = [name for name in wanted if name not in found]
    if missing:
        for name in missing:
            findings.differs(number, DriftKind.MISSING, name)
        findings.refuse(
            number,
            Code.MISSING_COLUMNS,
            file=part.name,
            columns=", ".join(missing[:MAX_NAMED]),
            found=", ".join(name[:MAX_NAMED] for name in names[:MAX_NAMED]) or "none",
        )
        return None
    twice = sorted({name for name in wanted if found.count(name) > 1})
    if twice:
        findings.refuse(number, Code.DUPLICATE_COLUMNS, file=part.name, columns=", ".join(twice))
        return None
    for name in found:
        if name not in wanted:
            findings.differs(number, DriftKind.EXTRA, name[:MAX_NAMED])
    if [name for name in found if name in wanted] != list(wanted):
        findings.differs(number, DriftKind.REORDERED, "", ", ".join(found)[:500])
    return _distinct(found)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Keep every field's place, also where columns nobody asked for share a name."""
    made: list[str] = []
    for name in names:
        made.append(name if name not in made else f"{name}\0{len(made)}")
    return tuple(made)
