"""The ground every room stands on.

Settings, who may do what (`scope`), what was done (`audit`), how things fail (`errors`), money,
time, ids and the operational database (`db`). It imports nothing of Titian above itself, knows
no table but its own, and never touches the lake.
"""
