"""`titian demo`: build if need be, then serve, or check and print one JSON summary."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from titian.data import indicators
from titian.data.jobs import executor
from titian.data.tags import catalogue as tags
from titian.demo import build
from titian.demo.accounts import ACCOUNTS
from titian.demo.build import Built
from titian.demo.visit import Visit, visit_all
from titian.kernel.errors import TimedOut
from titian.kernel.ids import BankId, UserId
from titian.kernel.progress import track
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.kernel.terminal import as_json, grid, note, say
from titian.lake import store
from titian.web.app import create_app
from titian.web.cli import run
from titian.web.place import require_front, require_port

START_TIMEOUT_S = 30.0
SHOWN_FAILURES = 50


def command(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Visit every page, print one JSON summary, leave.")
    ] = False,
    banks: Annotated[int | None, typer.Option(help="Banks of the sample province; 3.")] = None,
    customers: Annotated[int | None, typer.Option(help="Customers of all banks; 6,000.")] = None,
    days: Annotated[int | None, typer.Option(help="Business dates of history; 120.")] = None,
    serve: Annotated[bool, typer.Option(help="Serve when built.")] = True,
) -> None:
    """Make the sample province, run its day and serve it."""
    if serve or check:
        require_front()
    if serve and not check:
        require_port(settings().host, settings().port)
    began = time.perf_counter()
    config = build.config(banks, customers, days)
    built = build.existing() or build.build(config)
    if check:
        _check(built, began)
        return
    _greet(built)
    if serve:
        run(create_app(), settings().host, settings().port)


def _check(built: Built, began: float) -> None:
    app = create_app()
    with (
        executor.running(),
        _served(app) as address,
        track("Visiting every page", len(ACCOUNTS), aloud=True) as advance,
    ):
        seen = visit_all(address, ACCOUNTS, built.password, _asked(built), advance)
    as_json(_summary(built, seen, time.perf_counter() - began), indent=None)
    if seen.failures:
        for failure in seen.failures[:SHOWN_FAILURES]:
            note(f"failed: {failure}", style="red")
        raise typer.Exit(1)


def _asked(built: Built) -> dict[UserId, Sequence[str]]:
    bank = BankId(built.first_bank)
    last = date.fromisoformat(built.last_day)
    known = store.read(Scope.system(bank), "core.party", business_date=last, columns=["party_id"])
    customer = known.column("party_id")[0].as_py()
    place = f"/at/{bank}"
    return {
        UserId("loan"): (f"{place}/customers/{customer}", f"{place}/customers/{customer}/loans"),
        UserId("analyst"): (f"{place}/search?q=存款",),
    }


def _summary(built: Built, seen: Visit, seconds: float) -> dict[str, object]:
    scope = Scope.system(BankId(built.first_bank))
    return {
        "seconds": round(seconds, 1),
        "banks": built.banks,
        "job_runs": built.job_runs,
        "rows": built.rows,
        "indicators": len(indicators.catalogue(scope)),
        "tags": len(tags.load(scope).tags),
        "pages": seen.pages,
        "page_kinds": len(seen.kinds),
        "failures": len(seen.failures),
    }


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise TimedOut("the server did not start", "Run `titian doctor`.")
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)


def _activation() -> str:
    """Give the words that put `titian` on the path of another terminal, if it needs any."""
    script = Path(sys.prefix) / "bin" / "activate"
    return f". {quote(str(script))} && " if script.is_file() else ""


def _greet(built: Built) -> None:
    chosen = settings()
    say(f"\nTitian 梯田  http://{chosen.host}:{chosen.port}", style="bold")
    say("Synthetic data: every person, firm and place is invented. 合成数据，均为虚构。")
    grid(
        ("user 用户", "role 角色", "place 机构"),
        [
            (
                account.user_id,
                f"{account.name} {account.role}",
                "union 省联社" if account.at_union else built.first_bank,
            )
            for account in ACCOUNTS
        ],
    )
    say(f"Password of all of them 统一密码: {built.password}", style="bold")
    say(f"Home 数据目录: {chosen.home}")
    export = f"{_activation()}export TITIAN_HOME={quote(str(chosen.home))}"
    say(f"In a second terminal 另开一个终端: {export}\n")
    sys.stdout.flush()
