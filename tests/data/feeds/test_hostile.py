"""Deliveries that mean harm, or came to harm: a clear message, bounded memory, nothing lost."""

from __future__ import annotations

import os
import socket
import struct
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from titian.data.feeds import Contract, arrivals, service
from titian.data.feeds.arrivals import State
from titian.data.feeds.discover import Listing
from titian.data.feeds.load import Fate, Order, Outcome, load_feed
from titian.data.feeds.quarantine import Filter, quarantine
from titian.data.feeds.reasons import Code, remedy, say
from titian.data.feeds.repair import fix
from titian.data.feeds.replay import replay
from titian.data.feeds.service import Advance
from titian.data.feeds.sources import Findings, Part, guard, headings, parquet, read_parts, typed
from titian.data.feeds.validation import check
from titian.kernel.errors import Corrupt, InvalidInput
from titian.kernel.scope import Scope
from titian.lake import store

from .conftest import COLUMNS, CORE, Deliver, Install, Written, core_contract, unload

DAY = date(2026, 3, 31)
NAME = "LOAN_20260331.dat"
ROWS = [[f"L{n}", f"{n}.50", "1", "张三"] for n in range(20)]
TYPED = """
- {name: id, logicalType: string, primaryKey: true, classification: C1}
- name: amount_fen
  physicalName: amount
  logicalType: integer
  required: true
  classification: C2
  customProperties: [{property: decode, value: yuan_to_fen}]
"""
WORKBOOK = Written(columns=TYPED, form="xlsx")
COLUMNAR = Written(columns=TYPED, form="parquet")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARED = '<?xml version="1.0"?>'
PARTS = {
    "[Content_Types].xml": f'{DECLARED}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/s.xml" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{DECLARED}<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
    f'Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{DECLARED}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{DECLARED}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="a" Type="{OFFICE}/worksheet" Target="worksheets/s.xml"/></Relationships>',
}
SHEET = "xl/worksheets/s.xml"
SHEET_END = "</sheetData></worksheet>"


def text_cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def sheet(rows: str, before: str = "") -> str:
    head = f'<row r="1">{text_cell("id")}{text_cell("amount")}</row>'
    return f'{DECLARED}{before}<worksheet xmlns="{MAIN}"><sheetData>{head}{rows}{SHEET_END}'


GOOD_ROW = f'<row r="2">{text_cell("a")}<c><v>1.5</v></c></row>'


def workbook(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in {**PARTS, **parts}.items():
            packed.writestr(name, text)
    return path


def read(written: Written, path: Path) -> tuple[list[dict[str, object]], int, Findings]:
    """Read one file; give its good rows, how many are bad, and what was noticed."""
    contract, findings = written.contract(), Findings()
    good: list[dict[str, object]] = []
    bad = 0
    for batch in read_parts(contract, [Part(path.name, path, None)], findings):
        checked = check(contract, batch)
        good += checked.rows.to_pylist()
        bad += len(checked.bad)
    return good, bad, findings


def refused(findings: Findings) -> Code:
    """Give why a file was refused, after seeing that it is said in whole sentences."""
    (refusal,) = findings.refusals
    for locale in ("zh", "en"):
        for text in (
            say(refusal.code, refusal.params, locale),
            remedy(refusal.code, refusal.params, locale),
        ):
            assert "?" not in text
            assert "{" not in text
    return refusal.code


LAUGHS = (
    "<!DOCTYPE a ["
    '<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


class TestWorkbooks:
    def test_the_plain_one_is_read(self, tmp_path: Path) -> None:
        good, bad, findings = read(WORKBOOK, workbook(tmp_path / "f", {SHEET: sheet(GOOD_ROW)}))
        assert (good, bad) == ([{"id": "a", "amount_fen": 150}], 0)
        assert findings.refusals == []

    @pytest.mark.parametrize(
        ("parts", "why"),
        [
            ({SHEET: sheet(GOOD_ROW.replace(">a<", ">&l8;<"), LAUGHS)}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet(GOOD_ROW.replace(">a<", ">&x;<"), OUTSIDE)}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet("<!-- <row> --> " + GOOD_ROW)}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet(GOOD_ROW.replace(">a<", "><![CDATA[a]]><"))}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet("<?php ?>" + GOOD_ROW)}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet("<x:si ></x:si>" + GOOD_ROW)}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet(GOOD_ROW).encode("utf-16")}, Code.WORKBOOK_MARKUP),
            ({"xl/styles.xml": DECLARED + LAUGHS + "<a/>"}, Code.WORKBOOK_MARKUP),
            ({SHEET: sheet(GOOD_ROW).replace("</sheetData>", "")}, Code.NO_WORKBOOK),
            ({SHEET: sheet('<row r="99999999">' + text_cell("z") + "</row>")}, Code.TOO_MANY_LINES),
            ({"xl/workbook.xml": f'{DECLARED}<workbook xmlns="{MAIN}"/>'}, Code.NO_WORKBOOK),
            ({"xl/workbook.xml": "not XML"}, Code.NO_WORKBOOK),
        ],
    )
    def test_markup_that_excel_never_writes(
        self, tmp_path: Path, parts: dict[str, str | bytes], why: Code
    ) -> None:
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(GOOD_ROW), **parts})
        assert refused(read(WORKBOOK, path)[2]) is why

    @pytest.mark.parametrize(
        ("limit", "rows", "why"),
        [
            ("MAX_CELL_BYTES", text_cell("x" * 9_000), Code.WORKBOOK_CELL),
            ("MAX_CELL_BYTES", f'<row x="{"x" * 9_000}"/>', Code.WORKBOOK_CELL),
            ("MAX_ROW_BYTES", f"<row>{text_cell('x') * 900}</row>", Code.WORKBOOK_ROW),
            ("MAX_ROW_BYTES", f"<x:row>{'<c/>' * 2_500}</x:row>", Code.WORKBOOK_ROW),
            ("MAX_ROW_BYTES", text_cell("&lt;/row>") * 900, Code.WORKBOOK_ROW),
            ("MAX_ROW_BYTES", "<mergeCell/>" * 900, Code.WORKBOOK_ROW),
            ("MAX_UNPACKED_BYTES", GOOD_ROW * 400, Code.WORKBOOK_TOO_BIG),
        ],
    )
    def test_what_would_unpack_into_too_much(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, rows: str, why: Code
    ) -> None:
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(GOOD_ROW + rows)})
        monkeypatch.setattr(guard, "_PIECE_BYTES", 100)
        read(WORKBOOK, path)
        monkeypatch.setattr(guard, limit, 8_000)
        assert refused(read(WORKBOOK, path)[2]) is why

    def test_many_short_rows_are_no_long_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = "".join(
            f'<row r="{n}">{text_cell(str(n))}<c><v>1</v></c></row>' for n in range(2, 900)
        )
        empty = "".join(f'<row r="{n}" ht="15"/>' for n in range(900, 3_000))
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(rows + empty)})
        monkeypatch.setattr(guard, "_PIECE_BYTES", 100)
        monkeypatch.setattr(guard, "MAX_ROW_BYTES", 200)
        good, bad, findings = read(WORKBOOK, path)
        assert (len(good), bad, findings.refusals) == (898, 0, [])

    def test_shared_texts_have_a_limit_of_their_own(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = f'{DECLARED}<sst xmlns="{MAIN}">{"<si><t>a</t></si>" * 4_000}</sst>'
        path = workbook(
            tmp_path / "f.xlsx", {SHEET: sheet(GOOD_ROW), "xl/sharedStrings.xml": shared}
        )
        monkeypatch.setattr(guard, "MAX_PART_BYTES", 8_000)
        assert refused(read(WORKBOOK, path)[2]) is Code.WORKBOOK_TOO_BIG

    def test_a_size_that_is_not_declared_is_not_read(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(GOOD_ROW * 9_000)})
        data = bytearray(path.read_bytes())
        entry = data.rfind(SHEET.encode()) - 46
        assert data[entry : entry + 4] == b"PK\1\2"
        struct.pack_into("<I", data, entry + 24, 1_000)
        path.write_bytes(data)
        assert refused(read(WORKBOOK, path)[2]) is Code.NO_WORKBOOK

    def test_an_archive_of_very_many_files(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parts: dict[str, str | bytes] = {f"a{n}": "" for n in range(2_000)}
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(GOOD_ROW), **parts})
        assert read(WORKBOOK, path)[0]
        monkeypatch.setattr(guard, "MAX_DIRECTORY_BYTES", 50_000)
        assert refused(read(WORKBOOK, path)[2]) is Code.WORKBOOK_TOO_BIG
        with path.open("rb") as file:
            large = guard._directory_bytes(file)
        assert large > 2_000 * 46

    def test_a_directory_in_the_large_form_is_measured_too(self, tmp_path: Path) -> None:
        path = tmp_path / "f.xlsx"
        record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 9_999_999, 0)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
        path.write_bytes(record + locator + b"PK\5\6" + b"\0" * 18)
        assert refused(read(WORKBOOK, path)[2]) is Code.WORKBOOK_TOO_BIG

    def test_long_texts_come_in_small_batches(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(typed, "BATCH_BYTES", 1_000)
        rows = "".join(
            f'<row r="{n}">{text_cell("x" * 400)}<c><v>1</v></c></row>' for n in range(2, 12)
        )
        path = workbook(tmp_path / "f.xlsx", {SHEET: sheet(rows)})
        contract = WORKBOOK.contract()
        batches = list(read_parts(contract, [Part("f", path, None)], Findings()))
        assert [batch.rows for batch in batches] == [3, 3, 3, 1]
        assert [int(batch.lines[0]) for batch in batches] == [2, 5, 8, 11]


class TestParquet:
    def put(self, path: Path, columns: dict[str, pa.Array | list[object]]) -> Path:
        pq.write_table(pa.table(columns), path)
        return path

    def test_repeated_texts_are_not_all_written_out_at_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet, "BATCH_BYTES", 10_000)
        texts = pa.array([f"{n}" + "x" * 1_000 for n in range(3)])
        ids = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2] * 30, pa.int32()), texts)
        path = self.put(tmp_path / "f", {"id": ids, "amount": ["1.00"] * 90})
        contract = COLUMNAR.contract()
        batches = list(read_parts(contract, [Part("f", path, None)], Findings()))
        assert {batch.rows for batch in batches} == {9}
        assert [line for batch in batches for line in batch.lines.tolist()] == list(range(1, 91))

    def test_a_value_of_a_megabyte_and_more(self, tmp_path: Path) -> None:
        long = "x" * (parquet.MAX_VALUE_BYTES + 1)
        path = self.put(tmp_path / "f", {"id": ["a", long], "amount": ["1.00", "2.00"]})
        assert refused(read(COLUMNAR, path)[2]) is Code.VALUE_TOO_LONG

    @pytest.mark.parametrize(
        "column",
        [
            pa.array([["a"], ["b"]]),
            pa.array([{"x": 1}, {"x": 2}]),
            pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        ],
    )
    def test_columns_that_are_no_values(self, tmp_path: Path, column: pa.Array) -> None:
        path = self.put(tmp_path / "f", {"id": column, "amount": ["1.00", "2.00"]})
        assert refused(read(COLUMNAR, path)[2]) is Code.COLUMN_TYPE

    @pytest.mark.parametrize(
        "kind",
        [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary(1)],
    )
    def test_texts_of_every_kind(self, tmp_path: Path, kind: pa.DataType) -> None:
        ids = pa.array([b"a", b"b", b"c"], pa.binary()).cast(kind)
        path = self.put(tmp_path / "f", {"id": ids, "amount": ["1.00", "2.00", "3.00"]})
        good, bad, _ = read(COLUMNAR, path)
        assert [row["id"] for row in good] == ["a", "b", "c"]
        assert bad == 0

    def test_texts_that_are_none_go_to_quarantine_and_come_back(
        self, qinghe: Scope, install: Install, deliver: Deliver, folder: Path
    ) -> None:
        torn = pa.array([b"a", b"b\xff", b"c"], pa.binary())
        ids = pa.Array.from_buffers(pa.string(), 3, torn.buffers())
        self.put(folder / NAME, {"id": ids, "amount": ["1.00", "2.00", "x"]})
        contract = install(Written(columns=TYPED, form="parquet", custom={"max_bad_share": 0.9}))
        (outcome,) = deliver(contract)
        assert (outcome.good, outcome.bad) == (1, 2)
        first, _second = quarantine(qinghe, Filter()).rows
        assert (first.line, first.column, first.code) == (2, "id", Code.ENCODING)
        assert first.fields == {"id": "b\\xff", "amount": "2.00"}
        fix(qinghe, first.row_id, values={"id": "b"})
        assert replay(qinghe, outcome.arrival_id).good == 1
        assert sorted(store.read(qinghe, "raw.loan").column("id").to_pylist()) == ["a", "b"]

    def test_very_many_columns(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        columns: dict[str, pa.Array | list[object]] = {f"c{n}": [n] for n in range(300)}
        path = self.put(tmp_path / "f", {"id": ["a"], "amount": ["1.00"], **columns})
        good, _bad, findings = read(COLUMNAR, path)
        assert len(good) == 1
        assert len(findings.drift) == 200
        monkeypatch.setattr(headings, "MAX_COLUMNS", 300)
        assert refused(read(COLUMNAR, path)[2]) is Code.TOO_MANY_COLUMNS
        monkeypatch.setattr(parquet, "MAX_FOOTER_BYTES", 1_000)
        assert refused(read(COLUMNAR, path)[2]) is Code.FOOTER_TOO_BIG

    @pytest.mark.parametrize("at", [-9, -20, -60, -120, 4, 20, 60])
    def test_metadata_that_lies(self, tmp_path: Path, at: int) -> None:
        path = self.put(tmp_path / "f", {"id": [f"{n}" for n in range(99)], "amount": [1.5] * 99})
        data = bytearray(path.read_bytes())
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            data[at] = value
            path.write_bytes(data)
            good, bad, findings = read(COLUMNAR, path)
            if findings.refusals:
                assert refused(findings) in (Code.NO_PARQUET, Code.MISSING_COLUMNS)
            else:
                assert len(good) + bad == 99

    def test_a_footer_that_claims_to_be_huge(self, tmp_path: Path) -> None:
        path = self.put(tmp_path / "f", {"id": ["a"], "amount": [1.5]})
        path.write_bytes(path.read_bytes()[:-8] + b"\xff\xff\xff\x7fPAR1")
        assert refused(read(COLUMNAR, path)[2]) is Code.FOOTER_TOO_BIG


def core(path: Path, data: bytes) -> tuple[list[dict[str, object]], int, Findings]:
    path.write_bytes(data)
    return read(core_contract(), path)


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("written", [core_contract(), Written(server={"encoding": "utf-8"})])
    def test_two_bytes_a_character(self, tmp_path: Path, encoding: str, written: Written) -> None:
        path = tmp_path / NAME
        path.write_bytes("id,amount,kind,name\r\nL1,1.00,1,张三\r\n".encode(encoding))
        assert refused(read(written, path)[2]) is Code.WRONG_ENCODING

    def test_nul_bytes_cost_their_rows_only(
        self, qinghe: Scope, install: Install, deliver: Deliver
    ) -> None:
        lines = [
            b"L1|@|1.00|@|1|@|a\0b",
            b"L\0002|@|1.00|@|1|@|b",
            b"L3|@|1\0.00|@|1|@|c",
            b"\0" * 5_000,
            b"L5|@|5.00|@|1|@|e",
        ]
        contract = install(core_contract(custom={"max_bad_share": 0.9}))
        (outcome,) = deliver(contract, {NAME: b"\n".join(lines) + b"\n"})
        assert (outcome.good, outcome.bad) == (1, 4)
        rows = quarantine(qinghe, Filter()).rows
        assert [(row.line, row.column, row.code) for row in rows] == [
            (1, "name", Code.NUL),
            (2, "id", Code.NUL),
            (3, "amount_fen", Code.NUL),
            (4, "", Code.FIELD_COUNT),
        ]
        assert fix(qinghe, rows[0].row_id, values={"name": "a\0b"}).code is Code.NUL
        fix(qinghe, rows[0].row_id, values={"name": "ab"})
        assert replay(qinghe, outcome.arrival_id).good == 1

    def test_mixed_line_ends_lose_no_row(self, tmp_path: Path) -> None:
        row = b"|@|1.00|@|1|@|x"
        data = b"L1" + row + b"\r\nL2" + row + b"\nL3" + row + b"\rL4" + row + b"\n\r\r\nL5" + row
        good, bad, _ = core(tmp_path / NAME, data)
        assert ([one["id"] for one in good], bad) == (["L1", "L2", "L5"], 1)

    def test_a_heading_of_very_many_columns(self, tmp_path: Path) -> None:
        path = tmp_path / NAME
        names = ",".join(f"c{n}" for n in range(200_000))
        path.write_text(f"id,amount,kind,name,{names}\nL1,1.00,1,x{',1' * 200_000}\n")
        assert (
            refused(read(Written(server={"encoding": "utf-8"}), path)[2]) is Code.TOO_MANY_COLUMNS
        )

    def test_a_row_of_very_many_fields_is_one_bad_row(self, tmp_path: Path) -> None:
        data = b"L1" + b"|@|1" * 300_000 + b"\nL2|@|1.00|@|1|@|x\n"
        good, bad, _ = core(tmp_path / NAME, data)
        assert (len(good), bad) == (1, 1)

    def test_headings_that_do_not_show_are_written_out(
        self, install: Install, deliver: Deliver
    ) -> None:
        contract = install(Written(server={"encoding": "utf-8"}))
        heading = "id,amount,kind,name,\x1b[31mred\x00\u202e"
        (outcome,) = deliver(contract, {NAME: f"{heading}\nL1,1.00,1,x,y\n"})
        (drift,) = outcome.drift
        assert drift[1] == "\\x1b[31mred\\x00\\x202e"


class TestWhatIsNoFile:
    @pytest.fixture
    def contract(self, install: Install) -> Written:
        written = core_contract()
        install(written)
        return written

    def put(self, place: Path, kind: str, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(unload(ROWS).encode("gb18030"))
        match kind:
            case "pipe":
                os.mkfifo(place)
            case "link":
                place.symlink_to(secret)
            case "dangling":
                place.symlink_to(tmp_path / "nowhere")
            case "device":
                place.symlink_to("/dev/zero")
            case "loop":
                place.symlink_to(place)
            case "folder":
                (tmp_path / "inside").mkdir()
                place.symlink_to(tmp_path / "inside")

    @pytest.mark.parametrize("kind", ["pipe", "link", "dangling", "device", "loop", "folder"])
    @pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
    def test_it_is_refused_at_once(
        self,
        qinghe: Scope,
        install: Install,
        deliver: Deliver,
        folder: Path,
        tmp_path: Path,
        kind: str,
        form: str,
    ) -> None:
        server = dict(CORE) if form == "csv" else {}
        contract = install(Written(form=form, server=server))
        self.put(folder / NAME, kind, tmp_path)
        (outcome,) = deliver(contract)
        assert (outcome.fate, why(outcome)) == (Fate.REJECTED, Code.NOT_A_FILE)
        assert arrivals.arrivals(qinghe, DAY, DAY)[0].state is State.REJECTED
        assert not store.exists(qinghe, "raw.loan")

    def test_a_socket(self, install: Install, deliver: Deliver, folder: Path) -> None:
        contract = install(core_contract())
        before = Path.cwd()
        os.chdir(folder)  # the address of a socket is short
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(NAME)
                assert why(deliver(contract)[0]) is Code.NOT_A_FILE
        finally:
            os.chdir(before)

    def test_what_was_loaded_stays(
        self, qinghe: Scope, install: Install, deliver: Deliver, folder: Path, tmp_path: Path
    ) -> None:
        contract = install(core_contract())
        deliver(contract, {NAME: unload(ROWS)})
        (folder / NAME).unlink()
        self.put(folder / NAME, "pipe", tmp_path)
        assert why(deliver(contract)[0]) is Code.NOT_A_FILE
        assert store.read(qinghe, "raw.loan").num_rows == 20

    @pytest.mark.parametrize("kind", ["pipe", "link"])
    def test_a_control_file(
        self, install: Install, deliver: Deliver, folder: Path, tmp_path: Path, kind: str
    ) -> None:
        contract = install(Written(server=CORE | {"control": "C.ctl"}))
        self.put(folder / "C.ctl", kind, tmp_path)
        assert why(deliver(contract, {NAME: unload(ROWS)})[0]) is Code.NOT_A_FILE

    def test_linked_folders_are_not_entered(
        self, install: Install, deliver: Deliver, folder: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / NAME).write_text("")
        (folder / "linked").symlink_to(other)
        (folder / "round").symlink_to(folder)
        (outcome,) = deliver(install(core_contract()))
        assert outcome.fate is Fate.MISSING

    @pytest.mark.parametrize("name", ["LOAN_\x1b[31m.dat", "LOAN_\u202etad.dat", "LOAN_\udcff.dat"])
    def test_a_name_that_does_not_show(
        self, install: Install, deliver: Deliver, folder: Path, name: str
    ) -> None:
        contract = install(core_contract(pattern="LOAN_*.dat", custom={"as_of": "2026-03-31"}))
        (folder / name).write_text(unload(ROWS), "gb18030")
        with pytest.raises(InvalidInput, match="signs that do not show") as refused_:
            deliver(contract)
        assert str(refused_.value).isprintable()


def why(outcome: Outcome) -> Code:
    (refusal,) = outcome.refusals
    return refusal.code


def test_a_feed_that_breaks_keeps_no_other_from_loading(
    qinghe: Scope,
    install: Install,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(core_contract())
    install(core_contract(feed="card", pattern="CARD_{yyyymmdd}.dat"))
    for name in (NAME, "CARD_20260331.dat"):
        (folder / name).write_text(unload(ROWS), "gb18030")

    def broken(
        scope: Scope, contract: Contract, files: Listing, order: Order, advance: Advance
    ) -> list[Outcome]:
        if contract.feed == "card":
            raise ZeroDivisionError("13800138000")
        return load_feed(scope, contract, files, order, advance)

    monkeypatch.setattr(service, "load_feed", broken)
    card, loan = service.load(qinghe, folder).outcomes
    assert "13800138000" not in capsys.readouterr().err
    assert (card.fate, loan.fate) == (Fate.FAILED, Fate.LOADED)
    assert isinstance(card.error, Corrupt)
    assert "ZeroDivisionError" in card.error.what
    assert "13800138000" not in str(card.error)


def test_columns_of_the_contract_are_not_guessed_from_hostile_headings(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("id,amount,kind,<script>alert(1)</script>\nL1,1.00,1,x\n")
    findings = read(Written(server={"encoding": "utf-8"}, columns=COLUMNS), path)[2]
    assert refused(findings) is Code.MISSING_COLUMNS
