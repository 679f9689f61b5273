"""Checks: what must hold of a table before anybody may read it.

Rules are stated in a job's header, compiled into the statement that makes the rows (`compile`),
judged before the lake commits (`evaluate`), and kept with a score (`results`). An error keeps the
rows unpublished and holds everything downstream; a warning is shown.

It may use `kernel`, `lake` and `data.strict`. It never changes a table.
"""
