"""The durable queue behind orders. Nothing outside of this file knows that it is DBOS.

One order is one DBOS workflow on a queue with a partition per bank, so that a bank's orders run one
after another and every bank's run beside each other; inside an order the conductor starts each job
as soon as its parents are done, on a pool that gives every bank its turn. Measured on two cores
with SQLite (WAL): a workflow per job costs the queue's polling, 22 ms a job; a step per job costs
1.1 ms and ties a restart to the order of steps before the crash. So a workflow here has no steps:
DBOS keeps the promise that the order is called again after a crash, and the run log, which has to
be written anyway, says what is left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from titian.data.jobs import conductor, orders, slots
from titian.data.jobs.orders import Order, OrderState, Reason
from titian.data.jobs.pool import FairPool
from titian.kernel import clock, db, logs
from titian.kernel.errors import Conflict, TimedOut
from titian.kernel.settings import settings
from titian.lake import session

if TYPE_CHECKING:
    from sqlite3 import Connection as SqliteConnection

    from dbos import WorkflowStatus

# What waits in the queue survives an upgrade of Titian as long as this stays; change it when an
# order of an older version could not be read any more.
QUEUE_VERSION = "1"
QUEUE = "orders"
POLLING_S = 0.1
ORDERS_AT_ONCE = 64
STOP_TIMEOUT_S = 60.0
ADOPT_EVERY_S = 10.0
KEEP_FINISHED = timedelta(days=7)
FORGET_AT_ONCE = 5_000
_PRIORITY = {Reason.NIGHT: 1, Reason.RESUME: 1, Reason.PERSON: 2, Reason.RERUN: 2}
_BACKFILL_PRIORITY = 10
_PENDING = ("PENDING", "ENQUEUED", "DELAYED")
_log = logs.get(__name__)


@dataclass(slots=True)
class _Running:
    """The executor of this process."""

    pool: FairPool
    stop: Event
    release: slots.Release
    slot: int


_running: _Running | None = None
_starting = Lock()
_end_of_order = Condition()


def start() -> None:
    """Start working on orders in this process; takes over what dead processes left behind.

    Raises Conflict when this process works already.
    """
    global _running
    with _starting:
        if _running is not None:
            raise Conflict("this process runs jobs already", "Use the executor that is started.")
        slot, release = slots.take()
        _running = _Running(FairPool(settings().job_workers), Event(), release, slot)
        try:
            _launch(slot)
        except BaseException:
            _running.pool.close()
            release()
            _running = None
            raise
        Thread(target=_keep, args=(_running.stop,), name="job-keeper", daemon=True).start()


def stop() -> None:
    """Stop after the jobs that run now; unfinished orders go on at the next start."""
    global _running
    from dbos import DBOS

    with _starting:
        current, _running = _running, None
        if current is None:
            return
        current.stop.set()
        until = time.monotonic() + STOP_TIMEOUT_S
        while _has_pending(current.slot) and time.monotonic() < until:
            time.sleep(POLLING_S / 10)
        DBOS.destroy()
        current.pool.close()
        session.close_idle()
        current.release()


def _has_pending(slot: int) -> bool:
    from dbos import DBOS

    mine = DBOS.list_workflows(
        status="PENDING", executor_id=_executor_id(slot), limit=1, load_input=False
    )
    return bool(mine)


def is_running() -> bool:
    """Say whether this process works on orders."""
    return _running is not None


@contextmanager
def running() -> Iterator[None]:
    """Work on orders while the block runs, unless this process does already."""
    if is_running():
        yield
        return
    start()
    try:
        yield
    finally:
        stop()


def submit(order: Order) -> None:
    """Put an order on the queue; any process that works may take it."""
    from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

    priority = _PRIORITY.get(order.reason, _BACKFILL_PRIORITY)
    with (
        SetWorkflowID(_workflow_id(order.order)),
        SetEnqueueOptions(queue_partition_key=order.bank, priority=priority),
    ):
        DBOS.enqueue_workflow(QUEUE, _workflow(), order.order)


def wait(order: str, timeout_s: float | None = None) -> Iterator[Order]:
    """Watch an order until it ends: gives it whenever its count moved, and at the end.

    Raises TimedOut.
    """
    until = None if timeout_s is None else time.monotonic() + timeout_s
    seen = -1
    while True:
        found = orders.get(order)
        if found.state.final or found.finished != seen:
            seen = found.finished
            yield found
        if found.state.final:
            return
        if until is not None and time.monotonic() > until:
            raise TimedOut(f"order {order} still runs", "Look at it with `titian jobs status`.")
        with _end_of_order:
            _end_of_order.wait(POLLING_S / 4)


def forget_finished() -> int:
    """Drop what the queue keeps of orders that ended a while ago; give how many."""
    from dbos import DBOS

    before = (clock.now() - KEEP_FINISHED).isoformat()
    old = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        end_time=before,
        limit=FORGET_AT_ONCE,
        load_input=False,
        load_output=False,
    )
    DBOS.delete_workflows([item.workflow_id for item in old])
    return len(old)


def _run_order(order: str) -> str:
    current = _running
    found = orders.get(order)
    if current is None or found.state.final:
        return found.state.value
    try:
        state = conductor.conduct(found, current.pool, current.stop)
    except Exception as error:
        _log.exception("an order broke off", order=order)
        orders.ended(order, OrderState.FAILED, f"{type(error).__name__}: {error}")
        raise
    finally:
        with _end_of_order:
            _end_of_order.notify_all()
    return state.value if state is not None else "handed over"


_registered: Any = None


def _workflow() -> Any:
    assert _registered is not None, "the executor is started"
    return _registered


def _launch(slot: int) -> None:
    from dbos import DBOS

    _launch_dbos(slot)
    if DBOS.retrieve_queue(QUEUE) is None:
        # A queue that is new is noticed a second later, or by the next launch at once.
        _register_queue()
        DBOS.destroy()
        _launch_dbos(slot)
    _register_queue()
    _adopt()


def _launch_dbos(slot: int) -> None:
    global _registered
    from dbos import DBOS

    _bridge_logs()
    url, engine = _system_database()
    DBOS(
        config={
            "name": "titian-jobs",
            "system_database_url": url,
            "system_database_engine": engine,
            "application_version": QUEUE_VERSION,
            "executor_id": _executor_id(slot),
            "max_executor_threads": ORDERS_AT_ONCE,
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "notification_listener_polling_interval_sec": POLLING_S,
        }
    )
    if _registered is None:
        _registered = DBOS.workflow(name="run_order")(_run_order)
    DBOS.launch()


class _Bridge(logging.Handler):
    """Says in our log what DBOS has to say, instead of a console of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.error("the queue reports", words=record.getMessage(), exc_info=record.exc_info)


def _bridge_logs() -> None:
    theirs = logging.getLogger("dbos")
    if not any(isinstance(handler, _Bridge) for handler in theirs.handlers):
        theirs.addHandler(_Bridge(logging.ERROR))
        theirs.propagate = False


def _register_queue() -> None:
    from dbos import DBOS

    DBOS.register_queue(
        QUEUE,
        partition_concurrency=1,
        worker_concurrency=ORDERS_AT_ONCE,
        polling_interval_sec=POLLING_S,
    )


def _system_database() -> tuple[str, Engine | None]:
    if db.is_postgres():
        return db.engine().url.render_as_string(hide_password=False), None
    path = Path(settings().home) / "jobs.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{path}"
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare)
    try:
        engine.connect().close()
    except DatabaseError as error:
        raise db.explained(error, str(path)) from error
    return url, engine


def _prepare(connection: SqliteConnection, _record: object) -> None:
    # DBOS opens SQLite in DELETE journal mode; the rest is what it sets on an engine of its own.
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _keep(stop_: Event) -> None:
    while not stop_.wait(ADOPT_EVERY_S):
        try:
            _adopt()
        except Exception:  # noqa: BLE001  # the keeper tries again at its next turn
            _log.exception("taking over the work of dead processes failed")


def _adopt() -> None:
    """Queue again what dead processes held, and orders written down but never queued."""
    from dbos import DBOS

    known = DBOS.list_workflows(status=list(_PENDING), queue_name=QUEUE, load_input=True)
    dead = _dead_executors(known)
    lost = [
        item.workflow_id for item in known if item.status == "PENDING" and item.executor_id in dead
    ]
    if lost:
        DBOS.resume_workflows(lost, queue_name=QUEUE)
    live = {item.workflow_id.partition(".")[0] for item in known}
    for order in orders.unfinished():
        if order.order not in live:
            submit(order)


def _dead_executors(known: list[WorkflowStatus]) -> set[str]:
    dead = set()
    for executor in {item.executor_id for item in known if item.status == "PENDING"}:
        if executor is None or _running is None or executor == _executor_id(_running.slot):
            continue
        release = slots.try_take(int(executor.rpartition("-")[2]))
        if release is not None:
            release()
            dead.add(executor)
    return dead


def _executor_id(slot: int) -> str:
    return f"slot-{slot}"


def _workflow_id(order: str) -> str:
    return f"{order}.{time.time_ns():x}"
