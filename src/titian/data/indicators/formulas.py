"""Formulas over whole columns of figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from titian.data.indicators.model import Constant, Operand, Operation, Term
from titian.data.indicators.orgs import Floats


def value(term: Term, figures: Mapping[str, Floats]) -> Floats:
    """Compute a term for every organisation; unknown where a part is, or divides by zero."""
    if isinstance(term, Constant):
        return np.asarray(term.value)
    if isinstance(term, Operand):
        return figures[term.code]
    left, right = value(term.left, figures), value(term.right, figures)
    match term.op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return quotient(left, right)


def quotient(above: Floats, below: Floats) -> Floats:
    """Divide; unknown where the divisor is zero or unknown."""
    below = np.asarray(below, dtype=np.float64)
    return np.asarray(above / np.where(below == 0.0, np.nan, below))


def parts(term: Term, figures: Mapping[str, Floats]) -> tuple[Floats, Floats] | None:
    """Give numerator and denominator where a formula is a quotient."""
    if isinstance(term, Operation) and term.op == "/":
        return value(term.left, figures), value(term.right, figures)
    return None
