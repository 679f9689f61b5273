"""`titian payments channels`: what the channels of a bank did in the last days."""

from __future__ import annotations

from typing import Annotated

import typer

from titian.data.options import Bank, Day, at_bank, given_day
from titian.kernel.terminal import Json, as_json


def channels_command(
    bank: Bank,
    day: Day = None,
    days: Annotated[int, typer.Option(min=4, max=120, help="Days to read, at most.")] = 42,
    watch_days: Annotated[int, typer.Option(min=1, max=60, help="Last days to watch.")] = 7,
    bin_minutes: Annotated[int, typer.Option(min=1, max=60)] = 15,
    alarms_per_day: Annotated[
        float, typer.Option(min=0.01, max=24, help="False alarms expected of a quiet day.")
    ] = 1.0,
    *,
    leads: Annotated[
        bool, typer.Option("--leads", help="Also test which series lead which.")
    ] = False,
    json: Json = False,
) -> None:
    """Fit the channels' model to a bank's events and show their state and alarms."""
    from titian.payments.channels.calendar import Calendar
    from titian.payments.channels.history import read_history
    from titian.payments.channels.model import DAY_US, MINUTE_US
    from titian.payments.channels.monitor import Settings
    from titian.payments.channels.report import report
    from titian.payments.channels.series import bin_events
    from titian.payments.channels.show import document, show

    history = read_history(at_bank(bank), days, given_day(day))
    bin_us = bin_minutes * MINUTE_US
    series = bin_events(history.events, history.start_us, history.end_us, bin_us)
    settings = Settings(alarms_per_day=alarms_per_day, block=max(60 // bin_minutes * 6, 6))
    found = report(series, watch_days * DAY_US // bin_us, Calendar(), settings, leading=leads)
    if json:
        as_json(document(history, found))
    else:
        show(history, found)
