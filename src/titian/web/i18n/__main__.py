"""`python -m titian.web.i18n`: bring the catalogues up to date and name what lacks a word."""

from titian.web.i18n.collect import missing, update
from titian.web.i18n.collect_errors import missing_errors, update_errors

if __name__ == "__main__":
    added = update()
    update_errors()
    print(f"{added} new messages")  # noqa: T201  # a script
    print("\n".join([*missing(), *missing_errors()]))  # noqa: T201  # a script
