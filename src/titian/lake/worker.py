"""The process that runs people's SQL: one bank, one query at a time, nothing else within reach.

It is started as a script and imports nothing of Titian, so it holds no setting, key or database.
Behind its walls, from the outside in: resource limits, Landlock (where Linux has it) on files and
network, DuckDB locked into one directory, and a check of DuckDB's own syntax tree against lists
of functions and sources. Messages are frames: a length, JSON, then Arrow bytes where rows follow.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.ipc

BATCH_ROWS = 2_048
MAX_RESULT_BYTES = 64 * 2**20
MAX_OPEN_FILES = 4_096
BASE_BYTES = 2 * 2**30
SLACK_BYTES = 768 * 2**20
BROKEN = "unavailable"
BANK_TIME_ZONE = "Asia/Shanghai"
LAYERS = ("raw", "core", "mart")
MAX_WORDS = 500
_WARM_UP = "SELECT i, hash(i) FROM range(300000) AS t(i) ORDER BY 2"
_ADVICE = re.compile(r"\n\s*LINE \d+:|\n\s*Possible solutions:")
_LENGTH = struct.Struct(">II")

_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION_FLAG, _LANDLOCK_PATH_BENEATH = 1, 1
_LANDLOCK_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
_LANDLOCK_NET_BITS, _LANDLOCK_SCOPE_BITS = 2, 2
_LANDLOCK_NET_ABI, _LANDLOCK_SCOPE_ABI = 4, 6
_LANDLOCK_TRUNCATE_ABI = 3
_READ_FILE, _TRUNCATE = 1 << 2, 1 << 14
_READ = _READ_FILE | 1 << 3
_SPILL = _READ | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
_MEMORY_LIMITS = ("/proc/self/cgroup", "/sys/fs/cgroup")  # DuckDB ends the process without them

_NODES = frozenset(
    {
        "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
        "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT",
        "COLUMN_DATA", "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER",
        "DISTINCT_MODIFIER",
    }
)  # fmt: skip
_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT",
        "DEFAULT", "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "PARAMETER",
        "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "WINDOW", "TYPE",
    }
)  # fmt: skip


class Refused(Exception):  # it is an answer, not a fault
    """The statement asks for something outside of the lists."""


def lock_down(connection: duckdb.DuckDBPyConnection, place: str, spill: str, spill_mb: int) -> None:
    """Shut a connection into one directory, for good.

    After this neither files elsewhere, nor the network, nor extensions, nor Python's own
    variables, nor any setting can be reached from SQL.
    """
    settings: dict[str, object] = {
        "temp_directory": spill,
        "max_temp_directory_size": f"{spill_mb}MB",
        "allowed_directories": [f"{place}{os.sep}"],
        "TimeZone": BANK_TIME_ZONE,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "enable_external_access": False,
        "lock_configuration": True,
    }
    for name, value in settings.items():
        connection.execute(f"SET GLOBAL {name} = $1", [value])
    for layer in LAYERS:
        connection.execute(f"CREATE SCHEMA {layer}")


def fault(error: duckdb.Error) -> tuple[str, str]:
    """Give the kind of a DuckDB error, as the code of one of Titian's, and its words."""
    words = " ".join(_ADVICE.split(str(error), maxsplit=1)[0].split())[:MAX_WORDS]
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
        return "limit_exceeded", words
    if isinstance(error, duckdb.PermissionException):
        return "denied", words
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return BROKEN, words
    return "invalid_input", words


def check_tree(connection: duckdb.DuckDBPyConnection, sql: str, lists: Mapping[str, Any]) -> None:
    """Raise Refused unless DuckDB reads the SQL as one SELECT made of listed things only."""
    found = connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    tree = json.loads(found[0][0])
    if tree.get("error"):
        raise Refused(f"it is not one SELECT: {tree.get('error_message', '')}")
    if len(tree["statements"]) != 1:
        raise Refused("it is more than one statement")
    for node in _dictionaries(tree["statements"][0]):
        _check_node(node, lists)


def _check_node(node: Mapping[str, Any], lists: Mapping[str, Any]) -> None:
    kind = node.get("type")
    if "class" in node:
        if node["class"] not in _EXPRESSIONS:
            raise Refused(f"{node['class']} is not allowed")
        _check_function(node, lists["functions"])
    elif kind == "TABLE_FUNCTION":
        _check_function(node["function"], lists["table_functions"])
    elif kind == "BASE_TABLE":
        _check_table(node, lists)
    elif isinstance(kind, str) and "sample" in node and kind not in _NODES:
        raise Refused(f"{kind} is not a source that may be read")
    elif isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise Refused(f"{kind} is not allowed")


def _check_function(node: Mapping[str, Any], allowed: frozenset[str]) -> None:
    name = node.get("function_name")
    if name is None:
        return
    if node.get("schema") not in ("", "main", None) or node.get("catalog") not in ("", None):
        raise Refused(f"{name}() is called through a schema")
    if name.lower() not in allowed:
        raise Refused(f"{name}() is not among the functions of a query")


def _check_table(node: Mapping[str, Any], lists: Mapping[str, Any]) -> None:
    layer, name = node["schema_name"], node["table_name"]
    mine = f"{layer}.{name}" in lists["tables"] if layer else name.startswith(lists["cte_prefix"])
    if node["catalog_name"] or not mine or node.get("at_clause") is not None:
        raise Refused(f"{layer or 'the catalogue'}.{name} is not a table of this bank")


def _dictionaries(value: object) -> Iterator[Mapping[str, Any]]:
    waiting = [value]
    while waiting:
        now = waiting.pop()
        if isinstance(now, dict):
            yield now
            waiting.extend(now.values())
        elif isinstance(now, list):
            waiting.extend(now)


def limit_resources(spill_mb: int) -> None:
    """Bound the files this process may open and write, whatever DuckDB does."""
    _lower(resource.RLIMIT_FSIZE, spill_mb * 2**20)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


class Memory:
    """The address space of this process, read through a file opened before the wall stood."""

    def __init__(self, allowed_mb: int) -> None:
        self._allowed = allowed_mb * 2**20
        linux = sys.platform.startswith("linux")
        self._statm = Path("/proc/self/statm").open("rb") if linux else None  # noqa: SIM115
        self._at_first = 0

    def limit(self) -> None:
        """Bound the memory beyond what is taken now: DuckDB counts most of it, not all."""
        self._at_first = self._taken()
        _lower(resource.RLIMIT_AS, self._at_first + self._allowed + SLACK_BYTES)

    @property
    def spent(self) -> bool:
        """Whether so much stays taken that the next statement had better start afresh."""
        return self._taken() > self._at_first + self._allowed // 2

    def _taken(self) -> int:
        if self._statm is None:
            return BASE_BYTES
        self._statm.seek(0)
        return int(self._statm.read().split()[0]) * resource.getpagesize()


def _lower(name: int, most: int) -> None:
    _, hard = resource.getrlimit(name)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(name, (least, least))


def wall_in(place: str, spill: str) -> int:
    """Let this process reach only these two directories and no network; give Landlock's version.

    0 where the kernel has no Landlock: the other walls stand without it.
    """
    if not sys.platform.startswith("linux"):
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION_FLAG))
    if version < 1:
        return 0
    files = (1 << _LANDLOCK_FILE_BITS.get(version, 16)) - 1
    network = (1 << _LANDLOCK_NET_BITS) - 1 if version >= _LANDLOCK_NET_ABI else 0
    scoped = (1 << _LANDLOCK_SCOPE_BITS) - 1 if version >= _LANDLOCK_SCOPE_ABI else 0
    fields = 1 + (version >= _LANDLOCK_NET_ABI) + (version >= _LANDLOCK_SCOPE_ABI)
    rules = struct.pack("=QQQ", files, network, scoped)[: 8 * fields]
    ruleset = int(libc.syscall(_LANDLOCK_CREATE, rules, len(rules), 0))
    if ruleset < 0:
        return 0
    spilled = _SPILL | (_TRUNCATE if version >= _LANDLOCK_TRUNCATE_ABI else 0)
    reached = {place: _READ, spill: spilled, **dict.fromkeys(_MEMORY_LIMITS, _READ_FILE)}
    for path, access in reached.items():
        _allow(libc, ruleset, path, access & files)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self failed")
    os.close(ruleset)
    return version


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    try:
        found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    rule = struct.pack("=Qi", access, found)
    failed = libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0)
    os.close(found)
    if failed:
        raise OSError(ctypes.get_errno(), f"Landlock refuses a rule for {path}")


class Bench:
    """The one DuckDB of this process and the views it shows at the moment."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.lists = {
            "functions": frozenset(start["functions"]),
            "table_functions": frozenset(start["table_functions"]),
            "cte_prefix": start["cte_prefix"],
            "tables": frozenset[str](),
        }
        self.place: str = start["place"]
        self.views: dict[str, str] = {}
        self.connection = duckdb.connect(
            ":memory:",
            config={"memory_limit": f"{start['memory_mb']}MB", "threads": start["threads"]},
        )
        lock_down(self.connection, self.place, start["spill"], start["spill_mb"])

    def run(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Answer one request with its rows, at most one more than its limit."""
        began = time.perf_counter()
        self._show(request["views"])
        check_tree(self.connection, request["sql"], self.lists)
        rows = self._rows(request["sql"], request["limit"] + 1)
        cut = rows.num_rows > request["limit"]
        answer = {"ok": True, "truncated": cut, "seconds": time.perf_counter() - began}
        return answer, _as_bytes(rows.slice(0, request["limit"]))

    def warm_up(self) -> None:
        """Run something of each kind once, so that buffers and threads are there."""
        _as_bytes(self._rows(_WARM_UP, BATCH_ROWS))

    def _rows(self, sql: str, most: int) -> pa.Table:
        reader = self.connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        try:
            return _first_rows(reader, most)
        finally:
            reader.close()

    def _show(self, views: Mapping[str, Mapping[str, Any]]) -> None:
        for name in self.views.keys() - views.keys():
            self.connection.execute(f"DROP VIEW IF EXISTS {name}")
            del self.views[name]
        for name, view in views.items():
            if view["files"]:
                self.connection.execute(f'SET VARIABLE "{view["variable"]}" = $1', [view["files"]])
            if self.views.get(name) != view["statement"]:
                self.connection.execute(view["statement"])
                self.views[name] = view["statement"]
        self.lists["tables"] = frozenset(views)


def _first_rows(reader: pa.RecordBatchReader, most: int) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        batches.append(batch.slice(0, most - rows))
        rows, size = rows + batches[-1].num_rows, size + batch.nbytes
        if size > MAX_RESULT_BYTES:
            raise MemoryError
        if rows >= most:
            break
    return pa.Table.from_batches(batches, schema=reader.schema)


def _as_bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())


def answer(bench: Bench, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Run a request and turn whatever goes wrong into an answer."""
    try:
        return bench.run(request)
    except Refused as refusal:
        kind, words = "denied", str(refusal)
    except duckdb.Error as error:
        kind, words = fault(error)
    except (MemoryError, pa.ArrowMemoryError):
        kind, words = "limit_exceeded", f"a result may have {MAX_RESULT_BYTES // 2**20} MB"
    except RecursionError:
        kind, words = "limit_exceeded", "the statement is nested too deeply"
    return {"ok": False, "kind": kind, "words": words.replace(bench.place, "the lake")}, b""


def read_frame(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one message; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length, _ = _LENGTH.unpack(head)
    message: dict[str, Any] = json.loads(stream.read(length))
    return message


def frame(message: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Give the bytes of one message."""
    words = json.dumps(message).encode()
    return _LENGTH.pack(len(words), len(body)) + words + body


def main() -> None:
    """Serve requests from standard input until it ends."""
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    start = read_frame(source)
    if start is None:
        return
    limit_resources(start["spill_mb"])
    memory = Memory(start["memory_mb"])
    with duckdb.connect() as warm:  # what Python imports late must be here before the wall is
        warm.sql("SELECT 1").to_arrow_reader(BATCH_ROWS).read_all()
    landlock = wall_in(start["place"], start["spill"])
    bench = Bench(start)
    bench.warm_up()
    memory.limit()
    out.write(frame({"ok": True, "landlock": landlock}))
    for request in _requests(source):
        head, body = answer(bench, request)
        out.write(frame({**head, "spent": memory.spent}, body))
        if head.get("kind") == BROKEN:
            return


def _requests(source: BinaryIO) -> Iterator[dict[str, Any]]:
    # A second thread reads, so that this process ends with its parent even in mid-query.
    arrived: list[dict[str, Any]] = []
    signal = threading.Semaphore(0)

    def listen() -> None:
        while (message := read_frame(source)) is not None:
            arrived.append(message)
            signal.release()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        signal.acquire()
        yield arrived.pop(0)


if __name__ == "__main__":
    main()
