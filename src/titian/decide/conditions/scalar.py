"""Operations on single known values, exactly as DuckDB does them: texts, numbers and days.

Both the Python and the numpy target call these. What has no answer (division by zero, more than
64 bits, a day outside years 1 to 9999) is None: unknown.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from titian.decide.conditions.fields import Kind
from titian.decide.conditions.tree import Call, Constant

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
LAST_DAY = date.max.toordinal()
EXACT = Context(prec=80)
_NARROW_DIGITS = 18
_SPACES = "".join(
    character for character in map(chr, range(0x3001)) if unicodedata.category(character) == "Zs"
)

Match = Callable[[str], bool]
Operation = Callable[..., Any]


def whole_quotient(left: int, right: int) -> int | None:
    """Divide towards zero."""
    if right == 0:
        return None
    size = abs(left) // abs(right)
    found = size if (left < 0) is (right < 0) else -size
    return found if found <= MAX_INTEGER else None


def remainder(left: int, right: int) -> int | None:
    """Give what `whole_quotient` leaves; it has the sign of `left`."""
    if right == 0:
        return None
    size = abs(left) % abs(right)
    return -size if left < 0 else size


def quotient(left: float, right: float) -> float | None:
    """Divide."""
    return None if right == 0 else left / right


def double_of_wide(value: Decimal) -> float:
    """Give a double near a whole decimal of more than 18 digits, rounded as DuckDB rounds it."""
    number = int(value)
    upper, lower = number >> 64, number & (2**64 - 1)
    if upper == -1:
        return -float(2**64 - 1 - lower) - 1.0
    return float(lower) + float(upper) * 2.0**64


def round_double(value: float, places: int) -> float:
    """Round half away from zero."""
    power = 10.0**places
    scaled = value * power
    if not math.isfinite(scaled):
        return value
    down = float(math.trunc(scaled))
    if abs(scaled - down) >= 0.5:  # noqa: PLR2004
        down += math.copysign(1.0, scaled)
    return down / power


def round_exact(value: Decimal, places: int) -> Decimal:
    """Round half away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def floor(value: float | Decimal) -> float | Decimal:
    """Round down to a whole number of the same kind."""
    if isinstance(value, Decimal):
        return value.to_integral_value(ROUND_FLOOR)
    return float(math.floor(value)) if math.isfinite(value) else value


def ceil(value: float | Decimal) -> float | Decimal:
    """Round up to a whole number of the same kind."""
    if isinstance(value, Decimal):
        return value.to_integral_value(ROUND_CEILING)
    return float(math.ceil(value)) if math.isfinite(value) else value


def below(left: Any, right: Any) -> bool:
    """Whether left comes before right; NaN comes last and equals itself."""
    return bool(left < right or (right != right and left == left))  # noqa: PLR0124


def equal(left: Any, right: Any) -> bool:
    """Whether both are the same value; NaN is the same as NaN."""
    return bool(left == right or (left != left and right != right))  # noqa: PLR0124


def same(left: Any, right: Any) -> bool:
    """Whether both are unknown, or both known and equal."""
    if left is None or right is None:
        return left is right
    return equal(left, right)


def between(value: Any, low: Any, high: Any) -> bool | None:
    """Whether value is in [low, high], where any of the three may be unknown."""
    above = None if value is None or low is None else not below(value, low)
    under = None if value is None or high is None else not below(high, value)
    if above is False or under is False:
        return False
    return None if above is None or under is None else True


def nullif(value: Any, other: Any) -> Any:
    """Give the value, or unknown where it equals the other."""
    if value is None or (other is not None and equal(value, other)):
        return None
    return value


def least(*values: Any) -> Any:
    """Give the least of the known values."""
    found = None
    for value in values:
        if value is not None and (found is None or below(value, found)):
            found = value
    return found


def greatest(*values: Any) -> Any:
    """Give the greatest of the known values."""
    found = None
    for value in values:
        if value is not None and (found is None or below(found, value)):
            found = value
    return found


def midnight(day: date) -> datetime:
    """Give the day's first moment."""
    return datetime.combine(day, time())


def add_days(day: date, days: int) -> date | None:
    """Give the day so many days later."""
    number = day.toordinal() + days
    return date.fromordinal(number) if 1 <= number <= LAST_DAY else None


def sub_days(day: date, days: int) -> date | None:
    """Give the day so many days earlier."""
    return add_days(day, -days)


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _minutes(moment: datetime) -> int:
    return (moment.toordinal() * 24 + moment.hour) * 60 + moment.minute


# What is counted between two moments is how often this number changes.
_COUNTED: dict[str, Callable[[Any], int]] = {
    "day": date.toordinal,
    "month": _months,
    "quarter": lambda day: _months(day) // 3,
    "year": lambda day: day.year,
    "hour": lambda moment: _minutes(moment) // 60,
    "minute": _minutes,
}


def date_diff(unit: str) -> Callable[[date, date], int]:
    """Count the boundaries of a unit that lie between two days or moments, or the whole weeks."""
    if unit == "week":
        return lambda start, end: int((end.toordinal() - start.toordinal()) / 7)
    counted = _COUNTED[unit]
    return lambda start, end: counted(end) - counted(start)


def lower(text: str) -> str:
    """Lower every character by itself, never into several."""
    if text.isascii():
        return text.lower()
    return "".join(character.lower()[0] for character in text)


def upper(text: str) -> str:
    """Raise every character by itself, never into several."""
    if text.isascii():
        return text.upper()
    return "".join(map(_upper, text))


def _upper(character: str) -> str:
    if character == "ß":
        return "ẞ"
    for found in (character.upper(), character.title()):
        if len(found) == 1:
            return found
    return character


def trim(text: str) -> str:
    """Take off outer spaces of every width, but no tabs or line ends."""
    return text.strip(_SPACES)


def left(text: str, count: int) -> str:
    """Give the first characters."""
    return text[:count]


def right(text: str, count: int) -> str:
    """Give the last characters."""
    return text[max(len(text) - count, 0) :]


def substr(text: str, start: int, count: int) -> str:
    """Give characters from number `start`, counted from 1; number 0 is there but empty."""
    return text[max(start - 1, 0) : max(start - 1 + count, 0)]


def like(pattern: str) -> Match:
    """Compile a LIKE pattern without escapes; each match takes linear time."""
    pieces = pattern.split("%")
    if "_" not in pattern:
        plain = _plain(pieces)
        if plain is not None:
            return plain
    found = [re.compile(re.escape(p).replace("_", "."), re.DOTALL) for p in pieces]
    if len(pieces) == 1:
        return lambda text: found[0].fullmatch(text) is not None
    return lambda text: _pieces_match(text, found, len(pieces[-1]))


def _plain(pieces: list[str]) -> Match | None:
    if len(pieces) == 1:
        return lambda text: text == pieces[0]
    if len(pieces) == 2:  # noqa: PLR2004
        first, last = pieces
        size = len(first) + len(last)
        return lambda text: len(text) >= size and text.startswith(first) and text.endswith(last)
    if len(pieces) == 3 and not pieces[0] and not pieces[2]:  # noqa: PLR2004
        return lambda text: pieces[1] in text
    return None


def _pieces_match(text: str, pieces: list[re.Pattern[str]], last: int) -> bool:
    start = pieces[0].match(text)
    if start is None:
        return False
    at = start.end()
    for piece in pieces[1:-1]:
        found = piece.search(text, at)
        if found is None:
            return False
        at = found.end()
    end = len(text) - last
    return end >= at and pieces[-1].fullmatch(text, end) is not None


_EXACT_OPERATIONS: dict[str, Operation] = {
    "add": EXACT.add,
    "sub": EXACT.subtract,
    "mul": EXACT.multiply,
    "neg": Decimal.copy_negate,
    "abs": Decimal.copy_abs,
    "round": round_exact,
}
_OPERATIONS: dict[str, Operation] = {
    "intdiv": whole_quotient,
    "mod": remainder,
    "div": quotient,
    "round": round_double,
    "floor": floor,
    "ceil": ceil,
    "length": len,
    "lower": lower,
    "upper": upper,
    "trim": trim,
    "left": left,
    "right": right,
    "substr": substr,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
    "add_days": add_days,
    "sub_days": sub_days,
}
_CASTS: dict[tuple[Kind, Kind], Operation] = {
    (Kind.INTEGER, Kind.DOUBLE): float,
    (Kind.INTEGER, Kind.DECIMAL): Decimal,
    (Kind.DECIMAL, Kind.DOUBLE): float,
    (Kind.DATE, Kind.TIMESTAMP): midnight,
}


def function(call: Call) -> Operation:
    """Give the function of known values behind a call; `like` takes the text alone."""
    kind, op = call.args[0].type.kind, call.op
    if op == "cast":
        given = call.args[0].type
        if call.type.kind is Kind.DOUBLE and given.precision > _NARROW_DIGITS and not given.scale:
            return double_of_wide
        return _CASTS[kind, call.type.kind]
    if op == "like":
        pattern = call.args[1]
        assert isinstance(pattern, Constant)
        assert isinstance(pattern.value, str)
        return like(pattern.value)
    if op.startswith("date_diff_"):
        return date_diff(op.removeprefix("date_diff_"))
    exact = _EXACT_OPERATIONS.get(op) if kind is Kind.DECIMAL else None
    return exact or _OPERATIONS[op]
