"""One language for every rule of a bank.

A *condition* is a SQL boolean expression over declared, typed fields
(`overdue_days > 30 AND product IN ('consumer', 'micro_e')`). It is parsed and typed once into a
small tree (`tree`), from which every target is compiled: DuckDB SQL for sets (`sql`), words for
people (`words`). This room knows no table and no bank; whoever states a rule brings the fields.
It imports the kernel only, opens no file and no database.
"""

from titian.decide.condition import Condition, parse
from titian.decide.fields import Field, Kind, Label, Schema, Type
from titian.decide.problems import ConditionError, Problem

__all__ = [
    "Condition",
    "ConditionError",
    "Field",
    "Kind",
    "Label",
    "Problem",
    "Schema",
    "Type",
    "parse",
]
