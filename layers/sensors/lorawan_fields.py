"""
Names that decoders of LoRaWAN devices give their values, and what they mean.

Gathered from the published decoders of Dragino, Milesight, Elsys, Decentlab, Tektelic, Netvox,
Sensecap and MClimate, Cayenne LPP, and the normalised payload of The Things Stack. A name that can
mean several things is left out on purpose; the configuration says what it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from layers.sensors.values import RefusedError, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Known(NamedTuple):
    """What a name means: a property, in which unit, and which of several of the device."""

    property: str
    unit: str  # UCUM; "": by size, see `unit_by_size`
    part: str = ""  # number of the channel, "" for the only one


NAMES: Mapping[tuple[str, str], str] = {
    ("air_temperature", "Cel"): """
        temperature temp airtemp airtemperature ambienttemperature outdoortemperature
        temperaturec tempc tempcsht tempsht tempcsht20 tempcsht31 temperaturesht sensortemperature
        roomtemperature indoortemperature wstempc outtemp""",
    ("probe_temperature", "Cel"): """
        tempcds tempds tempcds18b20 externaltemperature exttemperature extsensortemperature
        temperatureexternal probetemperature tempc1 temperatureprobe""",
    ("relative_humidity", "%"): """
        humidity hum airhumidity relativehumidity rh humsht humiditysht airrelativehumidity
        ambienthumidity humiditypercent rhpct wshumidity indoorhumidity outdoorhumidity""",
    ("air_pressure", ""): """
        pressure airpressure barometer barometricpressure atmosphericpressure barometerdata
        barometrichpa pressurehpa""",
    ("global_radiation", "W/m2"): """
        solarradiation globalradiation irradiation irradiance globalirradiance""",
    ("wind_speed", "m/s"): "windspeed avgwindspeed averagewindspeed windspeedavg windspeedms",
    ("wind_direction", "deg"): """
        winddirection winddir windangle winddirectionangle
        winddirectionsensor winddirectiondeg winddirectiondegrees""",
    ("precipitation", "mm"): "precipitation rainfall rain rainmm rainfallmm",
    ("pm10", "ug/m3"): "pm10 pm100 pm10concentration",
    ("pm2_5", "ug/m3"): "pm25 pm25concentration",
    ("co2", "[ppm]"): "co2 airco2 co2ppm co2concentration co2concentrationlpf carbondioxide",
    ("tvoc", "[ppb]"): "tvoc tvocppb totalvoc",
    ("noise", "dB"): "noise laeq leq soundavg soundlevel noiselevel laeqdb sounddb",
    ("illuminance", "lx"): """
        illuminance illumination lux illlx light lightintensity airlightintensity luminosity
        lightlux illum""",
    ("soil_temperature", "Cel"): "soiltemperature soiltemp tempsoil temperaturesoil",
    ("soil_moisture", "%"): """
        soilmoisture soilhumidity watersoil soilwater watercontent volumetricwatercontent
        soilvwc vwc moisture soilmoist""",
    ("soil_conductivity", "uS/cm"): "conductsoil soilconductivity conductivity soilec",
    ("battery", ""): """
        battery bat batv batteryvoltage batvoltage vbat vbatt battvoltage batteryv batmv vdd
        batterymv battery1v supplyvoltage""",
    ("battery_level", "%"): """
        batterylevel batterypercent batterypercentage batpercent batpct batterylevelpercent
        batterypct batterysoc""",
}
"""Property and unit, with the names for it, without case, dots and underscores."""

KNOWN: Mapping[str, Known] = {
    name: Known(*meaning) for meaning, names in NAMES.items() for name in names.split()
}
WRAPPERS = (
    "data", "payload", "decoded", "object", "values", "measurements", "measurement", "sensor",
    "sensors", "telemetry", "environment", "weather",
)  # fmt: skip
"""What a decoder may put around all of its values."""

ENDINGS = ("value", "val", "v")  # `air_temperature.value` of Decentlab and others
CHANNEL = re.compile(r"^(.*[a-z])(\d{1,2})$")
WRITTEN_VALUE = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d].{0,11})?$")
LONGEST_NAME = 100
MOST_VALUES = 500  # of one message
MOST_DEPTH = 6


class Leaf(NamedTuple):
    """One value of a decoded payload: where it stands, and the unit where it is told beside it."""

    path: str
    value: Any
    unit: str = ""


def leaves(payload: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[Leaf]:
    """
    Yield the values of a decoded payload with their paths.

    >>> [leaf.path for leaf in leaves({"a": 1, "air": {"co2": {"value": 400, "unit": "ppm"}}})]
    ['a', 'air.co2']
    """
    for name, value in payload.items():
        path = f"{prefix}{name}"
        if isinstance(value, list):
            yield from _listed(path, value, depth)
            continue
        if not isinstance(value, dict):
            yield Leaf(path, value)
            continue
        inner = next((end for end in ENDINGS if end in value), None)
        if inner is not None and not isinstance(value[inner], dict):
            unit = value.get("unit")
            yield Leaf(path, value[inner], unit if isinstance(unit, str) else "")
        elif depth < MOST_DEPTH:
            yield from leaves(value, f"{path}.", depth + 1)


def _listed(path: str, values: list[Any], depth: int) -> Iterator[Leaf]:
    """Yield values that stand in a list with their names, as decoders of Sensecap write them."""
    named = [one for one in values if isinstance(one, dict) and "measurementValue" in one]
    inner = [one for one in values if isinstance(one, list)]
    for entry in named:
        yield Leaf(str(entry.get("type", path)), entry["measurementValue"])
    for one in inner if depth < MOST_DEPTH else []:
        yield from _listed(path, one, depth + 1)
    if not named and not inner:
        yield Leaf(path, values)


def meaning(path: str) -> Known | None:
    """
    Return what a name of a decoder means, None where nobody knows.

    >>> meaning("TempC_SHT"), meaning("humidity_2")
    (Known(property='air_temperature', unit='Cel', part=''), Known(property='relative_humidity', unit='%', part='2'))
    >>> meaning("Firmware_Version") is None
    True
    """  # noqa: E501 - the answer is one line
    return _meaning(path) if len(path) <= LONGEST_NAME else None


@lru_cache(maxsize=4096)
def _meaning(path: str) -> Known | None:
    steps = path.lower().split(".")
    while len(steps) > 1 and steps[0] in WRAPPERS:
        del steps[0]
    name = re.sub(r"[^a-z0-9]", "", "".join(steps))
    if name in KNOWN:
        return KNOWN[name]
    channel = CHANNEL.match(name)
    found = KNOWN.get(channel[1]) if channel else None
    return found._replace(part=str(int(channel[2]))) if found and channel else None


def unit_by_size(property_: str, value: float) -> tuple[str, str]:
    """
    Return property and unit of a value whose name leaves open in what it is measured.

    >>> unit_by_size("battery", 3.6), unit_by_size("battery", 92), unit_by_size("battery", 3054)
    (('battery', 'V'), ('battery_level', '%'), ('battery', 'mV'))
    >>> unit_by_size("battery", 12.6), unit_by_size("battery", 25)
    (('battery', 'V'), ('battery_level', '%'))
    """
    if property_ == "air_pressure":
        return property_, "Pa" if value > 5_000 else "hPa" if value > 200 else "kPa"
    if value > 200:
        return "battery", "mV"
    is_voltage = value <= 5 or (value <= 30 and value != int(value))
    return ("battery", "V") if is_voltage else ("battery_level", "%")


def number_with_unit(value: Any) -> tuple[Any, str]:
    """
    Return a value and the unit that is written behind it.

    >>> number_with_unit("21.5 °C"), number_with_unit("open"), number_with_unit(3)
    (('21.5', '°C'), ('open', ''), (3, ''))
    """
    found = WRITTEN_VALUE.match(value) if isinstance(value, str) and len(value) <= 40 else None
    return (found[1], found[2].strip()) if found is not None and found[2] else (value, "")


def number_of(value: Any) -> tuple[float, str]:
    """
    Return a number and the unit written behind it.

    >>> number_of(3), number_of("21.50"), number_of("21.5 °C")
    ((3.0, ''), (21.5, ''), (21.5, '°C'))

    Raises
    ------
    RefusedError
        `no_value`, `no_number` (text, a truth value, a list) or `not_finite`.
    """
    if value is None or value == "":
        raise RefusedError("no_value", "empty")
    text, unit = number_with_unit(value)
    return number(text), unit
