"""From zones, climate and assumptions to the numbers the kernel reads."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from twin.energy.climate import PLANES
from twin.energy.heat_demand import kernel
from twin.energy.heat_demand.formula import Response, Room, response
from twin.energy.sky import sky_view
from twin.energy.zone import ORIENTATIONS
from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.climate import Climate
    from twin.energy.zone import Zones

    Floats = NDArray[np.float64]

SKY_VIEW = np.array([sky_view(PLANES[name][0]) for name in ORIENTATIONS])
OUTER_RESISTANCE = 0.04  # m²·K/W, R_se; ISO 6946
POSITIVE = ("opaque_w_k", "capacity_j_k", "mass_area_m2", "surface_area_m2")
SHOWN = 5  # buildings that a message names


def room_of(zones: Zones, given: Assumptions) -> Room:
    """
    Return the parameters of the network.

    Radiation inside falls on the mass in proportion to its area; what falls on panes is lost by
    the share H_w / (9.1 A_tot). Source: ISO 13790:2008, 12.2.2, C.2.
    """
    to_mass = given["heat.mass_to_surface"]
    mass_share = zones.mass_area_m2 / zones.surface_area_m2
    lost = zones.window_w_k / (to_mass * zones.surface_area_m2)
    radiative = given["heat.radiative_coefficient"]
    outside = zones.opaque_apertures_m2 / given["heat.solar_absorptance"]  # R_se x U x A
    every = np.ones(len(zones))
    return Room(
        opaque_w_k=zones.opaque_w_k,
        window_w_k=zones.window_w_k,
        ventilation_w_k=zones.ventilation_w_k,
        surface_to_air_w_k=given["heat.surface_to_air"] * zones.surface_area_m2,
        mass_to_surface_w_k=to_mass * zones.mass_area_m2,
        capacity_j_k=zones.capacity_j_k,
        mass_share=mass_share,
        lost_gains=lost,
        lost_sun=lost,
        convective_gains=given["heat.convective_gains"] * every,
        convective_sun=given["heat.convective_sun"] * every,
        gains_w=zones.gains_w,
        wall_sky_w_k=radiative * np.vecdot(outside, SKY_VIEW),
        window_sky_w_k=radiative * OUTER_RESISTANCE * SKY_VIEW[0] * zones.window_w_k,
    )


def parameters(zones: Zones, given: Assumptions, scale: Floats) -> NDArray[np.float32]:
    """Return the block (n, PARAMETERS) that the kernel reads; raise what cannot be calculated."""
    check_zones(zones, given)
    return packed(zones, response(room_of(zones, given)), scale)


def packed(zones: Zones, answer: Response, scale: Floats) -> NDArray[np.float32]:
    """Lay the response and the drive of n zones side by side."""
    block = np.empty((len(zones), kernel.PARAMETERS), np.float32)
    block[:, kernel.AIR : kernel.AIR + 6] = answer.air.T
    block[:, kernel.MASS : kernel.MASS + 6] = answer.mass.T
    block[:, kernel.WINDOWS : kernel.WINDOWS + 5] = zones.window_apertures_m2
    block[:, kernel.WALLS : kernel.WALLS + 5] = zones.opaque_apertures_m2
    block[:, kernel.WATTS_PER_K] = 1 / answer.air_per_w
    block[:, kernel.MASS_PER_W] = answer.mass_per_w
    block[:, kernel.SET_POINT] = zones.set_point_c
    block[:, kernel.SET_BACK] = zones.set_back_k
    block[:, kernel.SCALE] = scale
    return block


def hours_of(climate: Climate, given: Assumptions) -> NDArray[np.float32]:
    """Return what the kernel reads of each hour (8760, HOUR_VALUES)."""
    hours = np.empty((HOURS, kernel.HOUR_VALUES), np.float32)
    hours[:, kernel.OUTDOOR] = climate.temperature_c
    hours[:, kernel.SKY] = climate.sky_k
    hours[:, kernel.NIGHT] = np.tile(night_share(given), HOURS // 24)
    hours[:, kernel.SUN : kernel.SUN + 5] = climate.window_wm2
    hours[:, kernel.FALLS : kernel.FALLS + 5] = climate.irradiance_wm2
    return hours


def night_share(given: Assumptions) -> Floats:
    """
    Return the share of the night set-back in each hour of the day (24,).

    Full from its start; over the last hours of the night the set-point rises in a straight line,
    because buildings do not all heat up at once. Each value is the mean of its hour.
    """
    start, end = given["heat.set_back_start"], given["heat.set_back_end"]
    minutes = (np.arange(24 * 60) + 0.5) / 60
    length, since = (end - start) % 24, (minutes - start) % 24
    ramp = min(given["heat.set_back_ramp"], length)
    left = (length - since) / max(ramp, 1e-9)
    share = np.where(since < length, np.clip(left, 0, 1), 0.0)
    hourly: Floats = share.reshape(24, 60).mean(axis=1)
    return hourly


def check_zones(zones: Zones, given: Assumptions) -> None:
    """Raise one error that names every zone and value that cannot be calculated."""
    faults = []
    for field in fields(zones):
        if field.name == "ids":
            continue
        values = np.asarray(getattr(zones, field.name))
        least = 1e-6 if field.name in POSITIVE else -60.0 if field.name == "set_point_c" else 0.0
        bad = ~(np.isfinite(values) & (values >= least))
        faults += _named(zones, bad if bad.ndim == 1 else bad.any(axis=1), field.name)
    to_mass = given["heat.mass_to_surface"] * zones.mass_area_m2
    faults += _named(zones, zones.opaque_w_k >= 0.999 * to_mass, "opaque_w_k over mass_area_m2")
    if faults:
        template = "The heat demand of some buildings cannot be calculated: {faults}."
        hint = "Give finite areas and conductances that are not negative."
        raise ModelError(template, hint=hint, faults="; ".join(faults))


def _named(zones: Zones, bad: NDArray[np.bool_], what: str) -> list[str]:
    if not bad.any():
        return []
    ids = [str(name) for name in zones.ids[bad][:SHOWN]]
    more = int(bad.sum()) - len(ids)
    return [f"{what} of {', '.join(ids)}" + (f" and {more} more" if more else "")]
