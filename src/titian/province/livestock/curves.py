"""Growth curves that hidden true weights follow, one function for the whole family.

Sources: Gompertz 1825; von Bertalanffy 1938; Brody 1945; Verhulst 1838 (logistic); Richards 1959.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from titian.province.model import Floats


class Curve(StrEnum):
    """The five sigmoid or saturating curves used for farm animals."""

    GOMPERTZ = "gompertz"
    BERTALANFFY = "bertalanffy"
    BRODY = "brody"
    LOGISTIC = "logistic"
    RICHARDS = "richards"


def weight_kg(
    curve: Curve,
    age_days: Floats,
    *,
    mature_kg: Floats | float,
    shape: Floats | float,
    rate: Floats | float,
    power: float = 1.0,
) -> Floats:
    """Weight at an age.

    All arguments broadcast. `mature_kg` is the asymptote, `shape` the integration constant b,
    `rate` the daily maturing rate k, `power` the Richards exponent (ignored by the others).
    Every curve is non-decreasing in age for positive parameters.
    """
    decay = np.exp(-np.asarray(rate) * age_days)
    match curve:
        case Curve.GOMPERTZ:
            part = np.exp(-np.asarray(shape) * decay)
        case Curve.BERTALANFFY:
            part = (1.0 - np.asarray(shape) * decay) ** 3
        case Curve.BRODY:
            part = 1.0 - np.asarray(shape) * decay
        case Curve.LOGISTIC:
            part = 1.0 / (1.0 + np.asarray(shape) * decay)
        case Curve.RICHARDS:
            part = (1.0 + np.asarray(shape) * decay) ** -power
    result: Floats = np.asarray(mature_kg * part, dtype=np.float64)
    return result


def shape_from_birth(curve: Curve, birth_fraction: float, power: float = 1.0) -> float:
    """The constant b that makes an animal weigh `birth_fraction` of its mature weight at age 0.

    `birth_fraction` lies strictly between 0 and 1.
    """
    if not 0.0 < birth_fraction < 1.0:
        raise ValueError(f"birth_fraction {birth_fraction} must lie between 0 and 1")
    match curve:
        case Curve.GOMPERTZ:
            return float(-np.log(birth_fraction))
        case Curve.BERTALANFFY:
            return float(1.0 - birth_fraction ** (1.0 / 3.0))
        case Curve.BRODY:
            return 1.0 - birth_fraction
        case Curve.LOGISTIC:
            return 1.0 / birth_fraction - 1.0
        case Curve.RICHARDS:
            return float(birth_fraction ** (-1.0 / power) - 1.0)
