"""Parties: finding a customer, and all that the bank knows of one (customer 360).

Every look is by a scope: one bank, masked by class and clearance, and audited. It reads the core
and mart tables and the tags' bitmaps; it writes nothing but the audit log.
"""

from titian.data.parties.customer import customer, looks, unmasked_customer
from titian.data.parties.model import Customer, Hit, MatchedBy
from titian.data.parties.search import search

__all__ = ["Customer", "Hit", "MatchedBy", "customer", "looks", "search", "unmasked_customer"]
