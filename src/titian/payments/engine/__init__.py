"""The path of one event: in at the door, through windows, model and policy, to disk, and answered.

`intake` refuses what is no event, `interning` makes keys numbers, `features` gives the windows
their input, `state` holds everything that must survive a crash, `path` runs a micro-batch through
all of it, `policy` and `scoring` say what a judge must offer, `queue` bounds what may wait.
"""

from titian.payments.engine.decision import Decision, Refusal
from titian.payments.engine.path import Engine
from titian.payments.engine.setup import Setup

__all__ = ["Decision", "Engine", "Refusal", "Setup"]
