from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData

from titian.decide import Field, Label, Schema, Type
from titian.decide.outline import Group, Join, Op, Row, Text, outline, write
from titian.kernel.errors import LimitExceeded
from titian.web.builder import finding, form, tree
from titian.web.builder.acting import act
from titian.web.builder.form import TEXT, TREE, Built
from titian.web.builder.tree import EMPTY, MAX_NODES, ROOT, Node
from titian.web.builder.view import Counting, Shown, Sight, look
from titian.web.forms import Form
from titian.web.i18n import speaking

ALL, ANY, NONE = Join.ALL, Join.ANY, Join.NONE
BANDS = {"high": Label("高档", "High"), "low": Label("低档", "Low")}
SCHEMA = Schema(
    [
        Field("borrower", Type.of("boolean"), Label("在贷客户", "Borrower")),
        Field("band", Type.of("string"), Label("存款档次", "Deposit band"), BANDS),
        Field("deposit_fen", Type.of("integer"), Label("存款余额", "Deposits"), unit="fen"),
        Field("age_years", Type.of("integer"), Label("年龄", "Age"), unit="years"),
        Field("opened", Type.of("date"), Label("开户日期", "Opened")),
        Field("name", Type.of("string"), Label("姓名", "Name")),
    ]
)
COUNTING = Counting(
    lambda texts: [len(text) for text in texts], lambda _tags: {("band", "high"): 7}
)
NESTED = "borrower AND (band = 'high' OR NOT age_years > 30) AND deposit_fen >= wan(2)"


def built(text: str) -> Built:
    return form.of_text(text, SCHEMA)


def text_of(one: Built) -> str:
    return one.text(SCHEMA)


def seen(one: Built) -> Sight:
    with speaking("en"):
        return look(one, SCHEMA, COUNTING)


def leaves(node: Shown) -> list[Shown]:
    return [leaf for part in node.below for leaf in leaves(part)] if node.below else [node]


def sent(sight: Sight, **changes: Sequence[str]) -> Form:
    """Give the form a page of this sight would send."""
    pairs: list[tuple[str, str]] = [("view", sight.built.view)]
    pairs += [("expression", sight.text)] if sight.built.view == TEXT else _fields(sight.root)
    pairs = [pair for pair in pairs if pair[0] not in changes]
    pairs += [(name, value) for name, values in changes.items() for value in values]
    return form_of(pairs)


def form_of(pairs: Sequence[tuple[str, str]]) -> Form:
    return Form(FormData([(name, value) for name, value in pairs]))


def _fields(node: Shown) -> list[tuple[str, str]]:
    found = [("node", node.sent)]
    if node.kind == "group":
        found.append((f"join.{node.key}", node.chosen))
    elif node.kind == "text":
        found.append((f"text.{node.key}", node.text))
    elif node.chosen != "yes":
        found.append((f"op.{node.key}", node.chosen))
    found += [(f"value.{node.key}", one.code) for one in node.choices if one.chosen]
    found += [(f"value.{node.key}", value) for value in node.inputs]
    return [*found, *(pair for part in node.below for pair in _fields(part))]


class TestTree:
    def test_it_works(self) -> None:
        grown, keys = tree.grown(built(NESTED).tree)
        assert grown == outline(NESTED, SCHEMA)
        assert keys[()] == ROOT
        assert len(set(keys.values())) == len(keys) == len(built(NESTED).tree)

    def test_adding_gives_a_key_that_was_never_used(self) -> None:
        made, key = tree.add(built(NESTED).tree, ROOT, Row("name", Op.KNOWN))
        assert key not in {node.key for node in built(NESTED).tree}
        assert made[-1].key == key
        less = tree.remove(made, key)
        assert less == built(NESTED).tree

    def test_a_part_goes_to_the_end_of_its_group(self) -> None:
        group = next(node.key for node in built(NESTED).tree if node.part is ANY)
        made, key = tree.add(built(NESTED).tree, group, Row("name", Op.KNOWN))
        again = write(tree.grown(made)[0], SCHEMA).text
        assert "(band = 'high' OR NOT (age_years > 30) OR name IS NOT NULL)" in again
        assert tree.depth(made, key) == 2

    def test_what_has_no_group_goes_to_the_root(self) -> None:
        made, key = tree.add(EMPTY, "k99", Row("borrower", Op.YES))
        assert made[1] == Node(key, ROOT, Row("borrower", Op.YES))

    def test_removing_a_group_takes_its_parts_along(self) -> None:
        group = next(node.key for node in built(NESTED).tree if node.part is ANY)
        left = tree.remove(built(NESTED).tree, group)
        assert write(tree.grown(left)[0], SCHEMA).text == "borrower AND deposit_fen >= wan(2)"
        assert tree.remove(left, ROOT) == (left[0],)

    def test_moving(self) -> None:
        start = built(NESTED).tree
        row = next(n.key for n in start if n.part == Row("borrower", Op.YES))
        group = next(node.key for node in start if node.part is ANY)
        moved = tree.move(start, row, group)
        assert "OR borrower)" in write(tree.grown(moved)[0], SCHEMA).text
        for key, to in ((group, group), (ROOT, group), (row, row), (row, "k77")):
            assert tree.move(start, key, to) == start

    def test_a_tree_has_limits(self) -> None:
        many: tree.Tree = EMPTY
        for _ in range(MAX_NODES - 1):
            many, _key = tree.add(many, ROOT, Row("borrower", Op.YES))
        with pytest.raises(LimitExceeded):
            tree.add(many, ROOT, Row("borrower", Op.YES))
        deep, at = EMPTY, ROOT
        for _ in range(tree.MAX_DEPTH - 1):
            deep, at = tree.add(deep, at, ANY)
        with pytest.raises(LimitExceeded, match="too deeply"):
            tree.add(deep, at, ANY)
        rows = tuple(Row("borrower", Op.YES) for _ in range(MAX_NODES + 1))
        with pytest.raises(LimitExceeded):
            tree.planted(Group(ANY, rows))


class TestForm:
    @pytest.mark.parametrize(
        "text",
        ["", "borrower", NESTED, "lower(name) = 'a' OR borrower", "NOT (borrower OR name IS NULL)"],
    )
    def test_what_a_page_sends_is_what_it_showed(self, text: str) -> None:
        start = built(text)
        again = form.read(sent(seen(start)), SCHEMA)
        assert again.tree == start.tree
        assert text_of(again) == text_of(start)

    def test_a_draft_comes_back_as_it_was(self) -> None:
        start = built("lower(name) = 'a' OR NOT (borrower AND age_years BETWEEN 3 AND 9)")
        assert form.restored(form.kept(start), SCHEMA) == start
        typed = Built(EMPTY, TEXT, "borrower AND")
        assert form.restored(form.kept(typed), SCHEMA) == typed

    def test_a_draft_over_fields_that_are_gone_keeps_the_rest(self) -> None:
        fewer = Schema([SCHEMA["borrower"]])
        again = form.restored(form.kept(built("borrower AND band = 'high'")), fewer)
        assert write(tree.grown(again.tree)[0], fewer).text == "borrower"

    def test_text_that_cannot_be_parsed_opens_as_text(self) -> None:
        assert built("borrower AND (").view == TEXT
        assert built("borrower AND (").typed == "borrower AND ("
        assert built("  ").tree == EMPTY

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        pairs=st.lists(
            st.tuples(
                st.sampled_from(["node", "join.k0", "op.k1", "value.k1", "view", "text.k2", "x"]),
                st.sampled_from(
                    [
                        "k0||group|", "k1|k0|row|band", "k1|k0|row|nosuch", "k2|k0|text|", "tree",
                        "k3|k9|group|", "k1|k1|group|", "kx||row|", "||||", "none", "nonsense", "",
                        "between", "high", "'; DROP", "text", "k0|k0|group|", "k2|k1|row|name",
                    ]
                ),
            ),
            max_size=12,
        )
    )  # fmt: skip
    def test_any_form_is_read_without_fail(self, pairs: list[tuple[str, str]]) -> None:
        found = form.read(form_of(pairs), SCHEMA)
        assert found.tree[0].is_group
        seen(found)
        groups = {node.key for node in found.tree if node.is_group}
        assert all(node.parent in groups for node in found.tree[1:])

    def test_many_nodes_are_cut(self) -> None:
        pairs = [("node", "k0||group|"), *[("node", f"k{n}|k0|text|") for n in range(1, 500)]]
        assert len(form.read(form_of(pairs), SCHEMA).tree) == MAX_NODES


class TestActs:
    def test_adding_a_tag_opens_its_values(self) -> None:
        one = act(Built(), f"add:{ROOT}:band", SCHEMA)
        assert one.opened == one.tree[-1].key
        assert text_of(one) == ""
        assert seen(one).root.below[0].waits

    def test_adding_a_value_is_complete_and_leads_back_to_the_search(self) -> None:
        one = act(Built(), f"add:{ROOT}:band:high", SCHEMA)
        assert text_of(one) == "band = 'high'"
        assert one.opened == f"find-{ROOT}"

    def test_groups_join_as_asked(self) -> None:
        one = act(act(Built(), f"group:{ROOT}:none", SCHEMA), "add:k1:borrower", SCHEMA)
        assert text_of(one) == "NOT borrower"
        assert act(Built(), f"group:{ROOT}:sideways", SCHEMA).tree[1].part is ANY

    def test_to_text_and_back_loses_nothing(self) -> None:
        start = built(NESTED)
        as_text = act(start, "as_text", SCHEMA)
        assert (as_text.view, as_text.typed) == (TEXT, text_of(start))
        back = act(form.read(sent(seen(as_text)), SCHEMA), "as_tree", SCHEMA)
        assert (back.view, text_of(back)) == (TREE, text_of(start))

    def test_a_wrong_text_stays_a_text(self) -> None:
        wrong = Built(EMPTY, TEXT, "borrower AND (")
        assert act(wrong, "as_tree", SCHEMA) == wrong
        assert act(Built(EMPTY, TEXT, " "), "as_tree", SCHEMA) == Built()

    @pytest.mark.parametrize(
        "do", ["", "look", "add", "add:k0", "add:k0:nosuch", "remove", "remove:k9", "move:k0:k1",
               "nonsense:1:2:3:4:5", "as_tree", "text", "clear"],
    )  # fmt: skip
    def test_words_that_make_no_sense_do_no_harm(self, do: str) -> None:
        seen(act(built(NESTED), do, SCHEMA))

    def test_a_limit_is_said(self) -> None:
        one = Built()
        with speaking("en"):
            for _ in range(tree.MAX_DEPTH):
                one = act(one, f"group:{one.tree[-1].key}:any", SCHEMA)
        assert "nested too deeply" in one.failed

    def test_clearing(self) -> None:
        assert act(built(NESTED), "clear", SCHEMA).tree == EMPTY


class TestSight:
    def test_every_part_has_its_own_count(self) -> None:
        sight = seen(built(NESTED))
        counts = {leaf.label: leaf.count for leaf in leaves(sight.root)}
        assert counts == {
            "Borrower": len("borrower"),
            "Deposit band": len("band = 'high'"),
            "Age": len("age_years > 30"),
            "Deposits": len("deposit_fen >= wan(2)"),
        }
        group = sight.root.below[1]
        assert group.count == len("band = 'high' OR NOT (age_years > 30)")
        assert sight.right

    def test_values_have_counts_and_words(self) -> None:
        row = seen(built("band = 'high'")).root.below[0]
        assert [(c.label, c.chosen, c.count) for c in row.choices] == [
            ("High", True, 7),
            ("Low", False, None),
        ]
        assert row.said == "High"

    def test_amounts_are_in_yuan(self) -> None:
        row = seen(built("deposit_fen BETWEEN wan(1) AND yuan(20000.5)")).root.below[0]
        assert row.inputs == ("10000", "20000.5")
        with speaking("en"):
            assert str(row.unit) == "yuan"

    def test_a_problem_is_at_its_row_and_marked_in_the_text(self) -> None:
        one = act(built("borrower AND age_years > 3"), "look", SCHEMA)
        start = seen(one)
        key = leaves(start.root)[1].key
        broken = form.read(sent(start, **{f"value.{key}": ["many"]}), SCHEMA)
        sight = seen(broken)
        row = leaves(sight.root)[1]
        assert not sight.right
        assert row.count is None
        assert "column 14" in row.problems[0]
        assert [piece for piece, bad in sight.marked if bad]
        assert "".join(piece for piece, _bad in sight.marked).startswith("borrower AND age_years")
        assert leaves(sight.root)[0].count == len("borrower")

    def test_a_text_says_where_it_is_wrong_and_what_was_meant(self) -> None:
        sight = seen(Built(EMPTY, TEXT, "borrower AND bund = 'high'"))
        assert not sight.right
        assert [piece for piece, bad in sight.marked if bad] == ["bund"]
        assert "column 14" in sight.problems[0]
        assert "Did you mean band" in sight.problems[0]

    def test_an_empty_tree_asks_nothing(self) -> None:
        sight = seen(Built())
        assert (sight.right, sight.text, sight.problems) == (False, "", ())

    def test_parts_that_can_be_compared_have_names(self) -> None:
        names = [name for name, _text in seen(built(NESTED)).parts]
        assert names[0] == "Borrower"
        assert names[1].startswith("Any of (Deposit band is one of High")

    def test_moving_is_offered_to_other_groups_only(self) -> None:
        sight = seen(built(NESTED))
        borrower, group, _deposits = sight.root.below
        assert [key for key, _name in borrower.moves] == [group.key, group.below[1].key]
        assert group.moves == ()

    def test_a_free_text_is_shown_as_it_is(self) -> None:
        row = seen(built("lower(name) = 'a'")).root.below[0]
        assert (row.kind, row.text) == ("text", "lower(name) = 'a'")
        assert isinstance(built("lower(name) = 'a'").tree[1].part, Text)


class TestFinding:
    @pytest.fixture
    def words(self) -> list[finding.Word]:
        shelved = [(field, "存款" if "band" in field.name else "客户字段") for field in SCHEMA]
        with speaking("zh"):
            return finding.words(shelved, {("band", "high"): 7, ("band", "low"): 3})

    def adds(self, found: finding.Found) -> list[str]:
        return [word.add for _shelf, inner in found.shelves for word in inner]

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("存款", ["band", "deposit_fen"]),
            ("存款 档", ["band"]),
            ("高档", ["band:high"]),
            ("档次 高", ["band:high"]),
            ("DEPOSIT", ["band", "deposit_fen"]),
            ("age_years", ["age_years"]),
            ("客户字段 姓", ["name"]),
        ],
    )
    def test_it_works(self, words: list[finding.Word], asked: str, expected: list[str]) -> None:
        found = finding.find(words, asked)
        assert sorted(self.adds(found)) == sorted(expected)
        assert not found.near

    def test_nothing_asked_gives_all_by_shelf(self, words: list[finding.Word]) -> None:
        found = finding.find(words, " ")
        assert [shelf for shelf, _inner in found.shelves] == ["客户字段", "存款"]
        assert len(self.adds(found)) == len(SCHEMA)

    def test_what_is_not_there_gives_what_comes_close(self, words: list[finding.Word]) -> None:
        found = finding.find(words, "存款档级")
        assert found.near
        assert self.adds(found)[0] == "band"
        assert finding.find(words, "qqqqqq").shelves == ()

    def test_counts_stand_beside(self, words: list[finding.Word]) -> None:
        counts = {word.add: word.count for word in words}
        assert (counts["band"], counts["band:high"], counts["name"]) == (10, 7, None)
