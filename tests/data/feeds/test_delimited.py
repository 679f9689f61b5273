from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from titian.data.feeds.model import Contract
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources import Findings, Part, lines, read_parts
from titian.data.feeds.sources.batch import DriftKind
from titian.data.feeds.sources.quotes import Misquoted, Unclosed, split

from .conftest import CORE, Written

TEXT_COLUMNS = "\n".join(
    f"- {{name: {name}, logicalType: string, classification: C1}}" for name in ("a", "b", "c")
)


@dataclass
class Read:
    """All that was read of some files."""

    rows: list[tuple[int, tuple[str | None, ...]]]
    broken: list[tuple[int, Code]]
    raw: dict[int, bytes]
    findings: Findings

    @property
    def values(self) -> list[tuple[str | None, ...]]:
        return [values for _, values in sorted(self.rows)]


def contract(**server: object) -> Contract:
    return Written(
        columns=TEXT_COLUMNS, pattern="f.csv", server={"header": False} | server
    ).contract()


def read(made: Contract, place: Path, *contents: bytes) -> Read:
    parts = []
    for number, content in enumerate(contents):
        path = place / f"{number}.csv"
        path.write_bytes(content)
        parts.append(Part(path.name, path, None))
    found = Read([], [], {}, Findings())
    for batch in read_parts(made, parts, found.findings):
        columns = [batch.columns[name].to_pylist() for name in made.headings]
        for at, values in enumerate(zip(*columns, strict=True)):
            line = int(batch.lines[at])
            found.rows.append((line, values))
            found.raw[line] = batch.raw(at)
        found.broken += [(row.line, row.code) for row in batch.broken]
        found.raw |= {row.line: row.raw for row in batch.broken}
    return found


FIELD = st.text(
    st.characters(codec="gb18030", exclude_characters="\r\n\0\x1a", exclude_categories=["Cs"]),
    max_size=8,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(FIELD, FIELD, FIELD), max_size=20), st.sampled_from(["|@|", "|", "\x1f"]))
@example([("丁|", "亅@", "乗|@")], "|@|")
def test_gb18030_comes_back_whatever_its_second_bytes(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    clean = [
        tuple(value.replace("|", "").replace("\x1f", "") for value in ("x" + row[0], *row[1:]))
        for row in rows
    ]
    content = "".join(delimiter.join(row) + "\n" for row in clean).encode("gb18030")
    found = read(contract(encoding="gb18030", delimiter=delimiter, quote=""), tmp_path, content)
    assert found.values == [tuple(value or None for value in row) for row in clean]
    assert found.broken == []


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab,"\n 中;'), max_size=6), min_size=3, max_size=3),
        max_size=12,
    ),
    st.sampled_from([",", ";", "||"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_quotes_comes_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, end: str
) -> None:
    rows = [["k" + row[0], *row[1:]] for row in rows]
    written = "".join(delimiter.join(_quoted(value) for value in row) + end for row in rows)
    found = read(contract(delimiter=delimiter), tmp_path, written.encode())
    assert found.values == [tuple(value or None for value in row) for row in rows]
    assert found.broken == []


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if set(value) & set('",;|\n') else value


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(st.sampled_from('a;"\r中'), max_size=7), max_size=12), st.booleans())
def test_no_line_is_lost_whatever_it_holds(tmp_path: Path, texts: list[str], torn: bool) -> None:
    data = "\n".join(texts).encode("gb18030")
    if torn:
        data = data.replace(b"a", b"\xff")
    found = read(contract(encoding="gb18030", delimiter=";"), tmp_path, data)
    seen = sorted([line for line, _ in found.rows] + [line for line, _ in found.broken])
    assert len(seen) == len(set(seen))
    covered = {line + more for line in seen for more in range(found.raw[line].count(b"\n") + 1)}
    old_mac = b"\n" not in data and b"\r" in data
    physical = (data.replace(b"\r", b"\n") if old_mac else data).split(b"\n")
    wanted = {at for at, line in enumerate(physical, 1) if line.strip(b" \t\r\x1a")}
    assert wanted <= covered
    for line in seen:
        joined = b"\n".join(physical[line - 1 : line + found.raw[line].count(b"\n")])
        assert found.raw[line] == joined.removesuffix(b"\r")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text(st.sampled_from('ab;"\n'), max_size=9), min_size=1, max_size=8),
    st.integers(5, 40),
)
def test_small_blocks_read_like_one(tmp_path: Path, texts: list[str], size: int) -> None:
    data = "\n".join(["x;y;z", *texts, "x;y;z"]).encode()
    whole = read(contract(delimiter=";"), tmp_path, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", size)
        pieces = read(contract(delimiter=";"), tmp_path, data)
    assert pieces.values == whole.values
    assert sorted(pieces.broken) == sorted(whole.broken)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"1,2,3\r\n4,5,6\r\n", [("1", "2", "3"), ("4", "5", "6")]),
        (b"1,2,3", [("1", "2", "3")]),
        (b"\xef\xbb\xbf1,2,3\n", [("1", "2", "3")]),
        (b"\n1,2,3\n\n\r\n4,5,6\n\n", [("1", "2", "3"), ("4", "5", "6")]),
        (b"1,2,3,\n4,5,6,\n", [("1", "2", "3"), ("4", "5", "6")]),
        (b"1,2,3,\n4,5,6\n", [("1", "2", "3"), ("4", "5", "6")]),
        (b"1,2,3\n4,5,6,\n", [("1", "2", "3"), ("4", "5", "6")]),
        (b"1,2,3\n\x1a", [("1", "2", "3")]),
        (b"1,2,3\r4,5,6\r", [("1", "2", "3"), ("4", "5", "6")]),
        (b",,\n1,2,3\n", [(None, None, None), ("1", "2", "3")]),
        (b"", []),
        (b"\n\n", []),
        (b'"1","","3"\n', [("1", None, "3")]),
        (b'"a,b","c""d","e\nf"\n1,2,3\n', [("a,b", 'c"d', "e\nf"), ("1", "2", "3")]),
        (b'5" pipe,2,3\n', [('5" pipe', "2", "3")]),
    ],
)
def test_shapes_of_files(
    tmp_path: Path, content: bytes, expected: list[tuple[str | None, ...]]
) -> None:
    found = read(contract(), tmp_path, content)
    assert found.values == expected
    assert found.broken == []
    assert found.findings.refusals == []


@pytest.mark.parametrize(
    ("content", "broken", "good"),
    [
        (b"1,2\n4,5,6\n", [(1, Code.FIELD_COUNT)], 1),
        (b"1,2,3,4\n4,5,6\n", [(1, Code.FIELD_COUNT)], 1),
        (b"1,\xff,3\n4,5,6\n", [(1, Code.ENCODING)], 1),
        (b'1,"2,3\n4,5,6\n7,8,9\n', [(1, Code.QUOTE)], 2),
        (b'1,"2"x,3\n4,5,6\n', [(1, Code.QUOTE)], 1),
        (b'1,"2,3\n4,"5",6\n7,8,9\n', [(1, Code.QUOTE)], 2),
        (b"1,2\r,3\n4,5,6\n", [], 2),
        (b"1\r,2\n4,5,6\n", [(1, Code.FIELD_COUNT)], 1),
    ],
)
def test_one_bad_line_costs_one_line(
    tmp_path: Path, content: bytes, broken: list[tuple[int, Code]], good: int
) -> None:
    found = read(contract(), tmp_path, content)
    assert found.broken == broken
    assert len(found.rows) == good


def test_the_torn_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "0.csv"
    path.write_bytes("张\xff".encode("latin-1", "replace") + b"\xff|@|2|@|3\n")
    made = contract(**CORE)
    batch = next(iter(read_parts(made, [Part("0", path, None)], Findings())))
    assert [(row.code, row.heading) for row in batch.broken] == [(Code.ENCODING, "a")]


def test_lines_count_through_headings_blanks_and_long_records(tmp_path: Path) -> None:
    data = b'a,b,c\n\n1,2,3\n4,"5\n5",6\nbad\n7,8,9\n'
    made = contract(header=True)
    found = read(made, tmp_path, data)
    assert [line for line, _ in sorted(found.rows)] == [3, 4, 7]
    assert found.broken == [(6, Code.FIELD_COUNT)]
    assert found.raw[4] == b'4,"5\n5",6'


def test_many_small_files_keep_their_lines(tmp_path: Path) -> None:
    found = read(contract(), tmp_path, b"1,2,3\n4,5\n", b"", b"6,7,8", b"x\n\n9,9,9\n")
    assert sorted(found.rows) == [(1, ("1", "2", "3")), (1, ("6", "7", "8")), (3, ("9",) * 3)]
    assert sorted(found.broken) == [(1, Code.FIELD_COUNT), (2, Code.FIELD_COUNT)]


def test_skipped_lines_come_before_the_heading(tmp_path: Path) -> None:
    found = read(contract(header=True, skip_lines=2), tmp_path, b"x\ny\nc,b,a\n3,2,1\n")
    assert found.rows == [(4, ("1", "2", "3"))]


def drift(found: Read) -> list[tuple[DriftKind, str]]:
    return [(one.kind, one.column) for one in found.findings.drift]


def test_headings_are_matched_by_name_and_differences_noted(tmp_path: Path) -> None:
    found = read(contract(header=True), tmp_path, b"C,extra,a,b\n3,x,1,2\n")
    assert found.values == [("1", "2", "3")]
    assert drift(found) == [
        (DriftKind.RENAMED, "c"),
        (DriftKind.EXTRA, "extra"),
        (DriftKind.REORDERED, ""),
    ]


def test_a_missing_heading_refuses_the_file(tmp_path: Path) -> None:
    found = read(contract(header=True), tmp_path, b"a,c\n1,3\n")
    assert found.rows == []
    assert [refusal.code for refusal in found.findings.refusals] == [Code.MISSING_COLUMNS]
    assert found.findings.refusals[0].params["columns"] == "b"
    assert found.findings.refusals[0].params["found"] == "a, c"


def test_a_heading_twice_refuses_the_file(tmp_path: Path) -> None:
    found = read(contract(header=True), tmp_path, b"a,b,c,b\n1,2,3,4\n")
    assert [refusal.code for refusal in found.findings.refusals] == [Code.DUPLICATE_COLUMNS]


def test_extra_columns_may_share_a_name(tmp_path: Path) -> None:
    found = read(contract(header=True), tmp_path, b"a,x,b,x,c\n1,_,2,_,3\n")
    assert found.values == [("1", "2", "3")]


@pytest.mark.parametrize(
    ("encoding", "content", "actual"),
    [
        ("utf-8", "a,b,c\n".encode("utf-16"), "utf-16"),
        ("gb18030", b"\xef\xbb\xbfa,b,c\n", "utf-8"),
        ("gb18030", "张三丰,李四光,清河农商行营业部存款账户资金\n".encode(), "utf-8"),
    ],
)
def test_a_file_in_another_encoding_is_refused(
    tmp_path: Path, encoding: str, content: bytes, actual: str
) -> None:
    found = read(contract(encoding=encoding), tmp_path, content)
    assert found.rows == []
    assert [(one.code, one.params["actual"]) for one in found.findings.refusals] == [
        (Code.WRONG_ENCODING, actual)
    ]


def test_gb_text_in_a_utf8_feed_goes_to_quarantine(tmp_path: Path) -> None:
    found = read(contract(), tmp_path, "张三丰,b,c\n1,2,3\n".encode("gbk"))
    assert found.broken == [(1, Code.ENCODING)]
    assert found.raw[1] == "张三丰,b,c".encode("gbk")


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 150)
    found = read(contract(), tmp_path, b"1,2,3\n" + b"x" * 400 + b"\n4,5,6\n")
    assert [refusal.code for refusal in found.findings.refusals] == [Code.LINE_TOO_LONG]


def test_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    findings = Findings()
    parts = [Part("gone.csv", tmp_path / "gone.csv", None)]
    assert list(read_parts(contract(), parts, findings)) == []
    assert findings.refusals[0].code is Code.UNREADABLE


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from('a,"\n'), max_size=5), min_size=1, max_size=5))
def test_one_record_splits_as_the_csv_module_does(row: Sequence[str]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    text = out.getvalue().removesuffix("\n")
    assert split(text, ",", '"') == list(row)


def test_splitting_is_strict() -> None:
    with pytest.raises(Unclosed):
        split('a,"b', ",", '"')
    with pytest.raises(Misquoted):
        split('"a"b,c', ",", '"')
    assert split('a"b,c', ",", '"') == ['a"b', "c"]
    assert split('"a"|@|b', "|@|", "") == ['"a"', "b"]
