"""
From the temperature people feel to that of the air, which the hourly model holds.

Room temperatures of TABULA, DIN V 18599 and DIN EN 12831 are operative: air and surfaces together;
U-values count from them too. In the five resistances of ISO 13790 the heating holds the air, and
walls that let much heat through leave the surfaces colder. Taking an operative 20 °C for air would
cool poor houses by up to 3 K and lose a fifth of their demand.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from twin.energy.zone import ORIENTATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.zone import Zones

    Floats = NDArray[np.float64]

__all__ = ["night_hours", "operative_mean", "with_air_set_points"]

AIR_SHARE = 0.3  # of the air in the operative temperature, ISO 13790:2008, C.3


def with_air_set_points(zones: Zones, given: Assumptions) -> Zones:
    """
    Return the zones with set-points of the air instead of operative ones; night set-back stays.

    The mean over day and night in the heating season is moved, see `_line`.
    """
    slope, offset = _line(zones, given)
    outdoor = given["archetypes.outdoor_temperature"]
    night = zones.set_back_k * night_hours(given) / 24
    air = outdoor + (zones.set_point_c - night - outdoor - offset) / slope
    return dataclasses.replace(zones, set_point_c=air + night)


def operative_mean(zones: Zones, given: Assumptions) -> Floats:
    """Return the mean operative temperature of day and night [°C] that air set-points lead to."""
    slope, offset = _line(zones, given)
    outdoor = given["archetypes.outdoor_temperature"]
    air = zones.set_point_c - zones.set_back_k * night_hours(given) / 24
    return outdoor + (air - outdoor) * slope + offset


def night_hours(given: Assumptions) -> float:
    """Return how many hours a day count as set back in full: the ramp in the morning by half."""
    night = (given["heat.set_back_end"] - given["heat.set_back_start"]) % 24
    return night - min(given["heat.set_back_ramp"], night) / 2


def _line(zones: Zones, given: Assumptions) -> tuple[Floats, Floats]:
    """
    Return slope and offset of operative over air temperature, both counted from outdoors.

    Steady state in the mean of the season: with k = H_is / (H_is + H_tr) the surfaces are at
    k x air + P / (H_is + H_tr), P being radiation of gains and sun on them. ISO 13790:2008, C.2.
    """
    inside = given["heat.surface_to_air"] * zones.surface_area_m2
    total = inside + zones.opaque_w_k + zones.window_w_k
    sun = given.array("archetypes.season_sun", ORIENTATIONS) * given["archetypes.incidence"]
    power = sun * 1000 / (24 * given["archetypes.heating_days"])
    radiation = (1 - given["heat.convective_gains"]) * zones.gains_w
    for plane in range(len(ORIENTATIONS)):
        solar = zones.window_apertures_m2[:, plane] * power[plane]
        radiation = radiation + (1 - given["heat.convective_sun"]) * solar
    surfaces = 1 - AIR_SHARE
    return AIR_SHARE + surfaces * inside / total, surfaces * radiation / total
