"""The light of every hour, ready to fall on any plane: Perez sky, air for the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.energy.sky import HIGHEST_INCIDENCE, Sky, brightening
from twin.errors import ModelError
from twin.hashing import hash_parts
from twin.rowwise import HOURS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Values = NDArray[np.float64]

FIRST_DAY = 1
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
    beam, isotropic, horizon = perez(dni, dhi, elevation, light // 24 + FIRST_DAY)
    wind = weather["wind_ms"].to_numpy("float64")[light]
    wind = np.where(np.isnan(wind), 0.0, wind)
    loss = given["solar.cell_heat_loss"] + given["solar.cell_heat_loss_wind"] * wind
    sector = np.floor(azimuth / 10)
    rise, turn = np.radians(elevation), np.radians(azimuth)
    lines = [
        np.cos(rise) * np.sin(turn), np.cos(rise) * np.cos(turn), np.sin(rise), elevation,
        azimuth / 10 - sector, beam, isotropic, horizon, given["solar.albedo"] * ghi,
        temperature - 25.0, 1.0 / loss,
    ]  # fmt: skip
    return Sun(
        light.astype(np.int32), sector.astype(np.int32) % 36, np.array(lines).astype(np.float32)
    )


def perez(
    dni: Values, dhi: Values, elevation_deg: Values, day: NDArray[np.int64]
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

    Source: Perez et al. (1990), see `twin.energy.sky`; equations 1, 6, 9.
    """
    nothing = np.zeros_like(dni)
    around, band = brightening(Sky(elevation_deg, nothing, dni, dhi, nothing, day))
    height = np.maximum(np.sin(np.radians(elevation_deg)), HIGHEST_INCIDENCE)
    direct = np.where(elevation_deg > 0, dni, 0.0)
    return direct + dhi * around / height, dhi * (1 - around), dhi * band


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
