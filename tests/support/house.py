"""A union of four banks at half past seven: one bank red, one late, two through.

The province of the demo is loaded and run through 30 March. In the night of the 31st qinghe sends
its village register with two unknown codes and three households of those two villages, so that the
union's rule about households fails; and baishui's loans do not come.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.feeds import service
from titian.data.feeds.load import Order as Delivery
from titian.data.feeds.service import Batch
from titian.data.jobs import control, executor, watch
from titian.data.jobs.orders import Reason
from titian.demo import build
from titian.kernel import banks, clock, db, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, load, settings
from titian.kernel.users import User
from titian.lake import store
from titian.lake.session import close_idle
from titian.province import ProvinceConfig
from titian.province.generate import generate

DAY = date(2026, 3, 31)
BEFORE = date(2026, 3, 30)
MORNING = datetime(2026, 4, 1, 7, 30, tzinfo=BANK_TZ)
RED, LATE = "qinghe", "baishui"
THROUGH = ("luonan", "yunxi")
RULE_JOB = "core.household"
LATE_FEED = "loan"
CLERKS = 60
HISTORY_DAYS = 9
RUN_DAYS = 2
BANKS = 4
CUSTOMERS = 240
PATIENCE_S = 240

# Two codes that the contract does not know, the households that live there, and 40 good rows
# around them, for a delivery with more than 5 % bad rows is refused as a whole.
VILLAGES = {"V018901": "石槽沟村", "V018902": "杨柳坪村"}
HOUSEHOLDS = ("H01890001", "H01890002", "H01890003")
_GOOD_VILLAGES = 40
_STAMP = f"{DAY:%Y%m%d}"
_SEPARATOR = "|@|"
_ENCODING = "gb18030"


@dataclass(frozen=True)
class House:
    """A built home, and what one must know to enter."""

    home: Path
    password: str
    customer: str
    """A borrower of the first bank, in full: id, name, phone."""
    customer_name: str
    customer_phone: str


def make(home: Path) -> House:
    """Build the house in a folder; the settings in force are those of the house afterwards."""
    configure(load(home=home, query_workers=1, job_workers=2))
    db.upgrade()
    _tighten_the_rule()
    generate(_province(HISTORY_DAYS + 1, DAY), home / "province")
    held = _hold_back(home)
    with clock.running_from(datetime(2026, 3, 31, 2, 0, tzinfo=BANK_TZ)):
        built = build.build(_province(HISTORY_DAYS, BEFORE), RUN_DAYS)
        _hire_clerks(built.password)
    _spoil(held)
    _night(held)
    party = _customer()
    close_idle()
    db.engine().dispose()
    return House(home, built.password, party["party_id"], party["name"], party["phone"])


def _province(days: int, end: date) -> ProvinceConfig:
    return ProvinceConfig(BANKS, CUSTOMERS, days, end=end)


def _tighten_the_rule() -> None:
    """Let the union replace a preset: a household of an unknown village is an error."""
    preset = next(
        path
        for path in definitions.paths(Scope.system(None), Kind.JOBS)
        if path.name == f"{RULE_JOB}.sql"
    )
    text = preset.read_text(encoding="utf-8")
    loose = "to: core.village}, severity: warning}"
    assert loose in text, f"{RULE_JOB} has another rule about villages now"
    folder = settings().home / "union-jobs"
    folder.mkdir()
    strict = text.replace(loose, "to: core.village}}")
    (folder / preset.name).write_text(strict, encoding="utf-8")
    definitions.install(Scope.system(None), Kind.JOBS, folder)


def _hold_back(home: Path) -> Path:
    """Take the last night's files out of the unload, so that they arrive later."""
    held = home / "held"
    for folder in sorted((home / "province" / "unload").glob(f"*/{_STAMP}")):
        target = held / folder.parent.name / _STAMP
        target.parent.mkdir(parents=True)
        shutil.move(folder, target)
    return held


def _hire_clerks(password: str) -> None:
    for number in range(CLERKS):
        name = f"clerk_{number:02d}"
        at = BankId((RED, LATE)[number % 2])
        new = User(UserId(name), name.title(), at, frozenset({Role.CLERK}), 3)
        users.create(Scope.system(None), new, password)


def _spoil(held: Path) -> None:
    register = {f"V018{number:03d}": f"第{number}村" for number in range(1, _GOOD_VILLAGES + 1)}
    villages = [
        (key, name, "东河镇", "清禾县", "O010003", "G010001", "F010013", "120", flag)
        for known, flag in ((register, "N"), (VILLAGES, "X"))
        for key, name in known.items()
    ]
    homes = tuple(VILLAGES)
    households = [
        (key, homes[number % 2], "", "4", "6.50", "1", "01")
        for number, key in enumerate(HOUSEHOLDS)
    ]
    _deliver(held / RED / _STAMP, "VILLAGE", villages)
    _deliver(held / RED / _STAMP, "HOUSEHOLD", households)
    (held / LATE / _STAMP / f"LOAN_{_STAMP}.dat").unlink()


def _deliver(folder: Path, feed: str, rows: Sequence[Sequence[str]]) -> None:
    name = f"{feed}_{_STAMP}.dat"
    lines = "".join(_SEPARATOR.join(row) + "\n" for row in rows)
    (folder / name).write_text(lines, encoding=_ENCODING, newline="")
    control_file = folder / f"CONTROL_{_STAMP}.ctl"
    stated = [
        f"{name}{_SEPARATOR}{len(rows)}{_SEPARATOR}" if line.startswith(name) else line
        for line in control_file.read_text(encoding=_ENCODING).splitlines()
    ]
    control_file.write_text("\n".join(stated) + "\n", encoding=_ENCODING, newline="")


def _night(held: Path) -> None:
    """Load what came, run the day at every bank, and look round at half past seven."""
    names = [bank.bank for bank in banks.all_banks()]
    with clock.running_from(datetime(2026, 4, 1, 1, 40, tzinfo=BANK_TZ)):
        batches = [Batch(Scope.system(name), held / name) for name in names]
        service.load_many(batches, Delivery(DAY, DAY))
        with executor.running():
            orders = [control.run(Scope.system(name), [DAY], reason=Reason.NIGHT) for name in names]
            for order in orders:
                for _seen in executor.wait(order.order, PATIENCE_S):
                    pass
    with clock.running_from(MORNING):
        watch.look_round()


def _customer() -> dict[str, str]:
    """Choose a person of the first bank with a loan, in the clear."""
    scope = Scope.system(BankId(RED))
    loans = store.read(scope, "core.loan", business_date=BEFORE, columns=["party_id"])
    borrowers = set(loans.column("party_id").to_pylist())
    people = store.read(scope, "core.party", business_date=BEFORE).to_pylist()
    return next(
        one for one in people if one["party_id"] in borrowers and one["party_type"] == "person"
    )
