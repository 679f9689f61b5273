"""Static files: compressed ahead of time, kept by browsers as long as their address says so."""

from __future__ import annotations

import os
from stat import S_ISREG

from starlette.datastructures import Headers, QueryParams
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"
CHECK_FIRST = "public, no-cache"


class Assets(StaticFiles):
    """Serves `file.gz` beside `file` to browsers that take it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file and how long it may be kept."""
        response = await self._compressed(path, scope) or await super().get_response(path, scope)
        marked = "v" in QueryParams(scope.get("query_string", b"")) or "/fonts/" in f"/{path}"
        response.headers["cache-control"] = FOREVER if marked else CHECK_FIRST
        response.headers["vary"] = "accept-encoding"
        return response

    async def _compressed(self, path: str, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if "gzip" not in headers.get("accept-encoding", "") or path.endswith(".gz"):
            return None
        full, stat = self.lookup_path(f"{path}.gz")
        if stat is None or not S_ISREG(stat.st_mode):
            return None
        plain, _stat = self.lookup_path(path)
        response = FileResponse(full, stat_result=stat, filename=None, media_type=_type(plain))
        response.headers["content-encoding"] = "gzip"
        return response


def _type(path: str) -> str:
    return {
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
    }.get(os.path.splitext(path)[1], "application/octet-stream")  # noqa: PTH122  # a plain string
