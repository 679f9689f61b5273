"""Connections that say nothing, or too slowly, are closed; no address holds too many of them.

The server counts every connection against its limit: without this, a thousand silent ones of one
machine would shut everybody out.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

HEADERS_S = 10.0
BODY_S = 30.0
MIN_BODY_BYTES = 16 * 2**10
MAX_PER_ADDRESS = 100


class Guarded(HttpToolsProtocol):
    """HTTP/1.1 where the head of a request comes within HEADERS_S, its body with some speed.

    A body must bring MIN_BODY_BYTES in every BODY_S or end. The trusted proxy stands for many
    people: it may hold as many connections as the server takes, and guards against silence itself.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._timer: asyncio.TimerHandle | None = None
        self._in_body = False
        self._bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Close the connection where its address holds too many; else begin its time."""
        super().connection_made(transport)
        if self._crowded():
            transport.abort()
        else:
            self._arm(HEADERS_S)

    def _crowded(self) -> bool:
        address = self.client[0] if self.client else ""
        if self.config.proxy_headers and address == self.config.forwarded_allow_ips:
            return False
        others = (one.client for one in self.connections if isinstance(one, Guarded))
        return sum(1 for other in others if other and other[0] == address) > MAX_PER_ADDRESS

    def connection_lost(self, exc: Exception | None) -> None:
        """End the time with the connection."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; what begins a request, or only looks like it, begins its time too."""
        self._bytes += len(data)
        if self._timer is None:
            self._arm(HEADERS_S)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin the time for the head of a request."""
        self._in_body = False
        if self._timer is None:  # one that came with the end of the request before it
            self._arm(HEADERS_S)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin the time for the body."""
        self._in_body = True
        self._arm(BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the time: the request is here, and the rest is ours."""
        self._in_body = False
        self._disarm()
        super().on_message_complete()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._bytes = 0
        self._timer = self.loop.call_later(seconds, self._look)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        moving = self._in_body and (self._bytes >= MIN_BODY_BYTES or self.flow.read_paused)
        if self._answering() or moving:
            self._arm(BODY_S)
        else:
            self.transport.abort()

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return cycle is not None and not cycle.more_body and not cycle.response_complete
