"""The engine of this process: started with the first event, stopped with the server."""

from __future__ import annotations

import asyncio
from typing import Final

from anyio.to_thread import run_sync

from titian.kernel.keys import key
from titian.kernel.settings import settings
from titian.payments.engine import Engine
from titian.payments.engine.queue import Queue
from titian.payments.engine.setup import preset
from titian.payments.engine.warming import warm
from titian.payments.journal import Disk

FOLDER: Final = "payments"


class Running:
    """At most one engine and its queue."""

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._disk: Disk | None = None
        self.queue: Queue | None = None

    async def started(self) -> Queue:
        """Give the queue, starting the engine when there is none. Raises Conflict, Corrupt."""
        async with self._starting:
            if self.queue is None:
                self.queue = Queue(await run_sync(self._start))
            return self.queue

    async def close(self) -> None:
        """Stop the engine, leaving a snapshot so that the next start is short."""
        if self.queue is not None:
            await self.queue.close()
            await run_sync(self.queue.engine.rest)
        if self._disk is not None:
            self._disk.close()
        self.queue = self._disk = None

    def _start(self) -> Engine:
        setup = preset(key("payments"))
        self._disk = Disk(settings().home / FOLDER / "journal")
        try:
            warm(setup)
            return Engine.start(self._disk, setup)
        except BaseException:
            self._disk.close()
            self._disk = None
            raise
