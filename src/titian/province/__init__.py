"""province: the synthetic province that the demonstration and most tests run on.

What it is for: an invented union of rural banks, deterministic from a seed, written as the nightly
files a core banking system drops (GB18030, `|@|`, control files, a few bad rows), with the hidden
truth kept apart so that tests can score what the platform finds.

What it may touch: the kernel (errors, progress), and the folder it is told to write to. It imports
nothing above `data/` and nothing of it is ever imported by `data/`.

What it never does: describe a real person, firm or place. Counties are invented; identity numbers
use area codes 99xxxx, which no authority issues; phones use the 154 block, which the Chinese
numbering plan has not assigned; card numbers start with 00, which no card scheme uses; network
addresses come from the carrier-grade block 100.64.0.0/10, which is never routed in public.
"""

from titian.province.model import ProvinceConfig

__all__ = ["ProvinceConfig"]
