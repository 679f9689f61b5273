"""What is wrong with a condition: where, in both languages, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from titian.kernel.errors import InvalidInput
from titian.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault at characters [start, end) of a condition's text (both 0-based)."""

    code: str
    start: int
    end: int
    message: Label
    remedy: Label

    def text(self, locale: str) -> str:
        """Say it in a locale, with the column counted from 1."""
        if locale == "zh":
            return f"第 {self.start + 1} 列：{self.message.zh}。{self.remedy.zh}"
        return f"column {self.start + 1}: {self.message.en}. {self.remedy.en}"


class ConditionError(InvalidInput):
    """A condition that cannot be used, with every problem found in it."""

    code = "invalid_condition"

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        assert problems, "a condition error needs a problem"
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"condition, column {first.start + 1}: {first.message.en}{more}", first.remedy.en
        )
        self.source = source
        self.problems = problems

    def __reduce__(self) -> tuple[type[ConditionError], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.source, self.problems)

    def text(self, locale: str) -> str:
        """Say every problem in a locale, one a line."""
        return "\n".join(problem.text(locale) for problem in self.problems)
