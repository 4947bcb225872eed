"""A building, its plant and its battery through the hours: own use, feed-in, pay-back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Values = NDArray[np.float64]
    Hours = NDArray[np.float32]

COLUMNS = (
    "self_use_kwh", "feed_in_kwh", "grid_import_kwh", "battery_loss_kwh", "charge_change_kwh",
    "peak_import_kw", "peak_feed_in_kw",
)  # fmt: skip


class Battery(NamedTuple):
    """What the loop knows of n batteries."""

    capacity_wh: Values  # usable
    power_w: Values  # of charge and discharge, at the alternating current side
    efficiency: float  # of one way; both ways are its square


@numba.njit(cache=True, nogil=True)
def _rows(first: int, last: int, hours: Any, battery: Battery, sums: Any) -> None:
    """
    Run rows `first` to `last`, hour by hour: sun first, then battery, then grid.

    What is left over charges the battery, at most its power and its room; what is lacking
    discharges it. With efficiency e of one way the charge grows by e per energy in and falls by
    1 / e per energy out. The battery starts empty.
    """
    load, pv, net = hours
    e = battery.efficiency
    for i in range(first, last):
        capacity, power = battery.capacity_wh[i], battery.power_w[i]
        charge, used, fed, drawn, lost = 0.0, 0.0, 0.0, 0.0, 0.0
        peak, peak_fed = 0.0, 0.0
        for h in range(load.shape[1]):
            lack = np.float64(load[i, h]) - np.float64(pv[i, h])
            stored = min(max(-lack, 0.0), power, (capacity - charge) / e)
            given = min(max(lack, 0.0), power, charge * e)
            charge = min(max(charge + stored * e - given / e, 0.0), capacity)
            lost += stored * (1 - e) + given * (1 / e - 1)
            grid = lack + stored - given
            bought = max(grid, 0.0)
            used += load[i, h] - bought
            drawn += bought
            fed += max(-grid, 0.0)
            peak, peak_fed = max(peak, grid), max(peak_fed, -grid)
            net[i, h] = grid
        sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3] = used, fed, drawn, lost
        sums[i, 4], sums[i, 5], sums[i, 6] = charge, peak, peak_fed


def dispatch(
    load_w: Hours, pv_w: Hours, battery_kwh: Values, given: Assumptions
) -> tuple[pd.DataFrame, Hours]:
    """
    Let plants and batteries serve the loads of their own buildings.

    Parameters
    ----------
    load_w, pv_w
        (n, 8760) electricity used and made [W], mean of the hour, not negative.
    battery_kwh
        (n,) usable capacity; 0 for none.

    Returns
    -------
    totals
        n rows: `self_use_kwh` (load that the roof serves, at once or through the battery),
        `feed_in_kwh`, `grid_import_kwh`, `battery_loss_kwh`, `charge_change_kwh` (left in the
        battery at the end), `peak_import_kw`, `peak_feed_in_kw`. Generation and import equal load,
        feed-in, loss and change of charge.
    net_w
        (n, 8760): import positive, feed-in negative [W].

    Raises
    ------
    ModelError
        Shapes do not fit, or a value is negative or missing.
    """
    capacity = np.asarray(battery_kwh, float)
    _refuse_odd(load_w, pv_w, capacity)
    battery = Battery(
        1000 * capacity,
        1000 * capacity * given["solar.battery_power"],
        float(np.sqrt(given["solar.battery_efficiency"])),
    )
    net = np.empty(load_w.shape, np.float32)
    sums = np.zeros((len(load_w), len(COLUMNS)))
    threads = numba.get_num_threads()
    cuts = np.linspace(0, len(load_w), threads + 1).astype(int).tolist()
    hours = (np.asarray(load_w, np.float32), np.asarray(pv_w, np.float32), net)
    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(_rows, a, b, hours, battery, sums) for a, b in pairwise(cuts)]
        for job in jobs:
            job.result()
    return pd.DataFrame(sums / 1000, columns=list(COLUMNS)), net


def _refuse_odd(load_w: Hours, pv_w: Hours, battery_kwh: Values) -> None:
    faults = []
    if load_w.shape != pv_w.shape or load_w.shape[1:] != (HOURS,):
        faults.append(f"load {load_w.shape}, pv {pv_w.shape}, expected (n, {HOURS})")
    if battery_kwh.shape != load_w.shape[:1]:
        faults.append(f"battery {battery_kwh.shape}, expected ({len(load_w)},)")
    for name, values in (("load", load_w), ("pv", pv_w), ("battery", battery_kwh)):
        if values.size and not float(values.min()) >= 0:
            row = int(np.flatnonzero(~(values >= 0).reshape(len(values), -1).all(axis=1))[0])
            faults.append(f"{name} is negative or missing in row {row}")
    if faults:
        template = "Own use cannot be worked out: {faults}."
        hint = "Give hours in watts that are not negative."
        raise ModelError(template, hint=hint, faults="; ".join(faults))


def payback_years(investment_eur: Values, saving_eur_a: Values, *, interest: float = 0.0) -> Values:
    """
    Return the years after which savings have paid an investment; infinite where they never do.

    Simple I / S; discounted -ln(1 - I r / S) / ln(1 + r) with r the interest rate.

    Parameters
    ----------
    investment_eur
        Paid in the beginning, not negative.
    saving_eur_a
        Saved and earned a year, less what running the plant costs.

    >>> payback_years(np.array([1000.0, 1000.0]), np.array([100.0, 0.0])).tolist()
    [10.0, inf]
    """
    investment, saving = np.broadcast_arrays(
        np.asarray(investment_eur, float), np.asarray(saving_eur_a, float)
    )
    ratio = np.where(saving > 0, investment / np.where(saving > 0, saving, 1.0), np.inf)
    if interest == 0:
        return np.where(investment > 0, ratio, 0.0)
    rest = 1 - ratio * interest
    paid = -np.log(np.where(rest > 0, rest, 1.0)) / np.log1p(interest)
    return np.where(investment > 0, np.where(rest > 0, paid, np.inf), 0.0)
