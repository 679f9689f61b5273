"""From text to a syntax tree, within limits, with character positions."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from titian.decide.conditions.messages import problem
from titian.decide.conditions.problems import ConditionError

MAX_CHARACTERS = 8_000
MAX_TOKENS = 3_000
MAX_DEPTH = 60

_FULL_WIDTH = {
    "（": "(", "）": ")", "，": ",", "；": ";", "＝": "=", "＞": ">", "＜": "<", "‘": "'", "’": "'",
    "“": "'", "”": "'", "％": "%", "＋": "+", "－": "-", "×": "*", "÷": "/", "　": " ", "≥": ">=",
    "≤": "<=", "≠": "<>", "、": ",", "！": "!",
}  # fmt: skip
_OPENING = (TokenType.L_PAREN, TokenType.CASE)
_CLOSING = (TokenType.R_PAREN, TokenType.END)
_PREFIX = (TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE)


def syntax_tree(text: str) -> exp.Expr:
    """Parse one condition in DuckDB's dialect. Raises ConditionError."""
    if not text.strip():
        raise ConditionError(text, (problem("empty", 0, 0),))
    if len(text) > MAX_CHARACTERS:
        raise _too_long(text, len(text), MAX_CHARACTERS)
    tokens = _tokens(text)
    _within_limits(text, tokens)
    try:
        trees = DuckDB().parser().parse(tokens, text)
    except ParseError as error:
        raise _syntax(text, tokens, error) from None
    except RecursionError:
        raise _too_deep(text, 0) from None
    if len(trees) != 1 or trees[0] is None:
        start = next((t.start for t in tokens if t.token_type is TokenType.SEMICOLON), 0)
        raise ConditionError(text, (problem("several", start, len(text)),))
    tree = trees[0]
    if _depth(tree) > MAX_DEPTH:
        raise _too_deep(text, 0)
    return tree


def span(node: exp.Expr) -> tuple[int, int]:
    """Give the characters [start, end) a syntax node covers, as far as the parser kept them."""
    starts, ends = [], []
    for part in node.walk():
        if "start" in part.meta:
            starts.append(part.meta["start"])
            ends.append(part.meta["end"] + 1)
    return (min(starts), max(ends)) if starts else (0, 0)


def joined(syntax: exp.Connector) -> list[exp.Expr]:
    """Give the parts that a row of ANDs, or of ORs, joins, in their order."""
    parts: list[exp.Expr] = []
    stack: list[exp.Expr] = [syntax]
    while stack:
        current = stack.pop()
        if type(current) is type(syntax):
            stack += (current.expression, current.this)
        else:
            parts.append(current)
    return parts


def _tokens(text: str) -> list[Token]:
    try:
        tokens = DuckDB().tokenize(text)
    except TokenError:
        start = max(text.rfind("'"), text.rfind('"'), 0)
        near = repr(text[start : start + 20])
        raise ConditionError(text, (problem("syntax", start, len(text), near=near),)) from None
    if not tokens:
        raise ConditionError(text, (problem("empty", 0, len(text)),))
    return tokens


def _within_limits(text: str, tokens: list[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise _too_long(text, len(tokens), MAX_TOKENS)
    depth = prefixes = 0
    for token in tokens:
        kind = token.token_type
        if kind is TokenType.VAR:
            _half_width(text, token)
        depth += (kind in _OPENING) - (kind in _CLOSING)
        prefixes = prefixes + 1 if kind in _PREFIX else 0
        if depth + prefixes > MAX_DEPTH:
            raise _too_deep(text, token.start)


def _half_width(text: str, token: Token) -> None:
    for offset, character in enumerate(token.text):
        if character in _FULL_WIDTH:
            start = token.start + offset
            fault = problem(
                "full_width", start, start + 1, near=character, instead=_FULL_WIDTH[character]
            )
            raise ConditionError(text, (fault,))


def _depth(tree: exp.Expr) -> int:
    deepest = 0
    stack = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        for child in node.iter_expressions():
            chained = isinstance(node, exp.Connector) and type(child) is type(node)
            stack.append((child, depth if chained else depth + 1))
    return deepest


def _syntax(text: str, tokens: list[Token], error: ParseError) -> ConditionError:
    detail = error.errors[0] if error.errors else {}
    place = (detail.get("line"), detail.get("col"))
    token = next((t for t in tokens if (t.line, t.col) == place), tokens[-1])
    near = repr(text[token.start : token.end + 1][:40])
    return ConditionError(text, (problem("syntax", token.start, token.end + 1, near=near),))


def _too_long(text: str, size: int, limit: int) -> ConditionError:
    return ConditionError(text, (problem("too_long", 0, len(text), size=size, limit=limit),))


def _too_deep(text: str, start: int) -> ConditionError:
    return ConditionError(text, (problem("too_deep", start, len(text), limit=MAX_DEPTH),))
