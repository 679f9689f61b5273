"""Find what the errors of all rooms say, as patterns with `{}` where a value stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from titian.kernel import errors
from titian.kernel.errors import Cause, Remedy, TitianError
from titian.web.i18n.errors import HOLE
from titian.web.i18n.messages import ERRORS, FOLDER, LOCALES, SOURCE_LOCALE, first, read_catalogue

PACKAGE = FOLDER.parents[1]
SENTENCES = 2


def sentences() -> dict[str, str]:
    """Give every sentence an error may say, with the file (from the package) that says it."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for sentence in _of_file(path):
            found.setdefault(sentence, path.relative_to(PACKAGE).as_posix())
    return found


def _of_file(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = dict(_constants(tree))
    own = {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and _is_error(n)}
    speakers = _kinds() | own | {"super().__init__", Remedy.__name__, Cause.__name__}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in speakers:
            for argument in node.args[:SENTENCES]:
                pattern = _pattern(argument, constants)
                if pattern and pattern.strip(HOLE + " .:"):
                    yield pattern


def _kinds() -> set[str]:
    return {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, TitianError)
    }


def _is_error(node: ast.ClassDef) -> bool:
    return any(_name(base) in _kinds() for base in node.bases)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        inner = node.value
        if isinstance(inner, ast.Call) and _name(inner.func) == "super":
            return "super().__init__"
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = _pattern(node.value, {})
            if text:
                yield node.targets[0].id, text


def _pattern(node: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(_pattern(part, {}) or HOLE for part in node.values)
    return ""


def missing_errors() -> list[str]:
    """Name each sentence without a translation, as `language: sentence (file)`."""
    lacking: list[str] = []
    for language in sorted(LOCALES.keys() - {SOURCE_LOCALE}):
        known = set(_words(language))
        lacking += [f"{language}: {s!r} ({f})" for s, f in sentences().items() if s not in known]
    return lacking


def _words(language: str) -> dict[str, str]:
    path = FOLDER / language / ERRORS
    if not path.exists():
        return {}
    words = {first(entry.id): first(entry.string) for entry in read_catalogue(path) if entry.id}
    return {source: target for source, target in words.items() if target}


def update_errors() -> None:
    """Write new sentences into each language's catalogue of errors and drop unused ones."""
    found = sentences()
    for language in sorted(LOCALES.keys() - {SOURCE_LOCALE}):
        words = _words(language)
        catalogue = Catalog(locale=language, project="titian", charset="utf-8", fuzzy=False)
        for sentence, file in found.items():
            catalogue.add(sentence, words.get(sentence, ""), locations=[(file, 0)])
        (FOLDER / language).mkdir(exist_ok=True)
        with (FOLDER / language / ERRORS).open("wb") as out:
            write_po(
                out, catalogue, width=100, omit_header=True, include_lineno=False, sort_output=True
            )
