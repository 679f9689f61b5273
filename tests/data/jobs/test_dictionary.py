from __future__ import annotations

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs import catalogue
from titian.data.jobs.dictionary import explained
from titian.kernel.labels import Label
from titian.lake.schema import Code, Column, Layer, Table

from .conftest import Plot, job_text, same_day

SAID = Label("甲。", "A.")


def column(plot: Plot, name: str) -> Column:
    table = catalogue.load(plot.scope).tables[name.rpartition(".")[0]]
    return explained(plot.scope, table).column(name.rpartition(".")[2])


def test_words_come_from_where_a_column_is_handed_on(plot: Plot) -> None:
    feed_with_words(plot)
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan")))
    plot.jobs(mart_loan=job_text("mart.loan", same_day("core.loan")))
    for table in ("raw.loan", "core.loan", "mart.loan"):
        found = column(plot, f"{table}.id")
        assert found.description == SAID
        assert found.codes == (Code("a", Label("第一", "First")),)


def test_what_a_job_says_itself_goes_first(plot: Plot) -> None:
    feed_with_words(plot)
    own = job_text("core.loan", same_day("raw.loan")).replace(
        "en: Number,", "en: Number, description: {zh: 乙。, en: B.},"
    )
    plot.jobs(core_loan=own)
    found = column(plot, "core.loan.id")
    assert found.description == Label("乙。", "B.")
    assert found.codes == (Code("a", Label("第一", "First")),)


def test_what_is_made_of_another_column_takes_no_words(plot: Plot) -> None:
    feed_with_words(plot)
    two = "coalesce(id, amount_fen::VARCHAR) AS id, length(id) AS amount_fen"
    plot.jobs(core_loan=job_text("core.loan", same_day("raw.loan", two)))
    for name in ("id", "amount_fen"):
        found = column(plot, f"core.loan.{name}")
        assert not found.description
        assert found.codes == ()


def test_definitions_go_before_what_a_stored_table_says(plot: Plot) -> None:
    feed_with_words(plot)
    old = Table(
        Layer.RAW,
        "loan",
        "旧表",
        "Old table",
        (
            Column("id", "string", "旧名", "Old name", description=Label("旧。", "Old.")),
            Column("gone", "string", "已删", "Gone", description=Label("旧。", "Old.")),
        ),
    )
    now = explained(plot.scope, old)
    assert (now.zh, now.en) == ("试验", "loan")
    known, gone = now.columns
    assert (known.zh, known.en, known.description) == ("编号", "Number", SAID)
    assert (gone.zh, gone.description) == ("已删", Label("旧。", "Old."))


def feed_with_words(plot: Plot) -> None:
    plot.feed("loan")
    path = next((plot.folder / "feeds").glob("*.yaml"))
    text = path.read_text(encoding="utf-8")
    words = (
        "description: A., customProperties: [{property: level, value: 2}, "
        "{property: description_zh, value: 甲。}, "
        '{property: codes, value: {"1": {value: a, zh: 第一, en: First}}}]}'
    )
    at = text.index("customProperties: [{property: level, value: 2}]}")
    end = at + len("customProperties: [{property: level, value: 2}]}")
    path.write_text(text[:at] + words + text[end:], encoding="utf-8")
    definitions.install(plot.scope, Kind.FEEDS, path.parent)
