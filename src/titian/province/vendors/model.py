"""The words of the vendors' records: the true subjects, what may be wrong, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from titian.province.model import Codes, Dates, Flags, Floats, Ints, Text


class Source(StrEnum):
    """The ten record keepers; also the names of their files."""

    SOCIAL_SECURITY = "social_security"
    HOUSING_FUND = "housing_fund"
    REAL_ESTATE = "real_estate"
    UTILITY = "utility"
    TAX = "tax"
    REGISTRY = "registry"
    LITIGATION = "litigation"
    POLICE = "police"
    TELECOM = "telecom"
    BANK_CARD = "bank_card"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How often one source's record differs from the truth; every share is a probability.

    `name_variant`: another character of the same sound or shape, or a space; `id_missing`: no
    identity number at all; `id_fifteen`: its old 15-digit form; `id_slip`: two digits swapped;
    `phone_stale`: an older number; `address_old`: where the subject lived before;
    `address_style`: the same place written otherwise.
    """

    name_variant: float = 0.02
    id_missing: float = 0.0
    id_fifteen: float = 0.0
    id_slip: float = 0.004
    phone_stale: float = 0.10
    address_old: float = 0.12
    address_style: float = 0.25


DISAGREEMENTS = {
    Source.SOCIAL_SECURITY: Disagreement(0.020, 0.002, 0.020, 0.006, 0.22, 0.15, 0.30),
    Source.HOUSING_FUND: Disagreement(0.012, 0.001, 0.005, 0.004, 0.15, 0.12, 0.30),
    Source.REAL_ESTATE: Disagreement(0.030, 0.060, 0.050, 0.008, 0.35, 0.20, 0.40),
    Source.UTILITY: Disagreement(0.050, 1.000, 0.000, 0.000, 0.25, 0.05, 0.45),
    Source.TAX: Disagreement(0.010, 0.000, 0.000, 0.003, 0.12, 0.10, 0.25),
    Source.REGISTRY: Disagreement(0.004, 0.000, 0.000, 0.001, 0.18, 0.12, 0.20),
    Source.LITIGATION: Disagreement(0.030, 0.350, 0.000, 0.010, 0.40, 0.30, 0.40),
    Source.POLICE: Disagreement(0.003, 0.000, 0.000, 0.001, 0.30, 0.10, 0.15),
    Source.TELECOM: Disagreement(0.015, 0.030, 0.004, 0.005, 0.00, 0.25, 0.35),
    Source.BANK_CARD: Disagreement(0.010, 0.005, 0.010, 0.004, 0.14, 0.20, 0.30),
}


@dataclass(frozen=True, slots=True)
class Subjects:
    """True persons and firms of the province, one row each, as they truly are.

    `person` is the true person's number; `bank_no` and `party` the record that stands for it
    (each subject's other records are found through the number). `old_phone` and `old_address`
    are what was true before; `risk` is the latent credit risk. Strangers, who are customers of
    no bank, have negative numbers everywhere.
    """

    person: Ints
    bank_no: Ints
    party: Ints
    kind: Codes
    name: Text
    id_no: Text
    gender: Codes
    birth: Dates
    phone: Ints
    old_phone: Ints
    address: Text
    old_address: Text
    income_fen: Ints
    occupation: Codes
    employer: Text
    rural: Flags
    risk: Floats


@dataclass(frozen=True, slots=True)
class Records:
    """Identity columns of one source's records, with what was changed in each.

    `subject` is a row of Subjects; `id_change` an index of `ID_CHANGES`.
    """

    subject: Ints
    name: Text
    id_no: Text
    phone: Ints
    address: Text
    name_variant: Flags
    id_change: Codes
    phone_stale: Flags
    address_old: Flags


@dataclass(frozen=True, slots=True)
class Vendors:
    """All sources' tables by file name, and the hidden links from records to parties."""

    tables: dict[str, pa.Table]
    links: pa.Table


ID_CHANGES = ("same", "missing", "fifteen", "slip")
"""What `Records.id_change` numbers mean."""
