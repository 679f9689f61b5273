"""From files to a bank's catalogue: families spelled out, formulas linked, all checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.indicators import periods, tables, wording
from titian.data.indicators.expressions import formula_text, parse_formula, renamed
from titian.data.indicators.linking import EVERY, Linker
from titian.data.indicators.model import (
    Atomic,
    Catalogue,
    Derived,
    Formula,
    Indicator,
    Modifier,
    Subject,
    Timing,
    Unit,
)
from titian.data.indicators.periods import Period
from titian.data.indicators.reading import Entry, Section, claim, read_files, unknown
from titian.data.strict import nearest
from titian.decide import Label
from titian.kernel.errors import InvalidDefinition, InvalidInput, NotFound
from titian.kernel.ids import valid_name
from titian.kernel.scope import Scope
from titian.lake.schema import Table

MAX_INDICATORS = 5_000
MAX_VERSION = 1_000_000


def load(scope: Scope) -> Catalogue:
    """Read the indicators in force at a bank. Raises InvalidDefinition with file and line."""
    return _load(scope, definitions.paths(scope, Kind.INDICATORS))


def known(found: Catalogue, code: str) -> Indicator:
    """Give an indicator of a catalogue. Raises NotFound naming the nearest code."""
    if code not in found.indicators:
        raise NotFound(f"there is no indicator {code!r}", nearest(code, found.indicators))
    return found.indicators[code]


def validate(scope: Scope, files: Sequence[Path]) -> None:
    """Raise InvalidDefinition unless these files work together with a bank's other indicators."""
    new = {path.name: path for path in files}
    old = [p for p in definitions.paths(scope, Kind.INDICATORS) if p.name not in new]
    own = frozenset(files) | _own(scope, old)
    build([*old, *files], tables.known(scope), own)


def _load(scope: Scope, files: list[Path]) -> Catalogue:
    stamps = tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in files)
    known = tables.known(scope) if files else {}
    return _cached(stamps, tuple(known.values()), _own(scope, files))


def _own(scope: Scope, files: Sequence[Path]) -> frozenset[Path]:
    if scope.bank is None:
        return frozenset()
    place = definitions.folder(scope, Kind.INDICATORS)
    return frozenset(path for path in files if path.is_relative_to(place))


@lru_cache(maxsize=256)
def _cached(
    stamps: tuple[tuple[str, int, int], ...], known: tuple[Table, ...], own: frozenset[Path]
) -> Catalogue:
    return build(
        [Path(path) for path, _, _ in stamps], {table.qualified: table for table in known}, own
    )


def build(
    files: Sequence[Path], known: Mapping[str, Table], own: frozenset[Path] = frozenset()
) -> Catalogue:
    """Read files against tables. Raises InvalidDefinition with file, line and remedy."""
    book = read_files(files, own)
    linker = Linker(book, known)
    linker.check_all()
    builder = _Builder(linker)
    for family in sorted(book.families, key=lambda entry: entry.own):
        builder.add_family(family)
    for entry in book.named[Section.FORMULAS].values():
        builder.add_formula(entry)
    return builder.catalogue()


@dataclass(slots=True)
class _Builder:
    linker: Linker
    found: dict[str, Indicator] = field(default_factory=dict)
    claims: dict[str, Entry] = field(default_factory=dict)
    pending: list[tuple[Entry, Period | None]] = field(default_factory=list)

    def add_family(self, entry: Entry) -> None:
        atomics = self.linker.book.named[Section.ATOMICS]
        name = entry.text("atomic")
        if name not in atomics:
            raise unknown(entry, "atomic", name, list(atomics), "atomic")
        atomic, base = self.linker.atomic(name), atomics[name]
        used: set[str] = set()
        for period in self._periods(entry, atomic):
            for modifiers in self._variants(entry):
                indicator = self._derived(entry, base, atomic, modifiers, period)
                used.add(indicator.code)
                self._put(entry, indicator)
        given = entry.document.mapping(entry.get("names") or {}, (*entry.place, "names"), "names")
        for code in given:
            if code not in used:
                raise entry.error(
                    f"no code {code!r} comes from this family", nearest(code, used), "names", code
                )

    def add_formula(self, entry: Entry) -> None:
        for name in entry.texts("periods") or ("",):
            if name and name not in {**periods.FLOW, **periods.STOCK}:
                raise unknown(entry, "period", name, list(periods.FLOW), "periods")
            period = periods.FLOW.get(name) or periods.STOCK.get(name)
            code = f"{entry.name}_{name}" if name else entry.name
            claim(self.claims, code, entry, "indicator")
            self.pending.append((entry, period))

    def catalogue(self) -> Catalogue:
        codes = set(self.claims)
        for entry, period in self.pending:
            indicator = self._formula(entry, period, codes)
            if self.claims[indicator.code] is entry:
                self.found[indicator.code] = indicator
        self._unique_names()
        if len(self.found) > MAX_INDICATORS:
            raise InvalidDefinition(
                f"there are {len(self.found)} indicators", f"Keep to {MAX_INDICATORS}."
            )
        order = self._order()
        version = _digest(self.found[code] for code in order)
        sources = {
            name: self.linker.source(name) for name in self.linker.book.named[Section.SOURCES]
        }
        return Catalogue(self.found, order, version, sources)

    def _put(self, entry: Entry, indicator: Indicator) -> None:
        claim(self.claims, indicator.code, entry, "indicator")
        self.found[indicator.code] = indicator

    def _periods(self, entry: Entry, atomic: Atomic) -> Iterator[Period]:
        known = periods.STOCK if atomic.source.timing is Timing.STOCK else periods.FLOW
        for name in entry.texts("periods") or ("day",):
            if name not in known:
                raise unknown(entry, f"{atomic.source.timing} period", name, list(known), "periods")
            period = known[name]
            if period.average and not atomic.aggregation.additive:
                raise entry.error(
                    f"{atomic.aggregation} cannot be averaged over days", "Use day.", "periods"
                )
            yield period

    def _variants(self, entry: Entry) -> Iterator[tuple[Modifier, ...]]:
        value = entry.get("modifiers")
        if value is None:
            yield ()
            return
        if not isinstance(value, list):
            raise entry.error(
                "modifiers must be a list", "Write [[], mobile, [agri, person]].", "modifiers"
            )
        for at, item in enumerate(value):
            names = [item] if isinstance(item, str) else item
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise entry.error(
                    "a variant is a modifier or a list of them", "Write mobile or [agri, person].",
                    "modifiers", at,
                )  # fmt: skip
            yield from self._expanded(entry, names, at)

    def _expanded(
        self, entry: Entry, names: Sequence[str], at: int
    ) -> Iterator[tuple[Modifier, ...]]:
        variants: list[tuple[Modifier, ...]] = [()]
        for name in names:
            variants = [(*v, m) for v in variants for m in self._modifiers(entry, name, at)]
        yield from variants

    def _modifiers(self, entry: Entry, name: str, at: int) -> tuple[Modifier, ...]:
        family, dot, rest = name.partition(".")
        if dot and rest == EVERY and family in self.linker.families:
            return tuple(self.linker.modifiers[m] for m in self.linker.families[family])
        found = self.linker.modifiers.get(f"{family}_{rest}" if dot else name)
        if found is None:
            known = [*self.linker.modifiers, *(f"{f}.*" for f in self.linker.families)]
            raise unknown(entry, "modifier", name, known, "modifiers", at)
        return (found,)

    def _derived(
        self,
        entry: Entry,
        base: Entry,
        atomic: Atomic,
        modifiers: tuple[Modifier, ...],
        period: Period,
    ) -> Indicator:
        stock = atomic.source.timing is Timing.STOCK
        code = "_".join([atomic.name, *(modifier.name for modifier in modifiers)])
        code += periods.suffix(period, stock=stock)
        conditions = self.linker.narrowed(entry, atomic, list(modifiers))
        how = Derived(atomic, modifiers, period, conditions)
        names = entry.get("names")
        given = names.get(code) if isinstance(names, dict) else None
        place = (*entry.place, "names", code)
        label = entry.document.label(given, place, code) if given else wording.name(how)
        described = entry.words("description") or base.words("description")
        return _indicator(
            entry, base, code, label, how, atomic.unit, described or wording.formula(how)
        )

    def _formula(self, entry: Entry, period: Period | None, codes: set[str]) -> Indicator:
        try:
            formula = parse_formula(entry.text("formula"))
        except InvalidInput as error:
            raise entry.error(error.what, error.remedy, "formula") from None
        names = {operand: _in_period(entry, operand, period, codes) for operand in formula.operands}
        term = renamed(formula.term, names)
        label = entry.label
        code = entry.name
        if period is not None:
            code = f"{entry.name}_{period.name}"
            label = wording.with_period(label, period)
        how = Formula(formula_text(term), term)
        unit = Unit(entry.choice("unit", list(Unit)))
        return _indicator(entry, entry, code, label, how, unit, entry.words("description") or label)

    def _unique_names(self) -> None:
        taken: dict[str, Indicator] = {}
        for indicator in self.found.values():
            for name in {indicator.label.zh, indicator.label.en}:
                other = taken.setdefault(name, indicator)
                if other is not indicator:
                    raise InvalidDefinition(
                        f"{indicator.code} and {other.code} are both called {name!r}",
                        "Give one of them another name (`names:` in its family).",
                        file=indicator.origin.file,
                        line=indicator.origin.line,
                    )

    def _order(self) -> tuple[str, ...]:
        parts = {
            code: indicator.how.operands if isinstance(indicator.how, Formula) else ()
            for code, indicator in self.found.items()
        }
        try:
            return tuple(TopologicalSorter(parts).static_order())
        except CycleError as error:
            path = [str(code) for code in error.args[1]]
            origin = self.found[path[0]].origin
            raise InvalidDefinition(
                f"formulas go round in a circle: {' → '.join(path)}",
                "State one of them by an atomic or by other indicators.",
                file=origin.file,
                line=origin.line,
            ) from None


def _in_period(entry: Entry, operand: str, period: Period | None, codes: set[str]) -> str:
    timed = f"{operand}_{period.name}" if period else operand
    for code in (timed, operand):
        if code in codes:
            return code
    raise unknown(entry, "indicator", timed, list(codes), "formula")


def _indicator(
    entry: Entry,
    base: Entry,
    code: str,
    label: Label,
    how: Derived | Formula,
    unit: Unit,
    description: Label,
) -> Indicator:
    owner = _stated(entry, base, "owner").words("owner")
    if owner is None:
        raise entry.error("'owner' is missing", "Add `owner: {zh: …, en: …}` to defaults.")
    subject = _stated(entry, base, "subject")
    version = entry.document.whole(
        entry.get("version") or 1, (*entry.place, "version"), "version", 1, MAX_VERSION
    )
    try:
        valid_name(code, "code")
    except InvalidInput as error:
        raise entry.error(error.what, error.remedy) from None
    return Indicator(
        code=code,
        label=Label(label.zh, label.en[:1].upper() + label.en[1:]),
        subject=Subject(subject.choice("subject", list(Subject))),
        unit=unit,
        owner=owner,
        version=version,
        description=description,
        how=how,
        origin=entry.origin,
        overridable=entry.overridable,
    )


def _stated(entry: Entry, base: Entry, key: str) -> Entry:
    """Prefer what the family says itself, then what its atomic says, then the file's default."""
    if key in entry.spec:
        return entry
    return base if key in base.spec or key not in entry.defaults else entry


def _digest(indicators: Iterator[Indicator]) -> str:
    digest = hashlib.sha256()
    for indicator in indicators:
        digest.update(_said(indicator).encode())
    return digest.hexdigest()[:16]


def _said(indicator: Indicator) -> str:
    how = indicator.how
    if isinstance(how, Formula):
        return f"{indicator.code}={how.text};"
    atomic, source = how.atomic, how.atomic.source
    parts = [atomic.aggregation, atomic.share, source.table.columns, source.date, source.org]
    parts += [part.text if part else "" for part in (atomic.measure, atomic.denominator)]
    parts += [condition.text for condition in how.where]
    return f"{indicator.code}={parts!r}@{how.period.name};"
