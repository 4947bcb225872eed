"""
What is new at a SensorThings server: the history first, then what has come since.

Each datastream has a cursor: the last time that was kept, and the last time a result was given.
What is asked for begins a little before both (`overlap_s`), as some come late; the store takes each
value once. A page is handed over together with the cursor behind it. A page that is not in order of
time moves no cursor before all pages are read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from layers.sensors.records import Delivery
from layers.sensors.sensorthings_read import SELECTED, readings_of, rows_of, timed
from layers.sensors.sensorthings_web import TooLargeError, is_refusing
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from layers.sensors.common import Sink
    from layers.sensors.records import Datastream
    from layers.sensors.sensorthings_config import SensorThingsConfig
    from layers.sensors.sensorthings_read import Row, Timed
    from layers.sensors.sensorthings_things import Wanted
    from layers.sensors.sensorthings_web import Page, Server

SKILLS = ("data array", "select", "order", "late", "filter")
"""What a server may not understand, in the order in which it is done without."""

PAGES_A_ROUND = 20
HOUR_MS = 3_600_000
MOST_SEEN, SUBSTANTIAL = 50_000, 20
MOST_PAGES = 1_000_000

Bounds = tuple[int, int | None]
"""From which phenomenon time on, and from which result time on, milliseconds."""


@dataclass
class Progress:
    """How far a datastream is read; times in milliseconds."""

    at: int | None = None  # last phenomenon time
    told: int | None = None  # all results of before this are read
    began: int = 0  # of the scan under way, over breaks
    latest: int = 0  # phenomenon time of the scan under way
    high: int | None = None  # highest result time of the scan under way
    interval_s: float | None = None
    longest: int = 0  # from what was observed to its being told
    seen: dict[int, int] = field(default_factory=dict)  # what was handed over lately, by mark

    @classmethod
    def of(cls, state: dict[str, Any] | None) -> Progress:
        """Return what a cursor says; one that says nothing sensible begins anew."""
        given = state or {}
        at, told, began, longest = (
            value if type(value := given.get(name)) is int and 0 < value < 2**52 else None
            for name in ("at", "told", "began", "longest")
        )
        return cls(at=at, told=told, began=began or 0, longest=longest or 0)

    @property
    def state(self) -> dict[str, Any]:
        """Return what is kept."""
        began = self.began if self.told is None else 0
        longest = self.longest if self.longest > HOUR_MS else 0
        told = {"at": self.at, "told": self.told, "began": began, "longest": longest}
        return {name: value for name, value in told.items() if value}

    def note(self, times: Sequence[int]) -> None:
        """Note how far the scan under way has come."""
        self.latest = max([self.latest, *times])

    def move(self, now_ms: int, overlap_ms: int) -> None:
        """Go on to the last of the scan; a clock that is ahead must not hide what comes after."""
        self.at = max(self.at or 0, min(self.latest, now_ms)) or None
        if self.at is not None:
            lower = self.at - overlap_ms - int((self.interval_s or 0) * 1000)
            self.seen = {mark: at for mark, at in self.seen.items() if at >= lower}
        if len(self.seen) > MOST_SEEN:
            self.seen = {}

    def finish(self) -> None:
        """Note that all there was when the scan began is read."""
        if self.high is not None:
            self.told = max(self.told or 0, min(self.high, self.began))
        self.began = 0


class Sync:
    """Reads the observations of datastreams and hands them over."""

    def __init__(
        self, server: Server, config: SensorThingsConfig, clock: Callable[[], float]
    ) -> None:
        self._server, self._config, self._clock = server, config, clock
        self._page = config.page
        self._overlap = int(config.overlap_s * 1000)
        self._progress: dict[str, Progress] = {}
        self._told: dict[str, Datastream] = {}

    @property
    def now_ms(self) -> int:
        """Return the present in milliseconds."""
        return int(self._clock() * 1000)

    def known(self, streams: dict[str, Datastream]) -> None:
        """Take what the store knows already, so that it need not be told again."""
        self._told.update(streams)

    def progress(self, wanted: Wanted, sink: Sink) -> Progress:
        """Return how far a datastream is read."""
        found = self._progress.get(wanted.path)
        if found is None:
            found = Progress.of(sink.cursor(f"stream:{wanted.path}"))
            keys = [part.stream.key for part in wanted.parts if part is not None]
            found.interval_s = self._told[keys[0]].interval_s if keys[0] in self._told else None
            self._progress[wanted.path] = found
        return found

    def forget(self) -> None:
        """Take nothing for handed over: a new run asks the store again."""
        self._progress.clear()

    def bounds(self, progress: Progress) -> Bounds:
        """Return from which phenomenon time and from which result time on it is read."""
        if progress.at is None:
            return self._config.since_ms(self.now_ms), None
        longest = int((progress.interval_s or 0) * 1000)
        since = self._config.since_ms(self.now_ms) if self._config.since else 0
        lower = max(progress.at - self._overlap - longest, since)
        return lower, None if progress.told is None else progress.told - self._overlap

    def scan(self, wanted: Wanted, sink: Sink, is_over: Callable[[], bool]) -> bool:
        """Read what is new of one datastream; False where more of it is left for later."""
        progress = self._begin(wanted, sink)
        begin, bounds = progress.at or 0, self.bounds(progress)
        url = self._address(wanted, *bounds)
        course = Course(longest=progress.longest)
        for number in range(MOST_PAGES):
            has_moved = course.may_pause and (progress.at or 0) > begin
            if is_over() or (number >= PAGES_A_ROUND and has_moved):
                return False
            page = self._ask(url, wanted, bounds)
            given = self._new(rows_of(page.values), progress, bounds)
            is_again = course.follow(url, page, given)
            progress.longest = course.longest
            if is_again:
                url, bounds = self._after(wanted, url, course, bounds)
            else:
                url, bounds = self._next(wanted, page, course, bounds)
            moves = course.rises or not url
            self._hand_over(wanted, sink, given, moves=moves, is_end=not url)
            if not url:
                return True
        return False

    def _begin(self, wanted: Wanted, sink: Sink) -> Progress:
        progress = self.progress(wanted, sink)
        progress.began = progress.began or self.now_ms
        progress.high, progress.latest = progress.told, 0
        return progress

    def take(self, wanted: Wanted, sink: Sink, values: Sequence[Any]) -> None:
        """Hand over what came along with many others, all that is new of a datastream."""
        progress = self._begin(wanted, sink)
        given = self._new(rows_of(values), progress, self.bounds(progress))
        self._hand_over(wanted, sink, given, moves=True, is_end=True)

    def _next(
        self, wanted: Wanted, page: Page, course: Course, bounds: Bounds
    ) -> tuple[str, Bounds]:
        """
        Return where it goes on and from which times on; "" at the end.

        At a server that never says what follows, so many are left out as have come.
        """
        if page.next:
            if page.next in course.visited:
                self._server.circle(page.next)
                return "", bounds
            return ("" if course.is_past(bounds[0]) else page.next), bounds
        last = course.last
        if self._server.has_next or course.on_page < min(self._page, SUBSTANTIAL) or last is None:
            return "", bounds
        return self._address(wanted, *bounds, skip=course.count), bounds

    def _after(
        self, wanted: Wanted, url: str, course: Course, bounds: Bounds
    ) -> tuple[str, Bounds]:
        """Return how to go on where the same page has come twice: by time, or not at all."""
        last = course.last or 0
        if self._server.has_next or not course.rises or last <= bounds[0]:
            self._server.circle(url)
            return "", bounds
        return self._address(wanted, last, None), (last, None)

    def _ask(self, url: str, wanted: Wanted, bounds: Bounds) -> Page:
        """Return a page; do without what the server does not understand."""
        server, before = self._server, frozenset(self._server.lacks)
        ways = ways_of(before, has_worked=bool(server.proven))
        while True:
            is_late = bounds[1] is not None and "late" not in server.lacks
            is_proven = is_late in server.proven
            try:
                page = server.page(url, is_probe=not is_proven)
            except TooLargeError:
                if self._page <= 10:
                    raise
                self._page = max(10, self._page // 4)
            except SourceError as error:
                way = next(ways, None)
                if not is_refusing(error) or is_proven or way is None:
                    server.lacks = set(before)
                    raise
                server.lacks = way
            else:
                server.proven.add(is_late)
                return page
            url = self._address(wanted, *bounds)

    def _address(self, wanted: Wanted, lower: int, late: int | None, *, skip: int = 0) -> str:
        lacks = self._server.lacks
        query: dict[str, object] = {"$top": self._page, "$skip": skip or ""}
        if "filter" not in lacks:
            query["$filter"] = condition(lower, None if "late" in lacks else late)
        if "order" not in lacks:
            query["$orderby"] = "phenomenonTime asc"
        if "select" not in lacks:
            query["$select"] = SELECTED
        if self._config.data_array and "data array" not in lacks:
            query["$resultFormat"] = "dataArray"
        return self._server.address(f"{wanted.path}/Observations", query)

    def _new(self, rows: Iterable[Row], progress: Progress, bounds: Bounds) -> Given:
        """Return what of a page is wanted and was not handed over lately."""
        lower, late = bounds
        now = self.now_ms
        found = Given()
        for row in rows:
            one = timed(row, self._config, now)
            found.count += 1
            if one.begin is not None:
                found.times.append(one.begin)
                found.longest = max(found.longest, (one.told or 0) - one.begin)
            is_late = late is not None and one.told is not None and one.told >= late
            if one.begin is not None and one.begin < lower and not is_late:
                found.before += 1
                continue
            mark = hash((str(row.phenomenon), repr(row.result)))
            if mark not in progress.seen:
                progress.seen[mark] = one.begin if one.begin is not None else now
                found.new.append(one)
            if one.told is not None:
                progress.high = max(progress.high or 0, one.told)
        return found

    def _hand_over(
        self, wanted: Wanted, sink: Sink, given: Given, *, moves: bool, is_end: bool
    ) -> None:
        """Hand over what is new with the cursor behind it."""
        progress = self._progress[wanted.path]
        before = progress.state
        readings, refused = readings_of(wanted, given.new, self._config.name)
        streams = self.streams_of(wanted, given.new)
        progress.note(given.times)
        if moves:
            progress.move(self.now_ms, self._overlap)
        if is_end:
            progress.finish()
        state = progress.state
        if readings or refused or streams or state != before:
            name, cursor = self._config.name, (f"stream:{wanted.path}", state)
            sink.put(Delivery(name, tuple(readings), tuple(streams), tuple(refused), cursor))

    def streams_of(self, wanted: Wanted, new: Sequence[Timed]) -> list[Datastream]:
        """Return the datastreams to be told with some observations: new ones, changed ones."""
        found = []
        progress = self._progress[wanted.path]
        is_interval = any(one.end is not None for one in new)
        progress.interval_s = progress.interval_s or interval_of(new)
        for part in wanted.parts:
            if part is None:
                continue
            stream, before = part.stream, self._told.get(part.stream.key)
            was_mean = before is not None and before.statistic == "mean"
            if stream.statistic == "value" and (is_interval or was_mean):
                stream = replace(stream, statistic="mean")
            known = before.interval_s if before is not None else None
            interval = stream.interval_s or known or progress.interval_s
            stream = replace(stream, interval_s=interval)
            if before != stream:
                self._told[stream.key] = stream
                found.append(stream)
        return found


@dataclass
class Given:
    """What a page has brought."""

    new: list[Timed] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    count: int = 0
    before: int = 0  # older than was asked for
    longest: int = 0  # from what was observed to its being told


@dataclass
class Course:
    """How a scan has gone so far."""

    visited: set[str] = field(default_factory=set)
    rises: bool = True
    falls: bool = True
    last: int | None = None  # latest of all
    count: int = 0  # of all pages
    on_page: int = 0  # of the last page
    longest: int = 0  # from what was observed to its being told
    is_before: bool = False  # all of the last page was older than was asked for
    keeps_filter: bool = True
    _edge: int | None = None  # last of the last page
    _latest: int = 0  # of the last page
    _values: list[Any] | None = None

    @property
    def may_pause(self) -> bool:
        """Tell whether it can be gone on later where it has come to."""
        return self.rises and self.keeps_filter

    def is_past(self, lower: int) -> bool:
        """Tell whether newest come first, and the rest is older than is wanted."""
        longest = max(24 * HOUR_MS, 2 * self.longest)
        return self.falls and self.is_before and self._latest + longest < lower

    def follow(self, url: str, page: Page, given: Given) -> bool:
        """Note a page; True where it is the same as the one before."""
        is_again = bool(page.values) and page.values == self._values
        self.visited.add(url)
        times = given.times if self._edge is None else [self._edge, *given.times]
        self.rises = self.rises and all(a <= b for a, b in pairwise(times))
        self.falls = self.falls and all(a >= b for a, b in pairwise(times))
        self._edge = times[-1] if times else None
        self.last = max(times, default=self.last)
        self.on_page, self.count = given.count, self.count + given.count
        self.longest = max(self.longest, given.longest)
        self._latest = max(given.times, default=0)
        self.is_before = given.count > 0 and given.before == given.count
        self.keeps_filter = self.keeps_filter and not self.is_before
        self._values = page.values
        return is_again


def ways_of(lacks: frozenset[str], *, has_worked: bool) -> Iterator[set[str]]:
    """
    Give what may be done without: each alone, then more and more.

    >>> [sorted(way) for way in ways_of(frozenset(), has_worked=True)]
    [['late']]
    """
    skills = ("late",) if has_worked else SKILLS
    for skill in skills:
        yield {*lacks, skill}
    for number in range(2, len(skills) + 1):
        yield {*lacks, *skills[:number]}


def condition(lower: int, late: int | None) -> str:
    """
    Return the filter for what is new, in whole seconds.

    >>> condition(1_780_000_000_500, None)
    'phenomenonTime ge 2026-05-28T20:26:40Z'
    """
    text = f"phenomenonTime ge {iso(lower)}"
    # some servers add their own conditions with `and`, without brackets around ours
    return text if late is None else f"({text} or resultTime ge {iso(late)})"


def iso(at_ms: int) -> str:
    """Return a moment as text, UTC, whole seconds."""
    moment = datetime.fromtimestamp(max(at_ms, 0) // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def interval_of(new: Sequence[Timed]) -> float | None:
    """Return the seconds between two values as most of them have it, None of too few."""
    lengths = [one.end - one.begin for one in new if one.end is not None and one.begin is not None]
    if lengths:
        return Counter(lengths).most_common(1)[0][0] / 1000
    times = sorted({one.begin for one in new if one.begin is not None})
    steps = [(b - a) / 1000 for a, b in pairwise(times)]
    return float(round(median(steps))) or None if len(steps) >= 5 else None
