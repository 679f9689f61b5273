"""Identity, credit-code, phone, account and card numbers that check but belong to nobody.

* Identity card (GB 11643-1999): area 6 + birth 8 + sequence 3 + check (ISO 7064 mod 11-2). Areas
  here are 990001-990051: no province code starts with 99, so no authority can issue them.
* Unified social credit code (GB 32100-2015): category 2 + area 6 + body 9 + check (mod 31), with
  the same areas; the body carries the organisation-code check (GB 11714).
* Phones use the prefix 154, which the Chinese numbering plan has not assigned.
* Card numbers start with 00 and satisfy Luhn (ISO/IEC 7812): no card scheme issues them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.model import Codes, Dates, Gender, Ints, Text

AREA_BASE: Final = 990_000
PHONE_BASE: Final = 15_400_000_000
_USCC_ALPHABET: Final = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
_USCC_WEIGHTS: Final = np.array([3**n % 31 for n in range(17)])
_BODY_WEIGHTS: Final = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_ID_WEIGHTS: Final = np.array([2**n % 11 for n in range(17, 0, -1)])
_ID_CHECKS: Final = np.array(list("10X98765432"))
_DIGITS: Final = np.array(list("0123456789"))


def id_card_numbers(area: Ints, birth: Dates, sequence: Ints, gender: Codes) -> Text:
    """Return 18-character identity numbers; `sequence` 0-499 is made odd for men."""
    days = birth.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    month = months.astype(np.int64) % 12 + 1
    day = (days - months).astype(np.int64) + 1
    order = sequence % 500 * 2 + (gender == Gender.MALE)
    body = ((AREA_BASE + area) * 10**8 + year * 10**4 + month * 100 + day) * 1000 + order
    digits = _digits(body, 17)
    check = _ID_CHECKS[digits @ _ID_WEIGHTS % 11]
    return _text(np.column_stack([_DIGITS[digits], check]))


def credit_codes(area: Ints, serial: Ints, category: str = "91") -> Text:
    """Return 18-character unified social credit codes (91 = enterprise, 93 = cooperative)."""
    body = _digits(serial % 10**8, 8)
    mark = 11 - body @ _BODY_WEIGHTS % 11
    mark = np.select([mark == 11, mark == 10], [0, _alphabet_index("X")], mark)
    head = np.tile([int(char) for char in category], (len(serial), 1))
    values = np.column_stack([head, _digits(AREA_BASE + area, 6), body, mark])
    check = (31 - values @ _USCC_WEIGHTS % 31) % 31
    return _text(_USCC_ALPHABET[np.column_stack([values, check])])


def luhn_numbers(body: Ints, width: int) -> Text:
    """Return `width`-digit numbers: `body` padded with zeros and its Luhn check digit."""
    digits = _digits(body, width - 1)
    doubled = digits.copy()
    doubled[:, ::-2] *= 2
    doubled -= np.where(doubled > 9, 9, 0)
    check = -doubled.sum(axis=1) % 10
    return _text(_DIGITS[np.column_stack([digits, check])])


def phone_numbers(serial: Ints, stride: int = 39_916_801) -> Ints:
    """Return distinct 11-digit numbers of the block 154 for distinct serials below 10**8."""
    return PHONE_BASE + serial * stride % 10**8


def valid_id_card(number: str) -> bool:
    """Tell whether an identity number has 18 characters and the right check character."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = int(np.array([int(char) for char in number[:17]]) @ _ID_WEIGHTS)
    return bool(_ID_CHECKS[total % 11] == number[17])


def valid_credit_code(code: str) -> bool:
    """Tell whether a unified social credit code has 18 characters and the right check."""
    alphabet = "".join(_USCC_ALPHABET)
    if len(code) != 18 or any(char not in alphabet for char in code):
        return False
    total = int(np.array([alphabet.index(char) for char in code[:17]]) @ _USCC_WEIGHTS)
    return alphabet.index(code[17]) == (31 - total % 31) % 31


def valid_luhn(number: str) -> bool:
    """Tell whether a number of digits satisfies the Luhn check."""
    digits = [int(char) for char in reversed(number)]
    return sum(d if n % 2 == 0 else d * 2 - 9 * (d > 4) for n, d in enumerate(digits)) % 10 == 0


def _alphabet_index(char: str) -> int:
    return int(np.flatnonzero(char == _USCC_ALPHABET)[0])


def _digits(numbers: Ints, width: int) -> Ints:
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return np.asarray(numbers, np.int64)[:, None] // powers % 10


def _text(characters: Text) -> Text:
    width = characters.shape[1]
    return np.ascontiguousarray(characters.astype("<U1")).view(f"<U{width}").reshape(-1)
