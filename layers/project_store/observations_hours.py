"""Hours and days as they are kept, and as they follow from values that were written since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layers.project_store.observations_rollup import (
    COLUMNS,
    COUNT,
    HOUR_MS,
    KINDS,
    MEAN,
    Values,
    days_of,
    hours_of,
    midnights,
    next_midnights,
)
from layers.project_store.observations_sql import fetch, fetch_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    Ints = NDArray[np.int64]

Span = tuple[int, int, int]
"""Number of a stream, begin and end in ms UTC."""

SPANS = ("int", "int", "int")


def kinds_of(connection: Connection) -> dict[int, int]:
    """Return how the values of each stream stand in time, by number."""
    rows = fetch(connection, "SELECT number, statistic FROM datastreams")
    return {number: KINDS.get(statistic, MEAN) for number, statistic in rows}


def read_hours(
    connection: Connection, spans: Sequence[Span], kinds: dict[int, int]
) -> pd.DataFrame:
    """Return hours that begin in spans, by stream and begin; right whether rolled up or not."""
    kept = _kept(connection, "observation_hours", spans)
    stale = _marks(connection, spans)
    return _renewed(kept, fresh_hours(connection, stale, kinds), stale)


def read_days(
    connection: Connection, spans: Sequence[Span], kinds: dict[int, int], zone: str
) -> pd.DataFrame:
    """Return local days that begin in spans, by stream and begin."""
    kept = _kept(connection, "observation_days", spans)
    wider = [(stream, since, until + 25 * HOUR_MS) for stream, since, until in spans]
    stale = _marks(connection, wider)
    if zone_of_days(connection) != zone:  # those that can be are made anew
        kept = kept[kept["sealed"] == 1]
        hours = _marks(connection, wider, "observation_hours")
        stale = np.unique(np.concatenate([stale, hours]), axis=0)
    begun = fresh_days(connection, stale, kinds, zone)
    limits = {stream: (since, until) for stream, since, until in spans}
    at = begun.index.get_level_values("at").to_numpy(np.int64)
    own = [limits[number] for number in begun.index.get_level_values("stream")]
    inside = [since <= moment < until for moment, (since, until) in zip(at, own, strict=True)]
    begun = begun[np.array(inside, dtype=bool)]
    return _renewed(kept, begun, np.array(begun.index.to_list(), np.int64).reshape(-1, 2))


def zone_of_days(connection: Connection) -> str:
    """Return whose days are kept; "" while there are none."""
    return str(fetch(connection, "SELECT zone FROM observation_marker")[0][0])


def fresh_hours(connection: Connection, marks: Ints, kinds: dict[int, int]) -> pd.DataFrame:
    """Return the hours of marks (stream, begin; in this order) from their values."""
    spans = _runs(marks)
    values = _values(connection, spans, kinds)
    table = hours_of(values)
    wanted = pd.MultiIndex.from_arrays(list(marks.T), names=["stream", "at"])
    return table[table.index.isin(wanted)]


def fresh_days(
    connection: Connection, marks: Ints, kinds: dict[int, int], zone: str
) -> pd.DataFrame:
    """Return the whole local days in which marked hours lie."""
    if not len(marks):
        return _empty()
    days = np.unique(np.column_stack([marks[:, 0], midnights(marks[:, 1], zone)]), axis=0)
    ends = next_midnights(days[:, 1], zone)
    spans = [
        (stream, since, until)
        for (stream, since), until in zip(days.tolist(), ends.tolist(), strict=True)
    ]
    hours = read_hours(connection, _joined(spans), kinds)
    return days_of(hours, kinds, zone) if len(hours) else _empty()


def read_marks(connection: Connection, most: int, before: int, stream: int | None = None) -> Ints:
    """Return marked hours (stream, begin) before a moment, the first ones, of one stream or all."""
    chosen, parameters = ("", ()) if stream is None else ("stream = ? AND", (stream,))
    sql = (
        f"SELECT stream, at FROM observation_stale WHERE {chosen} at < ? "
        "ORDER BY stream, at LIMIT ?"
    )
    rows = fetch(connection, sql, (*parameters, before, most))
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _kept(connection: Connection, table: str, spans: Sequence[Span]) -> pd.DataFrame:
    columns = ", ".join(f"t.{name}" for name in ("stream", "at", *COLUMNS, "sealed"))
    sql = (
        f"WITH u(stream, since, until) AS ({{rows}}) SELECT {columns} FROM u CROSS JOIN {table} t "
        "WHERE t.stream = u.stream AND t.at >= u.since AND t.at < u.until ORDER BY t.stream, t.at"
    )
    rows = fetch_for(connection, sql, list(zip(*spans, strict=True)) or [()], SPANS)
    if not rows:
        return _empty().assign(sealed=0)
    numbers = np.array(rows, dtype=float)  # exact: milliseconds have 43 bits, numbers 31
    whole = numbers[:, [0, 1, 6, 7, 8]].astype(np.int64)
    index = pd.MultiIndex.from_arrays([whole[:, 0], whole[:, 1]], names=["stream", "at"])
    table_ = pd.DataFrame(numbers[:, 2:6], index=index, columns=list(COLUMNS[:4]))
    return table_.assign(n=whole[:, 2], flags=whole[:, 3], sealed=whole[:, 4])


def _marks(connection: Connection, spans: Sequence[Span], table: str = "observation_stale") -> Ints:
    sql = (
        f"WITH u(stream, since, until) AS ({{rows}}) SELECT t.stream, t.at FROM u CROSS JOIN "
        f"{table} t WHERE t.stream = u.stream AND t.at >= u.since AND t.at < u.until"
    )
    rows = fetch_for(connection, sql, list(zip(*spans, strict=True)) or [()], SPANS)
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)


def _renewed(kept: pd.DataFrame, fresh: pd.DataFrame, stale: Ints) -> pd.DataFrame:
    """Put what was made anew in the place of what is kept, except where that is sealed."""
    columns = list(COLUMNS)
    if not len(stale):
        return kept[columns]
    sealed = kept.index[kept["sealed"] == 1]
    is_old = (
        kept.index.isin(pd.MultiIndex.from_arrays(list(stale.T))) & (kept["sealed"] == 0).to_numpy()
    )
    parts = [kept.loc[~is_old, columns], fresh.loc[~fresh.index.isin(sealed), columns]]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled).sort_index() if filled else _empty()


def _values(connection: Connection, spans: Sequence[Span], kinds: dict[int, int]) -> Values:
    """Return the values of spans, with those around them that their hours depend on."""
    sql = (
        "WITH u(stream, since, until) AS ({rows}) SELECT o.stream, o.at, o.value, o.flags "
        "FROM u CROSS JOIN observations o "
        "WHERE o.stream = u.stream AND o.at >= u.since AND o.at < u.until"
    )
    rows = fetch_for(connection, sql, list(zip(*spans, strict=True)) or [()], SPANS)
    rows += _around(connection, [one for one in spans if kinds[one[0]] not in {COUNT, MEAN}])
    if not rows:
        none = np.zeros(0, dtype=np.int64)
        return Values(none, none, none.astype(float), none, none)
    numbers = np.array(rows, dtype=float)
    stream, at = numbers[:, 0].astype(np.int64), numbers[:, 1].astype(np.int64)
    order = np.lexsort((at, stream))
    again = (np.diff(stream[order]) == 0) & (np.diff(at[order]) == 0)
    order = order[np.append(True, ~again)]
    kind = np.array([kinds[number] for number in stream[order].tolist()], dtype=np.int64)
    flags = numbers[order, 3].astype(np.int64)
    return Values(stream[order], at[order], numbers[order, 2], flags, kind)


def _around(connection: Connection, spans: Sequence[Span]) -> list[tuple[float, ...]]:
    """Return the last value before each span, and of meters the first one after it."""
    sql = (
        "WITH u(stream, since, until) AS ({rows}) SELECT u.stream, "
        "(SELECT max(o.at) FROM observations o WHERE o.stream = u.stream AND o.at < u.since), "
        "(SELECT min(o.at) FROM observations o WHERE o.stream = u.stream AND o.at >= u.until) "
        "FROM u"
    )
    ends = fetch_for(connection, sql, list(zip(*spans, strict=True)) or [()], SPANS)
    pairs = sorted({(row[0], at) for row in ends for at in row[1:] if at is not None})
    sql = (
        "WITH u(stream, at) AS ({rows}) SELECT o.stream, o.at, o.value, o.flags FROM u CROSS JOIN "
        "observations o WHERE o.stream = u.stream AND o.at = u.at"
    )
    return fetch_for(connection, sql, list(zip(*pairs, strict=True)) or [()], SPANS[:2])


def _runs(marks: Ints) -> list[Span]:
    """Return marked hours as spans, neighbours as one."""
    spans = [(stream, at, at + HOUR_MS) for stream, at in marks.tolist()]
    return _joined(spans)


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for stream, since, until in spans:
        if joined and joined[-1][0] == stream and joined[-1][2] == since:
            joined[-1] = (stream, joined[-1][1], until)
        else:
            joined.append((stream, since, until))
    return joined


def _empty() -> pd.DataFrame:
    none = np.zeros(0, dtype=np.int64)
    index = pd.MultiIndex.from_arrays([none, none], names=["stream", "at"])
    kinds = dict.fromkeys(COLUMNS[:4], float) | {"n": np.int64, "flags": np.int64}
    return pd.DataFrame({name: np.zeros(0, kind) for name, kind in kinds.items()}, index=index)
