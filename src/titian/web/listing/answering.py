"""The answer of a page with lists: the whole page, one list swapped, or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from titian.web.listing.view import part_id

if TYPE_CHECKING:
    from titian.web.context import Context

Around = Callable[[], Mapping[str, object]]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def answer(
    ctx: Context,
    table: Table[Any],
    template: str,
    values: Mapping[str, object],
    around: Around | None = None,
    status: int = 200,
) -> Response:
    """Answer a page with one list; the template gets it as `view`, and shows it in block `table`.

    `around` gives what only the whole page shows; it is not asked for a swap or a file.
    """
    form = ctx.query("export")
    if form:
        return export(ctx, table, form, str(values.get("title", table.title)))
    view = look(ctx, table)
    if ctx.partial:
        response = ctx.render_block(template, "table", {**values, "view": view})
        response.headers["hx-push-url"] = view.link()
        return response
    shown = {**values, **(around() if around else {}), "view": view}
    return ctx.render(template, shown, status=status)


def answer_several(
    ctx: Context,
    tables: Sequence[Table[Any]],
    template: str,
    values: Mapping[str, object],
    around: Around | None = None,
    status: int = 200,
) -> Response:
    """Answer a page with several lists; the template gets them as `views` by name.

    Each stands in a block of its name, and its parts of the address begin with it: `cards.sort`.
    """
    for table in tables:
        form = ctx.query(f"{table.name}.export")
        if form:
            return export(ctx, table, form, str(table.title), prefix=f"{table.name}.")
    if ctx.partial:
        table = next((one for one in tables if part_id(one) == ctx.part), tables[0])
        view = look(ctx, table, several=True)
        response = ctx.render_block(template, table.name, {**values, "views": {table.name: view}})
        response.headers["hx-push-url"] = view.link()
        return response
    views = {table.name: look(ctx, table, several=True) for table in tables}
    shown = {**values, **(around() if around else {}), "views": views}
    return ctx.render(template, shown, status=status)


def export(ctx: Context, table: Table[Any], form: str, title: str, *, prefix: str = "") -> Response:
    """Answer with all rows of the list as a file (`csv` or `xlsx`).

    Raises Denied without the list's permission, LimitExceeded beyond 100,000 rows.
    """
    ctx.scope.require(table.export)
    if form not in ("csv", "xlsx"):
        raise InvalidInput(f"{form[:20]!r} is not a form of export", "Choose csv or xlsx.")
    query = replace(read_query(table, ctx, prefix), offset=0, limit=MAX_EXPORT_ROWS + 1)
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
