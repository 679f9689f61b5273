"""Writes every source's records and the hidden links from each record to the banks' parties."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from titian.province.codes import codes, party_ids
from titian.province.draws import chance
from titian.province.model import Floats, Ints, ProvinceConfig, World, size
from titian.province.parquet import ParquetFolder
from titian.province.vendors.disagree import write_down
from titian.province.vendors.model import (
    DISAGREEMENTS,
    ID_CHANGES,
    Disagreement,
    Records,
    Source,
    Subjects,
    Vendors,
)
from titian.province.vendors.sources import COLUMNS, Desk, covers
from titian.province.vendors.subjects import links_of, true_subjects, with_strangers

_CARDS_LISTED: Final = 0.97
_WITH_PHONE: Final = (Source.UTILITY, Source.TELECOM, Source.BANK_CARD, Source.REGISTRY,
                      Source.LITIGATION, Source.SOCIAL_SECURITY)  # fmt: skip
_WITHOUT_ADDRESS: Final = (Source.BANK_CARD, Source.HOUSING_FUND)


@dataclass(frozen=True, slots=True)
class _Parties:
    starts: Ints
    bank: pa.Array
    party_id: pa.Array


def build_vendors(
    config: ProvinceConfig,
    worlds: list[World],
    rates: dict[Source, Disagreement] | None = None,
) -> Vendors:
    """Records of the ten sources about the true persons and firms of all banks.

    `rates` replaces the usual disagreement of some sources. A link row names a record and one
    party it is about (a person known to two banks has two rows; a stranger one row of nulls).
    """
    chosen = DISAGREEMENTS | (rates or {})
    customers = true_subjects(config, worlds)
    subjects = with_strangers(config, customers)
    parties = _parties_by_subject(customers, worlds)
    age = (config.end_day - subjects.birth).astype(np.float64) / 365.25
    age = np.where(np.isnat(subjects.birth), 0.0, age)
    tables, links = {}, []
    for source in Source:
        stream = config.stream(0, f"vendors.{source.value}")
        rows, cards = _listed(source, worlds, customers, subjects, age, stream)
        records = write_down(subjects, rows, chosen[source], stream)
        ids = codes(_prefix(source), np.arange(len(rows)), 8)
        desk = Desk(config, subjects, records, stream)
        extra = COLUMNS[source](desk)
        tables[source.value] = pa.table(_identity(source, ids, records, cards) | extra)
        links.append(_links(source, ids, records, subjects, parties))
    return Vendors(tables, pa.concat_tables(links))


def write_vendors(config: ProvinceConfig, worlds: list[World], out: Path) -> dict[str, int]:
    """Write `<out>/vendors/<source>.parquet` and `<out>/truth/vendor_links.parquet`.

    Returns the number of records by source.
    """
    vendors = build_vendors(config, worlds)
    with ParquetFolder(out / "vendors") as folder:
        folder.extend(vendors.tables)
    with ParquetFolder(out / "truth") as truth:
        truth.append("vendor_links", vendors.links)
    return {name: table.num_rows for name, table in vendors.tables.items()}


def _listed(
    source: Source,
    worlds: list[World],
    customers: Subjects,
    subjects: Subjects,
    age: Floats,
    stream: np.random.Generator,
) -> tuple[Ints, pa.Array | None]:
    if source is not Source.BANK_CARD:
        return stream.permutation(np.flatnonzero(covers(source, subjects, age, stream))), None
    subject, bank = links_of(customers, worlds)
    first = np.searchsorted(bank, [world.bank.no for world in worlds])
    holder = np.concatenate(
        [subject[start + world.cards.party] for start, world in zip(first, worlds, strict=True)]
    )
    number = np.concatenate([world.cards.number for world in worlds])
    kept = stream.permutation(
        np.flatnonzero(chance(stream, _CARDS_LISTED, len(holder)) & (holder >= 0))
    )
    return holder[kept], pa.array(number[kept].tolist(), pa.string())


def _identity(
    source: Source, ids: pa.Array, records: Records, cards: pa.Array | None
) -> dict[str, pa.Array]:
    columns = {"record_id": ids}
    if cards is not None:
        columns["card_no"] = cards
    columns["name"] = pa.array(records.name.tolist(), pa.string())
    if source is not Source.UTILITY:
        missing = records.id_no == ""
        columns["id_no"] = pa.array(records.id_no.tolist(), pa.string(), mask=missing)
    if source in _WITH_PHONE:
        columns["phone"] = pa.array(records.phone.astype(str).tolist(), pa.string())
    if source not in _WITHOUT_ADDRESS:
        columns["address"] = pa.array(records.address.tolist(), pa.string())
    return columns


def _parties_by_subject(customers: Subjects, worlds: list[World]) -> _Parties:
    subject, bank = links_of(customers, worlds)
    order = np.argsort(subject, kind="stable")
    names = {world.bank.no: world.bank.bank for world in worlds}
    text = pa.concat_arrays([party_ids(w, np.arange(size(w.people))) for w in worlds])
    banks = pa.array([names[number] for number in bank.tolist()], pa.string())
    starts = np.searchsorted(subject[order], np.arange(len(customers.person) + 1))
    return _Parties(
        starts=starts.astype(np.int64),
        bank=banks.take(pa.array(order)),
        party_id=text.take(pa.array(order)),
    )


def _links(
    source: Source, ids: pa.Array, records: Records, subjects: Subjects, parties: _Parties
) -> pa.Table:
    subject = records.subject
    known = subject < len(parties.starts) - 1
    first = parties.starts[np.where(known, subject, 0)]
    count = np.where(known, parties.starts[np.where(known, subject, 0) + 1] - first, 1)
    row = np.repeat(np.arange(len(subject)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    at = pa.array(first[row] + nth, mask=~known[row])
    return pa.table(
        {
            "source": pa.array([source.value] * len(row), pa.string()),
            "record_id": ids.take(pa.array(row)),
            "person": subjects.person[subject[row]],
            "bank": parties.bank.take(at),
            "party_id": parties.party_id.take(at),
            "name_variant": records.name_variant[row],
            "id_change": pa.array(ID_CHANGES).take(pa.array(records.id_change[row])),
            "phone_stale": records.phone_stale[row],
            "address_old": records.address_old[row],
        }
    )


def _prefix(source: Source) -> str:
    return "".join(word[0] for word in source.value.split("_")).upper() + source.value[-1].upper()
