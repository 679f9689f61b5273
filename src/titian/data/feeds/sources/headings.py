"""Which field of a file is which: from its heading line, or from the contract's order."""

from __future__ import annotations

from collections.abc import Sequence

from titian.data.feeds.model import Contract, SourceSpec
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources import quotes
from titian.data.feeds.sources.batch import DriftKind, Findings, Part, printable
from titian.data.feeds.sources.lines import Layout, LayoutReader

MAX_NAMED = 40
MAX_COLUMNS = 5_000


def layout_reader(contract: Contract, findings: Findings) -> LayoutReader:
    """Give the function that finds a delimited file's layout, noting how it differs."""
    spec = contract.source

    def read(number: int, part: Part, heading: bytes, first: bytes) -> Layout | None:
        layout: tuple[str, ...] | None = contract.headings
        if spec.header and heading.strip():
            named = _split(spec, heading, "strict")
            if named is None:
                findings.refuse(number, Code.BAD_HEADING, file=part.name, encoding=spec.encoding)
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
    if len(names) > MAX_COLUMNS:
        findings.refuse(
            number, Code.TOO_MANY_COLUMNS, file=part.name, columns=len(names), limit=MAX_COLUMNS
        )
        return None
    wanted = contract.headings
    found = _known_names(wanted, number, names, findings)
    missing = [name for name in wanted if name not in found]
    if missing:
        for name in missing:
            findings.differs(number, DriftKind.MISSING, name)
        findings.refuse(
            number,
            Code.MISSING_COLUMNS,
            file=part.name,
            columns=", ".join(missing[:MAX_NAMED]),
            found=", ".join(printable(name[:MAX_NAMED]) for name in names[:MAX_NAMED]) or "–",
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


def _known_names(
    wanted: Sequence[str], number: int, names: Sequence[str], findings: Findings
) -> list[str]:
    """Write headings as the contract does, where only their case differs."""
    folded = {name.casefold(): name for name in wanted}
    given = set(names)
    found = []
    for name in names:
        meant = folded.get(name.casefold(), name)
        if name not in wanted and meant not in given:
            findings.differs(number, DriftKind.RENAMED, meant, name)
            found.append(meant)
        else:
            found.append(name)
    return found


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Keep every field's place, also where columns nobody asked for share a name."""
    made: dict[str, None] = {}
    for at, name in enumerate(names):
        made[name if name not in made else f"{name}\0{at}"] = None
    return tuple(made)
