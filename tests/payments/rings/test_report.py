"""The command over files: figures, and a clear answer to bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from titian.kernel.errors import InvalidInput
from titian.payments.cli import app
from titian.payments.rings.dataset import read_files
from titian.payments.rings.report import report

NODES = "nodeid,isFraud\n1,0\n2,1\n3,1\n"
HEAD = "sourceNodeId,targetNodeId,value,time\n"


def files(folder: Path, nodes: str, transfers: str) -> tuple[Path, Path]:
    (folder / "nodes.csv").write_text(nodes)
    (folder / "transfers.csv").write_text(transfers)
    return folder / "nodes.csv", folder / "transfers.csv"


@pytest.mark.parametrize(
    ("nodes", "transfers", "says"),
    [
        ("nodeid\n1\n", HEAD + "1,2,3,4\n", "no column isFraud"),
        (NODES, "sourceNodeId,value,time\n1,2,3\n", "no column targetNodeId"),
        (NODES, HEAD, "no rows"),
        (NODES, HEAD + "1,2,much,4\n", "lack value"),
        (NODES, HEAD + "1,9,3,4\n", "account 9"),
        (NODES, HEAD + "1,2,-3,4\n", "negative"),
        (NODES, HEAD + "1,2,nan,4\n", "negative"),
        (NODES, HEAD + "1,2,3,-4\n", "before 0"),
        (NODES, HEAD + "1,2,3,9000000000000000\n", "year 2100"),
        (NODES + "1,0\n", HEAD + "1,2,3,4\n", "twice"),
        ("nodeid,isFraud\n1,7\n2,0\n", HEAD + "1,2,3,4\n", "other than 0 and 1"),
    ],
)
def test_a_bad_file_is_refused_in_words(
    tmp_path: Path, nodes: str, transfers: str, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_files(*files(tmp_path, nodes, transfers))


def test_a_missing_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    nodes, transfers = files(tmp_path, NODES, HEAD + "1,2,3,4\n")
    with pytest.raises(InvalidInput, match="not a file"):
        read_files(tmp_path / "none.parquet", transfers)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"no parquet")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_files(nodes, broken)


def test_parquet_times_and_useless_transfers(tmp_path: Path) -> None:
    nodes, transfers = files(tmp_path, NODES, HEAD + "1,2,3,4\n1,1,3,4\n1,3,0,4\n")
    assert len(read_files(nodes, transfers)[0].source) == 1
    stamped = tmp_path / "stamped.parquet"
    duckdb.read_csv(str(transfers)).project(
        "* REPLACE (make_timestamp(time) AS time)"
    ).write_parquet(str(stamped))
    assert read_files(nodes, stamped)[0].time.tolist() == [4]


def test_the_command_writes_its_figures(tmp_path: Path) -> None:
    nodes, transfers = files(tmp_path, NODES, HEAD + "1,2,3,4\n")
    out = tmp_path / "out.json"
    result = CliRunner().invoke(app, ["rings", str(nodes), str(transfers), "--json", str(out)])
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text())
    assert (figures["precision"], figures["recall"], figures["alerts"]) == (0.0, 0.0, 0)


@pytest.mark.parametrize("kind", ["cycle", "fanin"])
def test_real_samples_are_found_without_false_alarms(shared_data: Path, kind: str) -> None:
    folder = shared_data / "transfers"
    figures = report(
        folder / f"20k_{kind}200_nodes.parquet", folder / f"20k_{kind}200_transactions.parquet"
    )
    assert figures["precision"] >= 0.9  # type: ignore[operator]
    assert figures["recall"] >= {"cycle": 0.1, "fanin": 0.4}[kind]  # type: ignore[operator]
