"""Parties: finding a customer, and all that the bank knows of one (customer 360).

Every look is by a scope: one bank, masked by class and clearance, and audited. It reads the core
and mart tables and the tags' bitmaps; it writes the audit log, who sees whom in the clear until
when, and how often somebody searched.
"""

from titian.data.parties.customer import customer, unmasked_customer
from titian.data.parties.lookers import every_look, looks
from titian.data.parties.model import Asked, Cursor, Customer, Hit, MatchedBy, Part
from titian.data.parties.search import search

__all__ = [
    "Asked",
    "Cursor",
    "Customer",
    "Hit",
    "MatchedBy",
    "Part",
    "customer",
    "every_look",
    "looks",
    "search",
    "unmasked_customer",
]
