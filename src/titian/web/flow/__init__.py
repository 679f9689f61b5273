"""Pictures of what feeds what, drawn on the server: boxes in columns, lines between them.

`draw` lays out (`layering`, `ordering`, `placing`, `routing`: pure functions, no I/O); `around`
and `folded` make a large picture small first. The template is `flow.html`, the script `flow.js`.
"""

from titian.web.flow.drawing import Box, Line, Picture, Placed, draw
from titian.web.flow.shrinking import Group, around, folded

__all__ = ["Box", "Group", "Line", "Picture", "Placed", "around", "draw", "folded"]
