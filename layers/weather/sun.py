"""Where the sun stands, and beam and diffuse irradiance from what a file gives of them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pvlib

from twin.assumptions import assumed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def sun_at(
    starts: pd.DatetimeIndex, *, lat: float, lon: float, offset_h: float, height_m: float
) -> tuple[Floats, Floats]:
    """
    Return elevation and azimuth of the sun [°] in the middle of hours.

    Parameters
    ----------
    starts
        Starts of the hours in local standard time, no zone attached.
    offset_h
        Local standard time minus UTC.

    Geometric elevation, without refraction: with it the sine law of the horizontal holds.
    Source: Reda and Andreas (2004), Solar position algorithm, by pvlib.
    """
    middle = starts + pd.Timedelta(minutes=30) - pd.Timedelta(hours=offset_h)
    place = {"latitude": lat, "longitude": lon}
    if np.isfinite(height_m):
        place["altitude"] = height_m
    sun = pvlib.solarposition.get_solarposition(middle.tz_localize("UTC"), **place)
    return sun["elevation"].to_numpy("float64"), sun["azimuth"].to_numpy("float64") % 360


def beam_from_horizontal(
    beam: Floats, elevation: Floats, starts: pd.DatetimeIndex, *, height_m: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """
    Return the beam on a plane facing the sun [W/m²] and which hours were cut.

    Divided by the sine of the elevation in the middle of the hour. Near the horizon that sine is
    not the mean of the hour (the sun rises in it), and the quotient runs away: below 2° the beam
    counts as zero, and it never exceeds what a clean, dry sky lets through at that elevation
    (simplified Solis model, Ineichen 2008, no aerosol, 0.2 cm of water). In all other hours
    `ghi = dhi + dni · sin(elevation)` holds exactly.
    """
    sine = np.sin(np.radians(elevation))
    high = elevation >= assumed("lowest_sun_for_beam")
    quotient = np.divide(beam, sine, out=np.zeros_like(beam), where=high)
    most = clear_beam(elevation, starts, height_m=height_m)
    cut = (quotient > most) & high
    cut |= ~high & (beam >= 0.5)  # files round to 1 W/m²
    return np.where(high, np.minimum(quotient, most), np.where(np.isnan(beam), np.nan, 0.0)), cut


def clear_beam(elevation: Floats, starts: pd.DatetimeIndex, *, height_m: float) -> Floats:
    """Return the beam of the clearest possible sky [W/m²], 0 where the sun is down."""
    pressure = pvlib.atmosphere.alt2pres(height_m if np.isfinite(height_m) else 0.0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # below the horizon, where zero follows anyway
        sky = pvlib.clearsky.simplified_solis(
            np.maximum(elevation, 0.1),
            aod700=0.0,
            precipitable_water=0.2,
            pressure=pressure,
            dni_extra=extraterrestrial(starts),
        )
    most: Floats = np.where(elevation > 0, np.asarray(sky["dni"], float), 0.0)
    return most


def split_global(ghi: Floats, elevation: Floats, starts: pd.DatetimeIndex) -> tuple[Floats, Floats]:
    """
    Return beam facing the sun and diffuse on the horizontal [W/m²] from global irradiance alone.

    Erbs, Klein and Duffie (1982), Estimation of the diffuse radiation fraction, Solar Energy 28,
    by pvlib; the sum on the horizontal is kept.
    """
    lowest = assumed("lowest_sun_for_beam")
    split = pvlib.irradiance.erbs(ghi, 90 - elevation, _days(starts))
    dhi = np.clip(np.asarray(split["dhi"], float), 0, ghi)
    high = elevation >= max(lowest, 3.0)  # pvlib gives no beam above a zenith of 87°
    dhi = np.where(high, dhi, ghi)
    sine = np.sin(np.radians(elevation))
    dni = np.divide(ghi - dhi, sine, out=np.zeros_like(ghi), where=high)
    most = clear_beam(elevation, starts, height_m=0.0)
    dni = np.minimum(dni, most)
    return dni, np.where(high, ghi - dni * sine, ghi)


def extraterrestrial(starts: pd.DatetimeIndex) -> Floats:
    """Return the irradiance above the air on a plane facing the sun [W/m²] (Spencer 1971)."""
    return np.asarray(pvlib.irradiance.get_extra_radiation(_days(starts)), float)


def _days(starts: pd.DatetimeIndex) -> Any:
    return starts.day_of_year.to_numpy()
