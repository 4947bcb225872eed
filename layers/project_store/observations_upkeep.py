"""Rolling up and pruning, in transactions short enough that nobody waits for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.project_store.observations_hours import (
    fresh_days,
    fresh_hours,
    kinds_of,
    read_marks,
    zone_of_days,
)
from layers.project_store.observations_rollup import COLUMNS, HOUR_MS, midnights, next_midnights
from layers.project_store.observations_sql import (
    Bulk,
    bulk,
    fetch,
    is_sqlite,
    prepare_writes,
    remove,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from sqlalchemy import Connection

    from layers.project_store.database import Database
    from layers.project_store.observations_records import Retention

TURN_S = 0.05
"""How long a transaction of pruning may hold up writers, about."""

VALUES, FIRST, MOST = 50_000, 20, 5_000
"""
About how many values, and how many hours at first and at most, one transaction rolls up.

The first hours tell how many values one has: with a value a second already twenty are enough.
"""

SLICE = 5_000
"""Values that are removed in one statement."""

DAY_MS = 24 * HOUR_MS


def _replacing(table: str) -> Bulk:
    columns = ("stream", "at", *COLUMNS, "sealed")
    values = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    rule = f"ON CONFLICT (stream, at) DO UPDATE SET {values} WHERE {table}.sealed = 0"
    kinds = ("int", "int", "float", "float", "float", "float", "int", "int", "int")
    return Bulk(table, columns, kinds, rule)


HOURS = _replacing("observation_hours")
DAYS = _replacing("observation_days")


def roll_up(database: Database, zone: str, *, now_ms: int, until: float) -> int:
    """Roll up marked hours that have ended, and their days; return how many hours that were."""
    ended = now_ms // HOUR_MS * HOUR_MS
    with database.writing() as connection:
        _wait(connection)
        if zone_of_days(connection) != zone:
            _change_zone(connection, zone)
    done, most = 0, FIRST
    while time.monotonic() < until:
        with database.writing() as connection:
            _wait(connection)
            count, values = _roll_up_some(connection, most, ended, zone)
        if not count:
            break
        done += count
        most = max(1, min(VALUES * count // max(values, 1), 4 * most, MOST))
    return done


def prune(
    database: Database, retention: Retention, *, now_ms: int, until: float, zone: str
) -> tuple[int, int]:
    """Remove values and hours older than they are kept; return how many of each."""
    roll_up(database, zone, now_ms=now_ms, until=until)
    raw = hourly = 0
    if retention.raw_days is not None:
        cutoff = (now_ms - max(retention.raw_days, 0) * DAY_MS) // HOUR_MS * HOUR_MS
        raw = _prune_values(database, cutoff, until, zone)
    if retention.hourly_days is not None:
        limit = np.array([now_ms - max(retention.hourly_days, 0) * DAY_MS], dtype=np.int64)
        hourly = _prune_hours(database, int(midnights(limit, zone)[0]), until, zone)
    return raw, hourly


def _wait(connection: Connection) -> None:
    """Wait for whoever is writing; SQLite has done so already."""
    prepare_writes(connection)
    if not is_sqlite(connection):
        fetch(connection, "SELECT marker FROM observation_marker FOR UPDATE")


def _change_zone(connection: Connection, zone: str) -> None:
    """Have all days made anew, except those whose hours are gone."""
    run(connection, "DELETE FROM observation_days WHERE sealed = 0")
    run(
        connection,
        "INSERT INTO observation_stale (stream, at) SELECT stream, at FROM observation_hours "
        "WHERE true ON CONFLICT (stream, at) DO NOTHING",
    )
    run(connection, "UPDATE observation_marker SET zone = ?", (zone,))


def _roll_up_some(
    connection: Connection, most: int, before: int, zone: str, *, stream: int | None = None
) -> tuple[int, int]:
    """Roll up some marked hours; return how many, and of how many values."""
    marks = read_marks(connection, most, before, stream)
    if not len(marks):
        return 0, 0
    kinds = kinds_of(connection)
    hours = fresh_hours(connection, marks, kinds)
    found = set(hours.index.to_list())
    gone = [mark for mark in map(tuple, marks.tolist()) if mark not in found]
    remove(connection, "observation_hours", gone, "AND observation_hours.sealed = 0")
    bulk(connection, HOURS, _columns(hours))
    remove(connection, "observation_stale", list(map(tuple, marks.tolist())))
    bulk(connection, DAYS, _columns(fresh_days(connection, marks, kinds, zone)))
    return len(marks), int(hours["n"].sum())


def _columns(table: pd.DataFrame) -> list[list[float]]:
    index = [table.index.get_level_values(name).tolist() for name in ("stream", "at")]
    return [*index, *(table[name].tolist() for name in COLUMNS), [0] * len(table)]


def _prune_values(database: Database, cutoff: int, until: float, zone: str) -> int:
    """Remove values before a full hour; of each stream the last one stays, hours build on it."""
    sql = "SELECT stream FROM observation_heads WHERE first_at < ? ORDER BY stream"
    return _by_stream(
        database,
        (sql, cutoff),
        lambda c, stream: _prune_stream(c, stream, cutoff, zone),
        until=until,
    )


def _prune_hours(database: Database, cutoff: int, until: float, zone: str) -> int:
    """Remove the hours of whole days before a local midnight; their days are sealed."""
    sql = (
        "SELECT DISTINCT d.stream FROM observation_days d JOIN observation_heads h "
        "ON h.stream = d.stream WHERE d.sealed = 0 AND d.at < ? AND d.at + ? <= h.sealed_until"
    )
    return _by_stream(
        database,
        (sql, cutoff, 25 * HOUR_MS),
        lambda c, stream: _prune_days(c, stream, cutoff, zone),
        until=until,
    )


def _by_stream(
    database: Database,
    which: tuple[Any, ...],
    prune_one: Callable[[Connection, int], tuple[int, bool]],
    *,
    until: float,
) -> int:
    """Prune stream by stream, as many slices in a transaction as its time allows."""
    with database.reading() as connection:
        streams = [row[0] for row in fetch(connection, which[0], which[1:])]
    removed = 0
    while streams and time.monotonic() < until:
        started = time.perf_counter()
        with database.writing() as connection:
            _wait(connection)
            while streams and time.perf_counter() - started < TURN_S:
                count, is_done = prune_one(connection, streams[-1])
                removed += count
                if is_done:
                    streams.pop()
    return removed


def _prune_stream(connection: Connection, stream: int, cutoff: int, zone: str) -> tuple[int, bool]:
    """Seal the first hours of a stream and remove a slice of values; tell whether that was all."""
    if _roll_up_some(connection, FIRST, cutoff, zone, stream=stream)[0]:
        return 0, False  # sealed hours are never rolled up again, so first all of them
    before = "FROM observations WHERE stream = ? AND at < ?"
    first, last = fetch(connection, f"SELECT min(at), max(at) {before}", (stream, cutoff))[0]
    if last is None:
        return 0, True
    sql = f"SELECT at {before} ORDER BY at LIMIT 1 OFFSET ?"
    found = fetch(connection, sql, (stream, last, SLICE))
    end = cutoff if not found else (found[0][0] // HOUR_MS + 1) * HOUR_MS
    run(
        connection,
        "UPDATE observation_hours SET sealed = 1 "
        "WHERE stream = ? AND at >= ? AND at < ? AND sealed = 0",
        (stream, first // HOUR_MS * HOUR_MS, end),
    )
    run(
        connection,
        "UPDATE observation_heads SET sealed_until = ? WHERE stream = ? AND sealed_until < ?",
        (end, stream, end),
    )
    return run(connection, f"DELETE {before} AND at < ?", (stream, end, last)), not found


def _prune_days(connection: Connection, stream: int, cutoff: int, zone: str) -> tuple[int, bool]:
    """Seal whole days and remove a slice of their sealed hours; tell whether that was all."""
    sql = (
        "SELECT d.at FROM observation_days d JOIN observation_heads h ON h.stream = d.stream "
        "WHERE d.stream = ? AND d.sealed = 0 AND d.at < ? AND d.at + ? <= h.sealed_until "
        "AND NOT EXISTS (SELECT 1 FROM observation_hours o WHERE o.stream = d.stream "
        "AND o.at >= d.at AND o.at < d.at + ? AND o.sealed = 0) "
        "AND NOT EXISTS (SELECT 1 FROM observation_stale s WHERE s.stream = d.stream "
        "AND s.at >= d.at AND s.at < d.at + ?) ORDER BY d.at LIMIT ?"
    )
    whole = 25 * HOUR_MS
    rows = fetch(connection, sql, (stream, cutoff, whole, whole, whole, SLICE // 24 + 1))
    days = np.array(rows, dtype=np.int64).reshape(-1)
    removed = 0
    for since, until in zip(days.tolist(), next_midnights(days, zone).tolist(), strict=True):
        removed += _prune_day(connection, stream, since, until)
    return removed, len(rows) <= SLICE // 24


def _prune_day(connection: Connection, stream: int, since: int, until: int) -> int:
    run(
        connection,
        "UPDATE observation_days SET sealed = 1 WHERE stream = ? AND at = ?",
        (stream, since),
    )
    return run(
        connection,
        "DELETE FROM observation_hours WHERE stream = ? AND at >= ? AND at < ? AND sealed = 1",
        (stream, since, until),
    )
