"""Words for the run log: turns what happens to units into rows, and writes them in groups."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from titian.data.checks.model import Outcome
from titian.data.jobs import alerts, runlog
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.model import Job, State
from titian.data.jobs.orders import Order
from titian.data.jobs.runlog import MAX_ERROR_CHARACTERS, Changes, Row
from titian.data.jobs.task import Made
from titian.kernel import clock, logs
from titian.kernel.errors import TitianError
from titian.kernel.ids import RunId

Runs = Mapping[date, RunId]


class Record:
    """Collects changes of one order until `flush`."""

    def __init__(self, order: Order, catalogue: Catalogue) -> None:
        self.order = order
        self.catalogue = catalogue
        self.changes = Changes()
        self.known_texts: set[str] = set()
        self.open_alerts: set[tuple[date, str]] = set()
        self.begun: dict[RunId | None, datetime] = {}

    def load_open_alerts(self) -> None:
        """Read which units have an open alert, so that success closes it."""
        self.open_alerts = alerts.open_units(self.order.bank, self.order.dates)

    def flush(self) -> None:
        """Write what was collected, in one transaction."""
        if self.changes:
            runlog.write(self.order.bank, self.order.order, self.changes)
            self.changes = Changes()

    def started(self, job: Job, runs: Runs, attempt: int, at: datetime) -> None:
        """Note that runs of a job begin."""
        for day, run in runs.items():
            self.changes.runs.append(
                {
                    "run_id": run,
                    "order_id": self.order.order,
                    "bank": self.order.bank,
                    "job": job.name,
                    "business_date": day,
                    "state": State.RUNNING.value,
                    "attempt": attempt,
                    "reason": self.order.reason.value,
                    "started_at": at,
                    "finished_at": None,
                    "rows": 0,
                    "bytes": 0,
                    "seconds": 0.0,
                    "batch": len(runs),
                    "error": "",
                    "error_code": "",
                    "version": job.version,
                    "sql_hash": "",
                    "table_version": None,
                }
            )
            self._state(job, day, State.RUNNING, "", run=run, started=at)

    def began(self, runs: Runs, at: datetime) -> None:
        """Note when a worker really took the runs up; until then `started` stands in for it."""
        self.begun.update(dict.fromkeys(runs.values(), at))

    def succeeded(self, job: Job, runs: Runs, seconds: float, made: Made) -> None:
        """Note that runs of a job ended well."""
        key = runlog.text_key(made.sql)
        if key and key not in self.known_texts:
            self.known_texts.add(key)
            self.changes.texts[key] = made.sql
        each = seconds / len(runs)
        for day, run in runs.items():
            end = self._end(run, State.SUCCEEDED, each)
            end |= {
                "rows": made.rows[day],
                "bytes": made.bytes[day],
                "sql_hash": key,
                "table_version": made.version,
            }
            self._finish(end)
            self._state(job, day, State.SUCCEEDED, "", run=run, rows=made.rows[day], seconds=each)
            if (day, job.name) in self.open_alerts:
                self.changes.resolved.append((day, job.name))
        self._checks(runs, made.outcomes)

    def failed(
        self,
        job: Job,
        runs: Runs,
        seconds: float,
        error: BaseException,
        outcomes: tuple[Outcome, ...],
        *,
        again: bool,
    ) -> None:
        """Note that a run ended badly; `again` when it will be tried once more."""
        code, words = in_words(error)
        state = State.RETRYING if again else State.FAILED
        for day, run in runs.items():
            end = self._end(run, State.FAILED, seconds) | {"error": words, "error_code": code}
            if again:
                self.changes.ends.append(end)
            else:
                self._finish(end)
                self.changes.alerts.append(
                    alerts.row(self.order.bank, day, job.name, alerts.Kind.FAILED, words, run)
                )
                self.open_alerts.add((day, job.name))
            self._state(job, day, state, words, run=run, seconds=seconds)
        self._checks(runs, outcomes)

    def broken_up(self, job: Job, runs: Runs, seconds: float, error: BaseException) -> None:
        """Note that a run over many dates failed and is tried date by date."""
        code, words = in_words(error)
        for day, run in runs.items():
            end = self._end(run, State.FAILED, seconds / len(runs))
            end |= {"error": f"tried again date by date: {words}", "error_code": code}
            self.changes.ends.append(end)
            self._state(job, day, State.RETRYING, words, run=run)

    def stopped(self, job: Job, day: date, state: State, why: str) -> None:
        """Note that a unit is not run now, and why."""
        self.changes.finished += 1
        self._state(job, day, state, why)

    def finished_one(self) -> None:
        """Count a unit that needs nothing."""
        self.changes.finished += 1

    def _finish(self, end: Row) -> None:
        self.changes.ends.append(end)
        self.changes.finished += 1

    def _state(
        self,
        job: Job,
        day: date,
        state: State,
        why: str,
        *,
        run: RunId | None = None,
        started: datetime | None = None,
        rows: int = 0,
        seconds: float = 0.0,
    ) -> None:
        over = state in (State.SUCCEEDED, State.FAILED)
        self.changes.states[day, job.name] = {
            "bank": self.order.bank,
            "business_date": day,
            "job": job.name,
            "state": state.value,
            "why": why,
            "run_id": run,
            "order_id": self.order.order,
            "started_at": started or self.begun.get(run),
            "finished_at": clock.now() if over else None,
            "rows": rows,
            "seconds": seconds,
            "version": job.version,
        }
        if started is not None and run is not None:
            self.begun[run] = started

    def _end(self, run: RunId, state: State, seconds: float) -> Row:
        return {
            "b_run": run,
            "state": state.value,
            "started_at": self.begun[run],
            "finished_at": clock.now(),
            "rows": 0,
            "bytes": 0,
            "seconds": round(seconds, 6),
            "error": "",
            "error_code": "",
            "sql_hash": "",
            "table_version": None,
        }

    def _checks(self, runs: Runs, outcomes: tuple[Outcome, ...]) -> None:
        if outcomes:
            self.changes.checks.append(({"runs": dict(runs), "at": clock.now()}, outcomes))


def in_words(error: BaseException) -> tuple[str, str]:
    """Give an error's code and its words, free of what looks like personal data."""
    if isinstance(error, TitianError):
        code, words = error.code, str(error)
    else:
        code = "unexpected"
        words = (
            f"{type(error).__name__}: {error}. "
            "This is a defect of the job or of Titian; the log of the process has the trace."
        )
    scrubbed = logs.scrub(None, "", {"error": words[:MAX_ERROR_CHARACTERS]})
    return code, str(scrubbed["error"])
