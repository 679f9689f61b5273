"""Reading feed contracts: ODCS v3 YAML in, `Contract` out, every mistake with its file and line."""

from titian.data.feeds.contracts.document import MAX_BYTES, parse, read, read_all

__all__ = ["MAX_BYTES", "parse", "read", "read_all"]
