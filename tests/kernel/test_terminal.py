from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from rich.cells import cell_len

from titian.kernel import terminal
from titian.kernel.errors import InvalidInput
from titian.kernel.near import natural, nearest
from titian.kernel.terminal import Cell, counted, listing, plain

Printed = pytest.CaptureFixture[str]
NAMES = ("name", "名称", "rows", "share")
ROWS = [
    ("loan", "贷款", 12_345, Cell(0.5, "50.0%")),
    ("party", "客户与\u200b关系人", 7, Cell(None, "")),
]


class Colour(StrEnum):
    """A word for a test."""

    RED = "red"


@dataclass(frozen=True)
class Thing:
    """A record for a test."""

    colour: Colour
    day: date
    at: datetime
    rate: Decimal
    seen: frozenset[str]
    figure: float


THING = Thing(
    Colour.RED,
    date(2026, 3, 31),
    datetime(2026, 3, 31, 20, 0, tzinfo=UTC),
    Decimal("0.10"),
    frozenset({"b", "a"}),
    float("nan"),
)


def test_a_table_lines_up_though_chinese_counts_double(capsys: Printed) -> None:
    listing(NAMES, ROWS, none="")
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines][1].split() == ["loan", "贷款", "12,345", "50.0%"]
    assert {cell_len(line.rstrip()) for line in lines[:2]} == {cell_len(lines[0].rstrip())}
    assert cell_len(lines[1].split("12,345")[0]) + 6 == cell_len(lines[2].split("7")[0]) + 1


def test_json_has_values_not_words(capsys: Printed) -> None:
    listing(NAMES, ROWS, none="", json=True)
    seen = json.loads(capsys.readouterr().out)
    assert seen[0] == {"name": "loan", "名称": "贷款", "rows": 12345, "share": 0.5}
    assert seen[1]["share"] is None


def test_csv_has_values_not_words(capsys: Printed) -> None:
    listing(NAMES, [*ROWS, ('a,"b', [1, "二"], True, THING.day)], none="", csv=True)
    seen = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert seen[0] == list(NAMES)
    assert seen[1] == ["loan", "贷款", "12345", "0.5"]
    assert seen[3] == ['a,"b', '[1, "二"]', "true", "2026-03-31"]


def test_an_empty_list_says_so_beside_and_prints_nothing(capsys: Printed) -> None:
    listing(NAMES, [], none="no table is here yet")
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "no table is here yet\n")
    listing(NAMES, [], none="no table is here yet", json=True)
    listing(NAMES, [], none="no table is here yet", csv=True)
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("[]\nname,名称,rows,share\n", "")


def test_two_forms_at_once_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--json and --csv"):
        listing(NAMES, ROWS, none="", json=True, csv=True)


def test_every_kind_of_value_becomes_json() -> None:
    assert plain({THING.day: [THING]}) == {
        "2026-03-31": [
            {
                "colour": "red",
                "day": "2026-03-31",
                "at": "2026-03-31T20:00:00+00:00",
                "rate": "0.10",
                "seen": ["a", "b"],
                "figure": None,
            }
        ]
    }


def test_a_table_shows_moments_at_the_banks_and_no_none(capsys: Printed) -> None:
    listing(("at", "on", "off", "void"), [(THING.at, True, False, None)], none="")
    assert capsys.readouterr().out.splitlines()[1].split() == ["2026-04-01", "04:00:00", "yes"]
    listing(("at",), [(THING.at.replace(tzinfo=None),)], none="")
    assert "2026-03-31 20:00:00" in capsys.readouterr().out


def test_markup_in_values_is_text(capsys: Printed) -> None:
    listing(("words",), [("[red]not red[/]",), ("[/]",)], none="")
    assert "[red]not red[/]" in capsys.readouterr().out


def test_a_pipe_gets_whole_lines_without_colour(capsys: Printed) -> None:
    listing(("words",), [(Cell("x" * 1_000, "x" * 1_000, "bold red"),)], none="")
    assert "x" * 1_000 + "\n" in capsys.readouterr().out


def test_no_color_is_obeyed_on_a_terminal(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    listing(("words",), [(Cell("x", "x", "red"),)], none="")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    listing(("words",), [(Cell("x", "x", "red"),)], none="")
    assert "\x1b[31m" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12_345, "12,345 rows")]
)
def test_one_is_not_many(number: int, expected: str) -> None:
    assert counted(number, "row") == expected
    assert counted(1, "party", "parties") == "1 party"
    assert counted(2, "party", "parties") == "2 parties"


def test_the_nearest_word_or_those_there_are() -> None:
    assert nearest("qinhe", ["qinghe", "baishui"]) == "Did you mean 'qinghe'?"
    assert nearest("xyz", ["qinghe", "baishui"]) == "Known: baishui, qinghe."
    assert nearest("xyz", []) == "There are none yet."


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["11", "2", "branch10", "1", "10", "branch9", ""]
    assert sorted(names, key=natural) == ["", "1", "2", "10", "11", "branch9", "branch10"]
    assert nearest("xyz", [f"a{n:02}" for n in range(13)]).endswith("a11 ….")


def test_a_console_in_a_pipe_is_wide(capsys: Printed) -> None:
    assert terminal.console().width == terminal.WIDTH_WHEN_PIPED
