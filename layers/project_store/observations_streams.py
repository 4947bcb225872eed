"""Datastreams as rows: a changed one changes its row, where it was before is remembered."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, insert, select, update

from layers.project_store.observations_records import Place, StreamRow, at_ms
from layers.project_store.observations_sql import Bulk, bulk, run
from layers.project_store.tables import DATASTREAMS, OBSERVATION_HEADS
from layers.sensors.records import Datastream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

MOST_PLACES = 20
"""How many places are remembered of a device that moves; of one that drives, the last ones."""

MOST_KEYS = 500
FIELDS = tuple(field.name for field in fields(Datastream))
PLAIN = tuple(name for name in FIELDS if name != "extra")
JOINED = (
    select(
        DATASTREAMS.c.number, OBSERVATION_HEADS.c.first_at, OBSERVATION_HEADS.c.last_at,
        DATASTREAMS.c.places, DATASTREAMS.c.extra, *(DATASTREAMS.c[name] for name in PLAIN),
    )
    .join(OBSERVATION_HEADS, OBSERVATION_HEADS.c.stream == DATASTREAMS.c.number)
    .order_by(DATASTREAMS.c.number)
)  # fmt: skip
ALL_STALE = (
    "INSERT INTO observation_stale (stream, at) SELECT stream, at FROM observation_hours "
    "WHERE stream = ? AND sealed = 0 ON CONFLICT (stream, at) DO NOTHING"
)
HEADS = Bulk(
    "observation_heads", ("stream", "marker", "sealed_until"), ("int", "int", "int"),
    "ON CONFLICT (stream) DO UPDATE SET marker = excluded.marker",
)  # fmt: skip


def put_streams(
    connection: Connection, streams: Iterable[Datastream], *, marker: int, now_ms: int
) -> bool:
    """Add datastreams and change those that differ; tell whether there was any."""
    wanted = {row["key"]: row for row in map(_row, streams)}
    if not wanted:
        return False
    known = _by_key(connection, wanted)
    fresh = [row for key, row in wanted.items() if key not in known]
    changed = [
        (known[key], row)
        for key, row in wanted.items()
        if key in known and any(row[name] != known[key][name] for name in FIELDS)
    ]
    numbers = _add(connection, fresh)
    for old, row in changed:
        values = {**row, "places": _places(old, row, now_ms)}
        query = update(DATASTREAMS).where(DATASTREAMS.c.number == old["number"])
        connection.execute(query.values(**values))
        if old["statistic"] != row["statistic"]:
            run(connection, ALL_STALE, (old["number"],))
        numbers.append(old["number"])
    bulk(connection, HEADS, [numbers, [marker] * len(numbers), [0] * len(numbers)])
    return bool(numbers)


def stream_rows(connection: Connection, chosen: str | int | None = None) -> tuple[StreamRow, ...]:
    """Return all datastreams by number, or the one of a key or number."""
    query = JOINED
    if isinstance(chosen, str):
        query = query.where(DATASTREAMS.c.key == printable(chosen))
    elif chosen is not None:
        query = query.where(DATASTREAMS.c.number == chosen)
    return tuple(_stream_row(tuple(row)) for row in connection.execute(query))


def printable(text: str) -> str:
    """Return a text that every database can keep: no NUL, no halves of characters."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")


def _add(connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    last = connection.execute(select(func.max(DATASTREAMS.c.number))).scalar() or 0
    numbers = list(range(last + 1, last + 1 + len(rows)))
    made = [
        {**row, "number": number, "places": "[]"} for number, row in zip(numbers, rows, strict=True)
    ]
    connection.execute(insert(DATASTREAMS), made)
    return numbers


def _by_key(connection: Connection, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    wanted = list(keys)
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(wanted), MOST_KEYS):
        query = select(DATASTREAMS).where(DATASTREAMS.c.key.in_(wanted[start : start + MOST_KEYS]))
        found |= {row.key: dict(row._mapping) for row in connection.execute(query)}
    return found


def _row(stream: Datastream) -> dict[str, Any]:
    row = {name: _kept(getattr(stream, name)) for name in FIELDS}
    row["extra"] = json.dumps(dict(stream.extra), sort_keys=True, default=str)
    return row


def _kept(value: Any) -> Any:
    """Return a value as every database gives it back; what is no number is none."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.number):
        return float(value) if math.isfinite(value) else None
    return value


def _places(old: Mapping[str, Any], new: Mapping[str, Any], now_ms: int) -> str:
    kept = json.loads(old["places"])
    was, becomes = (old["lon"], old["lat"]), (new["lon"], new["lat"])
    if was != becomes and None not in was:
        kept.append([now_ms, *was])
    return json.dumps(kept[-MOST_PLACES:])


def _stream_row(row: tuple[Any, ...]) -> StreamRow:
    number, first, last, places, extra, *values = row
    stream = Datastream(**dict(zip(PLAIN, values, strict=True)), extra=_json(extra) or {})
    left = tuple(Place(at_ms(until), lon, lat) for until, lon, lat in _json(places) or ())
    first, last = (None if end is None else at_ms(end) for end in (first, last))
    return StreamRow(number, stream, first, last, left)


def _json(text: str) -> Any:
    """Read JSON; most of it is empty."""
    return None if text in {"{}", "[]"} else json.loads(text)
