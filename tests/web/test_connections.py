"""Silent and slow connections end; those who ask are answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from titian.web.security import connections
from titian.web.security.connections import Guarded

PATIENCE_S = 30
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Opened = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def app(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[Opened]:
    config = Config(app, **{"proxy_headers": False, **settings})
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Guarded(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writers: list[asyncio.StreamWriter] = []

    async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        return reader, writer

    try:
        yield opened
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    except ConnectionResetError:
        return True


async def answered(reader: asyncio.StreamReader) -> bool:
    head = await asyncio.wait_for(reader.readuntil(b"ok"), PATIENCE_S)
    return head.startswith(b"HTTP/1.1 200")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.1)
    monkeypatch.setattr(connections, "BODY_S", 0.1)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\r\n",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nslow",
    ],
)
def test_who_does_not_finish_asking_is_cut_off(said: bytes) -> None:
    async def play() -> None:
        async with served() as opened:
            reader, writer = await opened()
            writer.write(said)
            assert await ended(reader)

    asyncio.run(play())


@pytest.mark.parametrize("said", [b"\r\n", b"GET / HT"])
def test_a_second_request_has_a_deadline_too(said: bytes) -> None:
    async def play() -> None:
        async with served(timeout_keep_alive=10 * PATIENCE_S) as opened:
            reader, writer = await opened()
            writer.write(ASK)
            assert await answered(reader)
            writer.write(said)
            assert await ended(reader)

    asyncio.run(play())


def test_a_steady_body_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MIN_BODY_BYTES", 1)

    async def play() -> None:
        async with served() as opened:
            reader, writer = await opened()
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n")
            for _ in range(20):
                await asyncio.sleep(0.02)
                writer.write(b".")
            assert await answered(reader)

    asyncio.run(play())


def test_an_address_holds_so_many_and_gives_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_PER_ADDRESS", 3)
    monkeypatch.setattr(connections, "HEADERS_S", PATIENCE_S)

    async def play() -> None:
        async with served() as opened:
            held = [await opened() for _ in range(3)]
            over, _writer = await opened()
            assert await ended(over)
            for reader, writer in held:
                writer.write(ASK)
                assert await answered(reader)
                writer.write_eof()
                writer.close()
                await writer.wait_closed()
            for _ in range(PATIENCE_S * 10):  # until the server has seen them go
                reader, writer = await opened()
                writer.write(ASK)
                with suppress(asyncio.IncompleteReadError, ConnectionResetError):
                    assert await answered(reader)
                    return
                await asyncio.sleep(0.1)
            pytest.fail("the places are not given back")

    asyncio.run(play())


def test_the_trusted_proxy_holds_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_PER_ADDRESS", 1)

    async def play() -> None:
        async with served(proxy_headers=True, forwarded_allow_ips="127.0.0.1") as opened:
            for reader, writer in [await opened() for _ in range(3)]:
                writer.write(ASK)
                assert await answered(reader)

    monkeypatch.setattr(connections, "HEADERS_S", PATIENCE_S)
    asyncio.run(play())
