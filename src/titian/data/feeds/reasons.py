"""Why a row waits in quarantine and why a delivery is refused, in Chinese and English.

A reason is a code with parameters; words are made when it is shown. Parameters never hold a
value of a column: they would carry personal data into messages and logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Params: TypeAlias = Mapping[str, str | int]


class Code(StrEnum):
    """Reasons, for a row or for a whole delivery."""

    ENCODING = "encoding"
    FIELD_COUNT = "field_count"
    RECORD_LENGTH = "record_length"
    QUOTE = "quote"
    LINE_TOO_LONG = "line_too_long"
    REQUIRED = "required"
    TYPE = "type"
    CODE = "code"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    PATTERN = "pattern"
    DUPLICATE_KEY = "duplicate_key"

    CONTROL_MISSING = "control_missing"
    CONTROL_UNREADABLE = "control_unreadable"
    CONTROL_NOT_LISTED = "control_not_listed"
    CONTROL_ROWS = "control_rows"
    CONTROL_TOTAL = "control_total"
    CONTROL_NO_TOTAL = "control_no_total"
    BAD_SHARE = "bad_share"
    TOO_MANY_BAD = "too_many_bad"
    TOO_FEW_ROWS = "too_few_rows"
    TOO_MANY_ROWS = "too_many_rows"
    MISSING_COLUMNS = "missing_columns"
    DUPLICATE_COLUMNS = "duplicate_columns"
    WRONG_ENCODING = "wrong_encoding"
    UNREADABLE = "unreadable"
    TOO_MANY_DATES = "too_many_dates"


@dataclass(frozen=True, slots=True)
class Words:
    """A reason in both languages, and what to do about it."""

    zh: str
    en: str
    remedy_zh: str
    remedy_en: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one column of a row (no column: with the row as such)."""

    column: str
    code: Code
    params: Params

    def say(self, locale: str) -> str:
        """Say it in a language."""
        return say(self.code, {"column": self.column, **self.params}, locale)


def say(code: Code, params: Params, locale: str) -> str:
    """Say a reason in a language."""
    words = WORDS[code]
    return (words.zh if locale == "zh" else words.en).format_map(_Known(params))


def remedy(code: Code, params: Params, locale: str) -> str:
    """Say what to do about a reason in a language."""
    words = WORDS[code]
    return (words.remedy_zh if locale == "zh" else words.remedy_en).format_map(_Known(params))


class _Known(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


_ASK_SENDER_ZH = "改正后重放；若整批如此，请送数方重新导出。"
_ASK_SENDER_EN = "Correct the row and replay; if all rows are so, ask for a new delivery."

WORDS: Mapping[Code, Words] = {
    Code.ENCODING: Words(
        "该行不是有效的{encoding}文本",
        "the line is not valid {encoding} text",
        "按契约编码重新录入该行后重放。",
        "Enter the line again as text and replay.",
    ),
    Code.FIELD_COUNT: Words(
        "该行有{actual}个字段，契约为{expected}个",
        "the row has {actual} fields, the contract has {expected}",
        "检查分隔符后改正，再重放。",
        "Check the delimiters, correct the row and replay.",
    ),
    Code.RECORD_LENGTH: Words(
        "该行长{actual}，契约为{expected}",
        "the record is {actual} long, the contract says {expected}",
        "补齐或删去多余字符后重放。",
        "Pad or cut the record and replay.",
    ),
    Code.QUOTE: Words(
        "引号不成对或引号后有多余字符",
        "a quote is not closed, or text follows a closing quote",
        "成对书写引号，字段内的引号写两次，再重放。",
        "Close the quote, or double a quote inside a field, and replay.",
    ),
    Code.LINE_TOO_LONG: Words(
        "该行超过{limit}字节",
        "the line is over {limit} bytes",
        "检查换行符。",
        "Check the line ends of the file.",
    ),
    Code.REQUIRED: Words(
        "{column}必填，此处为空",
        "{column} is required and empty",
        "补填后重放。",
        "Fill it in and replay.",
    ),
    Code.TYPE: Words(
        "{column}的值不是{type}",
        "the value of {column} is not {type}",
        _ASK_SENDER_ZH,
        _ASK_SENDER_EN,
    ),
    Code.CODE: Words(
        "{column}的代码不在代码表中",
        "the code of {column} is not in the code list",
        "改成代码表中的代码；若为新代码，请先加入契约再重放。",
        "Use a listed code; if the code is new, add it to the contract and replay.",
    ),
    Code.TOO_LONG: Words(
        "{column}长{actual}个字符，最多{limit}个",
        "{column} is {actual} characters long, at most {limit} are allowed",
        "缩短；若长度已变更，请修改契约后重放。",
        "Shorten it, or widen the contract and replay.",
    ),
    Code.TOO_SHORT: Words(
        "{column}长{actual}个字符，至少{limit}个",
        "{column} is {actual} characters long, at least {limit} are needed",
        "补齐后重放。",
        "Complete it and replay.",
    ),
    Code.MINIMUM: Words(
        "{column}小于允许的最小值{limit}",
        "{column} is below its minimum {limit}",
        _ASK_SENDER_ZH,
        _ASK_SENDER_EN,
    ),
    Code.MAXIMUM: Words(
        "{column}大于允许的最大值{limit}",
        "{column} is above its maximum {limit}",
        _ASK_SENDER_ZH,
        _ASK_SENDER_EN,
    ),
    Code.PATTERN: Words(
        "{column}不符合格式{pattern}",
        "{column} does not match the pattern {pattern}",
        _ASK_SENDER_ZH,
        _ASK_SENDER_EN,
    ),
    Code.DUPLICATE_KEY: Words(
        "{column}与同批另一行重复",
        "{column} repeats another row of this delivery",
        "保留正确的一行，作废或改正另一行。",
        "Keep the right one; dismiss or correct the other.",
    ),
    Code.CONTROL_MISSING: Words(
        "缺少控制文件{file}",
        "the control file {file} is missing",
        "请送数方补送控制文件后重新装载。",
        "Ask for the control file, then load again.",
    ),
    Code.CONTROL_UNREADABLE: Words(
        "控制文件{file}第{line}行无法解析",
        "line {line} of the control file {file} cannot be read",
        "每行应为：文件名{delimiter}行数{delimiter}列=合计;列=合计。",
        "Each line is: file{delimiter}rows{delimiter}column=total;column=total.",
    ),
    Code.CONTROL_NOT_LISTED: Words(
        "控制文件{control}未列出{file}",
        "the control file {control} does not list {file}",
        "请送数方核对控制文件后重新装载。",
        "Ask for a control file that lists it, then load again.",
    ),
    Code.CONTROL_ROWS: Words(
        "{file}有{actual}行，控制文件为{expected}行",
        "{file} has {actual} rows, its control file says {expected}",
        "文件可能被截断或重复，请重新传送。",
        "The file may be cut short or doubled: ask for a new delivery.",
    ),
    Code.CONTROL_TOTAL: Words(
        "{file}的{column}合计为{actual}，控制文件为{expected}",
        "{column} of {file} adds up to {actual}, its control file says {expected}",
        "文件与控制文件不符，请重新传送。",
        "File and control file disagree: ask for a new delivery.",
    ),
    Code.CONTROL_NO_TOTAL: Words(
        "控制文件{control}没有{file}的{column}合计",
        "the control file {control} gives no total of {column} for {file}",
        "请送数方补充合计，或从契约的control_totals中删去该列。",
        "Ask for the total, or take the column out of control_totals in the contract.",
    ),
    Code.BAD_SHARE: Words(
        "{rows}行中有{bad}行不合格（{percent}%），超过契约上限{limit}%",
        "{bad} of {rows} rows are bad ({percent} %), over the contract's limit of {limit} %",
        "先看主要原因：{reasons}。多为编码、分隔符或契约与文件不符。",
        "Look at the main reasons first: {reasons}. Often encoding, delimiter or contract differ.",
    ),
    Code.TOO_MANY_BAD: Words(
        "已有{bad}行不合格，超过隔离区上限{limit}行",
        "{bad} rows are bad, over the most that quarantine holds ({limit})",
        "先看主要原因：{reasons}。请送数方更正后重新装载。",
        "Look at the main reasons first: {reasons}. Ask for a corrected delivery.",
    ),
    Code.TOO_FEW_ROWS: Words(
        "只有{rows}行，契约至少{limit}行",
        "there are {rows} rows, the contract wants at least {limit}",
        "文件可能为空或被截断，请重新传送。",
        "The file may be empty or cut short: ask for a new delivery.",
    ),
    Code.TOO_MANY_ROWS: Words(
        "有{rows}行，契约至多{limit}行",
        "there are {rows} rows, the contract wants at most {limit}",
        "核对是否重复传送，或修改契约。",
        "Check whether rows were sent twice, or change the contract.",
    ),
    Code.MISSING_COLUMNS: Words(
        "{file}缺少列：{columns}；文件中有：{found}",
        "{file} lacks the columns {columns}; it has {found}",
        "请送数方补列，或修改契约；绝不猜测。",
        "Ask for the columns or change the contract; nothing is guessed.",
    ),
    Code.DUPLICATE_COLUMNS: Words(
        "{file}的表头重复：{columns}",
        "{file} has the heading {columns} twice",
        "请送数方更正表头。",
        "Ask for a corrected heading line.",
    ),
    Code.WRONG_ENCODING: Words(
        "{file}是{actual}，契约为{expected}",
        "{file} is {actual}, the contract says {expected}",
        "把契约的encoding改为{actual}，或重新导出文件。",
        "Set `encoding` in the contract to {actual}, or have the file exported again.",
    ),
    Code.UNREADABLE: Words(
        "{file}无法读取：{why}",
        "{file} cannot be read: {why}",
        "检查文件是否完整、格式是否与契约一致。",
        "Check that the file is whole and of the format in the contract.",
    ),
    Code.TOO_MANY_DATES: Words(
        "{file}含{dates}个业务日期，最多{limit}个",
        "{file} holds {dates} business dates, at most {limit} are allowed",
        "检查日期列，或分批传送。",
        "Check the date column, or split the delivery.",
    ),
}
