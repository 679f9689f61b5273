"""The interface for programs, `/api/v1`: typed, described by OpenAPI, errors as problem+json.

Signed-in people may use it with their session; rooms add their own routers (`Room.api`).
"""

from titian.web.api.routes import PREFIX, router

__all__ = ["PREFIX", "router"]
