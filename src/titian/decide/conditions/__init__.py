"""Conditions: SQL boolean expressions over declared fields, typed once, compiled to each target.

`parse` reads the text, `check` types it into the small tree of `tree`, `messages` and `hints` word
what is wrong. Targets: `sql` (DuckDB, for sets) and `words` (for people).
"""
