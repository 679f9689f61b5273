"""The application on an empty home, people of every kind, and a browser for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from tests.support.deliveries import broken, delivered, wang  # noqa: F401 - fixtures of two files

from titian.kernel import banks, db, logs, passwords, users
from titian.kernel.banks import Bank
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings, configure, load
from titian.kernel.users import User
from titian.web.app import create_app
from titian.web.walk import Walker

PASSWORD = "terrace field water"
PEOPLE: tuple[tuple[str, str | None, Role], ...] = (
    ("admin", None, Role.UNION_ADMIN),
    ("zhao", None, Role.COMPLIANCE),
    ("qian", "qinghe", Role.BANK_ADMIN),
    ("sun", "qinghe", Role.ANALYST),
    ("li", "baishui", Role.BANK_ADMIN),
)


QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DECOY = QUICK.hash("a password nobody has")


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", QUICK)
    monkeypatch.setattr(passwords, "_decoy", DECOY)
    logs.setup()


@pytest.fixture
def password() -> str:
    """Give the password of all test people."""
    return PASSWORD


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make, once, a home with two banks and a person of each kind."""
    home = tmp_path_factory.mktemp("furnished") / "home"
    before = configure(load(home=tmp_path_factory.mktemp("never-used")))
    configure(load(home=home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", QUICK)
        db.upgrade()
        union = Scope.system(None)
        banks.register(union, Bank(BankId("qinghe"), "清河农商行", "Qinghe Rural Bank"))
        banks.register(union, Bank(BankId("baishui"), "白水农商行", "Baishui Rural Bank"))
        for name, bank, role in PEOPLE:
            at = BankId(bank) if bank else None
            new = User(UserId(name), name.capitalize(), at, frozenset({role}), 3)
            users.create(union, new, PASSWORD)
        db.engine().dispose()
    configure(before)
    return home


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Iterator[Settings]:
    """Give settings with a furnished home of the test's own."""
    before = load(home=tmp_path / "never-used")
    shutil.copytree(furnished, tmp_path / "home")
    try:
        yield configure(load(home=tmp_path / "home", query_workers=1, job_workers=2))
    finally:
        db.engine().dispose()
        configure(before)


@pytest.fixture
def people(home: Settings) -> None:
    """Say that a test needs the people."""


@pytest.fixture
def app(people: None) -> FastAPI:
    """Give the application with the gallery."""
    return create_app(gallery=True)


@pytest.fixture
def visitor(app: FastAPI) -> Walker:
    """Give a browser that has not signed in."""
    return Walker(app, language="en")


@pytest.fixture
def as_user(app: FastAPI) -> Callable[..., Walker]:
    """Give a way to get a browser that is signed in as somebody."""

    def signed_in(name: str, language: str = "en", address: str = "127.0.0.1") -> Walker:
        walker = Walker(app, language=language, address=address)
        walker.client.cookies.set("titian_language", language)
        walker.sign_in(name, PASSWORD)
        return walker

    return signed_in


@pytest.fixture
def admin(as_user: Callable[..., Walker]) -> Walker:
    """Give the union administrator's browser."""
    return as_user("admin")
