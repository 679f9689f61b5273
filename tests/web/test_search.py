"""The search over everything: names before other matches, all words, and where the rest is."""

from __future__ import annotations

from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.web.walk import Walker

SignIn = Callable[..., Walker]


def found(walker: Walker, words: str, language: str = "zh") -> LexborHTMLParser:
    walker.post("/account/locale", {"locale": language})
    return LexborHTMLParser(walker.get(f"/at/qinghe/search?q={words}").text)


def names(page: LexborHTMLParser, path: str) -> list[str]:
    def inside(link: LexborNode) -> bool:
        return path in (link.attributes["href"] or "")

    return [link.text(strip=True) for link in page.css("a[role=option]") if inside(link)]


def test_what_has_the_word_in_its_name_comes_first(as_user: SignIn) -> None:
    page = found(as_user("sun"), "NPL")
    shown = names(page, "/indicators/npl")
    assert shown
    assert shown == sorted(shown, key=lambda name: "npl" not in name.casefold())
    assert "/indicators" in (page.css("a[role=option]")[0].attributes["href"] or "")


def test_all_words_must_be_there(as_user: SignIn) -> None:
    sun = as_user("sun")
    both = names(found(sun, "loan ratio"), "/indicators/")
    assert both
    assert not names(found(sun, "loan nosuchword"), "/indicators/")


def test_the_rest_is_in_the_list(as_user: SignIn) -> None:
    page = found(as_user("sun"), "loan")
    more = [link for link in page.css("a[role=option]") if "-all" in (link.id or "")]
    assert more
    assert any("/indicators?q=loan" in (link.attributes["href"] or "") for link in more)


def test_few_have_no_rest(as_user: SignIn) -> None:
    page = found(as_user("sun"), "npl_ratio")
    assert not [link for link in page.css("a[role=option]") if "-all" in (link.id or "")]
