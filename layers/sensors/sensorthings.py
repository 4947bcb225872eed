"""
SensorThings: the history of chosen datastreams, then what is new, again and again.

The server is asked in turn, never twice at the same time. Where it tells new observations by MQTT
as well, they are taken at once; what is asked for remains what counts, so that nothing is missed.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from layers.sensors.records import Delivery, Refusal
from layers.sensors.sensorthings_bulk import Bulk
from layers.sensors.sensorthings_check import checked
from layers.sensors.sensorthings_config import SensorThingsConfig
from layers.sensors.sensorthings_mqtt import Subscription
from layers.sensors.sensorthings_sync import Sync
from layers.sensors.sensorthings_things import listing_of
from layers.sensors.sensorthings_web import (
    MANNERS,
    Server,
    TooLargeError,
    is_about_login,
    sentence_of,
    wanted_pause_s,
)
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    from layers.sensors.common import Checked, Sink
    from layers.sensors.records import Datastream
    from layers.sensors.sensorthings_things import Listing, Wanted
    from layers.web import Manners
    from twin.sentences import Sentence

__all__ = ["SensorThingsConfig", "SensorThingsSource"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 15.0, 900.0
SLOWLY = 50  # rounds
OWN_FAULTS = frozenset({400, 404, 410, 422, 500})  # of one stream, perhaps
IN_A_ROW = 3  # streams that fail one after the other: it is the server


class SensorThingsSource:
    """One configured server; see `layers.sensors.common.Source`."""

    def __init__(
        self,
        config: SensorThingsConfig,
        *,
        clock: Callable[[], float] = time.time,
        manners: Manners = MANNERS,
    ) -> None:
        self._config, self._clock = config, clock
        self._server = Server(config, manners)
        self._sync = Sync(self._server, config, clock)
        self._bulk = Bulk(self._server, config, self._sync)
        self._known: set[str] = set()
        self._listing: Listing | None = None
        self._listed_at = 0.0
        self._refused: set[Refusal] = set()
        self._round = 0
        self._asked_at = -math.inf
        self._left: set[str] = set()  # paths of streams whose history is not read to the end

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""
        return self._config.name

    def streams_known(self, streams: Mapping[str, Datastream]) -> None:
        """Take what the store knows already; it counts towards the most that are allowed."""
        self._known |= set(streams)
        self._sync.known(dict(streams))

    def run(self, sink: Sink, stop: Event) -> None:
        """Ask again and again until `stop` is set; see `Source`."""
        sink.state("starting")
        self._server.manners = replace(self._server.manners, sleep=lambda s: _wait(stop, s))
        self._sync.forget()
        subscription = Subscription(self._server, self._config, self._clock, self._sync.streams_of)
        failed = 0
        try:
            while not stop.is_set():
                begin = time.monotonic()
                error, is_whole = self.look(sink, stop)
                if stop.is_set():
                    break
                failed = failed + 1 if error is not None else 0
                if error is None and not is_whole:
                    continue
                pause = self._pause(failed, error) - (time.monotonic() - begin)
                subscription.listen(sink, stop, self._wanted, max(pause, 1.0))
        finally:
            subscription.close(stop)

    @property
    def _wanted(self) -> list[Wanted]:
        return self._listing.wanted if self._listing is not None else []

    def _pause(self, failed: int, error: SourceError | None) -> float:
        if error is None:
            return self._config.every_s
        patient = min(FIRST_PAUSE_S * 2.0 ** min(failed - 1, 10), LONGEST_PAUSE_S)
        return max(min(self._config.every_s, patient), wanted_pause_s(error))

    def look(self, sink: Sink, stop: Event) -> tuple[SourceError | None, bool]:
        """Read what is new; return what went wrong, and whether it is all."""
        try:
            self._list(sink)
            is_whole, why = self._read(sink, stop)
        except SourceError as error:
            if stop.is_set():
                return None, True
            if is_about_login(error):
                raise
            sink.state("waiting", sentence_of(error))
            return error, False
        if not stop.is_set():
            sink.state("connected", why or next(iter(self._server.notes.values()), None))
        return None, is_whole

    def _list(self, sink: Sink) -> None:
        """Ask which datastreams there are, now and then."""
        now = time.monotonic()
        if self._listing is not None and now - self._listed_at < self._config.refresh_s:
            return
        self._server.open()
        listing = listing_of(self._server, self._config)
        allowed = []
        for one in listing.wanted:
            keys = {part.stream.key for part in one.parts if part is not None}
            if keys - self._known and len(self._known | keys) > self._config.most_streams:
                detail = f"more than {self._config.most_streams} streams: {one.path}"
                listing.refused.append(Refusal(self.name, "too_many_streams", detail[:300]))
                continue
            self._known |= keys
            allowed.append(one)
        listing.wanted = allowed
        refused = tuple(r for r in dict.fromkeys(listing.refused) if r not in self._refused)
        if refused:
            sink.put(Delivery(self.name, refused=refused))
            self._refused |= set(refused)
        self._listing, self._listed_at = listing, now

    def _read(self, sink: Sink, stop: Event) -> tuple[bool, Sentence | None]:
        """Read what is new of all datastreams; one that fails does not keep the others back."""
        in_a_row, why = 0, None
        for one in self._due(sink, stop):
            if stop.is_set():
                break
            try:
                is_read = self._sync.scan(one, sink, stop.is_set)
                in_a_row = 0
            except SourceError as error:
                in_a_row += 1
                if not is_of_one(error) or in_a_row >= min(IN_A_ROW, len(self._wanted)):
                    self._asked_at = -math.inf
                    raise
                why, is_read = sentence_of(error), True
            self._left = self._left - {one.path} if is_read else self._left | {one.path}
        return not self._left, why

    def _due(self, sink: Sink, stop: Event) -> list[Wanted]:
        """
        Return the streams that have to be asked for one by one.

        As long as a history is not read to its end, only that, until all have their turn again.
        """
        now, wanted = time.monotonic(), self._wanted
        self._left &= {one.path for one in wanted}
        if self._left and now - self._asked_at < self._config.every_s:
            return [one for one in wanted if one.path in self._left]
        self._asked_at = now
        self._round += 1
        done = self._bulk.read(wanted, sink, stop.is_set)
        is_slow = self._round % SLOWLY == 0  # now and then each is asked for by itself
        return [one for one in wanted if is_slow or one.path not in done]

    def check(self, seconds: float) -> Checked:
        """
        Ask for what there is and the last values; keep nothing. See `Source`.

        Raises
        ------
        SourceError
            The server cannot be reached, or gives no Datastreams.
        """
        return checked(self._config, seconds, server=self._server, clock=self._clock)


def is_of_one(error: SourceError) -> bool:
    """Tell whether what went wrong may be of one stream alone, and not of the server."""
    return isinstance(error, TooLargeError) or error.values.get("status") in OWN_FAULTS


def _wait(stop: Event, seconds: float) -> None:
    stop.wait(seconds)
