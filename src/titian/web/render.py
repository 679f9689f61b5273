"""Templates: the environment they run in, and whole pages, parts and bare pages made of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateNotFound
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from titian import __version__
from titian.kernel import clock
from titian.kernel.labels import Label
from titian.web import flash, glossary, naming
from titian.web.i18n import LOCALES, Text, _, errors, formats, locale

if TYPE_CHECKING:
    from titian.web.context import Context, Visitor

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "titian_theme"
RAIL_COOKIE = "titian_rail"
ICONS = "vendor/icons.svg"
LIST_BASE = "list_page.html"
MACROS = ("parts.html", "table.html", "fields.html", "terms.html")

_here: ContextVar[Context | Visitor | None] = ContextVar("titian_here", default=None)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Make the environment: escaping on, unknown names are errors, all macros known everywhere."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    env.globals.update(
        as_code=as_code,
        asset=asset,
        icon=icon,
        in_english=in_english,
        job_name=naming.job_name,
        csrf_field=csrf_field,
        here=_here.get,
        version=__version__,
        locales=LOCALES,
        locale=locale,
        now=clock.now,
        formats=formats,
        glossary=glossary,
        tojson_attribute=json_attribute,
        bank_name=naming.bank_name,
        names_at=naming.names_at,
        person_name=naming.person_name,
    )
    for name in ("number", "compact", "money", "percent", "moment", "long_day", "ago", "size"):
        env.filters[name] = getattr(formats, name)
    env.filters["day"] = formats.day
    env.filters["told"] = errors.told
    env.filters["seconds"] = formats.seconds
    env.filters["label"] = label
    for template in MACROS:
        exported = env.get_template(template).module.__dict__
        env.globals.update({k: v for k, v in exported.items() if not k.startswith("_")})
    return env


def label(both: Label) -> str:
    """Give what is kept in both languages in the reader's."""
    return both.text(locale())


def _gettext(message: str) -> str:
    return _(message)


def _ngettext(one: str, many: str, number: int) -> str:
    from titian.web.i18n.messages import plural

    return plural(one, many, number)


@lru_cache(maxsize=256)
def _mark(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


def asset(path: str) -> str:
    """Give the address of a static file; it changes with the file, so browsers may keep it."""
    return f"/static/{path}?v={_mark(path)}"


@lru_cache(maxsize=1)
def _icons() -> frozenset[str]:
    return frozenset(re.findall(r'symbol id="([^"]+)"', (STATIC / ICONS).read_text()))


def icon(name: str, label: Text = "") -> Markup:
    """Give a Lucide icon; with a label when it stands alone. Raises LookupError."""
    if name not in _icons():
        raise LookupError(f"no icon {name!r}: add it to frontend/icons.txt and build the front end")
    known = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    use = Markup('<use href="{}#{}"/>').format(asset(ICONS), name)
    return Markup('<svg class="icon" {}>{}</svg>').format(known, use)


def as_code(text: object) -> Markup:
    """Set an id, a file name or the like as code: it is the same in every language."""
    return Markup("<code>{}</code>").format(text)


def in_english(text: str) -> Markup:
    """Show an English name as such on a page of any language."""
    return Markup('<span lang="en">{}</span>').format(text)


def csrf_field() -> Markup:
    """Give the hidden field that every form carries."""
    reader = _here.get()
    assert reader is not None, "forms are rendered for somebody"
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(reader.csrf_token)


def json_attribute(value: object) -> str:
    """Write a value as JSON for a data attribute; the template escapes it."""
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))


@contextmanager
def _rendering_for(reader: Context | Visitor) -> Iterator[None]:
    token = _here.set(reader)
    try:
        yield
    finally:
        _here.reset(token)


def theme(request: Request) -> str:
    """Give the reader's theme: auto, light or dark."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def page(ctx: Context, template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """Answer with a whole page inside the frame."""
    from titian.web.frame import frame

    with _rendering_for(ctx):
        html = (
            environment()
            .get_template(template)
            .render(**values, ctx=ctx, frame=frame(ctx), toast=flash.peek(ctx.request))
        )
    response = HTMLResponse(html, status_code=status, headers={"vary": "HX-Request, Cookie"})
    flash.forget(ctx.request, response)
    return response


def part(
    ctx: Context, template: str, block: str, values: Mapping[str, object], status: int = 200
) -> Response:
    """Answer with one block of a page."""
    with _rendering_for(ctx):
        html = "".join(_block(template, block, {**values, "ctx": ctx}))
    return HTMLResponse(html, status_code=status, headers={"vary": "HX-Request, Cookie"})


def _block(name: str, block: str, values: dict[str, Any]) -> Iterator[str]:
    env = environment()
    template: Template = env.get_template(name)
    if block not in template.blocks:
        template = env.get_template(LIST_BASE)
    if block not in template.blocks:
        raise TemplateNotFound(f"{name}: no block {block}")
    yield from template.blocks[block](template.new_context(values))


def fragment(
    ctx: Context, template: str, values: Mapping[str, object], status: int = 200
) -> Response:
    """Answer with a template that is no whole page, for htmx to put in."""
    with _rendering_for(ctx):
        html = environment().get_template(template).render(**values, ctx=ctx)
    return HTMLResponse(html, status_code=status, headers={"vary": "HX-Request, Cookie"})


def bare(
    visitor: Visitor, template: str, values: Mapping[str, object] | None = None, status: int = 200
) -> Response:
    """Answer with a page outside the frame, for somebody who has not signed in."""
    from titian.web.security.visitors import keep_visit

    with _rendering_for(visitor):
        html = (
            environment()
            .get_template(template)
            .render(
                **(values or {}),
                visitor=visitor,
                theme=theme(visitor.request),
                toast=flash.peek(visitor.request),
            )
        )
    response = HTMLResponse(html, status_code=status)
    keep_visit(visitor.request, response, visitor.mark)
    flash.forget(visitor.request, response)
    return response
