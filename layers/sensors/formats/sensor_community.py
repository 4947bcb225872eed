"""
sensor.community (once luftdaten.info): answers of its API v1 and files of its archive.

Times are UTC. Places are rounded by the service to about 100 m unless the owner allows more, and
some stand indoors: these are left out. The number of a sensor stays private here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.mapping import Found, Location, Mapping, Time, Value
from layers.sensors.records import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


class Kind(NamedTuple):
    """What a name of the service means."""

    property: str
    unit: str
    series: str = ""


KINDS = {
    "P0": Kind("pm1", "ug/m3"),
    "P1": Kind("pm10", "ug/m3"),
    "P2": Kind("pm2_5", "ug/m3"),
    "P4": Kind("pm4", "ug/m3"),
    "temperature": Kind("air_temperature", "Cel"),
    "humidity": Kind("relative_humidity", "%"),
    "pressure": Kind("air_pressure", "Pa"),
    "noise_LAeq": Kind("noise", "dB"),
    "noise_LA_max": Kind("noise", "dB", "max"),
    "noise_LA_min": Kind("noise", "dB", "min"),
    "NO2": Kind("no2", "ug/m3"),
    "CO2": Kind("co2", "[ppm]"),
    "co2_ppm": Kind("co2", "[ppm]"),
}
"""`pressure_at_sealevel` is worked out by the service and left out, as are counts of particles."""

NONE = ("", "null", "nan", "NaN", "unavailable", "unknown", "-", "%.1f", "%.2f")
LICENCE = "Database Contents License (DbCL) 1.0"
ATTRIBUTION = "sensor.community"
COLUMNS = ("sensor_id", "sensor_type", "location", "lat", "lon", "timestamp")


def _values(path: str, names: Sequence[str], when: str = "") -> tuple[Value, ...]:
    return tuple(
        Value(
            path=path or name,
            property=kind.property,
            unit=kind.unit,
            series=kind.series,
            when={when: name} if when else {},
        )
        for name, kind in KINDS.items()
        if name in names
    )


API = Mapping(
    device="sensor.id",
    name="place",
    time=Time(path="timestamp", zone="UTC"),
    location=Location(lon="location.longitude", lat="location.latitude"),
    values=_values("sensordatavalues[*].value", tuple(KINDS), "sensordatavalues[*].value_type"),
    none=NONE,
)


def read(message: Any, *, source: str, received: int) -> Found:
    """Return what an answer of the API says: a list of measurements."""
    items = message if isinstance(message, list) else [message]
    parts = [_one(item, source=source, received=received) for item in items]
    streams = {stream.key: stream for part in parts for stream in part.streams}
    readings = tuple(reading for part in parts for reading in part.readings)
    return Found(
        tuple(streams.values()), readings, tuple(r for part in parts for r in part.refused)
    )


def _one(item: Any, *, source: str, received: int) -> Found:
    if not isinstance(item, dict) or not isinstance(item.get("sensordatavalues"), list):
        refusal = Refusal(source, "unknown_format", "no measurement of sensor.community")
        return Found(refused=(refusal,))
    location = item.get("location")
    if isinstance(location, dict) and location.get("indoor") in {1, "1"}:
        return Found()
    kinds = [one.get("value_type") for one in item["sensordatavalues"] if isinstance(one, dict)]
    if not set(KINDS) & {kind for kind in kinds if isinstance(kind, str)}:
        return Found()
    return API.read({**item, "place": _place(item)}, source=source, received=received)


def _place(item: dict[str, Any]) -> str:
    """Return a name that does not tell the number of the sensor."""
    kind = item.get("sensor")
    kind = kind.get("sensor_type") if isinstance(kind, dict) else None
    name = kind.get("name") if isinstance(kind, dict) else None
    location = item.get("location")
    number = location.get("id") if isinstance(location, dict) else None
    return _named(name, number)


def _named(kind: object, location: object) -> str:
    return (
        f"{kind or 'Sensor'}, {location}" if location not in {None, ""} else str(kind or "Sensor")
    )


def archive(names: Sequence[str]) -> Mapping | None:
    """Return how a file of the archive is read; none where it is of another kind."""
    values = _values("", names)
    if not values or not set(COLUMNS) <= set(names):
        return None
    return Mapping(
        device="sensor_id",
        name="place",
        time=Time(path="timestamp", zone="UTC"),
        location=Location(lon="lon", lat="lat"),
        values=values,
        none=NONE,
    )


def prepared(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an archive file with a name that does not tell the sensor."""
    place = table["sensor_type"].str.strip() + ", " + table["location"].str.strip()
    return table.assign(place=place)
