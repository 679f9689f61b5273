"""The audit log in words: every act has a name, what it was done to is named, details are told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import titian
from titian.kernel.audit import Entry
from titian.kernel.clock import now
from titian.kernel.ids import BankId, UserId
from titian.web.audit_words import detail_words
from titian.web.i18n import speaking
from titian.web.naming import bank_name, object_name
from titian.web.pages.audit import TABLE, act_words

SOURCE = Path(titian.__file__).parent


@pytest.fixture(autouse=True)
def _in_chinese() -> Iterator[None]:
    with speaking("zh"):
        yield


def act(action: str, target: str, bank: str | None = "qinghe", **detail: object) -> Entry:
    return Entry(1, now(), UserId("li"), BankId(bank) if bank else None, action, target, detail)


def recorded() -> set[str]:
    """Find the names of acts in every call of `audit.record`."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                found |= set(texts(node.args[1], known))
    return found


def texts(node: ast.expr, known: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id in known:
        yield known[node.id]
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, known)
        yield from texts(node.orelse, known)


def test_every_act_has_a_name() -> None:
    found = recorded()
    assert len(found) > 30
    assert found - set(act_words()) == set()


def test_what_was_touched_is_named(people: None) -> None:
    assert bank_name("qinghe") == "清河农商行"
    assert bank_name(None) == "省联社"
    assert bank_name("gone") == "gone"
    assert object_name(act("query", "qinghe")) == "清河农商行"
    assert object_name(act("bank.change", "baishui", None)) == "白水农商行"
    assert object_name(act("feeds.load", "raw.loan")) == "贷款借据"
    assert object_name(act("jobs.pause", "core.loan")) == "贷款借据"
    assert object_name(act("indicators.drill", "loan_balance")) == "贷款余额"
    assert object_name(act("tag.approve", "customer_type")) == "客户类型"
    assert object_name(act("user.sign_in", "li", None)) == "Li"
    assert object_name(act("list.export", "audit", None)) == "审计日志"
    assert object_name(act("audience.save", "aud_1", name="大客户")) == "大客户"
    assert object_name(act("audience.archive", "aud_1")) == "aud_1"
    assert object_name(act("jobs.run", "order_1")) == "order_1"


def test_details_are_told(people: None) -> None:
    told = detail_words(act("query", "qinghe", tables=["core.loan"], rows=2_000, outcome="done"))
    assert told == "数据表 贷款借据 · 行数 2,000 · 结果 完成"
    assert detail_words(act("query", "qinghe", sql="SELECT 1", unmask_reason="")) == ""
    assert detail_words(act("feeds.load", "raw.loan", bad=0, rejected=[])) == "坏行 0"
    many = detail_words(act("define.jobs", "qinghe", files=[f"{n}.sql" for n in range(6)]))
    assert many == "文件 0.sql、1.sql、2.sql、3.sql、另有 2 个"
    roles = detail_words(act("user.create", "li", roles=["analyst"], disabled=False))
    assert roles == "角色 数据分析师"


def test_nothing_of_an_act_is_hidden_from_files(people: None) -> None:

    detail = TABLE.column("detail")
    assert detail.raw is not None
    assert detail.raw(act("query", "qinghe", sql="SELECT 1")) == '{"sql": "SELECT 1"}'
