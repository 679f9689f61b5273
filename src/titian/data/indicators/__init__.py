"""Indicators: one name, one algorithm, one owner (OneData: atomic x modifier x period = derived).

Definitions are YAML (`reading`, `linking`, `loading`). A plan groups them by source and grain
(`plan`, `keys`); one query per grain makes the smallest cube (`cubesql`). Two matrix products read
every additive figure from it (`cubes`), bit sets count distinct items (`distinct`), weighted order
gives percentiles (`ranked`). `jobs` runs that every night into `mart.indicator`; `browse` answers
pages and people at a bank, `province` at the union. This room uses `lake`, `decide` and the jobs'
declarations, and writes no table but through its jobs.
"""

from titian.data.indicators.browse import (
    Complete,
    Definition,
    Drill,
    Entry,
    OrgPoint,
    Point,
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
from titian.data.indicators.coverage import Coverage, coverage
from titian.data.indicators.loading import validate
from titian.data.indicators.model import Subject, Unit

__all__ = [
    "Complete",
    "Coverage",
    "Definition",
    "Drill",
    "Entry",
    "OrgPoint",
    "Point",
    "Subject",
    "Unit",
    "by_org",
    "catalogue",
    "compare",
    "completeness",
    "coverage",
    "dates",
    "definition",
    "drill",
    "head",
    "lineage",
    "series",
    "validate",
]
