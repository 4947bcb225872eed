"""What the invented sensors of a demo report in one week, minute by minute."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from numpy.typing import NDArray

    from layers.sensors.records import Datastream
    from twin.city import City

    Floats = NDArray[np.float64]

MINUTES = 7 * 24 * 60

WORKDAY = (
    8,
    5,
    4,
    5,
    12,
    32,
    62,
    80,
    70,
    55,
    52,
    54,
    57,
    58,
    62,
    72,
    82,
    80,
    62,
    46,
    34,
    26,
    20,
    13,
)
WEEKEND = (
    17,
    12,
    9,
    7,
    7,
    10,
    16,
    24,
    38,
    52,
    62,
    66,
    66,
    62,
    62,
    62,
    62,
    60,
    54,
    44,
    34,
    28,
    24,
    20,
)
"""Traffic by hour, relative; two peaks on workdays, one broad on weekends (invented)."""

SHOPPING = (0, 0, 0, 0, 0, 1, 3, 8, 20, 45, 70, 85, 90, 85, 85, 90, 95, 85, 55, 25, 12, 6, 3, 1)
HOME = (
    40,
    34,
    31,
    30,
    31,
    36,
    55,
    72,
    68,
    60,
    58,
    62,
    70,
    64,
    58,
    58,
    66,
    84,
    98,
    100,
    94,
    82,
    66,
    50,
)
HEATING = (
    45,
    44,
    44,
    45,
    50,
    75,
    100,
    98,
    88,
    80,
    74,
    70,
    68,
    66,
    66,
    68,
    74,
    82,
    86,
    84,
    78,
    66,
    54,
    48,
)
TWELVE_C = 12.0  # outdoor temperature above which the block is hardly heated


def demo_week(city: City, streams: Iterable[Datastream], monday: date) -> pd.DataFrame:
    """
    Return a week of readings as a long table: `stream`, `time` (local clock, no zone), `value`.

    Temperature and sun are those of the weather year of the city in the same week of the year.
    """
    minutes = np.arange(MINUTES)
    weather = _weather(city, monday)
    tables = []
    for stream in streams:
        dice = np.random.default_rng(zlib.crc32(stream.key.encode()))
        value = CURVES[stream.property](stream, weather, dice)
        tables.append(pd.DataFrame({"stream": stream.key, "minute": minutes, "value": value}))
    table = pd.concat(tables, ignore_index=True)
    begin = pd.Timestamp(monday)
    times = begin + pd.to_timedelta(table.pop("minute"), unit="min")
    return table.assign(time=times)[["stream", "time", "value"]]


def _weather(city: City, monday: date) -> pd.DataFrame:
    """Return temperature (degrees C) and radiation (W/m2) a minute, straight between hours."""
    hours = city.tables["weather"]
    first = 24 * (min(monday.timetuple().tm_yday, 358) - 1)
    rows = (first + np.arange(7 * 24 + 1)) % len(hours)
    at = np.arange(MINUTES) / 60.0
    names = {"temperature": "temperature_c", "sun": "ghi_wm2"}
    return pd.DataFrame({
        name: np.interp(at, np.arange(len(rows)), hours[column].to_numpy(float)[rows])
        for name, column in names.items()
    })  # fmt: skip


def _daily(workday: tuple[int, ...], weekend: tuple[int, ...]) -> Floats:
    """Return the shape of a week a minute, with mean 1 over workdays."""
    week = np.array([*workday * 5, *weekend * 2], float) / np.mean(workday)
    at = np.arange(MINUTES) / 60.0 - 0.5
    smooth: Floats = np.interp(at, np.arange(-1, 169), np.concatenate([week[-1:], week, week[:1]]))
    return smooth


def _counted(day: float, shape: Floats, dice: np.random.Generator) -> Floats:
    return dice.poisson(day / 1440.0 * shape).astype(float)


def _walk(dice: np.random.Generator, spread: float, memory_min: float = 90.0) -> Floats:
    """Return noise that remembers, of standard deviation `spread`."""
    from scipy.signal import lfilter  # noqa: PLC0415 - only for the demo

    keep = np.exp(-1.0 / memory_min)
    noise = dice.normal(0.0, spread * np.sqrt(1.0 - keep**2), MINUTES)
    walked: Floats = np.asarray(lfilter([1.0], [1.0, -keep], noise))
    return walked


def _rounded(values: Any, digits: int = 0) -> Floats:
    return np.asarray(np.round(values, digits), float)


def _vehicles(stream: Datastream, _: pd.DataFrame, dice: np.random.Generator) -> Floats:
    return _counted(stream.extra["vehicles_day"], _daily(WORKDAY, WEEKEND), dice)


def _bicycles(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    mild = np.clip(0.4 + weather["temperature"].to_numpy() / 25.0, 0.25, 1.3)
    return _counted(stream.extra["bicycles_day"], _daily(WORKDAY, WEEKEND) * mild, dice)


def _pedestrians(stream: Datastream, _: pd.DataFrame, dice: np.random.Generator) -> Floats:
    return _counted(stream.extra["day"], _daily(SHOPPING, SHOPPING), dice)


def _free(stream: Datastream, _: pd.DataFrame, dice: np.random.Generator) -> Floats:
    share = stream.extra["busy"] * _daily(SHOPPING, SHOPPING)
    used = np.clip(0.12 + share + _walk(dice, 0.06), 0.0, 1.0)
    return _rounded(stream.extra["spaces"] * (1.0 - used))


def _temperature(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    value = weather["temperature"].to_numpy() + stream.extra["warmer"] + _walk(dice, 0.6)
    return _rounded(value, 1)


def _humidity(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    value = 78.0 - 1.4 * (weather["temperature"].to_numpy() - 9.0) + _walk(dice, 6.0)
    return _rounded(np.clip(value - 2.0 * stream.extra["warmer"], 15.0, 100.0), 1)


def _radiation(_: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    return _rounded(weather["sun"].to_numpy() * np.clip(1.0 + _walk(dice, 0.1, 12.0), 0.3, 1.4))


def _particles(_: Datastream, __: pd.DataFrame, dice: np.random.Generator) -> Floats:
    return _rounded(np.exp(np.log(14.0) + _walk(dice, 0.35, 600.0)) + 4 * _daily(WORKDAY, WEEKEND))


def _nitrogen(_: Datastream, __: pd.DataFrame, dice: np.random.Generator) -> Floats:
    return _rounded(9.0 + 16.0 * _daily(WORKDAY, WEEKEND) * np.exp(_walk(dice, 0.25)), 1)


def _pv(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    share = (
        0.84 * weather["sun"].to_numpy() / 1000.0 * np.clip(1.0 + _walk(dice, 0.12, 10.0), 0.2, 1.2)
    )
    return _rounded(stream.extra["kwp"] * share, 2)


def _plugged(stream: Datastream, _: pd.DataFrame, dice: np.random.Generator) -> Floats:
    share = np.clip(0.1 + 0.22 * _daily(SHOPPING, HOME) + _walk(dice, 0.15, 40.0), 0.0, 1.0)
    return _rounded(stream.extra["points"] * share)


def _charging(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    twin_key = stream.key.replace("charging_power", "charging_used")
    same = np.random.default_rng(zlib.crc32(twin_key.encode()))
    return _rounded(_plugged(stream, weather, same) * dice.uniform(7.0, 11.0, MINUTES), 1)


def _electricity(stream: Datastream, _: pd.DataFrame, dice: np.random.Generator) -> Floats:
    shape = _daily(HOME, HOME) * np.exp(_walk(dice, 0.08, 20.0))
    return _rounded(0.33 * stream.extra["dwellings"] * shape, 2)


def _heat(stream: Datastream, weather: pd.DataFrame, dice: np.random.Generator) -> Floats:
    cold = np.maximum(TWELVE_C + 3.0 - weather["temperature"].to_numpy(), 0.0) * 0.11 + 0.25
    shape = _daily(HEATING, HEATING) * np.exp(_walk(dice, 0.05, 30.0))
    return _rounded(stream.extra["dwellings"] * cold * shape, 2)


CURVES: dict[str, Callable[[Datastream, pd.DataFrame, np.random.Generator], Floats]] = {
    "vehicles": _vehicles,
    "bicycles": _bicycles,
    "pedestrians": _pedestrians,
    "free_spaces": _free,
    "air_temperature": _temperature,
    "relative_humidity": _humidity,
    "global_radiation": _radiation,
    "pm10": _particles,
    "no2": _nitrogen,
    "pv_power": _pv,
    "charging_used": _plugged,
    "charging_power": _charging,
    "electric_power": _electricity,
    "heat_power": _heat,
}
