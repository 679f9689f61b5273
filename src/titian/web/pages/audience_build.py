"""Building an audience: a tree of tags whose form is all there is, counted while it is edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.tags import audiences, catalogue, drafts, saved, store
from titian.data.tags.catalogue import Catalogue
from titian.data.tags.drafts import Draft, Making
from titian.data.tags.saved import Audience
from titian.decide import Field, Schema
from titian.kernel.errors import LimitExceeded, TitianError
from titian.kernel.scope import Permission
from titian.web.audience_sight import pictures, seen
from titian.web.builder import finding, form
from titian.web.builder.acting import act
from titian.web.builder.form import MAX_TEXT, Built
from titian.web.builder.view import Counting, Sight, look
from titian.web.context import Context, needs
from titian.web.i18n import _, locale
from titian.web.problems import spoken
from titian.web.render import fragment
from titian.web.room import AT_PLACE, Level, Room

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_TAGS, Level.BANK)]

PATH = "/audiences/build"
TEMPLATE = "audiences/build.html"
MAX_ID = 63


@router.get(PATH)
def open_builder(ctx: Reader) -> Response:
    """Show the builder: what was being built, a saved audience, an expression, or an empty tree."""
    about = ctx.query("audience", most=MAX_ID)
    held = saved.get(ctx.scope, about) if about else None
    text = ctx.query("expression", most=MAX_TEXT)
    schema = catalogue.load(ctx.scope).schema
    draft = None if text else drafts.find(ctx.scope, Making.AUDIENCE, about)
    if draft is not None:
        built = form.restored(draft.content, schema)
        names = {name: draft.content.get(name, "") for name in ("name", "description")}
    else:
        built = form.of_text(text or (held.expression if held else ""), schema)
        names = {"name": held.name, "description": held.description} if held else {}
    ctx.form.starting(**names)
    return ctx.render(TEMPLATE, _values(ctx, built, about, held, draft))


@router.post(PATH)
def work(ctx: Reader) -> Response:
    """Do what a button of the builder says, and show the tree as it is then."""
    about = ctx.form["audience"][:MAX_ID]
    held = saved.get(ctx.scope, about) if about else None
    do = ctx.form["do"]
    if do == "discard":
        drafts.forget(ctx.scope, Making.AUDIENCE, about)
        return ctx.go_to(ctx.url(PATH, audience=about or None))
    schema = catalogue.load(ctx.scope).schema
    built = act(form.read(ctx.form, schema), do, schema)
    if do == "save":
        made = _save(ctx, built, schema, about)
        if made is not None:
            drafts.forget(ctx.scope, Making.AUDIENCE, about)
            say = _("%(name)s is saved.", name=made.name)
            return ctx.go(f"/audiences/{made.audience_id}", say)
    else:
        built = _keep(ctx, built, about)
    values = _values(ctx, built, about, held, None)
    if ctx.partial:
        return fragment(ctx, "audiences/builder.html", values)
    return ctx.render(TEMPLATE, values, status=422 if ctx.form.wrong else 200)


def _keep(ctx: Context, built: Built, about: str) -> Built:
    content = {name: ctx.form[name] for name in ("name", "description")}
    try:
        drafts.keep(ctx.scope, Making.AUDIENCE, {**content, **form.kept(built)}, about)
    except LimitExceeded as error:
        return replace(built, failed=spoken(error))
    return built


def _save(ctx: Context, built: Built, schema: Schema, about: str) -> Audience | None:
    given, expression = ctx.form, built.text(schema)
    name = given.text("name", most=80)
    description = given.text("description", most=300, need=False)
    if built.insisted:
        given.refuse(_("Not saved: the part that is marked is not finished."))
    elif not expression.strip():
        given.refuse(_("Add a tag first."))
    made = None
    if not given.wrong:
        with given.trying():
            if about:
                made = saved.change(
                    ctx.scope, about, name=name, expression=expression, description=description
                )
            else:
                made = saved.save(ctx.scope, name, expression, description)
    return made


def _values(
    ctx: Context, built: Built, about: str, held: Audience | None, draft: Draft | None
) -> dict[str, Any]:
    sight = _sight(ctx, built)
    return {
        "form": ctx.form,
        "about_id": about,
        "held": held,
        "draft": draft,
        "sight": sight,
        "pictures_id": f"pictures-{sha256(sight.text.encode()).hexdigest()[:12]}",
        "seen": seen(ctx, sight.text) if sight.right else seen(ctx, ""),
        "nothing": catalogue.load(ctx.scope).empty,
    }


def _sight(ctx: Context, built: Built) -> Sight:
    scope, day = ctx.scope, ctx.business_date
    worked_out = bool(store.dates(scope))

    def tally(texts: Sequence[str]) -> Sequence[int | None]:
        return audiences.tally(scope, texts, day) if worked_out else [None] * len(texts)

    def worn(tags: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return audiences.wearers(scope, tags, day) if worked_out else {}

    return look(built, catalogue.load(scope).schema, Counting(tally, worn))


@router.post("/audiences/pictures")
def show_pictures(ctx: Reader) -> Response:
    """Draw how the audience being built differs from everyone; a part of the builder."""
    schema = catalogue.load(ctx.scope).schema
    sight = _sight(ctx, form.read(ctx.form, schema))
    values: dict[str, Any] = {"lifts": [], "profile": None, "overlap": [], "failed": ""}
    if sight.right:
        try:
            values |= pictures(ctx, sight.text, sight.parts)
        except TitianError as error:
            values["failed"] = spoken(error)
    return fragment(ctx, "audiences/pictures.html", values)


@router.get("/audiences/words")
def find_words(ctx: Reader) -> Response:
    """Find tags and fields to add to a group; a part of the builder."""
    known = catalogue.load(ctx.scope)
    counts = _worn(ctx)
    shelved = [(field, _shelf(known, field)) for field in audiences.words(ctx.scope)]
    order = {tag.category.label.text(locale()): tag.category.order for tag in known.tags.values()}
    shelved.sort(key=lambda pair: order.get(pair[1], len(order) + 1_000))
    found = finding.find(finding.words(shelved, counts), ctx.query("q", most=60))
    into = ctx.query("into", most=8)
    return fragment(ctx, "builder/found.html", {"found": found, "into": into})


def _shelf(known: Catalogue, field: Field) -> str:
    tag = known.tags.get(field.name)
    return tag.category.label.text(locale()) if tag else _("Fields of the customer")


def _worn(ctx: Context) -> dict[tuple[str, str], int]:
    if not store.dates(ctx.scope):
        return {}
    return {(one.tag, one.value): one.members for one in store.states(ctx.scope, ctx.business_date)}


ROOM = Room("audience_build", router)
