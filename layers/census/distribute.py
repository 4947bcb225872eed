"""
Hands the figures of census cells to the buildings in them (pure).

Sums of persons and dwellings are reproduced exactly: every cell's number is shared out in whole
numbers by living area (largest remainders). Classes are given one a building, so that each comes
as often as the cell counts it; where the city has more or fewer buildings than the census, in
proportion, rounded up or down. All of it is the same for the same rows in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from layers.census.apportion import hamilton
from layers.census.pots import Grid, lay_out
from layers.census.traits import DWELLINGS, LABEL, firm, give_ages, give_heating, give_sizes
from twin.assumptions import assumed
from twin.provenance import Finding

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

LIVING = ("residential", "mixed")
BOUNDS = {
    "detached": (1, 2),
    "terraced": (1, 2),
    "apartments": (3, 12),
    "large_apartments": (13, 5000),
}
COARSE_M = 500.0  # from here on a cell on the boundary holds a good part of the neighbours
FILLED = [
    name
    for pair in (
        ("size_class", "size_class_source"), ("year_built", "year_built_source"),
        ("age_class", "age_class_source"), ("dwellings", "dwellings_source"),
        ("residents", "residents_source"), ("heating", "heating_source"),
        ("energy_carrier", "carrier_source"),
    )
    for name in pair
]  # fmt: skip


def distribute(
    buildings: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    counts: pd.DataFrame,
    *,
    weight: pd.Series[float] | None = None,
    area: BaseGeometry | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Return `buildings` with cell, type, year built, dwellings, residents and heating of the census.

    Parameters
    ----------
    buildings, cells, counts
        Standard tables in one projected CRS; living area filled in (`estimate_stock`).
    weight
        What persons are shared out by; living area [m²] where left out.
    area
        What the buildings cover, as the municipality: of a coarse cell (1 km) that lies partly
        outside, only its share inside is handed out. Every cell counts in full where left out.

    Returns
    -------
    The same rows in the same order, and what was noticed. A building belongs to the cell that
    holds its point on the surface; parts belong to none. It draws from the finest cell that knows
    a figure; of a coarser one, buildings outside its known finer cells share what these leave.
    Persons of cells without a residential building stay in `cells` and are listed: residents of
    the homes in cells and those listed make up the census. Registered, measured and tagged values
    stay and count into their cell first; only where dwellings or residents known so contradict the
    cell's sum, the sum is kept.
    """
    if buildings.empty or cells.empty:
        return buildings, []
    given = buildings.sort_index()
    whole = given[given["part_of"].isna()]
    points = shapely.point_on_surface(whole.geometry.array)
    finest = lay_out(cells, points).finest
    names = cells.sort_index().sort_values("size_m", kind="stable").index.to_numpy(dtype=object)
    ids = pd.Series(np.where(finest >= 0, names[finest], None), index=whole.index, dtype="str")
    is_home = _is_home(whole).to_numpy()
    stock = whole[is_home]
    stock = stock.assign(weight=_weight(stock, weight))
    grid = lay_out(cells, points[is_home])
    inside = _share_inside(grid.cells, area)
    stock = give_ages(give_sizes(stock, grid, counts), grid, counts)
    stock, of_dwellings = _share_out(stock, grid, "dwellings", inside)
    stock, of_residents = _share_out(stock, grid, "residents", inside)
    stock = give_heating(stock, grid, counts)
    done = buildings.assign(cell_id=ids.reindex(buildings.index))
    rows = buildings.index.get_indexer(stock.index)
    for name in FILLED:
        column = done[name].to_numpy(dtype=object, copy=True)
        column[rows] = stock[name].to_numpy(dtype=object)
        done[name] = pd.Series(column, index=done.index).astype(buildings[name].dtype)
    return done, [*of_residents, *of_dwellings, *_other_numbers(stock, grid)]


def _is_home(whole: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Tell residential buildings, and others of which somebody knows dwellings or residents."""
    lived_in = whole["dwellings"].fillna(0).gt(0) | whole["residents"].fillna(0).gt(0)
    homes: pd.Series[bool] = whole["use"].isin(LIVING) | lived_in
    return homes


def _share_inside(cells: gpd.GeoDataFrame, area: BaseGeometry | None) -> NDArray[np.float64]:
    """Return which share of each coarse cell's area lies inside; fine ones count in full."""
    if area is None:
        return np.ones(len(cells))
    shapes = cells.geometry.array
    shapely.prepare(area)
    fine = cells["size_m"].to_numpy() < COARSE_M
    share: NDArray[np.float64] = np.asarray(fine | shapely.contains_properly(area, shapes), float)
    edge = np.flatnonzero(share == 0)
    common = shapely.area(shapely.intersection(shapes[edge], area))
    share[edge] = common / shapely.area(shapes[edge])
    return share


def _weight(stock: gpd.GeoDataFrame, weight: pd.Series[float] | None) -> pd.Series[float]:
    """Return the given weight, else living area, else what floor area or footprint let expect."""
    if weight is not None:
        area = weight.reindex(stock.index)
    else:
        share = assumed("gross_to_living_area")
        floor = stock["floor_area_m2"].fillna(stock["footprint_m2"] * stock["storeys"].fillna(1))
        area = stock["living_area_m2"].fillna(floor * share)
    return area.astype("float64").replace([np.inf, -np.inf], np.nan).fillna(0).clip(lower=0)


def _share_out(
    stock: gpd.GeoDataFrame, grid: Grid, name: str, share_inside: NDArray[np.float64]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Share the cells' dwellings or residents out among the homes."""
    amounts = np.rint(grid.cells[name].to_numpy(dtype=float))
    rest, over = grid.rest(amounts)
    total = np.rint(rest * share_inside).astype(np.int64)
    cell = grid.where(~np.isnan(amounts))
    inside = np.flatnonzero(cell >= 0)
    group = cell[inside]
    kept, fought = _kept(stock.iloc[inside], group, total, name)
    value = np.where(kept, stock[name].to_numpy(dtype=float)[inside], 0).astype(np.int64)
    left = total - np.bincount(group, weights=value, minlength=len(total)).astype(np.int64)
    free = ~kept
    least, share = _expected(stock.iloc[inside[free]], group[free], left, name)
    left -= np.bincount(group[free], weights=least, minlength=len(total)).astype(np.int64)
    value[free] = least + hamilton(group[free], share, left)
    shared = np.full(len(stock), np.nan)
    shared[inside] = value
    new = pd.Series(shared, index=stock.index)
    label = pd.Series(LABEL, index=stock.index).where(new.notna())
    stays = np.isin(np.arange(len(stock)), inside[kept])
    label = label.mask(stays, stock[f"{name}_source"])
    done = stock.assign(
        **{
            name: new.fillna(stock[name]),
            f"{name}_source": label.fillna(stock[f"{name}_source"]),
        }
    )
    homeless = (total > 0) & (np.bincount(group, minlength=len(total)) == 0)
    cut = (rest.astype(np.int64) - total) * (rest > total)
    return done, _findings(grid, name, cell, _Seen(total, homeless, over, cut, fought))


def _kept(
    homes: pd.DataFrame, group: NDArray[np.int64], total: NDArray[np.int64], name: str
) -> tuple[NDArray[np.bool_], int]:
    """Tell which known values stay: all of a cell, or none where they contradict its sum."""
    value = homes[name].to_numpy(dtype=float)
    known = firm(homes, name, f"{name}_source") & (value % 1 == 0)
    sums = np.bincount(group[known], weights=value[known], minlength=len(total))
    free = np.bincount(group[~known], minlength=len(total))
    fits = (sums == total) | ((sums < total) & (free > 0))
    fought = np.unique(group[known & ~fits[group]])
    return known & fits[group], len(fought)


def _expected(
    homes: pd.DataFrame, group: NDArray[np.int64], total: NDArray[np.int64], name: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """
    Return what each home gets at least, and the weight by which the rest is shared.

    Dwellings: as many as its type has at least where the cell's number suffices for all, else one
    each, else none; the rest by what living area lets expect within the type. Residents: by living
    area, in homes that have dwellings.
    """
    weight = homes["weight"].to_numpy(dtype=float)
    if name == "residents":
        empty = homes["dwellings"].eq(0).to_numpy()
        return np.zeros(len(homes), dtype=np.int64), _unless_all(empty, weight, group, len(total))
    low, high = _bounds(homes)
    need = np.bincount(group, weights=low, minlength=len(total))
    homes_in = np.bincount(group, minlength=len(total))
    one_each = (homes_in <= total)[group].astype(np.int64)
    least = np.where((need <= total)[group], low, one_each)
    expected = np.clip(weight / assumed("living_area_per_dwelling"), low, high)
    return least, np.maximum(expected - least, 0) + 1e-6 * expected


def _unless_all(
    empty: NDArray[np.bool_], weight: NDArray[np.float64], group: NDArray[np.int64], groups: int
) -> NDArray[np.float64]:
    """Take empty homes out, unless a cell has no others with a weight."""
    lived = np.where(empty, 0.0, weight)
    some = np.bincount(group, weights=lived > 0, minlength=groups) > 0
    return np.where(some[group], lived, weight)


def _bounds(homes: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return fewest and most dwellings by class of the census, else by type, else any."""
    by_class = homes["census_class"].astype("object").map(DWELLINGS)
    by_type = homes["size_class"].astype("object").map(BOUNDS)
    pairs = by_class.where(by_class.notna(), by_type)
    pairs = pairs.where(pairs.notna(), pd.Series([(1, 5000)] * len(homes), index=homes.index))
    table = np.array(pairs.tolist(), dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


MESSAGES = {
    "residents": {
        "without_building": (
            "{count} census cells with {total} residents have no residential building; these "
            "residents are in no building."
        ),
        "finer": "In {count} census cells the finer cells have more residents; these count.",
        "cut": (
            "{count} census cells lie partly beyond the boundary; {total} of their residents are "
            "taken to live outside."
        ),
        "contradicting": (
            "In {count} census cells the known residents of buildings contradict the census; its "
            "sum was kept."
        ),
        "outside": "{count} of {total} homes lie in no census cell with a number of residents.",
    },
    "dwellings": {
        "without_building": (
            "{count} census cells with {total} dwellings have no residential building; these "
            "dwellings are in no building."
        ),
        "finer": "In {count} census cells the finer cells have more dwellings; these count.",
        "cut": (
            "{count} census cells lie partly beyond the boundary; {total} of their dwellings are "
            "taken to lie outside."
        ),
        "contradicting": (
            "In {count} census cells the known dwellings of buildings contradict the census; its "
            "sum was kept."
        ),
        "outside": "{count} of {total} homes lie in no census cell with a number of dwellings.",
    },
}


class _Seen(NamedTuple):
    """What was noticed of each cell while sharing out."""

    total: NDArray[np.int64]  # to share out
    homeless: NDArray[np.bool_]  # something to share, nobody to take it
    over: NDArray[np.bool_]  # the finer cells have more
    cut: NDArray[np.int64]  # left beyond the boundary
    fought: int  # cells with known values that contradict the sum


def _findings(grid: Grid, name: str, cell: NDArray[np.int64], of: _Seen) -> list[Finding]:
    names = grid.cells.index
    ranked = np.argsort(-np.where(of.homeless, of.total, -1), kind="stable")[:5]
    examples = tuple(names[ranked[of.homeless[ranked]]])
    unplaced = int(of.total[of.homeless].sum())
    cut = of.cut > 0
    seen: list[tuple[str, int, tuple[str, ...], int | None]] = [
        ("without_building", int(of.homeless.sum()), examples, unplaced),
        ("finer", int(of.over.sum()), tuple(names[of.over][:5]), None),
        ("cut", int(cut.sum()), tuple(names[cut][:5]), int(of.cut.sum())),
        ("contradicting", of.fought, (), None),
    ]
    if (cell >= 0).any():  # else the census says nothing about it at all
        seen.append(("outside", int((cell < 0).sum()), (), len(cell)))
    level: Any = {"without_building": "warning", "contradicting": "warning"}
    return [
        Finding(
            f"census_{name}_{code}", "cells", count, MESSAGES[name][code],
            level.get(code, "info"), shown, whole,
        )
        for code, count, shown, whole in seen
        if count
    ]  # fmt: skip


def _other_numbers(stock: gpd.GeoDataFrame, grid: Grid) -> list[Finding]:
    """Count the cells in which the city has more or fewer homes than the census."""
    listed = grid.cells["buildings"].to_numpy(dtype=float)
    cell = grid.where(~np.isnan(listed))
    ours = np.bincount(cell[cell >= 0], minlength=len(listed))
    rest, _ = grid.rest(listed)
    known = ~np.isnan(listed) & ((rest > 0) | (ours > 0))
    other = known & (rest != ours)
    if not other.any():
        return []
    message = (
        "{count} of {total} census cells count another number of residential buildings than the "
        "city has; their classes are shared out in proportion."
    )
    examples = tuple(grid.cells.index[other][:5])
    code = "census_other_number"
    return [Finding(code, "cells", int(other.sum()), message, "info", examples, int(known.sum()))]
