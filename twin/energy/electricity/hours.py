"""Hourly electricity by group of buildings: yearly sums times profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from twin.energy.electricity.profiles import LoadProfiles
from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Whole = NDArray[np.int32]

WH = 1000  # a kWh; yearly figures are counted in whole Wh, so that sums do not depend on order


def electricity_hours(
    kwh: NDArray[np.float64] | pd.DataFrame | pd.Series[float],
    profile: Whole,
    profiles: LoadProfiles,
    groups: Whole,
    *,
    count: int,
    added: Whole | None = None,
) -> Whole:
    """
    Return the power of each group in each hour, (count, 8760) [W].

    Parameters
    ----------
    kwh
        Yearly electricity of each building, (n,) or (n, parts).
    profile
        Row in `profiles` of each of these, same shape: appliances, hot water, cars.
    profiles
        Sums of 1, from `load_profiles` and `with_profile`.
    groups
        Group of each building, 0 to count - 1; -1 for none.
    added
        Power that is known by hour already, (count, 8760) [W], e.g. of heat pumps.

    The load of a group is linear in the yearly figures: they are added up by group and profile and
    multiplied once, P[g, h] = rint(sum over p of E[g, p] s[p, h]), whatever the number of
    buildings. Yearly figures count in whole Wh and power in whole W: the answer does not depend on
    the order of the buildings, and groups add up exactly.

    Raises
    ------
    ModelError
        Yearly figures are missing or negative, or arrays do not fit together.
    """
    yearly = np.atleast_2d(np.asarray(kwh, np.float64).T).T
    rows = np.atleast_2d(np.asarray(profile).T).T
    _refuse_odd(yearly, rows, np.asarray(groups), len(profiles.names), count)
    sums = np.zeros(count * len(profiles.names), np.int64)
    here = np.asarray(groups) >= 0
    places = np.asarray(groups)[here, None] * len(profiles.names) + rows[here]
    np.add.at(sums, places.ravel(), np.rint(yearly[here] * WH).astype(np.int64).ravel())
    power = np.zeros((count, HOURS), np.int32)
    _spread(sums.reshape(count, len(profiles.names)).astype(np.float64), profiles.values, power)
    return power if added is None else power + added


def charging_hours(
    count: int,
    *,
    kwh: NDArray[np.float64] | None = None,
    shape: NDArray[np.float64] | None = None,
) -> Whole:
    """
    Return what cars take at home and at work by group and hour, (count, 8760) [W].

    Mobility fills it: `kwh` is the yearly electricity of the cars of each group (Baublock, traffic
    zone), `shape` (8760,) when they charge, the same power all the year where left out. Without
    `kwh` no car charges. Goes into `electricity_hours` as `added`.
    """
    if kwh is None:
        return np.zeros((count, HOURS), np.int32)
    shares = np.ones(HOURS) if shape is None else shape
    cars = LoadProfiles((), np.zeros((0, HOURS))).with_profile("cars", shares)
    groups = np.arange(count, dtype=np.int32)
    return electricity_hours(kwh, np.zeros(len(kwh), np.int32), cars, groups, count=count)


@njit(cache=True, nogil=True)
def _spread(
    energy: NDArray[np.float64], shares: NDArray[np.float64], power: Whole
) -> None:  # pragma: no cover
    """Add up energy [Wh] times share of the hour, profile by profile, and round to whole W."""
    watts = np.zeros(shares.shape[1])
    for g in range(energy.shape[0]):
        watts[:] = 0.0
        for p in range(shares.shape[0]):
            if energy[g, p] > 0:
                for h in range(shares.shape[1]):
                    watts[h] += energy[g, p] * shares[p, h]
        for h in range(shares.shape[1]):
            power[g, h] = np.rint(watts[h])


def _refuse_odd(
    yearly: NDArray[np.float64], rows: Whole, groups: Whole, names: int, count: int
) -> None:
    faults = []
    if not (yearly >= 0).all() or not np.isfinite(yearly).all():
        faults.append("yearly electricity is missing or negative")
    if rows.shape != yearly.shape or groups.shape != yearly.shape[:1]:
        faults.append("lengths differ")
    if rows.size and not (rows.min() >= 0 and rows.max() < names):
        faults.append("a profile is not in the list")
    if groups.size and not (groups.min() >= -1 and groups.max() < count):
        faults.append("a group is not in the list")
    if faults:
        template = "Hourly electricity: {faults}."
        hint = "Give a figure of 0 or more, a profile and a group for every building."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
