"""Every sentence the condition checker says: message and remedy, in Chinese and English."""

from __future__ import annotations

from titian.decide.conditions.problems import Problem
from titian.kernel.labels import Label

# code: (message zh, message en, remedy zh, remedy en)
_SENTENCES: dict[str, tuple[str, str, str, str]] = {
    "empty": (
        "条件为空",
        "the condition is empty",
        "请写一个条件，例如 age_years >= 18。",
        "Write one, for example age_years >= 18.",
    ),
    "syntax": (
        "在 {near} 附近看不懂",
        "cannot be read near {near}",
        "请检查运算符、引号和括号是否成对、完整。",
        "Check that operators, quotes and brackets are complete.",
    ),
    "full_width": (
        "出现了全角字符 {near}",
        "the full-width character {near} is not an operator",
        "请改用半角 {instead}。",
        "Type {instead} instead.",
    ),
    "too_long": (
        "条件过长（{size}，上限 {limit}）",
        "the condition is too long ({size}; the limit is {limit})",
        "请拆成几个标签或条件。",
        "Split it into several tags or conditions.",
    ),
    "too_deep": (
        "条件嵌套过深（上限 {limit} 层）",
        "the condition is nested too deeply (the limit is {limit} levels)",
        "请减少括号或拆成几个条件。",
        "Use fewer brackets or split it.",
    ),
    "too_many_values": (
        "IN 列表过长（{size} 个，上限 {limit}）",
        "the IN list is too long ({size} values; the limit is {limit})",
        "请改用标签或分类字段。",
        "Use a tag or a category field instead.",
    ),
    "several": (
        "一次只能写一个条件",
        "only one condition is allowed",
        "请删去分号及其后的内容。",
        "Remove the semicolon and what follows it.",
    ),
    "unknown_field": (
        "没有名为 {name} 的字段",
        "there is no field {name}",
        "{hint_zh}",
        "{hint_en}",
    ),
    "qualified": (
        "字段名不能带前缀 {name}",
        "a field takes no prefix ({name})",
        "请只写字段名。",
        "Write the field's name alone.",
    ),
    "unknown_function": (
        "不能使用函数 {name}",
        "the function {name} is not allowed",
        "{hint_zh}",
        "{hint_en}",
    ),
    "aggregate": (
        "条件逐行判断，不能使用汇总函数 {name}",
        "a condition looks at one row, so the aggregate {name} has no meaning",
        "请使用已汇总好的字段。",
        "Use a field that is already summed up.",
    ),
    "window": (
        "条件不能使用窗口函数",
        "window functions are not allowed in a condition",
        "请使用已汇总好的字段。",
        "Use a field that is already summed up.",
    ),
    "subquery": (
        "条件不能包含子查询",
        "sub-queries are not allowed in a condition",
        "请只对声明的字段作比较。",
        "Compare declared fields only.",
    ),
    "star": (
        "条件不能使用 *",
        "* is not allowed in a condition",
        "请写出具体字段名。",
        "Name the field.",
    ),
    "not_allowed": (
        "条件不能使用 {name}",
        "{name} is not allowed in a condition",
        "可用：比较、AND、OR、NOT、IN、BETWEEN、LIKE、IS NULL、四则运算、CASE 和列出的函数。",
        "Use comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, arithmetic and CASE.",
    ),
    "not_boolean": (
        "这里需要真或假，却是{kind_zh}",
        "true or false is needed here, not {kind_en}",
        "请写成比较，例如 {name} > 0。",
        "Make it a comparison, for example {name} > 0.",
    ),
    "type_mismatch": (
        "不能把{left_zh}与{right_zh}放在一起比较或计算",
        "{left_en} and {right_en} cannot be compared or combined",
        "请让两边同类：文字加单引号，数字不加引号，日期写作 '2026-03-31'。",
        "Make both sides alike: text in single quotes, numbers without, dates as '2026-03-31'.",
    ),
    "wrong_type": (
        "{name} 需要{need_zh}，却得到{got_zh}",
        "{name} needs {need_en}, not {got_en}",
        "请换用合适类型的字段。",
        "Use a field of that type.",
    ),
    "argument_count": (
        "函数 {name} 的参数个数不对",
        "{name} has the wrong number of arguments",
        "写法：{usage}。",
        "Write {usage}.",
    ),
    "constant_needed": (
        "{name} 的这个参数必须直接写出值",
        "this argument of {name} must be a written value",
        "写法：{usage}。",
        "Write {usage}.",
    ),
    "null_compared": (
        "与 NULL 比较永远得不到真",
        "a comparison with NULL is never true",
        "请写 IS NULL 或 IS NOT NULL。",
        "Write IS NULL or IS NOT NULL.",
    ),
    "bad_number": (
        "数字 {near} 超出范围",
        "the number {near} is out of range",
        "整数最多 19 位（在 ±9.22e18 内），小数最多 38 位、小数点后 18 位。",
        "Whole numbers lie within ±9.22e18; decimals have at most 38 digits, 18 after the point.",
    ),
    "bad_date": (
        "{near} 不是有效的日期或时间",
        "{near} is not a valid date or time",
        "请写作 '2026-03-31' 或 '2026-03-31 08:30:00'。",
        "Write '2026-03-31' or '2026-03-31 08:30:00'.",
    ),
    "bad_value": (
        "字段 {name} 没有取值 {near}",
        "{name} never holds {near}",
        "{hint_zh}",
        "{hint_en}",
    ),
    "bad_unit": (
        "不认识时间单位 {near}",
        "{near} is not a unit of time",
        "可用：{units}。",
        "Use one of {units}.",
    ),
}


def problem(code: str, start: int, end: int, **words: object) -> Problem:
    """Make a problem from its sentence; `words` fill the sentence's blanks."""
    zh, en, remedy_zh, remedy_en = (part.format(**words) for part in _SENTENCES[code])
    return Problem(code, start, end, Label(zh, en), Label(remedy_zh, remedy_en))
