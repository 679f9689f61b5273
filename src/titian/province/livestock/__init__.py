"""livestock: the province's farms, as the bank sees them and as they truly are.

Animals grow along hidden curves, batches suffer shocks, animals die, are stolen and are sold;
sensors fail; officers look; markets quote. Every file made here is synthetic.
"""

from titian.province.livestock.build import Stock, build_stock
from titian.province.livestock.model import Calendar, Owners, Rates, Species
from titian.province.livestock.owners import owners_of
from titian.province.livestock.prices import build_prices, price_table, quote_table
from titian.province.livestock.write import write_livestock

__all__ = [
    "Calendar",
    "Owners",
    "Rates",
    "Species",
    "Stock",
    "build_prices",
    "build_stock",
    "owners_of",
    "price_table",
    "quote_table",
    "write_livestock",
]
