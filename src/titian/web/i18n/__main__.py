"""`python -m titian.web.i18n`: bring the catalogues up to date and name what lacks a word."""

from titian.web.i18n.collect import missing, update

if __name__ == "__main__":
    added = update()
    print(f"{added} new messages")  # noqa: T201  # a script
    print("\n".join(missing()))  # noqa: T201  # a script
