from __future__ import annotations

from datetime import date

import pytest

from titian.data.checks.model import Check, CheckKind, Severity
from titian.data.checks.parse import parse_checks
from titian.data.checks.wording import describe
from titian.data.strict import read_yaml
from titian.kernel.errors import InvalidDefinition

COLUMNS = frozenset({"id", "org", "amount_fen", "opened"})


def parsed(line: str) -> Check:
    document = read_yaml(f"checks:\n  - {line}", "f.sql")
    (found,) = parse_checks(document, ("checks",), "core.loan", COLUMNS)
    return found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not_null: [id, org]}", "id, org must not be empty"),
        ("{unique: [id]}", "id must not repeat"),
        ("{accepted: {column: org, values: [a, 1]}}", "org must be one of a, 1"),
        ("{range: {column: amount_fen, min: 0}}", "amount_fen must be at least 0"),
        ("{range: {column: opened, max: 2026-01-01}}", "opened must be at most 2026-01-01"),
        ("{reference: {columns: [org], to: core.org}}", "org must be found in core.org"),
        ("{condition: amount_fen > 0}", "amount_fen > 0 must hold"),
        ("{row_count: {min: 1, max: 5}}", "the number of rows must be from 1 to 5"),
        ("{row_count_drift: {max_ratio: 0.5}}", "the rows must be within 50% of the date before"),
        ("{freshness: {column: opened, max_days: 3}}", "opened must be at most 3 days old"),
        (
            "{sum_equals: {column: amount_fen, feed: loan}}",
            "the sum of amount_fen must equal the control total of loan",
        ),
        (
            "{reconcile: {ours: sum(amount_fen), to: core.gl, theirs: sum(x), by: [org]}}",
            "sum(amount_fen) must equal sum(x) of core.gl by org",
        ),
        ("{unique: [id], label: one loan one row}", "one loan one row"),
        ("{unique: [id], label: {zh: 一笔一行, en: one loan one row}}", "one loan one row"),
    ],
)
def test_it_works(line: str, words: str) -> None:
    found = parsed(line)
    assert describe(found) == words
    assert found.table == "core.loan"
    assert found.line == 2


def test_only_movements_warn_unless_told() -> None:
    assert parsed("{unique: [id]}").severity is Severity.ERROR
    assert parsed("{row_count_drift: {max_ratio: 1}}").severity is Severity.WARNING
    assert parsed("{unique: [id], severity: warning}").severity is Severity.WARNING
    assert parsed("{freshness: {column: opened, max_days: 1}, severity: error}").severity == "error"


def test_defaults() -> None:
    assert parsed("{reference: {columns: [org], to: core.org}}").to_columns == ("org",)
    found = parsed("{sum_equals: {column: amount_fen, feed: loan}}")
    assert (found.theirs, found.to_columns, found.tolerance) == ("loan", ("amount_fen",), 0.0)
    assert parsed("{range: {column: opened, min: 2026-01-01}}").low == date(2026, 1, 1)
    assert parsed("{condition: amount_fen > 0}").kind is CheckKind.CONDITION
    assert parsed("{reference: {columns: [org], to: core.org}}").reads == {"core.org"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[unique]", "a check must be"),
        ("{unique: []}", "no columns are named"),
        ("{unique: id}", "must be a list"),
        ("{label: x}", "exactly one rule"),
        ("{accepted: {column: org}}", "lacks 'values'"),
        ("{accepted: {column: org, values: []}}", "values must be a list"),
        ("{accepted: {column: org, values: [[1]]}}", "must be a value"),
        ("{range: {column: amount_fen}}", "needs an end"),
        ("{range: {column: amount, min: 0}}", "no column 'amount'"),
        ("{row_count: {}}", "needs an end"),
        ("{row_count: {min: -1}}", "number from 0 on"),
        ("{row_count_drift: {max_ratio: x}}", "number from 0 on"),
        ("{reference: {columns: [org], to: org}}", "'org' is not a table"),
        ("{reference: {columns: [org], to: core.org, to_columns: [a, b]}}", "differ in number"),
        ("{freshness: {column: opened, max_days: 1.5}}", "whole number"),
        ("{condition: 'amount_fen >'}", "is not an SQL expression"),
        ("{condition: 'amount > 0'}", "no column 'amount'"),
        ("{condition: 'id IN (SELECT id FROM core.x)'}", "holds a statement"),
        ("{reconcile: {ours: sum(amount_fen), to: core.gl}}", "lacks 'theirs'"),
        ("{reconcile: {ours: sum(x), to: core.gl, theirs: sum(x)}}", "no column 'x'"),
    ],
)
def test_what_is_wrong_is_refused(line: str, words: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parsed(line)
    assert words in caught.value.what
    assert caught.value.line == 2
    assert caught.value.remedy


def test_the_list_is_a_list_and_limited() -> None:
    with pytest.raises(InvalidDefinition, match="must be a list"):
        parse_checks(read_yaml("checks: {}", "f"), ("checks",), "core.loan", COLUMNS)
    many = "checks:\n" + "- {unique: [id]}\n" * 101
    with pytest.raises(InvalidDefinition, match="over 100 checks"):
        parse_checks(read_yaml(many, "f"), ("checks",), "core.loan", COLUMNS)
    assert parse_checks(read_yaml("a: 1", "f"), ("checks",), "core.loan", COLUMNS) == ()
