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
    NUL = "nul"
    REQUIRED = "required"
    TYPE = "type"
    CODE = "code"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    PATTERN = "pattern"
    DUPLICATE_KEY = "duplicate_key"
    FUTURE = "future"

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
    NOT_A_FILE = "not_a_file"
    LINE_TOO_LONG = "line_too_long"
    BAD_HEADING = "bad_heading"
    TOO_MANY_COLUMNS = "too_many_columns"
    COLUMN_TYPE = "column_type"
    VALUE_TOO_LONG = "value_too_long"
    NO_WORKBOOK = "no_workbook"
    NO_SHEET = "no_sheet"
    TOO_MANY_LINES = "too_many_lines"
    WORKBOOK_TOO_BIG = "workbook_too_big"
    WORKBOOK_ROW = "workbook_row"
    WORKBOOK_CELL = "workbook_cell"
    WORKBOOK_MARKUP = "workbook_markup"
    NO_PARQUET = "no_parquet"
    FOOTER_TOO_BIG = "footer_too_big"
    TOO_MANY_DATES = "too_many_dates"
    FUTURE_DATE = "future_date"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


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
    Code.NUL: Words(
        "{column}含有空字符（NUL）",
        "{column} holds a NUL character",
        "多为传送或写盘中断所致：改正后重放，或请送数方重新导出。",
        "Often a transfer that broke off: correct the row and replay, or ask for a new delivery.",
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
    Code.FUTURE: Words(
        "{column}晚于今天（{today}），不能作为业务日期",
        "{column} is after today ({today}), so it cannot be the business date",
        _ASK_SENDER_ZH,
        _ASK_SENDER_EN,
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
    Code.NOT_A_FILE: Words(
        "{file}不是普通文件（可能是链接、管道、设备或文件夹）",
        "{file} is no plain file (a link, pipe, device or folder perhaps)",
        "请放入文件本身，不要用链接。",
        "Put the file itself there, not a link to it.",
    ),
    Code.LINE_TOO_LONG: Words(
        "{file}第{line}行超过{limit}字节",
        "line {line} of {file} is over {limit} bytes",
        "检查换行符与引号是否成对。",
        "Check the line ends of the file, and that its quotes close.",
    ),
    Code.BAD_HEADING: Words(
        "{file}的表头不是{encoding}文本，或引号不成对",
        "the heading line of {file} is no {encoding} text, or its quotes do not close",
        "核对契约的编码与引号，或重新导出文件。",
        "Check encoding and quote in the contract, or have the file exported again.",
    ),
    Code.TOO_MANY_COLUMNS: Words(
        "{file}有{columns}列，最多{limit}列",
        "{file} has {columns} columns, at most {limit} are read",
        "核对分隔符；列确实过多的，请送数方只导出契约所列的列。",
        "Check the delimiter, or ask for the columns of the contract only.",
    ),
    Code.COLUMN_TYPE: Words(
        "{file}的{column}是{type}，无法读作契约的类型",
        "{column} of {file} is {type}, which no contract can take",
        "请送数方按文本、数字或日期导出该列。",
        "Ask for the column as text, number or date.",
    ),
    Code.VALUE_TOO_LONG: Words(
        "{file}的{column}有超过{limit}字节的值",
        "{column} of {file} has a value over {limit} bytes",
        "核对是否误放了文件内容；该列应为短文本。",
        "Check whether whole documents stand in it; a column holds short texts.",
    ),
    Code.NO_WORKBOOK: Words(
        "{file}不是可读的xlsx工作簿",
        "{file} is no xlsx workbook that can be read",
        "用Excel打开后另存为xlsx，或重新传送。",
        "Open it in Excel and save it as xlsx, or ask for a new delivery.",
    ),
    Code.NO_SHEET: Words(
        "{file}没有工作表{sheet}，只有：{sheets}",
        "{file} has no sheet {sheet}, only {sheets}",
        "修改契约的sheet，或请送数方更正工作表名。",
        "Change `sheet` in the contract, or ask for the right sheet.",
    ),
    Code.TOO_MANY_LINES: Words(
        "{file}的工作表超过{limit}行",
        "the sheet of {file} has over {limit} rows",
        "请改用分隔符文本送数。",
        "Have it delivered as delimited text.",
    ),
    Code.WORKBOOK_TOO_BIG: Words(
        "{file}中的{inside}解压后超过{limit}字节",
        "{inside} in {file} unpacks to over {limit} bytes",
        "疑似压缩炸弹；数据确实很多的，请改用分隔符文本送数。",
        "It may be meant to harm; if it really holds so much, have it delivered as text.",
    ),
    Code.WORKBOOK_ROW: Words(
        "{file}中的{inside}有一行超过{limit}字节",
        "a row of {inside} in {file} is over {limit} bytes",
        "疑似恶意文件；请用Excel打开检查后另存。",
        "It may be meant to harm; open it in Excel, look, and save it again.",
    ),
    Code.WORKBOOK_CELL: Words(
        "{file}中的{inside}有一个单元格超过{limit}字节",
        "a cell of {inside} in {file} is over {limit} bytes",
        "疑似恶意文件；请用Excel打开检查后另存。",
        "It may be meant to harm; open it in Excel, look, and save it again.",
    ),
    Code.WORKBOOK_MARKUP: Words(
        "{file}中的{inside}带有Excel不会写入的声明",
        "{inside} in {file} holds declarations that Excel never writes",
        "疑似恶意文件；请用Excel打开检查后另存。",
        "It may be meant to harm; open it in Excel, look, and save it again.",
    ),
    Code.NO_PARQUET: Words(
        "{file}不是可读的Parquet文件（{why}）",
        "{file} is no Parquet file that can be read ({why})",
        "检查文件是否完整，或重新传送。",
        "Check that the file is whole, or ask for a new delivery.",
    ),
    Code.FOOTER_TOO_BIG: Words(
        "{file}的Parquet目录有{size}字节，最多{limit}字节",
        "the footer of {file} has {size} bytes, at most {limit} are read",
        "列或行组过多：请送数方只导出契约所列的列。",
        "It names too many columns or row groups: ask for the columns of the contract only.",
    ),
    Code.TOO_MANY_DATES: Words(
        "{file}含{dates}个业务日期，最多{limit}个",
        "{file} holds {dates} business dates, at most {limit} are allowed",
        "检查日期列，或分批传送。",
        "Check the date column, or split the delivery.",
    ),
    Code.FUTURE_DATE: Words(
        "{file}的业务日期{date}尚未到来（今天是{today}）",
        "{file} is of business date {date}, which has not come yet (today is {today})",
        "核对文件名中的日期；确属误写的，改名后重新装载。",
        "Check the date in the name of the file, rename it if it is wrong, and load again.",
    ),
    Code.WITHDRAWN: Words(
        "该日期已由{user}于{at}撤回：{reason}",
        "this date was withdrawn by {user} at {at}: {reason}",
        "送来更正后的文件即可重新装载；同一文件须强制装载。",
        "A corrected file loads as usual; the same file only with --force.",
    ),
    Code.CHANGED: Words(
        "{file}在读取过程中发生了变化",
        "{file} changed while it was read",
        "可能仍在传送，请待传送完成后重新装载。",
        "It may still be on its way: load again when the transfer is complete.",
    ),
}
