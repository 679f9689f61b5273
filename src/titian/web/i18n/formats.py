"""Numbers, money, dates and sizes as people read them, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from titian.kernel import clock
from titian.kernel.clock import BANK_TZ
from titian.kernel.money import yuan
from titian.web.i18n.messages import _, locale, ngettext

NOTHING = "–"
Number = int | float | Decimal

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZH_WEEKDAYS = "一二三四五六日"
_EN_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ZH_TIMES = ("毫秒", "秒", "分", "小时")
_EN_TIMES = ("ms", "s", "min", "h")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WAN = 10_000
_YI = 100_000_000
_Units = tuple[tuple[int, int, str], ...]
_ZH_UNITS: _Units = ((_YI, _YI, " 亿"), (_WAN, _WAN, " 万"))
_EN_UNITS: _Units = (
    (1_000_000_000, 1_000_000_000, " bn"),
    (1_000_000, 1_000_000, " M"),
    (_WAN, 1_000, " k"),
)


def number(value: Number | None, decimals: int | None = None) -> str:
    """Write a number with thousands separators; decimals as given, else as the value has them."""
    if value is None:
        return NOTHING
    if decimals is None and isinstance(value, Decimal):
        return f"{value:,f}"
    if decimals is None:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"
    return f"{value:,.{decimals}f}"


def compact(value: Number | None) -> str:
    """Write a large number short: 1.25 万, 3.2 亿; 12.5 k, 3.2 M, 1.1 bn in English."""
    if value is None:
        return NOTHING
    units = _ZH_UNITS if locale() == "zh" else _EN_UNITS
    for at_least, size, unit in units:
        if abs(float(value)) >= at_least:
            scaled = float(value) / size
            return f"{scaled:,.4g}{unit}" if abs(scaled) < 1_000 else f"{scaled:,.0f}{unit}"  # noqa: PLR2004
    return number(value if isinstance(value, int) else round(float(value), 2))


def money(fen: int | None, unit: str = "auto") -> str:
    """Write an amount of fen.

    Unit: `auto` (元, 万元 or 亿元 by size), `yuan` (exact, two decimals), `wan` or `yi`.
    """
    if fen is None:
        return NOTHING
    amount = yuan(fen)
    if unit == "auto":
        unit = "yi" if abs(amount) >= _YI else "wan" if abs(amount) >= 100 * _WAN else "yuan"
    if locale() == "zh":
        size, name = {"yuan": (1, "元"), "wan": (_WAN, "万元"), "yi": (_YI, "亿元")}[unit]
        return f"{amount / size:,.2f} {name}"
    size, name = {"yuan": (1, ""), "wan": (1_000_000, " M"), "yi": (1_000_000, " M")}[unit]
    return f"¥{amount / size:,.2f}{name}"


def between() -> str:
    """Give what stands between names in a row."""
    return "、" if locale() == "zh" else ", "


def listed(names: Iterable[str]) -> str:
    """Write names one after another: 甲、乙, or first, second."""
    return between().join(names)


def percent(share: Number | None, decimals: int = 1) -> str:
    """Write a share (0.125) in per cent (12.5%)."""
    return NOTHING if share is None else f"{share * 100:z,.{decimals}f}%"


def day(value: date | None) -> str:
    """Write a date: 2026-03-31, or 31 Mar 2026."""
    if value is None:
        return NOTHING
    if locale() == "zh":
        return value.isoformat()[:10]
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def long_day(value: date) -> str:
    """Write a date with its weekday: 2026年3月31日 周二, or Tue 31 March 2026."""
    if locale() == "zh":
        weekday = _ZH_WEEKDAYS[value.weekday()]
        return f"{value.year}年{value.month}月{value.day}日 周{weekday}"
    return f"{_EN_WEEKDAYS[value.weekday()]} {value.day} {value:%B} {value.year}"


def moment(value: datetime | None, *, seconds: bool = False) -> str:
    """Write a moment in bank time: 2026-03-31 08:30, or 31 Mar 2026 08:30."""
    if value is None:
        return NOTHING
    local = value.astimezone(BANK_TZ) if value.tzinfo else value
    return (
        f"{day(local.date())} {local:%H:%M:%S}" if seconds else f"{day(local.date())} {local:%H:%M}"
    )


def ago(value: datetime | None) -> str:
    """Say how long ago a moment was."""
    if value is None:
        return NOTHING
    seconds = int((clock.now() - value).total_seconds())
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", seconds // _MINUTE)
    if seconds < _DAY:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", seconds // _HOUR)
    return ngettext("%(num)s day ago", "%(num)s days ago", seconds // _DAY)


def size(count: int | None) -> str:
    """Write a number of bytes: 512 B, 3.4 MB."""
    if count is None:
        return NOTHING
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1_000:  # noqa: PLR2004
            return f"{amount:.3g} {unit}"
        amount /= 1_000
    return f"{amount:,.3g} TB"


def seconds(value: Number | timedelta | None) -> str:
    """Write a length of time: 85 毫秒, 4.2 秒, 3 分 05 秒; 85 ms, 3 min 05 s, 2 h 10 min."""
    if value is None:
        return NOTHING
    total = value.total_seconds() if isinstance(value, timedelta) else float(value)
    ms, s, minutes, hours = _ZH_TIMES if locale() == "zh" else _EN_TIMES
    if total < 1:
        return f"{total * 1000:.0f} {ms}"
    if total < _MINUTE:
        return f"{total:.1f} {s}"
    if total < _HOUR:
        return f"{int(total // _MINUTE)} {minutes} {int(total % _MINUTE):02d} {s}"
    return f"{int(total // _HOUR)} {hours} {int(total % _HOUR // _MINUTE):02d} {minutes}"
