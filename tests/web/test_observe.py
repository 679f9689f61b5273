"""What a request leaves in the log: its route, never what somebody typed into its address."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from titian.kernel import users
from titian.web import observe
from titian.web.walk import Walker


@pytest.mark.parametrize(
    "typed", ["13812345678", "138-1234-5678", "138%201234%205678", "%E6%9D%8E%E5%B0%8F"]
)
@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("/at/qinghe/customers/{}", "/at/{place}/customers/{party_id}"),
        ("/at/{}/users", "/at/{place}/users"),
        ("/nowhere/{}", "other"),
    ],
)
def test_it_works(
    visitor: Walker, monkeypatch: pytest.MonkeyPatch, typed: str, address: str, route: str
) -> None:
    lines: list[dict[str, object]] = []
    log = SimpleNamespace(info=lambda _event, **said: lines.append(said))
    monkeypatch.setattr(observe, "_log", log)
    visitor.client.get(address.format(typed), follow_redirects=False)
    assert [line["route"] for line in lines] == [route]
    assert not any(part in str(lines) for part in (typed, "1234", "李小"))


def test_a_failure_names_the_route(admin: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(users, "get", broken)
    with capture_logs() as logs:
        admin.get("/at/union/users/13812345678")
    failed = next(line for line in logs if line["event"] == "request failed")
    assert failed["route"] == "/at/{place}/users/{user_id}"
    assert "1381234" not in str({**failed, "exc_info": ""})
