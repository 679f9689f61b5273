"""How deliveries of a feed differ from its contract: reported, never acted upon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

import sqlalchemy as sa

from titian.data.feeds.arrivals import require_viewer
from titian.data.feeds.sources.batch import DriftKind
from titian.data.feeds.tables import feed_drift
from titian.kernel import db
from titian.kernel.scope import Scope

MAX_LISTED = 1_000
_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Difference:
    """One way of differing: from when to when, in how many deliveries, how many rows (0: all)."""

    feed: str
    kind: DriftKind
    column: str
    detail: str
    first_date: date
    last_date: date
    deliveries: int
    rows: int
    last_seen: datetime

    def say(self, locale: str, names: Mapping[str, str] = _NOBODY) -> str:
        """Say it in a language; `names` say what columns are called."""
        zh, en = _WORDS[self.kind]
        text = zh if locale == "zh" else en
        return text.format(column=names.get(self.column, self.column), detail=self.detail)


_WORDS = {
    DriftKind.MISSING: ("缺少列 {column}", "the column {column} is missing"),
    DriftKind.EXTRA: ("多出列 {column}（未装载）", "there is a column more, {column} (not loaded)"),
    DriftKind.REORDERED: ("列的顺序变了：{detail}", "the columns stand in another order: {detail}"),
    DriftKind.RENAMED: (
        "列 {column} 的表头写作 {detail}",
        "the heading of {column} is written {detail}",
    ),
    DriftKind.TRAILING_DELIMITER: ("行末多一个分隔符", "lines end with one delimiter more"),
    DriftKind.NEW_CODE: (
        "{column} 出现代码表以外的代码 {detail}",
        "{column} has the code {detail}, which is not listed",
    ),
    DriftKind.TYPE: ("{column} 的类型变了：{detail}", "{column} is of another type: {detail}"),
    DriftKind.LENGTH: (
        "{column} 长度达到 {detail}，超过契约",
        "{column} is up to {detail} characters long, over the contract",
    ),
}


def drift(scope: Scope, feed: str | None = None) -> list[Difference]:
    """List the differences of one feed, or of all, newest first. Needs LOAD_FEEDS or VIEW_JOBS."""
    require_viewer(scope)
    table = feed_drift.c
    query = sa.select(feed_drift).where(table.bank == scope.bank_id)
    if feed is not None:
        query = query.where(table.feed == feed)
    query = query.order_by(table.last_seen.desc(), table.feed, table.column_name, table.detail)
    with db.read() as connection:
        found = connection.execute(query.limit(MAX_LISTED)).all()
    return [
        Difference(
            row.feed,
            DriftKind(row.kind),
            row.column_name,
            row.detail,
            row.first_date,
            row.last_date,
            row.deliveries,
            row.rows,
            row.last_seen,
        )
        for row in found
    ]
