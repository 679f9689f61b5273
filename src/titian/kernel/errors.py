"""One tree of errors: each says what is wrong, where, and what to do about it."""

from __future__ import annotations


class TitianError(Exception):
    """Anything Titian refuses or fails at.

    `what` names the problem and its place; `remedy` says what to do next.
    """

    code = "error"

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what.rstrip('.')}. {self.remedy}"


class Remedy(str):
    """What to do, where it is worked out apart from its error: catalogues of words find it."""

    __slots__ = ()


class Cause(str):
    """Why something stands still, kept as a text that no error says: catalogues find it."""

    __slots__ = ()


class Terminal:
    """Mix-in: trying the same thing again gives the same answer."""


class Transient:
    """Mix-in: the same call may succeed later, so it may be retried."""


class InvalidInput(Terminal, TitianError):
    """The caller's words or data are wrong."""

    code = "invalid_input"


class InvalidDefinition(InvalidInput):
    """A definition file (contract, job, indicator, tag) is wrong at a known place."""

    code = "invalid_definition"

    def __init__(self, what: str, remedy: str, *, file: str = "", line: int = 0) -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}{what}", remedy)
        self.file = file
        self.line = line

    def __reduce__(self) -> tuple[type[InvalidDefinition], tuple[str, str]]:
        return type(self), (self.what, self.remedy)


class NotFound(Terminal, TitianError):
    """The thing named does not exist, or not for this caller."""

    code = "not_found"


class Denied(Terminal, TitianError):
    """The caller is known and may not do this."""

    code = "denied"


class Unauthenticated(Terminal, TitianError):
    """The caller is not known."""

    code = "unauthenticated"


class Conflict(Terminal, TitianError):
    """The thing is not in a state that allows this, or someone else changed it first."""

    code = "conflict"


class LimitExceeded(Terminal, TitianError):
    """A stated limit on rows, bytes, time or number was reached."""

    code = "limit_exceeded"


class Corrupt(Terminal, TitianError):
    """Stored state contradicts itself."""

    code = "corrupt"


class Unavailable(Transient, TitianError):
    """Something this needs does not answer now."""

    code = "unavailable"


class TimedOut(Transient, TitianError):
    """The time allowed for this is over."""

    code = "timed_out"


# The one table from an error to how the outside sees it: (HTTP status, exit code).
_OUTSIDE: tuple[tuple[type[TitianError], int, int], ...] = (
    (InvalidInput, 422, 2),
    (Unauthenticated, 401, 3),
    (Denied, 403, 3),
    (NotFound, 404, 4),
    (Conflict, 409, 5),
    (LimitExceeded, 413, 6),
    (Corrupt, 500, 7),
    (Unavailable, 503, 8),
    (TimedOut, 504, 9),
)


def http_status(error: TitianError) -> int:
    """Give the HTTP status for an error."""
    return next((status for kind, status, _ in _OUTSIDE if isinstance(error, kind)), 500)


def exit_code(error: TitianError) -> int:
    """Give the process exit code for an error (1 where no kind fits)."""
    return next((code for kind, _, code in _OUTSIDE if isinstance(error, kind)), 1)
