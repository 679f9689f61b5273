"""The application: middleware, static files, every page module and the API."""

from __future__ import annotations

import mimetypes

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from titian import __version__
from titian.kernel import db
from titian.web import api, problems
from titian.web.assets import Assets
from titian.web.decisions import Decisions
from titian.web.observe import Observe
from titian.web.pages import ROOMS
from titian.web.render import STATIC, environment
from titian.web.security.headers import SecurityHeaders

MAX_BODY_BYTES = 2 * 2**20
MAX_UPLOAD_BYTES = 64 * 2**20


def create_app(*, gallery: bool = False) -> FastAPI:
    """Make the application; `gallery` adds the page that shows every part (for developers)."""
    db.upgrade()
    mimetypes.add_type("font/woff2", ".woff2")
    app = FastAPI(
        title="Titian",
        version=__version__,
        description="The interface of Titian for programs. Errors are RFC 9457 problem details.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        max_body_size=MAX_BODY_BYTES,
        middleware=[
            Middleware(Decisions),
            Middleware(Observe),
            Middleware(SecurityHeaders),
            Middleware(problems.Catch),
        ],
    )
    problems.install(app)
    app.mount("/static", Assets(directory=STATIC), name="static")
    for room in ROOMS:
        app.include_router(room.router, include_in_schema=False)
        if room.api is not None:
            app.include_router(room.api, prefix=api.PREFIX)
    app.include_router(api.router, prefix=api.PREFIX)
    if gallery:
        from titian.web.pages import gallery as parts

        app.include_router(parts.ROOM.router, include_in_schema=False)
    environment()
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
