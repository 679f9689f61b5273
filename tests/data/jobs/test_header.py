from __future__ import annotations

import pytest

from titian.data.checks.model import CheckKind, Severity
from titian.data.jobs.header import read_header
from titian.kernel.errors import InvalidDefinition
from titian.kernel.labels import Label
from titian.lake.schema import Code, Kind, Mask, PiClass

GOOD = """
/*
writes: core.loan
zh: 贷款
en: Loans
description: All loans.
kind: snapshot
schedule: month_end
waits: [loan]
due: "06:30"
retries: 5
timeout_s: 60
columns:
  id: {type: string, zh: 编号, en: Number, class: C1, level: 3, key: true,
       description: {zh: 号。, en: Its number.}}
  name: {type: string, zh: 姓名, en: Name, class: C2, level: 3, mask: name, required: true,
         codes: {a: {zh: 甲, en: First}, "1": {zh: 乙, en: Second}}}
checks:
  - {unique: [id]}
  - {not_null: [name], severity: warning, label: names are there}
*/
SELECT 1
"""


def test_it_works() -> None:
    header = read_header(GOOD, "f.sql")
    assert header.table.qualified == "core.loan"
    assert header.table.kind is Kind.SNAPSHOT
    assert header.table.columns[1].pi_class is PiClass.C2
    assert header.table.columns[1].mask is Mask.NAME
    assert header.table.keys == ("id",)
    assert (header.schedule, header.waits, header.due) == ("month_end", ("loan",), "06:30")
    assert (header.retries, header.timeout_s) == (5, 60.0)
    assert [check.kind for check in header.checks] == [CheckKind.UNIQUE, CheckKind.NOT_NULL]
    assert header.checks[1].severity is Severity.WARNING
    assert header.checks[1].line == 20


def test_words_in_both_languages() -> None:
    table = read_header(GOOD, "f.sql").table
    assert table.description == Label("All loans.", "All loans.")
    assert table.columns[0].description == Label("号。", "Its number.")
    assert table.columns[1].codes == (
        Code("a", Label("甲", "First")),
        Code("1", Label("乙", "Second")),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "words", "remedy"),
    [
        ("/*\nwrites", "writes", 1, "does not start with a header", "Start it with"),
        ("*/", "", 1, "does not start with a header", ""),
        ("writes: core.loan\n", "", 3, "lacks 'writes'", "Add a line"),
        ("schedule:", "shedule:", 8, "unknown key 'shedule'", "Did you mean 'schedule'?"),
        ("month_end", "monthend", 8, "schedule 'monthend'", "Did you mean 'month_end'?"),
        ("core.loan", "raw.loan", 3, "may not write raw.loan", "Only feeds write raw"),
        ("core.loan", "loan", 3, "is not a table name", ""),
        ("core.loan", "core.Loan", 3, "is not a valid table name", ""),
        ("type: string, zh: 编号", "type: text, zh: 编号", 14, "is not a column type", ""),
        ("level: 3, key", "levle: 3, key", 14, "unknown key 'levle'", "'level'"),
        ("level: 3, key", "level: 9, key", 14, "level must be a whole number", "1 to 5"),
        ("class: C1", "class: C3", 14, "C3, which is never stored", ""),
        ("mask: name", "mask: nam", 16, "mask 'nam' is not known", "'name'"),
        ("zh: 姓名, ", "", 16, "lacks 'zh'", ""),
        ("retries: 5", "retries: 99", 11, "retries must be a whole number", "0 to 10"),
        ('"06:30"', '"6:30"', 10, "due must be a time of day", "quotes"),
        ("waits: [loan]", "waits: loan", 9, "waits must be a list", ""),
        ("zh: 号。, ", "", 15, "zh must be text", ""),
        ("a: {zh: 甲", "a: {zhh: 甲", 17, "unknown key 'zhh'", "'zh'"),
        ('"1": {zh', "1: {zh", 17, "codes must be `key: value` lines", ""),
        ('"1": {zh', "a: {zh", 17, "'a' is written twice", "Keep one"),
        ("{unique: [id]}", "{uniq: [id]}", 19, "unknown key 'uniq'", "'unique'"),
        ("{unique: [id]}", "{unique: [idx]}", 19, "no column 'idx'", "'id'"),
        ("{unique: [id]}", "{unique: [id], not_null: [id]}", 19, "exactly one rule", ""),
        ("severity: warning", "severity: warn", 20, "severity 'warn'", "'warning'"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_remedy(
    old: str, new: str, line: int, words: str, remedy: str
) -> None:
    assert old in GOOD
    with pytest.raises(InvalidDefinition) as caught:
        read_header(GOOD.replace(old, new, 1), "f.sql")
    assert words in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.file == "f.sql"
    if "does not start" not in words and "lacks 'writes'" not in words:
        assert caught.value.line == line
