from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from titian.data import definitions, indicators
from titian.data.checks.evaluate import Facts
from titian.data.indicators import Subject, Unit, cli
from titian.data.indicators.compute import TABLE
from titian.data.indicators.jobs import JOBS, subject_table
from titian.data.jobs import catalogue
from titian.data.jobs.task import Brake, Task
from titian.data.jobs.work import perform
from titian.kernel import audit
from titian.kernel.errors import Corrupt, Denied, LimitExceeded, NotFound, TitianError
from titian.kernel.ids import OrgId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, settings
from titian.lake import store
from titian.lake.schema import Table

DAYS = (date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31))
LAST = DAYS[-1]
FACTS = Facts(lambda *_: None, lambda *_: None)
HEAD = OrgId("o1")
runner = CliRunner()


@pytest.fixture(scope="module")
def made_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the place where the first test leaves its lake for the others."""
    return tmp_path_factory.mktemp("lake") / "lake"


@pytest.fixture
def filled(
    qinghe: Scope, bank: duckdb.DuckDBPyConnection, declared: dict[str, Table], made_lake: Path
) -> Scope:
    """Give a bank with core tables and three business dates of indicators."""
    if made_lake.exists():
        shutil.copytree(made_lake, settings().lake)
        return qinghe
    for name, table in declared.items():
        rows = bank.sql(f"SELECT * FROM {name} WHERE business_date >= '2026-02-01'")
        held = rows.to_arrow_table()
        days = sorted(set(held.column("business_date").to_pylist()) | set(DAYS))
        store.write_dates(qinghe, table, held, days)
    run(qinghe)
    shutil.copytree(settings().lake, made_lake)
    return qinghe


def run(scope: Scope, dates: tuple[date, ...] = DAYS) -> None:
    tables = {t.qualified: t for t in catalogue.load(scope).tables.values()}
    for python in JOBS:
        job = python.at(scope)
        assert job is not None
        perform(scope, Task(job, dates, tables, FACTS), Brake())


@pytest.fixture
def analyst(filled: Scope) -> Scope:
    return replace(filled, user=UserId("ana"), roles=frozenset({Role.ANALYST}), clearance=3)


def test_it_works(filled: Scope, bank: duckdb.DuckDBPyConnection) -> None:
    ((expected,),) = bank.execute(
        "SELECT sum(balance_fen) FROM core.loan WHERE is_active AND business_date = '2026-03-31'"
    ).fetchall()
    (point,) = indicators.series(filled, "loan_balance", HEAD, LAST, LAST)
    assert point.value == expected
    assert indicators.dates(filled) == list(DAYS)
    assert indicators.head(filled) == HEAD


def test_the_published_table_is_complete_and_plain_sql(filled: Scope) -> None:
    rows = store.read(filled, TABLE.qualified, business_date=LAST)
    codes = indicators.catalogue(filled)
    assert rows.num_rows == 13 * len(codes)
    keys = rows.group_by(["org_id", "indicator"]).aggregate([([], "count_all")])
    assert keys.num_rows == rows.num_rows
    for part in indicators.completeness(filled, LAST):
        assert part.present == part.expected > 0
        assert part.missing == ()


def test_incomplete_subjects_are_not_published(filled: Scope) -> None:
    table = subject_table(Subject.RISK)
    held = store.read(filled, table.qualified, business_date=LAST).slice(1)
    store.write_date(filled, table, LAST, held.drop_columns(["business_date"]))
    job = JOBS[-1].at(filled)
    assert job is not None
    tables = {t.qualified: t for t in catalogue.load(filled).tables.values()}
    with pytest.raises(Corrupt, match=r"mart\.indicator_risk of 2026-03-31"):
        perform(filled, Task(job, (LAST,), tables, FACTS), Brake())


def test_completeness_names_what_is_missing(filled: Scope) -> None:
    held = store.read(filled, TABLE.qualified, business_date=LAST)
    keep = pa.compute.not_equal(held.column("indicator"), "npl_ratio")
    store.write_date(filled, TABLE, LAST, held.filter(keep).drop_columns(["business_date"]))
    found = {part.subject: part for part in indicators.completeness(filled, LAST)}
    assert found[Subject.RISK].missing == ("npl_ratio",)
    assert found[Subject.CREDIT].missing == ()


def test_a_date_alone_equals_the_same_date_in_a_back_fill(filled: Scope) -> None:
    before = store.read(filled, TABLE.qualified, business_date=LAST)
    run(filled, (LAST,))
    after = store.read(filled, TABLE.qualified, business_date=LAST)
    assert before.select(["org_id", "indicator"]) == after.select(["org_id", "indicator"])
    for left, right in zip(
        before.column("value").to_pylist(), after.column("value").to_pylist(), strict=True
    ):
        assert (left is None) == (right is None)
        assert left is None or math.isclose(left, right, rel_tol=1e-14)


def test_the_catalogue_lists_by_subject_and_searches_both_languages(analyst: Scope) -> None:
    listed = indicators.catalogue(analyst, Subject.RISK)
    assert {entry.subject for entry in listed} == {Subject.RISK}
    assert "npl_ratio" in [e.code for e in indicators.catalogue(analyst, search="不良贷款率")]
    assert "npl_ratio" in [e.code for e in indicators.catalogue(analyst, search="npl RATIO")]
    assert indicators.catalogue(analyst, search="no such thing") == ()


def test_a_definition_says_everything(analyst: Scope) -> None:
    found = indicators.definition(analyst, "npl_ratio")
    assert found.entry.unit is Unit.RATIO
    assert found.formula.zh == "〔不良贷款余额〕 ÷ 〔贷款余额〕"
    assert found.operands == ("loan_balance_npl", "loan_balance")
    assert "npl_ratio_change" in found.used_by
    assert "core.loan.balance_fen" in found.columns
    assert "core.loan.is_npl" in found.columns
    assert found.file.endswith("risk.yaml")
    assert found.line > 1


def test_an_unknown_code_names_the_nearest(analyst: Scope) -> None:
    with pytest.raises(NotFound, match="Did you mean 'npl_ratio'"):
        indicators.definition(analyst, "npl_ration")


def test_figures_need_the_permission(filled: Scope) -> None:
    nobody = replace(filled, user=UserId("nobody"), roles=frozenset({Role.PARTNER_DEVELOPER}))
    for ask in (
        lambda: indicators.catalogue(nobody),
        lambda: indicators.definition(nobody, "npl_ratio"),
        lambda: indicators.series(nobody, "npl_ratio", HEAD, LAST, LAST),
        lambda: indicators.by_org(nobody, "npl_ratio", LAST),
        lambda: indicators.completeness(nobody, LAST),
        lambda: indicators.drill(nobody, "npl_ratio", None, LAST),
    ):
        with pytest.raises(Denied):
            ask()


def test_by_org_puts_the_head_office_first_and_adds_up(analyst: Scope) -> None:
    rows = indicators.by_org(analyst, "entry_count_mtd", LAST)
    assert rows[0].point.org_id == HEAD
    assert [row.level for row in rows] == ["head"] + ["branch"] * 3 + ["outlet"] * 9
    branches = sum(r.point.value or 0 for r in rows if r.level == "branch")
    outlets = sum(r.point.value or 0 for r in rows if r.level == "outlet")
    assert branches == outlets <= (rows[0].point.value or 0)


def test_compare_sets_organisations_side_by_side(analyst: Scope) -> None:
    found = indicators.compare(analyst, "loan_balance", [OrgId("o2"), OrgId("o3")], DAYS[0], LAST)
    assert {org: len(points) for org, points in found.items()} == {"o2": 3, "o3": 3}
    with pytest.raises(LimitExceeded):
        indicators.compare(analyst, "loan_balance", [OrgId(str(n)) for n in range(3000)], *DAYS[:2])


def test_drill_gives_the_rows_that_make_the_figure(analyst: Scope) -> None:
    for code in ("loan_balance_npl", "grant_amount_ytd", "entry_count_mtd", "deposit_balance_pme"):
        for org in (HEAD, OrgId("o3"), OrgId("o7")):
            (point,) = indicators.series(analyst, code, org, LAST, LAST)
            found = indicators.drill(analyst, code, org, LAST, limit=1000)
            if code.startswith("entry_count"):
                assert found.total == point.value
                continue
            assert found.total == found.rows.num_rows
            measure = "amount_fen" if code.startswith("grant") else "balance_fen"
            total = sum(value or 0 for value in found.rows.column(measure).to_pylist())
            assert total == (point.value or 0), (code, org)


def test_drill_of_a_formula_leads_to_its_first_part(analyst: Scope) -> None:
    found = indicators.drill(analyst, "npl_ratio", None, LAST, limit=5)
    assert found.code == "loan_balance_npl"
    assert found.rows.num_rows == 5
    balances = found.rows.column("balance_fen").to_pylist()
    assert balances == sorted(balances, reverse=True)


def test_drill_masks_personal_data_and_is_audited(analyst: Scope) -> None:
    found = indicators.drill(analyst, "party_count", OrgId("o7"), LAST)
    assert all(name.endswith("*") for name in found.rows.column("name").to_pylist())
    entry = audit.entries(Scope.system(analyst.bank), limit=1)[0]
    assert entry.action == "indicators.drill"


def test_a_drill_tells_nothing_above_the_clearance(analyst: Scope) -> None:
    low = replace(analyst, clearance=2)
    found = indicators.drill(low, "loan_balance", OrgId("o7"), LAST)
    assert found.rows.column("balance_fen").null_count == found.rows.num_rows > 1
    keys = found.rows.column("loan_id").to_pylist()
    assert keys == sorted(keys)
    assert found.total == indicators.drill(analyst, "loan_balance", OrgId("o7"), LAST).total
    with pytest.raises(Denied, match="would tell you is_npl"):
        indicators.drill(low, "loan_balance_npl", OrgId("o7"), LAST)


def test_drill_has_limits(analyst: Scope) -> None:
    with pytest.raises(LimitExceeded, match="1 to 1000"):
        indicators.drill(analyst, "party_count", None, LAST, limit=5000)
    with pytest.raises(NotFound, match="no organisation 'o77'"):
        indicators.drill(analyst, "party_count", OrgId("o77"), LAST)
    with pytest.raises(NotFound, match="cannot be known"):
        indicators.drill(analyst, "party_count", None, date(2026, 1, 15))


def test_a_bank_installs_indicators_of_its_own(filled: Scope, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "defaults: {subject: risk, owner: {zh: 本行, en: Bank}}\n"
        "formulas:\n  twice: {zh: 二倍, en: Twice, unit: fen, formula: 2 * loan_balance}\n",
        encoding="utf-8",
    )
    definitions.install(filled, "indicators", folder)
    assert "twice" in [entry.code for entry in indicators.catalogue(filled, Subject.RISK)]
    short = {part.subject: part for part in indicators.completeness(filled, LAST)}
    assert short[Subject.RISK].missing == ("twice",)
    run(filled)
    (twice,) = indicators.series(filled, "twice", HEAD, LAST, LAST)
    (once,) = indicators.series(filled, "loan_balance", HEAD, LAST, LAST)
    assert twice.value == 2 * (once.value or 0)


def test_before_the_first_run_there_is_nothing_and_it_says_so(qinghe: Scope) -> None:
    assert indicators.dates(qinghe) == []
    assert indicators.series(qinghe, "npl_ratio", HEAD, LAST, LAST) == ()
    assert all(part.present == 0 for part in indicators.completeness(qinghe, LAST))
    with pytest.raises(NotFound):
        indicators.head(qinghe)


Cli = Callable[..., str]


@pytest.fixture
def titian(filled: Scope) -> Cli:
    def call(*words: str) -> str:
        done = runner.invoke(cli.app, [*words, "--bank", str(filled.bank)])
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


def test_the_command_line_speaks_json(titian: Cli) -> None:
    listed = json.loads(titian("list", "--subject", "credit", "--json"))
    assert {entry["subject"] for entry in listed} == {"credit"}
    shown = json.loads(titian("show", "npl_ratio", "--json"))
    assert shown["business_date"] == "2026-03-31"
    assert len(shown["figures"]) == 13
    points = json.loads(titian("series", "npl_ratio", "--from", "2026-03-30", "--json"))
    assert [point["business_date"] for point in points] == ["2026-03-30", "2026-03-31"]
    drilled = json.loads(titian("drill", "npl_ratio", "--limit", "2", "--json"))
    assert len(drilled["rows"]) == 2
    status = json.loads(titian("status", "--json"))
    assert [part["subject"] for part in status] == list(Subject)
    scans = json.loads(titian("compile", "--json"))
    assert sum(scan["figures"] for scan in scans) > 250


def test_the_command_line_names_things_in_the_language_chosen(titian: Cli) -> None:
    for words in (["list"], ["show", "npl_ratio"], ["series", "npl_ratio", "--csv"], ["status"]):
        heads = titian(*words).split("\no1 ")[0]  # organisations have the names their bank gave
        assert not re.search("[一-龥]", heads), words
    configure(settings().model_copy(update={"lang": "zh"}))
    assert "不良贷款率" in titian("list", "--search", "npl_ratio")
    assert "〔不良贷款余额〕 ÷ 〔贷款余额〕" in titian("show", "npl_ratio")
    assert titian("series", "npl_ratio", "--csv").startswith("business_date,不良贷款率\n")
    assert "风险" in titian("status")


def test_the_command_line_leaves_out_the_parts_that_no_figure_has(titian: Cli) -> None:
    assert "numerator  denominator" in titian("show", "npl_ratio")
    assert "numerator" not in titian("show", "loan_count")


def test_the_command_line_speaks_to_people(titian: Cli) -> None:
    assert "2026-03-29" in titian("series", "npl_ratio")
    assert "special_mention" not in titian("drill", "loan_balance_npl")
    assert 'FROM "core"."loan"' in titian("compile", "--sql", "--code", "npl_ratio")
    assert "core.loan" in titian("compile", "--code", "npl_ratio")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("show npl_ration", "Did you mean 'npl_ratio'"),
        ("show npl_ratio --date 2020-01-01", "no figures of 2020-01-01. There are figures of"),
        ("show npl_ratio --date 2020-01-01", "2026-03-31"),
        ("show npl_ratio --date 2199-01-01", "no figures of 2199-01-01"),
        ("show npl_ratio --date tomorrow", "is not a business date"),
        ("status --date 2020-01-01", "There are figures of"),
        ("series npl_ratio --org nope", "there is no organisation 'nope'"),
        ("series npl_ratio --from 2027-01-01", "There are figures of"),
        ("series npl_ratio --from 2026-03-31 --to 2026-03-30", "comes after"),
        ("series npl_ratio --to yesterday", "is not a last date"),
        ("drill npl_ratio --org nope", "there is no organisation 'nope'"),
        ("drill npl_ratio --limit 5000", "Ask for 1 to 1000"),
        ("compile --code npl", "there is no indicator 'npl'"),
        ("list --json --csv", "--json and --csv"),
    ],
)
def test_the_command_line_names_what_is_wrong(filled: Scope, words: str, said: str) -> None:
    done = runner.invoke(cli.app, [*words.split(), "--bank", str(filled.bank)])
    assert isinstance(done.exception, TitianError), done.output
    assert said in str(done.exception)


def test_the_command_line_says_what_it_found_none_of(filled: Scope) -> None:
    done = runner.invoke(cli.app, ["list", "--search", "zzz", "--bank", str(filled.bank)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "contains 'zzz'" in done.stderr


def test_the_command_line_before_any_figures(qinghe: Scope) -> None:
    shown = runner.invoke(cli.app, ["show", "npl_ratio", "--bank", "qinghe"])
    assert shown.exit_code == 0
    assert "titian jobs run --bank qinghe" in shown.stderr
    for words in ("series npl_ratio", "drill npl_ratio", "status", "compile"):
        done = runner.invoke(cli.app, [*words.split(), "--bank", "qinghe"])
        assert "qinghe has no indicators yet" in str(done.exception)


def test_the_command_line_gives_csv_with_plain_figures(titian: Cli) -> None:
    points = list(csv.reader(io.StringIO(titian("series", "npl_ratio", "--csv"))))
    assert all(0 <= float(value) <= 1 for _, value in points[1:])
    for words in ("list", "drill npl_ratio", "compile", "status"):
        assert list(csv.DictReader(io.StringIO(titian(*words.split(), "--csv"))))


def test_the_jobs_say_which_tables_they_look_back_into(qinghe: Scope) -> None:
    by_name = {job.name: job for python in JOBS if (job := python.at(qinghe)) is not None}
    risk = {read.table: read.history for read in by_name["mart.indicator_risk"].reads}
    assert risk["core.loan"]
    assert risk["core.entry"]
    assert not risk["core.org"]
    marketing = {read.table: read.history for read in by_name["mart.indicator_marketing"].reads}
    assert not marketing["core.card"]


def test_what_a_period_lacks_is_told(filled: Scope) -> None:
    held = store.dates(filled, "core.account")
    year = indicators.coverage(filled, "deposit_balance_avg_ytd", LAST)
    assert year is not None
    assert (year.first, year.last, year.days) == (date(2026, 1, 1), LAST, 90)
    assert year.held == sum(day >= year.first for day in held) < 90
    end = indicators.coverage(filled, "deposit_balance_pye", LAST)
    assert end is not None
    assert (end.last, end.days, end.held) == (date(2025, 12, 31), 1, 0)
    assert indicators.coverage(filled, "deposit_balance", LAST) is None


def test_a_formula_is_covered_as_its_least_covered_part(filled: Scope) -> None:
    assert indicators.coverage(filled, "npl_ratio", LAST) is None
    with pytest.raises(NotFound, match="npl_rato"):
        indicators.coverage(filled, "npl_rato", LAST)
