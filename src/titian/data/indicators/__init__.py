"""Indicators: one name, one algorithm, one owner (OneData: atomic x modifier x period = derived).

Definitions are YAML (`reading`, `linking`, `loading`); a plan groups them by source and grain
(`plan`, `keys`), one query per grain makes the smallest cube (`cubesql`), two matrix products read
every additive figure from it (`cubes`) and bit sets or weighted order the others (`exact`); `jobs`
runs that every night into `mart.indicator`, and `browse` answers pages and people. This room may
use `lake`, `decide` and the jobs' declarations; it writes no table but through its jobs.
"""

from titian.data.indicators.browse import (
    Complete,
    Definition,
    Drill,
    Entry,
    OrgPoint,
    Point,
    by_bank,
    by_org,
    catalogue,
    compare,
    completeness,
    dates,
    definition,
    drill,
    head,
    lineage,
    series,
)
from titian.data.indicators.loading import validate
from titian.data.indicators.model import Subject, Unit

__all__ = [
    "Complete",
    "Definition",
    "Drill",
    "Entry",
    "OrgPoint",
    "Point",
    "Subject",
    "Unit",
    "by_bank",
    "by_org",
    "catalogue",
    "compare",
    "completeness",
    "dates",
    "definition",
    "drill",
    "head",
    "lineage",
    "series",
    "validate",
]
