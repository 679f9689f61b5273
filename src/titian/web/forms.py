"""What a form sent: read field by field, with a message beside each wrong one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from starlette.datastructures import FormData, UploadFile

from titian.kernel.errors import TitianError
from titian.web.i18n import Text, _, ngettext
from titian.web.uploads import FileKind, fits

MAX_CHARACTERS = 10_000
MAX_CHOICES = 1_000
WHOLE = ""

T = TypeVar("T", bound=str)


class Form:
    """Values as they came and what is wrong with them, so that a page can show both again.

    Each reader below notes an error under the field's name and gives a harmless value, so that all
    fields are checked in one go; then ask `wrong`. The error of the whole form is under `""`.
    """

    def __init__(self, data: FormData | None = None, **start: object) -> None:
        self._data = data or FormData()
        self._start = start
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Give the value to show in a field: what was sent, else what the page started with."""
        if name in self._data or self.sent:
            value = self._data.get(name, "")
            return value if isinstance(value, str) else ""
        start = self._start.get(name, "")
        return "" if start is None else str(start)

    def starting(self, **start: object) -> Form:
        """Give the form with values to show before anything was sent."""
        self._start = start
        return self

    @property
    def sent(self) -> bool:
        """Whether anything was sent."""
        return bool(self._data)

    @property
    def wrong(self) -> bool:
        """Whether any field, or the whole, has an error."""
        return bool(self.errors)

    def chosen(self, name: str) -> list[str]:
        """Give all values of a field with several choices, to show them ticked."""
        if self.sent:
            return [v for v in self._data.getlist(name) if isinstance(v, str)][:MAX_CHOICES]
        start = self._start.get(name, ())
        return [str(value) for value in start] if isinstance(start, Collection) else []

    def text(self, name: str, *, need: bool = True, most: int = 200, strip: bool = True) -> str:
        """Read a text; empty is an error unless `need` is false."""
        value = self[name].strip() if strip else self[name]
        if need and not value:
            self.errors.setdefault(name, _("Fill this in."))
        if len(value) > min(most, MAX_CHARACTERS):
            self.errors.setdefault(
                name, ngettext("At most %(num)s character.", "At most %(num)s characters.", most)
            )
            return value[:most]
        return value

    def number(self, name: str, *, least: int, most: int) -> int:
        """Read a whole number within bounds."""
        try:
            value = int(self[name].strip())
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            self.errors.setdefault(
                name,
                _("A whole number from %(least)s to %(most)s.", least=least, most=most),
            )
            return least
        return value

    def choice(self, name: str, choices: Collection[T], *, need: bool = True) -> T | None:
        """Read one of some values."""
        value = self[name]
        for known in choices:
            if known == value:
                return known
        if need or value:
            self.errors.setdefault(name, _("Choose one of the list."))
        return None

    def choices(self, name: str, known: Collection[T], *, need: bool = True) -> list[T]:
        """Read any number of some values; one that is not known is an error."""
        given = self.chosen(name)
        found = [value for value in known if value in given]
        if (need and not found) or len(found) != len(set(given)):
            self.errors.setdefault(name, _("Choose from the list."))
        return found

    def ticked(self, name: str) -> bool:
        """Say whether a box was ticked."""
        return bool(self[name])

    def file(
        self, name: str, *, need: bool = True, kinds: Collection[FileKind] = tuple(FileKind)
    ) -> UploadFile | None:
        """Give an uploaded file of one of some kinds; none is an error unless `need` is false."""
        value = self._data.get(name)
        if isinstance(value, UploadFile) and value.filename:
            if fits(value, kinds):
                return value
            self.errors.setdefault(name, _("This kind of file is not taken here."))
            return None
        if not need:
            return None
        self.errors.setdefault(name, _("Choose a file."))
        return None

    def refuse(self, message: Text, name: str = WHOLE) -> None:
        """Note an error under a field, or of the whole form."""
        self.errors.setdefault(name, str(message))

    @contextmanager
    def trying(self, name: str = WHOLE) -> Iterator[None]:
        """Turn an error of the rooms below into an error of the form."""
        from titian.web.problems import spoken

        try:
            yield
        except TitianError as error:
            self.refuse(spoken(error), name)
