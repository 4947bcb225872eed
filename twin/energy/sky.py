"""Sun and sky on inclined planes: beam, anisotropic diffuse, ground reflection; panes by angle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SOLAR_CONSTANT = 1366.1  # W/m², ASTM E490
HIGHEST_INCIDENCE = np.cos(np.radians(85))  # Perez limits the divisor near the horizon
CLEARNESS = np.array([1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2])
BRIGHTENING = np.array([
    # f11, f12, f13 (around the sun), f21, f22, f23 (at the horizon)
    [-0.008, 0.588, -0.062, -0.060, 0.072, -0.022],
    [0.130, 0.683, -0.151, -0.019, 0.066, -0.029],
    [0.330, 0.487, -0.221, 0.055, -0.064, -0.026],
    [0.568, 0.187, -0.295, 0.109, -0.152, -0.014],
    [0.873, -0.392, -0.362, 0.226, -0.462, 0.001],
    [1.132, -1.237, -0.412, 0.288, -0.823, 0.056],
    [1.060, -1.600, -0.359, 0.264, -1.127, 0.131],
    [0.678, -0.327, -0.250, 0.156, -1.377, 0.251],
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sky:
    """Sun and sky of n hours; arrays (n,)."""

    elevation_deg: Floats
    azimuth_deg: Floats  # from north over east
    dni_wm2: Floats
    dhi_wm2: Floats
    ghi_wm2: Floats
    day: NDArray[np.int64]  # of the year, 1 to 365


@dataclass(frozen=True, eq=False)
class PlaneSun:
    """
    Irradiance on one plane by where it comes from [W/m²]; arrays (n,).

    `beam` holds the sun and the bright ring around it, both at the angle of incidence.
    """

    beam: Floats
    dome: Floats
    horizon: Floats
    ground: Floats
    cos_incidence: Floats

    @property
    def total(self) -> Floats:
        """Return what falls on the plane."""
        return self.beam + self.diffuse

    @property
    def diffuse(self) -> Floats:
        """Return what comes from sky and ground without direction."""
        return self.dome + self.horizon + self.ground


def cos_incidence(sky: Sky, *, tilt_deg: float, azimuth_deg: float) -> Floats:
    """Return the cosine between the sun and the normal of a plane, 0 where the sun is behind it."""
    elevation, tilt = np.radians(sky.elevation_deg), np.radians(tilt_deg)
    turn = np.radians(sky.azimuth_deg - azimuth_deg)
    cosine = np.sin(elevation) * np.cos(tilt)
    cosine = cosine + np.cos(elevation) * np.sin(tilt) * np.cos(turn)
    return np.where(sky.elevation_deg > 0, np.clip(cosine, 0, 1), 0.0)


def on_plane(sky: Sky, *, tilt_deg: float, azimuth_deg: float, albedo: float) -> PlaneSun:
    """
    Return the irradiance on a plane with the anisotropic sky of Perez.

    Source: Perez et al. (1990), Modeling daylight availability and irradiance components from
    direct and global irradiance, Solar Energy 44(5), coefficients "all sites". On the horizontal
    the sum is the global irradiance.
    """
    around, band = brightening(sky)
    cosine = cos_incidence(sky, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg)
    tilt = np.radians(tilt_deg)
    sine = np.sin(np.radians(sky.elevation_deg))
    ring = sky.dhi_wm2 * around * cosine / np.maximum(sine, HIGHEST_INCIDENCE)
    dome = sky.dhi_wm2 * (1 - around) * (1 + np.cos(tilt)) / 2
    edge = sky.dhi_wm2 * band * np.sin(tilt)
    edge = np.maximum(edge, -(ring + dome))  # never less than no light at all
    ground = sky.ghi_wm2 * albedo * (1 - np.cos(tilt)) / 2
    beam = sky.dni_wm2 * cosine + ring
    if tilt_deg == 0:  # what was measured; the sun in mid-hour overrates hours in which it rises
        beam = np.maximum(sky.ghi_wm2 - dome, 0)
    return PlaneSun(beam, dome, edge, ground, cosine)


def brightening(sky: Sky) -> tuple[Floats, Floats]:
    """Return F1 (around the sun) and F2 (at the horizon) of Perez (1990), 0 without sun."""
    zenith = np.radians(90 - sky.elevation_deg)
    shines = (sky.dhi_wm2 > 0) & (sky.elevation_deg > 0)
    dhi = np.where(shines, sky.dhi_wm2, 1.0)
    cubed = 1.041 * zenith**3
    clear = ((dhi + sky.dni_wm2) / dhi + cubed) / (1 + cubed)
    row = BRIGHTENING[np.digitize(clear, CLEARNESS)]
    bright = dhi * air_mass(sky.elevation_deg) / extraterrestrial(sky.day)
    around = np.maximum(row[:, 0] + row[:, 1] * bright + row[:, 2] * zenith, 0)
    band = row[:, 3] + row[:, 4] * bright + row[:, 5] * zenith
    return np.where(shines, np.minimum(around, 1), 0.0), np.where(shines, band, 0.0)


def air_mass(elevation_deg: Floats) -> Floats:
    """Return the relative air mass; Kasten and Young (1989), Applied Optics 28(22)."""
    above = np.maximum(elevation_deg, 0)
    return 1 / (np.sin(np.radians(above)) + 0.50572 * (above + 6.07995) ** -1.6364)


def extraterrestrial(day: NDArray[np.int64]) -> Floats:
    """Return the irradiance outside the atmosphere [W/m²]; Spencer (1971)."""
    turn = 2 * np.pi * (day - 1) / 365
    factor = 1.00011 + 0.034221 * np.cos(turn) + 0.00128 * np.sin(turn)
    factor += 0.000719 * np.cos(2 * turn) + 7.7e-5 * np.sin(2 * turn)
    return SOLAR_CONSTANT * factor


def pane_modifier(cos_theta: Floats, *, panes: float, category: float) -> Floats:
    """
    Return the solar transmittance of glazing at an angle over that at right angles.

    Source: Karlsson and Roos (2000), Modelling the angular behaviour of the total solar energy
    transmittance of windows, Solar Energy 69(4). `category` is 4 for clear float glass.

    >>> pane_modifier(np.array([1.0, 0.0]), panes=2, category=4).round(3).tolist()
    [1.0, 0.0]
    """
    share = np.degrees(np.arccos(np.clip(cos_theta, 0, 1))) / 90
    first, second = 8.0, 0.25 / category
    powers = 5.2 + 0.7 * category, 2, 5.26 + 0.06 * panes + (0.73 + 0.04 * panes) * category
    lost = first * share ** powers[0] + second * share ** powers[1]
    return np.maximum(1 - lost - (1 - first - second) * share ** powers[2], 0)


def diffuse_modifier(*, panes: float, category: float) -> float:
    """Return the mean of `pane_modifier` over the half-space of an isotropic sky."""
    theta = (np.arange(900) + 0.5) * np.pi / 1800
    weight = np.sin(2 * theta)
    modifier = pane_modifier(np.cos(theta), panes=panes, category=category)
    return float((modifier * weight).sum() / weight.sum())


def sky_view(tilt_deg: float) -> float:
    """
    Return the share of a cold sky that a plane radiates to.

    The view factor times the share of it that is not as warm as the air near the horizon.
    Source: Walton (1983), Thermal Analysis Research Program, NBSIR 83-2655, as in EnergyPlus.

    >>> [round(sky_view(tilt), 3) for tilt in (0, 90, 180)]
    [1.0, 0.354, 0.0]
    """
    view = (1 + np.cos(np.radians(tilt_deg))) / 2
    return float(view * np.sqrt(view))
