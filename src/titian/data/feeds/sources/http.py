"""Deliveries fetched over HTTP, into a spool file, within limits of size and time."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from titian.data.feeds.model import Contract
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound, Unavailable
from titian.kernel.settings import settings

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
_OK, _FORBIDDEN, _NOT_FOUND = 200, (401, 403), (404, 410)


def fetch(contract: Contract, url: str, target: Path) -> Path:
    """Download a file. Redirects are not followed.

    Raises NotFound, Denied, LimitExceeded over `feed_max_bytes`, or Unavailable, which may pass.
    """
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=False) as client,
            client.stream("GET", url, headers=_headers(contract)) as answer,
        ):
            _check(contract, url, answer.status_code)
            _store(contract, answer, target)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"{url!r} is no web address", "Mend the contract.") from error
    except httpx.HTTPError as error:
        raise Unavailable(
            f"feed {contract.feed} could not be fetched from {url}: {type(error).__name__} {error}",
            "Check the address and the network, then load again.",
        ) from error
    return target


def _headers(contract: Contract) -> dict[str, str]:
    name = contract.source.auth_env
    if name is None:
        return {}
    secret = os.environ.get(name)
    if not secret:
        raise NotFound(
            f"feed {contract.feed} needs the environment variable {name}",
            "Set it to the value of the Authorization header.",
        )
    return {"Authorization": secret}


def _check(contract: Contract, url: str, status: int) -> None:
    if status == _OK:
        return
    what = f"feed {contract.feed}: {url} answers {status}"
    if status in _NOT_FOUND:
        raise NotFound(what, "It may not be there yet; check the address in the contract.")
    if status in _FORBIDDEN:
        raise Denied(what, f"Check the secret in {contract.source.auth_env or 'auth_env'}.")
    raise Unavailable(what, "Load again later, or check the address in the contract.")


def _store(contract: Contract, answer: httpx.Response, target: Path) -> None:
    limit, size = settings().feed_max_bytes, 0
    with target.open("wb") as file:
        for piece in answer.iter_bytes():
            size += len(piece)
            if size > limit:
                raise LimitExceeded(
                    f"the download of feed {contract.feed} is over {limit:,} bytes",
                    "Raise feed_max_bytes, or have it delivered in parts.",
                )
            file.write(piece)
