"""Score what was found against the truth, which detection never sees."""

from __future__ import annotations

import time
from pathlib import Path

from titian.payments.rings.dataset import read_files
from titian.payments.rings.detect import detect


def report(nodes: Path, transfers: Path) -> dict[str, object]:
    """Detect and score; `alerts` counts accounts. Raises InvalidInput, LimitExceeded."""
    began = time.perf_counter()
    read, fraud = read_files(nodes, transfers)
    found = detect(read)
    alerts = int(found.account.sum())
    hits = int(fraud[found.account].sum())
    return {
        "precision": hits / alerts if alerts else 0.0,
        "recall": hits / int(fraud.sum()) if fraud.any() else 0.0,
        "alerts": alerts,
        "complete": found.complete,
        "seconds": round(time.perf_counter() - began, 3),
    }
