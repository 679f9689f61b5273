"""What the browser loads is built from the committed inputs and comes from here only."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from titian.web.render import STATIC
from titian.web.walk import Walker

ROOT = Path(__file__).parents[2]
VENDOR = STATIC / "vendor"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("built", ROOT / "tools" / "build_frontend.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_names_no_address_and_seals_every_package() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if "integrity" not in entry]


def test_packages_are_pinned() -> None:
    wanted = json.loads((ROOT / "frontend" / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_the_front_end_is_built_from_these_inputs(tool: ModuleType) -> None:
    assert tool.up_to_date(tool.fingerprint()), "run: python tools/build_frontend.py"


def test_a_changed_input_means_building_again(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "icons.txt").write_text("house\n")
    monkeypatch.setattr(tool, "FRONTEND", tmp_path)
    before = tool.fingerprint()
    (tmp_path / "node_modules" / "other.js").write_text("ignored")
    assert tool.fingerprint() == before
    (tmp_path / "icons.txt").write_text("house\nuser\n")
    assert tool.fingerprint() != before


def test_styles_load_nothing_from_elsewhere() -> None:
    for sheet in [*VENDOR.glob("*.css"), *(STATIC / "css").glob("*.css")]:
        assert not re.search(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//", sheet.read_text()), sheet


def test_fonts_cover_chinese_in_parts_of_a_sane_size() -> None:
    fonts = list((VENDOR / "fonts").glob("*.woff2"))
    named = set(re.findall(r"fonts/([\w-]+\.woff2)", (VENDOR / "fonts.css").read_text()))
    assert {font.name for font in fonts} == named
    assert len(fonts) > 90
    assert sum(font.stat().st_size for font in fonts) < 8 * 2**20


def test_static_files_come_compressed_when_the_browser_takes_it(visitor: Walker) -> None:
    packed = visitor.get("/static/vendor/app.js", **{"accept-encoding": "gzip"})
    plain = visitor.get("/static/vendor/app.js", **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_static_files_do_not_lead_outside(visitor: Walker) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/css", "/static/none.css"):
        assert visitor.get(path).status_code in (404, 405)
