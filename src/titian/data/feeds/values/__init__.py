"""Texts into typed values, a whole column at a time; a value that will not go is marked."""

from titian.data.feeds.values.decode import decode
from titian.data.feeds.values.parsed import Parsed

__all__ = ["Parsed", "decode"]
