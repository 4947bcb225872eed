"""Observations of sensors: what the city reports back, kept once and for good."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from layers.project_store import observations_read as read
from layers.project_store.observations_feeds import (
    forget_source,
    put_state,
    read_cursor,
    read_states,
)
from layers.project_store.observations_records import Written, milliseconds
from layers.project_store.observations_streams import stream_rows
from layers.project_store.observations_upkeep import prune, roll_up
from layers.project_store.observations_write import write, write_series
from twin.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layers.project_store.database import Database
    from layers.project_store.observations_records import (
        FeedState,
        Moment,
        Retention,
        StreamRow,
    )
    from layers.sensors.common import State
    from layers.sensors.records import Datastream, Delivery
    from twin.sentences import Sentence

Step = Literal["raw", "hour", "day"]

GERMAN_TIME = "Europe/Berlin"
PART = 50_000
"""Values of a series that are kept in one transaction."""


class ObservationStore:
    """
    Values of datastreams and how their feeds are; safe to use from several threads and programs.

    A value is kept by (datastream, time): the same again changes nothing, another one takes its
    place. `zone` is whose days the days are. Moments are times with their zone or milliseconds
    since 1970 UTC; a span is from `since` to before `until`, None is open.
    """

    def __init__(
        self,
        database: Database,
        *,
        zone: str = GERMAN_TIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self.zone = zone
        self._clock = clock

    def write(self, deliveries: Iterable[Delivery]) -> Written:
        """
        Keep deliveries in one transaction: datastreams, values, cursors, counts of refusals.

        Once it returns all of it is kept for good, else nothing of it. So a program killed at any
        moment has lost nothing that it acknowledged afterwards, and what its sources bring a
        second time is found to be there: values by (datastream, time), refusals by reason and
        detail where they say that they come `again` (4,000 of a source are remembered; of two
        messages with equal garbage, of which only one was counted, the other may be missed).

        Of several values for one moment the last one counts, with its flags; a value that is
        there keeps its flags and when it came. What is no number, has no datastream or belongs to
        an hour whose values are no longer kept is refused and counted.

        Raises
        ------
        StoreError
            The database is busy, full or away; nothing was kept.
        """
        kept = list(deliveries)
        with self.database.writing() as connection:
            return write(connection, kept, now_ms=self._now(), zone=self.zone)

    def import_series(
        self, stream: Datastream, values: pd.Series[float] | pd.DataFrame, *, flags: int = 0
    ) -> Written:
        """
        Keep a whole series of one datastream, e.g. of a notebook or a file of past years.

        Parameters
        ----------
        values
            By time with its zone (without one it is UTC): a series, or a table as `series` gives
            with value and flags.
        flags
            Of `Flag`, of all values of a series.
        """
        table = values if isinstance(values, pd.DataFrame) else values.to_frame("value")
        moments = pd.DatetimeIndex(table.index)
        aware = moments.tz_localize("UTC") if moments.tz is None else moments.tz_convert("UTC")
        at = aware.tz_localize(None).to_numpy("datetime64[ms]").astype("int64")
        flat = pd.DataFrame({"at": at, "value": table["value"].to_numpy(float)})
        flat["flags"] = table["flags"].to_numpy() if "flags" in table else flags
        done = Written()
        for start in range(0, max(len(flat), 1), PART):
            part = flat.iloc[start : start + PART]
            with self.database.writing() as connection:
                more = write_series(connection, stream, part, now_ms=self._now(), zone=self.zone)
            done = Written(*(a + b for a, b in zip(done, more, strict=True)))
        return done

    def roll_up(self, *, seconds: float = math.inf) -> int:
        """
        Roll up the hours that have ended and were written to; return how many that were.

        What is asked for is right before as well, this only makes it fast. Done in transactions
        of some hundredths of a second; a program killed on the way has lost nothing. After so
        many `seconds` it ends, the rest is for the next time.
        """
        until = time.monotonic() + seconds
        return roll_up(self.database, self.zone, now_ms=self._now(), until=until)

    def prune(self, retention: Retention, *, seconds: float = math.inf) -> tuple[int, int]:
        """
        Remove what is older than it is kept; return how many values and hours were removed.

        After so many `seconds` it ends, the rest is for the next time.

        Values go only after they were rolled up, hours only after their local day was; neither
        is ever made again from less. The last value before the limit stays: the hour after it
        builds on it. A value that comes for an hour whose values are gone is refused as
        `time_past` and counted; one for an hour that had none is taken. Of a stream the last
        value stays known, however old. The room in the file is used again, the file of SQLite
        does not become smaller.
        """
        until = time.monotonic() + seconds
        return prune(self.database, retention, now_ms=self._now(), until=until, zone=self.zone)

    def streams(self) -> tuple[StreamRow, ...]:
        """Return all datastreams by number, with their first and last time."""
        with self.database.reading() as connection:
            return stream_rows(connection)

    def stream(self, chosen: str | int) -> StreamRow | None:
        """Return the datastream of a key or number; None where there is none."""
        with self.database.reading() as connection:
            wanted = chosen if isinstance(chosen, str) else int(chosen)
            return next(iter(stream_rows(connection, wanted)), None)

    def latest(self, numbers: Iterable[int] | None = None) -> pd.DataFrame:
        """Return the last values by number: at, value, flags, received, key; times in UTC."""
        with self.database.reading() as connection:
            return read.latest(connection, numbers)

    def at(self, moment: Moment, numbers: Iterable[int] | None = None) -> pd.DataFrame:
        """
        Return the last values as they stood at a moment, like `latest`.

        Where the values of then are no longer kept it is the hour: its mean, of counts and meters
        its sum.
        """
        with self.database.reading() as connection:
            return read.standing(connection, milliseconds(moment), numbers)

    def series(
        self,
        number: int,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        step: Step = "raw",
        most: int | None = None,
    ) -> pd.DataFrame:
        """
        Return a datastream by UTC time; of more than `most` rows the newest ones.

        Returns
        -------
        pandas.DataFrame
            raw: value, flags. hour and day (a local day, by its midnight): mean, low, high, sum,
            n, flags, as said in `observations_rollup`.
        """
        span = (int(number), *_span(since, until))
        with self.database.reading() as connection:
            if step == "raw":
                return read.raw_series(connection, span, most)
            zone = None if _checked(step) == "hour" else self.zone
            table = read.rolled_series(connection, span, zone)
        return table if most is None else table.iloc[max(len(table) - most, 0) :]

    def table(
        self,
        *,
        property: str | None = None,  # noqa: A002 - the word of the field
        numbers: Iterable[int] | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        step: Step = "hour",
    ) -> pd.DataFrame:
        """Return values of many datastreams as one long table: number, key, at and as `series`."""
        chosen = None if numbers is None else {int(number) for number in numbers}
        rows = {
            row.number: row.stream.key
            for row in self.streams()
            if property in (None, row.stream.property) and (chosen is None or row.number in chosen)
        }
        with self.database.reading() as connection:
            table = read.long_table(
                connection, list(rows), _span(since, until), step=_checked(step), zone=self.zone
            )
        table.insert(1, "key", table["number"].map(rows).astype(object))
        return table

    def changes(self, after: int = 0) -> tuple[int, tuple[int, ...]]:
        """Return a marker and the numbers of the datastreams written or changed after another."""
        with self.database.reading() as connection:
            return read.changes(connection, after)

    def cursor(self, source: str, name: str) -> dict[str, Any] | None:
        """Return where a source goes on under a name; None where it begins."""
        with self.database.reading() as connection:
            return read_cursor(connection, source, name)

    def state(self, source: str) -> FeedState | None:
        """Return how a source is; None where it was never heard of."""
        with self.database.reading() as connection:
            return next(iter(read_states(connection, source)), None)

    def states(self) -> tuple[FeedState, ...]:
        """Return how all sources are, by name."""
        with self.database.reading() as connection:
            return read_states(connection)

    def set_state(self, source: str, state: State, why: Sentence | None = None) -> None:
        """Note how a source is from now on."""
        with self.database.writing() as connection:
            put_state(connection, source, state, why, self._now())

    def forget(self, source: str) -> None:
        """Remove state, cursors and counts of a source that is no longer fed; its values stay."""
        with self.database.writing() as connection:
            forget_source(connection, source)

    def refusals(self) -> pd.DataFrame:
        """Return what was refused: source, reason, count, last (UTC), detail of the last one."""
        with self.database.reading() as connection:
            return read.refusals(connection)

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _span(since: Moment | None, until: Moment | None) -> tuple[int, int]:
    first = read.BEGIN if since is None else milliseconds(since)
    return first, read.END if until is None else milliseconds(until)


def _checked(step: str) -> str:
    if step in {"raw", "hour", "day"}:
        return step
    template = "Observations are given as raw, hour or day, not as {step}."
    raise StoreError(template, step=step)
