"""Stations against the weather year: temperature, degree days, what the heat demand makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layers.sensors.quality import DOUBTFUL
from twin.observed.weather import (
    DegreeDays,
    StationFit,
    compare_station,
    daily_means,
    degree_day_months,
    degree_days,
    degree_days_to_date,
    reference_means,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dash_app.sensing.seen import Seen
    from twin.city import City
    from twin.simulate.results import YearResults

TEMPERATURE = "air_temperature"


@dataclass(frozen=True, eq=False)
class Station:
    """One station beside the weather year."""

    number: int
    name: str
    fit: StationFit
    degree_days: DegreeDays
    months: pd.DataFrame  # of `twin.observed.weather.degree_day_months`
    left_out: int  # doubtful hours


@dataclass(frozen=True)
class TownHeat:
    """
    Heat for rooms of the town to date [kWh]: by the weather year, and by the weather measured.

    `whole` is that of the whole weather year.
    """

    by_reference: float
    by_weather: float
    whole: float


@dataclass(frozen=True, eq=False)
class ClimateFit:
    """What stations say of the weather year; the one with most days comes first."""

    stations: tuple[Station, ...]
    heat: TownHeat | None


def stations_of(streams: Mapping[int, Seen]) -> dict[int, Seen]:
    """Return the streams of outdoor temperature in degrees Celsius."""
    return {
        number: one
        for number, one in streams.items()
        if one.stream.property == TEMPERATURE and one.stream.unit == "Cel"
    }


def climate_fit(
    streams: Mapping[int, Seen], hours: pd.DataFrame, city: City, year: YearResults | None = None
) -> ClimateFit:
    """
    Return how stations differ from the weather year, and what that means for heat.

    Parameters
    ----------
    hours
        `number`, `at` (begin, UTC), `mean`, `flags` of the stations, of the running year.
    year
        The run whose heat demand is told by the weather measured, where one is there.
    """
    if not len(city.weather):
        return ClimateFit((), None)
    reference = reference_means(city.weather)
    found = []
    for number, table in hours.groupby("number"):
        own = table.set_index("at").sort_index()
        doubtful = (own["flags"].to_numpy(np.int64) & DOUBTFUL) != 0
        values = own["mean"].astype(float)[~doubtful]
        if not len(values):
            continue
        means = daily_means(values)["mean_c"]
        found.append(
            Station(
                int(str(number)),
                streams[int(str(number))].stream.name,
                compare_station(values, city.weather["temperature_c"]),
                degree_days_to_date(means, reference),
                degree_day_months(means, reference),
                int(doubtful.sum()),
            )
        )
    found.sort(key=lambda one: (-one.degree_days.days, -one.fit.hours, one.number))
    heat = _town_heat(found[0].degree_days, reference, year) if found and year else None
    return ClimateFit(tuple(found), heat)


def _town_heat(days: DegreeDays, reference: pd.Series[float], year: YearResults) -> TownHeat | None:
    """Return heat for rooms to date; it follows the degree days of the same days."""
    whole = float(degree_days(reference)["gt"].sum())
    space = float(year.buildings["space_kwh"].sum())
    if whole <= 0 or days.gt_reference <= 0 or not np.isfinite(space):
        return None
    to_date = space * days.gt_reference / whole
    return TownHeat(to_date, to_date * days.ratio, space)
