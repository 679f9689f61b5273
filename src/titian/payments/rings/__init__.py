"""Rings in transfers: cycles, pass-through flows and fan-ins that chance does not explain."""

from titian.payments.rings.detect import detect

__all__ = ["detect"]
