"""Small routes of the frame itself: preferences, saved views, health, metrics, the API's pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import JSONResponse, RedirectResponse, Response

from titian import __version__
from titian.kernel import db, users
from titian.kernel.errors import Denied, TitianError
from titian.web import observe
from titian.web.context import Context, Visitor, needs, open_to_all
from titian.web.i18n import LOCALES, _, lazy
from titian.web.listing import saving
from titian.web.pages.signin import safe_address
from titian.web.render import page
from titian.web.room import Level, Room
from titian.web.security.visitors import secure

router = APIRouter()

Reader = Annotated[Context, needs(level=Level.NONE)]
Probe = Annotated[Visitor, open_to_all("load balancers ask whether we live; nothing is told")]
Scraper = Annotated[Visitor, open_to_all("read on this machine only")]
Passer = Annotated[Visitor, open_to_all("the sign-in page offers languages, too")]

_YEAR_S = 31_536_000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "testclient"})


@router.post("/preferences")
def set_preferences(ctx: Reader) -> Response:
    """Remember the reader's language."""
    chosen = ctx.form["language"]
    if chosen in LOCALES:
        users.set_locale(ctx.user.user_id, chosen)
    return _with_language(ctx, chosen, ctx.form["next"])


@router.post("/language")
def set_language(visitor: Passer) -> Response:
    """Remember a visitor's language, before sign-in."""
    return _with_language(visitor, visitor.form["language"], visitor.form["next"])


def _with_language(reader: Context | Visitor, chosen: str, back: str) -> Response:
    answer = RedirectResponse(safe_address(back), status_code=303)
    if chosen in LOCALES:
        answer.set_cookie(
            observe.LOCALE_COOKIE,
            chosen,
            max_age=_YEAR_S,
            samesite="lax",
            secure=secure(reader.request),
        )
    return answer


@router.post("/views/save")
def save_view(ctx: Reader) -> Response:
    """Keep a list's filters and order under a name."""
    form = ctx.form
    name = form.text("name", most=saving.MAX_NAME_CHARACTERS)
    page_name = form.text("list", most=120)
    back = safe_address(form["next"])
    if form.wrong:
        return ctx.go_to(back, next(iter(form.errors.values())), tone="error")
    _path, _mark, query = back.partition("?")
    asked = f"?{query}"[: saving.MAX_QUERY_CHARACTERS]
    saving.save(ctx.user.user_id, page_name, name, asked)
    return ctx.go_to(back, _("View “%(name)s” is kept.", name=name))


@router.post("/views/forget")
def forget_view(ctx: Reader) -> Response:
    """Forget a saved view."""
    saving.remove(ctx.user.user_id, ctx.form["list"], ctx.form["name"])
    return ctx.go_to(safe_address(ctx.form["next"]))


@router.get("/docs")
def api_docs(ctx: Reader) -> Response:
    """Show the description of the API."""
    return page(ctx, "docs/api.html", {})


@router.get("/healthz")
def health(visitor: Probe) -> Response:
    """Say whether this process and its database work."""
    del visitor
    try:
        ready = db.ready()
    except TitianError:
        ready = False
    body = {"status": "ok" if ready else "unavailable", "version": __version__}
    return JSONResponse(body, status_code=200 if ready else 503)


@router.get("/metrics")
def metrics(visitor: Scraper) -> Response:
    """Give the metrics to a scraper on this machine."""
    if visitor.address not in _LOOPBACK:
        raise Denied("metrics are read on this machine only", "Scrape from the server itself.")
    return observe.metrics()


@router.get("/")
def start(ctx: Reader) -> Response:
    """Lead to the home page of the place looked into last."""
    return RedirectResponse(f"/at/{ctx.place}/", status_code=303)


ROOM = Room(
    "system",
    router,
    acts={
        "list.export": lazy("Exported a list"),
        "define.feeds": lazy("Installed feed contracts"),
        "define.jobs": lazy("Installed jobs"),
        "define.indicators": lazy("Installed indicators"),
        "define.tags": lazy("Installed tags"),
        "define.presets": lazy("Chose what is inherited from the union"),
        "jobs.webhook.add": lazy("Added a receiver of alerts"),
        "jobs.webhook.remove": lazy("Removed a receiver of alerts"),
        "lake.compact": lazy("Joined small files of a table"),
        "lake.drop": lazy("Dropped a table"),
        "lake.restore": lazy("Restored a version of a table"),
        "lake.vacuum": lazy("Removed files no version needs"),
        "unmask": lazy("Opened tables in the clear"),
    },
)
