"""A real server process on a home of a test's own, its clock set if need be.

Started as a script: `serving.py PORT [MOMENT]`, the home in TITIAN_HOME.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

import httpx

from titian.kernel import clock

HOST = "127.0.0.1"
START_LIMIT_S = 60
LOG = "server.log"


@contextmanager
def served(home: Path, moment: datetime | None = None) -> Iterator[str]:
    """Serve a home while the block runs, from a moment on; gives the address."""
    port = _free_port()
    base = f"http://{HOST}:{port}"
    command = [sys.executable, __file__, str(port), *([moment.isoformat()] if moment else [])]
    small = {"TITIAN_QUERY_WORKERS": "1", "TITIAN_JOB_WORKERS": "2"}
    environment = {**os.environ, **small, "TITIAN_HOME": str(home)}
    with (home / LOG).open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait(base, process, home)
            yield base
        finally:
            process.terminate()
            process.wait(START_LIMIT_S)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port


def _wait(base: str, process: subprocess.Popen[bytes], home: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            if httpx.get(f"{base}/healthz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start: {(home / LOG).read_text()[-2000:]}")


def _serve(port: int, moment: datetime | None) -> None:
    from titian.web.app import create_app
    from titian.web.cli import run

    with clock.running_from(moment) if moment else nullcontext():
        run(create_app(gallery=True), HOST, port)


if __name__ == "__main__":
    _serve(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else None)
