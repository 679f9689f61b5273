from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.data.jobs.graph import build
from titian.data.jobs.model import Job, Read
from titian.kernel.errors import InvalidDefinition, NotFound
from titian.lake.schema import Column, Layer, Table


def made(name: str, *reads: str, writes: tuple[str, ...] = ()) -> Job:
    tables = tuple(
        Table(Layer.CORE, table, "试验", "Test", (Column("a", "integer", "a", "a"),))
        for table in writes or (name,)
    )
    return Job(
        name=f"core.{name}",
        writes=tables,
        reads=tuple(Read(f"core.{read}", line=at) for at, read in enumerate(reads, 7)),
        schedule="daily",
        waits=(),
        retries=0,
        checks=(),
        version="",
        zh="试验",
        en="Test",
        file=f"{name}.sql",
    )


def test_it_works() -> None:
    graph = build([made("c", "b"), made("b", "a"), made("a"), made("d", "a")])
    assert graph.order.index("core.a") < graph.order.index("core.b") < graph.order.index("core.c")
    assert graph.parents["core.c"] == ("core.b",)
    assert set(graph.children["core.a"]) == {"core.b", "core.d"}
    assert graph.downstream(["core.b"]) == ("core.b", "core.c")
    assert set(graph.upstream(["core.c"])) == {"core.a", "core.b", "core.c"}


def test_reading_ones_own_past_is_no_cycle() -> None:
    assert build([made("a", "a")]).parents == {"core.a": ()}


def test_a_cycle_is_named_with_its_path_and_place() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        build([made("a", "x", "c"), made("b", "a"), made("c", "b")])
    path = caught.value.what.partition("circle: ")[2].split(" → ")
    assert path[0] == path[-1]
    assert set(path) == {"core.a", "core.b", "core.c"}
    turns = {("core.a", "core.b"), ("core.b", "core.c"), ("core.c", "core.a")}
    assert set(pairwise(path)) == turns
    assert caught.value.file in ("a.sql", "b.sql", "c.sql")
    assert caught.value.line == (8 if caught.value.file == "a.sql" else 7)


def test_a_table_has_one_writer() -> None:
    with pytest.raises(InvalidDefinition, match=r"core\.x is written by a\.sql already") as caught:
        build([made("a", writes=("x",)), made("b", writes=("x",))])
    assert caught.value.file == "b.sql"


def test_a_job_that_writes_two_tables_is_one_parent() -> None:
    graph = build([made("a", writes=("a", "b")), made("c", "a", "b")])
    assert graph.parents["core.c"] == ("core.a",)
    assert graph.writer["core.b"] == "core.a"


def test_unknown_jobs_are_told() -> None:
    with pytest.raises(NotFound):
        build([made("a")]).downstream(["core.b"])


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=30))
def test_every_job_comes_after_its_parents(reads: list[list[int]]) -> None:
    jobs = [
        made(f"t{at}", *(f"t{other}" for other in others if other < at))
        for at, others in enumerate(reads)
    ]
    graph = build(jobs)
    place = {name: at for at, name in enumerate(graph.order)}
    assert len(place) == len(jobs)
    for name, parents in graph.parents.items():
        assert all(place[parent] < place[name] for parent in parents)
        assert set(graph.downstream([name])) >= {name}
