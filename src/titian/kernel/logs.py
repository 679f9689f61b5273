"""Logs: structured lines on stderr, with personal data and secrets scrubbed by key."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import cast

import structlog
from structlog.typing import FilteringBoundLogger, WrappedLogger

from titian.kernel.settings import settings

SCRUBBED = "***"
_PRIVATE_KEYS = re.compile(
    r"password|secret|token|cookie|authorization|id_no|phone|card_no|account_no|address|"
    r"payee|counterparty|^name$|customer_name|birth"
)
_PRIVATE_VALUES = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|1\d{10}|\d{16,19})(?![0-9A-Za-z])"  # \b sees none beside 汉字
)


def scrub(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Blank values under private keys, and digits that look like ids, phones or cards."""
    for name, value in event.items():
        if _PRIVATE_KEYS.search(name):
            event[name] = SCRUBBED
        elif isinstance(value, str):
            event[name] = _PRIVATE_VALUES.sub(SCRUBBED, value)
    return event


def setup() -> None:
    """Put the settings' log level and form in force."""
    chosen = settings()
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if chosen.log_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[chosen.log_level]
        ),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def is_set_up() -> bool:
    """Say whether `setup` has been called; before that, logs would go to stdout."""
    return structlog.is_configured()


def _to_stderr(*_names: object) -> WrappedLogger:
    # The stream as it is now: who redirects or closes stderr must not silence or break a logger.
    return structlog.PrintLogger(sys.stderr)


def get(name: str) -> FilteringBoundLogger:
    """Give the logger of a module."""
    return cast("FilteringBoundLogger", structlog.get_logger(room=name.removeprefix("titian.")))
