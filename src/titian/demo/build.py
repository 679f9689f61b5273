"""Build the sample house in the home folder: province, banks, accounts, feeds, days of runs."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from titian import __version__
from titian.data.feeds.load import Fate
from titian.data.feeds.service import Batch, load_many
from titian.data.jobs import control, executor
from titian.data.jobs.orders import Order, OrderState
from titian.demo import accounts, samples
from titian.kernel import banks, users
from titian.kernel.banks import Bank
from titian.kernel.errors import Conflict, Corrupt
from titian.kernel.ids import BankId
from titian.kernel.progress import Advance, track
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.province import ProvinceConfig
from titian.province.generate import MANIFEST, generate, steps
from titian.province.live import config_of
from titian.province.places import banks_of

USUAL = {"banks": 3, "customers": 6_000, "days": 120}
RUN_DAYS = 21
PASSWORD_BYTES = 9
MAX_NAMED = 3
RUN_TIMEOUT_S = 1_800.0


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: the password of the demo accounts, and figures."""

    version: str
    password: str
    first_bank: str
    seconds: float
    banks: int
    job_runs: int
    rows: int
    last_day: str


def _marker() -> Path:
    return settings().home / "demo.json"


def existing() -> Built | None:
    """Give what an earlier build of this version left, if it was finished."""
    try:
        found = Built(**json.loads(_marker().read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError):
        raise Corrupt(
            f"{_marker()} cannot be read",
            "Remove that file to build the rest again; what is there stays.",
        ) from None
    return found if found.version == __version__ else None


def begun() -> ProvinceConfig | None:
    """Give the size of the province that lies in the home folder, once it is whole."""
    folder = settings().home / "province"
    return config_of(folder) if _is_whole(folder) else None


def config(banks: int | None, customers: int | None, days: int | None) -> ProvinceConfig:
    """Give the size to build: the one begun, else the one asked for, else the usual one.

    Raises Conflict when another size is asked for than the one begun, InvalidInput.
    """
    asked = {"banks": banks, "customers": customers, "days": days}
    wanted = {name: number for name, number in asked.items() if number is not None}
    held = begun()
    if held is None:
        full = {**USUAL, **wanted}
        return ProvinceConfig(full["banks"], full["customers"], full["days"])
    if any(getattr(held, name) != number for name, number in wanted.items()):
        size = f"{held.banks} banks, {held.customers:,} customers and {held.days} days"
        words = " ".join(f"--{name} {number}" for name, number in wanted.items())
        raise Conflict(
            f"the demo at {settings().home} is made with {size}: {words} would change nothing",
            f"Leave it out, or make another: TITIAN_HOME=/another/folder titian demo {words}",
        )
    return held


def build(config: ProvinceConfig, run_days: int = RUN_DAYS) -> Built:
    """Make everything; what an interrupted build left is taken over, not made twice.

    Raises Conflict in a home that holds others' banks or accounts before the demo is begun there.
    """
    began = time.perf_counter()
    password = _password()
    unload = _province(config)
    names = _banks(config)
    first = names[0]
    accounts.create(first, password)
    rows = _feeds(unload, names)
    samples.save_audiences(first)
    last = config.end
    runs = _runs(names, max(config.start, last - timedelta(days=run_days - 1)), last)
    samples.ask(first)
    built = Built(
        __version__,
        password,
        first,
        round(time.perf_counter() - began, 1),
        len(names),
        runs,
        rows,
        last.isoformat(),
    )
    _write_privately(_marker(), json.dumps(asdict(built)))
    return built


def _password() -> str:
    path = settings().home / "demo.password"
    if not path.exists():  # it is the first thing a build makes
        _require_nobodys_home()
        _write_privately(path, secrets.token_urlsafe(PASSWORD_BYTES))
    return path.read_text()


def _require_nobodys_home() -> None:
    scope = Scope.system(None)
    held: list[str] = [bank.bank for bank in banks.all_banks()]
    held += [user.user_id for user in users.all_users(scope)]
    if held:
        named = ", ".join(held[:MAX_NAMED]) + (" …" if len(held) > MAX_NAMED else "")
        raise Conflict(
            f"the home {settings().home} holds banks or accounts that are not the demo's: {named}",
            "Give the demo a home of its own: TITIAN_HOME=/another/folder titian demo",
        )


def _write_privately(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _province(config: ProvinceConfig) -> Path:
    folder = settings().home / "province"
    if not _is_whole(folder):
        with track("Making the synthetic province", steps(config), aloud=True) as advance:
            generate(config, folder, advance, force=True)
    return folder / "unload"


def _is_whole(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["complete"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return False


def _banks(config: ProvinceConfig) -> list[BankId]:
    scope = Scope.system(None)
    known = {bank.bank for bank in banks.all_banks()}
    members = banks_of(config)
    for member in members:
        if member.bank not in known:
            new = Bank(BankId(member.bank), member.name_zh, member.name_en)
            banks.register(scope, new)
    return [BankId(member.bank) for member in members]


def _feeds(unload: Path, names: list[BankId]) -> int:
    batches = [Batch(Scope.system(bank), unload / bank) for bank in names]
    with track("Loading the nightly feeds", None, aloud=True) as advance:
        reports = load_many(batches, advance=advance)
    outcomes = [outcome for report in reports for outcome in report.outcomes]
    lost = [one for one in outcomes if one.fate in (Fate.FAILED, Fate.REJECTED, Fate.MISSING)]
    if lost:
        raise Conflict(
            f"feed {lost[0].feed} was {lost[0].fate}: {lost[0].error or ''}",
            "Start again; what is loaded stays.",
        )
    return sum(outcome.good for outcome in outcomes)


def _runs(names: list[BankId], first: date, last: date) -> int:
    with executor.running():
        orders = [
            order for bank in names for order in control.backfill(Scope.system(bank), first, last)
        ]
        total = sum(order.total for order in orders)
        with track("Running the days", total or None, aloud=True) as advance:
            ended = [_follow(order, advance) for order in orders]
    return sum(order.finished for order in ended)


def _follow(order: Order, advance: Advance) -> Order:
    done = 0
    for seen in executor.wait(order.order, RUN_TIMEOUT_S):
        advance(seen.finished - done)
        done, order = seen.finished, seen
    if order.state is not OrderState.DONE:
        raise Conflict(
            f"the runs of {order.bank} ended as {order.state}: {order.error or 'see the board'}",
            f"See `titian jobs status --bank {order.bank}`; starting again goes on from there.",
        )
    return order
