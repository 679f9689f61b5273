"""Durable decisions over HTTP, beside a plain FastAPI and LightGBM service, on the same machine.

    python benchmarks/payments_http.py [--seconds 5] [--json]

Each service runs in a process of its own with one worker; a load generator in another process keeps
N connections busy, one event a request, each sent when the last answer came. Ours is the whole
application (`create_app`) with the whole decision path: token, intake, windows, rules, reasons,
journal and one sync a batch before the replies. The peer is what many would write first: FastAPI,
pydantic, one LightGBM prediction of 200 trees over 40 ready-made features a request, nothing kept.
Latencies are those the senders see. A reply waits for a sync of the disk, so the time of one sync
stands beside the figures, and so does the load of the machine: other work on it counts in all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from pydantic import BaseModel

from titian.kernel.terminal import say

FEATURES, TREES = 40, 200
CONNECTIONS = (16, 64)
WARM_S = 2.0
START_S = 180.0
GOAL = {"decisions_a_second": 10_000, "p99_ms": 5}
PATH = "/api/v1/payments/decisions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--role", choices=("compare", "ours", "peer", "load"), default="compare")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="")
    parser.add_argument("--connections", type=int, default=16)
    args = parser.parse_args()
    if args.role == "ours":
        serve_ours(args.port)
    elif args.role == "peer":
        serve_peer(args.port)
    elif args.role == "load":
        print(json.dumps(asyncio.run(load(args))))
    else:
        show(compare(args.seconds), as_json=args.json)


def show(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        say(f"{name}: {value}")


def compare(seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        token = furnished(home)
        ours = against("ours", seconds, token, {**os.environ, "TITIAN_HOME": home})
    peer = against("peer", seconds, "", dict(os.environ))
    ratio = ours["16"]["a_second"] / max(1, peer["16"]["a_second"])
    return {
        "ours": ours,
        "peer": peer,
        "times_the_peer": round(ratio, 1),
        "disk_sync_p50_ms": round(disk_sync_ms(), 2),
        "load_average": round(os.getloadavg()[0], 1),
        "goal": GOAL,
    }


def disk_sync_ms() -> float:
    """Give the median time of one sync of 16 kB here and now: no batch is faster."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(200):
            os.write(file.fileno(), bytes(16_000))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1_000)
    return float(np.median(times))


def furnished(home: str) -> str:
    """Make a home with one bank and a token of its channel."""
    from titian.kernel import banks, db, tokens
    from titian.kernel.ids import BankId
    from titian.kernel.scope import Permission, Scope
    from titian.kernel.settings import configure, load

    configure(load(home=Path(home)))
    db.upgrade()
    banks.ensure(Scope.system(None), BankId("qinghe"))
    scope = Scope.system(BankId("qinghe"))
    return tokens.issue(scope, "benchmark", Permission.SUBMIT_EVENTS, 1)


def against(role: str, seconds: float, token: str, env: dict[str, str]) -> dict[str, Any]:
    """Start a service, load it with each number of connections, stop it."""
    port = free_port()
    script = [sys.executable, __file__, "--port", str(port)]
    service = subprocess.Popen([*script, "--role", role], env=env)
    try:
        await_port(port, service)
        found = {}
        for connections in CONNECTIONS:
            asked = ["--role", "load", "--token", token, "--connections", str(connections)]
            asked += ["--seconds", str(seconds)]
            told = subprocess.run([*script, *asked], capture_output=True, check=True, env=env)
            found[str(connections)] = json.loads(told.stdout)
        return found
    finally:
        service.terminate()
        service.wait(30)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def await_port(port: int, service: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and service.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the service did not start")


def serve_ours(port: int) -> None:
    from titian.web.app import create_app

    uvicorn.run(create_app(), port=port, log_level="error", access_log=False)


class Asked(BaseModel):
    """What the peer is asked."""

    event_id: str
    features: list[float]


def serve_peer(port: int) -> None:
    import lightgbm
    from fastapi import FastAPI

    draw = np.random.default_rng(1)
    rows = draw.normal(size=(5_000, FEATURES))
    labels = (rows[:, :3].sum(axis=1) + draw.normal(size=5_000) > 2).astype(int)
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 1},
        lightgbm.Dataset(rows, labels),
        TREES,
    )

    app = FastAPI()

    @app.post(PATH)
    async def decide(asked: Asked) -> dict[str, object]:
        score = float(booster.predict(np.array([asked.features]), num_threads=1)[0])
        outcome = "HOLD" if score > 0.9 else "PASS"
        return {"event_id": asked.event_id, "score": score, "outcome": outcome}

    uvicorn.run(app, port=port, log_level="error", access_log=False)


class Sender(asyncio.Protocol):
    """One connection: sends the next request when the last answer is whole."""

    def __init__(self, request: Callable[[], bytes], told: list[tuple[float, float, int]]) -> None:
        self.request, self.told = request, told
        self.buffer, self.sent = b"", 0.0
        self.stopped = False
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        """Send a request and note when."""
        self.sent = time.perf_counter()
        self.transport.write(self.request())

    def data_received(self, data: bytes) -> None:
        """Note a whole answer and send the next request."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self.buffer) < end + 4 + length:
            return
        now = time.perf_counter()
        self.told.append((now, now - self.sent, int(self.buffer[9:12])))
        self.buffer = self.buffer[end + 4 + length :]
        if self.stopped:
            self.transport.close()
            self.closed.set()
        else:
            self.send()


async def load(args: argparse.Namespace) -> dict[str, Any]:
    """Keep connections busy; give requests a second and latencies after a time of warming."""
    told: list[tuple[float, float, int]] = []
    request = ours_request(args.token) if args.token else peer_request()
    await first_answer(args.port, request)
    loop = asyncio.get_running_loop()
    senders = [
        (await loop.create_connection(lambda: Sender(request, told), "127.0.0.1", args.port))[1]
        for _ in range(args.connections)
    ]
    begun = time.perf_counter() + WARM_S
    await asyncio.sleep(WARM_S + args.seconds)
    ended = time.perf_counter()
    for sender in senders:
        sender.stopped = True
    counted = [(took, status) for at, took, status in told if begun <= at <= ended]
    times = np.array([took for took, _ in counted]) * 1_000
    p50, p99, p999 = np.percentile(times, [50, 99, 99.9]) if len(times) else (0, 0, 0)
    return {
        "a_second": round(len(counted) / (ended - begun)),
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "p99_9_ms": round(float(p999), 2),
        "not_200": sum(status != 200 for _, status in counted),
    }


async def first_answer(port: int, request: Callable[[], bytes]) -> None:
    """Wait for the first answer, behind which the engine is started and compiled."""
    told: list[tuple[float, float, int]] = []
    loop = asyncio.get_running_loop()
    _, sender = await loop.create_connection(lambda: Sender(request, told), "127.0.0.1", port)
    sender.stopped = True
    await sender.closed.wait()
    assert told[0][2] == 200, f"the first answer was {told[0][2]}"


def posted(body: bytes, token: str) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: benchmark\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ours_request(token: str) -> Callable[[], bytes]:
    draw, run_id, number = random.Random(1), time.time_ns(), 0
    plain = [("mobile", "login"), ("mobile", "transfer"), ("card", "payment"), ("quick", "payment")]

    def made() -> bytes:
        nonlocal number
        number += 1
        channel, kind = draw.choice(plain)
        customer = draw.randrange(50_000)
        body = (
            f'{{"bank":"qinghe","event_id":"{run_id}-{number}",'
            f'"occurred_at":"{datetime.now(UTC).isoformat()}","channel":"{channel}",'
            f'"event_type":"{kind}","amount_fen":{draw.randrange(10**6)},'
            f'"party_id":"P{customer}","account_id":"A{customer}","device_id":"D{customer}",'
            f'"ip":"10.{customer % 250}.{customer % 199}.7","phone":"1{customer}",'
            f'"payee_account":"Y{draw.randrange(50_000)}","merchant_id":"M{draw.randrange(3_000)}"}}'
        )
        return posted(body.encode(), token)

    return made


def peer_request() -> Callable[[], bytes]:
    draw = random.Random(1)
    bodies = [
        json.dumps({"event_id": str(n), "features": [draw.gauss(0, 1) for _ in range(FEATURES)]})
        for n in range(1_000)
    ]
    requests = [posted(body.encode(), "") for body in bodies]
    return lambda: draw.choice(requests)


if __name__ == "__main__":
    main()
