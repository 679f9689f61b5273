"""Pages (FastAPI, Jinja2, htmx) and the HTTP API: the only room that knows HTTP.

It may call every room below; no room below knows it. It holds no business rule, no SQL over the
lake, and no state per browser tab: any worker serves any request, under a strict content policy.

Where things are
    app.py       puts the application together      cli.py       `titian serve`
    room.py      what a page module declares        context.py   who asks, where; `needs(...)`
    pages/       one module per room of pages       api/         /api/v1
    listing/     lists: table, filters, export      forms.py     what a form sent
    charts.py    charts                             words.py     names of roles and permissions
    frame.py, render.py, flash.py                   the frame around a page, templates, toasts
    problems.py, observe.py, assets.py, security/   errors, logs and metrics, files, checks
    i18n/        messages, formats, catalogues      templates/, static/   what browsers get

How to add a page (docs/web-pages.md has more)
    1. `pages/feeds.py`: `router = APIRouter(prefix=AT_PLACE)` and who may enter,
       `Operator = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]`.
    2. A list: declare a `Table` (columns, filters, `fetch(scope, query) -> Rows`), then
       `@router.get("/feeds") def list_feeds(ctx: Operator) -> Response: return ctx.table(TABLE)`.
    3. Any other page: `return ctx.render("feeds/show.html", feed=feed)`; the template extends
       `page.html`, sets `title`, fills the block `body` with the macros of `templates/parts.html`.
    4. A form: read `ctx.form.text("name")`, call the room inside `with ctx.form.trying():`, then
       `ctx.go("/feeds", _("Done."))`, or render the page again with status 422 if `form.wrong`.
    5. `ROOM = Room("feeds", router, entries=(Entry(...),), cards=..., searchers=..., acts=...)`,
       added to `ROOMS` in `pages/__init__.py`.
    6. `python -m titian.web.i18n`, then fill in `i18n/zh/feeds.po`.
"""
