from __future__ import annotations

import pytest

from titian.data.strict import nearest, read_yaml
from titian.kernel.errors import InvalidDefinition


def test_it_works() -> None:
    document = read_yaml("a: 1\nb:\n  - {c: x}\n  - {c: 2026-01-02}\n", "f.yaml", 10)
    assert document.value is not None
    assert document.line(("a",)) == 10
    assert document.line(("b", 1, "c")) == 13
    assert document.line(("b", 1, "missing")) == 13


@pytest.mark.parametrize("word", ["NO", "yes", "off", "On"])
def test_only_true_and_false_are_booleans(word: str) -> None:
    assert read_yaml(f"a: {word}\n{word}: b", "f").value == {"a": word, word: "b"}
    assert read_yaml("a: True", "f").value == {"a": True}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\na: 2", 2, "'a' is written twice"),
        ("a: [1", 1, "this is not YAML"),
        ("a: 1\n  b: 2", 2, "this is not YAML"),
        ("a: &x 1\nb: *x\n<<: {c: 1}", 3, "keys must be plain words"),
        ("? [a]\n: 1", 1, "keys must be plain words"),
        ("a: 2026-13-45", 1, "is not a value"),
        ("a: !!python/object:os.system x", 1, "is not a value"),
    ],
)
def test_what_is_refused_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(InvalidDefinition, match=words) as caught:
        read_yaml(text, "f.yaml")
    assert (caught.value.file, caught.value.line) == ("f.yaml", line)


def test_depth_is_limited() -> None:
    with pytest.raises(InvalidDefinition, match="too large or too deep"):
        read_yaml("{a: " * 20 + "1" + "}" * 20, "f")


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "- " * 100_000 + "a", "{a: " * 50_000])
def test_depth_that_would_overflow_the_stack_is_refused(text: str) -> None:
    with pytest.raises(InvalidDefinition, match="too large or too deep"):
        read_yaml(text, "f")


@pytest.mark.parametrize("text", ["!!int ''", "!!float ''", "!!timestamp zz", "!!int 'x'"])
def test_values_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidDefinition, match="is not a value"):
        read_yaml(f"a: {text}", "f")


def test_a_time_of_day_is_text() -> None:
    document = read_yaml("{a: 16:30, b: 1:1:1.5, c: " + "59:" * 50_000 + "1}", "f")
    assert isinstance(document.value, dict)
    assert (document.value["a"], document.value["b"]) == ("16:30", "1:1:1.5")


def test_an_unknown_key_names_the_nearest() -> None:
    document = read_yaml("colums: 1", "f")
    with pytest.raises(InvalidDefinition, match="unknown key 'colums'") as caught:
        document.known_keys({"colums": 1}, ("columns", "checks"), ())
    assert caught.value.remedy == "Did you mean 'columns'?"


def test_nearest_lists_what_there_is() -> None:
    assert nearest("zebra", ["b", "a"]) == "Known: a, b."
    assert nearest("zebra", []) == "There are none yet."


def test_readers_refuse_the_wrong_kind() -> None:
    document = read_yaml("a: 1", "f")
    place = ("a",)
    for wrong in (
        lambda: document.text(1, place, "a"),
        lambda: document.text(" ", place, "a"),
        lambda: document.texts("x", place, "a"),
        lambda: document.texts([1], place, "a"),
        lambda: document.whole(True, place, "a", 0, 2),
        lambda: document.whole(3, place, "a", 0, 2),
        lambda: document.flag("true", place, "a"),
        lambda: document.choice("x", place, "a", ("y",)),
        lambda: document.mapping([], place, "a"),
        lambda: document.mapping({1: 2}, place, "a"),
    ):
        with pytest.raises(InvalidDefinition):
            wrong()
