from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.data.feeds.model import CodeMeaning, Decoder, Field
from titian.data.feeds.values import Parsed, decode, moments, numbers
from titian.kernel.errors import InvalidInput
from titian.kernel.money import fen_from_yuan
from titian.lake.schema import Column

NONSENSE = ["", " ", "x", "--1", "1e3", "0x1F", "1,000", "１２", "nan", "1.2.3", "-", ".", "1_0"]


def column(*texts: str | None) -> pa.Array:
    return pa.array(texts, pa.string())


def field(kind: str, decoder: Decoder | None = None, **more: object) -> Field:
    made = Field(Column("c", kind, "列", "column"), "C", decoder)
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


def values(parsed: Parsed) -> list[object]:
    return list(parsed.values.to_pylist())


def bad(parsed: Parsed) -> list[int]:
    return [] if parsed.bad is None else [at for at, wrong in enumerate(parsed.bad) if wrong]


@settings(deadline=None)
@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1)))
def test_yuan_become_the_fen_that_the_kernel_makes(fen: list[int]) -> None:
    texts = [f"{Decimal(value).scaleb(-2):f}" for value in fen if abs(value) < 10**17]
    parsed = numbers.fen(column(*texts))
    assert values(parsed) == [fen_from_yuan(text) for text in texts]
    assert bad(parsed) == []


@settings(deadline=None)
@given(st.lists(st.sampled_from([*NONSENSE, "1", "-2.50", " 7.1 ", "+3", "0.001", "1.230", None])))
def test_good_amounts_survive_any_company(texts: list[str | None]) -> None:
    parsed = numbers.fen(column(*texts))
    for at, text in enumerate(texts):
        stripped = (text or "").strip()
        try:
            clean = not set(stripped) & set("eExX_,１２") and bool(stripped)
            expected = fen_from_yuan(stripped) if clean else None
        except InvalidInput:
            expected = None
        assert parsed.values[at].as_py() == expected
        assert (at in bad(parsed)) == (expected is None and bool(stripped))


@pytest.mark.parametrize("text", [t for t in NONSENSE if t.strip()] + ["1" * 19, "12.0"])
def test_no_whole_number(text: str) -> None:
    parsed = numbers.whole(column("5", text, " 6 ", "+7", None))
    assert values(parsed) == [5, None, 6, 7, None]
    assert bad(parsed) == [1]


@pytest.mark.parametrize("text", ["1234.5", "0.1234567", "abc", "1e-3"])
def test_no_decimal_of_this_size(text: str) -> None:
    parsed = numbers.decimal(column("0.123456", text, "1.2300000"), pa.decimal128(9, 6))
    assert values(parsed) == [Decimal("0.123456"), None, Decimal("1.230000")]
    assert bad(parsed) == [1]


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "x", "0x1"])
def test_no_double(text: str) -> None:
    parsed = numbers.double(column("1e5", text, None, " 2.5"))
    assert values(parsed) == [1e5, None, None, 2.5]
    assert bad(parsed) == [1]


@settings(deadline=None)
@given(st.lists(st.dates()))
def test_every_day_is_read(days: list[date]) -> None:
    texts = [f"{day.year:04}{day.month:02}{day.day:02}" for day in days]
    assert values(moments.yyyymmdd(column(*texts))) == days
    assert values(moments.iso_date(column(*(day.isoformat() for day in days)))) == days


@settings(deadline=None)
@given(st.integers(0, 99_999_999))
def test_eight_figures_are_a_day_or_bad(number: int) -> None:
    text = f"{number:08}"
    try:
        expected: date | None = date.fromisoformat(text)
    except ValueError:
        expected = None
    parsed = moments.yyyymmdd(column(text))
    assert values(parsed) == [expected]
    assert bad(parsed) == ([] if expected else [0])


@pytest.mark.parametrize(
    "text", ["2026131", "202601311", "20260230", "00000000", "2026013x", "-2026101"]
)
def test_no_day(text: str) -> None:
    parsed = moments.yyyymmdd(column("20260131", text, None, " 20260201 "))
    assert values(parsed) == [date(2026, 1, 31), None, None, date(2026, 2, 1)]
    assert bad(parsed) == [1]


@settings(deadline=None)
@given(st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59))))  # noqa: DTZ001
def test_every_second_is_read(moments_: list[datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments_]
    texts = [
        f"{m.year:04}{m.month:02}{m.day:02}{m.hour:02}{m.minute:02}{m.second:02}" for m in whole
    ]
    assert values(moments.yyyymmddhhmmss(column(*texts))) == whole


@pytest.mark.parametrize("text", ["20260131240000", "20260131236000", "20260131235960", "20260131"])
def test_no_moment(text: str) -> None:
    parsed = moments.yyyymmddhhmmss(column("20260131235959", text))
    assert bad(parsed) == [1]


def test_iso_moments() -> None:
    parsed = moments.iso_timestamp(
        column("2026-01-31 10:11:12", "2026-01-31T10:11", "2026-01-31", "2026-02-30 10:11:12", "x")
    )
    assert [str(value) for value in values(parsed)[:3]] == [
        "2026-01-31 10:11:12",
        "2026-01-31 10:11:00",
        "2026-01-31 00:00:00",
    ]
    assert bad(parsed) == [3, 4]


@pytest.mark.parametrize(
    ("text", "pivot", "expected"),
    [
        ("930705", 50, date(1993, 7, 5)),
        ("260131", 50, date(2026, 1, 31)),
        ("490101", 50, date(2049, 1, 1)),
        ("490101", 0, date(1949, 1, 1)),
        ("931107 00:00:00", 50, date(1993, 11, 7)),
        ("931107 10:00:00", 50, None),
        ("931307", 50, None),
        ("93077", 50, None),
    ],
)
def test_short_years(text: str, pivot: int, expected: date | None) -> None:
    assert values(moments.yymmdd(column("930101", text), pivot))[1] == expected


@pytest.mark.parametrize(
    ("text", "day", "gender"),
    [
        ("706213", date(1970, 12, 13), "female"),
        ("450204", date(1945, 2, 4), "male"),
        ("115101", date(1911, 1, 1), "female"),
        ("456304", None, None),
        ("451399", None, None),
        ("45020", None, None),
    ],
)
def test_birth_numbers_hold_a_date_and_a_gender(
    text: str, day: date | None, gender: str | None
) -> None:
    born = moments.birth_number(column(text, None), as_date=True)
    of = moments.birth_number(column(text, None), as_date=False)
    assert values(born) == [day, None]
    assert values(of) == [gender, None]
    assert bad(born) == bad(of) == ([] if day else [0])


def test_codes_are_mapped_and_unknown_ones_are_bad() -> None:
    codes: dict[str, CodeMeaning] = {"1": "credit", "2": "pledge"}
    parsed = decode(field("string", codes=codes), column("1", "2", "3", None, " 2 ", " "))
    assert values(parsed) == ["credit", "pledge", None, None, "pledge", None]
    assert bad(parsed) == [2]


def test_missing_words_are_no_values() -> None:
    parsed = decode(field("integer", missing=frozenset({"?", "n/a"})), column("1", "?", "n/a", "x"))
    assert values(parsed) == [1, None, None, None]
    assert bad(parsed) == [3]


def test_yes_and_no() -> None:
    parsed = decode(field("boolean", Decoder.YES_NO), column("Y", "N", "J", None))
    assert values(parsed) == [True, False, None, None]
    assert bad(parsed) == [2]
    plain = decode(field("boolean"), column("1", "0", "true", "F", "2"))
    assert values(plain) == [True, False, True, False, None]


def test_trimming_is_asked_for() -> None:
    kept = decode(field("string"), column(" a "))
    cut = decode(field("string", trim=True), column(" a ", "　李四　", "  "))
    assert values(kept) == [" a "]
    assert values(cut) == ["a", "李四", None]


TYPED = [
    (field("integer"), pa.array([1, None], pa.int8()), [1, None], []),
    (field("integer"), pa.array([1.0, 2.5]), [1, None], [1]),
    (field("integer", Decoder.YUAN_TO_FEN), pa.array([57.16, 0.005]), [5716, None], [1]),
    (field("integer", Decoder.YUAN_TO_FEN), pa.array([3, -4]), [300, -400], []),
    (field("integer", Decoder.YUAN_TO_FEN), pa.array([2**62]), [None], [0]),
    (field("integer", Decoder.YUAN_TO_FEN), pa.array([Decimal("1.5")]), [150], []),
    (field("integer", Decoder.YUAN_TO_FEN), pa.array([Decimal("1.555")]), [None], [0]),
    (field("boolean"), pa.array([True, None]), [True, None], []),
    (field("boolean"), pa.array([1, 2]), [True, None], [1]),
    (field("string"), pa.array([7, None]), ["7", None], []),
    (field("string"), pa.array([b"x"], pa.large_binary()).cast(pa.large_string()), ["x"], []),
    (field("string"), pa.array(["a"]).dictionary_encode(), ["a"], []),
    (field("date"), pa.array([date(2026, 1, 1)]), [date(2026, 1, 1)], []),
    (field("date", Decoder.YYYYMMDD), pa.array([20260101]), [date(2026, 1, 1)], []),
    (field("date", Decoder.YYMMDD), pa.array([10101]), [date(2001, 1, 1)], []),
    (field("decimal(9,2)"), pa.array([1.5]), [Decimal("1.50")], []),
    (field("double"), pa.array([1, 2], pa.int32()), [1.0, 2.0], []),
    (field("timestamp"), pa.array([5], pa.int64()), [None], [0]),
    (field("integer"), pa.nulls(2), [None, None], []),
]


@pytest.mark.parametrize(("wanted", "given_", "expected", "wrong"), TYPED)
def test_typed_columns(
    wanted: Field, given_: pa.Array, expected: list[object], wrong: list[int]
) -> None:
    parsed = decode(wanted, given_)
    assert values(parsed) == expected
    assert bad(parsed) == wrong
    assert parsed.values.type == wanted.column.arrow


def test_moments_with_a_zone_become_bank_time() -> None:
    moment = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
    parsed = decode(field("timestamp"), pa.array([moment]))
    assert str(values(parsed)[0]) == "2026-04-01 00:30:00"


def test_a_moment_is_a_date_only_at_midnight() -> None:
    midnight = datetime(2026, 3, 31)  # noqa: DTZ001 - bank-local, as the file says it
    parsed = decode(field("date"), pa.array([midnight, midnight + timedelta(hours=1)]))
    assert values(parsed) == [date(2026, 3, 31), None]
    assert bad(parsed) == [1]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["1", "2", " 3", "x", "", None, "20260101"]), min_size=1))
def test_slices_decode_like_wholes(texts: list[str | None]) -> None:
    whole = column("9", *texts)
    for wanted in (field("integer"), field("date", Decoder.YYYYMMDD), field("string")):
        sliced = decode(wanted, whole.slice(1))
        fresh = decode(wanted, column(*texts))
        assert values(sliced) == values(fresh)
        assert bad(sliced) == bad(fresh)
