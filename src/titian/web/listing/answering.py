"""The answer of a list page: the whole page, the swapped part, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from titian.kernel import clock
from titian.kernel.clock import BANK_TZ
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.web.i18n import formats
from titian.web.listing import exporting
from titian.web.listing.showing import look
from titian.web.listing.table import MAX_EXPORT_ROWS, Table, read_query

if TYPE_CHECKING:
    from titian.web.context import Context

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def answer(
    ctx: Context, table: Table[Any], template: str, values: Mapping[str, object]
) -> Response:
    """Answer a list page; the template gets the list as `view`."""
    form = ctx.query("export")
    if form:
        return export(ctx, table, form, str(values.get("title", table.title)))
    view = look(ctx, table)
    if ctx.partial:
        response = ctx.render_block(template, "table", {**values, "view": view})
        response.headers["hx-push-url"] = view.link()
        return response
    return ctx.render(template, {**values, "view": view})


def export(ctx: Context, table: Table[Any], form: str, title: str) -> Response:
    """Answer with all rows of the list as a file (`csv` or `xlsx`).

    Raises Denied without the list's permission, LimitExceeded beyond 100,000 rows.
    """
    ctx.scope.require(table.export)
    if form not in ("csv", "xlsx"):
        raise InvalidInput(f"{form[:20]!r} is not a form of export", "Choose csv or xlsx.")
    query = replace(read_query(table, ctx), offset=0, limit=MAX_EXPORT_ROWS + 1)
    rows = table.fetch(ctx.scope, query).rows
    if len(rows) > MAX_EXPORT_ROWS:
        raise LimitExceeded(
            f"this list has more than {formats.number(MAX_EXPORT_ROWS)} rows",
            "Set filters so that fewer remain, then export again.",
        )
    exporting.remember(ctx, table, form, query, len(rows))
    if form == "csv":
        body = exporting.as_csv(table, rows)
        return StreamingResponse(body, media_type="text/csv", headers=_named(ctx, table, form))
    file = exporting.as_xlsx(ctx, table, title, rows)
    chunks = iter(lambda: file.read(2**16), b"")
    return StreamingResponse(
        chunks,
        media_type=_XLSX,
        headers=_named(ctx, table, form),
        background=BackgroundTask(file.close),
    )


def _named(ctx: Context, table: Table[Any], form: str) -> dict[str, str]:
    stamp = f"{clock.now().astimezone(BANK_TZ):%Y%m%d-%H%M}"
    name = quote(f"{table.name}-{ctx.place}-{stamp}-{ctx.user.user_id}.{form}")
    return {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
