"""A condition as people build it: groups of rows, to text and back without loss.

`model` holds groups (all of, any of, none of), rows (field, operator, values) and free texts;
`reading` makes them of a condition's text, `writing` makes the text and says where each part of it
stands, `checking` says what is wrong with each. What no row can say stays as a text; nothing is
dropped and nothing is guessed.
"""

from titian.decide.outline.checking import Checked, checked
from titian.decide.outline.model import (
    OPERATORS,
    Group,
    Join,
    Op,
    Part,
    Path,
    Row,
    Text,
    operators,
    values_needed,
)
from titian.decide.outline.reading import outline
from titian.decide.outline.writing import Written, write

__all__ = [
    "OPERATORS",
    "Checked",
    "Group",
    "Join",
    "Op",
    "Part",
    "Path",
    "Row",
    "Text",
    "Written",
    "checked",
    "operators",
    "outline",
    "values_needed",
    "write",
]
