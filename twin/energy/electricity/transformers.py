"""Areas of local transformers where the grid operator's are not known, and their peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numba import njit

from twin.energy.electricity.demand import appliance_kwh
from twin.energy.electricity.residual import residual_load
from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

ASSUMED = "estimated:assumed_areas"
"""Label of areas that `transformer_areas` made up; measured ones come from the grid operator."""
WH = 1000


def transformer_areas(city: City, stock: pd.DataFrame, given: Assumptions) -> pd.Series[str]:
    """
    Return for each building of the stock the key of the area it is supplied in.

    Parameters
    ----------
    city
        For the places of its buildings.
    stock
        Table STOCK of the baseline: take it for every stage, so that areas stay the same.
    given
        Assumptions of the theme `electricity`.

    Returns
    -------
    Keys `t0001` … from west to east halves, index of `stock`, name `transformer_id`; their label is
    ASSUMED. Nothing is known of the real grid: Baublöcke are halved by place again and again, each
    half with its share of the yearly electricity, until an area has about
    `electricity.transformer_mwh`. Blocks of more than half of that fall into their buildings, and a
    building of more than that has a transformer of its own. Same for any order of buildings.
    """
    order = stock.sort_index().index
    middle = city.buildings.geometry.loc[order].centroid
    places = np.round(np.column_stack([middle.x, middle.y]), 2)
    energy = np.rint(appliance_kwh(stock.loc[order], given).to_numpy() * WH).astype(np.int64)
    target = round(given["electricity.transformer_mwh"] * 1000 * WH)
    unit = _units(stock.loc[order], energy, target)
    weights = np.zeros(unit.max(initial=-1) + 1, np.int64)
    np.add.at(weights, unit, energy)
    first = _representatives(places, unit, len(weights))
    areas = _areas(first, weights, target)
    names = pd.Series(areas[unit], index=order).map("t{:04d}".format)
    return names.reindex(stock.index).rename("transformer_id").astype("str")


def _units(stock: pd.DataFrame, energy: NDArray[np.int64], target: int) -> NDArray[np.intp]:
    """Return the unit of each building: its block, or itself where the block is too large."""
    block = stock["block_id"].astype("str").fillna("")
    sums = pd.Series(energy, index=stock.index).groupby(block).transform("sum").to_numpy()
    alone = (block == "").to_numpy() | (2 * sums > target)
    names = np.where(alone, "b:" + stock.index.to_numpy(str), "a:" + block.to_numpy(str))
    return np.unique(names, return_inverse=True)[1]


def _representatives(
    places: NDArray[np.float64], unit: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Return the mean place of each unit, (units, 2)."""
    members = np.bincount(unit, minlength=count)[:, None]
    sums = [np.bincount(unit, weights=places[:, axis], minlength=count) for axis in (0, 1)]
    return np.round(np.column_stack(sums) / np.maximum(members, 1), 2)


def _areas(
    places: NDArray[np.float64], weights: NDArray[np.int64], target: int
) -> NDArray[np.intp]:
    """Return the number of each unit's area, 1 and up: heavy units alone, others by halving."""
    areas = np.zeros(len(weights), np.intp)
    heavy = np.flatnonzero(weights >= target)
    areas[heavy] = np.arange(1, len(heavy) + 1)
    light = np.flatnonzero(weights < target)
    parts = max(1, round(int(weights[light].sum()) / target))
    todo, number = [(light, parts)], len(heavy)
    while todo:  # a turn for each area, not for each building
        units, parts = todo.pop()
        if parts == 1 or len(units) < 2:
            number += 1
            areas[units] = number
            continue
        todo += _halves(places, weights, units, parts)
    return areas


def _halves(
    places: NDArray[np.float64], weights: NDArray[np.int64], units: NDArray[np.intp], parts: int
) -> list[tuple[NDArray[np.intp], int]]:
    """Cut units across their longer side so that both sides get their share of the weight."""
    here = places[units]
    axis = int(np.argmax(np.ptp(here, axis=0)))
    units = units[np.lexsort((units, here[:, 1 - axis], here[:, axis]))]
    left = parts // 2
    running = np.cumsum(weights[units])
    wanted = running[-1] * left / parts
    cut = int(np.argmin(np.abs(running - wanted))) + 1
    cut = min(max(cut, 1), len(units) - 1)
    return [(units[cut:], parts - left), (units[:cut], left)]


def area_hours(
    block_w: NDArray[np.int32],
    *,
    blocks: NDArray[np.integer[Any]],
    areas: NDArray[np.integer[Any]],
    weight: NDArray[np.float64],
    count: int,
) -> NDArray[np.int32]:
    """
    Return the hours of areas from those of Baublöcke, (count, 8760) [W].

    Parameters
    ----------
    block_w
        Load or generation of each block, (blocks, 8760) [W].
    blocks, areas
        Block and area of each building, numbers from 0 on.
    weight
        What the hours of a block are shared by where it lies in several areas: yearly electricity
        of each building for the load, installed power for the sun.
    count
        Number of areas.

    A block within one area goes to it whole. Shares are rounded so that every hour keeps its sum:
    what areas have together is what their blocks have, to the watt. A block without any weight is
    shared by the number of its buildings.
    """
    whole = np.rint(np.asarray(weight, np.float64) * WH).astype(np.int64)
    pair, member = np.unique(np.column_stack([blocks, areas]), axis=0, return_inverse=True)
    sums, number = np.zeros((2, len(pair)), np.int64)
    np.add.at(sums, member, whole)
    np.add.at(number, member, 1)
    totals = np.zeros(len(block_w), np.int64)
    np.add.at(totals, pair[:, 0], sums)
    sums = np.where(totals[pair[:, 0]] > 0, sums, number)
    table = pd.DataFrame({"block": pair[:, 0], "part": sums}).groupby("block")["part"]
    upper = (table.cumsum() / table.transform("sum")).to_numpy(np.float64)
    power = np.zeros((count, block_w.shape[1]), np.int32)
    _share(np.ascontiguousarray(block_w, np.int32), pair.astype(np.int64), upper, power)
    return power


@njit(cache=True, nogil=True)
def _share(
    block_w: NDArray[np.int32],
    pair: NDArray[np.int64],
    upper: NDArray[np.float64],
    power: NDArray[np.int32],
) -> None:
    """Add to each area what lies between two whole numbers of the cumulated shares of a block."""
    for k in range(pair.shape[0]):
        block, area = pair[k]
        lower = upper[k - 1] if k > 0 and pair[k - 1, 0] == block else 0.0
        for h in range(block_w.shape[1]):
            watts = block_w[block, h]
            power[area, h] += np.int32(np.rint(upper[k] * watts)) - np.int32(np.rint(lower * watts))


def diversity(customers: NDArray[np.float64], given: Assumptions) -> NDArray[np.float64]:
    """
    Return by how much the peak of some households exceeds that of their mean profile [-].

    (g + (1 - g) / sqrt(n)) / g with the simultaneity g of very many; 1 for none. Standard profiles
    are means of very many customers: a hundred have a higher peak, one a much higher one. Source:
    Rusck (1956), as quoted; see `electricity.simultaneity`.
    """
    many = given["electricity.simultaneity"]
    number = np.asarray(customers, np.float64)
    factor = 1 + (1 / many - 1) / np.sqrt(np.maximum(number, 1))
    return np.where(number > 0, factor, 1.0)


def transformer_peaks(
    load: NDArray[np.integer[Any]],
    pv: NDArray[np.integer[Any]],
    *,
    areas: pd.Index[str],
    dwellings: NDArray[np.float64],
    given: Assumptions,
    household_w: NDArray[np.integer[Any]] | None = None,
) -> pd.DataFrame:
    """
    Return peak and backfeed of each transformer area, index `areas`.

    Parameters
    ----------
    load, pv
        Demand and generation, (areas, 8760) [W].
    areas
        Their keys, in the same order.
    dwellings
        Dwellings of each area: how far its peak is smoothed too much.
    given
        Assumptions of the theme `electricity`.
    household_w
        Part of the load that follows the profile of households; all of it where left out.

    Returns
    -------
    `peak_kw` and `peak_hour` of the import by profiles, `peak_likely_kw` with the diversity of the
    few households there are (only on their part at that hour), `backfeed_kw` and `backfeed_hour` of
    the export, `backfeed_hours`, and `loading`: the larger of likely peak and backfeed over what an
    assumed transformer carries. A heat pump's own diversity is not in it.
    """
    number = np.asarray(dwellings, np.float64)
    if len(areas) != len(np.asarray(load)) or number.shape != (len(areas),) or (number < 0).any():
        template = "Transformer areas: {areas} keys, {rows} rows of load, {dwellings} of dwellings."
        hint = "Give one of each for every area, and no negative number of dwellings."
        raise ModelError(
            template, hint=hint, areas=len(areas), rows=len(np.asarray(load)), dwellings=len(number)
        )
    table = residual_load(load, pv).groups
    peak, hour = table["peak_import_kw"].to_numpy(), table["peak_import_hour"].to_numpy()
    mean = np.asarray(load if household_w is None else household_w)
    household = mean[np.arange(len(areas)), np.maximum(hour, 0)] / WH
    extra = np.where(hour >= 0, household * (diversity(number, given) - 1), 0)
    likely = peak + extra
    back = table["peak_export_kw"].to_numpy()
    carries = given["electricity.transformer_kva"] * given["electricity.power_factor"]
    columns = {
        "peak_kw": peak,
        "peak_hour": hour,
        "peak_likely_kw": likely,
        "backfeed_kw": back,
        "backfeed_hour": table["peak_export_hour"].to_numpy(),
        "backfeed_hours": table["backfeed_hours"].to_numpy(),
        "loading": np.maximum(likely, back) / carries,
    }
    return pd.DataFrame(columns, index=areas)
