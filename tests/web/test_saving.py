from __future__ import annotations

import pytest

from titian.kernel.errors import LimitExceeded
from titian.kernel.ids import UserId
from titian.web.listing import saving

ANN = UserId("ann")


def test_views_have_a_limit_over_all_lists(people: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "MAX_VIEWS", 3)
    for number in range(3):
        saving.save(ANN, f"list{number}", "mine", "?q=1")
    with pytest.raises(LimitExceeded, match="3 views"):
        saving.save(ANN, "another", "mine", "?q=1")
    saving.save(ANN, "list0", "mine", "?q=2")
    assert saving.views(ANN, "list0") == [("mine", "?q=2")]
