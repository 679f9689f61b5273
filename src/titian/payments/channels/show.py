"""A report of the channels as tables for a terminal, or as one JSON document."""

from __future__ import annotations

from datetime import UTC, datetime

from titian.kernel.clock import BANK_TZ
from titian.kernel.terminal import Cell, counted, listing, note, say
from titian.payments.channels.alarms import Alarm
from titian.payments.channels.history import History
from titian.payments.channels.report import Report
from titian.payments.model import CHANNELS


def show(history: History, found: Report) -> None:
    """Print a report as tables."""
    model, stabiliser = found.monitor.online.model, found.monitor.stabiliser
    say(
        f"{history.first} to {history.last}: VAR({model.order}) of"
        f" {counted(len(stabiliser.ids), 'series', 'series')},"
        f" {len(stabiliser.left_out)} left out; watched {found.days:g} days:"
        f" {counted(found.observed, 'alarm')}, {found.expected:.1f} expected of quiet days"
    )
    for gate in found.gates:
        note(f"{gate.name}: {'holds' if gate.holds else 'FAILS'} ({gate.why})")
    for why in found.state.why:
        note(f"decisions are not shifted: {why}")
    listing(_STATE, _state_rows(found), none="there are no channels")
    listing(_ALARMS, [_alarm_row(alarm) for alarm in found.alarms], none="no alarms")
    if found.leads:
        listing(("leads", "follows", "p"), _lead_rows(found), none="")


_STATE = ("channel", "pressure", "threshold", "alarm")
_ALARMS = ("at", "statistic", "score", "p", "series", "share", "deviation")


def _state_rows(found: Report) -> list[tuple[object, ...]]:
    state = found.state
    return [
        (
            channel,
            Cell(state.pressure[code], f"{state.pressure[code]:.1f}"),
            Cell(float(state.factors[code]), f"× {state.factors[code]:.2f}"),
            "yes" if channel in state.alarmed else "",
        )
        for code, channel in enumerate(CHANNELS)
    ]


def _lead_rows(found: Report) -> list[tuple[object, ...]]:
    return [
        (str(lead.cause), str(lead.effect), Cell(lead.p_value, f"{lead.p_value:.1g}"))
        for lead in found.leads
    ]


def _alarm_row(alarm: Alarm) -> tuple[object, ...]:
    first = alarm.blamed[0]
    return (
        _at(alarm.at_us),
        alarm.statistic,
        Cell(alarm.score, f"{alarm.score:.0f}"),
        Cell(alarm.p_value, f"{alarm.p_value:.1g}"),
        str(first.series),
        Cell(first.share, f"{first.share:.0%}"),
        Cell(first.deviation, f"{first.deviation:+.1f}"),
    )


def document(history: History, found: Report) -> dict[str, object]:
    """Give a report as what JSON holds."""
    model, stabiliser = found.monitor.online.model, found.monitor.stabiliser
    return {
        "first": history.first,
        "last": history.last,
        "order": model.order,
        "tightness": model.tightness,
        "log_score": model.log_score,
        "series": {
            str(one): kind for one, kind in zip(stabiliser.ids, stabiliser.kinds, strict=True)
        },
        "left_out": {str(left.series): left.why for left in stabiliser.left_out},
        "gates": [gate._asdict() for gate in found.gates],
        "days": found.days,
        "expected_alarms": found.expected,
        "observed_alarms": found.observed,
        "trusted": found.state.trusted,
        "why": found.state.why,
        "channels": [
            dict(zip(_STATE, (row[0], *_values(row[1:])), strict=True))
            for row in _state_rows(found)
        ],
        "leads": [
            {"cause": str(lead.cause), "effect": str(lead.effect), "p_value": lead.p_value}
            for lead in found.leads
        ],
        "alarms": [
            {
                "at": _at(alarm.at_us),
                "statistic": alarm.statistic,
                "score": alarm.score,
                "p_value": alarm.p_value,
                "level": alarm.level,
                "blamed": [
                    {"series": str(one.series), "share": one.share, "deviation": one.deviation}
                    for one in alarm.blamed
                ],
            }
            for alarm in found.alarms
        ],
    }


def _values(cells: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(cell.value if isinstance(cell, Cell) else bool(cell) for cell in cells)


def _at(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(BANK_TZ)
