from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from titian.kernel.errors import Conflict, InvalidInput
from titian.province.generate import Summary, generate, steps
from titian.province.model import ProvinceConfig
from titian.province.names import COUNTIES

TINY = ProvinceConfig(banks=1, customers=150, days=4, seed=11, end=date(2026, 2, 18))
FEEDS = [
    "org", "officer", "village", "household", "party", "account", "balance", "card", "loan",
    "repayment", "entry", "event", "touch",
]  # fmt: skip


def _fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_it_works(tmp_path: Path) -> None:
    seen: list[int] = []
    summary = generate(TINY, tmp_path / "out", seen.append)
    assert sum(seen) == steps(TINY)
    assert list(summary.rows) == FEEDS
    assert summary.files == 4 * (len(FEEDS) + 1)
    assert summary.all_rows == sum(summary.rows.values()) > 1_000
    manifest = json.loads((tmp_path / "out" / "province.json").read_text(encoding="utf-8"))
    assert manifest["synthetic"] is True
    assert manifest["complete"] is True
    assert "虚构" in manifest["label"]
    assert manifest["banks"][0]["bank"] == "qinghe"
    folder = tmp_path / "out" / "unload" / "qinghe" / "20260218"
    expected = {f"{feed.upper()}_20260218.dat" for feed in FEEDS} | {"CONTROL_20260218.ctl"}
    assert {path.name for path in folder.iterdir()} == expected


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    generate(TINY, tmp_path / "one")
    generate(TINY, tmp_path / "two")
    generate(replace(TINY, seed=12), tmp_path / "other")
    first = _fingerprint(tmp_path / "one")
    assert first == _fingerprint(tmp_path / "two")
    other = _fingerprint(tmp_path / "other")
    entry = "unload/qinghe/20260218/ENTRY_20260218.dat"
    assert first[entry] != other[entry]


def test_a_bank_more_leaves_the_first_one_as_it_was(tmp_path: Path) -> None:
    one = ProvinceConfig(banks=1, customers=200, days=3, seed=5)
    # Two banks share 370 customers as 240 and 130; the split fixes the size of the first.
    two = ProvinceConfig(banks=2, customers=308, days=3, seed=5)
    generate(one, tmp_path / "one")
    generate(two, tmp_path / "two")
    assert _fingerprint(tmp_path / "one" / "unload" / "qinghe") == _fingerprint(
        tmp_path / "two" / "unload" / "qinghe"
    )


@pytest.mark.parametrize("days", [1, 2, 400])
def test_windows_of_every_length(tmp_path: Path, days: int) -> None:
    config = ProvinceConfig(banks=1, customers=60, days=days, seed=3)
    summary = generate(config, tmp_path / "out")
    assert summary.files == days * (len(FEEDS) + 1)
    assert summary.rows["party"] >= 60


def test_fifty_one_banks(tmp_path: Path) -> None:
    config = ProvinceConfig(banks=51, customers=51 * 50, days=2, seed=3)
    summary = generate(config, tmp_path / "out")
    folders = {path.name for path in (tmp_path / "out" / "unload").iterdir()}
    assert folders == {bank for bank, _ in COUNTIES}
    assert len(folders) == len({county for _, county in COUNTIES}) == 51
    assert summary.banks == 51


def test_more_customers_give_more_of_everything(unload: Summary, tmp_path: Path) -> None:
    config = ProvinceConfig(
        banks=2, customers=1_800, days=45, seed=7, end=date(2026, 3, 22), bad_row_share=0.003
    )
    larger = generate(config, tmp_path / "out")
    for feed in ("party", "account", "loan", "entry", "event", "touch"):
        assert 1.5 < larger.rows[feed] / unload.rows[feed] < 2.6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"banks": 0}, "--banks is 0"),
        ({"banks": 52, "customers": 6_000}, "outside 1 to 51"),
        ({"customers": 100}, "outside 150 to 5000000"),
        ({"days": 0}, "--days is 0"),
        ({"seed": -1}, "--seed is -1"),
        ({"end": date(1999, 1, 1)}, "1999"),
        ({"bad_row_share": 0.5}, "bad rows"),
    ],
)
def test_numbers_out_of_range_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refusal:
        replace(ProvinceConfig(), **change)
    assert "Give a value from" in refusal.value.remedy


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(Conflict, match="holds no province"):
            generate(TINY, tmp_path, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is a file"):
        generate(TINY, path)


def test_an_older_province_is_replaced_only_by_force(tmp_path: Path) -> None:
    generate(TINY, tmp_path / "out")
    before = _fingerprint(tmp_path / "out")
    with pytest.raises(Conflict, match="already holds a province"):
        generate(replace(TINY, seed=12), tmp_path / "out")
    assert _fingerprint(tmp_path / "out") == before
    generate(replace(TINY, days=2), tmp_path / "out", force=True)
    folders = sorted(path.name for path in (tmp_path / "out" / "unload" / "qinghe").iterdir())
    assert folders == ["20260217", "20260218"]


def test_an_interrupted_province_can_be_replaced(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(TINY, tmp_path / "out", stop)
    manifest = json.loads((tmp_path / "out" / "province.json").read_text(encoding="utf-8"))
    assert manifest["complete"] is False
    generate(TINY, tmp_path / "out", force=True)
