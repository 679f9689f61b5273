from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from titian.data import definitions
from titian.data.definitions import Kind, Presets
from titian.kernel import audit
from titian.kernel.errors import Denied, InvalidDefinition, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings

JOB = """/*
writes: mart.own
zh: 自有
en: Own
columns:
  id: {type: string, zh: 编号, en: Number}
*/
SELECT 'a' AS id
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "given" / "jobs"
    made.mkdir(parents=True)
    (made / "mart.own.sql").write_text(JOB)
    return made


def names(scope: Scope, kind: Kind = Kind.JOBS) -> set[str]:
    return {path.name for path in definitions.paths(scope, kind)}


def test_it_works(qinghe: Scope, folder: Path) -> None:
    installed = definitions.install(qinghe, Kind.JOBS, folder)
    assert [path.name for path in installed] == ["mart.own.sql"]
    assert "mart.own.sql" in names(qinghe)
    assert "core.loan.sql" in names(qinghe)
    assert audit.entries(qinghe)[0].action == "define.jobs"


def test_one_banks_definitions_are_not_anothers(
    qinghe: Scope, baishui: Scope, folder: Path
) -> None:
    definitions.install(qinghe, Kind.JOBS, folder)
    assert "mart.own.sql" not in names(baishui)


def test_a_bank_may_bring_everything_itself(qinghe: Scope, folder: Path) -> None:
    definitions.set_presets(qinghe, Presets.NONE)
    definitions.install(qinghe, Kind.JOBS, folder)
    assert names(qinghe) == {"mart.own.sql"}
    assert names(qinghe, Kind.FEEDS) == set()


def test_the_union_adds_for_all_banks(qinghe: Scope, union: Scope, folder: Path) -> None:
    definitions.install(union, Kind.JOBS, folder)
    assert "mart.own.sql" in names(qinghe)


def test_the_union_replaces_a_preset(union: Scope, qinghe: Scope, home: Settings) -> None:
    place = definitions.folder(union, Kind.JOBS)
    place.mkdir(parents=True)
    (place / "core.loan.sql").write_text("-- the union's own")
    found = {path.name: path for path in definitions.paths(qinghe, Kind.JOBS)}
    assert found["core.loan.sql"].is_relative_to(home.definitions)


def test_a_bank_may_not_hide_what_is_the_unions(qinghe: Scope, union: Scope, folder: Path) -> None:
    definitions.install(union, Kind.JOBS, folder)
    own = definitions.folder(qinghe, Kind.JOBS)
    own.mkdir(parents=True)
    (own / "mart.own.sql").write_text(JOB)
    with pytest.raises(InvalidDefinition, match=r"may not replace the union's mart\.own\.sql"):
        definitions.paths(qinghe, Kind.JOBS)


@pytest.mark.parametrize("mark", ["overridable: true", "- {property: overridable, value: true}"])
def test_what_is_marked_may_be_replaced(
    qinghe: Scope, union: Scope, folder: Path, mark: str
) -> None:
    place = definitions.folder(union, Kind.JOBS)
    place.mkdir(parents=True)
    (place / "mart.own.sql").write_text(f"/*\n{mark}\n*/")
    own = definitions.folder(qinghe, Kind.JOBS)
    own.mkdir(parents=True)
    (own / "mart.own.sql").write_text(JOB)
    found = {path.name: path for path in definitions.paths(qinghe, Kind.JOBS)}
    assert found["mart.own.sql"] == own / "mart.own.sql"


def test_a_mark_in_a_comment_is_none(qinghe: Scope, union: Scope) -> None:
    for scope in (union, qinghe):
        place = definitions.folder(scope, Kind.JOBS)
        place.mkdir(parents=True)
        (place / "mart.own.sql").write_text("# overridable: true")
    with pytest.raises(InvalidDefinition):
        definitions.paths(qinghe, Kind.JOBS)


def test_nothing_is_installed_when_one_file_is_wrong(qinghe: Scope, folder: Path) -> None:
    (folder / "mart.wrong.sql").write_text("SELECT 1")
    with pytest.raises(InvalidDefinition):
        definitions.install(qinghe, Kind.JOBS, folder)
    assert "mart.own.sql" not in names(qinghe)


def test_a_whole_folder_is_installed_at_once(qinghe: Scope, folder: Path) -> None:
    (folder.parent / "bank.yaml").write_text("presets: none\n")
    done = definitions.install_all(qinghe, folder.parent)
    assert set(done) == {Kind.JOBS}
    assert definitions.profile(qinghe).presets is Presets.NONE
    assert names(qinghe) == {"mart.own.sql"}


@pytest.mark.parametrize("text", ["presets: some", "preset: none", "- x"])
def test_a_wrong_profile_is_refused(qinghe: Scope, folder: Path, text: str) -> None:
    (folder.parent / "bank.yaml").write_text(text)
    with pytest.raises(InvalidDefinition):
        definitions.install_all(qinghe, folder.parent)


def test_bad_folders_are_refused(qinghe: Scope, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no folder"):
        definitions.install(qinghe, Kind.JOBS, tmp_path / "nowhere")
    with pytest.raises(NotFound, match="holds no definitions"):
        definitions.install_all(qinghe, tmp_path)
    (tmp_path / "jobs").mkdir()
    with pytest.raises(NotFound, match="holds no jobs"):
        definitions.install(qinghe, Kind.JOBS, tmp_path / "jobs")
    (tmp_path / "jobs" / "big.sql").write_text("x" * (definitions.MAX_FILE_BYTES + 1))
    with pytest.raises(InvalidInput, match="is over"):
        definitions.install(qinghe, Kind.JOBS, tmp_path / "jobs")


def test_links_are_refused(qinghe: Scope, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.sql").write_text(JOB, encoding="utf-8")
    (folder / "mart.link.sql").symlink_to(tmp_path / "elsewhere.sql")
    with pytest.raises(InvalidInput, match="is a link"):
        definitions.install(qinghe, Kind.JOBS, folder)


def test_many_long_names_are_recorded_in_short(qinghe: Scope, folder: Path) -> None:
    for number in range(90):
        name = f"{number:060d}"
        text = JOB.replace("mart.own", f"mart.own_{number}")
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    definitions.install(qinghe, Kind.JOBS, folder)
    detail = audit.entries(qinghe, action="define.jobs")[0].detail
    assert detail["count"] == 91
    assert len(cast("list[str]", detail["files"])) == definitions.MAX_NAMED
    assert len(str(detail["sha256"])) == 64


def test_two_files_of_one_name_are_refused(qinghe: Scope, folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "mart.own.sql").write_text(JOB)
    with pytest.raises(InvalidDefinition, match="in two folders"):
        definitions.install(qinghe, Kind.JOBS, folder)


def test_defining_needs_the_right_to(qinghe: Scope, folder: Path) -> None:
    clerk = Scope(UserId("clerk"), qinghe.bank, frozenset({Role.CLERK}))
    with pytest.raises(Denied):
        definitions.install(clerk, Kind.JOBS, folder)
    with pytest.raises(Denied):
        definitions.set_presets(clerk, Presets.NONE)
