"""A year of hours that has the heating season of TABULA's German climate."""

from __future__ import annotations

import numpy as np

from twin.energy.climate import Climate
from twin.energy.zone import ORIENTATIONS

COLDEST_DAY = 15.5  # of the year
SWING_K = 3.0  # of a day, half of the range
SEASONS = {"north": 0.7, "east": 0.65, "south": 0.3, "west": 0.65, "horizontal": 0.82}
"""How far the sun of a day on each plane goes down in winter and up in summer."""
NOONS = {"north": 12.5, "east": 9.0, "south": 12.5, "west": 16.0, "horizontal": 12.5}


def heating_season(given):
    """Return for each hour whether it is in the season: so many days around the coldest."""
    half = given["archetypes.heating_days"] / 2
    day = np.arange(8760) // 24
    distance = np.abs((day - COLDEST_DAY + 182.5) % 365 - 182.5)
    return distance < half


def tabula_climate(given) -> Climate:
    """
    Return temperatures as a cosine over the year that is 12 °C, the base temperature, at both ends
    of the season and has TABULA's mean in it, and sun on each plane whose sum in it is TABULA's.

    Nothing is random, sky and air are equally warm, and panes let TABULA's F_w through.
    """
    inside = heating_season(given)
    hour = np.arange(8760)
    year = np.cos(2 * np.pi * (hour // 24 - COLDEST_DAY) / 365)
    edge = np.cos(np.pi * given["archetypes.heating_days"] / 365)
    mean = year[inside].mean()
    amplitude = (12 - given["archetypes.outdoor_temperature"]) / (mean - edge)
    base = 12 + amplitude * edge - amplitude * year
    temperature = base + SWING_K * np.cos(2 * np.pi * (hour % 24 - 14.5) / 24)
    length = 12 - 4.2 * year  # of the day [h]
    sun = np.empty((8760, 5))
    for i, plane in enumerate(ORIENTATIONS):
        noon = np.where(plane in ("east", "west"), (NOONS[plane] - 12.5) * length / 12 + 12.5, 12.5)
        reach = length * (0.7 if plane in ("east", "west") else 1.0)
        off = (hour % 24 + 0.5 - noon) / reach
        shape = np.where(np.abs(off) < 0.5, np.cos(np.pi * off), 0) * (1 - SEASONS[plane] * year)
        shape = shape / reach
        sun[:, i] = shape * given[f"archetypes.season_sun.{plane}"] * 1000 / shape[inside].sum()
    return Climate(temperature, sun, sun * given["archetypes.incidence"], np.zeros(8760))
