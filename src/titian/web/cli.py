"""`titian serve`."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from titian.data.jobs import watch
from titian.kernel.errors import Unavailable
from titian.kernel.settings import settings
from titian.web.app import create_app

FRONT = Path(__file__).parent / "static" / "vendor"
GRACE_S = 10
MAX_CONNECTIONS = 1_000


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = -1,
    gallery: Annotated[bool, typer.Option(help="Add /gallery, which shows every part.")] = False,  # noqa: FBT002  # Typer's way
) -> None:
    """Serve the pages and the API, work on what is ordered there, and watch the day."""
    chosen = settings()
    host, port = host or chosen.host, chosen.port if port < 0 else port
    require_front()
    require_port(host, port)
    run(create_app(gallery=gallery), host, port)


def run(app: FastAPI, host: str, port: int) -> None:
    """Serve an application and work on what is ordered there, until told to stop.

    Where a request comes from is believed of nobody but the proxy named in the settings.
    """
    proxy = settings().trusted_proxy
    with watch.serving():
        uvicorn.run(
            app,
            host=host,
            port=port,
            proxy_headers=bool(proxy),
            forwarded_allow_ips=proxy,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
        )


def require_front() -> None:
    """Say before anything starts that the front end is not built. Raises Unavailable."""
    if not (FRONT / "fonts.css").is_file():
        raise Unavailable("the front end is not built", "Run: make front")


def require_port(host: str, port: int) -> None:
    """Say before anything starts when an address cannot be served. Raises Unavailable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"{host}:{port} cannot be served ({getattr(error, 'strerror', None) or error})",
            "Stop what runs there, or choose another port: TITIAN_PORT=8801.",
        ) from error
