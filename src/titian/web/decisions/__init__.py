"""`POST /api/v1/payments/decisions`: payment events in, durable decisions out.

A bare ASGI route in front of the application: `route` speaks HTTP, `engine` holds the one engine of
this process and starts it with the first event, `tokens` remembers who may send.
"""

from titian.web.decisions.route import Decisions

__all__ = ["Decisions"]
