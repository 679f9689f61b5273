"""Looks at the program itself: Python, packages, settings, front end, port, clock, browser."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError

import titian
from titian.doctor import keeping
from titian.doctor.finding import Finding
from titian.kernel import audit, clock, logs
from titian.kernel.errors import Unavailable
from titian.kernel.scope import Scope
from titian.kernel.settings import configure, load, settings
from titian.web import place
from titian.web.place import require_port

MIN_PYTHON = (3, 11)
OUTPUTS = ".outputs"
ANSWER_TIMEOUT_S = 2.0
MAX_CLOCK_LAG = timedelta(minutes=5)
MAX_NAMED = 5
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)")
_BOUND = re.compile(r"(>=|<)\s*([\d.]+)")


def python() -> Finding:
    """Look at Python's version."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    remedy = "Make the environment anew with a later Python: make clean demo PYTHON=python3.12"
    return Finding("python", sys.version_info >= MIN_PYTHON, version, remedy)


def packages() -> Finding:
    """Look whether every package is there, in a version that fits."""
    needed = importlib.metadata.requires("titian") or []
    wrong = [said for line in needed if "extra ==" not in line for said in _misfit(line)]
    seen = "; ".join(wrong[:MAX_NAMED]) or f"{len(needed)} as needed"
    remedy = "Install the pinned ones: pip install --require-hashes -r requirements/run.txt"
    return Finding("packages", not wrong, seen, remedy)


def _misfit(line: str) -> Iterator[str]:
    found = _REQUIREMENT.match(line)
    assert found is not None, "metadata names a package on each line"
    if "sys_platform != 'win32'" in line and sys.platform == "win32":
        return
    name, bounds = found[1], found[2]
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        yield f"{name} is missing"
        return
    held = _numbers(version)
    for sign, bound in _BOUND.findall(bounds):
        if (held >= _numbers(bound)) != (sign == ">="):
            yield f"{name} {version} is not {sign}{bound}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def settings_file(home: Path | None) -> Finding:
    """Read the settings and put them in force."""
    chosen = configure(load(home=home) if home else load())
    logs.setup()
    return Finding("settings", True, f"{chosen.home / 'titian.toml'}, TITIAN_ variables, defaults")


def front_end() -> Finding:
    """Look whether every built file of the pages is there, whole."""
    remedy = (
        "Run: make front"
        if (Path(titian.__file__).parents[2] / "frontend").is_dir()
        else "Install the wheel again: it holds them."
    )
    try:
        listed = json.loads((place.FRONT / OUTPUTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return Finding("front end", False, "not built", remedy)
    broken = [name for name, size in listed.items() if _size(place.FRONT / name) != size]
    if broken:
        names = ", ".join(broken[:MAX_NAMED])
        seen = f"{len(broken)} of {len(listed)} files are missing or broken: {names}"
        return Finding("front end", False, seen, remedy)
    return Finding("front end", True, f"{len(listed)} files")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def port() -> Finding:
    """Look whether the pages can be served where the settings say, or are served there now."""
    chosen = settings()
    address = f"{chosen.host}:{chosen.port}"
    try:
        require_port(chosen.host, chosen.port)
    except Unavailable as error:
        if _is_titian(address):
            return Finding("port", True, f"{address} is served by Titian now")
        return Finding("port", False, error.what, error.remedy)
    return Finding("port", True, f"{address} is free")


def _is_titian(address: str) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://{address}/healthz", timeout=ANSWER_TIMEOUT_S
        ) as answer:
            return "status" in json.loads(answer.read(1_000))
    except (URLError, OSError, ValueError):
        return False


def machine_clock() -> Finding:
    """Look whether the clock is behind what has happened already."""
    now = clock.now()
    remedy = "Set the clock: timedatectl set-ntp true"
    installed = datetime.fromtimestamp(Path(titian.__file__).stat().st_mtime, UTC)
    if now < installed - timedelta(days=1):
        seen = f"{now:%Y-%m-%d %H:%M} UTC is before Titian was installed ({installed:%Y-%m-%d})"
        return Finding("clock", False, seen, remedy)
    newest = [] if keeping.no_database() else audit.entries(Scope.system(None), limit=1)
    if newest and now < newest[0].at - MAX_CLOCK_LAG:
        seen = f"{now:%Y-%m-%d %H:%M} UTC is before the newest act of the audit log"
        return Finding("clock", False, f"{seen} ({newest[0].at:%Y-%m-%d %H:%M})", remedy)
    return Finding("clock", True, f"{now.astimezone(clock.BANK_TZ):%Y-%m-%d %H:%M} at the banks")


def learners() -> Finding:
    """Look whether models can be taught: LightGBM needs the system's OpenMP."""
    try:
        importlib.import_module("lightgbm")
    except OSError as error:
        remedy = "Debian and Ubuntu: apt-get install libgomp1; macOS: brew install libomp"
        return Finding("training of models", False, str(error), remedy)
    return Finding("training of models", True, "LightGBM and OpenMP are here")


def chromium() -> Finding:
    """Look for the browser of the tests; nothing else needs it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    absent = "not here: the browser's tests are skipped (apt-get install chromium)"
    return Finding("chromium (tests only)", True, found or absent)
