"""What is asked of observations: the last values, a series, the town as it stood at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.project_store.observations_hours import Span, kinds_of, read_days, read_hours
from layers.project_store.observations_sql import fetch, fetch_for, frame, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from sqlalchemy import Connection

STANDING = {
    "number": "int64", "at": "time", "value": "float64", "flags": "int64", "received": "time",
    "key": "object",
}  # fmt: skip
BEGIN, END = -(2**62), 2**62
"""Before and after every time."""


def latest(connection: Connection, numbers: Iterable[int] | None) -> pd.DataFrame:
    """Return the last value of streams that have one, by number."""
    sql = (
        "SELECT h.stream, h.last_at, h.value, h.flags, h.received, d.key "
        "FROM observation_heads h JOIN datastreams d ON d.number = h.stream "
        "WHERE h.last_at IS NOT NULL"
    )
    if numbers is None:
        return frame(fetch(connection, f"{sql} ORDER BY h.stream"), STANDING, index="number")
    sql = f"WITH u(stream) AS ({{rows}}) {sql} AND h.stream IN (SELECT stream FROM u)"
    rows = fetch_for(connection, sql, [_chosen(connection, numbers)], ("int",))
    return frame(sorted(rows), STANDING, index="number")


def standing(connection: Connection, moment: int, numbers: Iterable[int] | None) -> pd.DataFrame:
    """Return the last value of streams at or before a moment, by number."""
    chosen = _chosen(connection, numbers)
    sql = (
        "WITH u(stream) AS ({rows}) SELECT o.stream, o.at, o.value, o.flags, o.received, d.key "
        "FROM u CROSS JOIN datastreams d CROSS JOIN observations o WHERE d.number = u.stream "
        "AND o.stream = u.stream AND o.at = (SELECT max(p.at) FROM observations p "
        f"WHERE p.stream = u.stream AND p.at <= {int(moment)})"
    )
    found = {row[0]: row for row in fetch_for(connection, sql, [chosen], ("int",))}
    for row in _hours_standing(connection, moment, chosen):
        if row[0] not in found or found[row[0]][1] < row[1]:
            found[row[0]] = row
    return frame([found[number] for number in sorted(found)], STANDING, index="number")


def _hours_standing(
    connection: Connection, moment: int, chosen: list[int]
) -> list[tuple[Any, ...]]:
    """Return the hours at a moment whose values are gone: their mean, or what they count."""
    sql = (
        "WITH u(stream) AS ({rows}) SELECT t.stream, t.at, "
        "CASE WHEN d.statistic IN ('count', 'meter') THEN t.sum ELSE t.mean END, "
        "t.flags, t.at, d.key FROM u CROSS JOIN observation_heads h CROSS JOIN datastreams d "
        "CROSS JOIN observation_hours t WHERE h.stream = u.stream AND d.number = u.stream "
        f"AND h.sealed_until > {int(moment)} AND t.stream = u.stream AND t.sealed = 1 AND t.at = "
        "(SELECT max(p.at) FROM observation_hours p "
        f"WHERE p.stream = u.stream AND p.at <= {int(moment)})"
    )
    return fetch_for(connection, sql, [chosen], ("int",))


def raw_series(connection: Connection, span: Span, most: int | None) -> pd.DataFrame:
    """Return value and flags of one stream by time; of too many the newest ones."""
    sql = "SELECT at, value, flags FROM observations WHERE stream = ? AND at >= ? AND at < ?"
    if most is None:
        rows = fetch(connection, f"{sql} ORDER BY at", span)
    else:
        rows = fetch(connection, f"{sql} ORDER BY at DESC LIMIT ?", (*span, most))[::-1]
    return frame(rows, {"at": "time", "value": "float64", "flags": "int64"}, index="at")


def rolled_series(connection: Connection, span: Span, zone: str | None) -> pd.DataFrame:
    """Return hours, or the days of a zone, of one stream by time."""
    table = _rolled(connection, [span], zone)
    at = table.index.get_level_values("at").to_numpy(np.int64)
    return table.set_axis(utc(at).rename("at"), axis=0)


def long_table(
    connection: Connection, numbers: Sequence[int], span: tuple[int, int], *, step: str, zone: str
) -> pd.DataFrame:
    """Return the values, hours or days of many streams as one long table."""
    spans = [(number, *span) for number in numbers]
    if step == "raw":
        sql = (
            "WITH u(stream, since, until) AS ({rows}) SELECT o.stream, o.at, o.value, o.flags "
            "FROM u CROSS JOIN observations o WHERE o.stream = u.stream AND o.at >= u.since "
            "AND o.at < u.until ORDER BY o.stream, o.at"
        )
        rows = fetch_for(connection, sql, list(zip(*spans, strict=True)) or [()], ("int",) * 3)
        kinds = {"number": "int64", "at": "time", "value": "float64", "flags": "int64"}
        return frame(rows, kinds)
    table = _rolled(connection, spans, None if step == "hour" else zone).reset_index()
    at = utc(table["at"].to_numpy(np.int64))
    return table.rename(columns={"stream": "number"}).assign(at=at)


def changes(connection: Connection, after: int) -> tuple[int, tuple[int, ...]]:
    """Return the marker of the last write and which streams were written after another one."""
    marker = int(fetch(connection, "SELECT marker FROM observation_marker")[0][0])
    if marker == after:
        return marker, ()
    since = after if after < marker else 0  # of a database that was put back: all of it
    sql = "SELECT stream FROM observation_heads WHERE marker > ? ORDER BY stream"
    return marker, tuple(row[0] for row in fetch(connection, sql, (since,)))


def refusals(connection: Connection) -> pd.DataFrame:
    """Return what was refused by source and reason, the most frequent first."""
    sql = (
        "SELECT source, reason, count, last, detail FROM feed_refusals "
        "ORDER BY source, count DESC, reason"
    )
    kinds = {
        "source": "object", "reason": "object", "count": "int64", "last": "time",
        "detail": "object",
    }  # fmt: skip
    return frame(fetch(connection, sql), kinds)


def _rolled(connection: Connection, spans: Sequence[Span], zone: str | None) -> pd.DataFrame:
    kinds = kinds_of(connection)
    if zone is None:
        return read_hours(connection, spans, kinds)
    return read_days(connection, spans, kinds, zone)


def _chosen(connection: Connection, numbers: Iterable[int] | None) -> list[int]:
    if numbers is not None:
        return sorted({int(number) for number in numbers})
    return [row[0] for row in fetch(connection, "SELECT number FROM datastreams ORDER BY number")]
