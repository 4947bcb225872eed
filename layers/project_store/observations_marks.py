"""Which hours must be rolled up anew; noted in the transaction that changes their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layers.project_store.observations_rollup import HOLD_MS, HOUR_MS, SPAN_MS
from layers.project_store.observations_sql import Bulk, bulk, fetch_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from layers.project_store.observations_write import Batch, Known

STALE = Bulk(
    "observation_stale", ("stream", "at"), ("int", "int"), "ON CONFLICT (stream, at) DO NOTHING"
)
AROUND = (
    "WITH u(stream, at) AS ({rows}) SELECT u.stream, u.at, "
    "(SELECT max(o.at) FROM observations o WHERE o.stream = u.stream AND o.at < u.at), "
    "(SELECT min(o.at) FROM observations o WHERE o.stream = u.stream AND o.at > u.at) FROM u"
)


def put_marks(
    connection: Connection, batch: Batch, known: dict[int, Known], *, is_late: NDArray[Any]
) -> None:
    """
    Mark the hours that a written batch changes.

    Its own, and those next to it that depend on it: a value is held into the next hour, and what
    a meter counts is spread from one reading to the next. Hours that are sealed are left alone.
    """
    hours = batch.at // HOUR_MS * HOUR_MS
    places = np.flatnonzero(np.append(True, (np.diff(batch.stream) != 0) | (np.diff(hours) != 0)))
    marks = set()
    if len(batch):
        marks = set(zip(batch.stream[places].tolist(), hours[places].tolist(), strict=True))
    meters = [number for number, one in known.items() if one.statistic == "meter"]
    held = [number for number, one in known.items() if one.statistic == "value"]
    chosen = np.isin(batch.stream, meters) | (is_late & np.isin(batch.stream, held))
    if chosen.any():
        asked = batch.only(chosen).columns()[:2]
        for stream, at, before, after in fetch_for(connection, AROUND, asked, ("int", "int")):
            one = known[stream]
            near = _of_meter(at, before, after) if one.statistic == "meter" else _held(at, after)
            marks.update((stream, hour) for hour in near if hour >= one.sealed_until)
    ordered = sorted(marks)
    bulk(connection, STALE, [[mark[0] for mark in ordered], [mark[1] for mark in ordered]])


def _held(at: int, after: int | None) -> Iterator[int]:
    if after is not None and after - at <= HOLD_MS:
        yield after // HOUR_MS * HOUR_MS


def _of_meter(at: int, before: int | None, after: int | None) -> Iterator[int]:
    if before is not None and at - before <= SPAN_MS:
        yield from range(before // HOUR_MS * HOUR_MS, at, HOUR_MS)
    if after is not None:
        first = at if after - at <= SPAN_MS else after
        yield from range(first // HOUR_MS * HOUR_MS, after + 1, HOUR_MS)
