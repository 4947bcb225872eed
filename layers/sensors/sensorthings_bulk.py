"""
What is new of many datastreams with one question: `$expand=Observations($filter=...)`.

Only for those that are nearly up to date; what is longer, older or left out by the server is read
stream by stream. A server that does not understand it, or answers it wrongly, is not asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.sensors.sensorthings_read import SELECTED, rows_of
from layers.sensors.sensorthings_sync import SUBSTANTIAL, condition
from layers.sensors.sensorthings_web import TooLargeError, is_refusing
from layers.sensors.values import RefusedError, milliseconds
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from layers.sensors.common import Sink
    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_sync import Sync
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
        done: set[str] = set()
        try:
            for given in self._entities(condition(*bounds), is_over):
                one = live.get(str(given.get("@iot.id")))
                if one is None or one.path in done:
                    continue
                rows = self._rows(given, bounds)
                if rows is not None:
                    self._sync.take(one, sink, rows)
                    done.add(one.path)
        except NotUnderstoodError:
            self._server.lacks.add("bulk")
        except SourceError as error:
            if not (is_refusing(error) or isinstance(error, TooLargeError)):
                raise
            self._server.lacks.add("bulk")
        return done

    def _live(
        self, wanted: Sequence[Wanted], sink: Sink
    ) -> tuple[dict[str, Wanted], tuple[int, int | None]]:
        """Return the streams that are nearly up to date, by id, and from when on to ask."""
        found = {}
        for one in wanted:
            progress = self._sync.progress(one, sink)
            if progress.at is not None and not progress.began and not one.is_multi:
                found[one.ident] = (one, progress)
        newest = max((progress.at or 0 for _, progress in found.values()), default=0)
        window = max(SHORTEST_MS, int(self._config.every_s * 4_000))
        live = {i: (o, p) for i, (o, p) in found.items() if (p.at or 0) >= newest - window}
        bounds = [self._sync.bounds(progress) for _, progress in live.values()]
        lates = [late for _, late in bounds if late is not None]
        lower = min((lower for lower, _ in bounds), default=0)
        return {i: one for i, (one, _) in live.items()}, (lower, min(lates, default=None))

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

    def _rows(self, given: dict[str, Any], bounds: tuple[int, int | None]) -> list[Any] | None:
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


def _is_asked(phenomenon: Any, told: Any, bounds: tuple[int, int | None]) -> bool:
    lower, late = bounds
    try:
        end = phenomenon.rpartition("/")[2] if isinstance(phenomenon, str) else phenomenon
        if milliseconds(end) >= lower // 1000 * 1000:
            return True
        return late is not None and told is not None and milliseconds(told) >= late // 1000 * 1000
    except RefusedError:
        return True  # a time that cannot be read is refused later
