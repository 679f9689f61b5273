"""Saved views: a person's own filters and order of a list, under a name."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select

from titian.kernel import clock, db
from titian.kernel.errors import LimitExceeded
from titian.kernel.ids import UserId
from titian.web.tables import saved_view

MAX_VIEWS_PER_LIST = 20
MAX_VIEWS = 400
MAX_NAME_CHARACTERS = 60
MAX_QUERY_CHARACTERS = 2_000


def views(user: UserId, page: str) -> list[tuple[str, str]]:
    """List a person's views of a list as (name, query)."""
    with db.read() as connection:
        rows = connection.execute(
            select(saved_view.c.name, saved_view.c.query)
            .where(saved_view.c.user_id == user, saved_view.c.page == page)
            .order_by(saved_view.c.name)
        )
        return [(row.name, row.query) for row in rows]


def save(user: UserId, page: str, name: str, query: str) -> None:
    """Keep a view, in place of one with the same name. Raises LimitExceeded."""
    mine = (saved_view.c.user_id == user) & (saved_view.c.page == page)
    with db.begin() as connection:
        connection.execute(delete(saved_view).where(mine, saved_view.c.name == name))
        kept = connection.scalar(select(func.count()).select_from(saved_view).where(mine)) or 0
        if kept >= MAX_VIEWS_PER_LIST:
            raise LimitExceeded(
                f"you keep {kept} views of this list already", "Remove one, then save this one."
            )
        everywhere = select(func.count()).where(saved_view.c.user_id == user)
        if (connection.scalar(everywhere) or 0) >= MAX_VIEWS:
            raise LimitExceeded(f"you keep {MAX_VIEWS} views already", "Remove some first.")
        values = {"user_id": user, "page": page, "name": name, "query": query}
        connection.execute(insert(saved_view).values(**values, saved_at=clock.now()))


def remove(user: UserId, page: str, name: str) -> None:
    """Forget a view."""
    with db.begin() as connection:
        connection.execute(
            delete(saved_view).where(
                saved_view.c.user_id == user, saved_view.c.page == page, saved_view.c.name == name
            )
        )
