"""House rules a linter does not know: run by `make lint`, prints each breach, exits 1 if any."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
OFF_ORIGIN = re.compile(
    r"""(?:src|href|action)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|@import\s"""
)


def main() -> int:
    breaches = [
        *long_files(),
        *long_functions(),
        *off_origin(),
        *registry_addresses(),
        *untranslated(),
    ]
    for breach in breaches:
        print(breach)
    print(f"tidy: {len(breaches)} breaches" if breaches else "tidy: clean")
    return 1 if breaches else 0


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).is_file()]


def place(path: Path, line: int | None = None) -> str:
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def long_files() -> Iterator[str]:
    for path in tracked("*.py"):
        lines = len(path.read_text().splitlines())
        if lines > MAX_FILE_LINES:
            yield f"{place(path)}: {lines} lines, at most {MAX_FILE_LINES}: split it"


def long_functions() -> Iterator[str]:
    for path in tracked("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    where = place(path, node.lineno)
                    yield f"{where}: {node.name} has {lines} lines, at most {MAX_FUNCTION_LINES}"


def off_origin() -> Iterator[str]:
    for path in tracked("src/titian/web/**.html", "src/titian/web/**.css", "src/titian/web/**.js"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if OFF_ORIGIN.search(line):
                yield f"{place(path, number)}: loads from another place: {line.strip()[:80]}"


def registry_addresses() -> Iterator[str]:
    hosts = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", r"registry\.npm" + "js")))
    for path in tracked():
        if path.suffix in {".png", ".woff2", ".parquet", ".xlsx"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if hosts.search(line):
                yield f"{place(path, number)}: names a package registry"


def untranslated() -> Iterator[str]:
    from titian.web.i18n import missing

    yield from (f"untranslated: {message}" for message in missing())


if __name__ == "__main__":
    sys.exit(main())
