"""Tags, and audiences made of them.

A tag is a named truth about a party (a fact, a rule, or a points model), defined in YAML or by a
business user with four eyes. Every night all tags of a bank are worked out in one scan of
`mart.party_profile` and kept as Roaring bitmaps over the bank's dense ids (`mart.tag`). An
audience is a condition over tags and profile fields, answered from the bitmaps.

It reads the mart and writes `mart.tag` and `mart.audience` through jobs; it never opens a raw
table. Definitions: `catalogue`; the night: `jobs`; reading: `store`; audiences: `audiences`.
"""

from titian.data.tags.catalogue import validate

__all__ = ["validate"]
