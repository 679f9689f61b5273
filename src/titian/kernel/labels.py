"""Names and sentences that are kept in both languages of the house."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """One thing's name, or one sentence about it, in Chinese and in English."""

    zh: str
    en: str

    def text(self, locale: str) -> str:
        """Give it in a locale (`zh` or `en`)."""
        return self.zh if locale == "zh" else self.en

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.zh or self.en)


UNSAID = Label("", "")
