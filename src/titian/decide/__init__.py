"""One language for every rule of a bank, and the models that stand beside rules.

A *condition* is a SQL boolean expression over declared, typed fields
(`overdue_days > 30 AND product IN ('consumer', 'micro_e')`). It is parsed and typed once into a
small tree, from which every target is compiled. This room knows no feed, no bank and no page;
whoever states a rule brings the fields.

Where things are
    conditions/   text -> typed tree -> DuckDB SQL, numpy, Python and words
    tables/       decision tables: cells, hit policies, gaps and overlaps, Excel
    policies/     rules, tables and typologies to outcomes and reasons; life cycle, scenarios
    outline/      a condition as groups and rows that people build, to text and back
"""

from titian.decide.conditions.columns import DTYPES, Column, Columns, column
from titian.decide.conditions.condition import Condition, parse
from titian.decide.conditions.fields import Field, Kind, Schema, Type
from titian.decide.conditions.problems import ConditionError, Problem
from titian.kernel.labels import Label

__all__ = [
    "DTYPES",
    "Column",
    "Columns",
    "Condition",
    "ConditionError",
    "Field",
    "Kind",
    "Label",
    "Problem",
    "Schema",
    "Type",
    "column",
    "parse",
]
