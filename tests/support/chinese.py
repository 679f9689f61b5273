"""Finds words that are not Chinese on a Chinese page.

What is the same in every language is marked so in the page: code, SQL, ids and file names stand in
`<code>`, `<pre>` or a CODE column, or carry `translate="no"`; another language is marked by `lang`.
A word is a run of letters without digits, so `P0100`, `C2` and `aud_00t4` are none. The rest must
be Chinese, but for the few names below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

UNTRANSLATED = (
    "script", "style", "template", "code", "pre", "kbd", "samp", ".code", "td[data-kind=code]",
    "[translate=no]", "[lang=en]", "svg title",
)  # fmt: skip
# Names as they are everywhere: the house, forms of files, standards, a language in its own words.
NAMES = frozenset(
    {"Titian", "CSV", "Excel", "Parquet", "SQL", "SHA", "JR", "GB", "UTF", "DuckDB", "Spark",
     "Roaring", "IP", "ODCS", "SLA", "API", "English"}
)  # fmt: skip
MASKED = "x"  # what stands for each letter of a masked value
UNITS = frozenset({"B", "kB", "MB", "GB", "TB"})
ATTRIBUTES = ("aria-label", "placeholder", "alt", "data-confirm")
_BYTE = re.compile(r"\\x[0-9a-f]{2}")  # how an unreadable byte is shown
_WORD = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z][A-Za-z_]+(?![A-Za-z0-9_])")


def english_in(page: str) -> list[str]:
    """Give each text of a Chinese page that has a word of another language, once."""
    tree = LexborHTMLParser(page)
    for part in tree.css(", ".join(UNTRANSLATED)):
        part.decompose()
    found = (text for text in _texts(tree) if strange(text))
    return list(dict.fromkeys(found))


def strange(text: str) -> bool:
    """Say whether a text has a word that is neither Chinese nor one of the known names."""
    words = (word for word in _WORD.findall(_BYTE.sub("", text)) if word not in NAMES | UNITS)
    return any(word.strip(MASKED) for word in words)


def _texts(tree: LexborHTMLParser) -> Iterator[str]:
    for title in tree.css("title"):
        yield title.text(strip=True)
    body = tree.body
    if body is None:
        return
    for node in body.traverse(include_text=True):
        if node.tag == "-text":
            yield " ".join((node.text_content or "").split())
        else:
            yield from (value for name in ATTRIBUTES if (value := node.attributes.get(name)))
