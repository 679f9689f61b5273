"""A column is guarded at least as what it is made of, or its header says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs import catalogue
from titian.data.jobs.guarding import lowered
from titian.data.jobs.header import read_header
from titian.kernel.errors import InvalidDefinition
from titian.kernel.scope import Scope

LEAK = """/*
writes: mart.leak
zh: 名单
en: List
columns:
  party_id: {{type: string, zh: 客户号, en: Party, class: C1, level: 2}}
  num: {{{spec}, zh: 号码, en: Number}}
*/
SELECT party_id, {sql} AS num FROM core.party WHERE business_date = $business_date
"""
OPEN = "type: string, class: C1, level: 1, mask: none"


def install(scope: Scope, folder: Path, spec: str, sql: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "leak.sql").write_text(LEAK.format(spec=spec, sql=sql), encoding="utf-8")
    definitions.install(scope, Kind.JOBS, folder)


@pytest.mark.parametrize(
    ("spec", "sql", "source"),
    [
        (OPEN, "phone", "core.party.phone"),
        (OPEN, "reverse(name)", "core.party.name"),
        ("type: integer, level: 5", "CAST(phone AS BIGINT)", "core.party.phone"),
        ("type: string, level: 3, mask: name", "concat(id_no, name)", "core.party.id_no"),
        ("type: string, level: 2, mask: phone", "phone", "core.party.phone"),
        ("type: date, level: 2", "birth_date", "core.party.birth_date"),
        ("type: integer, level: 1", "count(phone) OVER ()", "core.party.phone"),
    ],
)
def test_what_opens_a_guarded_column_is_refused(
    qinghe: Scope, tmp_path: Path, spec: str, sql: str, source: str
) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        install(qinghe, tmp_path / "jobs", spec, sql)
    assert f"mart.leak.num is less guarded than {source}" in caught.value.what
    assert "lowers" in caught.value.remedy
    assert caught.value.line == 7
    assert "mart.leak" not in catalogue.load(qinghe).jobs


@pytest.mark.parametrize(
    ("spec", "sql"),
    [
        ("type: string, class: C2, level: 3, mask: phone", "phone"),
        ("type: string, class: C2, level: 4, mask: full", "concat(id_no, name)"),
        ("type: integer, level: 1, lowers: 只有人数", "count(phone) OVER ()"),
    ],
)
def test_what_keeps_its_guard_or_says_why_not_is_installed(
    qinghe: Scope, tmp_path: Path, spec: str, sql: str
) -> None:
    install(qinghe, tmp_path / "jobs", spec, sql)
    assert "mart.leak" in catalogue.load(qinghe).jobs


def test_the_presets_say_each_lowering_and_no_more(qinghe: Scope) -> None:
    found = catalogue.load(qinghe)
    for job in found.jobs.values():
        if job.sql is not None:
            lower = {edge.target.rpartition(".")[2] for edge in lowered(found, job)}
            assert lower == set(read_header(job.sql, job.file).lowers), job.name
