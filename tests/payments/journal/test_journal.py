"""The journal on a real folder: what was committed is found, what was torn is cut, damage shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from titian.kernel.errors import Conflict, Corrupt, Unavailable
from titian.payments.journal import Anchor, Disk, Journal, Limits, frames, segments, verify
from titian.payments.journal.journal import position_of
from titian.payments.journal.recovery import Cut, Record

SMALL = Limits(segment_bytes=400)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    files = Disk(tmp_path / "journal")
    yield files
    files.close()


def opened(
    disk: Disk, limits: Limits = SMALL, start: Anchor | None = None
) -> tuple[Journal, list[Record], list[Cut]]:
    found: list[Record] = []
    journal, cuts = Journal.open(disk, limits, start or Anchor(), found.append)
    return journal, found, list(cuts)


def filled(disk: Disk, batches: int = 8) -> list[bytes]:
    journal, _, _ = opened(disk)
    payloads = [f"record {n} ".encode() * 3 for n in range(2 * batches)]
    for place in range(0, len(payloads), 2):
        journal.append(payloads[place : place + 2])
        journal.commit()
    return payloads


def harm(disk: Disk, name: str, offset: int) -> None:
    path = disk.folder / name
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def test_it_works(disk: Disk) -> None:
    payloads = filled(disk)
    assert len(segments.of(disk)) > 2
    journal, found, cuts = opened(disk)
    assert [record.payload for record in found] == payloads
    assert [record.seq for record in found] == list(range(16))
    assert cuts == []
    assert [journal.read(position_of(record)) for record in found] == payloads
    assert verify(disk).records == 16
    assert verify(disk).torn_bytes == 0


def test_positions_given_when_writing_are_those_found_when_reading(disk: Disk) -> None:
    journal, _, _ = opened(disk)
    given = [*journal.append([b"a", b"bb"]), *journal.append([b"c" * 500]), *journal.append([b"d"])]
    journal.commit()
    _, found, _ = opened(disk)
    assert [position_of(record) for record in found] == given


@pytest.mark.parametrize("kept", range(1, 140, 6))
def test_a_torn_tail_is_cut_and_told_wherever_it_was_torn(disk: Disk, kept: int) -> None:
    payloads = filled(disk, 2)
    journal, _, _ = opened(disk, Limits())
    end = journal.end
    journal.append([b"x" * 60, b"y" * 60])
    path = disk.folder / end.segment
    path.write_bytes(path.read_bytes()[: end.offset + kept])
    again, found, cuts = opened(disk, Limits())
    whole = (kept // (frames.HEAD_BYTES + 60)) * (frames.HEAD_BYTES + 60)
    assert [record.payload for record in found[:4]] == payloads
    assert cuts == [Cut(end.segment, end.offset + whole, kept - whole)]
    assert path.stat().st_size == end.offset + whole
    again.append([b"after"])
    again.commit()
    assert opened(disk)[1][-1].payload == b"after"


def test_a_hole_in_the_last_batch_is_a_torn_tail(disk: Disk) -> None:
    journal, _, _ = opened(disk, Limits())
    journal.append([b"safe"])
    journal.commit()
    end = journal.end
    journal.append([b"lost" * 20, b"arrived" * 20])
    harm(disk, end.segment, end.offset + 70)
    _, found, cuts = opened(disk, Limits())
    assert [record.payload for record in found] == [b"safe"]
    assert cuts[0].offset == end.offset


def test_harm_before_a_later_batch_is_an_error_that_names_its_place(disk: Disk) -> None:
    journal, _, _ = opened(disk, Limits())
    for payload in (b"first", b"second", b"third"):
        end = journal.end
        journal.append([payload])
        journal.commit()
        if payload == b"second":
            harmed = end
    harm(disk, harmed.segment, harmed.offset + frames.HEAD_BYTES)
    for reading in (lambda: opened(disk), lambda: verify(disk)):
        with pytest.raises(Corrupt) as caught:
            reading()
        assert f"{harmed.segment} is harmed at byte {harmed.offset}" in caught.value.what


def test_harm_in_a_segment_that_is_not_the_last_is_an_error(disk: Disk) -> None:
    filled(disk)
    first = segments.of(disk)[0]
    harm(disk, first, disk.size(first) - 1)
    with pytest.raises(Corrupt, match=f"{first} is harmed"):
        opened(disk)


def test_a_missing_segment_is_an_error(disk: Disk) -> None:
    filled(disk)
    middle = segments.of(disk)[1]
    disk.remove(middle)
    with pytest.raises(Corrupt, match="does not continue"):
        opened(disk)


def test_a_record_exchanged_with_a_right_check_sum_breaks_the_chain(disk: Disk) -> None:
    journal, _, _ = opened(disk, Limits())
    journal.append([b"pays 100"])
    journal.append([b"and more"])
    journal.commit()
    forged, _ = frames.written([b"pays 900"], 0, b"\1" * frames.CHAIN_BYTES)
    path = disk.folder / journal.end.segment
    data = path.read_bytes()
    start = segments.HEAD_BYTES
    path.write_bytes(data[:start] + forged[0] + data[start + len(forged[0]) :])
    with pytest.raises(Corrupt, match="chain breaks"):
        opened(disk)


def test_a_new_segment_whose_head_was_torn_is_made_again(disk: Disk) -> None:
    payloads = filled(disk)
    journal, _, _ = opened(disk)
    name = segments.name(journal.end.seq + 1)
    disk.write(name, b"titi")
    again, found, cuts = opened(disk)
    assert [record.payload for record in found] == payloads
    assert cuts == [Cut(name, 0, 4)]
    again.append([b"on"])


def test_a_journal_that_ends_before_its_snapshot_is_an_error(disk: Disk) -> None:
    filled(disk, 1)
    journal, _, _ = opened(disk)
    end = journal.end
    disk.truncate(end.segment, end.offset - 5)
    with pytest.raises(Corrupt, match="which a snapshot holds"):
        opened(disk, start=end)


def test_a_failed_sync_closes_the_journal(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _, _ = opened(disk)
    journal.append([b"x"])

    def failing(name: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "sync", failing)
    with pytest.raises(Unavailable, match="Input/output error"):
        journal.commit()
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="closed"):
        journal.append([b"y"])


def test_a_journal_has_one_writer(disk: Disk) -> None:
    with pytest.raises(Conflict, match="another process writes"):
        Disk(disk.folder)
