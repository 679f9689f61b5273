"""Statistical tests on small matrices: one thread each, so that busy cores do not slow them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from titian.payments.channels.threads import one_thread


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield
