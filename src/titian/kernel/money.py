"""Money is a whole number of fen (分); yuan appear only at the edges."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from titian.kernel.errors import InvalidInput

FEN_PER_YUAN = 100
MAX_FEN = 2**63 - 1
_WAN = Decimal(10_000)
_YI = Decimal(100_000_000)


def fen_from_yuan(amount: Decimal | str | int) -> int:
    """Turn yuan into fen exactly.

    Raises InvalidInput for text that is no number, more than two decimals, or over 2^63-1 fen.
    """
    try:
        value = Decimal(amount.replace(",", "").strip() if isinstance(amount, str) else amount)
    except InvalidOperation:
        raise InvalidInput(
            f"{amount!r} is not an amount", "Write yuan with at most two decimals, as 1234.50."
        ) from None
    if not value.is_finite() or abs(value) * FEN_PER_YUAN > MAX_FEN:
        raise InvalidInput(f"{amount!r} is out of range", "An amount is at most 2^63-1 fen.")
    fen = value * FEN_PER_YUAN
    if fen != fen.to_integral_value():
        raise InvalidInput(
            f"{amount!r} has parts of a fen", "Round it to two decimals before it is booked."
        )
    return int(fen)


def yuan(fen: int) -> Decimal:
    """Turn fen into yuan with two decimals, exactly."""
    return Decimal(fen).scaleb(-2)


def share(fen: int, rate: Decimal) -> int:
    """Take a rate of an amount, rounded half up to the fen (the banks' convention)."""
    return int((Decimal(fen) * rate).to_integral_value(ROUND_HALF_UP))


def format_yuan(fen: int, locale: str = "zh") -> str:
    """Write an amount for people: 1,234.50 元; in Chinese 万元 and 亿元 from a million on."""
    amount = yuan(fen)
    if locale != "zh":
        return f"¥{amount:,.2f}"
    if abs(amount) >= _YI:
        return f"{amount / _YI:,.2f} 亿元"
    if abs(amount) >= 100 * _WAN:
        return f"{amount / _WAN:,.2f} 万元"
    return f"{amount:,.2f} 元"
