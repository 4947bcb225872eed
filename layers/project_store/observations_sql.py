"""
Many rows at once, in the tongue of SQLite and of PostgreSQL.

Statements are written with `?`; what is sent goes past the expression language of SQLAlchemy,
which would take longer than the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import exc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

CHUNK = 300
"""Rows of values in one statement of SQLite, which reads them as text."""

CACHE_KIB = 24_000
"""Room for the last page of each of some thousand streams; the worker grows by it and no more."""

CHECKPOINT_PAGES = 8_000
TYPES = {"int": "bigint", "float": "float8", "str": "text"}


@dataclass(frozen=True)
class Bulk:
    """An INSERT of many rows; `rule` says what happens to those that are there."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]  # int, float or str
    rule: str


def is_sqlite(connection: Connection) -> bool:
    """Tell a file from a server."""
    return connection.dialect.name == "sqlite"


def prepare_writes(connection: Connection) -> None:
    """Give SQLite room for the pages of a batch, and let it tidy up every few batches only."""
    if is_sqlite(connection):
        connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def run(connection: Connection, sql: str, parameters: tuple[Any, ...] = ()) -> int:
    """Run a statement and return how many rows it has changed."""
    return int(connection.exec_driver_sql(_spelt(connection, sql), parameters).rowcount)


def bulk(connection: Connection, what: Bulk, columns: Sequence[Sequence[Any]]) -> None:
    """Insert columns of equal length; plain Python values, no NumPy scalars."""
    if not columns or not len(columns[0]):
        return
    head = f"INSERT INTO {what.table} ({', '.join(what.columns)})"
    if is_sqlite(connection):
        marks = ", ".join("?" * len(what.columns))
        rows = list(zip(*columns, strict=True))
        connection.exec_driver_sql(f"{head} VALUES ({marks}) {what.rule}", rows)
        return
    sql = f"{head} SELECT * FROM {_unnest(what.types)} {what.rule}"
    connection.exec_driver_sql(sql, _arrays(columns, what.types))


def remove(
    connection: Connection, table: str, pairs: Sequence[tuple[int, int]], more: str = ""
) -> None:
    """Remove rows of a table by stream and time."""
    if not pairs:
        return
    if is_sqlite(connection):
        sql = f"DELETE FROM {table} WHERE stream = ? AND at = ? {more}"
        connection.exec_driver_sql(sql, list(pairs))
        return
    sql = (
        f"DELETE FROM {table} USING {_unnest(('int', 'int'))} AS u(stream, at) "
        f"WHERE {table}.stream = u.stream AND {table}.at = u.at {more}"
    )
    columns = list(zip(*pairs, strict=True))
    connection.exec_driver_sql(sql, _arrays(columns, ("int", "int")))


def fetch(
    connection: Connection, sql: str, parameters: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    """Return all rows of a question as plain tuples."""
    return _fetched(connection, _spelt(connection, sql), parameters)


def fetch_for(
    connection: Connection, sql: str, columns: Sequence[Sequence[Any]], types: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """
    Return the answers to a question about many rows.

    `{rows}` in it stands for the rows, as in `WITH u(stream, at) AS ({rows}) SELECT ...`.
    """
    if not len(columns[0]):
        return []
    if not is_sqlite(connection):
        text = _spelt(connection, sql).replace("{rows}", f"SELECT * FROM {_unnest(types)}")
        return _fetched(connection, text, _arrays(columns, types))
    found: list[tuple[Any, ...]] = []
    row = "(" + ", ".join("?" * len(columns)) + ")"
    for part in _parts(columns):
        text = sql.replace("{rows}", "VALUES " + ", ".join([row] * len(part)))
        found += _fetched(connection, text, tuple(value for one in part for value in one))
    return found


def frame(
    rows: Sequence[tuple[Any, ...]], columns: dict[str, str], *, index: str | None = None
) -> pd.DataFrame:
    """Return rows as a table; the kind `time` is UTC from milliseconds, nothing is NaT."""
    parts = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    made = {
        name: _column(part, kind) for (name, kind), part in zip(columns.items(), parts, strict=True)
    }
    table = pd.DataFrame(made)
    return table if index is None else table.set_index(index)


def utc(ms: np.ndarray[Any, Any] | Sequence[Any]) -> pd.DatetimeIndex:
    """Return milliseconds as times in UTC, to the millisecond."""
    moments = np.asarray(ms, dtype="int64").view("datetime64[ms]")
    return pd.DatetimeIndex(moments).tz_localize("UTC")


def _column(values: Sequence[Any], kind: str) -> Any:
    if kind != "time":
        return pd.Series(list(values), dtype=kind)
    empty = np.iinfo("int64").min  # NaT
    if None in values:
        values = [empty if value is None else value for value in values]
    return utc(np.array(values, dtype="int64"))


def _fetched(
    connection: Connection, sql: str, parameters: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    result = connection.exec_driver_sql(sql, parameters)
    cursor: Any = result.cursor
    faults: Any = connection.dialect.loaded_dbapi.Error
    try:
        return list(cursor.fetchall())
    except faults as error:
        raise exc.DBAPIError(sql, None, error) from error
    finally:
        result.close()


def _parts(columns: Sequence[Sequence[Any]]) -> Iterator[list[tuple[Any, ...]]]:
    rows = list(zip(*columns, strict=True))
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _arrays(columns: Sequence[Sequence[Any]], types: tuple[str, ...]) -> tuple[Any, ...]:
    """Return arrays for PostgreSQL; numbers as text, ten times faster than number by number."""
    return tuple(
        list(column) if kind == "str" else "{" + ",".join(map(repr, column)) + "}"
        for column, kind in zip(columns, types, strict=True)
    )


def _unnest(types: tuple[str, ...]) -> str:
    return "unnest(" + ", ".join(f"%s::{TYPES[kind]}[]" for kind in types) + ")"


def _spelt(connection: Connection, sql: str) -> str:
    return sql if is_sqlite(connection) else sql.replace("?", "%s")
