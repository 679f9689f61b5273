"""Tree models as flat arrays: taught by LightGBM or scikit-learn, scored without either.

`flatten` is imported from its own module, so that what only scores needs no learner.
"""

from titian.decide.trees.contributions import Contributions, contributions
from titian.decide.trees.keeping import content_hash, from_bytes, to_bytes
from titian.decide.trees.model import Forest, Link
from titian.decide.trees.score import raw_score, score, score_one

__all__ = [
    "Contributions",
    "Forest",
    "Link",
    "content_hash",
    "contributions",
    "from_bytes",
    "raw_score",
    "score",
    "score_one",
    "to_bytes",
]
