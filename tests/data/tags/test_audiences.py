from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from titian.data.tags import audiences, catalogue, saved, store
from titian.data.tags.guard import allowed_plan
from titian.decide import ConditionError
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake.session import open_session

LAST = date(2026, 3, 31)
BEFORE = LAST - timedelta(1)


def analyst(bank: Scope, clearance: int = 3, role: Role = Role.ANALYST) -> Scope:
    return Scope(UserId("ann"), bank.bank, frozenset({role}), clearance)


def test_it_works(sample_bank: Scope) -> None:
    found = audiences.count(analyst(sample_bank), "borrower AND sex = 'male' AND NOT opt_out")
    assert 0 < found.members < found.population
    assert found.opted_out == 0
    assert found.reachable == found.members
    assert found.business_date == LAST


def _truth(scope: Scope, expression: str) -> set[int]:
    """Work an expression out row by row in DuckDB, with every tag as a column of the profile."""
    known = catalogue.load(scope)
    condition = allowed_plan(scope, expression).condition
    held = store.day_tags(scope, LAST)
    with open_session(scope) as session:
        ids = session.sql(
            "SELECT dense_id FROM mart.party_profile "
            f"WHERE status = 'active' AND business_date = DATE '{LAST}'"
        ).column(0)
        tags = {name: known.tags[name] for name in condition.fields if name in known.tags}
        columns = []
        for name, tag in tags.items():
            if tag.is_plain:
                members = list(held.wearing(name, "yes"))
                columns.append(f'dense_id IN (SELECT unnest({members}::INT[])) AS "{name}"')
                continue
            cases = " ".join(
                f"WHEN dense_id IN (SELECT unnest({list(held.wearing(name, v.code))}::INT[])) "
                f"THEN '{v.code}'"
                for v in tag.values
            )
            columns.append(f'CASE {cases} END AS "{name}"')
        sql = (
            f"SELECT dense_id FROM (SELECT {', '.join(['*', *columns])} FROM mart.party_profile "
            f"WHERE status = 'active' AND business_date = DATE '{LAST}') WHERE {condition.sql()}"
        )
        assert len(ids) > 0
        return set(session.sql(sql).column(0).to_pylist())


leaves = st.sampled_from(
    [
        "borrower", "time_depositor", "NOT mobile_active", "sex = 'male'", "sex <> 'male'",
        "sex IS NULL", "sex IS NOT NULL", "stage IN ('new', 'mature')", "borrower = FALSE",
        "stage NOT IN ('silent')", "loan_class = 'doubtful'", "age_years > 40", "opt_out",
        "loan_due_days < 100", "deposit_fen >= wan(10)", "aum_90d_ago_fen IS NULL",
        "age_group IS DISTINCT FROM 'from_60'", "borrower IS NOT TRUE", "industry = 'pig'",
        "household_customers >= 2", "NOT (age_years > 40)", "borrower <> TRUE",
    ]
)  # fmt: skip
expressions = st.recursive(
    leaves,
    lambda inner: (
        st.builds(lambda op, a, b: f"({a} {op} {b})", st.sampled_from(["AND", "OR"]), inner, inner)
        | st.builds(lambda a: f"NOT ({a})", inner)
    ),
    max_leaves=7,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(expression=expressions)
def test_bitmaps_agree_with_sql_for_every_expression(sample_bank: Scope, expression: str) -> None:
    members = audiences.members_of(sample_bank, expression, LAST, marketing=False)
    assert set(members) == _truth(sample_bank, expression), expression


def test_marketing_never_reaches_those_who_refuse(sample_bank: Scope) -> None:
    found = audiences.count(sample_bank, "opt_out OR borrower")
    reached = audiences.members_of(sample_bank, "opt_out OR borrower", None, marketing=True)
    assert found.opted_out > 0
    assert len(reached) == found.reachable
    assert reached.isdisjoint(store.day_tags(sample_bank).opted_out)


def test_closed_parties_are_in_no_audience(sample_bank: Scope) -> None:
    everyone = audiences.count(sample_bank, "borrower OR NOT borrower")
    assert everyone.members == everyone.population == 234
    assert audiences.count(sample_bank, "status = 'closed'").members == 0


def test_overlap_is_symmetric_and_sized(sample_bank: Scope) -> None:
    found = audiences.overlap(sample_bank, ["borrower", "sex = 'male'", "NOT borrower"])
    assert found.both[0][1] == found.both[1][0]
    assert found.both[0][2] == 0
    assert found.jaccard(0, 0) == 1.0
    assert found.both[0][0] + found.both[2][2] == 234


def test_overlap_is_limited(sample_bank: Scope) -> None:
    with pytest.raises(LimitExceeded):
        audiences.overlap(sample_bank, ["borrower"] * 13)


def test_profile_finds_what_sets_an_audience_apart(sample_bank: Scope) -> None:
    lifts = audiences.profile(sample_bank, "sex = 'male'")
    first = {(one.tag, one.value): one for one in lifts[:3]}
    assert ("sex", "male") in first
    male = first["sex", "male"]
    assert male.share == 1.0
    assert male.lift == pytest.approx(1 / male.population_share)
    females = next(one for one in lifts if (one.tag, one.value) == ("sex", "female"))
    assert (females.members, females.lift) == (0, 0.0)
    assert females.z < 0


def test_a_profile_of_everyone_or_nobody_is_flat_or_empty(sample_bank: Scope) -> None:
    everyone = audiences.profile(sample_bank, "borrower OR NOT borrower")
    assert all(one.lift == pytest.approx(1) for one in everyone)
    assert audiences.profile(sample_bank, "age_years > 200") == []


def test_movement_balances(sample_bank: Scope) -> None:
    moved = audiences.movement(sample_bank, "aum_fen > 9100000", LAST - timedelta(90), LAST)
    assert moved.after == moved.before + moved.entered - moved.gone
    assert moved.entered > 0
    assert moved.stayed == moved.before - moved.gone


def test_trend_has_every_date(sample_bank: Scope) -> None:
    found = audiences.trend(sample_bank, "aum_fen > 9100000")
    assert [day for day, _ in found] == store.dates(sample_bank)
    assert found[-1][1] == audiences.count(sample_bank, "aum_fen > 9100000").members


def test_inspect_explains_right_and_wrong(sample_bank: Scope) -> None:
    right = audiences.inspect(sample_bank, "borrower AND stage = '成熟期'")
    assert right.right
    assert right.meaning is not None
    assert right.meaning.zh == "在贷客户 且 客户阶段 等于 成熟期"
    assert right.names == {"borrower", "stage"}
    wrong = audiences.inspect(sample_bank, "borower AND stage = 'x'")
    assert [p.code for p in wrong.problems] == ["unknown_field", "bad_value"]
    odd = audiences.inspect(sample_bank, "stage LIKE 'm%'")
    assert not odd.right
    assert "Compare a tag" in odd.message


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("", ConditionError),
        ("borrower; DROP TABLE x", ConditionError),
        ("count(*) > 1", ConditionError),
        ("stage > 'a'", InvalidInput),
        ("stage = lower('NEW')", InvalidInput),
        ("stage = occupation", InvalidInput),
        ("coalesce(borrower, FALSE)", InvalidInput),
        ("borrower IN (TRUE, FALSE)", InvalidInput),
    ],
)
def test_bad_expressions_are_refused(
    sample_bank: Scope, expression: str, error: type[InvalidInput]
) -> None:
    with pytest.raises(error) as caught:
        audiences.count(sample_bank, expression)
    assert caught.value.remedy


def test_what_is_above_the_clearance_is_out_of_reach(sample_bank: Scope) -> None:
    person = analyst(sample_bank, clearance=2)
    audiences.count(person, "borrower")
    for hidden in ("overdue_days > 0", "defaulted", "borrower OR NOT deposit_fen > 3"):
        with pytest.raises(Denied, match="above your clearance"):
            audiences.count(person, hidden)
        assert not audiences.inspect(person, hidden).right
    names = {field.name for field in audiences.words(person)}
    assert "borrower" in names
    assert not {"overdue_days", "defaulted"} & names


def test_permission_and_bank_are_needed(sample_bank: Scope, baishui: Scope) -> None:
    for role in (Role.CLERK, Role.PARTNER_DEVELOPER):
        with pytest.raises(Denied):
            audiences.count(analyst(sample_bank, role=role), "borrower")
        with pytest.raises(Denied):
            audiences.inspect(analyst(sample_bank, role=role), "borrower")
    with pytest.raises(Denied, match="one bank"):
        audiences.count(Scope(UserId("u"), None, frozenset({Role.UNION_ADMIN}), 3), "borrower")
    with pytest.raises(NotFound):
        audiences.count(baishui, "borrower")


def test_dates_without_tags_are_named(sample_bank: Scope) -> None:
    with pytest.raises(NotFound, match="no tags were worked out for 2026-03-15"):
        audiences.count(sample_bank, "borrower", date(2026, 3, 15))


def test_parts_are_counted_like_the_whole(sample_bank: Scope) -> None:
    person = analyst(sample_bank)
    texts = ["borrower", "sex = 'male'", "borrower AND NOT sex = 'male'", "borrower OR opt_out"]
    counted = audiences.tally(person, texts)
    assert counted == tuple(audiences.count(person, text).members for text in texts)
    wrong = audiences.tally(person, ["borower", "stage > 'a'", "", "borrower"])
    assert wrong == (None, None, None, counted[0])


def test_what_is_out_of_reach_is_not_counted(sample_bank: Scope) -> None:
    assert audiences.tally(analyst(sample_bank, clearance=2), ["defaulted", "borrower"])[0] is None
    assert audiences.wearers(analyst(sample_bank, clearance=2), ["defaulted"]) == {}
    with pytest.raises(LimitExceeded):
        audiences.tally(sample_bank, ["borrower"] * 401)


def test_wearers_are_counted_by_value(sample_bank: Scope) -> None:
    found = audiences.wearers(analyst(sample_bank), ["sex", "borrower", "nosuch"])
    assert found["sex", "male"] == audiences.count(sample_bank, "sex = 'male'").members
    assert set(found) == {("sex", "male"), ("sex", "female"), ("borrower", "yes")}


def test_a_name_keeps_no_number_of_a_person(sample_bank: Scope) -> None:
    with pytest.raises(InvalidInput, match="may be a person's"):
        saved.save(analyst(sample_bank), "客户 13812345678", "has_loan")
    assert saved.find(analyst(sample_bank)) == []
