"""
Net heat demand by TABULA's seasonal method: the fast second opinion.

One balance for the whole heating season, with heating days, mean outdoor temperature and sun of
the TABULA climate. Source: Loga and Diefenbach, TABULA Calculation Method (IWU 2013); its results
for the 187 German variants are met within rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.operative import operative_mean
from twin.energy.typology_zones import typology_zones
from twin.energy.zone import ORIENTATIONS
from twin.energy.zones import make_zones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.zone import Zones

    Floats = NDArray[np.float64]

__all__ = ["Season", "seasonal_demand", "seasonal_heat", "seasonal_of", "seasonal_typology"]


@dataclass(frozen=True)
class Season:
    """The heating season and how gains are used in it."""

    days: float
    outdoor_c: float
    at_0: float  # a_H0
    time_h: float  # tau_H0


def season_of(given: Assumptions) -> Season:
    """Return the season that the assumptions tell."""
    names = ("heating_days", "outdoor_temperature", "utilisation_at_0", "utilisation_time")
    return Season(*(given[f"archetypes.{name}"] for name in names))


def seasonal_heat(
    losses_w_k: Floats, inside_c: Floats, gains_kwh: Floats, capacity_wh_k: Floats, season: Season
) -> Floats:
    """
    Return the net heat demand of a season [kWh] = losses less the gains that are of use.

    Parameters
    ----------
    losses_w_k
        Transmission and ventilation together.
    inside_c
        Mean of the rooms by day and night, heated and less heated.
    gains_kwh
        Sun and internal gains of the season.
    capacity_wh_k
        Effective heat capacity C_m.

    Notes
    -----
    Q = L - eta G with L = 0.024 H (theta_i - theta_e) d, g = G / L, tau = C_m / H,
    a = a_0 + tau / tau_0, eta = (1 - g^a) / (1 - g^(a+1)), a / (a + 1) at g = 1. Never negative.
    """
    lost = 0.024 * losses_w_k * (inside_c - season.outdoor_c) * season.days
    lost = np.maximum(lost, 1e-9)
    ratio = np.maximum(gains_kwh, 0) / lost
    a = season.at_0 + capacity_wh_k / np.maximum(losses_w_k, 1e-9) / season.time_h
    even = np.abs(ratio - 1) < 1e-6
    safe = np.where(even, 0.5, np.minimum(ratio, 1e3))
    used = np.where(even, a / (a + 1), (1 - safe**a) / (1 - safe ** (a + 1)))
    return np.maximum(lost - used * gains_kwh, 0)


def seasonal_of(zones: Zones, given: Assumptions) -> pd.Series[float]:
    """Return the net heat demand [kWh/a] of zones by the seasonal method."""
    sun = given.array("archetypes.season_sun", ORIENTATIONS) * given["archetypes.incidence"]
    solar = sum(zones.window_apertures_m2[:, i] * sun[i] for i in range(len(ORIENTATIONS)))
    season = season_of(given)
    heat = seasonal_heat(
        zones.opaque_w_k + zones.window_w_k + zones.ventilation_w_k,
        operative_mean(zones, given),
        solar + 0.024 * zones.gains_w * season.days,
        zones.capacity_j_k / 3600,
        season,
    )
    return pd.Series(heat, zones.ids, name="heat_kwh")


def seasonal_demand(
    stock: pd.DataFrame, envelopes: pd.DataFrame, given: Assumptions
) -> pd.Series[float]:
    """
    Return the net heat demand [kWh/a] of every building of the stock; 0 where nothing is heated.

    Climate is that of the typology (DE.N), not of the city; see `make_zones` for the arguments.
    """
    heat = seasonal_of(make_zones(stock, envelopes, given), given)
    return heat.reindex(stock.index, fill_value=0.0)


def seasonal_typology(given: Assumptions) -> pd.Series[float]:
    """Return the net heat demand [kWh/(m²a)] of the 187 variants of the typology themselves."""
    zones = typology_zones(given)
    return seasonal_of(zones, given) / zones.floor_area_m2
