"""`python -m titian.web.i18n`: bring the catalogues up to date and name what lacks a word."""

from titian.web.i18n import missing
from titian.web.i18n.collect import update
from titian.web.i18n.collect_errors import update_errors

if __name__ == "__main__":
    added = update()
    update_errors()
    print(f"{added} new messages")  # noqa: T201  # a script
    print("\n".join(missing()))  # noqa: T201  # a script
