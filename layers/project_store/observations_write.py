"""One write: everything of it in one transaction, every value once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from layers.project_store.observations_feeds import put_feeds
from layers.project_store.observations_marks import put_marks
from layers.project_store.observations_records import Written, at_ms
from layers.project_store.observations_rollup import HOUR_MS, midnights
from layers.project_store.observations_sql import Bulk, bulk, fetch, fetch_for, prepare_writes, run
from layers.project_store.observations_streams import printable, put_streams
from layers.sensors.records import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from layers.sensors.records import Datastream, Delivery, Reading, Reason

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

EARLIEST_MS = -2_208_988_800_000  # 1900
LATEST_MS = 7_258_118_400_000  # 2200
MOST_VALUE = 1e30  # nothing a town measures; sums of what is larger would run over
NEVER = np.iinfo(np.int64).min

VALUES = Bulk(
    "observations",
    ("stream", "at", "value", "flags", "received"), ("int", "int", "float", "int", "int"),
    "ON CONFLICT (stream, at) DO UPDATE SET value = excluded.value, flags = excluded.flags, "
    "received = excluded.received",
)  # fmt: skip
HEADS = Bulk(
    "observation_heads",
    ("stream", "marker", "first_at", "last_at", "value", "flags", "received", "sealed_until"),
    ("int", "int", "int", "int", "float", "int", "int", "int"),
    "ON CONFLICT (stream) DO UPDATE SET marker = excluded.marker, "
    "first_at = CASE WHEN observation_heads.first_at <= excluded.first_at "
    "THEN observation_heads.first_at ELSE excluded.first_at END, "
    + ", ".join(
        f"{name} = CASE WHEN observation_heads.last_at > excluded.last_at "
        f"THEN observation_heads.{name} ELSE excluded.{name} END"
        for name in ("last_at", "value", "flags", "received")
    ),
)


class Known(NamedTuple):
    """What a write must know of a stream."""

    number: int
    source: str
    statistic: str
    last_at: int | None
    sealed_until: int


@dataclass(frozen=True)
class Batch:
    """Readings as columns, by stream and time, each (stream, time) once."""

    stream: Ints
    at: Ints
    value: Floats
    flags: Ints
    received: Ints

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.stream)

    def only(self, chosen: NDArray[Any]) -> Batch:
        """Return some of the readings: a mask, or places."""
        columns = (self.stream, self.at, self.value, self.flags, self.received)
        return Batch(*(column[chosen] for column in columns))

    def columns(self) -> list[list[Any]]:
        """Return plain Python values."""
        columns = (self.stream, self.at, self.value, self.flags, self.received)
        return [column.tolist() for column in columns]


def write(
    connection: Connection, deliveries: Sequence[Delivery], *, now_ms: int, zone: str
) -> Written:
    """Keep deliveries in the transaction of a connection and say what became of the readings."""
    prepare_writes(connection)
    marker = next_marker(connection)
    streams = (stream for delivery in deliveries for stream in delivery.streams)
    put_streams(connection, streams, marker=marker, now_ms=now_ms)
    readings = [reading for delivery in deliveries for reading in delivery.readings]
    sources = [delivery.source for delivery in deliveries for _ in delivery.readings]
    known = known_streams(connection, {reading.stream for reading in readings})
    batch, refused = _batch(readings, sources, known, now_ms)
    written, late = write_batch(connection, batch, known, marker=marker, zone=zone)
    count = put_feeds(connection, deliveries, [*refused, *late], now_ms=now_ms)
    return written._replace(refused=count)


def write_series(
    connection: Connection,
    stream: Datastream,
    table: pd.DataFrame,
    *,
    now_ms: int,
    zone: str,
) -> Written:
    """Keep values of one datastream: columns at (ms UTC), value, flags."""
    prepare_writes(connection)
    marker = next_marker(connection)
    put_streams(connection, [stream], marker=marker, now_ms=now_ms)
    known = known_streams(connection, [stream.key])
    at = table["at"].to_numpy(np.int64)
    value = table["value"].to_numpy(np.float64)
    past, future = at < EARLIEST_MS, at >= LATEST_MS
    faults: dict[Reason, NDArray[np.bool_]] = {
        "not_finite": ~(np.abs(value) <= MOST_VALUE), "time_past": past, "time_future": future,
    }  # fmt: skip
    good = ~np.logical_or.reduce(list(faults.values()))
    whole = np.full(len(at), known[stream.key].number, dtype=np.int64)
    received = np.full(len(at), now_ms, dtype=np.int64)
    flags = table["flags"].to_numpy(np.int64)
    batch = Batch(whole, at, value, flags, received).only(good)
    written, late = write_batch(connection, batch, known, marker=marker, zone=zone)
    refused = [
        Refusal(stream.source, reason, stream.key)
        for reason, mask in faults.items()
        for _ in range(int(mask.sum()))
    ]
    return written._replace(refused=put_feeds(connection, [], [*refused, *late], now_ms=now_ms))


def next_marker(connection: Connection) -> int:
    """Return the number of this write; other writers wait here until it has ended."""
    run(connection, "UPDATE observation_marker SET marker = marker + 1")
    return int(fetch(connection, "SELECT marker FROM observation_marker")[0][0])


def known_streams(connection: Connection, keys: Iterable[str]) -> dict[str, Known]:
    """Return what is known of streams by key."""
    cleaned = {key: printable(key) for key in keys}
    sql = (
        "WITH u(key) AS ({rows}) SELECT d.key, d.number, d.source, d.statistic, h.last_at, "
        "h.sealed_until FROM u CROSS JOIN datastreams d JOIN observation_heads h "
        "ON h.stream = d.number WHERE d.key = u.key"
    )
    rows = fetch_for(connection, sql, [list(dict.fromkeys(cleaned.values()))], ("str",))
    found = {row[0]: Known(*row[1:]) for row in rows}
    return {key: found[clean] for key, clean in cleaned.items() if clean in found}


def write_batch(
    connection: Connection, batch: Batch, known: dict[str, Known], *, marker: int, zone: str
) -> tuple[Written, list[Refusal]]:
    """Write a batch; return what is new, the same and revised, and what came too late."""
    repeated, batch = _without_repeats(batch)
    by_number = {one.number: one for one in known.values()}
    last = _of_streams(batch, by_number, lambda one: NEVER if one.last_at is None else one.last_at)
    late = np.flatnonzero(batch.at <= last)
    state = _against_kept(connection, batch, late)  # 0 new, 1 the same, 2 another value
    gone, refused = _too_late(connection, batch, by_number, state, zone)
    state[gone] = 1
    changed = batch.only(state != 1)
    bulk(connection, VALUES, changed.columns())
    _put_heads(connection, changed, marker)
    put_marks(connection, changed, by_number, is_late=(batch.at <= last)[state != 1])
    same = int((state == 1).sum()) - len(gone)
    counts = repeated._replace(new=int((state == 0).sum()), same=repeated.same + same)
    return counts._replace(revised=repeated.revised + int((state == 2).sum())), refused


def _batch(
    readings: list[Reading], sources: list[str], known: dict[str, Known], now_ms: int
) -> tuple[Batch, list[Refusal]]:
    """Return what can be kept as columns, and why the rest cannot."""
    faults = [_fault(reading, known) for reading in readings]
    refused = [
        Refusal(source, fault, f"{reading.stream}: {reading.value!r} ({reading.at!r})"[:300])
        for reading, source, fault in zip(readings, sources, faults, strict=True)
        if fault is not None
    ]
    good = readings
    if refused:
        good = [one for one, fault in zip(readings, faults, strict=True) if fault is None]
    return Batch(
        np.array([known[one.stream].number for one in good], dtype=np.int64),
        np.array([one.at for one in good], dtype=np.int64),
        np.array([one.value for one in good], dtype=np.float64),
        np.array([one.flags for one in good], dtype=np.int64),
        np.array([one.received or now_ms for one in good], dtype=np.int64),
    ), refused


def _fault(reading: Reading, known: dict[str, Known]) -> Reason | None:
    """Say why a reading cannot be kept; sources look more closely, this is the last door."""
    stream, at, value, _, _ = reading
    if stream not in known:
        return "unknown_stream"
    try:
        if not -MOST_VALUE <= value <= MOST_VALUE:
            return "not_finite"
        if not EARLIEST_MS <= at < LATEST_MS:
            return "time_past" if at < EARLIEST_MS else "time_future"
    except TypeError:
        return "no_number"
    return None


def _without_repeats(batch: Batch) -> tuple[Written, Batch]:
    """Return a batch by stream and time, of readings for the same moment the last one."""
    if not len(batch):
        return Written(), batch
    ordered = batch.only(np.lexsort((batch.at, batch.stream)))  # stable: the last stays last
    again = (np.diff(ordered.stream) == 0) & (np.diff(ordered.at) == 0)
    if not again.any():
        return Written(), ordered
    differs = np.diff(ordered.value) != 0
    counts = Written(same=int((again & ~differs).sum()), revised=int((again & differs).sum()))
    return counts, ordered.only(np.append(~again, True))


def _of_streams(batch: Batch, known: dict[int, Known], what: Any) -> Ints:
    numbers, place = np.unique(batch.stream, return_inverse=True)
    return np.array([what(known[number]) for number in numbers.tolist()], dtype=np.int64)[place]


def _against_kept(connection: Connection, batch: Batch, late: Ints) -> Ints:
    """Compare with what is there; only what is not after the last value can be there."""
    state = np.zeros(len(batch), dtype=np.int64)
    sql = (
        "WITH u(stream, at) AS ({rows}) SELECT o.stream, o.at, o.value FROM u CROSS JOIN "
        "observations o WHERE o.stream = u.stream AND o.at = u.at"
    )
    asked = batch.only(late)
    rows = fetch_for(connection, sql, asked.columns()[:2], ("int", "int"))
    kept = {(stream, at): value for stream, at, value in rows}
    for place, stream, at, value in zip(late.tolist(), *asked.columns()[:3], strict=True):
        if (stream, at) in kept:
            state[place] = 1 if kept[stream, at] == value else 2
    return state


def _put_heads(connection: Connection, batch: Batch, marker: int) -> None:
    """Note first and last of each stream; a batch is by stream and time."""
    numbers, first = np.unique(batch.stream, return_index=True)
    if not len(numbers):
        return
    begins = batch.only(first)
    ends = batch.only(np.append(first[1:], len(batch)) - 1)
    count = len(numbers)
    marked = [numbers.tolist(), [marker] * count, begins.columns()[1]]
    columns = [*marked, *ends.columns()[1:], [0] * count]
    bulk(connection, HEADS, columns)


def _too_late(
    connection: Connection, batch: Batch, known: dict[int, Known], state: Ints, zone: str
) -> tuple[Ints, list[Refusal]]:
    """
    Return places of values for hours whose own values are gone, and their refusals.

    They cannot be rolled up any more without counting others twice, so the hour stays as it is.
    """
    sealed_until = _of_streams(batch, known, lambda one: one.sealed_until)
    asked = np.flatnonzero((batch.at < sealed_until) & (state != 1))
    if not len(asked):
        return asked, []
    late = batch.only(asked)
    stream, at = late.stream, late.at
    sealed = _sealed(connection, "observation_hours", stream, at // HOUR_MS * HOUR_MS)
    sealed |= _sealed(connection, "observation_days", stream, midnights(at, zone))
    gone = asked[sealed]
    refused = [
        Refusal(
            known[number].source, "time_past",
            f"older than what is kept in full: stream {number}, {at_ms(moment).isoformat()}",
        )
        for number, moment in zip(*late.only(sealed).columns()[:2], strict=True)
    ]  # fmt: skip
    return gone, refused


def _sealed(connection: Connection, table: str, stream: Ints, at: Ints) -> NDArray[np.bool_]:
    sql = (
        f"WITH u(stream, at) AS ({{rows}}) SELECT t.stream, t.at FROM u CROSS JOIN {table} t "
        "WHERE t.stream = u.stream AND t.at = u.at AND t.sealed = 1"
    )
    rows = fetch_for(connection, sql, [stream.tolist(), at.tolist()], ("int", "int"))
    found = set(rows)
    pairs = zip(stream.tolist(), at.tolist(), strict=True)
    return np.array([pair in found for pair in pairs], dtype=bool)
