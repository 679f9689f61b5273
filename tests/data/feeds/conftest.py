"""Contracts and deliveries made for one test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

import pytest

from titian.data import definitions
from titian.data.definitions import Presets
from titian.data.feeds import Contract, parse
from titian.data.feeds.discover import listing
from titian.data.feeds.load import Order, Outcome, load_feed
from titian.data.feeds.service import EVERYTHING
from titian.kernel.scope import Scope

COLUMNS = """
- name: id
  logicalType: string
  physicalType: varchar(6)
  primaryKey: true
  classification: C1
- name: amount_fen
  physicalName: amount
  logicalType: integer
  required: true
  classification: C2
  logicalTypeOptions: {minimum: 0}
  customProperties:
    - {property: level, value: 3}
    - {property: decode, value: yuan_to_fen}
- name: kind
  logicalType: string
  classification: C1
  customProperties:
    - {property: codes, value: {"1": credit, "2": pledge}}
- name: name
  logicalType: string
  classification: C2
  customProperties:
    - {property: mask, value: name}
"""


@dataclass
class Written:
    """The text of a contract, part by part."""

    feed: str = "loan"
    pattern: str = "LOAN_{yyyymmdd}.dat"
    form: str = "csv"
    type: str = "local"
    columns: str = COLUMNS
    server: dict[str, object] = field(default_factory=dict)
    more_server: str = ""
    custom: dict[str, object] = field(default_factory=dict)
    schema: str = ""
    sla: str = ""

    def text(self) -> str:
        import json

        def properties(given: dict[str, object], spaces: int) -> str:
            lines = [
                f"- {{property: {name}, value: {json.dumps(value, ensure_ascii=False)}}}"
                for name, value in given.items()
            ]
            return "\n".join(" " * spaces + line for line in lines)

        pattern = f'    physicalName: "{self.pattern}"\n' if self.pattern else ""
        server = f"    customProperties:\n{properties(self.server, 6)}\n" if self.server else ""
        custom = {"level": 2, **self.custom}
        return (
            "apiVersion: v3.0.2\nkind: DataContract\n"
            f"id: t.{self.feed}\nname: {self.feed}\nversion: 1.0.0\nstatus: active\n"
            f"schema:\n  - name: {self.feed}\n{pattern}    businessName: 贷款 / Loans\n"
            f"{indent(dedent(self.schema), '    ')}"
            f"    properties:\n{indent(dedent(self.columns).strip(), '      ')}\n"
            f"servers:\n  - server: s\n    type: {self.type}\n    format: {self.form}\n"
            f"{indent(dedent(self.more_server), '    ')}{server}"
            f"{dedent(self.sla)}"
            f"customProperties:\n{properties(custom, 2)}\n"
        )

    def contract(self) -> Contract:
        return parse(self.text(), "test.yaml")


CORE = {
    "encoding": "gb18030",
    "delimiter": "|@|",
    "quote": "",
    "header": False,
}


def core_contract(**changes: object) -> Written:
    """Give a contract of a core system's unload: GB18030, |@|, no quotes, no heading."""
    made = Written(server=dict(CORE))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an empty folder for a delivery."""
    made = tmp_path / "unload"
    made.mkdir()
    return made


Install = Callable[[Written], Contract]
Deliver = Callable[..., list[Outcome]]


@pytest.fixture
def install(qinghe: Scope, tmp_path: Path) -> Install:
    """Give a function that installs a contract for the bank qinghe, which inherits nothing."""
    definitions.set_presets(qinghe, Presets.NONE)

    def put(written: Written) -> Contract:
        place = tmp_path / "contracts"
        place.mkdir(exist_ok=True)
        path = place / f"{written.feed}.odcs.yaml"
        path.write_text(written.text(), encoding="utf-8")
        definitions.install(qinghe, "feeds", place)
        return written.contract()

    return put


@pytest.fixture
def deliver(qinghe: Scope, folder: Path) -> Deliver:
    """Give a function that writes files and loads them: `deliver(contract, {name: bytes})`."""

    def load(
        contract: Contract, files: dict[str, bytes | str] | None = None, order: Order = EVERYTHING
    ) -> list[Outcome]:
        for name, content in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode(contract.source.encoding) if isinstance(content, str) else content
            path.write_bytes(data)
        return load_feed(qinghe, contract, listing(folder, qinghe.bank_id), order)

    return load


def unload(rows: Sequence[Sequence[str]], delimiter: str = "|@|") -> str:
    """Write rows as a core system does."""
    return "".join(delimiter.join(row) + "\n" for row in rows)
