"""Which buildings a selector means in the city a measure meets."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.hashing import hash_parts
from twin.selection.columns import column_values
from twin.sentences import Problem, listed, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from twin.selection.model import Condition, Selector, Share
    from twin.state import State

    Mask = NDArray[np.bool_]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def select(state: State, selector: Selector, *, among: Mask | None = None) -> pd.Index[str]:
    """
    Return the ids of the buildings that a selector means, in the order of the stock.

    Parameters
    ----------
    state
        The city as the measure meets it; parts of buildings are never selected.
    selector
        What is asked for. Ids, districts and blocks that are not there select nothing; `problems`
        names them.
    among
        Rows of the stock that come into question, as a mask; a share is taken of these.
    """
    return state.stock.index[selected_rows(state, selector, among=among)]


def selected_rows(
    state: State, selector: Selector, *, among: Mask | None = None
) -> NDArray[np.intp]:
    """Return the rows of the stock that a selector means, ascending."""
    stock = state.stock
    rows = np.arange(len(stock)) if among is None else np.flatnonzero(among)
    if selector.ids:
        rows = rows[member(stock.index, selector.ids)[rows]]
    if selector.districts:
        rows = rows[stock["district_id"].iloc[rows].isin(_district_ids(state, selector)).to_numpy()]
    if selector.blocks:
        rows = rows[stock["block_id"].iloc[rows].isin(selector.blocks).to_numpy()]
    if selector.area is not None:
        rows = rows[inside(state, selector.area.geometry(state.city.crs), rows)]
    for condition in selector.where:
        rows = rows[meets(column_values(state, condition.column, rows), condition)]
    return rows if selector.share is None else _share(state, selector.share, rows)


def member(index: pd.Index[str], ids: Iterable[str]) -> Mask:
    """Tell which entries of a unique index are among some ids."""
    found = np.zeros(len(index), bool)
    place = index.get_indexer(pd.Index(ids) if not isinstance(ids, pd.Index) else ids)
    found[place[place >= 0]] = True
    return found


def inside(state: State, area: shapely.Geometry, rows: NDArray[np.intp]) -> Mask:
    """Tell which buildings have the centre of their footprint in an area (CRS of the city)."""
    buildings = state.city.buildings
    geometry = buildings.geometry.array[buildings.index.get_indexer(state.stock.index[rows])]
    centre = shapely.centroid(np.asarray(geometry))
    shapely.prepare(area)
    found: Mask = shapely.contains_xy(area, shapely.get_x(centre), shapely.get_y(centre))
    return found


def _district_ids(state: State, selector: Selector) -> list[str]:
    districts = state.city.districts
    wanted = {name.casefold() for name in selector.districts}
    named = districts["name"].str.casefold().isin(wanted) | districts.index.isin(selector.districts)
    return list(districts.index[named])


def meets(values: pd.Series[Any], condition: Condition) -> Mask:
    """Tell which values meet a condition; what is not known meets none."""
    known = values.notna().to_numpy()
    if condition.op in _COMPARE:
        met = _COMPARE[condition.op](values.to_numpy(float), condition.terms[0])
    else:
        met = values.isin(condition.terms).to_numpy()
        if condition.op == "not_in":
            met = ~met
    return np.asarray(met & known)


def _share(state: State, share: Share, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if share.order == "random":
        values = lots(state.stock.index[rows], "share")
    else:
        values = column_values(state, share.by, rows).to_numpy(float)
        rows, values = rows[~np.isnan(values)], values[~np.isnan(values)]
    order = ranked(values, state.stock.index[rows], highest=share.order == "highest")
    count = round_half_up(len(rows) * share.percent / 100)
    return np.sort(rows[order[:count]])


def round_half_up(value: float) -> int:
    """
    Return the nearest whole number, halves upwards.

    >>> round_half_up(2.5), round_half_up(0.4)
    (3, 0)
    """
    return int(np.floor(value + 0.5 + 1e-9))


def ranked(values: NDArray[np.float64], ids: pd.Index[str], *, highest: bool) -> NDArray[np.intp]:
    """
    Return the order that sorts rows by value; equal values by lot, missing ones last.

    The answer does not depend on the order of the rows.
    """
    keys = np.where(np.isnan(values), np.inf, -values if highest else values)
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    return np.lexsort((lots(ids, ""), keys)) if same.any() else order


def lots(ids: pd.Index[str], key: str) -> NDArray[np.float64]:
    """
    Draw a lot for each building, 0 to 1, from its id and a key and from nothing else.

    The hash of the id is mixed with that of the key by the finalizer of SplitMix64 (Steele, Lea,
    Flood 2014).

    >>> bool(lots(pd.Index(["a", "b"]), "m")[1] == lots(pd.Index(["b"]), "m")[0])
    True
    """
    with np.errstate(over="ignore"):
        known = pd.util.hash_array(ids.to_numpy(object), categorize=False)
        mixed = known + np.uint64(int(hash_parts([key])[:16], 16))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray(mixed >> np.uint64(11), float) * 2.0**-53


def problems(state: State, selector: Selector) -> list[Problem]:
    """Return what a selector names that is not there; whether it selects anything is not asked."""
    found = []
    if lost := _lost(selector.ids, state.stock.index):
        found.append(
            Problem(
                "unknown_id",
                say("There is no building {ids}.", ids=listed(lost)),
                say("Ids are those of whole buildings in the table of buildings, not of parts."),
            )
        )
    if selector.districts:
        districts = state.city.districts
        names = districts["name"].str.casefold()
        lost = [
            word
            for word in selector.districts
            if word not in districts.index and not (names == word.casefold()).any()
        ]
        if lost:
            found.append(
                Problem(
                    "unknown_district",
                    say("There is no district {ids}.", ids=listed(lost)),
                    say("Districts are: {known}.", known=listed(sorted(districts["name"]), 12)),
                )
            )
    if lost := _lost(selector.blocks, state.city.blocks.index):
        found.append(
            Problem(
                "unknown_block",
                say("There is no block {ids}.", ids=listed(lost)),
                say("Ids are those of the table of blocks."),
            )
        )
    return found


def _lost(ids: Iterable[str], known: pd.Index[str]) -> list[str]:
    return [key for key in ids if key not in known]


def preview(state: State, selector: Selector) -> pd.DataFrame:
    """Return the selected rows of the stock, for people to look at before a measure is applied."""
    return state.stock.iloc[selected_rows(state, selector)]
