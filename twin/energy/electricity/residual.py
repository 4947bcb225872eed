"""What is left of the load after the sun: import, export, peaks, self-sufficiency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numba import njit

from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Watts = NDArray[np.int64]

COLUMNS = (
    "demand_kwh", "generation_kwh", "import_kwh", "export_kwh", "self_consumption_kwh",
    "peak_demand_kw", "peak_demand_hour", "peak_import_kw", "peak_import_hour", "peak_export_kw",
    "peak_export_hour", "backfeed_hours",
)  # fmt: skip
HOUR_COLUMNS = ("peak_demand_hour", "peak_import_hour", "peak_export_hour", "backfeed_hours")


@dataclass(frozen=True, eq=False)
class Residual:
    """
    Balance of electricity by group and of all groups together.

    `groups` has a row for each group, `city` one row: there all groups share what they make, so
    that its import is at most the sum of theirs. `city_w` is the residual load of the city by hour
    [W], positive what comes in.
    """

    groups: pd.DataFrame
    city: pd.DataFrame
    city_w: Watts


def residual_load(
    load: NDArray[np.integer[Any]],
    pv: NDArray[np.integer[Any]],
    *,
    storage: NDArray[np.integer[Any]] | None = None,
) -> Residual:
    """
    Return import and export hour by hour, and what follows.

    Parameters
    ----------
    load
        Demand of each group in each hour, (groups, 8760) [W], whole numbers.
    pv
        Generation, same shape.
    storage
        What batteries give (above 0) or take (below 0), same shape; none where left out.

    Returns
    -------
    Tables with COLUMNS and `self_sufficiency` (part of the demand not imported) and
    `self_consumption` (part of the generation not exported); NaN where there is no demand or no
    generation. Hours of peaks are numbers of the hour, 0 to 8759, the first of equal ones, -1 where
    there is no peak. Every hour keeps generation + storage + import = demand + export, exactly. One
    hour is a mean: peaks of minutes are higher.

    Raises
    ------
    ModelError
        Shapes differ, a year is not whole, demand or generation is negative.
    """
    given = [np.asarray(load), np.asarray(pv)]
    given.append(np.zeros((1, 1), np.int32) if storage is None else np.asarray(storage))
    _refuse_odd(given, has_storage=storage is not None)
    count = len(given[0])
    table = np.zeros((count, len(COLUMNS)))
    demand, made, moved = (np.ascontiguousarray(values, np.int32) for values in given)
    city = np.zeros((3, HOURS), np.int64)
    _balance(demand, made, moved, table, city)
    town = np.zeros((1, len(COLUMNS)))
    _balance_line(city[0], city[1], city[2], town[0])
    net: Watts = city[0] - city[1] - city[2]
    return Residual(_table(table), _table(town), net)


def load_duration(power_w: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """
    Return the hours of a year by falling power: the load duration curve (Jahresdauerlinie).

    >>> load_duration(np.array([1, 5, -2])).tolist()
    [5, 1, -2]
    """
    return np.sort(power_w, axis=-1)[..., ::-1]


def _table(values: NDArray[np.float64]) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=list(COLUMNS))
    demand, made = table["demand_kwh"], table["generation_kwh"]
    own = demand - table["import_kwh"]
    kept = made - table["export_kwh"]
    return table.astype(dict.fromkeys(HOUR_COLUMNS, np.int64)).assign(
        self_sufficiency=(own / demand.where(demand > 0)),
        self_consumption=(kept / made.where(made > 0)),
    )


@njit(cache=True, nogil=True)
def _balance_line(load: Watts, pv: Watts, storage: Watts, row: NDArray[np.float64]) -> None:
    """Fill one row in the order of COLUMNS; sums are whole Wh, so their order does not count."""
    demand = made = brought = sent = own = 0
    peak = top = back = 0
    peak_hour = top_hour = back_hour = -1
    hours = 0
    for h in range(load.shape[0]):
        net = load[h] - pv[h] - storage[h]
        demand += load[h]
        made += pv[h]
        own += min(load[h], pv[h])
        if load[h] > peak:
            peak, peak_hour = load[h], h
        if net > 0:
            brought += net
        else:
            sent -= net
        if net > top:
            top, top_hour = net, h
        if net < 0:
            hours += 1
        if -net > back:
            back, back_hour = -net, h
    row[0], row[1], row[2], row[3] = demand / 1000, made / 1000, brought / 1000, sent / 1000
    row[4], row[5], row[6] = own / 1000, peak / 1000, peak_hour
    row[7], row[8], row[9], row[10] = top / 1000, top_hour, back / 1000, back_hour
    row[11] = hours


@njit(cache=True, nogil=True)
def _balance(
    load: NDArray[np.int32],
    pv: NDArray[np.int32],
    storage: NDArray[np.int32],
    table: NDArray[np.float64],
    city: Watts,
) -> None:
    """Fill a row for each group and add the groups up; `storage` may be one zero for none."""
    none = storage.shape[1] == 1
    line = np.zeros((3, load.shape[1]), np.int64)
    for g in range(load.shape[0]):
        for h in range(load.shape[1]):
            line[0, h] = load[g, h]
            line[1, h] = pv[g, h]
            line[2, h] = 0 if none else storage[g, h]
            city[0, h] += line[0, h]
            city[1, h] += line[1, h]
            city[2, h] += line[2, h]
        _balance_line(line[0], line[1], line[2], table[g])


def _refuse_odd(given: list[NDArray[np.integer[Any]]], *, has_storage: bool) -> None:
    faults = []
    shapes = {values.shape for values in (given if has_storage else given[:2])}
    if len(shapes) > 1 or any(values.ndim != 2 or values.shape[1] != HOURS for values in given[:2]):
        faults.append("shapes differ or are not groups by 8,760 hours")
    if not all(np.issubdtype(values.dtype, np.integer) for values in given):
        faults.append("power is not in whole watts")
    elif any(values.size and values.min() < 0 for values in given[:2]):
        faults.append("demand or generation is negative")
    if faults:
        template = "Residual load: {faults}."
        hint = "Give demand and generation of every group and hour in whole watts, 0 or more."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
