"""Forms as a browser sends them: what stands in the page, changed, with a button pressed."""

from __future__ import annotations

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.web.walk import Walker

Fields = dict[str, list[str]]


def fields_of(answer: httpx.Response, form: str) -> Fields:
    """Read the fields of a page's form as they stand."""
    box = LexborHTMLParser(answer.text).css_first(form)
    assert box is not None, form
    found: Fields = {}
    for node in box.css("input, select, textarea"):
        name = node.attributes.get("name")
        value = _value(node)
        if name and value is not None:
            found.setdefault(name, []).append(value)
    return found


def _value(node: LexborNode) -> str | None:
    if node.tag == "textarea":
        return node.text()
    if node.tag == "select":
        options = node.css("option")
        chosen = [one for one in options if "selected" in one.attributes] or options[:1]
        return (chosen[0].attributes.get("value") or "") if chosen else None
    if node.attributes.get("type") == "checkbox" and "checked" not in node.attributes:
        return None
    return node.attributes.get("value") or ""


def press(
    walker: Walker, answer: httpx.Response, do: str, changes: Fields | None = None, form: str = ""
) -> httpx.Response:
    """Press a button of the builder on a page, with some fields changed before."""
    selector = form or "#builder"
    box = LexborHTMLParser(answer.text).css_first(selector)
    assert box is not None, selector
    data = {**fields_of(answer, selector), **(changes or {}), "do": [do]}
    headers = {"origin": walker.origin}
    return walker.client.post(box.attributes["action"] or "", data=data, headers=headers)
