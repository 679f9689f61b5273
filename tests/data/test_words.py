"""Everything the union defines has words in both languages: tables, columns, codes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from titian.data import definitions
from titian.data.definitions import Kind, Presets
from titian.data.jobs import catalogue
from titian.data.jobs.dictionary import explained
from titian.kernel.labels import Label
from titian.kernel.scope import Scope
from titian.lake.schema import Table

EXAMPLES = Path(__file__).parents[2] / "examples"


def lacking(label: Label) -> bool:
    """Say whether a label lacks a language; one text for both counts only for names like IP."""
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in label.zh)
    english = any("a" <= letter.lower() <= "z" for letter in label.en)
    return not (chinese and english)


def silent(tables: list[Table]) -> list[str]:
    found = [table.qualified for table in tables if lacking(table.label)]
    found += [f"{table.qualified}: about" for table in tables if lacking(table.description)]
    for table in tables:
        for column in table.columns:
            name = f"{table.qualified}.{column.name}"
            found += [name] if lacking(column.label) else []
            found += [f"{name}: description"] if lacking(column.description) else []
            found += [f"{name}={code.value}" for code in column.codes if lacking(code.label)]
    return found


def tables_of(scope: Scope) -> list[Table]:
    known = catalogue.load(scope).tables.values()
    return [explained(scope, table) for table in known]


def test_the_presets(qinghe: Scope) -> None:
    found = tables_of(qinghe)
    assert len(found) >= 35
    assert silent(found) == []


@pytest.mark.parametrize("example", ["berka", "cards"])
def test_the_examples(qinghe: Scope, example: str) -> None:
    definitions.set_presets(qinghe, Presets.NONE)
    for kind in Kind:
        folder = EXAMPLES / example / kind.value
        if folder.is_dir() and kind is not Kind.TAGS:
            shutil.copytree(folder, definitions.folder(qinghe, kind), dirs_exist_ok=True)
    found = tables_of(qinghe)
    assert found
    assert silent(found) == []


def test_every_text_code_of_a_feed_has_a_name(qinghe: Scope) -> None:
    found = {
        f"{feed.name}.{one.name}"
        for feed in catalogue.load(qinghe).feeds.values()
        for one in feed.contract.fields
        if one.codes
        and one.column.type == "string"
        and {code.value for code in one.column.codes} != set(map(str, one.codes.values()))
    }
    assert found == set()


def test_what_checks_accept_has_a_name(qinghe: Scope) -> None:
    known = catalogue.load(qinghe)
    unnamed = []
    for job in known.jobs.values():
        for check in job.checks:
            if check.kind != "accepted":
                continue
            table = explained(qinghe, known.tables[check.table])
            names = {code.value for code in table.column(check.columns[0]).codes}
            unnamed += [f"{check.table}: {value}" for value in check.values if value not in names]
    assert unnamed == []
