from __future__ import annotations

import json
from datetime import date, time
from pathlib import Path

import pytest

from titian.data.feeds import parse, read, read_all
from titian.data.feeds.model import Contract, Decoder, FeedKind, Field, Format, Schedule
from titian.kernel.errors import InvalidDefinition, NotFound
from titian.kernel.labels import Label
from titian.lake.schema import Code, Mask, PiClass

from .conftest import CORE, Written, core_contract

EXAMPLES = Path(__file__).parents[3] / "examples"
LINE = '  - {property: encoding, value: "gb18030"}'


def test_it_reads_a_whole_contract() -> None:
    written = core_contract(
        schema="quality:\n  - {type: library, rule: rowCount, mustBeGreaterThan: 0}\n",
        sla='slaProperties:\n  - {property: arrivalTime, value: "02:30", unit: time}\n',
        custom={"kind": "event", "schedule": "weekdays", "max_bad_share": 0.01},
    )
    written.server |= {"control": "CONTROL_{yyyymmdd}.ctl", "control_totals": ["amount_fen"]}
    contract = written.contract()

    assert contract.feed == "loan"
    assert contract.kind is FeedKind.EVENT
    assert contract.schedule is Schedule.WEEKDAYS
    assert contract.arrival_time == time(2, 30)
    assert contract.min_rows == 1
    assert contract.max_bad_share == 0.01
    assert contract.headings == ("id", "amount", "kind", "name")
    assert contract.table.qualified == "raw.loan"
    assert (contract.table.zh, contract.table.en) == ("贷款", "Loans")
    assert contract.table.keys == ("id",)
    assert contract.source.format is Format.CSV
    assert contract.source.encoding == "gb18030"
    assert contract.source.control is not None
    assert contract.source.control.totals == ("amount_fen",)
    amount = contract.field("amount_fen")
    assert amount.decoder is Decoder.YUAN_TO_FEN
    assert (amount.column.pi_class, amount.column.level) == (PiClass.C2, 3)
    assert contract.field("id").limits.max_length == 6
    assert contract.field("name").column.mask is Mask.NAME


def test_a_value_may_feed_two_columns() -> None:
    client = read(EXAMPLES / "berka" / "feeds" / "client.odcs.yaml")
    assert client.headings == ("client_id", "birth_number", "district_id")
    assert [f.name for f in client.fields if f.source == "birth_number"] == ["birth_date", "gender"]


def test_every_example_is_valid_and_says_nothing_in_vain() -> None:
    for folder in ("berka", "cards"):
        for contract in read_all(sorted((EXAMPLES / folder / "feeds").glob("*.yaml"))):
            assert contract.notes == ()


def test_due_is_the_next_morning_at_the_bank() -> None:
    contract = Written(
        sla='slaProperties:\n  - {property: arrivalTime, value: "03:00"}\n'
    ).contract()
    due = contract.due(date(2026, 3, 31))
    assert due.isoformat() == "2026-04-01T03:00:00+08:00"


@pytest.mark.parametrize(
    ("schedule", "day", "expected"),
    [
        ("daily", "2026-03-29", True),
        ("weekdays", "2026-03-29", False),
        ("weekdays", "2026-03-30", True),
        ("month_end", "2026-03-30", False),
        ("month_end", "2026-03-31", True),
    ],
)
def test_expected_by_schedule(schedule: str, day: str, expected: bool) -> None:
    contract = Written(custom={"schedule": schedule}).contract()
    assert contract.expected_on(date.fromisoformat(day)) is expected


def test_once_is_expected_on_its_date_only() -> None:
    contract = Written(custom={"schedule": "once", "as_of": "1998-12-31"}).contract()
    assert contract.expected_on(date(1998, 12, 31))
    assert not contract.expected_on(date(1999, 1, 1))


def test_what_is_not_acted_on_is_reported() -> None:
    written = Written(
        schema="quality:\n  - {type: sql, query: SELECT 1, mustBe: 0}\n",
        sla="slaProperties:\n  - {property: latency, value: 4, unit: d}\n",
    )
    notes = " ".join(written.contract().notes)
    assert "`quality`" in notes
    assert "latency" in notes


def test_custom_properties_of_others_are_left_alone() -> None:
    assert Written(custom={"x-team": "core"}).contract().feed == "loan"


GOOD = core_contract().text()


@pytest.mark.parametrize(
    ("old", "new", "message", "remedy"),
    [
        ("apiVersion: v3.0.2", "apiVersion: v2.2.2", "apiVersion 'v2.2.2'", "v3.0.2"),
        ("kind: DataContract", "kind: Contract", "kind 'Contract'", "DataContract"),
        ("id: t.loan\n", "", "no id", "Add `id:`"),
        ("status: active", "staus: active", "unknown key 'staus'", "'status'"),
        ("status: active", "status: lively", "status 'lively'", "active"),
        ("logicalType: integer", "logicalType: int", "logicalType 'int'", "integer"),
        ("primaryKey: true", "primaryKey: maybe", "primaryKey must be true or false", "It is text"),
        ("primaryKey: true", "primarykey: true", "unknown key 'primarykey'", "'primaryKey'"),
        ("classification: C1", "classification: C3", "C3, which is never stored", "Take passwords"),
        ("classification: C1", "classification: secret", "'secret' is not known", "C1"),
        ('value: "gb18030"', 'value: "utf-16"', "utf-16 files cannot be read", "UTF-8"),
        ('value: "gb18030"', 'value: "klingon"', "encoding 'klingon'", "gb18030"),
        ('value: "|@|"', 'value: ""', "cannot divide fields", "1 to 8"),
        ('property: quote, value: ""', 'property: quote, value: "|"', "quote '|'", "no quoting"),
        ("property: header", "property: heder", "'heder' means nothing", "'header'"),
        ("format: csv", "format: cvs", "format 'cvs'", "'csv'"),
        ("type: local", "type: kafka", "'kafka' cannot be read from", "local (files)"),
        ("value: yuan_to_fen", "value: rot13", "decode 'rot13'", "yuan_to_fen"),
        (
            "value: yuan_to_fen",
            "value: yyyymmdd",
            "makes date, and amount_fen is integer",
            "Change",
        ),
        ('{"1": credit', "{1: credit", "code 1 is not text", "quotes"),
        ('"1": credit', '"1": 7', "means 7, which is not text", "quotes"),
        ("{minimum: 0}", "{minimum: much}", "minimum 'much' does not fit amount_fen", "Mend"),
        ("{minimum: 0}", "{min: 0}", "unknown key 'min'", "'minimum'"),
        ("LOAN_{yyyymmdd}.dat", "LOAN_{yyyy}.dat", "{yyyy}", "{yyyymmdd}"),
        ("LOAN_{yyyymmdd}.dat", "../LOAN.dat", "leaves the delivery folder", "inside"),
        ("varchar(6)", "varchar(six)", "physicalType 'varchar(six)' is not a type", "varchar(20)"),
        ("name: name", "name: Name", "'Name' is not a valid column name", "lower-case"),
        ("  - name: name\n", "  - name: kind\n", "declares kind twice", "Keep one"),
        ("property: level, value: 2", "property: kind, value: weekly", "kind 'weekly'", "snapshot"),
    ],
)
def test_mistakes_are_named_with_file_line_and_remedy(
    old: str, new: str, message: str, remedy: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    with pytest.raises(InvalidDefinition) as caught:
        parse(text, "loan.odcs.yaml")
    assert message in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.what.startswith("loan.odcs.yaml:")
    assert caught.value.line >= 1


def test_the_line_is_that_of_the_mistake() -> None:
    text = GOOD.replace("value: yuan_to_fen", "value: rot13")
    line = next(n for n, found in enumerate(text.splitlines(), 1) if "rot13" in found)
    with pytest.raises(InvalidDefinition) as caught:
        parse(text, "loan.odcs.yaml")
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (Written(custom={"schedule": "once"}), "schedule once has no date"),
        (Written(custom={"business_date_from": "nothing"}), "business_date_from 'nothing'"),
        (Written(form="fixed"), "id has no width"),
        (Written(pattern=""), "the schema has no physicalName"),
        (Written(server={"control_totals": ["amount_fen"]}), "without a control file"),
        (
            Written(server=CORE | {"control": "C.ctl", "control_totals": ["name"]}),
            "'name' has no total",
        ),
        (Written(type="postgresql", form="sql"), "the database has no address"),
        (
            Written(type="custom", form="sql", server={"url_env": "CORE_URL"}),
            "needs a table or a query",
        ),
        (
            Written(type="custom", form="sql", server={"url_env": "postgres://secret@host"}),
            "is not the name of an environment variable",
        ),
        (Written(type="api"), "an api server has no location"),
        (Written(type="api", more_server="location: ftp://host/x\n"), "is no web address"),
        (Written(server={"url_env": "CORE_URL"}), "url_env is for databases"),
    ],
)
def test_parts_that_do_not_fit_together(written: Written, message: str) -> None:
    with pytest.raises(InvalidDefinition, match=message):
        written.contract()


def test_two_contracts_of_one_feed(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(InvalidDefinition, match="has another contract"):
        read_all(sorted(tmp_path.iterdir()))


def test_files_that_are_no_contract(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("name: 贷款".encode("gbk"))
    with pytest.raises(InvalidDefinition, match="not UTF-8"):
        read(tmp_path / "gbk.yaml")
    with pytest.raises(InvalidDefinition, match="empty"):
        parse("", "empty.yaml")
    with pytest.raises(InvalidDefinition, match="not YAML"):
        parse("a: [", "broken.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(InvalidDefinition, match="over 1,000,000 bytes"):
        read(tmp_path / "big.yaml")


CODED: dict[str, object] = {
    "name": "kind",
    "businessName": "担保 / Guarantee",
    "description": "What secures it.",
    "logicalType": "string",
}


def coded(codes: object) -> Field:
    custom = [
        {"property": "description_zh", "value": "以何担保。"},
        {"property": "codes", "value": codes},
    ]
    return written(CODED | {"customProperties": custom}).field("kind")


def written(column: dict[str, object]) -> Contract:
    return Written(columns=f"- {json.dumps(column, ensure_ascii=False)}").contract()


def test_a_column_says_what_it_means_in_both_languages() -> None:
    assert coded({"1": "credit"}).column.description == Label("以何担保。", "What secures it.")
    silent = written(CODED).field("kind")
    assert silent.column.description == Label("What secures it.", "What secures it.")


def test_codes_bring_their_names() -> None:
    field = coded(
        {
            "1": {"value": "credit", "zh": "信用", "en": "Unsecured"},
            "9": {"value": "credit", "zh": "信用", "en": "Unsecured"},
            "2": "pledge",
            "CNY": {"zh": "人民币", "en": "Renminbi"},
        }
    )
    assert field.codes == {"1": "credit", "9": "credit", "2": "pledge", "CNY": "CNY"}
    assert field.column.codes == (
        Code("credit", Label("信用", "Unsecured")),
        Code("CNY", Label("人民币", "Renminbi")),
    )


def test_what_a_decoder_yields_has_names() -> None:
    client = read(EXAMPLES / "berka" / "feeds" / "client.odcs.yaml")
    assert [code.value for code in client.field("gender").column.codes] == ["male", "female"]
    assert client.field("birth_date").column.codes == ()


@pytest.mark.parametrize(
    ("codes", "what"),
    [
        ({"1": {"value": "credit", "zh": "信用"}}, "en must be text"),
        ({"1": {"value": "credit", "zh": "信用", "en": ""}}, "en must be text"),
        ({"1": {"valeu": "credit", "zh": "信用", "en": "A"}}, "unknown key 'valeu'"),
        ({"1": {"value": 3, "zh": "信用", "en": "A"}}, "which is not text"),
        (
            {
                "1": {"value": "credit", "zh": "信用", "en": "Unsecured"},
                "2": {"value": "credit", "zh": "信贷", "en": "Unsecured"},
            },
            "has two names",
        ),
    ],
)
def test_wrong_names_of_codes(codes: object, what: str) -> None:
    with pytest.raises(InvalidDefinition, match=what) as caught:
        coded(codes)
    assert caught.value.line
