"""The loader against the hidden truth of the synthetic province: it finds exactly the bad rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from titian.data.feeds import service
from titian.data.feeds.load import Fate
from titian.data.feeds.quarantine import Filter, quarantine
from titian.kernel import banks
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.province import ProvinceConfig, generate
