"""Any database SQLAlchemy can open: a table or a query, streamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from titian.data.feeds.model import Contract
from titian.data.feeds.sources.batch import Findings, Part, RawBatch
from titian.data.feeds.sources.headings import match_headings
from titian.data.feeds.sources.typed import BATCH_ROWS, column_of, raw_row, typed_batch
from titian.kernel.errors import InvalidInput, NotFound, Unavailable

BUSINESS_DATE = "business_date"


def read_database(
    contract: Contract, parts: Sequence[Part], findings: Findings
) -> Iterator[RawBatch]:
    """Stream the rows of a contract's table or query; `:business_date` in it is the part's date.

    Raises NotFound without an address, InvalidInput for a wrong one, Unavailable when the
    database does not answer.
    """
    engine = _engine(contract)
    try:
        for number, part in enumerate(parts):
            yield from _rows(contract, engine, number, part, findings)
    except DBAPIError as error:
        raise Unavailable(
            f"the database of feed {contract.feed} failed: {str(error.orig)[:200]}",
            f"Check the address in {contract.source.url_env} and the query, then load again.",
        ) from error
    except SQLAlchemyError as error:
        raise InvalidInput(
            f"feed {contract.feed} cannot be read from its database: {str(error)[:200]}",
            "Mend the contract's table or query.",
        ) from error
    finally:
        engine.dispose()


def _engine(contract: Contract) -> sa.Engine:
    name = contract.source.url_env
    assert name is not None, "a database contract names its address"
    address = os.environ.get(name)
    if not address:
        raise NotFound(
            f"feed {contract.feed} needs the environment variable {name}",
            "Set it to the database's URL, such as postgresql+psycopg://user@host/name.",
        )
    try:
        return sa.create_engine(address, poolclass=sa.NullPool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InvalidInput(
            f"{name} does not hold a usable database URL ({type(error).__name__})",
            "Write driver://user:password@host/name and install the driver.",
        ) from None


def _rows(
    contract: Contract, engine: sa.Engine, number: int, part: Part, findings: Findings
) -> Iterator[RawBatch]:
    digest = hashlib.sha256()
    with engine.connect() as connection:
        streaming = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS)
        result = streaming.execute(_statement(contract), _parameters(contract, part))
        layout = match_headings(contract, number, part, list(result.keys()), findings)
        if layout is None:
            return
        places = [layout.index(name) for name in contract.headings]
        row = 1
        for held in result.partitions(BATCH_ROWS):
            columns = {
                name: column_of([cells[place] for cells in held])
                for name, place in zip(contract.headings, places, strict=True)
            }
            for cells in held:
                digest.update(raw_row(dict(zip(layout, cells, strict=True))))
            yield typed_batch(columns, number, row, len(held))
            row += len(held)
    findings.digests[number] = digest.hexdigest()


def _statement(contract: Contract) -> sa.Executable:
    if contract.source.query is not None:
        return sa.text(contract.source.query)
    schema, _, name = (contract.source.table or "").rpartition(".")
    columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in contract.headings]
    return sa.select(*columns).select_from(sa.table(name, *columns, schema=schema or None))


def _parameters(contract: Contract, part: Part) -> dict[str, date | str | None]:
    query = contract.source.query or ""
    return {BUSINESS_DATE: part.business_date} if f":{BUSINESS_DATE}" in query else {}
