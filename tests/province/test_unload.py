from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from titian.province import identity
from titian.province.flaws import BAD_CODE, BROKEN
from titian.province.generate import Summary
from titian.province.model import ProvinceConfig

Row = tuple[date, list[str]]
Rows = Callable[[str, str], list[Row]]
Truth = Callable[[str], list[dict[str, Any]]]
FileOf = Callable[[str, str, date], Path]
BANKS = ["qinghe", "baishui"]


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


@pytest.fixture(scope="module", params=BANKS)
def bank(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def entries(bank: str, repaired: Rows) -> list[Row]:
    return repaired(bank, "entry")


def test_running_balances_are_exact_and_equal_the_balance_feed(
    bank: str, entries: list[Row], repaired: Rows, unload_config: ProvinceConfig
) -> None:
    credit = {row[0] for _, row in repaired(bank, "account") if row[3] == "08"}
    closing: dict[tuple[date, str], int] = {}
    last: dict[str, int] = {}
    for day, row in entries:
        account, signed = row[1], fen(row[5]) * (1 if row[4] == "C" else -1)
        after = fen(row[6])
        if account in last:
            assert after == last[account] + signed, row
        assert after >= 0 or account in credit, row
        last[account] = closing[day, account] = after
    fed = {(day, row[0]): fen(row[1]) for day, row in repaired(bank, "balance")}
    first = unload_config.start
    assert {key: value for key, value in fed.items() if key in closing} == closing
    assert all(day == first for day, _ in fed.keys() - closing.keys())


def test_first_balances_and_entries_start_from_the_same_opening(
    bank: str, entries: list[Row], repaired: Rows, unload_config: ProvinceConfig
) -> None:
    first = unload_config.start
    base = {row[0]: fen(row[1]) for day, row in repaired(bank, "balance") if day == first}
    seen: set[str] = set()
    for day, row in entries:
        if row[1] in seen or day == first:
            seen.add(row[1])
            continue
        seen.add(row[1])
        before = fen(row[6]) - fen(row[5]) * (1 if row[4] == "C" else -1)
        assert before == base.get(row[1], 0)


def test_control_files_count_and_add_up_what_is_written(
    bank: str, file_of: FileOf, unload_config: ProvinceConfig, unload: Summary
) -> None:
    columns = {
        "BALANCE": {"balance_fen": 1}, "ENTRY": {"amount_fen": 5},
        "LOAN": {"amount_fen": 4, "balance_fen": 5},
        "REPAYMENT": {"paid_principal_fen": 6, "paid_interest_fen": 7},
    }  # fmt: skip
    for day in unload_config.dates:
        folder = file_of(bank, "entry", day).parent
        control = (folder / f"CONTROL_{day:%Y%m%d}.ctl").read_text("gb18030").splitlines()
        assert len(control) == len(unload.rows)
        for line in control:
            name, rows, totals = line.split("|@|")
            lines = (folder / name).read_bytes().split(b"\n")[:-1]
            assert int(rows) == len(lines)
            found = dict(item.split("=") for item in totals.split(";") if item)
            wanted = columns.get(name.rpartition("_")[0], {})
            for column, at in wanted.items():
                values = [row.decode("gb18030", "replace").split("|@|")[at] for row in lines]
                total = sum((Decimal(value) for value in values), Decimal(0))
                assert Decimal(found[column]) == total, (name, column)


def test_every_row_has_its_feed_fields(bank: str, repaired: Rows) -> None:
    fields = {
        "org": 6, "officer": 5, "village": 9, "household": 7, "party": 20, "account": 11,
        "balance": 2, "card": 8, "loan": 20, "repayment": 9, "entry": 12, "event": 16, "touch": 8,
    }  # fmt: skip
    for feed, count in fields.items():
        assert {len(row) for _, row in repaired(bank, feed)} == {count}, feed


def test_references_lead_somewhere(bank: str, repaired: Rows, entries: list[Row]) -> None:
    ids = {
        feed: {row[0] for _, row in repaired(bank, feed)}
        for feed in ("org", "officer", "village", "household", "party", "account", "card", "loan")
    }
    references = {
        "officer": {2: "org"}, "village": {4: "org", 6: "officer"},
        "household": {1: "village", 2: "party"},
        "party": {9: "village", 10: "household", 16: "org", 17: "officer"},
        "account": {2: "party", 7: "org"}, "card": {2: "party", 3: "account"},
        "balance": {0: "account"}, "repayment": {1: "loan"}, "touch": {1: "party"},
        "loan": {1: "party", 2: "account", 17: "officer", 18: "org"},
        "event": {4: "party", 5: "account", 6: "card"},
    }  # fmt: skip
    for feed, columns in references.items():
        rows = repaired(bank, feed)
        for at, target in columns.items():
            assert {row[at] for _, row in rows} - {""} <= ids[target], (feed, at)
    assert {row[1] for _, row in entries} <= ids["account"]
    assert {row[2] for _, row in entries} <= ids["party"]


def test_event_ids_are_unique_and_times_lie_in_their_day(bank: str, repaired: Rows) -> None:
    for feed, moment in (("entry", 3), ("event", 1), ("touch", 4)):
        rows = repaired(bank, feed)
        assert len({row[0] for _, row in rows}) == len(rows)
        for day, row in rows:
            assert datetime.strptime(row[moment], "%Y%m%d%H%M%S").date() == day  # noqa: DTZ007


def test_snapshots_are_whole_at_first_and_then_only_changes(
    bank: str, repaired: Rows, unload_config: ProvinceConfig
) -> None:
    for feed in ("party", "account", "card", "loan", "balance"):
        known: dict[str, list[str]] = {}
        for day, row in repaired(bank, feed):
            if day > unload_config.start and feed != "balance":
                assert known.get(row[0]) != row, "an unchanged row came again"
            known[row[0]] = row


def test_payments_within_the_bank_have_two_sides(
    bank: str, entries: list[Row], repaired: Rows
) -> None:
    own = {row[1]: row[0] for _, row in repaired(bank, "account")}
    number = {account: text for text, account in own.items()}
    inside = Counter(
        (row[3], row[5], row[4], row[1], own[row[9]])
        for _, row in entries
        if row[9] in own and row[8] != "01"  # an employer books one sum for all salaries
    )
    assert inside
    for (at, amount, side, account, other), count in inside.items():
        turned = "D" if side == "C" else "C"
        assert inside[at, amount, turned, other, account] == count, number[account]


def test_payment_events_have_their_entry(bank: str, entries: list[Row], repaired: Rows) -> None:
    booked = Counter((row[1], row[3], row[5]) for _, row in entries if row[4] == "D")
    for _, row in repaired(bank, "event"):
        if row[3] in ("07", "08", "09") and row[15] == "1":
            assert booked[row[5], row[1], row[7]] > 0, row


def test_identities_check_and_belong_to_nobody(bank: str, repaired: Rows) -> None:
    lengths: Counter[int] = Counter()
    for _, row in repaired(bank, "party"):
        kind, number, phone = row[1], row[4], row[7]
        lengths[len(number)] += 1
        assert phone.startswith("154")
        if kind != "1":
            assert identity.valid_credit_code(number)
            assert number[2:4] == "99"
        elif len(number) == 18:
            assert identity.valid_id_card(number)
            assert number[:2] == "99"
            assert number[6:14] == row[6]
    assert lengths[18] > 10 * (lengths[15] + lengths[0])
    for _, row in repaired(bank, "card"):
        assert row[1].startswith("00")
        assert identity.valid_luhn(row[1])


def test_planted_flaws_are_where_the_truth_says(
    truth_rows: Truth, file_of: FileOf, unload: Summary
) -> None:
    rows = truth_rows("bad_row")
    assert len(rows) == unload.bad_rows
    assert 0.001 < len(rows) / unload.all_rows < 0.005
    assert len({row["flaw"] for row in rows}) == 6
    assert len({row["feed"] for row in rows}) >= 4
    for row in rows:
        path = file_of(row["bank"], row["feed"], row["business_date"])
        written = path.read_bytes().split(b"\n")[row["line"] - 1]
        assert written == row["written"]
        assert written != row["original"].encode("gb18030")
        match row["flaw"]:
            case "broken_encoding":
                assert BROKEN in written
            case "wrong_code":
                assert BAD_CODE in written
            case "extra_field":
                assert written.count(b"|@|") == row["original"].count("|@|") + 1


def test_rare_characters_survive_the_encoding(repaired: Rows) -> None:
    names = "".join(row[2] for bank in BANKS for _, row in repaired(bank, "party"))
    four_bytes = [char for char in names if len(char.encode("gb18030")) == 4]
    assert four_bytes


def test_loans_move_as_their_repayments_say(
    bank: str, repaired: Rows, unload_config: ProvinceConfig
) -> None:
    paid: dict[str, int] = defaultdict(int)
    for _, row in repaired(bank, "repayment"):
        paid[row[1]] += fen(row[6])
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    written_off = set()
    for _, row in repaired(bank, "loan"):
        first.setdefault(row[0], fen(row[5]))
        last[row[0]] = fen(row[5])
        if row[19] == "3":
            written_off.add(row[0])
    opening_day = {
        row[1]: fen(row[6])
        for day, row in repaired(bank, "repayment")
        if day == unload_config.start
    }
    for loan, balance in last.items():
        if loan not in written_off:
            assert balance == first[loan] - (paid[loan] - opening_day.get(loan, 0))


def test_classes_follow_days_past_due(bank: str, repaired: Rows) -> None:
    for _, row in repaired(bank, "loan"):
        days = int(row[16])
        edges = [(0, "1"), (90, "2"), (270, "3"), (360, "4"), (10**6, "5")]
        assert row[15] == next(code for limit, code in edges if days <= limit)


def test_nobody_who_opted_out_is_contacted(bank: str, repaired: Rows) -> None:
    opted: dict[str, date] = {}
    for day, row in repaired(bank, "party"):
        if row[19] == "Y":
            opted.setdefault(row[0], day)
    touches = repaired(bank, "touch")
    assert touches
    for day, row in touches:
        assert day < opted.get(row[1], day + timedelta(days=1))
