"""Words of the pages: English in the source, other languages in catalogues beside this file.

`_("…")` gives a message in the reader's language now; `lazy("…")` gives one that waits until it is
shown, for tables and menus declared when a module loads. Each page module keeps its own catalogue
(`zh/<module>.po`); all are merged at start, and no compiled file is needed.
`python -m titian.web.i18n` writes new messages into the catalogues; `missing()` names those that
still lack a translation. Errors come from the rooms below in English; `_errors.po` holds their
sentences, found in the source of all rooms.
"""

from titian.web.i18n.collect import missing_messages
from titian.web.i18n.collect_errors import missing_errors
from titian.web.i18n.messages import (
    LOCALES,
    Lazy,
    Text,
    _,
    lazy,
    locale,
    ngettext,
    speaking,
)


def missing() -> list[str]:
    """Name every message and every error's sentence that lacks a translation, with its place."""
    return [*missing_messages(), *missing_errors()]


__all__ = ["LOCALES", "Lazy", "Text", "_", "lazy", "locale", "missing", "ngettext", "speaking"]
