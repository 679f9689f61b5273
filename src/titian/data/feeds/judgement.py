"""Whether a unit of a delivery may be published, or is refused as a whole, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from titian.data.feeds import control
from titian.data.feeds.control import Expected, Json
from titian.data.feeds.reading import Reading, UnitCount
from titian.data.feeds.reasons import Code, Params
from titian.data.feeds.sources.batch import Refusal

MAIN_REASONS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The reasons to refuse a unit (none: it is published) and how its control file compared."""

    refusals: tuple[Refusal, ...]
    control: tuple[Json, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the unit."""
        return not self.refusals


def judge(reading: Reading, said: Mapping[int, Expected]) -> list[Verdict]:
    """Judge every unit of a delivery by its control file, its row count and its bad rows."""
    return [_judge(reading, said, number) for number in range(len(reading.counts))]


def _judge(reading: Reading, said: Mapping[int, Expected], number: int) -> Verdict:
    parts = reading.delivery.units[number].parts
    refused = {refusal.part for refusal in reading.findings.refusals}
    compared = []
    if not reading.stopped:
        for part in parts:
            if part in said and part not in refused:
                whole = reading.delivery.parts[part]
                compared.append(
                    control.verify(reading.delivery.contract, part, whole, said[part],
                                   reading.tally, reading.findings)
                )  # fmt: skip
    refusals = [refusal for refusal in reading.findings.refusals if refusal.part in parts]
    if not refusals:
        refusals = list(_by_counts(reading, number))
    return Verdict(tuple(refusals), tuple(compared))


def _by_counts(reading: Reading, number: int) -> list[Refusal]:
    contract, count = reading.delivery.contract, reading.counts[number]
    part = reading.delivery.units[number].parts[0]
    found: list[tuple[Code, Params]] = []
    if reading.overflown and count.bad:
        found.append(
            (Code.TOO_MANY_BAD, {"bad": count.bad, "limit": len(reading.bad), **_main(count)})
        )
    elif count.bad > contract.max_bad_share * count.rows:
        shares: dict[str, str | int] = {
            "bad": count.bad,
            "rows": count.rows,
            "percent": f"{100 * count.bad / count.rows:.1f}",
            "limit": f"{100 * contract.max_bad_share:g}",
        }
        found.append((Code.BAD_SHARE, shares | _main(count)))
    if reading.stopped:
        return [Refusal(part, code, params) for code, params in found]
    if count.rows < contract.min_rows:
        found.append((Code.TOO_FEW_ROWS, {"rows": count.rows, "limit": contract.min_rows}))
    if contract.max_rows is not None and count.rows > contract.max_rows:
        found.append((Code.TOO_MANY_ROWS, {"rows": count.rows, "limit": contract.max_rows}))
    return [Refusal(part, code, params) for code, params in found]


def _main(count: UnitCount) -> dict[str, str | int]:
    main = Counter(count.reasons).most_common(MAIN_REASONS)
    words = [f"{column or '—'} {code} ×{rows:,}" for (column, code), rows in main]
    return {"reasons": "; ".join(words)}
