"""Who sends: the token of a request, looked up once in a while."""

from __future__ import annotations

from time import monotonic
from typing import Final

from anyio.to_thread import run_sync

from titian.kernel import tokens
from titian.kernel.errors import Unauthenticated
from titian.kernel.scope import Permission
from titian.kernel.tokens import Token

REMEMBERED_S: Final = 30
MOST: Final = 1_000
_BEARER: Final = b"Bearer "
MAX_TOKEN_BYTES: Final = 200


class Senders:
    """Tokens that were good lately; one that is revoked is believed half a minute longer."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Token, float]] = {}

    async def find(self, authorization: bytes) -> Token:
        """Give whose token it is. Raises Unauthenticated or Denied."""
        known = self._known.get(authorization)
        if known is not None and known[1] > monotonic():
            return known[0]
        if not authorization.startswith(_BEARER) or len(authorization) > MAX_TOKEN_BYTES:
            raise Unauthenticated(
                "the request carries no token",
                "Send `Authorization: Bearer <token>` with one from `titian users add-token`.",
            )
        text = authorization.removeprefix(_BEARER).decode("latin-1")
        token = await run_sync(tokens.authenticate, text, Permission.SUBMIT_EVENTS)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[authorization] = token, monotonic() + REMEMBERED_S
        return token
