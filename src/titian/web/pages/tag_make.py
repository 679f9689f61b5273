"""Making a rule tag: a condition of fields, operators and values, and a second pair of eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.tags import audiences, business, catalogue, drafts, store
from titian.data.tags.business import Proposal
from titian.data.tags.drafts import Draft, Making
from titian.decide import ConditionError, Schema, parse
from titian.kernel.errors import Conflict, LimitExceeded, TitianError
from titian.kernel.scope import Permission
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
Maker = Annotated[Context, needs(Permission.EDIT_TAGS, Level.BANK)]

PATH = "/tags/new"
TEMPLATE = "tags/new.html"
FIELDS = ("zh", "en", "code", "description_zh", "description_en")


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would wear the tag, and what its condition says; `failed` says why it is not known."""

    members: int | None = None
    population: int = 0
    day: date | None = None
    meaning: str = ""
    failed: str = ""


@router.get(PATH)
def open_maker(ctx: Maker) -> Response:
    """Show the form: what was being made, a condition to start from, or an empty tree."""
    text = ctx.query("when", most=MAX_TEXT)
    schema = _schema(ctx)
    draft = None if text else drafts.find(ctx.scope, Making.TAG)
    if draft is not None:
        built = form.restored(draft.content, schema)
        ctx.form.starting(**{name: draft.content.get(name, "") for name in FIELDS})
    else:
        built = form.of_text(text, schema)
    return ctx.render(TEMPLATE, _values(ctx, built, draft))


@router.post(PATH)
def work(ctx: Maker) -> Response:
    """Do what a button of the builder says, and show the tree as it is then."""
    do = ctx.form["do"]
    if do == "discard":
        drafts.forget(ctx.scope, Making.TAG)
        return ctx.go(PATH)
    schema = _schema(ctx)
    built = act(form.read(ctx.form, schema), do, schema)
    if do == "propose":
        if _propose(ctx, built, built.text(schema)):
            drafts.forget(ctx.scope, Making.TAG)
            say = _("Somebody else must approve it; then tonight works it out.")
            return ctx.go("/tags/proposals", say)
    else:
        built = _keep(ctx, built)
    values = _values(ctx, built, None)
    if ctx.partial:
        return fragment(ctx, "tags/maker.html", values)
    return ctx.render(TEMPLATE, values, status=422 if ctx.form.wrong else 200)


def _keep(ctx: Context, built: Built) -> Built:
    content = {name: ctx.form[name] for name in FIELDS}
    try:
        drafts.keep(ctx.scope, Making.TAG, {**content, **form.kept(built)})
    except LimitExceeded as error:
        return replace(built, failed=spoken(error))
    return built


def _propose(ctx: Context, built: Built, when: str) -> bool:
    given = ctx.form
    proposal = Proposal(
        code=given.text("code", most=63),
        zh=given.text("zh", most=60),
        en=given.text("en", most=60),
        when=when,
        description_zh=given.text("description_zh", most=300, need=False),
        description_en=given.text("description_en", most=300, need=False),
    )
    if built.insisted:
        given.refuse(_("Not proposed: the part that is marked is not finished."))
    elif not when.strip():
        given.refuse(_("Add a field first."))
    if given.wrong:
        return False
    with given.trying():
        try:
            business.propose(ctx.scope, proposal)
        except Conflict as error:
            given.refuse(spoken(error), "code")
    return not given.wrong


def _schema(ctx: Context) -> Schema:
    return catalogue.load(ctx.scope).profile.schema


def _values(ctx: Context, built: Built, draft: Draft | None) -> dict[str, Any]:
    sight = _sight(ctx, built)
    preview = _preview(ctx, sight.text) if sight.right else Preview()
    nothing = catalogue.load(ctx.scope).empty
    return {
        "form": ctx.form, "draft": draft, "sight": sight, "preview": preview, "nothing": nothing
    }  # fmt: skip


def _sight(ctx: Context, built: Built) -> Sight:
    worked_out = bool(store.dates(ctx.scope))

    def tally(texts: Sequence[str]) -> Sequence[int | None]:
        return audiences.tally(ctx.scope, texts) if worked_out else [None] * len(texts)

    def worn(_fields: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return {}

    return look(built, _schema(ctx), Counting(tally, worn))


def _preview(ctx: Context, when: str) -> Preview:
    try:
        meaning = parse(when, _schema(ctx)).explain(locale())
        members, day = business.preview(ctx.scope, when)
    except ConditionError as error:
        return Preview(failed=error.text(locale()))
    except TitianError as error:
        return Preview(failed=spoken(error))
    return Preview(members, len(store.day_tags(ctx.scope, day).everyone), day, meaning)


@router.get("/tags/words")
def find_words(ctx: Maker) -> Response:
    """Find fields to add to a group; a part of the form."""
    profile = catalogue.load(ctx.scope).profile
    shelf = _("Fields of the customer")
    fields = [
        (known.field, shelf)
        for known in profile.fields.values()
        if known.level <= ctx.scope.clearance
    ]
    found = finding.find(finding.words(fields, {}), ctx.query("q", most=60))
    return fragment(ctx, "builder/found.html", {"found": found, "into": ctx.query("into", most=8)})


ROOM = Room("tag_make", router)
