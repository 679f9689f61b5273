from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titian.province import identity
from titian.province.model import Gender

DAYS = st.dates(min_value=date(1920, 1, 1), max_value=date(2030, 12, 31))
WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def _id_card(day: date, sequence: int, gender: Gender, bank: int = 1) -> str:
    numbers = identity.id_card_numbers(
        np.array([bank]), np.array([day], "datetime64[D]"), np.array([sequence]),
        np.array([gender], np.uint8),
    )  # fmt: skip
    return str(numbers[0])


@given(DAYS, st.integers(0, 499), st.sampled_from(list(Gender)), st.integers(1, 51))
def test_id_cards_check_and_tell_birth_and_gender(
    day: date, sequence: int, gender: Gender, bank: int
) -> None:
    number = _id_card(day, sequence, gender, bank)
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    assert number[17] == "10X98765432"[total % 11]
    assert number[:6] == f"99{bank:04d}"
    assert number[6:14] == f"{day:%Y%m%d}"
    assert int(number[16]) % 2 == (gender == Gender.MALE)
    assert identity.valid_id_card(number)


def test_checksum_agrees_with_the_example_of_the_standard() -> None:
    assert identity.valid_id_card("11010519491231002X")
    assert not identity.valid_id_card("110105194912310021")
    assert not identity.valid_id_card("11010519491231002")


def test_no_province_of_china_has_these_areas() -> None:
    assert _id_card(date(1990, 1, 1), 1, Gender.MALE, 51)[:2] == "99"


@given(st.integers(0, 10**8 - 1), st.integers(1, 51))
def test_credit_codes_check(serial: int, bank: int) -> None:
    code = str(identity.credit_codes(np.array([bank]), np.array([serial]))[0])
    assert len(code) == 18
    assert code[2:8] == f"99{bank:04d}"
    assert identity.valid_credit_code(code)
    wrong = "0" if code[-1] != "0" else "1"
    assert not identity.valid_credit_code(code[:-1] + wrong)


def test_credit_code_check_agrees_with_published_codes() -> None:
    # Codes of three listed companies, as printed in their annual reports.
    for code in ("91100000100003962T", "911000001000013428", "914403001922038216"):
        assert identity.valid_credit_code(code)
    assert not identity.valid_credit_code("91100000100003962A")


@given(st.integers(0, 10**15))
def test_luhn_numbers_check(body: int) -> None:
    number = str(identity.luhn_numbers(np.array([body]), 19)[0])
    assert identity.valid_luhn(number)
    assert number[:-1] == f"{body:018d}"


@pytest.mark.parametrize("digit", range(18))
def test_luhn_catches_one_wrong_digit(digit: int) -> None:
    number = str(identity.luhn_numbers(np.array([12_345_678_901_234]), 19)[0])
    wrong = number[:digit] + str((int(number[digit]) + 1) % 10) + number[digit + 1 :]
    assert not identity.valid_luhn(wrong)


def test_phones_are_distinct_and_of_the_unassigned_block() -> None:
    phones = identity.phone_numbers(np.arange(200_000))
    assert len(np.unique(phones)) == 200_000
    assert all(str(phone).startswith("154") and len(str(phone)) == 11 for phone in phones[:1_000])
