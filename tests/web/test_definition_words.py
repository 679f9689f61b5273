"""Every description in the union's own definitions has words in every language."""

from __future__ import annotations

from pathlib import Path

import yaml

import titian.data
from titian.web import definition_words
from titian.web.i18n import speaking

PRESETS = Path(titian.data.__file__).parent / "presets"


def _described() -> set[str]:
    jobs = (path.read_text("utf-8") for path in PRESETS.glob("jobs/**/*.sql"))
    heads = (yaml.safe_load(text.partition("/*")[2].partition("*/")[0]) for text in jobs)
    feeds = (yaml.safe_load(path.read_text("utf-8")) for path in PRESETS.glob("feeds/*.yaml"))
    found = {str(head.get("description", "")) for head in heads}
    return (found | {str(feed["description"]["purpose"]) for feed in feeds}) - {""}


def test_every_table_says_what_it_holds_in_the_readers_language() -> None:
    with speaking("en"):
        assert {str(words) for words in definition_words.TABLES} == _described()
