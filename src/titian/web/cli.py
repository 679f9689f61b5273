"""`titian serve`."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn

from titian.data.jobs import watch
from titian.kernel.settings import settings
from titian.web.app import create_app

GRACE_S = 10
MAX_CONNECTIONS = 1_000


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = -1,
    gallery: Annotated[bool, typer.Option(help="Add /gallery, which shows every part.")] = False,  # noqa: FBT002  # Typer's way
) -> None:
    """Serve the pages and the API, work on what is ordered there, and watch the day."""
    chosen = settings()
    with watch.serving():
        uvicorn.run(
            create_app(gallery=gallery),
            host=host or chosen.host,
            port=chosen.port if port < 0 else port,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACE_S,
        )
