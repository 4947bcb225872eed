"""The light of every hour, ready to fall on any plane: Perez sky, air for the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import ModelError
from twin.hashing import hash_parts
from twin.rowwise import HOURS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Values = NDArray[np.float64]

PEREZ = np.array(
    [
        [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
        [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
        [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
        [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
        [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
        [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
        [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
        [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
    ]
)
"""F11, F12, F13, F21, F22, F23 by clearness, Perez et al. 1990 table 6 (all sites)."""

CLEARNESS = np.array([1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2])
SOLAR_CONSTANT = 1366.1  # W/m², as Perez used it
FIRST_DAY = 1.0
NEEDED = (
    "temperature_c", "ghi_wm2", "dni_wm2", "dhi_wm2", "sun_elevation_deg", "sun_azimuth_deg",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sun:
    """
    Light and air of the hours with light; float32 arrays of one length, `hour` in 0 to 8759.

    `values` has a line for each name of LINES; what a line means stands there.
    """

    hour: NDArray[np.int32]
    sector: NDArray[np.int32]  # of 36 directions the one left of the sun, 0 = north
    values: NDArray[np.float32]  # (lines, hours)

    @property
    def hash(self) -> str:
        """Content hash, the same on any machine that computes the same."""
        return hash_parts([self.hour.tobytes().hex(), self.values.tobytes().hex()])


LINES = (
    "east", "north", "up",  # unit vector to the sun
    "elevation",  # of the sun [deg]
    "between",  # how far the sun stands between its sector and the next, 0 to 1
    "beam",  # beam and circumsolar light per cosine of incidence [W/m²]
    "isotropic",  # diffuse light of the even sky [W/m²]
    "brightening",  # of the horizon, counts with the sine of the tilt [W/m²]
    "ground",  # reflected by the ground [W/m²]
    "air",  # air temperature over 25 °C [K]
    "heating",  # of the cell per irradiance [K·m²/W]
)  # fmt: skip


def make_sun(weather: pd.DataFrame, given: Assumptions) -> Sun:
    """
    Return what planes need of the weather.

    Parameters
    ----------
    weather
        Table `weather` of one year, 8,760 hours.

    Raises
    ------
    ModelError
        There is no weather, hours are missing, or values are.
    """
    _refuse_gaps(weather)
    temperature, ghi, dni, dhi, elevation, azimuth = (
        weather[name].to_numpy("float64") for name in NEEDED
    )
    light = np.flatnonzero((ghi > 0) | (dni > 0) | (dhi > 0))
    temperature, ghi, dni, dhi = (v[light] for v in (temperature, ghi, dni, dhi))
    elevation, azimuth = elevation[light], np.mod(azimuth[light], 360.0)
    beam, isotropic, brightening = perez(
        dni, dhi, elevation, np.asarray(light // 24 + FIRST_DAY, float)
    )
    wind = weather["wind_ms"].to_numpy("float64")[light]
    wind = np.where(np.isnan(wind), 0.0, wind)
    loss = given["solar.cell_heat_loss"] + given["solar.cell_heat_loss_wind"] * wind
    sector = np.floor(azimuth / 10)
    rise, turn = np.radians(elevation), np.radians(azimuth)
    lines = [
        np.cos(rise) * np.sin(turn), np.cos(rise) * np.cos(turn), np.sin(rise), elevation,
        azimuth / 10 - sector, beam, isotropic, brightening, given["solar.albedo"] * ghi,
        temperature - 25.0, 1.0 / loss,
    ]  # fmt: skip
    return Sun(
        light.astype(np.int32), sector.astype(np.int32) % 36, np.array(lines).astype(np.float32)
    )


def perez(
    dni: Values, dhi: Values, elevation_deg: Values, day: Values
) -> tuple[Values, Values, Values]:
    """
    Split the light of a sky for use on any plane; arrays of one length [W/m²].

    Returns
    -------
    beam
        Direct and circumsolar light per cosine of the angle of incidence.
    isotropic
        Of the even sky; a plane sees (1 + cos tilt) / 2 of it.
    brightening
        Of the horizon; a plane gets it times sin tilt. May be negative.

    With the sun below the horizon (twilight) the sky is even.

    Source: R. Perez et al. (1990), Modeling daylight availability and irradiance components from
    direct and global irradiance, Solar Energy 44 (5), equations 1, 6, 9; air mass by Kasten and
    Young (1989); distance of the sun by Spencer (1971).
    """
    up = elevation_deg > 0
    zenith = np.radians(90 - np.where(up, elevation_deg, 1.0))
    low = np.maximum(np.where(up, elevation_deg, 1.0), 0.0)
    mass = 1 / (np.cos(zenith) + 0.50572 * (low + 6.07995) ** -1.6364)
    delta = dhi * mass / _extraterrestrial(day)
    cube = 1.041 * zenith**3
    clearness = ((dhi + dni) / np.where(dhi > 0, dhi, 1e-9) + cube) / (1 + cube)
    f = PEREZ[np.digitize(clearness, CLEARNESS)].T
    f1 = np.maximum(f[0] + f[1] * delta + f[2] * zenith, 0) * up
    f2 = (f[3] + f[4] * delta + f[5] * zenith) * up
    around = dhi * f1 / np.maximum(np.cos(zenith), np.cos(np.radians(85)))
    return np.where(up, dni, 0) + around, dhi * (1 - f1), dhi * f2


def _extraterrestrial(day: Values) -> Values:
    """Return the irradiance above the air [W/m²] by day of the year, Spencer (1971)."""
    b = 2 * np.pi * (day - 1) / 365
    factor: Values = (
        1.00011 + 0.034221 * np.cos(b) + 0.00128 * np.sin(b)
        + 0.000719 * np.cos(2 * b) + 7.7e-05 * np.sin(2 * b)
    )  # fmt: skip
    return SOLAR_CONSTANT * factor


def _refuse_gaps(weather: pd.DataFrame) -> None:
    if len(weather) != HOURS:
        template = "The sun is asked for with {count} hours of weather."
        hint = "Give the weather of a whole year, 8,760 hours."
        raise ModelError(template, hint=hint, count=len(weather))
    gaps = {name: int(weather[name].isna().sum()) for name in NEEDED}
    lacking = ", ".join(f"{name} ({count})" for name, count in gaps.items() if count)
    if lacking:
        template = "The weather lacks values that the sun needs: {columns}."
        raise ModelError(template, hint="Fill the hours or take another year.", columns=lacking)
