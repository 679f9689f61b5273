"""The distributed engine: the same SQL over the same tables, run by a Spark Connect server.

A statement is written in DuckDB's dialect, passes the same gate, and is transpiled; tables are
read as Delta by the server. What a job writes the server leaves as Parquet files beside the
table, and the commit is the lake's own, so that a date is replaced as atomically as ever. Client
and server must see the lake under the same path. Needs the extra `spark`.
"""

from __future__ import annotations

import shutil
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from titian.kernel.errors import Denied, InvalidInput, Unavailable
from titian.kernel.scope import Scope
from titian.lake import gate, layout, store, worker
from titian.lake.functions import SCALAR_FUNCTIONS, TABLE_FUNCTIONS
from titian.lake.gate import Parameters
from titian.lake.schema import BUSINESS_DATE, Table, split_name
from titian.lake.store import WriteResult
from titian.lake.views import nothing, sql_type

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

MAX_WORDS = 500
MAX_RETRIES = 6
MAX_BACKOFF_MS = 2_000


class SparkEngine:
    """A connection to a Spark Connect server such as `sc://127.0.0.1:50051`, for jobs."""

    def __init__(self, remote: str) -> None:
        """Connect. Raises Unavailable when the extra is missing or no server answers."""
        with _quiet():
            try:
                from pyspark.sql.connect.client.retries import DefaultPolicy
                from pyspark.sql.connect.session import SparkSession
            except ImportError:
                raise Unavailable(
                    "the Spark client is not installed", "Install titian with its extra: spark."
                ) from None
            policy = DefaultPolicy(max_retries=MAX_RETRIES, max_backoff=MAX_BACKOFF_MS)
            with _explained():
                self._session: Any = SparkSession.builder.remote(remote).create()
                self._session.client.set_retry_policies([policy])
                self._session.sql("SELECT 1").toArrow()

    def sql(
        self,
        scope: Scope,
        text: str,
        params: Parameters = None,
        *,
        tables: Iterable[Table] = (),
    ) -> pa.Table:
        """Run one query of a job over a scope's tables, in the clear, and give its rows.

        Of `tables`, those that do not exist yet show as empty. Raises Denied for people's scopes
        and for anything but a SELECT, InvalidInput, NotFound, Unavailable.
        """
        with _quiet(), _explained():
            return self._frame(scope, text, params, tables).toArrow()

    def write_date(
        self,
        scope: Scope,
        table: Table,
        business_date: date,
        text: str,
        params: Parameters = None,
        *,
        tables: Iterable[Table] = (),
    ) -> WriteResult:
        """Replace one business date of a table by the rows of a query; no row passes here.

        Raises what `sql` and `store.write_date` raise.
        """
        stage = layout.table_path(scope, table.qualified) / f".spark-{uuid.uuid4()}"
        try:
            with _quiet(), _explained():
                frame = self._frame(scope, text, params, tables)
                columns = _declared_columns(table, frame.columns)
                frame.selectExpr(*columns).write.mode("error").parquet(str(stage))
                if not stage.is_dir() and not frame.isEmpty():
                    raise Unavailable(
                        f"Spark wrote {table.qualified} where the lake does not see it",
                        "Give client and server the lake under the same path.",
                    )
            stage.mkdir(parents=True, exist_ok=True)  # no rows, no folder
            return store.adopt(scope, table, business_date, stage)
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def close(self) -> None:
        """End the session on the server."""
        with _quiet():
            self._session.stop()

    def _frame(
        self, scope: Scope, text: str, params: Parameters, tables: Iterable[Table]
    ) -> DataFrame:
        if not scope.is_system:
            raise Denied(f"{scope.user} may not run jobs on Spark", "Use `query`.")
        absent = {t.qualified: t for t in tables if not store.exists(scope, t.qualified)}
        known = [*layout.table_names(scope), *absent]
        statement = gate.pass_through(text, known, params)
        _check_functions(statement)
        declared = {
            name: absent[name] if name in absent else store.describe(scope, name)
            for name in statement.tables
        }
        for name in statement.tables:
            self._show(scope, name, absent.get(name))
        frame: DataFrame = self._session.sql(transpile(statement.tree, declared, scope))
        return frame

    def _show(self, scope: Scope, name: str, absent: Table | None) -> None:
        if absent is None:
            path = str(layout.table_path(scope, name))
            frame = self._session.read.format("delta").load(path)
        else:
            frame = self._session.sql(nothing(absent).unnest().sql("spark"))
        frame.createOrReplaceTempView(_view(scope, name))


def transpile(tree: exp.Query, declared: Mapping[str, Table], scope: Scope) -> str:
    """Give a gated statement in Spark's dialect, its tables as the session's views of a scope.

    Stars and `GROUP BY ALL` are written out, since not every server knows them. Raises
    InvalidInput for what Spark has no word for.
    """
    try:
        whole = qualify(
            tree.copy(),
            dialect="duckdb",
            schema=_schema(declared),
            validate_qualify_columns=False,
        )
        for step in (_write_out_all, _refuse_sources):
            step(whole)
        for table in list(whole.find_all(exp.Table)):
            if table.db:
                view = exp.to_identifier(_view(scope, f"{table.db}.{table.name}"), quoted=True)
                table.set("this", view)
                table.set("db", None)
        return whole.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except SqlglotError as error:
        raise InvalidInput(
            f"Spark has no word for part of the statement: {_first_line(error)}",
            "Write it otherwise, or let the job run on DuckDB.",
        ) from None


def _schema(declared: Mapping[str, Table]) -> dict[str, object]:
    schema: dict[str, dict[str, object]] = {}
    for table in declared.values():
        columns = {column.name: sql_type(column.type).sql("duckdb") for column in table.columns}
        schema.setdefault(table.layer.value, {})[table.name] = {**columns, BUSINESS_DATE: "DATE"}
    return dict(schema)


def _write_out_all(tree: exp.Expr) -> None:
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group is not None and group.args.get("all"):
            shown = [item.unalias() for item in select.selects]
            keys = [item.copy() for item in shown if not item.find(exp.AggFunc, exp.Window)]
            select.set("group", exp.Group(expressions=keys) if keys else None)
        order = select.args.get("order")
        if order is not None and order.expressions[0].this.name.upper() == "ALL":
            places = [exp.Literal.number(n) for n in range(1, len(select.selects) + 1)]
            select.set("order", exp.Order(expressions=[exp.Ordered(this=n) for n in places]))


def _refuse_sources(tree: exp.Expr) -> None:
    for source in tree.find_all(exp.GenerateSeries, exp.Unnest):
        if isinstance(source.parent, exp.Table | exp.From | exp.Join):
            raise InvalidInput(
                "a list or range is a source of the statement, which Spark reads otherwise",
                "Write the rows with VALUES, or let the job run on DuckDB.",
            )


def _view(scope: Scope, name: str) -> str:
    layer, table = split_name(name)
    return f"{scope.place}__{layer.value}__{table}"


def _check_functions(statement: gate.Statement) -> None:
    lists = {
        "functions": SCALAR_FUNCTIONS,
        "table_functions": TABLE_FUNCTIONS,
        "cte_prefix": gate.CTE_PREFIX,
        "tables": frozenset(statement.tables),
    }
    with duckdb.connect() as parser:
        try:
            worker.check_tree(parser, statement.sql, lists)
        except worker.Refused as refusal:
            raise Denied(f"a job's SQL is refused: {refusal}", "Write it otherwise.") from None


def _declared_columns(table: Table, given: list[str]) -> list[str]:
    names = {name.lower() for name in given}
    missing = [column.name for column in table.columns if column.name not in names]
    extra = sorted(names - {column.name for column in table.columns} - {BUSINESS_DATE})
    if missing or extra:
        raise InvalidInput(
            f"rows for {table.qualified} lack {', '.join(missing) or 'nothing'} and have "
            f"undeclared {', '.join(extra) or 'nothing'}",
            "Change the declaration, or select the columns it names.",
        )
    return [
        exp.alias_(
            exp.cast(exp.column(column.name, quoted=True), sql_type(column.type)),
            column.name,
            quoted=True,
        ).sql("spark")
        for column in table.columns
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client warns of every newer pandas
        yield


@contextmanager
def _explained() -> Iterator[None]:
    from pyspark.errors import PySparkException
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    try:
        yield
    except PySparkException as error:
        if type(error) is SparkConnectGrpcException:
            raise Unavailable(
                "the Spark Connect server does not answer", "Start it, or correct its address."
            ) from error
        raise InvalidInput(
            f"the statement cannot run on Spark: {_first_line(error)}",
            "Mend the SQL, or let the job run on DuckDB.",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:MAX_WORDS]
