"""All tags of a bank as one SELECT over the profile: every condition in a single scan."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp

from titian.data.tags.catalogue import Catalogue
from titian.data.tags.fields import PROFILE
from titian.data.tags.model import Card, Refresh, Subject, Tag, TagValue
from titian.decide import Condition
from titian.decide.conditions.sql import quoted
from titian.lake.schema import BUSINESS_DATE

DENSE_ID = "dense_id"
DATES = "dates"
_SCORE = "score of {}"
NO_VALUE = 0


@lru_cache(maxsize=256)
def scan(catalogue: Catalogue, refresh: Refresh) -> tuple[tuple[Tag, ...], str]:
    """Give the tags of one pace of refresh, and the SELECT that works all of them out.

    Its columns are date, `dense_id` and, per tag, the place of its value (0 for none); its rows
    are the active parties of `$dates`, by date and dense id.
    """
    tags = tuple(tag for tag in catalogue.tags.values() if tag.refresh is refresh)
    return tags, _scan(tags)


def _scan(tags: Sequence[Tag]) -> str:
    scores = [
        exp.alias_(_score(tag.card), _SCORE.format(tag.code), quoted=True)
        for tag in tags
        if tag.card is not None
    ]
    inner = exp.select(exp.Star(), *scores).from_(_profile()).where(_active(_among_dates()))
    columns = [exp.alias_(_value_number(tag), tag.code, quoted=True) for tag in tags]
    place = (quoted(BUSINESS_DATE), quoted(DENSE_ID))
    outer = exp.select(*place, *columns).from_(inner.subquery("party"))
    return outer.order_by(*(part.copy() for part in place)).sql("duckdb")


def members(condition: Condition) -> str:
    """Give the SELECT of the dense ids for which a condition holds on `$business_date`."""
    day = quoted(BUSINESS_DATE).eq(exp.Placeholder(this=BUSINESS_DATE))
    query = exp.select(quoted(DENSE_ID)).from_(_profile())
    return query.where(_active(day), condition.expression()).sql("duckdb")


# One row per date: active parties by subject, and those that live in households.
ELIGIBLE = """
    SELECT
        business_date,
        count(*) AS party,
        count(*) FILTER (WHERE party_type = 'person') AS person,
        count(*) FILTER (WHERE party_type <> 'person') AS enterprise,
        count(household_id) AS household
    FROM mart.party_profile
    WHERE status = 'active' AND business_date IN (SELECT unnest($dates))
    GROUP BY business_date"""

# All active parties: who refuses marketing, and who stands for the household in counts.
EVERYBODY = """
    SELECT
        business_date,
        dense_id,
        CAST(opt_out AS UTINYINT) AS opt_out,
        CAST(household_id IS NOT NULL AND dense_id = min(dense_id) OVER (
            PARTITION BY business_date, household_id) AS UTINYINT) AS stands_for_household
    FROM mart.party_profile
    WHERE status = 'active' AND business_date IN (SELECT unnest($dates))
    ORDER BY business_date, dense_id"""


def _among_dates() -> exp.Expr:
    days = exp.select(exp.Unnest(expressions=[exp.Placeholder(this=DATES)]))
    return exp.In(this=quoted(BUSINESS_DATE), query=days.subquery())


def _active(days: exp.Expr) -> exp.Expr:
    return exp.and_(days, quoted("status").eq(exp.Literal.string("active")))


def _profile() -> exp.Table:
    layer, _, name = PROFILE.partition(".")
    return exp.table_(name, db=layer, quoted=True)


def _value_number(tag: Tag) -> exp.Expr:
    case = exp.Case()
    applies = _applies(tag.subject)
    if applies is not None:
        case = case.when(exp.not_(exp.paren(applies)), exp.Literal.number(NO_VALUE), copy=False)
    for number, value in enumerate(tag.values, 1):
        case = case.when(_holds(tag, value), exp.Literal.number(number), copy=False)
    return exp.cast(case.else_(exp.Literal.number(NO_VALUE)), "UTINYINT", dialect="duckdb")


def _holds(tag: Tag, value: TagValue) -> exp.Expr:
    if value.condition is not None:
        return value.condition.expression()
    assert value.at_least is not None, "a value has a condition or a cut"
    cut = exp.convert(value.at_least)
    return exp.GTE(this=quoted(_SCORE.format(tag.code)), expression=exp.paren(cut))


def _score(card: Card) -> exp.Expr:
    total: exp.Expr = exp.paren(exp.convert(card.base))
    for line in card.points:
        given = exp.Case().when(line.condition.expression(), exp.paren(exp.convert(line.points)))
        total = exp.Add(this=total, expression=given.else_(exp.Literal.number(0)))
    return total


def _applies(subject: Subject) -> exp.Expr | None:
    if subject is Subject.HOUSEHOLD:
        return exp.not_(quoted("household_id").is_(exp.null()))
    if subject is Subject.PARTY:
        return None
    person = quoted("party_type").eq(exp.Literal.string("person"))
    return person if subject is Subject.PERSON else exp.not_(person)
