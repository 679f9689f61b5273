from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.data.checks import compile as compiler
from titian.data.checks.evaluate import Facts, evaluate
from titian.data.checks.model import Check, CheckKind, Outcome, Severity
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import Column, Layer, Mask, PiClass, Table
from titian.lake.session import JobSession, open_session

DAY = date(2026, 3, 30)
NEXT = DAY + timedelta(days=1)
TABLE = Table(
    Layer.CORE,
    "loan",
    "贷款",
    "Loans",
    (
        Column("id", "string", "编号", "Number", PiClass.C1, 2, key=True),
        Column("org", "string", "机构", "Organisation"),
        Column("name", "string", "姓名", "Name", PiClass.C2, 3, Mask.NAME),
        Column("amount_fen", "integer", "金额", "Amount"),
        Column("opened", "date", "开户", "Opened"),
    ),
)
ORG = Table(
    Layer.CORE,
    "org",
    "机构",
    "Organisations",
    (
        Column("org", "string", "机构", "Organisation", key=True),
        Column("total_fen", "integer", "合计", "Total"),
    ),
)
Row = tuple[str | None, str | None, str | None, int | None, date | None]
GOOD: list[Row] = [("a", "o1", "王芳", 10, DAY), ("b", "o2", "李雷", 20, DAY)]


@pytest.fixture
def session(qinghe: Scope) -> Iterator[JobSession]:
    orgs = pa.table({"org": ["o1", "o2"], "total_fen": [10, 20]})
    store.write_date(qinghe, ORG, DAY, orgs)
    store.write_date(qinghe, ORG, NEXT, orgs.slice(0, 1))
    with open_session(qinghe, tables=[ORG]) as opened:
        yield opened


def facts(previous: int | None = None, total: Decimal | None = None) -> Facts:
    return Facts(lambda _table, _day: previous, lambda _feed, _column, _day: total)


def stage(session: JobSession, rows: dict[date, list[Row]]) -> None:
    flat = [(*row, day) for day, given in rows.items() for row in given]
    schema = TABLE.arrow_schema(with_date=True)
    columns = list(zip(*flat, strict=True)) if flat else [() for _ in schema]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    session.register("given", pa.Table.from_arrays(arrays, schema=schema))
    session.execute("CREATE TEMP TABLE produced AS SELECT * FROM given")


def check(kind: CheckKind, **fields: object) -> Check:
    return Check(kind, "core.loan", **fields)  # type: ignore[arg-type]


def outcome(
    session: JobSession, rows: list[Row], rule: Check, known: Facts | None = None
) -> Outcome:
    stage(session, {DAY: rows})
    (found,) = evaluate(session, TABLE, [rule], [DAY], known or facts())
    return found


CASES = [
    (check(CheckKind.NOT_NULL, columns=("name", "org")), ("c", None, None, 1, None), 1),
    (check(CheckKind.UNIQUE, columns=("id",)), ("a", "o1", None, 1, None), 1),
    (check(CheckKind.UNIQUE, columns=("id", "org")), ("a", "o1", None, 1, None), 1),
    (check(CheckKind.UNIQUE, columns=("id", "org")), ("a", "o2", None, 1, None), 0),
    (
        check(CheckKind.ACCEPTED, columns=("org",), values=("o1", "o2")),
        ("c", "o3", "x", 1, None),
        1,
    ),
    (
        check(CheckKind.ACCEPTED, columns=("org",), values=("o1", "o2")),
        ("c", None, "x", 1, None),
        0,
    ),
    (check(CheckKind.RANGE, columns=("amount_fen",), low=0), ("c", "o1", "x", -1, None), 1),
    (check(CheckKind.RANGE, columns=("amount_fen",), high=20), ("c", "o1", "x", 21, None), 1),
    (check(CheckKind.RANGE, columns=("amount_fen",), low=0), ("c", "o1", "x", None, None), 0),
    (check(CheckKind.RANGE, columns=("opened",), high=DAY), ("c", "o1", "x", 1, NEXT), 1),
    (
        check(CheckKind.REFERENCE, columns=("org",), to="core.org", to_columns=("org",)),
        ("c", "o9", "x", 1, None),
        1,
    ),
    (
        check(CheckKind.REFERENCE, columns=("org",), to="core.org", to_columns=("org",)),
        ("c", None, "x", 1, None),
        0,
    ),
    (
        check(
            CheckKind.REFERENCE,
            columns=("org", "amount_fen"),
            to="core.org",
            to_columns=("org", "total_fen"),
        ),
        ("c", "o1", "x", 11, None),
        1,
    ),
    (
        check(CheckKind.CONDITION, where="amount_fen < 100 OR org = 'o1'"),
        ("c", "o2", "x", 100, None),
        1,
    ),
    (check(CheckKind.CONDITION, where="amount_fen < 100"), ("c", "o2", "x", None, None), 0),
]


@pytest.mark.parametrize(("rule", "row", "failing"), CASES)
def test_a_rule_counts_the_rows_that_break_it(
    session: JobSession, rule: Check, row: Row, failing: int
) -> None:
    found = outcome(session, [*GOOD, row], rule)
    assert (found.passed, found.failing, found.rows) == (failing == 0, failing, 3)
    assert bool(found.sample) == (failing > 0)


@pytest.mark.parametrize("rule", [case[0] for case in CASES])
def test_good_rows_and_no_rows_pass(session: JobSession, rule: Check) -> None:
    stage(session, {DAY: GOOD})
    both = evaluate(session, TABLE, [rule], [DAY, NEXT], facts())
    assert [(found.passed, found.rows) for found in both] == [(True, 2), (True, 0)]


def test_samples_name_keys_and_mask_persons(session: JobSession) -> None:
    rows: list[Row] = [(f"k{at}", "o1", "王芳", -1, None) for at in range(9)]
    rule = check(CheckKind.CONDITION, where="amount_fen > 0 AND name <> 'x'")
    found = outcome(session, rows, rule)
    assert found.failing == 9
    assert len(found.sample) == compiler.SAMPLE_ROWS
    assert found.sample[0] == {"id": "k0", "amount_fen": "-1", "name": "王*"}


def test_repeated_keys_are_shown(session: JobSession) -> None:
    found = outcome(session, [*GOOD, GOOD[0]], check(CheckKind.UNIQUE, columns=("id",)))
    assert [row["id"] for row in found.sample] == ["a", "a"]


def test_a_reference_is_to_the_same_date(session: JobSession) -> None:
    rule = check(CheckKind.REFERENCE, columns=("org",), to="core.org", to_columns=("org",))
    stage(session, {DAY: GOOD, NEXT: GOOD})
    found = evaluate(session, TABLE, [rule], [DAY, NEXT], facts())
    assert [(o.business_date, o.failing) for o in found] == [(DAY, 0), (NEXT, 1)]
    assert found[1].sample == ({"id": "b", "org": "o2"},)


def test_row_count(session: JobSession) -> None:
    stage(session, {DAY: GOOD})
    rules = [check(CheckKind.ROW_COUNT, low=2.0, high=2.0), check(CheckKind.ROW_COUNT, low=3.0)]
    found = evaluate(session, TABLE, rules, [DAY], facts())
    assert [(o.passed, o.measured) for o in found] == [(True, "2 rows"), (False, "2 rows")]


@pytest.mark.parametrize(
    ("previous", "passed"), [(None, True), (0, True), (2, True), (3, True), (5, False)]
)
def test_drift_compares_with_the_date_before(
    session: JobSession, previous: int | None, passed: bool
) -> None:
    rule = check(CheckKind.ROW_COUNT_DRIFT, tolerance=0.5)
    assert outcome(session, GOOD, rule, facts(previous)).passed is passed


def test_drift_goes_from_date_to_date(session: JobSession) -> None:
    stage(session, {DAY: GOOD, NEXT: GOOD[:1]})
    rule = check(CheckKind.ROW_COUNT_DRIFT, tolerance=0.2)
    found = evaluate(session, TABLE, [rule], [NEXT, DAY], facts(2))
    assert [(o.passed, o.measured) for o in found] == [
        (True, "2 → 2 rows (+0.0%)"),
        (False, "2 → 1 rows (-50.0%)"),
    ]


@pytest.mark.parametrize(
    ("opened", "passed", "measured"),
    [
        (DAY, True, "newest is 2026-03-30"),
        (DAY - timedelta(days=2), True, "newest is 2026-03-28"),
        (DAY - timedelta(days=3), False, "newest is 2026-03-27"),
        (None, False, "no date in any row"),
    ],
)
def test_freshness(session: JobSession, opened: date | None, passed: bool, measured: str) -> None:
    rule = check(CheckKind.FRESHNESS, columns=("opened",), max_days=2)
    found = outcome(session, [("a", "o1", "x", 1, opened)], rule)
    assert (found.passed, found.measured) == (passed, measured)


@pytest.mark.parametrize(
    ("total", "tolerance", "passed"),
    [("30", 0.0, True), ("31", 0.0, False), ("31", 1.0, True), (None, 0.0, True)],
)
def test_a_sum_equals_the_control_total(
    session: JobSession, total: str | None, tolerance: float, passed: bool
) -> None:
    rule = check(
        CheckKind.SUM_EQUALS,
        columns=("amount_fen",),
        to_columns=("amount_fen",),
        theirs="loan",
        tolerance=tolerance,
    )
    known = facts(total=None if total is None else Decimal(total))
    assert outcome(session, GOOD, rule, known).passed is passed


def test_a_sum_may_be_of_some_rows(session: JobSession) -> None:
    rule = check(
        CheckKind.SUM_EQUALS,
        columns=("amount_fen",),
        to_columns=("amount_fen",),
        theirs="loan",
        where="org = 'o1'",
    )
    assert outcome(session, GOOD, rule, facts(total=Decimal(10))).passed


def test_sums_of_two_tables_are_reconciled_by_group(session: JobSession) -> None:
    rule = check(
        CheckKind.RECONCILE,
        columns=("org",),
        ours="sum(amount_fen)",
        to="core.org",
        theirs="sum(total_fen)",
    )
    assert outcome(session, GOOD, rule).measured == "all agree"
    session.execute("DROP TABLE produced")
    found = outcome(session, [*GOOD, ("c", "o2", "x", 5, None), ("d", "o3", "x", 7, None)], rule)
    assert (found.passed, found.failing) == (False, 2)
    groups = {row["org"]: (row["ours"], row["theirs"]) for row in found.sample}
    assert groups == {"o2": ("25", "20"), "o3": ("7", "None")}


def test_whole_tables_are_reconciled_within_a_tolerance(session: JobSession) -> None:
    rule = check(
        CheckKind.RECONCILE,
        ours="sum(amount_fen)",
        to="core.org",
        theirs="sum(total_fen)",
        where="id <> 'd'",
        values=("org <> 'o9'",),
        tolerance=1.0,
    )
    assert outcome(session, [*GOOD, ("c", "o1", "x", 1, None)], rule).passed
    session.execute("DROP TABLE produced")
    found = outcome(session, [*GOOD, ("c", "o1", "x", 2, None)], rule)
    assert (found.failing, found.sample[0]["ours"]) == (1, "32")


def test_errors_block_and_warnings_do_not(session: JobSession) -> None:
    for severity, blocks in ((Severity.ERROR, True), (Severity.WARNING, False)):
        rule = check(CheckKind.NOT_NULL, columns=("name",), severity=severity)
        assert outcome(session, [("a", "o", None, 1, None)], rule).blocks is blocks
        session.execute("DROP TABLE produced")


def test_all_rules_are_measured_in_one_scan() -> None:
    query = compiler.measure([case[0] for case in CASES], TABLE)
    plan = query.sql(compiler.DIALECT)
    assert plan.count("FROM produced") == 1


NAMES = ("a", "b", None)


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(-3, 3)), max_size=12
    )
)
def test_measurements_are_what_counting_by_hand_gives(
    rows: list[tuple[str | None, str | None, int]],
) -> None:
    rules = [
        check(CheckKind.NOT_NULL, columns=("id", "org")),
        check(CheckKind.ACCEPTED, columns=("org",), values=("a",)),
        check(CheckKind.RANGE, columns=("amount_fen",), low=-1, high=1),
        check(CheckKind.UNIQUE, columns=("id", "org")),
    ]
    keyless = Table(Layer.CORE, "t", "表", "Table", TABLE.columns[1:])
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    with duckdb.connect() as connection:
        connection.register(
            "produced",
            pa.table(
                {
                    "id": pa.array(columns[0], pa.string()),
                    "org": pa.array(columns[1], pa.string()),
                    "amount_fen": pa.array(columns[2], pa.int64()),
                    "business_date": pa.array([DAY] * len(rows), pa.date32()),
                }
            ),
        )
        query = compiler.measure(rules, keyless).sql(compiler.DIALECT)
        found = connection.sql(query).to_arrow_table().to_pylist()
    by_hand = (
        sum(1 for id_, org, _ in rows if id_ is None or org is None),
        sum(1 for _, org, _ in rows if org == "b"),
        sum(1 for *_, amount in rows if abs(amount) > 1),
        len(rows) - len({(id_, org) for id_, org, _ in rows}),
    )
    counted = [
        (row[compiler.ROWS], *(row[compiler.metric_name(at)] for at in range(len(rules))))
        for row in found
    ]
    assert counted == ([(len(rows), *by_hand)] if rows else [])
