"""One small policy with a rule, a table and a typology, and its schema."""

from __future__ import annotations

import pytest

from titian.decide import Field, Label, Schema, Type
from titian.decide.policies import CompiledPolicy, Policy, compile_policy, read_policy

TEXT = """
policy: card_fraud
label: {zh: 卡欺诈, en: Card fraud}
author: ann
effective: {from: 2026-04-01, until: 2026-12-31}
outcomes: [pass, warn, hold, block]
actionable: [amount_fen, channel, pin_set]
steps:
  - kind: rule
    name: large_to_new_payee
    when: amount_fen >= wan(5) AND payee_first_seen
    outcome: hold
    reason: {zh: 大额转给新收款人, en: A large amount to a new payee}
  - kind: table
    name: night
    label: {zh: 夜间, en: Night}
    hit: first
    inputs:
      - {expression: local_hour}
      - {expression: amount_fen, label: {zh: 金额, en: Amount}}
    outputs:
      - {name: outcome, ranks: [pass, warn, block]}
    rows:
      - {cells: [BETWEEN 0 AND 5, '>= wan(20)'], outputs: [block]}
      - cells: [BETWEEN 0 AND 5, '>= wan(2)']
        outputs: [warn]
        reason: {zh: 夜间转账, en: A transfer at night}
  - kind: typology
    name: takeover
    reason: {zh: 账户被盗用, en: Account takeover}
    investigate: {score: 50, outcome: warn}
    block: {score: 90, outcome: block}
    rules:
      - name: new_device
        when: device_age_hours < 1
        weight: 50
        reason: {zh: 新设备, en: New device}
      - {name: no_pin, when: NOT pin_set, weight: 40, reason: {zh: 未设密码, en: No PIN}}
scenarios:
  - {name: calm, values: {amount_fen: 100, local_hour: 12, pin_set: true}, outcome: pass}
  - name: large
    values: {amount_fen: 5000000, payee_first_seen: true}
    outcome: hold
    hits: [large_to_new_payee]
  - {name: late, values: {amount_fen: 2000000, local_hour: 3}, outcome: warn, hits: [night.2]}
  - {name: very_late, values: {amount_fen: 20000000, local_hour: 3}, outcome: block}
  - {name: stolen, values: {device_age_hours: 0.5, pin_set: false}, outcome: block,
     hits: ['takeover:investigate', 'takeover:block', takeover.no_pin]}
"""


@pytest.fixture(scope="session")
def text() -> str:
    return TEXT


@pytest.fixture(scope="session")
def schema() -> Schema:
    types = {
        "amount_fen": "integer",
        "payee_first_seen": "boolean",
        "local_hour": "integer",
        "device_age_hours": "double",
        "pin_set": "boolean",
        "channel": "string",
        "opened": "date",
    }
    units = {"amount_fen": "fen"}
    return Schema(
        Field(name, Type.of(type_), Label(name, name), unit=units.get(name, ""))
        for name, type_ in types.items()
    )


@pytest.fixture(scope="session")
def policy() -> Policy:
    return read_policy(TEXT, "card_fraud.yaml")


@pytest.fixture(scope="session")
def compiled(policy: Policy, schema: Schema) -> CompiledPolicy:
    return compile_policy(policy, schema)
