"""What is wrong with a decision table, cell by cell, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from titian.kernel.errors import InvalidInput
from titian.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class TableProblem:
    """One fault, at a row counted from 1 (0: the headings) and a column by its heading."""

    row: int
    column: str
    message: Label
    remedy: Label

    def text(self, locale: str) -> str:
        """Say it in a locale."""
        if locale == "zh":
            where = f"第 {self.row} 行" if self.row else "表头"
            column = f"，列 {self.column}" if self.column else ""
            return f"{where}{column}：{self.message.zh}。{self.remedy.zh}"
        where = f"row {self.row}" if self.row else "headings"
        column = f", column {self.column}" if self.column else ""
        return f"{where}{column}: {self.message.en}. {self.remedy.en}"


class TableError(InvalidInput):
    """A decision table that cannot be used, with every problem found in it."""

    code = "invalid_table"

    def __init__(self, table: str, problems: tuple[TableProblem, ...]) -> None:
        assert problems, "a table error needs a problem"
        first = problems[0]
        place = f"row {first.row}" if first.row else "headings"
        column = f", column {first.column}" if first.column else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"table {table}, {place}{column}: {first.message.en}{more}", first.remedy.en
        )
        self.table = table
        self.problems = problems

    def __reduce__(self) -> tuple[type[TableError], tuple[str, tuple[TableProblem, ...]]]:
        return type(self), (self.table, self.problems)

    def text(self, locale: str) -> str:
        """Say every problem in a locale, one a line."""
        return "\n".join(problem.text(locale) for problem in self.problems)


# code: (message zh, message en, remedy zh, remedy en)
_SENTENCES: dict[str, tuple[str, str, str, str]] = {
    "no_inputs": ("没有条件列", "there is no input column",
                  "请至少写一个条件列。", "Write at least one."),
    "no_outputs": ("没有结果列", "there is no output column",
                   "请至少写一个结果列。", "Write at least one."),
    "no_rows": ("没有行", "there are no rows", "请至少写一行。", "Write at least one."),
    "too_many": ("{what}过多（{size}，上限 {limit}）",
                 "there are too many {what} ({size}; the limit is {limit})",
                 "请拆成几张表。", "Split the table."),
    "width": ("有 {size} 格，应为 {limit} 格", "it has {size} cells instead of {limit}",
              "请补齐或删去多余的格。", "Fill in or drop cells."),
    "long": ("内容过长（{size} 字，上限 {limit}）",
             "the cell is too long ({size} characters; the limit is {limit})",
             "请缩短，或改用标签或分类字段。", "Shorten it, or use a category field."),
    "twice": ("列名重复", "the heading is there twice", "请改名或合并。", "Rename or merge."),
    "cell": ("“{text}” 不是一个条件格", "{text!r} is not a cell",
             "请写 = >= > <= < <> BETWEEN IN LIKE IS NULL 加上写明的值，或留空表示不限。",
             "Write = >= > <= < <> BETWEEN IN LIKE IS NULL with written values, or nothing."),
    "quotes": ("文字 {text} 没有引号", "the text {text} has no quotes",
               "请写成 '{text}'。", "Write '{text}'."),
    "value": ("“{text}” 不是 {type}", "{text!r} is not of type {type}",
              "请按该类型填写。", "Write a value of that type."),
    "rank": ("“{text}” 不是结果之一", "{text!r} is not one of the outcomes",
             "可取值：{listed}。", "Choose one of {listed}."),
    "approves_all": ("对所有情况都给出最宽松的结果“{text}”",
                     "it gives the mildest outcome {text!r} to everything",
                     "兜底行必须从严：请改为更严的结果，或写出条件。",
                     "What catches all the rest must be stricter, or state conditions."),
    "ranked_once": ("“取最严”需要恰好一个分级结果列",
                    "the hit policy most_severe needs exactly one ranked output",
                    "请为一个结果列列出由宽到严的取值。",
                    "List the values of one output, mildest first."),
    "ranks": ("分级结果列须为文字，且至少两个不同取值",
              "a ranked output is text with at least two different values",
              "请由宽到严列出取值。", "List its values, mildest first."),
}  # fmt: skip


def problem(code: str, row: int, column: str, **words: object) -> TableProblem:
    """Give a problem in words."""
    zh, en, remedy_zh, remedy_en = (part.format(**words) for part in _SENTENCES[code])
    return TableProblem(row, column, Label(zh, en), Label(remedy_zh, remedy_en))
