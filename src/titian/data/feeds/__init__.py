"""Feeds: what a bank delivers every night, read against a contract.

A contract (ODCS v3 YAML) says how a delivery is written and what must hold of every value. Good
rows enter the table `raw.<feed>` of the bank, replacing the business date as a whole; every bad
row waits in quarantine with its line, column, reason and raw text, until somebody mends it. A
delivery that disagrees with its control file, or is bad as a whole, changes nothing.

It may use `kernel`, `lake` and its neighbours `definitions` and `strict`. It never looks into
another bank, never guesses what a file means, and never writes anything but `raw`.
"""

from titian.data.feeds.contracts import parse, read, read_all
from titian.data.feeds.model import Contract
from titian.data.feeds.registry import contract, contracts, validate

__all__ = ["Contract", "contract", "contracts", "parse", "read", "read_all", "validate"]
