"""What the panels of the sensors are made of: rows and feeds as plain values, made once a look."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from layers.sensors.records import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from layers.sensors.records import Datastream

State = Literal["fresh", "old", "silent", "never"]
Alert = Literal["", "below", "above"]

GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "traffic": ("Traffic", ("vehicles", "heavy_vehicles", "bicycles", "pedestrians", "speed",
                            "traffic_load")),
    "parking": ("Parking and hiring", ("free_spaces", "occupied_spaces", "occupancy",
                                       "bikes_available")),
    "climate": ("Weather and soil", ("air_temperature", "relative_humidity", "air_pressure",
                                     "global_radiation", "wind_speed", "wind_direction",
                                     "precipitation", "soil_temperature", "soil_moisture",
                                     "illuminance")),
    "air": ("Air and noise", ("pm10", "pm2_5", "no2", "o3", "co2", "noise")),
    "water": ("Water", ("water_level", "water_flow")),
    "energy": ("Energy", ("electric_power", "electric_energy", "electric_meter", "heat_power",
                          "heat_energy", "heat_meter", "pv_power", "charging_power",
                          "charging_used")),
    "other": ("Other values", ()),
}  # fmt: skip
"""Headings of the list, and what stands below each; the last one takes what is left."""

ODD = Flag.RANGE | Flag.STUCK | Flag.JUMP | Flag.SUSPECT | Flag.MOVED | Flag.SKEW
"""Flags that cast doubt on a value."""

OLD_AFTER = 2.5
"""Intervals without a value after which a value is called old; after four times that, silent."""
SILENT_AFTER = 10.0
USUAL_S = 3_600.0
"""Interval of a stream that tells none."""


def group_of(property_: str) -> str:
    """
    Return the heading a property stands under.

    >>> group_of("pm10"), group_of("battery")
    ('air', 'other')
    """
    return next((key for key, (_, names) in GROUPS.items() if property_ in names), "other")


@dataclass(frozen=True)
class Sensor:
    """One datastream as a list shows it: what it is and its latest value that may be seen."""

    number: int
    stream: Datastream
    value: float | None = None  # None: none yet, or too few people to tell
    at: int | None = None  # milliseconds since 1970 UTC; of an interval its begin
    flags: int = 0
    few: bool = False  # a count of persons too small to be told
    state: State = "never"
    age_s: float | None = None

    @property
    def group(self) -> str:
        """Heading it stands under."""
        return group_of(self.stream.property)

    @property
    def alert(self) -> Alert:
        """Whether the value is beyond a threshold."""
        if self.value is None or not math.isfinite(self.value):
            return ""
        low, high = self.stream.alert_below, self.stream.alert_above
        if low is not None and self.value < low:
            return "below"
        return "above" if high is not None and self.value > high else ""

    @property
    def odd(self) -> bool:
        """Whether the value is doubted."""
        return bool(self.flags & ODD)

    @property
    def replayed(self) -> bool:
        """Whether the value is of a recorded day, played again."""
        return self.stream.replayed or bool(self.flags & Flag.REPLAYED)

    @property
    def noticed(self) -> bool:
        """Whether somebody should look at it."""
        return self.odd or bool(self.alert) or self.state in {"old", "silent"}


@dataclass(frozen=True)
class Feed:
    """One source: how it is, when it last said something, what of it was refused."""

    name: str
    state: str
    why: str = ""  # in words
    since: int | None = None  # milliseconds
    last: int | None = None  # of its latest message, milliseconds
    streams: int = 0
    refused: tuple[tuple[str, int, int | None, str], ...] = ()  # reason, count, last, detail


@dataclass(frozen=True)
class Board:
    """Everything that the lists show; `now` is the moment played where one is."""

    sensors: tuple[Sensor, ...] = ()
    feeds: tuple[Feed, ...] = ()
    now: int = 0  # milliseconds since 1970 UTC
    played: bool = False
    present: int = 0  # the moment it really is; what feeds are told by
    hidden: int = 0  # streams that this viewer may not see
    problem: str = ""  # why nothing can be told, in words


@dataclass(frozen=True)
class Series:
    """
    Values of one datastream over a span, as a chart shows them.

    `table`: index UTC; columns `value`, `flags`, and for hours and days `low`, `high`, `n`;
    `step` is that of the rows. `few` tells that small counts of persons are left out.
    """

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"value": [], "flags": []}))
    step: Literal["raw", "hour", "day"] = "raw"
    since: int = 0
    until: int = 0
    few: int = 0
    seconds: float | None = None  # of a row, where several intervals were put together


@dataclass(frozen=True)
class Wanted:
    """What somebody has chosen in the panels; made from what the browser sends, never trusted."""

    tab: str = "traffic"
    side: str = "list"  # of the left panel: list, feeds
    text: str = ""
    group: str = ""
    only: str = ""  # "noticed": those one should look at
    sort: str = "group"
    down: bool = False
    page: int = 1
    span: str = "day"  # of the history: day, week, year
    back: int = 0  # spans before now


TABS = ("traffic", "climate", "energy", "table")
SPANS = ("day", "week", "year")
SORTS = ("group", "name", "value", "age", "state")
MOST_BACK = 400


def wanted_of(asked: object) -> Wanted:
    """
    Return what a browser asks for; what is unknown falls back to the default.

    >>> wanted_of({"tab": "climate", "span": "century", "back": -3}).tab
    'climate'
    """
    given = asked if isinstance(asked, dict) else {}

    def one_of(name: str, allowed: Sequence[str], default: str) -> str:
        value = given.get(name)
        return value if isinstance(value, str) and value in allowed else default

    def number(name: str, low: int, high: int) -> int:
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            return low
        return min(max(value, low), high)

    text = given.get("text")
    return Wanted(
        tab=one_of("tab", TABS, "traffic"),
        side=one_of("side", ("list", "feeds"), "list"),
        text=text[:80].strip() if isinstance(text, str) else "",
        group=str(given.get("group") or "")[:20],
        only=one_of("only", ("noticed",), ""),
        sort=one_of("sort", SORTS, "group"),
        down=given.get("down") is True,
        page=number("page", 1, 10_000),
        span=one_of("span", SPANS, "day"),
        back=number("back", 0, MOST_BACK),
    )


def state_of(stream: Datastream, at: int | None, now: int) -> State:
    """
    Return how fresh the latest value is, by the interval the stream should keep.

    The begin of an interval is a whole interval older than its end, so that much is allowed.
    """
    if at is None:
        return "never"
    interval = stream.interval_s or USUAL_S
    late = (now - at) / 1000 - (interval if stream.statistic in {"count", "mean"} else 0.0)
    if late <= max(OLD_AFTER * interval, 120.0):
        return "fresh"
    return "old" if late <= max(SILENT_AFTER * interval, 600.0) else "silent"


def chosen(board: Board, wanted: Wanted, words: dict[int, str]) -> list[Sensor]:
    """
    Return the sensors that pass the filters, in the order asked for.

    `words` is by number what the search looks through: name, property, street.
    """
    parts = wanted.text.casefold().split()
    found = [
        sensor
        for sensor in board.sensors
        if (not wanted.group or sensor.group == wanted.group)
        and (not wanted.only or sensor.noticed)
        and all(part in words[sensor.number] for part in parts)
    ]
    return ordered(found, wanted)


def ordered(sensors: Sequence[Sensor], wanted: Wanted) -> list[Sensor]:
    """Return sensors by what is asked for; those without a value come last either way."""
    rank = {name: place for place, name in enumerate(GROUPS)}
    names = [name for _, group in GROUPS.values() for name in group]
    order = {name: place for place, name in enumerate(names)}
    states = {"never": 3, "silent": 2, "old": 1, "fresh": 0}

    def name(one: Sensor) -> tuple[Any, ...]:
        return one.stream.name.casefold(), one.number

    keys: dict[str, Callable[[Sensor], tuple[Any, ...]]] = {
        "name": name,
        "group": lambda one: (
            rank[one.group],
            order.get(one.stream.property, len(order)),
            one.stream.property,
            *name(one),
        ),
        "value": lambda one: (one.value, *name(one)),
        "age": lambda one: (one.age_s, *name(one)),
        "state": lambda one: (bool(one.alert), one.odd, states[one.state], *name(one)),
    }

    def lacks(one: Sensor) -> bool:
        return {"value": one.value, "age": one.age_s}.get(wanted.sort, 0.0) is None

    known = [sensor for sensor in sensors if not lacks(sensor)]
    last = [sensor for sensor in sensors if lacks(sensor)]
    return [*sorted(known, key=keys[wanted.sort], reverse=wanted.down), *sorted(last, key=name)]
