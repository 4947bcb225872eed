"""Tells pages what sensors have said meanwhile: which numbers, never values, and what alerts."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal

from dash_app.sensing.seen import GRACE, HOUR_S
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from dash_app.api.news import News
    from dash_app.sensing.seen import Seen
    from dash_app.sensing.sensed import Sensed
    from layers.sensors.records import Datastream

LOG = logging.getLogger(__name__)

Side = Literal["below", "above", "ok"]

CALM = 0.02
"""Part of a threshold that a value must be back within before an alert is over."""

MOST_NUMBERS = 5_000
"""Numbers in one event at most; where more have changed, pages are told to read all of them."""


class Listening:
    """
    One thread a server that asks the store what is new and tells the pages.

    Pages get `observations {numbers, public}` at most once every `every_s` seconds and fetch what
    they may see; an empty list means all. `alert {number, state, public}` tells that a value has
    crossed a threshold (`below`, `above`) or is back (`ok`). `public` says for whom the event is:
    the public is told of public datastreams alone, and of counts of persons once an hour.
    """

    def __init__(self, sensed: Sensed, news: News, every_s: float = 1.0) -> None:
        self._sensed = sensed
        self._news = news
        self._every_s = every_s
        self._marker = 0
        self._hour = 0
        self._begun = False
        self._sides: dict[int, Side] = {}
        self._faulty = False
        self._stop = Event()
        self._thread = Thread(target=self._run, name="sensing", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End it; returns when the thread has ended."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=10)

    def look(self) -> None:
        """Tell what is new since the last look; the thread calls it."""
        marker, changed = self._sensed.store.changes(self._marker)
        first, self._begun = not self._begun, True
        self._marker = marker
        numbers = {int(number) for number in changed}
        inside = self._sensed.streams(self._insider())
        outside = self._sensed.streams(PUBLIC)
        hour = self._hour_now()
        over = {n for n, one in outside.items() if one.counted} if hour != self._hour else set()
        self._hour = hour
        if numbers:
            self._tell(numbers & inside.keys(), public=False)
        plain = {n for n in numbers if n in outside and not outside[n].counted}
        if plain or over:
            self._tell(plain | over, public=True)
        self._heed(inside, numbers, outside, tell=not first)

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        wait_s = 0.0  # how things stand at the start is no news
        while not self._stop.wait(wait_s):
            wait_s = self._every_s
            if self._begun and not len(self._news):
                continue
            try:
                self.look()
                self._faulty = False
            except Exception:  # the database may be away for a while
                if not self._faulty:
                    LOG.warning("What sensors have said cannot be read.", exc_info=True)
                self._faulty = True

    def _tell(self, numbers: Iterable[int], *, public: bool) -> None:
        found = sorted(numbers)
        if found:
            told = found if len(found) <= MOST_NUMBERS else []
            self._news.tell("observations", numbers=told, public=public)

    def _heed(
        self, streams: Mapping[int, Seen], numbers: set[int], outside: Mapping[int, Seen], *,
        tell: bool,
    ) -> None:  # fmt: skip
        """Tell which values have crossed a threshold."""
        watched = [n for n in numbers if n in streams and _has_threshold(streams[n].stream)]
        if not watched:
            return
        latest = self._sensed.latest(self._insider(), numbers=watched)
        for number, side in sides(streams, latest, self._sides).items():
            if self._sides.get(number, "ok") == side:
                continue
            self._sides[number] = side
            if not tell:
                continue
            self._news.tell("alert", number=number, state=side, public=False)
            if number in outside and not outside[number].counted:
                self._news.tell("alert", number=number, state=side, public=True)

    def _insider(self) -> Viewer:
        return Viewer("planner", fine=self._sensed.settings.privacy.building_level)

    def _hour_now(self) -> int:
        return int((self._sensed.clock() - GRACE.total_seconds()) // HOUR_S)


def sides(
    streams: Mapping[int, Seen], latest: pd.DataFrame, before: Mapping[int, Side]
) -> dict[int, Side]:
    """
    Return by number on which side of its thresholds a value is; what its source doubts is no alert.

    An alert stays until the value is back by a fiftieth of the threshold, so that a value that
    swings around it does not tell again and again.
    """
    found: dict[int, Side] = {}
    rows = zip(latest.index, latest["value"], latest["flags"], latest["withheld"], strict=True)
    for number, value, flags, withheld in rows:
        if not withheld and not int(flags) & Flag.SUSPECT:
            stream = streams[int(number)].stream
            found[int(number)] = side_of(stream, float(value), before.get(int(number), "ok"))
    return found


def side_of(stream: Datastream, value: float, before: Side) -> Side:
    """Return on which side of the thresholds a value is, where it was on `before`."""
    low, high = stream.alert_below, stream.alert_above
    if high is not None and value > high - (_calm(stream, high) if before == "above" else 0.0):
        return "above"
    if low is not None and value < low + (_calm(stream, low) if before == "below" else 0.0):
        return "below"
    return "ok"


def _calm(stream: Datastream, threshold: float) -> float:
    if threshold:
        return CALM * abs(threshold)
    if stream.low is not None and stream.high is not None:
        return CALM * abs(stream.high - stream.low) / 2
    return 0.0


def _has_threshold(stream: Datastream) -> bool:
    return stream.alert_below is not None or stream.alert_above is not None
