from __future__ import annotations

import pytest

from titian.data.jobs import pauses
from titian.kernel import audit
from titian.kernel.errors import InvalidInput
from titian.kernel.scope import Scope


def test_a_reason_keeps_no_number_of_a_person(qinghe: Scope) -> None:
    with pytest.raises(InvalidInput, match="may be a person's"):
        pauses.add(qinghe, pauses.WHOLE_BANK, "客户 13812345678 要求")
    assert pauses.names(qinghe.bank_id) == frozenset()
    assert audit.entries(qinghe, action="jobs.pause") == []


def test_the_reason_is_kept_without_blanks_around_it(qinghe: Scope) -> None:
    pauses.add(qinghe, "core.loan", "  the bank asked ")
    assert pauses.listed(qinghe)[0].reason == "the bank asked"
    assert audit.entries(qinghe, action="jobs.pause")[0].detail["reason"] == "the bank asked"
