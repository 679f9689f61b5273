"""Policies: ordered rules, tables and typologies that together decide, and why.

`model` is a policy as written, `reading` brings it in from YAML, `building` checks it into
`compiled`, which decides rows and batches, `explain` says which conditions held and what would have
been milder, `scenarios` tests a policy by examples, `lifecycle` is who may move it from draft to
live.
"""

from titian.decide.policies.building import PolicyError, compile_policy
from titian.decide.policies.compiled import CompiledPolicy, Decided, Reason
from titian.decide.policies.explain import Because, Change, Explanation, Held, explain
from titian.decide.policies.lifecycle import State, Version, draft, move
from titian.decide.policies.model import Policy, content_hash
from titian.decide.policies.reading import read_policy
from titian.decide.policies.scenarios import Report, run

__all__ = [
    "Because",
    "Change",
    "CompiledPolicy",
    "Decided",
    "Explanation",
    "Held",
    "Policy",
    "PolicyError",
    "Reason",
    "Report",
    "State",
    "Version",
    "compile_policy",
    "content_hash",
    "draft",
    "explain",
    "move",
    "read_policy",
    "run",
]
