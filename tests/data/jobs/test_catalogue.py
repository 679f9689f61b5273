from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest

from titian.data import definitions
from titian.data.jobs import JobContext, PythonJob, Shape, catalogue, job
from titian.kernel.errors import Denied, InvalidDefinition, InvalidInput, NotFound
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.schema import Column, Layer, Table

from .conftest import DAY, Plot, job_text, same_day

Use = Callable[[Sequence[PythonJob]], None]
COLUMNS = (Column("id", "string", "编号", "Number"),)
RIVER = Table(Layer.CORE, "river", "河", "River", COLUMNS)


def test_it_works(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    found = catalogue.load(plot.scope)
    loan = found.job("core.loan")
    assert loan.waits == ("loan",)
    assert loan.needs == {"raw.loan"}
    assert loan.parameters == {"business_date"}
    assert catalogue.load(plot.scope) is found


def test_presets_of_the_package_fit_together(qinghe: Scope) -> None:
    found = catalogue.load(qinghe)
    assert {"core.party", "core.loan", "core.entry"} <= found.jobs.keys()
    assert found.graph.order.index("core.party") < found.graph.order.index("core.loan")
    for made in found.jobs.values():
        assert made.zh
        assert made.en


@pytest.mark.parametrize(
    ("sql", "words", "remedy"),
    [
        (same_day("raw.lon"), "no feed or job writes raw.lon", "Did you mean 'raw.loan'?"),
        (same_day("core.lone"), "no feed or job writes core.lone", "'core.loan'"),
        (same_day("raw.loan", "idd AS id, amount_fen"), "no column 'idd'", "'id'"),
    ],
)
def test_what_does_not_exist_is_refused(plot: Plot, sql: str, words: str, remedy: str) -> None:
    plot.feed("loan")
    with pytest.raises(InvalidDefinition) as caught:
        plot.jobs(core_loan=job_text("core.loan", sql))
    assert words in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.line == 10


def test_waiting_for_an_unknown_feed_is_refused(plot: Plot) -> None:
    plot.feed("loan")
    with pytest.raises(InvalidDefinition, match="no feed 'lone' to wait for") as caught:
        plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan"), extra="waits: [lone]"))
    assert caught.value.line == 6


def test_a_file_that_is_not_utf8_is_refused(plot: Plot) -> None:
    plot.feed("loan")
    (plot.folder / "jobs").mkdir()
    (plot.folder / "jobs" / "core.bad.sql").write_bytes("/* 贷款 */".encode("gb18030"))
    with pytest.raises(InvalidDefinition, match="is not UTF-8"):
        plot.jobs()


def test_two_jobs_in_a_circle_are_refused(plot: Plot) -> None:
    with pytest.raises(InvalidDefinition, match=r"core\.b → core\.a|core\.a → core\.b"):
        plot.jobs(
            core_a=job_text("core.a", same_day("core.b")),
            core_b=job_text("core.b", same_day("core.a")),
        )


def test_unknown_names_are_told(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    with pytest.raises(NotFound, match=r"there is no job 'core\.lone'"):
        catalogue.load(plot.scope).job("core.lone")


def test_a_job_may_read_a_table_that_a_system_wrote(plot: Plot) -> None:
    table = Table(Layer.CORE, "limits", "额度", "Limits", COLUMNS)
    store.write_date(plot.scope, table, DAY, pa.table({"id": ["a"]}))
    plot.jobs(mart_l=job_text("mart.l", same_day("core.limits", "id, 1 AS amount_fen")))
    plot.run()
    assert plot.rows("mart.l") == {"a": 1}


def test_a_python_job_changes_with_its_code_and_shape(plot: Plot, python_jobs: Use) -> None:
    @job(writes=RIVER, schedule="month_end", due="07:00", timeout_s=5)
    def first(context: JobContext) -> pa.Table:
        """Measure the river.

        Every day.
        """
        return pa.table({"id": [str(context.business_date)]})

    python_jobs([first])
    made = catalogue.load(plot.scope).job("core.river")
    assert (made.zh, made.schedule, made.due) == ("河", "month_end", "07:00")
    assert made.description is RIVER.description

    @job(writes=RIVER)
    def second(_context: JobContext) -> pa.Table:
        return pa.table({"id": ["2"]})

    python_jobs([second])
    assert catalogue.load(plot.scope).job("core.river").version != made.version


def test_a_shape_depends_on_the_bank(plot: Plot, baishui: Scope, python_jobs: Use) -> None:
    def only_here(scope: Scope) -> Shape | None:
        return Shape((RIVER,), (), "v1") if scope.bank == plot.scope.bank else None

    @job(shape=only_here)
    def river(_context: JobContext) -> pa.Table:
        return pa.table({"id": ["a"]})

    python_jobs([river])
    assert "core.river" in catalogue.load(plot.scope).jobs
    assert "core.river" not in catalogue.load(baishui).jobs


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"writes": RIVER, "shape": lambda _scope: None},
        {"writes": RIVER, "schedule": "dayly"},
        {"writes": RIVER, "checks": [{"unique": ["nothing"]}]},
        {"writes": RIVER, "checks": {"core.rive": []}},
    ],
)
def test_wrong_declarations_are_refused(
    plot: Plot, python_jobs: Use, options: dict[str, object]
) -> None:
    def river(_context: JobContext) -> pa.Table:
        raise NotImplementedError

    def declared() -> None:
        python_jobs([job(**options)(river)])  # type: ignore[arg-type]  # wrong on purpose
        catalogue.load(plot.scope)

    with pytest.raises(InvalidDefinition):
        declared()


def test_a_python_job_may_read_only_what_it_declares(plot: Plot, python_jobs: Use) -> None:
    plot.feed("loan")
    plot.deliver("loan")
    caught: list[Exception] = []

    @job(writes=RIVER, reads=("raw.loan",), waits=("loan",))
    def river(context: JobContext) -> pa.Table:
        try:
            context.read("core.party")
        except Denied as error:
            caught.append(error)
        try:
            context.sql("SELECT * FROM core.party")
        except InvalidInput as error:
            caught.append(error)
        count = context.sql("SELECT count(*) AS n FROM raw.loan")["n"][0].as_py()
        reader = context.reader("SELECT id FROM raw.loan WHERE business_date = $d", {"d": DAY})
        assert context.read("raw.loan", columns=["id"]).num_rows == count == 2
        return reader

    python_jobs([river])
    plot.run()
    assert len(caught) == 2
    assert store.read(plot.scope, "core.river").num_rows == 2


def test_a_python_job_may_take_many_dates_at_once(plot: Plot, python_jobs: Use) -> None:
    from datetime import timedelta

    calls: list[int] = []
    days = [DAY, DAY + timedelta(days=1)]

    @job(writes=RIVER, batch=True)
    def river(context: JobContext) -> pa.Table:
        calls.append(len(context.dates))
        names = [f"x{day.day}" for day in context.dates]
        return pa.table({"id": names, "business_date": list(context.dates)})

    python_jobs([river])
    plot.run(*days, wide=True)
    assert calls == [2]
    assert store.dates(plot.scope, "core.river") == days
    assert store.read(plot.scope, "core.river", business_date=DAY)["id"].to_pylist() == ["x30"]


@pytest.mark.parametrize("made", [1, {"core.other": None}])
def test_what_a_python_job_gives_is_checked(plot: Plot, python_jobs: Use, made: object) -> None:
    from titian.data.jobs import board

    @job(writes=RIVER)
    def river(_context: JobContext) -> pa.Table:
        return made

    python_jobs([river])
    plot.run()
    assert board.runs(plot.scope)[0].error_code == "invalid_input"


def test_pages_of_many_banks_see_edits_by_hand_later_and_installed_ones_at_once(plot: Plot) -> None:
    plot.feed("loan")
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    assert set(catalogue.lately(plot.scope).jobs) == {"core.loan"}
    by_hand = definitions.folder(plot.scope, "jobs") / "core.more.sql"
    by_hand.write_text(job_text("core.more", same_day("raw.loan")))
    assert set(catalogue.lately(plot.scope).jobs) == {"core.loan"}
    assert set(catalogue.fresh(plot.scope).jobs) == {"core.loan", "core.more"}
    plot.jobs(core_less=job_text("core.less", same_day("raw.loan")))
    assert set(catalogue.lately(plot.scope).jobs) == {"core.less", "core.loan", "core.more"}
