"""The example in the guide is a policy that passes its own scenarios."""

from __future__ import annotations

import re
from pathlib import Path

from titian.decide import Schema
from titian.decide.policies import compile_policy, read_policy, run

GUIDE = Path(__file__).parents[3] / "docs" / "decisions.md"


def test_the_example_is_right(schema: Schema) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    report = run(compile_policy(read_policy(example, GUIDE.name), schema))
    assert report.failures == ()
    assert report.passed
