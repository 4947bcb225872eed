"""Photovoltaics on roof planes: irradiation and energy of the year, power of every hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.solar.kernel import LANES, Planes, Plant, run
from twin.energy.solar.sun import make_sun
from twin.errors import ModelError
from twin.schema.sun import HORIZON_AZIMUTHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Values = NDArray[np.float64]

HORIZON_COLUMNS = [f"h{at:03d}" for at in HORIZON_AZIMUTHS]
REFERENCE_EFFICIENCY = 0.9637  # of the inverter whose curve PVWatts takes
PAIRS_UP_TO = 135  # azimuth of rows on flat roofs; see solar.flat_rows_azimuth


def pv_year(
    planes: pd.DataFrame,
    weather: pd.DataFrame,
    horizons: pd.DataFrame | None,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return `poa_kwh_m2` on the modules and `yield_kwh_kwp` (AC) of a year by plane.

    Parameters
    ----------
    planes
        With `azimuth_deg` and `tilt_deg`, indexed by `plane_id`. Planes flatter than
        `solar.flat_below` carry elevated rows.
    weather
        Table `weather`.
    horizons
        Table `horizons`; planes that it does not know see the open sky.
    """
    sun = make_sun(weather, given)
    year, _, _ = run(sun, _kernel_planes(planes, horizons, given), plant(given))
    year = year[:, : len(planes)] / 1000
    return pd.DataFrame(
        {"poa_kwh_m2": year[0], "yield_kwh_kwp": year[1]}, index=planes.index
    )  # fmt: skip


def pv_matrix(
    planes: pd.DataFrame,
    weather: pd.DataFrame,
    horizons: pd.DataFrame | None,
    given: Assumptions,
) -> NDArray[np.float32]:
    """Return the AC power [W/kWp] of planes by hour, (n, 8760); see `pv_year`."""
    sun = make_sun(weather, given)
    found = run(sun, _kernel_planes(planes, horizons, given), plant(given), matrix=True)
    return found[1][: len(planes)]


def pv_hours(
    kwp: pd.Series[float],
    planes: pd.DataFrame,
    weather: pd.DataFrame,
    horizons: pd.DataFrame | None,
    given: Assumptions,
    *,
    by: pd.Series[str] | None = None,
) -> tuple[pd.Index[str], NDArray[np.int32]]:
    """
    Return the AC power [W] of installed plants by hour, summed up by building or another group.

    Parameters
    ----------
    kwp
        Installed power by `plane_id` (`allocate` makes it); planes without any are left out.
    planes
        Table of `roof_planes`.
    by
        Group of each plane, e.g. its Baublock; the building where left out. Planes without a
        group count nowhere.

    Returns
    -------
    Groups in order, and their hours (groups, 8760), whole watts: the sum does not depend on the
    order of planes.
    """
    used = kwp[kwp > 0]
    chosen = planes.loc[used.index]
    groups = chosen["building_id"] if by is None else by.reindex(used.index)
    codes, names = pd.factorize(groups.to_numpy(object), sort=True)
    _refuse_too_much(used)
    fed = _kernel_planes(
        chosen, horizons, given, kwp=np.asarray(used, float), group=codes.astype(np.int32)
    )
    sums = run(make_sun(weather, given), fed, plant(given), groups=len(names))[2]
    return pd.Index(names, dtype="str"), sums


def _refuse_too_much(kwp: pd.Series[float]) -> None:
    if kwp.sum() > 1_500_000:
        template = "Photovoltaics of {power} kWp are more than one town can be counted with."
        raise ModelError(template, hint="Give at most 1,500,000 kWp.", power=round(kwp.sum()))


def plant(given: Assumptions) -> Plant:
    """Return the chain from light to alternating current per kWp."""
    efficiency, ratio = given["solar.inverter_efficiency"], given["solar.inverter_ratio"]
    return Plant(
        np.float32(given["solar.incidence_loss"]),
        np.float32(given["solar.temperature_coefficient"]),
        np.float32((1 - given["solar.losses"]) / 1000),
        np.float32(1 / (ratio * efficiency)),
        np.float32(efficiency / REFERENCE_EFFICIENCY),
        np.float32(1 / ratio),
    )


def module_angles(
    azimuth_deg: Values, tilt_deg: Values, given: Assumptions
) -> tuple[Values, Values, NDArray[np.bool_]]:
    """
    Return azimuth and tilt of the modules on planes, and which of them stand in pairs of rows.

    Pitched roofs carry modules parallel to the plane. On flat ones rows are elevated: pairs that
    face east and west, or single rows in the direction of `solar.flat_rows_azimuth`.
    """
    flat = (tilt_deg < given["solar.flat_below"]) | np.isnan(azimuth_deg)
    rows = given["solar.flat_rows_azimuth"]
    azimuth = np.where(flat, rows, azimuth_deg)
    tilt = np.where(flat, given["solar.flat_tilt"], tilt_deg)
    return azimuth, tilt, flat & (rows < PAIRS_UP_TO)


def _kernel_planes(
    planes: pd.DataFrame,
    horizons: pd.DataFrame | None,
    given: Assumptions,
    *,
    kwp: Values | None = None,
    group: NDArray[np.int32] | None = None,
) -> Planes:
    """Return planes as the kernel wants them, padded to whole lanes."""
    azimuth, tilt, pairs = module_angles(
        planes["azimuth_deg"].to_numpy("float64"), planes["tilt_deg"].to_numpy("float64"), given
    )
    count = len(planes)
    horizon, sky_view = _horizon_of(planes.index, horizons)
    lines = np.zeros((9, -(-count // LANES) * LANES), np.float32)
    lines[:8, :count] = _optics(azimuth, tilt, pairs, sky_view, given["solar.incidence_loss"])
    lines[8, :count] = 0 if kwp is None else kwp
    edge = np.zeros((36, lines.shape[1]), np.float32)
    edge[:, :count] = horizon.T
    groups = np.full(lines.shape[1], -1, np.int32)
    groups[:count] = -1 if group is None else group
    return Planes(lines, edge, groups)


def _optics(
    azimuth_deg: Values, tilt_deg: Values, pairs: NDArray[np.bool_], sky_view: Values, b0: float
) -> Values:
    """
    Return the lines of `PLANE_LINES` up to the entry of light, (8, n).

    The normals of a pair of rows cancel out but for their upward part: together they see the beam
    as one level plane whose area is smaller by cos tilt. That holds while the sun stands higher
    than the rows are steep; below, the pair gets a little more (under 0.3 % of the year).

    Diffuse light enters the glass as a beam would at an angle of 59.7 - 0.1388 t + 0.001497 t²
    (sky) and 90 - 0.5788 t + 0.002693 t² (ground) degrees, t the tilt.

    Source: Brandemuehl and Beckman (1980), Transmission of diffuse radiation through CPC and flat
    plate collector glazings, Solar Energy 24 (5).
    """
    tilt, turn = np.radians(tilt_deg), np.radians(azimuth_deg)
    level = np.where(pairs, 0.0, np.sin(tilt))
    sky_angle = 59.7 - 0.1388 * tilt_deg + 0.001497 * tilt_deg**2
    ground_angle = 90 - 0.5788 * tilt_deg + 0.002693 * tilt_deg**2
    return np.array(
        [
            level * np.sin(turn), level * np.cos(turn), np.cos(tilt),
            (1 + np.cos(tilt)) / 2 * sky_view, np.sin(tilt) * sky_view, (1 - np.cos(tilt)) / 2,
            incidence(np.cos(np.radians(sky_angle)), b0),
            incidence(np.cos(np.radians(ground_angle)), b0),
        ]
    )  # fmt: skip


def incidence(cosine: Values, b0: float) -> Values:
    """
    Return the share of light that enters the glass, ASHRAE 93: 1 - b0 (1 / cos - 1), at least 0.

    >>> incidence(np.array([1.0, 0.5, 0.0]), 0.05).tolist()
    [1.0, 0.95, 0.0]
    """
    return np.clip(1 - b0 * (1 / np.maximum(cosine, 1e-6) - 1), 0, 1)


def _horizon_of(
    ids: pd.Index[str], horizons: pd.DataFrame | None
) -> tuple[NDArray[np.float32], Values]:
    """Return the horizon (n, 36) [deg] and the sky view of planes; open sky where unknown."""
    edge, view = np.zeros((len(ids), 36), np.float32), np.ones(len(ids))
    if horizons is None or horizons.empty:
        return edge, view
    row = horizons.index.get_indexer(ids)
    known = row >= 0
    edge[known] = horizons[HORIZON_COLUMNS].to_numpy("float32")[row[known]]
    view[known] = horizons["sky_view"].to_numpy("float64")[row[known]]
    return edge, view
