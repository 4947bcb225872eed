"""
Tables as a source: files that lie there or grow, addresses that are asked again and again.

What is handed over carries the cursor of what is behind it, so that a worker that is killed goes on
where the store stands. What is read twice all the same is the same observation.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.common import said
from layers.sensors.formats import sensor_community, uba
from layers.sensors.json_text import loads
from layers.sensors.records import Delivery, Refusal
from layers.sensors.table_check import checked
from layers.sensors.table_config import TableConfig
from layers.sensors.table_files import content_of, files_of, moved_away, unreadable
from layers.sensors.table_read import Beside, read_content, unreadable_content
from layers.sensors.table_text import is_continued
from layers.sensors.table_web import MANNERS, address, ask
from layers.sensors.values import RefusedError
from layers.web import TryAgainError
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event

    from layers.sensors.common import Checked, Sink, Source
    from layers.sensors.mapping import Found
    from layers.sensors.records import Datastream
    from layers.sensors.table_read import Part
    from layers.sensors.table_text import Content
    from layers.web import Manners

__all__ = ["TableConfig", "TableSource", "table_source"]

LONGEST_PAUSE_S = 900.0
FIRST_PAUSE_S = 15.0
STATIONS_S = 86_400.0
"""A list of stations is good for a day."""

FORMATS = {"sensor_community": sensor_community, "uba": uba}


class Trouble(NamedTuple):
    """What a look has met: what to tell people, and how long a server wants to be left alone."""

    error: SourceError
    wait_s: float = 0.0


class TableSource:
    """One configured table; see `layers.sensors.common.Source`."""

    def __init__(
        self,
        config: TableConfig,
        *,
        clock: Callable[[], float] = time.time,
        manners: Manners = MANNERS,
    ) -> None:
        self._config = config
        self._clock = clock
        self._manners = manners
        self._known: set[str] = set()
        self._told: dict[str, Datastream] = {}
        self._places: tuple[float, dict[str, uba.Station]] = (-STATIONS_S, {})
        self._seen: dict[str, tuple[tuple[int, str], SourceError | None]] = {}

    @property
    def name(self) -> str:
        """Name of the source in the configuration."""
        return self._config.name

    def streams_known(self, streams: Mapping[str, Datastream]) -> None:
        """Take what the store knows already; it counts towards the most that are allowed."""
        self._known |= set(streams)
        self._told |= streams

    def run(self, sink: Sink, stop: Event) -> None:
        """Look again and again until `stop` is set; see `Source`."""
        failed = 0
        while not stop.is_set():
            trouble = self.look(sink, stop)
            if stop.is_set():
                return
            failed = failed + 1 if trouble else 0
            if trouble is not None:
                sink.state("waiting", said(trouble.error)[0])
            else:
                sink.state("stopped" if self._config.once else "connected")
                if self._config.once:
                    return
            stop.wait(self._pause(failed, trouble))

    def _pause(self, failed: int, trouble: Trouble | None) -> float:
        if trouble is None:
            return self._config.every_s
        patient = min(FIRST_PAUSE_S * 2.0 ** min(failed - 1, 10), LONGEST_PAUSE_S)
        return max(min(self._config.every_s, patient), trouble.wait_s)

    def look(self, sink: Sink, stop: Event) -> Trouble | None:
        """Read what is new and hand it over; return what went wrong, if anything did."""
        try:
            beside = self._beside()
            if self._config.url:
                self._look_at_address(sink, stop, beside)
                return None
            paths = files_of(self._config.file)
        except (SourceError, TryAgainError) as error:
            return _trouble(error)
        trouble = None
        for path in paths:
            if stop.is_set():
                break
            try:
                self._look_at_file(sink, stop, path, beside)
            except SourceError as error:
                trouble = Trouble(error)
            except OSError as error:
                trouble = Trouble(unreadable(path, error))
        return trouble

    def check(self, seconds: float) -> Checked:
        """Read a beginning and say what is in it; see `Source`."""
        end = time.monotonic() + seconds
        beside = self._beside()
        try:
            if self._config.url:
                url = address(self._config, beside.received)
                content = ask(self._config, url, {}, manners=self._manners).content
                contents = [content] if content is not None else []
            else:
                contents = [content_of(path) for path in islice(files_of(self._config.file), 20)]
        except TryAgainError as error:
            raise error.error from error
        return checked(self._config, contents, beside, end)

    def _beside(self) -> Beside:
        asked, stations = self._places
        if self._config.format == "uba" and time.monotonic() - asked > STATIONS_S:
            stations = self._stations()
            self._places = (time.monotonic(), stations)
        return Beside(int(self._clock() * 1000), stations)

    def _stations(self) -> dict[str, uba.Station]:
        place = self._config.stations
        if not place:
            return {}
        try:
            if "://" in place:
                asked = self._config.model_copy(update={"url": place, "file": ""})
                content = ask(asked, place, {}, manners=self._manners).content
            else:
                content = content_of(Path(place))
            if content is None:
                return {}
            with content.open() as stream:
                return uba.stations(loads(stream.read(50_000_000), 50_000_000))
        except RefusedError as error:
            template = "The stations in {path} cannot be read ({reason})."
            raise SourceError(template, path=place, reason=error.detail) from error
        except OSError as error:
            raise unreadable(Path(place), error) from error

    def _look_at_address(self, sink: Sink, stop: Event, beside: Beside) -> None:
        name = "url"
        is_timeless = self._config.mapping is not None and not self._config.mapping.time.path
        cursor = {} if is_timeless else sink.cursor(name) or {}  # what it says now, it says again
        url = address(self._config, beside.received)
        try:
            answer = ask(self._config, url, cursor, manners=self._manners)
        except RefusedError as error:
            raise self._refused(sink, error) from error
        if answer.content is None:
            return
        last = {key: value for key, value in cursor.items() if key not in {"etag", "modified"}}
        last = self._hand_over(sink, stop, (name, last, {"url": url}), answer.content, beside)
        if not stop.is_set():  # only what was read to its end is not asked for again
            sink.put(Delivery(self.name, cursor=(name, {**last, **answer.marks})))

    def _look_at_file(self, sink: Sink, stop: Event, path: Path, beside: Beside) -> None:
        content = content_of(path)
        seen = (content.size, content.stamp)
        before, fault = self._seen.get(str(path), (None, None))
        if before == seen:
            if fault is not None:  # it is still the same that could not be read
                raise fault
            return
        name = f"file:{path}"
        cursor = sink.cursor(name) or {}
        if cursor.get("at") and not is_continued(content, cursor):
            older = moved_away(path, cursor)
            if older is not None:
                self._hand_over(sink, stop, (name, cursor, {}), older, beside)
            cursor = {}
        try:
            self._hand_over(sink, stop, (name, cursor, {}), content, beside)
        except SourceError as error:
            self._seen[str(path)] = (seen, error)
            raise
        if not stop.is_set():
            self._seen[str(path)] = (seen, None)

    def _hand_over(
        self,
        sink: Sink,
        stop: Event,
        place: tuple[str, dict[str, Any], dict[str, Any]],
        content: Content,
        beside: Beside,
    ) -> dict[str, Any]:
        """Read a content from its cursor on, hand over what is new; return the last cursor."""
        name, cursor, more = place
        try:
            for part in self._parts(content, cursor, beside):
                cursor = {**part.cursor, **more}
                sink.put(self._delivery(part.found, (name, cursor)))
                sink.state("connected")
                if stop.is_set():
                    break
        except RefusedError as error:
            if error.reason == "not_json" and not content.is_whole:
                return cursor  # somebody is writing it just now; it is looked at again
            raise self._refused(sink, error) from error
        except SourceError as error:
            self._refuse(sink, Refusal(self.name, "unknown_format", str(error)[:300]))
            raise
        return cursor

    def _parts(self, content: Content, cursor: Mapping[str, Any], beside: Beside) -> Iterator[Part]:
        return read_content(self._config, content, cursor, beside)

    def _refused(self, sink: Sink, error: RefusedError) -> SourceError:
        self._refuse(sink, Refusal(self.name, error.reason, error.detail))
        return unreadable_content(self._config, error)

    def _refuse(self, sink: Sink, refusal: Refusal) -> None:
        sink.put(Delivery(self.name, refused=(refusal,)))

    def _delivery(self, found: Found, cursor: tuple[str, dict[str, Any]]) -> Delivery:
        """Return what is handed over: new and changed streams, not more of them than allowed."""
        streams, refused, over = [], list(found.refused), set()
        for given in found.streams:
            stream = self._placed(self._credited(given))
            if stream.key not in self._known and len(self._known) >= self._config.most_streams:
                over.add(stream.key)
                detail = f"more than {self._config.most_streams} streams: {stream.name}"
                refused.append(Refusal(self.name, "too_many_streams", detail[:300]))
                continue
            self._known.add(stream.key)
            if self._told.get(stream.key) != stream:
                self._told[stream.key] = stream
                streams.append(stream)
        readings = found.readings
        if over:
            readings = tuple(reading for reading in readings if reading.stream not in over)
        return Delivery(self.name, readings, tuple(streams), tuple(refused), cursor)

    def _placed(self, stream: Datastream) -> Datastream:
        """Return a datastream that stays where it was while it does not say where it is."""
        where = self._config.mapping.location if self._config.mapping is not None else None
        if where is None or not (where.lon or where.geometry):
            return stream
        before = self._told.get(stream.key)
        if stream.lon is not None or before is None or before.lon is None:
            return stream
        return replace(stream, lon=before.lon, lat=before.lat, line=before.line)

    def _credited(self, stream: Datastream) -> Datastream:
        """Return a datastream with the licence of the service whose format it is."""
        service = FORMATS.get(self._config.format)
        if service is None:
            return stream
        return replace(stream, licence=service.LICENCE, attribution=service.ATTRIBUTION)


def _trouble(error: SourceError | TryAgainError) -> Trouble:
    if isinstance(error, TryAgainError):
        return Trouble(error.error, error.wait_s or 0.0)
    return Trouble(error)


def table_source(
    config: TableConfig,
    base: Path | None = None,
    *,
    clock: Callable[[], float] = time.time,
    manners: Manners = MANNERS,
) -> Source:
    """Return the source of a table; relative files of the configuration begin in `base`."""
    if base is not None and config.file and not Path(config.file).is_absolute():
        config = config.model_copy(update={"file": str(base / config.file)})
    return TableSource(config, clock=clock, manners=manners)
