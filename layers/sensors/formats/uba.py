"""
Air data of the Umweltbundesamt: answers of `/measures/json` and `/airquality/json` (v2, v3).

```
{"data": {"<station>": {"<date start>": [component, scope, value, "<date end>", index]}}}
{"data": {"<station>": {"<date start>": ["<date end>", index, 0, [component, value, ...]]}}}
```

Times are Central European Time, one hour ahead of UTC all year (in summer an hour behind the
clocks). What is asked for is counted by the END of the hour (`time_from=1` is the hour from 0 to 1
o'clock, 24 the last), while the key of a value is the BEGIN of its hour; so it is kept here. The
last hour may end at `24:00:00`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.mapping import Found
from layers.sensors.place_table import point
from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, Reading, Refusal, key_of
from layers.sensors.units import conversion
from layers.sensors.values import RefusedError, clean, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ZONE = "+01:00"
LICENCE = "dl-de/by-2-0"
ATTRIBUTION = "Umweltbundesamt, Messnetze der Länder"


class Component(NamedTuple):
    """What is measured."""

    property: str
    unit: str


COMPONENTS = {
    1: Component("pm10", "ug/m3"),
    2: Component("co", "mg/m3"),
    3: Component("o3", "ug/m3"),
    4: Component("so2", "ug/m3"),
    5: Component("no2", "ug/m3"),
    6: Component("lead_in_pm10", "ug/m3"),
    7: Component("benzo_a_pyrene", "ng/m3"),
    8: Component("benzene", "ug/m3"),
    9: Component("pm2_5", "ug/m3"),
    10: Component("arsenic_in_pm10", "ng/m3"),
    11: Component("cadmium_in_pm10", "ng/m3"),
    12: Component("nickel_in_pm10", "ng/m3"),
}

SCOPES = {
    1: ("mean of the day", 86_400.0),
    2: ("", 3_600.0),  # mean of the hour
    3: ("highest hour of the day", 86_400.0),
    4: ("mean of 8 hours", 3_600.0),
    5: ("highest 8 hours of the day", 86_400.0),
    6: ("moving mean of 24 hours", 3_600.0),
}
HOURLY = 2


class Station(NamedTuple):
    """A station of the metadata."""

    name: str
    lon: float | None
    lat: float | None


class Row(NamedTuple):
    """One value with what it is of."""

    station: str
    begin: str
    component: Any
    scope: Any
    value: Any


def read(
    message: Any,
    *,
    source: str,
    received: int,
    stations: Mapping[str, Station] | None = None,
) -> Found:
    """Return what an answer says; `stations` tells names and places by number."""
    data = message.get("data") if isinstance(message, dict) else None
    if data == []:  # an empty answer is a list
        return Found()
    if not isinstance(data, dict) or "indices" not in message:
        words = "no measurements of the Umweltbundesamt"
        return Found(refused=(Refusal(source, "unknown_format", words),))
    streams: dict[str, Datastream] = {}
    readings: list[Reading] = []
    refused: list[Refusal] = []
    for row in _rows(data):
        if row.value is None or str(row.value).strip() in {"", "-"}:
            continue
        try:
            stream, factor = _stream(row, source, stations or {})
            at = milliseconds(row.begin, ZONE, now=received)
            value = number(row.value) * factor
        except RefusedError as error:
            detail = clean(f"station {row.station}, {row.begin}: {error.detail}", 300)
            refused.append(Refusal(source, error.reason, detail))
            continue
        streams[stream.key] = stream
        readings.append(Reading(stream.key, at, value, 0, received))
    return Found(tuple(streams.values()), tuple(readings), tuple(refused))


def _rows(data: dict[str, Any]) -> Iterator[Row]:
    for station, moments in data.items():
        for begin, given in moments.items() if isinstance(moments, dict) else ():
            lines = given if isinstance(given, list) else [given]
            if lines and not isinstance(lines[0], list):
                lines = [lines]
            for line in lines:
                yield from _row(station, begin, line)


def _row(station: str, begin: str, line: Any) -> Iterator[Row]:
    if not isinstance(line, list) or len(line) < 3:
        yield Row(station, begin, None, None, line)
        return
    inner = [part for part in line if isinstance(part, list) and len(part) > 1]
    if isinstance(line[0], str) and inner:  # of the air quality index
        for part in inner:
            yield Row(station, begin, part[0], HOURLY, part[1])
        return
    yield Row(station, begin, line[0], line[1], line[2])


def _stream(row: Row, source: str, stations: Mapping[str, Station]) -> tuple[Datastream, float]:
    component = COMPONENTS.get(_whole(row.component))
    if component is None:
        raise RefusedError("unknown_format", f"component {row.component} is not known")
    series, interval = SCOPES.get(_whole(row.scope), (f"scope {clean(row.scope, 20)}", 3_600.0))
    known = PROPERTIES.get(component.property)
    unit = known.unit if known else component.unit
    station = stations.get(row.station, Station(f"UBA {clean(row.station, 20)}", None, None))
    parts = [component.property, *([series] if series else [])]
    stream = Datastream(
        key=key_of(source, clean(row.station, 40) or "-", *parts),
        source=source,
        name=f"{station.name}, {series}" if series else station.name,
        property=component.property,
        unit=unit,
        statistic="mean" if "highest" not in series else "value",
        lon=station.lon,
        lat=station.lat,
        interval_s=interval,
    )
    return stream, conversion(component.unit, unit)[0]


def _whole(given: Any) -> int:
    try:
        return int(number(given))
    except RefusedError:
        return -1


def stations(message: Any) -> dict[str, Station]:
    """
    Return the stations of an answer of `/stations/json` or `/meta/json`, by number and by code.

    Each is a list: number, code, name, city, synonym, from, to, longitude, latitude, ...
    """
    found: dict[str, Station] = {}
    held = message if isinstance(message, dict) else {}
    for part in (held, held.get("data"), held.get("stations")):
        for row in part.values() if isinstance(part, dict) else ():
            if isinstance(row, list) and len(row) > 8:
                lon, lat = point(row[7], row[8])
                station = Station(clean(row[2] or row[1]), lon, lat)
                found |= {clean(row[0], 40): station, clean(row[1], 40): station}
    return found
