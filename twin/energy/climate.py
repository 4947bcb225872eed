"""The climate of one year as the energy models read it, made from the hours of the weather."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.energy.sky import Sky, diffuse_modifier, on_plane, pane_modifier
from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

__all__ = ["PLANES", "Climate", "make_climate", "sky_of"]

PLANES = {"north": (90, 0), "east": (90, 90), "south": (90, 180), "west": (90, 270),
          "horizontal": (0, 180)}  # fmt: skip
"""Tilt and azimuth [°] of the planes of `twin.energy.zone.ORIENTATIONS`, in their order."""

STEFAN_BOLTZMANN = 5.670374e-8  # W/(m²·K⁴)
NEEDED = ("temperature_c", "ghi_wm2", "dni_wm2", "dhi_wm2", "sun_elevation_deg", "sun_azimuth_deg")
SHOWN = 5  # hours that a message names


@dataclass(frozen=True, eq=False)
class Climate:
    """Hours of one year from 1 January 0 to 1 o'clock, local standard time; arrays (8760, …)."""

    temperature_c: Floats  # outdoor air
    irradiance_wm2: Floats  # (8760, 5) on the planes of ORIENTATIONS
    window_wm2: Floats  # (8760, 5): the same, weighted by how panes let it through at its angle
    sky_k: Floats  # how much colder the sky is than the air

    @cached_property
    def hash(self) -> str:
        """Hash of the values: equal hash, equal climate."""
        digest = hashlib.blake2b(digest_size=16)
        for field in fields(self):
            values = np.asarray(getattr(self, field.name), dtype="<f8") + 0.0
            digest.update(f"{field.name}{values.shape}".encode() + values.tobytes())
        return digest.hexdigest()


def make_climate(weather: pd.DataFrame, given: Assumptions) -> Climate:
    """
    Return the climate on the five planes from hourly weather.

    Parameters
    ----------
    weather
        Follows `twin.schema.weather.WEATHER`: 8,760 hours in order; 29 February is left out.

    Raises
    ------
    ModelError
        Hours are missing, doubled, out of order, or have no value.
    """
    hours = checked_hours(weather)
    sky = sky_of(hours)
    panes = {"panes": given["heat.window_panes"], "category": given["heat.window_category"]}
    hemisphere = diffuse_modifier(**panes)
    falls, passes = [], []
    for tilt, azimuth in PLANES.values():
        sun = on_plane(sky, tilt_deg=tilt, azimuth_deg=azimuth, albedo=given["heat.albedo"])
        falls.append(sun.total)
        passes.append(
            sun.beam * pane_modifier(sun.cos_incidence, **panes) + sun.diffuse * hemisphere
        )
    temperature = hours["temperature_c"].to_numpy("float64")
    return Climate(
        temperature_c=temperature,
        irradiance_wm2=np.column_stack(falls),
        window_wm2=np.column_stack(passes),
        sky_k=_sky_difference(hours, temperature, given["heat.sky_difference"]),
    )


def sky_of(hours: pd.DataFrame) -> Sky:
    """Return sun and sky of weather hours."""
    columns = ("sun_elevation_deg", "sun_azimuth_deg", "dni_wm2", "dhi_wm2", "ghi_wm2")
    elevation, azimuth, dni, dhi, ghi = (hours[name].to_numpy("float64") for name in columns)
    return Sky(elevation, azimuth, dni, dhi, ghi, np.arange(len(hours)) // 24 + 1)


def _sky_difference(hours: pd.DataFrame, temperature: Floats, otherwise: float) -> Floats:
    """Return air minus sky temperature [K], the sky radiating as a black body."""
    if "longwave_wm2" not in hours:
        return np.full(len(hours), otherwise)
    longwave = hours["longwave_wm2"].to_numpy("float64", na_value=np.nan)
    known = longwave > 0
    sky = (np.where(known, longwave, 300.0) / STEFAN_BOLTZMANN) ** 0.25 - 273.15
    return np.where(known, temperature - sky, otherwise)


def checked_hours(weather: pd.DataFrame) -> pd.DataFrame:
    """Return the 8,760 hours without 29 February, or raise one error that names every fault."""
    faults = [f"no column {name}" for name in NEEDED if name not in weather]
    starts = pd.to_datetime(weather.index.astype(str).str[:16], format="ISO8601", errors="coerce")
    if starts.isna().any():
        faults.append("no time: " + _some(weather.index[starts.isna()]))
    else:
        leap = (starts.month == 2) & (starts.day == 29)
        weather, starts = weather[~leap], starts[~leap]
        faults += _order_faults(starts)
    for name in NEEDED:
        if name in weather and weather[name].hasnans:
            gone = np.flatnonzero(weather[name].isna())
            faults.append(f"no {name}: " + _some(weather.index[gone]))
    if faults:
        template = "The weather is not one whole year of 8,760 hours in order: {faults}."
        hint = "Read the weather file again, or give another year."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
    return weather


def _order_faults(starts: pd.DatetimeIndex) -> list[str]:
    """Return what is missing, doubled, unknown or out of order; the years do not count."""
    whole = pd.date_range("2001-01-01", periods=HOURS, freq="h")
    if len(starts) == 0:
        return ["it is empty"]
    place = _hour_of_year(starts)
    off = (starts.minute != 0) | (starts.second != 0)
    if off.any():
        return ["no full hour: " + _some(starts[off].strftime("%m-%d %H:%M"))]
    count = np.bincount(place, minlength=HOURS)
    named = [("missing", count == 0), ("twice", count > 1)]
    faults = [
        f"{what}: " + _some(whole[where].strftime("%m-%d %H:%M"))
        for what, where in named
        if where.any()
    ]
    back = np.flatnonzero(np.diff(place) < 0) + 1
    if len(back) and not faults:
        faults.append("out of order: " + _some(starts[back].strftime("%m-%d %H:%M")))
    return faults


def _hour_of_year(starts: pd.DatetimeIndex) -> NDArray[np.int64]:
    before = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    days = before[starts.month.to_numpy() - 1] + starts.day.to_numpy() - 1
    hours: NDArray[np.int64] = (days * 24 + starts.hour.to_numpy()).astype(np.int64)
    return hours


def _some(values: Any) -> str:
    shown = ", ".join(str(value) for value in values[:SHOWN])
    more = len(values) - SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
