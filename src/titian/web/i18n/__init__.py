"""Words of the pages: English in the source, other languages in catalogues beside this file.

`_("…")` gives a message in the reader's language now; `lazy("…")` gives one that waits until it is
shown, for tables and menus declared when a module loads. Each page module keeps its own catalogue
(`zh/<module>.po`); all are merged at start, and no compiled file is needed.
`python -m titian.web.i18n` writes new messages into the catalogues; `missing()` names those that
still lack a translation.
"""

from titian.web.i18n.collect import missing
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

__all__ = ["LOCALES", "Lazy", "Text", "_", "lazy", "locale", "missing", "ngettext", "speaking"]
