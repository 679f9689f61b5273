from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest

from titian.data.jobs import JobContext, PythonJob, board, job, lineage
from titian.kernel.errors import Denied, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake.schema import Column, Layer, Table

from .conftest import Plot, job_text, same_day

RIVER = Table(
    Layer.MART,
    "river",
    "河",
    "River",
    (Column("level", "integer", "水位", "Level"), Column("id", "string", "编号", "Number")),
)


@pytest.fixture
def three(plot: Plot) -> Plot:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan", "id, amount_fen * 2 AS amount_fen")),
        mart_sum=job_text(
            "mart.sum",
            "WITH a AS (SELECT id, sum(amount_fen) AS s FROM core.loan "
            "WHERE business_date = $business_date GROUP BY id) "
            "SELECT id, s + 1 AS amount_fen FROM a",
        ),
    )
    return plot


def test_it_works(three: Plot) -> None:
    found = lineage.upstream(three.scope, "mart.sum.amount_fen")
    assert found.columns == (
        "mart.sum.amount_fen",
        "core.loan.amount_fen",
        "raw.loan.amount_fen",
        "feed:loan.AMT",
    )
    assert [(edge.job, edge.exact) for edge in found.edges] == [
        ("mart.sum", True),
        ("core.loan", True),
        ("loan", True),
    ]
    assert found.tables == ("mart.sum", "core.loan", "raw.loan", "feed:loan")


def test_down_from_a_field_of_the_file(three: Plot) -> None:
    found = lineage.downstream(three.scope, "feed:loan.NO")
    assert found.columns == ("feed:loan.NO", "raw.loan.id", "core.loan.id", "mart.sum.id")


def test_both_ways_as_a_page_draws_it(three: Plot) -> None:
    drawn = lineage.around(three.scope, "core.loan.amount_fen").as_json()
    assert isinstance(drawn["links"], list)
    assert {(link["source"], link["target"]) for link in drawn["links"]} == {
        ("feed:loan.AMT", "raw.loan.amount_fen"),
        ("raw.loan.amount_fen", "core.loan.amount_fen"),
        ("core.loan.amount_fen", "mart.sum.amount_fen"),
    }


def test_a_python_job_is_opaque(
    three: Plot, python_jobs: Callable[[Sequence[PythonJob]], None]
) -> None:
    @job(writes=RIVER, reads=("mart.sum",))
    def river(_context: JobContext) -> pa.Table:
        raise NotImplementedError

    python_jobs([river])
    found = lineage.upstream(three.scope, "mart.river.level")
    assert "feed:loan.NO" in found.columns
    assert [edge.exact for edge in found.edges if edge.job == "mart.river"] == [False, False]
    assert lineage.readers(three.scope, "mart.sum") == ("mart.river",)


@pytest.mark.parametrize(
    ("column", "words", "remedy"),
    [
        ("mart.sums.id", "there is no table 'mart.sums'", "'mart.sum'"),
        ("mart.sum.ids", "no column 'ids'", ""),
        ("feed:load.NO", "no feed has a field", "'feed:loan'"),
        ("feed:loan.NOO", "no feed has a field", "'NO'"),
        ("nonsense", "does not name a column", "core.loan.balance_fen"),
    ],
)
def test_unknown_columns_are_told(three: Plot, column: str, words: str, remedy: str) -> None:
    with pytest.raises(NotFound, match=words) as caught:
        lineage.upstream(three.scope, column)
    assert remedy in caught.value.remedy


def test_it_needs_the_catalogue(three: Plot) -> None:
    nobody = Scope(UserId("p"), three.scope.bank, frozenset({Role.PARTNER_DEVELOPER}))
    with pytest.raises(Denied):
        lineage.upstream(nobody, "mart.sum.id")


def test_the_graph_for_a_page(three: Plot) -> None:
    drawn = board.graph(three.scope)
    assert isinstance(drawn["nodes"], list)
    assert isinstance(drawn["links"], list)
    assert [(node["id"], node["kind"]) for node in drawn["nodes"]] == [
        ("raw.loan", "feed"),
        ("core.loan", "sql"),
        ("mart.sum", "sql"),
    ]
    assert [(link["source"], link["target"]) for link in drawn["links"]] == [
        ("raw.loan", "core.loan"),
        ("core.loan", "mart.sum"),
    ]


def test_the_presets_reach_from_marts_up_to_files(qinghe: Scope) -> None:
    found = lineage.upstream(qinghe, "core.loan.is_npl")
    assert {"raw.loan.five_class", "raw.loan.status"} <= set(found.columns)
    assert any(name.startswith("feed:loan.") for name in found.columns)


def test_every_hop_says_how_it_is_made(three: Plot) -> None:
    found = lineage.upstream(three.scope, "mart.sum.amount_fen")
    assert [edge.how.en for edge in found.edges] == [
        "SUM(core.loan.amount_fen) + 1",
        "raw.loan.amount_fen * 2",
        "AMT",
    ]


def test_tables_in_one_walk(three: Plot) -> None:
    found = lineage.tables_around(three.scope, "core.loan")
    assert found.tables == ("feed:loan", "raw.loan", "core.loan", "mart.sum")
    assert [(edge.source, edge.target, edge.job) for edge in found.edges] == [
        ("raw.loan", "core.loan", "core.loan"),
        ("feed:loan", "raw.loan", "loan"),
        ("core.loan", "mart.sum", "mart.sum"),
    ]


def test_a_table_that_only_filters_counts(three: Plot) -> None:
    three.jobs(
        mart_few=job_text(
            "mart.few",
            "SELECT id, amount_fen FROM mart.sum WHERE business_date = $business_date "
            "AND id IN (SELECT id FROM core.loan WHERE business_date = $business_date)",
        )
    )
    assert "core.loan" not in lineage.upstream(three.scope, "mart.few.id").edges[0].source
    found = lineage.tables_around(three.scope, "mart.few")
    assert ("core.loan", "mart.few") in {(edge.source, edge.target) for edge in found.edges}


def test_unknown_tables_are_told(three: Plot) -> None:
    with pytest.raises(NotFound, match=r"no table 'mart\.sums'"):
        lineage.tables_around(three.scope, "mart.sums")


def test_lineage_ends_in_indicators_and_tags(qinghe: Scope) -> None:
    found = lineage.downstream(qinghe, "core.loan.is_npl")
    edge = next(e for e in found.edges if e.target == "indicator:risk.loan_balance_npl")
    assert "不良" in edge.how.zh
    assert edge.exact
    tags = lineage.downstream(qinghe, "mart.party_profile.deposit_fen")
    assert any(name.startswith("tag:") for name in tags.columns)
    assert "mart.tag.members" in tags.columns
    assert "mart.tag.fingerprint" not in tags.columns


def test_an_indicator_is_followed_up_to_files(qinghe: Scope) -> None:
    found = lineage.upstream(qinghe, "indicator:risk.npl_ratio")
    assert {"indicator:risk.loan_balance_npl", "core.loan.is_npl"} <= set(found.columns)
    assert "feed:loan.five_class" in found.columns


@pytest.mark.parametrize("name", ["indicator:risk.npl_rati", "tag:none.such"])
def test_unknown_ends_are_told(qinghe: Scope, name: str) -> None:
    with pytest.raises(NotFound, match="there is no"):
        lineage.upstream(qinghe, name)


def test_ends_one_may_not_see_are_left_out(qinghe: Scope) -> None:
    engineer = Scope(UserId("w"), qinghe.bank, frozenset({Role.DATA_ENGINEER}), clearance=1)
    names = lineage.downstream(engineer, "mart.party_profile.deposit_fen").columns
    everything = lineage.downstream(qinghe, "mart.party_profile.deposit_fen").columns
    assert len([n for n in names if n.startswith("tag:")]) < len(
        [n for n in everything if n.startswith("tag:")]
    )
    assert "mart.tag.members" in names
