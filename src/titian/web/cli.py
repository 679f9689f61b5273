"""`titian serve`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from titian.data.jobs import watch
from titian.kernel.settings import settings
from titian.kernel.terminal import say
from titian.web.app import create_app
from titian.web.place import MAX_PORT, require_front, require_port
from titian.web.security.connections import Guarded

GRACE_S = 10
MAX_CONNECTIONS = 1_000


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else that of the settings.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=MAX_PORT, help="Port to listen on; 0 takes a free one."),
    ] = None,
    gallery: Annotated[bool, typer.Option(help="Add /gallery, which shows every part.")] = False,  # noqa: FBT002  # Typer's way
) -> None:
    """Serve the pages and the API, work on what is ordered there, and watch the day."""
    chosen = settings()
    host, port = host or chosen.host, chosen.port if port is None else port
    require_front()
    port = require_port(host, port)
    say(f"http://{host}:{port} is served until Ctrl-C")
    sys.stdout.flush()
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
            http=Guarded,
            proxy_headers=bool(proxy),
            forwarded_allow_ips=proxy,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
        )
