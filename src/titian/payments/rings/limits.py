"""Every limit of ring detection, in one place."""

from __future__ import annotations

from typing import Final

MAX_ACCOUNTS: Final = 10_000_000
MAX_TRANSFERS: Final = 20_000_000
MAX_AMOUNT: Final = 1e15
MAX_HOPS: Final = 12
"""Transfers in one cycle."""
MAX_FAN: Final = 64
"""Onward transfers followed from one hop."""
MAX_STEPS: Final = 20_000_000
"""Hops tried in one grid of amounts."""
MAX_ROUNDS: Final = 12
"""Times the background is learned again without what was found."""
FALSE_PATTERNS: Final = 1.0
"""Patterns of chance expected in a whole file, per kind; the one level of the detector."""
WIDTHS: Final = (0.001, 0.01, 0.1, 0.7)
"""Similar amounts: widths of intervals in log amount tried; the tests made pay for the choice."""
