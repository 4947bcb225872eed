"""
What is new of many datastreams with one question: `$expand=Observations($filter=...)`.

Only for those that are nearly up to date; what is longer, older or left out by the server is read
stream by stream. A server that does not understand it, or answers it wrongly, is not asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.sensors.sensorthings_read import SELECTED, rows_of
from layers.sensors.sensorthings_sync import SUBSTANTIAL, condition
from layers.sensors.sensorthings_things import end_of
from layers.sensors.sensorthings_web import TooLargeError, is_refusing
from layers.sensors.values import RefusedError, milliseconds
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from layers.sensors.common import Sink
    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_sync import Bounds, Sync
    from layers.sensors.sensorthings_things import Wanted
    from layers.sensors.sensorthings_web import Server

FEWEST = 8  # streams for which it is worth it
SHORTEST_MS = 7_200_000
MOST_EACH = 100  # observations of one stream
A_PAGE = 100  # streams


class Bulk:
    """Asks for many at once, as long as the server has shown that it can."""

    def __init__(self, server: Server, config: SensorThingsConfig, sync: Sync) -> None:
        self._server, self._config, self._sync = server, config, sync

    def read(self, wanted: Sequence[Wanted], sink: Sink, is_over: Callable[[], bool]) -> set[str]:
        """Hand over what is new; return the paths of those that need not be asked for now."""
        live, bounds = self._live(wanted, sink)
        if "bulk" in self._server.lacks or len(live) < FEWEST:
            return set()
        by_id = {one.ident: one for one in wanted if not one.is_multi}
        done: set[str] = set()
        try:
            for given in self._entities(condition(*bounds), is_over):
                one = by_id.get(str(given.get("@iot.id")))
                if one is not None and self._take(one, given, sink, (one.ident in live, bounds)):
                    done.add(one.path)
        except NotUnderstoodError:
            self._server.lacks.add("bulk")
        except SourceError as error:
            if not (is_refusing(error) or isinstance(error, TooLargeError)):
                raise
            self._server.lacks.add("bulk")
        return done

    def _take(
        self, one: Wanted, given: dict[str, Any], sink: Sink, live: tuple[bool, Bounds]
    ) -> bool:
        """Hand over what is new of one stream; False where it has to be asked for by itself."""
        is_live, bounds = live
        rows = self._rows(given, bounds)
        if is_live:
            if rows is not None:
                self._sync.take(one, sink, rows)
            return rows is not None
        ends = [end_of(given.get("phenomenonTime")), end_of(given.get("resultTime"))]
        progress = self._sync.progress(one, sink)
        read = (progress.at or 0, progress.told or progress.at or 0)
        is_newer = any(end is not None and end > at for end, at in zip(ends, read, strict=True))
        return not (is_newer or rows is None or rows or progress.began)

    def _live(self, wanted: Sequence[Wanted], sink: Sink) -> tuple[set[str], Bounds]:
        """Return the ids of streams that are nearly up to date, and from when on to ask."""
        found = {}
        for one in wanted:
            progress = self._sync.progress(one, sink)
            if progress.at is not None and not progress.began and not one.is_multi:
                found[one.ident] = progress
        newest = max((progress.at or 0 for progress in found.values()), default=0)
        window = max(SHORTEST_MS, int(self._config.every_s * 4_000))
        live = {i: p for i, p in found.items() if (p.at or 0) >= newest - window}
        bounds = [self._sync.bounds(progress) for progress in live.values()]
        is_late = "late" not in self._server.lacks
        lates = [late for _, late in bounds if late is not None and is_late]
        lower = min((lower for lower, _ in bounds), default=0)
        return set(live), (lower, min(lates, default=None))

    def _entities(self, asked: str, is_over: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        options = (f"$filter={asked}", "$orderby=phenomenonTime asc", f"$select={SELECTED}",
                   f"$top={MOST_EACH}")  # fmt: skip
        query = {
            "$filter": self._config.filter,
            "$expand": f"Observations({';'.join(options)})",
            "$top": A_PAGE,
        }
        url = self._server.address(self._config.address.part, query)
        for page in self._server.pages(url, is_probe=True):
            yield from (one for one in page.values if isinstance(one, dict))
            if is_over():
                return

    def _rows(self, given: dict[str, Any], bounds: Bounds) -> list[Any] | None:
        """Return the observations of a stream, None where some may be missing."""
        values = given.get("Observations")
        if not isinstance(values, list):
            raise NotUnderstoodError
        for row in rows_of(values[:SUBSTANTIAL]):
            if not _is_asked(row.phenomenon, row.result_time, bounds):
                raise NotUnderstoodError  # it gives what was not asked for
        is_more = bool(given.get("Observations@iot.nextLink")) or len(values) >= SUBSTANTIAL
        return None if is_more else values


class NotUnderstoodError(Exception):
    """A server gives something else than what it was asked for."""


def _is_asked(phenomenon: Any, told: Any, bounds: Bounds) -> bool:
    lower, late = bounds
    try:
        end = phenomenon.rpartition("/")[2] if isinstance(phenomenon, str) else phenomenon
        if milliseconds(end) >= lower // 1000 * 1000:
            return True
        return late is not None and told is not None and milliseconds(told) >= late // 1000 * 1000
    except RefusedError:
        return True  # a time that cannot be read is refused later
