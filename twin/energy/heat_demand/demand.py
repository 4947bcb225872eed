"""Hourly heat demand of zones: results by building, and hourly sums by group."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.energy.heat_demand import kernel
from twin.energy.heat_demand.parameters import hours_of, parameters
from twin.errors import ModelError
from twin.rowwise import HOURS, Inputs, Rows, run_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.energy.climate import Climate
    from twin.energy.zone import Zones

__all__ = ["heat_hours", "heat_matrix", "room_heat", "warm_up"]


def heat_hours(  # noqa: PLR0913 - the hours, and what to do with them
    zones: Zones,
    climate: Climate,
    given: Assumptions,
    *,
    scale: NDArray[np.float64],
    groups: NDArray[np.int32],
    series: NDArray[np.float32],
    series_index: NDArray[np.int32],
    before: Rows | None = None,
) -> Rows:
    """
    Return useful space heat of n zones, and hourly sums of it by group.

    To hourly sum `groups[i, c]` zone i adds `rint(scale[i] * heat[i, h] * series[k, h])` watts
    with `k = series_index[i, c]`.

    Parameters
    ----------
    scale
        (n,) calibration: expected over calculated heat.
    groups
        (n, channels), -1 for none.
    series
        (s, 8760) factors on the heat of each hour.
    series_index
        (n, channels) which of them a channel takes.
    before
        Result for a similar stock; only zones that differ are calculated. Nothing of it is used
        where climate, series or the times of the set-back differ.

    Returns
    -------
    Rows
        Table by building: `space_kwh`, `space_kwh_01` to `_12` by month, `peak_kw` (highest mean
        of an hour) and `channel_<c>_kwh`, the sum of what went to the hourly sums.

    Raises
    ------
    ModelError
        A zone cannot be calculated, shapes do not fit, or a group passes 2.1 GW.
    """
    _check(len(zones), scale, groups, series, series_index)
    hours = hours_of(climate, given)
    factors = np.array(series, np.float32, order="C")  # never read-only: one compiled kernel
    year = kernel.Year(hours, factors, np.asarray(factors.any(axis=1)))
    inputs: Inputs = {
        f"parameters {_key(hours, factors)}": parameters(zones, given, scale),
        "series_index": np.ascontiguousarray(series_index, np.int32),
    }
    rows = run_rows(
        zones.ids, inputs, np.ascontiguousarray(groups, np.int32), _kernel(year), before=before
    )
    _check_range(rows, series, series_index)
    return rows


def heat_matrix(zones: Zones, climate: Climate, given: Assumptions) -> NDArray[np.float32]:
    """Return the useful heat of each zone and hour [W], (n, 8760), not scaled."""
    return room_heat(parameters(zones, given, np.ones(len(zones))), climate, given)


def room_heat(
    block: NDArray[np.float32], climate: Climate, given: Assumptions
) -> NDArray[np.float32]:
    """Return the useful heat by hour [W], (n, 8760), of zones packed by `parameters`."""
    nothing = np.zeros((len(block), 0), np.int32)
    work = kernel.prepared(block, nothing, nothing, matrix=True)
    empty = kernel.Year(
        hours_of(climate, given), np.zeros((0, HOURS), np.float32), np.zeros(0, bool)
    )
    kernel.calculate(work, empty, np.zeros((0, HOURS), np.int32))
    return work.matrix


def warm_up() -> None:
    """Compile the kernel, or load it compiled: seconds on the first start, then a blink."""
    one = np.zeros((1, 1), np.int32)
    block = np.zeros((1, kernel.PARAMETERS), np.float32)
    hours = np.zeros((HOURS, kernel.HOUR_VALUES), np.float32)
    year = kernel.Year(hours, np.zeros((1, HOURS), np.float32), np.zeros(1, bool))
    kernel.calculate(kernel.prepared(block, one, one), year, np.zeros((1, HOURS), np.int32))


def _kernel(year: kernel.Year):  # type: ignore[no-untyped-def] # noqa: ANN202
    def run(inputs: Inputs, sums: NDArray[np.int32]) -> pd.DataFrame:
        block, index, lines = (inputs[name] for name in inputs)  # in the order of heat_hours
        work = kernel.prepared(block, index, lines)
        kernel.calculate(work, year, sums)
        return _table(work)

    return run


def _table(work: kernel.Work) -> pd.DataFrame:
    months = {f"space_kwh_{m + 1:02d}": work.months[:, m] / 1000 for m in range(12)}
    channels = {f"channel_{c}_kwh": work.totals[:, c] / 1000 for c in range(work.totals.shape[1])}
    total = work.months.sum(axis=1) / 1000
    return pd.DataFrame({"space_kwh": total, **months, "peak_kw": work.peaks / 1000, **channels})


def _key(*arrays: NDArray[np.float32]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for values in arrays:
        digest.update(str(values.shape).encode() + values.tobytes())
    return digest.hexdigest()


def _check(
    count: int,
    scale: NDArray[np.float64],
    groups: NDArray[np.int32],
    series: NDArray[np.float32],
    series_index: NDArray[np.int32],
) -> None:
    """Refuse arrays that do not fit to the zones: a fault of the caller, not of a person."""
    faults = []
    if scale.shape != (count,) or not (np.isfinite(scale) & (scale >= 0)).all():
        faults.append(f"scale must be {count} finite numbers of at least 0")
    if groups.ndim != 2 or len(groups) != count or groups.shape != series_index.shape:
        faults.append(f"groups and series_index must both be ({count}, channels)")
    if series.ndim != 2 or series.shape[1] != HOURS or not np.isfinite(series).all():
        faults.append(f"series must be (s, {HOURS}) finite numbers")
    elif series_index.size and not 0 <= series_index.min() <= series_index.max() < len(series):
        faults.append(f"series_index must be 0 to {len(series) - 1}")
    if faults:
        raise ValueError("; ".join(faults))


def _check_range(rows: Rows, series: NDArray[np.float32], series_index: NDArray[np.int32]) -> None:
    """Refuse sums that could have run over."""
    highest = np.abs(series).max(axis=1, initial=0)
    for channel in range(rows.groups.shape[1]):
        group = rows.groups[:, channel]
        peaks = rows.table["peak_kw"].to_numpy() * 1000 * highest[series_index[:, channel]]
        most = np.bincount(group[group >= 0], peaks[group >= 0]).max(initial=0)
        if most >= kernel.MOST_W:
            template = "The heat of a group of buildings may reach {gigawatts:.1f} GW."
            hint = "Up to 2.1 GW can be summed up; part the group or the city."
            raise ModelError(template, hint=hint, gigawatts=most / 1e9)
