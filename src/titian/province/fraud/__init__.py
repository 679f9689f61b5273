"""fraud: campaigns of the nine scenarios planted among honest events, with their hidden truth.

One file per scenario plants its frauds and the innocents that look like them. `inject` puts
everything into a bank: channel events, the ledger entries that follow from them, and a truth
table that says who, when, how, how much and when it was reported.
"""

from titian.province.fraud.inject import inject
from titian.province.fraud.model import Reporter, Role, Scenario

__all__ = ["Reporter", "Role", "Scenario", "inject"]
