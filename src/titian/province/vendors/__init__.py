"""vendors: what ten outside record keepers hold about the same true persons and firms.

They disagree with the banks and with each other the way real ones do: characters mistaken for
others, old addresses, telephones given up long ago, missing, old or mistyped numbers.
"""

from titian.province.vendors.build import build_vendors, write_vendors
from titian.province.vendors.model import DISAGREEMENTS, Disagreement, Source, Vendors

__all__ = ["DISAGREEMENTS", "Disagreement", "Source", "Vendors", "build_vendors", "write_vendors"]
