"""What serving needs before it starts: the built front end, and an address to listen on."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from titian.kernel.errors import Remedy, Unavailable

FRONT = Path(__file__).parent / "static" / "vendor"
MAX_PORT = 65_535


def require_front() -> None:
    """Say before anything starts that the front end is not built. Raises Unavailable."""
    if not (FRONT / "fonts.css").is_file():
        raise Unavailable("the front end is not built", "Run: make front")


def require_port(host: str, port: int) -> int:
    """Give the port to serve, a free one for 0. Raises Unavailable before anything starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as tried:
            found: int = tried.getsockname()[1]
            return found
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (")[0]
        raise Unavailable(f"{host}:{port} cannot be served ({why})", _instead(error)) from error


def _instead(error: OSError) -> Remedy:
    unknown = (error.errno or 0) < 0  # what getaddrinfo says
    if unknown or error.errno == errno.EADDRNOTAVAIL:
        return Remedy("Name an address of this machine: TITIAN_HOST=127.0.0.1.")
    if isinstance(error, PermissionError):
        return Remedy("Ports below 1024 are the administrator's; choose another: TITIAN_PORT=8800.")
    return Remedy("Stop what runs there, or choose another port: TITIAN_PORT=8801.")
