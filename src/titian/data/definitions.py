"""Where definitions live: the package's presets, the union's folder, each bank's folder.

A file is known by its name. The union may replace a preset of the package; a bank may replace a
union's file only when that file says `overridable: true`. A bank's folder may hold a `bank.yaml`
with `presets: none`, for a bank that brings everything itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib import import_module, resources
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

from titian.data.strict import read_yaml
from titian.kernel import audit
from titian.kernel.errors import InvalidDefinition, InvalidInput, NotFound
from titian.kernel.ids import BankId, new_id
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings

MAX_PATHS = 10_000
MAX_FILES = 5_000
MAX_FILE_BYTES = 1_000_000
MAX_NAMED, MAX_NAME = 20, 60
"""How many installed files the audit log names, and how long their names may be there."""
PROFILE = "bank.yaml"
REVISION = ".revision"


class Kind(StrEnum):
    """The kinds of definitions; each is a folder of that name."""

    FEEDS = "feeds"
    JOBS = "jobs"
    INDICATORS = "indicators"
    TAGS = "tags"


class Presets(StrEnum):
    """What a bank inherits from the union."""

    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a bank's `bank.yaml` says."""

    presets: Presets = Presets.ALL


Validator = Callable[[Scope, Sequence[Path]], None]

_SUFFIXES: Mapping[Kind, tuple[str, ...]] = {
    Kind.FEEDS: (".yaml", ".yml"),
    Kind.JOBS: (".sql",),
    Kind.INDICATORS: (".yaml", ".yml"),
    Kind.TAGS: (".yaml", ".yml"),
}
_OVERRIDABLE = re.compile(
    r"^[^#\n]*\b(?:overridable:\s*true|property:\s*overridable,\s*value:\s*true)\b", re.MULTILINE
)


def paths(scope: Scope, kind: Kind | str) -> list[Path]:
    """List the definition files in force for a bank (or for the union), sorted by file name.

    Raises InvalidDefinition when a bank hides a file of the union that is not overridable.
    """
    kind = Kind(kind)
    union: dict[str, Path] = {}
    if scope.bank is None or profile(scope).presets is Presets.ALL:
        union = _named(_presets(kind), kind) | _named(_union(kind), kind)
    own = _named(folder(scope, kind), kind) if scope.bank is not None else {}
    for name in own.keys() & union.keys():
        _refuse_hiding(own[name], union[name], scope.bank_id)
    merged = union | own
    return [merged[name] for name in sorted(merged)]


def _refuse_hiding(own: Path, hidden: Path, bank: BankId) -> None:
    if not _OVERRIDABLE.search(hidden.read_text(encoding="utf-8")):
        raise InvalidDefinition(
            f"bank {bank} may not replace the union's {own.name}",
            "Rename it, or ask the union to mark theirs `overridable: true`.",
            file=str(own),
        )


def folder(scope: Scope, kind: Kind | str) -> Path:
    """Give the folder that holds a bank's own definitions (the union's at union level)."""
    place = _bank_home(scope.bank) if scope.bank is not None else settings().definitions / "union"
    return place / Kind(kind).value


def revision() -> int:
    """Give a number that changes whenever definitions are installed, by any process."""
    try:
        return (settings().definitions / REVISION).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def profile(scope: Scope) -> Profile:
    """Read a bank's `bank.yaml`; without one a bank inherits all presets."""
    path = _bank_home(scope.bank_id) / PROFILE
    return _read_profile(path) if path.is_file() else Profile()


def install(scope: Scope, kind: Kind | str, directory: Path) -> list[Path]:
    """Copy a folder's definitions into the bank's place, after all of them proved valid.

    Returns the installed files. A file already there under the same name is replaced. Needs
    DEFINE. Raises NotFound, InvalidInput or InvalidDefinition, and then installs nothing.
    """
    kind = Kind(kind)
    scope.require(Permission.DEFINE)
    files = _collect(directory, kind)
    _validator(kind)(scope, files)
    target = folder(scope, kind)
    # Recorded first: what fails to be copied is known, what is copied is never unrecorded.
    audit.record(scope, f"define.{kind}", scope.place, _summary(files))
    _copy(files, target)
    return [target / path.name for path in files]


def _summary(files: Sequence[Path]) -> dict[str, object]:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    names = [path.name[:MAX_NAME] for path in files[:MAX_NAMED]]
    return {"files": names, "count": len(files), "sha256": digest.hexdigest()}


def install_all(scope: Scope, directory: Path) -> dict[Kind, list[Path]]:
    """Install the `bank.yaml` and the feeds, jobs, indicators and tags folders of a folder.

    Raises as `install`; kinds before the wrong one stay installed.
    """
    scope.require(Permission.DEFINE)
    given = [kind for kind in Kind if (directory / kind.value).is_dir()]
    source = directory / PROFILE
    if not given and not source.is_file():
        raise NotFound(
            f"{directory} holds no definitions",
            f"It should hold folders named {', '.join(Kind)}, or a {PROFILE}.",
        )
    if source.is_file() and scope.bank is not None:
        _read_profile(source)
        _copy([source], _bank_home(scope.bank))
    return {kind: install(scope, kind, directory / kind.value) for kind in given}


def set_presets(scope: Scope, presets: Presets) -> None:
    """Choose whether a bank inherits the union's presets. Needs DEFINE."""
    scope.require(Permission.DEFINE)
    path = _bank_home(scope.bank_id) / PROFILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"presets: {presets}\n", encoding="utf-8")
    _changed()
    audit.record(scope, "define.presets", scope.bank_id, {"presets": presets.value})


def _bank_home(bank: BankId) -> Path:
    return settings().definitions / "banks" / bank


def _union(kind: Kind) -> Path:
    return settings().definitions / "union" / kind.value


@cache
def _presets(kind: Kind) -> Path:
    return Path(str(resources.files("titian.data") / "presets" / kind.value))


def _named(directory: Path, kind: Kind) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in _walk(directory, _SUFFIXES[kind]):
        if path.name in found:
            raise InvalidDefinition(
                f"there is a {path.name} in two folders", "Keep one of them.", file=str(path)
            )
        found[path.name] = path
        if len(found) > MAX_FILES:
            raise InvalidInput(f"{directory} holds over {MAX_FILES} files", "Remove some.")
    return found


def _walk(directory: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for folder, below, names in os.walk(directory):
        below[:] = sorted(name for name in below if name[0] not in "._")
        for name in sorted(names):
            if name[0] not in "._" and name.endswith(suffixes):
                yield _path(folder, name)


# Definitions are looked up on every page, and making a path costs more than finding the file.
@lru_cache(maxsize=MAX_PATHS)
def _path(folder: str, name: str) -> Path:
    return Path(folder, name)


def _collect(directory: Path, kind: Kind) -> list[Path]:
    if not directory.is_dir():
        raise NotFound(f"there is no folder {directory}", "Name the folder with the definitions.")
    files = list(_named(directory, kind).values())
    if not files:
        kinds = " or ".join(f"*{suffix}" for suffix in _SUFFIXES[kind])
        raise NotFound(f"{directory} holds no {kind} ({kinds})", "Name another folder.")
    for path in files:
        if path.is_symlink():
            raise InvalidInput(f"{path} is a link", "Copy the file itself into the folder.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInput(f"{path} is over {MAX_FILE_BYTES:,} bytes", "Split it up.")
    return files


def _changed() -> None:
    path = settings().definitions / REVISION
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new_id("revision"), encoding="utf-8")


def _copy(files: Sequence[Path], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=".install-", dir=target))
    try:
        for path in files:
            shutil.copyfile(path, draft / path.name)
        for path in files:
            (draft / path.name).replace(target / path.name)
    finally:
        shutil.rmtree(draft)
        _changed()


def _read_profile(path: Path) -> Profile:
    document = read_yaml(path.read_text(encoding="utf-8"), str(path))
    value = document.mapping(document.value or {}, (), "the bank's profile")
    document.known_keys(value, ("presets",), ())
    presets = value.get("presets", Presets.ALL.value)
    return Profile(Presets(document.choice(presets, ("presets",), "presets", list(Presets))))


def _validator(kind: Kind) -> Validator:
    # Looked up late, by name: every kind's room builds on this module.
    return cast("Validator", import_module(f"titian.data.{kind}").validate)
