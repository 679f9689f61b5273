"""What a look came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Error as SqliteError

from sqlalchemy.exc import DBAPIError

from titian.kernel import db
from titian.kernel.errors import TitianError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and the remedy if it is not."""

    subject: str
    well: bool
    seen: str
    remedy: str = ""


Look = Callable[[], Finding]


def carefully(subject: str, look: Look) -> Finding:
    """Look; whatever goes wrong with looking is a finding, too."""
    try:
        return look()
    except TitianError as error:
        return Finding(subject, False, error.what, error.remedy)
    except DBAPIError as error:
        explained = db.explained(error)
        return Finding(subject, False, explained.what, explained.remedy)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        remedy = "Give yourself the right to it, or name another place in the settings."
        return Finding(subject, False, f"{place}{error.strerror or error}", remedy)
    except (SqliteError, ValueError, ArithmeticError) as error:
        remedy = "Restore it from a backup, or report this as a defect of Titian."
        return Finding(subject, False, f"{type(error).__name__}: {error}"[:300], remedy)
