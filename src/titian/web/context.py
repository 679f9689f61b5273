"""Who asks for a page, where, in which language: checked once per request, then handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from titian.kernel import banks, clock, sessions, users
from titian.kernel.banks import Bank
from titian.kernel.errors import Denied, InvalidInput, NotFound, Unauthenticated
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope
from titian.kernel.sessions import Session
from titian.kernel.users import User
from titian.web import flash
from titian.web.forms import Form
from titian.web.i18n import Text, _, locale
from titian.web.room import Level
from titian.web.security import csrf, visitors

if TYPE_CHECKING:
    from titian.web.listing import Table
    from titian.web.listing.answering import Around

UNION = "union"
PASSWORD_PATH = "/account/password"  # noqa: S105  # an address
_FREE_WITH_OLD_PASSWORD = frozenset({PASSWORD_PATH, "/signout", "/preferences"})


class Elsewhere(Exception):
    """Raised to send the reader to another page."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass(frozen=True, slots=True)
class Context:
    """One request of one reader. First argument of every page.

    `scope` is narrowed to the place in the address (one bank, or the union); `business_date` is the
    day picked in the top bar, None for the newest; `form` holds what an unsafe request sent.
    """

    request: Request
    user: User
    scope: Scope
    session: Session
    banks: tuple[Bank, ...]
    form: Form
    business_date: date | None = None

    @property
    def place(self) -> str:
        """The bank's id, or `union`: the part of the address that says where we are."""
        return self.scope.place

    @property
    def bank(self) -> Bank | None:
        """The bank we are at; None at union level."""
        return next((bank for bank in self.banks if bank.bank == self.scope.bank), None)

    @property
    def place_name(self) -> str:
        """The name of the bank, or of the union, in the reader's language."""
        return self.bank.name(locale()) if self.bank else _("Provincial union")

    @property
    def may_see_union(self) -> bool:
        """Whether the reader belongs to the union and may go to any bank."""
        return self.user.bank is None

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of a page that it will put in by itself."""
        return self.request.headers.get("hx-request-type") == "partial"

    @property
    def csrf_token(self) -> str:
        """The token that every form of this session sends along."""
        return self.session.csrf_token

    @property
    def part(self) -> str:
        """The id of the part of the page that htmx will put in, empty when it has none."""
        return unquote(self.request.headers.get("hx-target", "").partition("#")[2])

    def allows(self, permission: Permission) -> bool:
        """Say whether the reader holds a permission; templates use it to leave buttons out."""
        return self.scope.allows(permission)

    def url(self, path: str, *, at: str = "", **query: object) -> str:
        """Give the address of a page here (or `at` another place), keeping the day picked.

        Paths are within the place: `/users`. Values of None are left out of the query.
        """
        day = self.business_date.isoformat() if self.business_date else None
        return f"/at/{at or self.place}{path}" + query_text({"date": day, **query})

    def query(self, name: str, default: str = "", *, most: int = 200) -> str:
        """Read one value of the address's query, at most `most` characters."""
        return self.request.query_params.get(name, default)[:most].strip()

    def render(
        self,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        **more: object,
    ) -> Response:
        """Render a template with this context (as `ctx`) and values."""
        from titian.web.render import page

        return page(self, template, {**(values or {}), **more}, status)

    def render_block(
        self,
        template: str,
        block: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        **more: object,
    ) -> Response:
        """Render one block of a page's template, for htmx to put in."""
        from titian.web.render import part

        return part(self, template, block, {**(values or {}), **more}, status)

    def table(
        self,
        table: Table[Any],
        template: str = "list_page.html",
        values: Mapping[str, object] | None = None,
        *,
        around: Around | None = None,
        status: int = 200,
        **more: object,
    ) -> Response:
        """Answer for a list page: whole, only its table (htmx), or as a file (`?export=`).

        `around` gives what only the whole page shows.
        """
        from titian.web.listing import answer

        return answer(self, table, template, {**(values or {}), **more}, around, status)

    def tables(
        self,
        tables: Sequence[Table[Any]],
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        around: Around | None = None,
        status: int = 200,
        **more: object,
    ) -> Response:
        """Answer for a page with several lists, each in a block of its name."""
        from titian.web.listing import answer_several

        return answer_several(self, tables, template, {**(values or {}), **more}, around, status)

    def go(self, path: str, say: Text = "", *, tone: str = "success") -> Response:
        """Redirect to a page here after a form was done, with a word on what happened."""
        return self.go_to(self.url(path), say, tone=tone)

    def go_to(self, url: str, say: Text = "", *, tone: str = "success") -> Response:
        """Redirect to any address of ours, with a word on what happened."""
        from titian.web import waiting

        waiting.forget(self.user.user_id)
        if self.request.headers.get("hx-request"):
            answer = Response(status_code=204, headers={"HX-Redirect": url})
        else:
            answer = RedirectResponse(url, status_code=303)
        if say:
            flash.put(self.request, answer, str(say), tone)
        return answer


def query_text(query: Mapping[str, object]) -> str:
    """Write a query for an address, without the empty values."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"?{urlencode(kept, doseq=True)}" if kept else ""


@dataclass(frozen=True, slots=True)
class Guard:
    """A dependency that lets a request in or refuses it, and gives its Context."""

    permission: Permission | None
    level: Level = Level.EITHER

    async def __call__(self, request: Request) -> AsyncIterator[Context]:
        """Check origin, session, token, place and permission, in this order.

        Uploaded files are closed when the request is answered.
        """
        csrf.check_origin(request)
        context = await run_sync(self._identify, request)
        try:
            await csrf.check_token(request, context.csrf_token)
            if request.method not in csrf.SAFE:
                context = replace(context, form=Form(await request.form()))
            yield context
        finally:
            await request.close()

    def _identify(self, request: Request) -> Context:
        session, user = signed_in(request)
        if user.must_change_password and request.url.path not in _FREE_WITH_OLD_PASSWORD:
            raise Elsewhere(PASSWORD_PATH)
        visible = tuple(banks.visible(user.scope()))
        place = request.path_params.get("place")
        if self.level is Level.NONE:
            at = session.bank
        else:
            at = _bank_of(place, visible, user)
            if at != session.bank:
                sessions.look_into(session, at)
        scope = user.scope(at)
        if self.permission is not None:
            scope.require(self.permission)
        _check_level(self.level, scope)
        day = _picked_day(request)
        return Context(request, user, scope, session, visible, Form(), day)


def needs(permission: Permission | None = None, level: Level = Level.EITHER) -> Any:
    """Give the dependency that says who may open a page, for `Annotated[Context, …]`."""
    return Depends(Guard(permission, level))


def signed_in(request: Request) -> tuple[Session, User]:
    """Find the session and user of a request. Raises Unauthenticated."""
    token = visitors.session_token(request)
    session = sessions.find(token) if token else None
    user = users.find(session.user_id) if session else None
    if session is None or user is None or user.disabled:
        raise Unauthenticated("you are not signed in", "Sign in and try again.")
    return session, user


def _bank_of(place: str | None, visible: tuple[Bank, ...], user: User) -> BankId | None:
    if place == UNION:
        if user.bank is not None:
            raise Denied("this page is the union's", "Open the same page of your own bank.")
        return None
    if not any(bank.bank == place for bank in visible):
        if user.bank is not None:
            raise Denied(f"you have no access to {place}", "Open the same page of your own bank.")
        raise NotFound(f"there is no bank {place}", "Choose one in the top bar.")
    return BankId(str(place))


def _check_level(level: Level, scope: Scope) -> None:
    if level is Level.BANK and scope.bank is None:
        raise ChooseBank
    if level is Level.UNION and scope.bank is not None:
        raise Denied("this page exists at union level only", "Switch to the union in the top bar.")


class ChooseBank(Denied):
    """A page of one bank was opened at union level: the reader is asked which bank."""

    def __init__(self) -> None:
        super().__init__("this page belongs to one bank", "Choose the bank.")


def _picked_day(request: Request) -> date | None:
    text = request.query_params.get("date", "")
    if not text:
        return None
    try:
        return clock.parse_date(text[:10], "business date")
    except InvalidInput:
        return None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A request of somebody who need not have signed in."""

    request: Request
    mark: str
    form: Form

    @property
    def csrf_token(self) -> str:
        """The token that this visitor's forms send along."""
        return visitors.visit_token(self.mark)

    @property
    def address(self) -> str:
        """The visitor's network address."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def agent(self) -> str:
        """What the visitor's browser calls itself."""
        return self.request.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True)
class Open:
    """A dependency for pages open to everybody; `why` is shown by the test that lists them."""

    why: str

    async def __call__(self, request: Request) -> Visitor:
        """Check origin and token all the same."""
        csrf.check_origin(request)
        visitor = Visitor(request, visitors.visit(request), Form())
        await csrf.check_token(request, visitor.csrf_token)
        if request.method in csrf.SAFE:
            return visitor
        return replace(visitor, form=Form(await request.form()))


def open_to_all(why: str) -> Any:
    """Say that a page needs no sign-in, and why."""
    return Depends(Open(why))
