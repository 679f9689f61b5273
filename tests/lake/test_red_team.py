"""Ways out of a bank's wall that were tried; none works, each gets a clear refusal.

Bank `prey` holds the name 王五 and the phone 13999990000; a user of bank `hunter`, clearance 3,
must never see either, nor any file, setting, variable or process of the machine.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from titian.kernel import db
from titian.kernel.errors import InvalidInput, TitianError
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, load, settings
from titian.lake import layout, pool, query, store, worker
from titian.lake.schema import Column, Layer, Mask, PiClass, Table

DAY = date(2026, 3, 31)
LOOT = ("王五", "13999990000", "root:", "PREY", "TITIAN")
PARTY = Table(
    Layer.CORE,
    "party",
    "客户",
    "Parties",
    (
        Column("party_id", "string", "客户号", "Party", PiClass.C1, 2, key=True),
        Column("name", "string", "姓名", "Name", PiClass.C2, 3, Mask.NAME),
        Column("phone", "string", "手机号", "Phone", PiClass.C2, 3, Mask.PHONE),
        Column("score", "integer", "评分", "Score", PiClass.C1, 5),
    ),
)


@dataclass(frozen=True, slots=True)
class Field:
    """The two banks, and the paths an attacker might know."""

    hunter: Scope
    own: Path
    prey: Path
    prey_file: Path
    outside: Path

    def aim(self, sql: str) -> str:
        """Fill in the paths of an attempt."""
        return (
            sql.replace("{own}", str(self.own))
            .replace("{prey}", str(self.prey))
            .replace("{prey_file}", str(self.prey_file))
            .replace("{outside}", str(self.outside))
        )


def _rows(name: str, phone: str) -> pa.Table:
    return pa.table({"party_id": ["P1"], "name": [name], "phone": [phone], "score": [777]})


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    home = tmp_path_factory.mktemp("wall")
    before = settings()
    configure(
        load(home=home, query_workers=1, query_timeout_s=1.5, query_memory_mb=128, job_workers=2)
    )
    db.upgrade()
    hunter, prey = Scope.system(BankId("hunter")), Scope.system(BankId("prey"))
    store.write_date(hunter, PARTY, DAY, _rows("赵六", "13811112222"))
    store.write_date(prey, PARTY, DAY, _rows("王五", "13999990000"))
    store.write_date(Scope.system(BankId("hunter2")), PARTY, DAY, _rows("王五", "13999990000"))
    own, other = layout.root(hunter), layout.root(prey)
    (own / "link").symlink_to(other)
    (home / "secret.csv").write_text("name,phone\n王五,13999990000\n")
    file = next(other.rglob("*.parquet"))
    (own / "link.parquet").symlink_to(file)
    user = Scope(UserId("mallory"), BankId("hunter"), frozenset({Role.ANALYST}), clearance=3)
    yield Field(user, own, other, file, home / "secret.csv")
    pool.shared().close()
    db.engine().dispose()
    configure(before)


READERS = (
    "read_parquet",
    "parquet_scan",
    "read_csv",
    "read_csv_auto",
    "sniff_csv",
    "read_json",
    "read_json_auto",
    "read_json_objects",
    "read_ndjson",
    "read_ndjson_objects",
    "read_text",
    "read_blob",
    "read_duckdb",
    "glob",
    "parquet_metadata",
    "parquet_file_metadata",
    "parquet_full_metadata",
    "parquet_schema",
    "parquet_kv_metadata",
    "seq_scan",
)
CATALOGUE = (
    "duckdb_settings()",
    "duckdb_secrets()",
    "duckdb_tables()",
    "duckdb_views()",
    "duckdb_variables()",
    "duckdb_databases()",
    "duckdb_functions()",
    "duckdb_extensions()",
    "duckdb_memory()",
    "duckdb_temporary_files()",
    "duckdb_prepared_statements()",
    "duckdb_external_file_cache()",
    "duckdb_logs()",
    "pragma_version()",
    "pragma_table_info('core.party')",
    "pragma_storage_info('core.party')",
    "pragma_database_size()",
    "pragma_user_agent()",
    "pragma_platform()",
    "which_secret('s3://x', 's3')",
    "information_schema.tables",
    "information_schema.schemata",
    "pg_catalog.pg_tables",
    "pg_catalog.pg_settings",
    "pg_tables",
    "sqlite_master",
    "duckdb_views",
    "pragma_database_list",
    "system.information_schema.tables",
    "memory.core.party",
    "temp.core.party",
    "main.party",
)
STATEMENTS = (
    "ATTACH '{prey}/x.db' AS prey",
    "ATTACH ':memory:' AS m",
    "DETACH memory",
    "USE temp",
    "COPY (SELECT * FROM core.party) TO '{own}/out.csv'",
    "COPY core.party FROM '{prey_file}'",
    "COPY core.party TO '/dev/stdout'",
    "EXPORT DATABASE '{own}/dump'",
    "IMPORT DATABASE '{prey}'",
    "SET enable_external_access = true",
    "SET GLOBAL allowed_directories = ['/']",
    "RESET lock_configuration",
    "SET VARIABLE x = (SELECT 1)",
    "SET VARIABLE \"files of core.party\" = ['{prey_file}']",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "PRAGMA add_parquet_key('k', '0123456789112345')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{prey_file}'",
    "FORCE INSTALL json FROM 'http://127.0.0.1:1'",
    "CALL pragma_version()",
    "CALL duckdb_settings()",
    "CREATE TABLE core.x AS SELECT 1",
    "CREATE OR REPLACE VIEW core.party AS SELECT * FROM read_parquet('{prey_file}')",
    "CREATE TEMP MACRO f() AS TABLE SELECT * FROM read_text('{outside}')",
    "CREATE FUNCTION f(x) AS getvariable(x)",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE SCHEMA prey",
    "CREATE TYPE t AS ENUM (SELECT name FROM core.party)",
    "INSERT INTO core.party VALUES ('x', 'y', 'z', 1)",
    "UPDATE core.party SET name = 'x'",
    "DELETE FROM core.party",
    "MERGE INTO core.party USING core.party AS s ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE core.party",
    "DROP VIEW core.party",
    "ALTER VIEW core.party RENAME TO p",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN TRANSACTION",
    "PREPARE p AS SELECT * FROM read_text('{outside}')",
    "EXECUTE p",
    "DEALLOCATE p",
    "EXPLAIN ANALYZE SELECT * FROM core.party",
    "DESCRIBE core.party",
    "SUMMARIZE core.party",
    "SHOW ALL TABLES",
    "SHOW TABLES",
    "COMMENT ON VIEW core.party IS 'x'",
    "PIVOT core.party ON name USING count(*)",
)
TRICKS = (
    # replacement scans and paths in place of tables
    "SELECT * FROM '{prey_file}'",
    'SELECT * FROM "{prey_file}"',
    "FROM '{own}/../prey/core/party/*/*.parquet'",
    "FROM '{own}/link/core/party/**/*.parquet'",
    "FROM '{own}/link.parquet'",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
    'SELECT * FROM core."party/../../../prey/core/party"',
    'SELECT * FROM "core.party; DROP VIEW core.party"',
    """SELECT * FROM core.party AS "x' UNION SELECT * FROM read_text('/etc/passwd') --" JOIN y""",
    "SELECT * FROM prey.core.party",
    'SELECT * FROM "hunter2".core.party',
    # UNION, subqueries, CTEs, laterals
    "SELECT name FROM core.party UNION ALL SELECT content FROM read_text('{outside}')",
    "SELECT name FROM core.party UNION BY NAME SELECT * FROM read_csv('{outside}')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM core.party WHERE name IN (SELECT content FROM read_text('{outside}'))",
    "SELECT * FROM core.party, LATERAL (SELECT * FROM read_text('{outside}'))",
    "SELECT * FROM core.party p, read_parquet(p.name)",
    "WITH core AS (SELECT 1) SELECT * FROM core, read_text('{outside}')",
    "WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings()",
    "SELECT * FROM (WITH pg_tables AS (SELECT 1) SELECT * FROM pg_tables), pg_tables",
    "WITH RECURSIVE r AS (SELECT * FROM glob('/**') UNION ALL SELECT * FROM r) FROM r",
    "WITH x AS (INSERT INTO core.party VALUES ('a', 'b', 'c', 1) RETURNING *) SELECT * FROM x",
    "WITH x AS MATERIALIZED (SELECT * FROM read_blob('{prey_file}')) SELECT * FROM x",
    "SELECT * FROM core.party AS OF SYSTEM TIME '2020-01-01'",
    "SELECT * FROM core.party AT (VERSION => 0)",
    "SELECT 1 INTO x",
    "SELECT * FROM (DESCRIBE core.party)",
    "SELECT * FROM (SHOW ALL TABLES)",
    "SELECT * FROM (SUMMARIZE core.party)",
    "FROM (PIVOT core.party ON name)",
    "VALUES (getvariable('files of core.party'))",
    # text run as SQL
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM query_table('{prey_file}')",
    "SELECT * FROM query_table(['core.party'])",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT json_execute_serialized_sql('{}')",
    "SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))",
    # functions that look at the machine, the session or the values under a mask
    "SELECT getenv('HOME')",
    "SELECT current_setting('allowed_directories')",
    "SELECT getvariable('files of core.party')",
    "SELECT main.getvariable('files of core.party')",
    "SELECT \"getvariable\"('files of core.party')",
    "SELECT GETVARIABLE('files of core.party')",
    "SELECT system.main.getvariable('files of core.party')",
    "SELECT ('files of core.party').getvariable()",
    "SELECT list_transform(['files of core.party'], lambda x: getvariable(x))",
    "SELECT list_aggregate([1], 'getvariable')",
    "SELECT current_user, current_database(), current_schemas(true), current_query()",
    "SELECT pg_get_viewdef(1), pg_conf_load_time()",
    "SELECT inet_server_addr(), inet_client_addr()",
    "SELECT version()",
    "SELECT stats(name) FROM core.party",
    "SELECT filename FROM core.party",
    "SELECT file_row_number FROM core.party",
    "SELECT rowid, file_index FROM core.party",
    "SELECT write_log('x')",
    "SELECT nextval('s'), currval('s'), setval('s', 1)",
    "SELECT parse_duckdb_log_message('a', 'b')",
    "SELECT * FROM python_arrow_scan(1, 2, 3)",
    "SELECT * FROM arrow_scan(94000000000000, 94000000000000, 94000000000000)",
    "SELECT * FROM pandas_scan(94000000000000)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM rows",
    "SELECT * FROM settings",
    "SELECT * FROM repeat_row('x', num_rows := 10)",
    "SELECT * FROM test_all_types()",
    "SELECT * FROM json_each('{\"a\": 1}'), duckdb_logs()",
    # several statements, comments, unicode
    "SELECT 1; SELECT * FROM read_text('/etc/passwd')",
    "SELECT 1; ; COPY (SELECT 1) TO '{own}/x.csv'",
    "SELECT * FROM read_/**/text('/etc/passwd')",
    "SELECT /* */ * FROM /* x */ read_text /* y */ ('/etc/passwd')",
    "SELECT 1 --\n; SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM core.party -- x\r\n; DROP VIEW core.party",
    "/*!50000 SELECT * FROM read_text('/etc/passwd') */",
    "SELECT * FROM ｒｅａｄ＿ｔｅｘｔ('/etc/passwd')",
    "SELECT * FROM reаd_text('/etc/passwd')",  # a Cyrillic letter
    "SELECT * FROM ｃｏｒｅ.party",
    "SELECT * FROM core\u200b.party",
    "SELECT * FROM core\u2024party",
    "SELECT ＊ FROM core.party；DROP VIEW core.party",
    "SELECT * FROM read_text\u00a0('/etc/passwd')",
    "SELECT '\x00'; SELECT * FROM read_text('/etc/passwd')",
    "SELECT E'\\x27' || content FROM read_text('/etc/passwd')",
    "SELECT $$x$$ || content FROM read_text($a$/etc/passwd$a$)",
    "SELECT \u202e * FROM read_text('/etc/passwd')",
    "\ufeffSELECT * FROM read_text('/etc/passwd')",
    "select * from Read_Text('/etc/passwd')",
    "SELECT $1",
    "SELECT ? FROM core.party",
    "SELECT @@version",
    "{{ config }} SELECT 1",
)
BOMBS = (
    "SELECT repeat('x', 4000000000)",
    "SELECT repeat(repeat('x', 100000000), 100)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT range(1000000000)",
    "SELECT list_transform(range(100000000), lambda x: repeat('x', 1000))",
    "SELECT string_agg(repeat('x', 1000000), '') FROM range(10000)",
    "SELECT array_agg(i) FROM range(10000000000) t(i)",
    "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range % 7 = 9",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r",
    "WITH RECURSIVE r(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM r) SELECT max(s) FROM r",
    "SELECT * FROM range(100000000000) ORDER BY random()",
    "SELECT count(DISTINCT hash(a.range, b.range)) FROM range(1000000) a, range(1000000) b",
    "SELECT count(*) FROM range(1000000000) t(i) WHERE regexp_matches(repeat('a', i), '^(a+)+b$')",
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "SELECT " + "[" * 900 + "]" * 900,
    "SELECT " + "NOT " * 4_000 + "true",
    "SELECT " + "- " * 4_000 + "1",
    "SELECT " + "CASE WHEN true THEN " * 2_000 + "1" + " END" * 2_000,
    "SELECT " + "(SELECT " * 400 + "1" + ")" * 400,
    "SELECT 1" + " UNION ALL SELECT 1" * 6_000,
    "SELECT " + ", ".join(["1"] * 60_000),
    "SELECT '" + "x" * 100_000 + "'",
    "SELECT 1 WHERE " + " OR ".join(["1 = 2"] * 6_000),
    "WITH "
    + ", ".join(
        [
            "a0 AS (SELECT * FROM range(10))",
            *(f"a{i} AS (SELECT x.* FROM a{i - 1} x, a{i - 1} y)" for i in range(1, 12)),
        ]
    )
    + " SELECT count(*) FROM a11",
)


def _refused(field: Field, sql: str) -> TitianError:
    with pytest.raises(TitianError) as caught:
        query(field.hunter, field.aim(sql))
    said = str(caught.value)
    assert caught.value.what
    assert caught.value.remedy
    assert not any(word in said for word in LOOT)
    assert "Traceback" not in said
    return caught.value


def test_it_works(field: Field) -> None:
    found = query(field.hunter, "SELECT name, phone, score, business_date FROM core.party")
    assert list(found.rows()) == [["赵*", "138****2222", None, "2026-03-31"]]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("path", ["{prey_file}", "{own}/../prey/**/*.parquet", "{outside}"])
def test_no_reader_reads(field: Field, reader: str, path: str) -> None:
    assert _refused(field, f"SELECT * FROM {reader}('{path}')").code == "denied"


@pytest.mark.parametrize("source", CATALOGUE)
def test_no_catalogue_shows(field: Field, source: str) -> None:
    assert _refused(field, f"SELECT * FROM {source}").code in ("denied", "not_found")


@pytest.mark.parametrize("sql", STATEMENTS)
def test_nothing_but_a_select_runs(field: Field, sql: str) -> None:
    assert _refused(field, sql).code in ("denied", "invalid_input")


@pytest.mark.parametrize("sql", TRICKS)
def test_no_trick_works(field: Field, sql: str) -> None:
    assert _refused(field, sql).code in ("denied", "invalid_input", "not_found")


@pytest.mark.parametrize("sql", BOMBS, ids=[f"{sql[:40]}…{len(sql)}" for sql in BOMBS])
def test_no_bomb_hurts(field: Field, sql: str) -> None:
    assert _refused(field, sql).code in ("limit_exceeded", "timed_out", "invalid_input")
    assert list(query(field.hunter, "SELECT party_id FROM core.party").rows()) == [["P1"]]


def _locked(field: Field, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    worker.lock_down(connection, str(field.own), str(tmp_path / "spill"), 10)
    return connection


@pytest.mark.parametrize(
    "sql",
    [
        *(f"SELECT * FROM {reader}('{{prey_file}}')" for reader in READERS if reader != "seq_scan"),
        *(f"SELECT * FROM {reader}('{{prey}}/**')" for reader in ("glob", "read_text")),
        "SELECT * FROM read_parquet('{own}/../prey/core/party/*/*.parquet')",
        "SELECT * FROM read_parquet('{own}/./../prey/**/*.parquet')",
        "SELECT * FROM read_parquet('{own}2/core/party/*/*.parquet')",
        "SELECT * FROM read_parquet('file://{prey_file}')",
        "SELECT * FROM read_parquet(['{own}/x.parquet', '{prey_file}'])",
        "FROM '{prey_file}'",
        "FROM '{own}/../prey/core/party/*/*.parquet'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "ATTACH '{prey}/x.db' AS prey",
        "COPY (SELECT 1) TO '{prey}/x.csv'",
        "COPY (SELECT 1) TO '{outside}'",
        "EXPORT DATABASE '{prey}/dump'",
        "IMPORT DATABASE '{prey}'",
        "SET enable_external_access = true",
        "SET GLOBAL allowed_directories = ['/']",
        "SET GLOBAL allowed_paths = ['{prey_file}']",
        "SET temp_directory = '{prey}'",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET allow_unsigned_extensions = true",
        "SET python_enable_replacements = true",
        "INSTALL httpfs",
        "LOAD '{prey_file}'",
        "SELECT * FROM field",
        "SELECT * FROM rows_of_the_test",
    ],
)
def test_without_the_gate_duckdb_still_holds(field: Field, tmp_path: Path, sql: str) -> None:
    rows_of_the_test = pa.table({"name": ["王五"]})
    with _locked(field, tmp_path) as connection, pytest.raises(duckdb.Error) as caught:
        connection.sql(field.aim(sql)).fetchall()
    assert not any(word in str(caught.value) for word in LOOT)
    assert rows_of_the_test.num_rows == 1


LANDLOCKED = """
import importlib.util, json, socket, sys
worker_file, place, spill, paths, port = json.loads(sys.argv[1])
spec = importlib.util.spec_from_file_location("worker", worker_file)
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
said = {"walls": worker.wall_in(place, spill)}
def attempt(name, act):
    try:
        act()
        said[name] = "allowed"
    except OSError as error:
        said[name] = type(error).__name__
for path in paths:
    attempt(path, lambda: open(path, "rb").read())
attempt("write own", lambda: open(place + "/x", "wb"))
attempt("write spill", lambda: open(spill + "/x", "wb"))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", port), 2))
attempt("bind", lambda: socket.create_server(("127.0.0.1", 0)))
print(json.dumps(said))
"""


def test_without_duckdb_the_kernel_still_holds(field: Field, tmp_path: Path) -> None:
    own_file = next(field.own.glob("core/**/*.parquet"))
    (tmp_path / "spill").mkdir()
    paths = [str(field.prey_file), str(field.own / "link.parquet"), "/etc/passwd", str(own_file)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [worker.__file__, str(field.own), str(tmp_path / "spill"), paths]
        given = json.dumps([*words, server.getsockname()[1]])
        seen = subprocess.run(
            [sys.executable, "-I", "-c", LANDLOCKED, given],
            capture_output=True,
            text=True,
            check=True,
        )
    said = json.loads(seen.stdout)
    if said["walls"] == 0:
        pytest.skip("this kernel has no Landlock; the other walls are tested above")
    assert [said[path] for path in paths] == ["PermissionError"] * 3 + ["allowed"]
    assert said["write own"] == "PermissionError"
    assert said["write spill"] == "allowed"
    if said["walls"] >= 4:
        assert said["connect"] == said["bind"] == "PermissionError"


def test_the_worker_inherits_no_secret(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TITIAN_PREY_SECRET", "PREY")
    pool.shared().close()
    query(field.hunter, "SELECT 1")
    (running,) = pool.shared().workers()
    environment = Path(f"/proc/{running.process.pid}/environ").read_text()
    opened = [str(file.readlink()) for file in Path(f"/proc/{running.process.pid}/fd").iterdir()]
    assert "PREY" not in environment
    assert not any("titian.db" in target or "keys" in target for target in opened)


def test_a_table_whose_log_points_outside_is_refused(field: Field) -> None:
    log = field.own / "core" / "party" / layout.LOG
    add = {
        "path": f"../../../prey/{field.prey_file.relative_to(field.prey)}",
        "partitionValues": {"business_date": "2026-04-01"},
        "size": field.prey_file.stat().st_size,
        "modificationTime": 0,
        "dataChange": True,
        "stats": '{"numRecords": 1}',
    }
    version = store.info(Scope.system(BankId("hunter")), "core.party").version
    poisoned = log / f"{version + 1:020}.json"
    poisoned.write_text(json.dumps({"add": add}) + "\n")
    try:
        with pytest.raises(TitianError, match="outside its directory"):
            query(field.hunter, "SELECT * FROM core.party")
    finally:
        poisoned.unlink()
    assert list(query(field.hunter, "SELECT party_id FROM core.party").rows()) == [["P1"]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM core.party WHERE name LIKE '王%'",
        "SELECT * FROM core.party WHERE name = '赵六'",
        "SELECT * FROM core.party WHERE phone = '13811112222'",
        "SELECT * FROM core.party WHERE phone LIKE '1381111%'",
        "SELECT * FROM core.party WHERE score = 777",
        "SELECT * FROM core.party WHERE length(name) = 2 AND name[2] = '六'",
        "SELECT * FROM core.party WHERE hash(phone) = hash('13811112222')",
        "SELECT * FROM core.party JOIN (SELECT '13811112222' AS phone) USING (phone)",
        "SELECT max(score) AS m FROM core.party HAVING max(score) IS NOT NULL",
        "SELECT name FROM core.party QUALIFY count(*) OVER (PARTITION BY name) > 1",
        "SELECT unnest(struct_values(p)) FROM core.party p WHERE p.name = '赵六'",
        "SELECT to_json(p) AS j FROM core.party p WHERE j::VARCHAR LIKE '%六%'",
        "SELECT * FROM core.party WHERE name SIMILAR TO '赵六'",
        "SELECT * FROM core.party WHERE CAST(name AS BLOB) = CAST('赵六' AS BLOB)",
    ],
)
def test_a_filter_sees_the_masked_value(field: Field, sql: str) -> None:
    try:
        found = str(list(query(field.hunter, sql).rows()))
    except InvalidInput as refusal:
        found = str([word for word in ("赵六", "13811112222", "777") if word in str(refusal)])
    assert found == "[]"
