"""What sensors have said, kept at hand between requests, and given out as somebody may see it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Literal

import pandas as pd

from dash_app.sensing.moments import local_day
from dash_app.sensing.seen import (
    COLUMNS,
    GRACE,
    HOUR,
    Seen,
    days_shown,
    hours_shown,
    seen,
)
from dash_app.sensing.spots import is_within
from dash_app.workspace.privacy import fine_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dash_app.sensing.spots import Box
    from dash_app.settings import Settings
    from dash_app.workspace.viewer import Viewer
    from layers.project_store import ObservationStore
    from layers.project_store.observations_records import StreamRow

Step = Literal["raw", "hour", "day"]

STREAMS_S = 5.0
"""Seconds after which names and places are read again, without a new stream having come."""

MOST_HOURS = 26
"""Hours back in which the last one of a count of persons is looked for."""

MOST_KEPT = 20_000
"""Last hours of counts of persons that are kept at hand."""

MOST = 100_000
"""Rows of one series at most."""

LONG = ("number", "at", "value", "flags", "withheld")
LATEST = ("at", "value", "flags", "withheld")


@dataclass(frozen=True)
class Values:
    """Values of one datastream: `COLUMNS` by UTC time; `step` may be coarser than asked for."""

    table: pd.DataFrame
    step: Step


LastRow = tuple[pd.Timestamp, float, int, bool]


@dataclass
class _Hand:
    """What was read last: datastreams, their last values, hours of persons."""

    marker: int = 0
    read: float = -STREAMS_S
    rows: dict[int, StreamRow] = field(default_factory=dict)
    seen: dict[tuple[bool, bool], dict[int, Seen]] = field(default_factory=dict)  # by face
    latest: pd.DataFrame = field(default_factory=pd.DataFrame)
    hours: dict[tuple[int, pd.Timestamp, bool], LastRow | None] = field(default_factory=dict)


class Sensed:
    """
    What sensors have said, as somebody may see it; safe to use from any thread.

    The store is asked only for what has changed since the last request. One store may hold the
    sensors of several towns: `within` (west, south, east, north; degrees) leaves out what stands
    elsewhere, see `spots.reach_of`.
    """

    def __init__(
        self,
        store: ObservationStore,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        within: Box | None = None,
    ) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.within = within
        self._hand = _Hand()
        self._lock = RLock()

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def marker(self) -> int:
        """Return up to which change everything is known."""
        with self._lock:
            self._catch_up()
            return self._hand.marker

    def any(self, viewer: Viewer) -> bool:
        """Tell whether there is a datastream that a viewer may see."""
        return bool(self.streams(viewer))

    def streams(self, viewer: Viewer) -> dict[int, Seen]:
        """Return by number the datastreams that a viewer may see."""
        face = (viewer.may_edit, fine_allowed(viewer, self.settings))
        with self._lock:
            self._catch_up()
            hand = self._hand
            if face not in hand.seen:
                rows = (row for row in hand.rows.values() if is_within(row.stream, self.within))
                found = (self._seen(row, viewer) for row in rows)
                hand.seen[face] = {one.number: one for one in found if one is not None}
            return hand.seen[face]

    def long(
        self, viewer: Viewer, numbers: Iterable[int], since: datetime, until: datetime,
        step: Step = "hour",
    ) -> pd.DataFrame:  # fmt: skip
        """Return what `many` does as one long table: number, at, value, flags, withheld."""
        known = self.streams(viewer)
        chosen = {n: known[n] for n in numbers if n in known}
        counted = [n for n, one in chosen.items() if one.counted]
        plain = [n for n, one in chosen.items() if not one.counted]
        table = self.store.table(numbers=plain, since=since, until=until, step=step)
        if step != "raw":
            sums = [n for n in plain if chosen[n].stream.statistic in {"count", "meter"}]
            table["value"] = table["sum"].where(table["number"].isin(sums), table["mean"])
        parts = [table.assign(withheld=False)[list(LONG)]] if len(table) else []
        hours = self._hours(counted, *_whole(since, until, step))
        for n, rows in hours.items():
            shown = _as_asked(chosen[n], rows, step, MOST).table
            if len(shown):
                parts.append(shown.assign(number=n, at=shown.index)[list(LONG)])
        empty = _no_values().assign(number=0)[list(LONG)]
        return pd.concat(parts, ignore_index=True) if parts else empty

    def rows_seen(self, viewer: Viewer) -> list[StreamRow]:
        """Return the datastreams that a viewer may see, as they are kept; not to be shown."""
        seen_now = self.streams(viewer)
        with self._lock:
            return [row for number, row in self._hand.rows.items() if number in seen_now]

    def latest(
        self,
        viewer: Viewer,
        *,
        at: datetime | None = None,
        numbers: Iterable[int] | None = None,
    ) -> pd.DataFrame:
        """
        Return the last values, as they stood at a moment where one is given.

        Columns `LATEST` by number; a datastream without any value has no row. Of a count of
        persons it is the last whole hour for who may not see more.
        """
        known = self.streams(viewer)
        wanted = {n: known[n] for n in (known if numbers is None else numbers) if n in known}
        plain = [n for n, one in wanted.items() if not one.counted]
        found = self._plain_latest(plain, at)
        counted = self._last_hours([n for n, one in wanted.items() if one.counted], at)
        parts = [part for part in (found, counted) if part is not None and len(part)]
        if not parts:
            return _no_values().rename_axis("number")
        return pd.concat(parts).sort_index() if len(parts) > 1 else parts[0]

    def series(
        self, viewer: Viewer, number: int, since: datetime, until: datetime, step: Step = "raw",
        *, most: int = MOST,
    ) -> Values | None:  # fmt: skip
        """
        Return the values of a datastream from `since` to before `until`, the oldest first.

        None where there is no such datastream for this viewer. Of a count of persons whole hours
        or days are given to who may not see more, also where `raw` is asked for.
        """
        one = self.streams(viewer).get(number)
        if one is None:
            return None
        if one.counted:
            hours = self._hours([number], *_whole(since, until, step))[number]
            return _as_asked(one, hours, step, most)
        found = self.store.series(number, since, until, step=step, most=most)
        return Values(_plain(one, found), step)

    def many(
        self, viewer: Viewer, numbers: Iterable[int], since: datetime, until: datetime,
        step: Step = "hour",
    ) -> dict[int, Values]:  # fmt: skip
        """Return the values of many datastreams as `series` does, those without any left out."""
        known = self.streams(viewer)
        chosen = {n: known[n] for n in numbers if n in known}
        counted = [n for n, one in chosen.items() if one.counted]
        hours = self._hours(counted, *_whole(since, until, step))
        found = {n: _as_asked(chosen[n], hours[n], step, MOST) for n in counted}
        plain = [n for n in chosen if n not in found]
        table = self.store.table(numbers=plain, since=since, until=until, step=step)
        for number, rows in table.groupby("number", sort=False):
            one = chosen[int(str(number))]
            found[one.number] = Values(_plain(one, rows.set_index("at")), step)
        return {n: values for n, values in found.items() if len(values.table)}

    # -- one datastream at a time ---------------------------------------------------------------

    def _seen(self, row: StreamRow, viewer: Viewer) -> Seen | None:
        one = seen(row.number, row.stream, viewer, self.settings)
        if one is None:
            return None
        first, last = _moment(row.first), _moment(row.last)
        if one.counted:
            first, last = (value and value.replace(minute=0, second=0, microsecond=0)
                           for value in (first, last))  # fmt: skip
        return replace(one, first=first, last=last)

    def _plain_latest(self, numbers: list[int], at: datetime | None) -> pd.DataFrame | None:
        if not numbers:
            return None
        if at is not None:
            found = self.store.at(at, numbers)
        else:
            with self._lock:
                self._catch_up()
                found = self._hand.latest
            found = found[found.index.isin(numbers)] if len(found) else found
        if not len(found):
            return None
        return found.assign(withheld=False)[list(LATEST)]

    def _last_hours(self, numbers: list[int], at: datetime | None) -> pd.DataFrame:
        """Return the last whole hour of counts of persons before a moment."""
        now = pd.Timestamp(self.now())
        end = min(pd.Timestamp(at or now), now).floor("h")
        known = self._hand.hours
        keys = {n: (n, end, end + GRACE <= now) for n in numbers}
        unknown = [n for n, key in keys.items() if key not in known]
        if unknown:
            read = self._hours(unknown, end - MOST_HOURS * HOUR, end)
            known |= {keys[n]: _last_row(read[n]) for n in unknown}
        rows = {n: row for n in numbers if (row := known[keys[n]]) is not None}
        index = pd.Index(list(rows), name="number", dtype="int64")
        columns = zip(*rows.values(), strict=True) if rows else ((),) * len(LATEST)
        table = pd.DataFrame(dict(zip(LATEST, columns, strict=True)), index=index)
        return table.assign(at=pd.to_datetime(table["at"], utc=True)) if rows else _no_values()

    def _hours(
        self, numbers: list[int], begin: pd.Timestamp, end: pd.Timestamp
    ) -> dict[int, pd.DataFrame]:
        """
        Return whole hours of counts of persons as the public may see them.

        Parts of an hour would tell by subtraction what came in between.
        """
        if not numbers:
            return {}
        since, until = begin.ceil("h").to_pydatetime(), end.floor("h").to_pydatetime()
        table = self.store.table(numbers=numbers, since=since, until=until, step="hour")
        groups = dict(tuple(table.set_index("at").groupby("number")))
        rows, now, limit = (
            self._hand.rows,
            pd.Timestamp(self.now()),
            self.settings.privacy.min_count,
        )
        empty = table.set_index("at").iloc[:0]
        return {n: hours_shown(groups.get(n, empty), rows[n].stream, now, limit) for n in numbers}

    # -- what is at hand ------------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Read what has changed; called with the lock held."""
        hand = self._hand
        marker, changed = self.store.changes(hand.marker)
        numbers = sorted({int(number) for number in changed})
        now = time.monotonic()
        if now - hand.read >= STREAMS_S or any(n not in hand.rows for n in numbers):
            hand.rows = {row.number: row for row in self.store.streams()}
            hand.seen = {}
            hand.read = now
        changed_now = set(numbers)
        if len(hand.hours) > MOST_KEPT:
            hand.hours = {}
        elif changed_now:
            hand.hours = {k: v for k, v in list(hand.hours.items()) if k[0] not in changed_now}
        if hand.marker == 0 and hand.latest.empty:
            hand.latest = self.store.latest()
        elif numbers:
            fresh = self.store.latest(numbers)
            kept = hand.latest[~hand.latest.index.isin(numbers)] if len(hand.latest) else None
            parts = [part for part in (kept, fresh) if part is not None and len(part)]
            hand.latest = pd.concat(parts) if parts else fresh
        hand.marker = marker


def _no_values() -> pd.DataFrame:
    return pd.DataFrame(
        {"at": pd.Series(dtype="datetime64[ns, UTC]"), "value": pd.Series(dtype=float),
         "flags": pd.Series(dtype="int64"), "withheld": pd.Series(dtype=bool)}
    )  # fmt: skip


def _last_row(hours: pd.DataFrame) -> LastRow | None:
    """Return the last hour as `LATEST`."""
    if not len(hours):
        return None
    value, flags, withheld = (hours[name].to_numpy()[-1] for name in LATEST[1:])
    return pd.DatetimeIndex(hours.index)[-1], float(value), int(flags), bool(withheld)


def _plain(one: Seen, found: pd.DataFrame) -> pd.DataFrame:
    """Return values of the store as `COLUMNS`; of counts and meters what went through."""
    is_sum = one.stream.statistic in {"count", "meter"}
    value = found["value"] if "value" in found else found["sum" if is_sum else "mean"]
    missing = pd.Series(float("nan"), found.index)
    columns = {name: found.get(name, missing) for name in ("low", "high", "n")}
    table = pd.DataFrame({"value": value, **columns, "flags": found["flags"], "withheld": False})
    return table[list(COLUMNS)]


def _whole(since: datetime, until: datetime, step: Step) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return a span of whole hours, or of whole days."""
    if step == "day":
        since, until = _day_end(since), _day_end(until)
    return pd.Timestamp(since), pd.Timestamp(until)


def _as_asked(one: Seen, hours: pd.DataFrame, step: Step, most: int) -> Values:
    if step == "day":
        return Values(days_shown(hours, one.stream.statistic).iloc[-most:], "day")
    return Values(hours.iloc[-most:], "hour")


def _day_end(moment: datetime) -> datetime:
    """Return the next midnight of the town's clock, the moment itself where it is one."""
    day = local_day(moment)
    return moment if day.begin == moment else day.end


def _moment(value: object) -> datetime | None:
    """Return a time of the store, in whatever form it gives it, as UTC."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / 1000, UTC)
    found: datetime = pd.Timestamp(value).to_pydatetime()  # type: ignore[arg-type]
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def as_mapping(latest: pd.DataFrame) -> Mapping[int, tuple[datetime, float, int, bool]]:
    """Return the last values as plain ones by number: moment, value, flags, withheld."""
    times = pd.DatetimeIndex(latest["at"]).to_pydatetime()
    rows = zip(
        latest.index, times, latest["value"].to_numpy(float), latest["flags"].to_numpy(int),
        latest["withheld"].to_numpy(bool), strict=True,
    )  # fmt: skip
    return {int(n): (at, float(value), int(flags), bool(w)) for n, at, value, flags, w in rows}
