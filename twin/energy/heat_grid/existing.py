"""Networks that stand already, as far as buildings with district heat show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from twin.energy.heat_grid.graph import parts
from twin.state import NetworkPlan

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

STANDING_SINCE = 2000
"""Start year written into plans of existing networks: before any baseline, the true one unknown."""

FEWEST = 5
"""Smaller groups are taken for customers at the end of the nearest larger network."""


def existing_networks(
    city: City, stock: pd.DataFrame, given: Assumptions
) -> dict[str, NetworkPlan]:
    """
    Return a plan for each network that feeds the buildings with district heat today, by its id.

    Where `network_id` of the stock names none, buildings nearer to each other than
    `grid.existing_reach` are on one network. Extent and source mix (`grid.existing_mix`) are
    assumed; `area` covers the customers, `exists` is set.
    """
    network = existing_network_of(city, stock, given)
    mix = source_mix(given, "grid.existing_mix")
    shapes = city.buildings.geometry
    plans = {}
    for number, (name, ids) in enumerate(_largest_first(network), start=1):
        area = _covered(shapes.loc[ids], given)
        plans[name] = NetworkPlan(
            name, _street_name(city.buildings, ids) or str(number), STANDING_SINCE, mix, area,
            exists=True,
        )  # fmt: skip
    return plans


def existing_network_of(city: City, stock: pd.DataFrame, given: Assumptions) -> pd.Series[str]:
    """Return the id of its network for every building of the stock with district heat."""
    on = stock[(stock["system"] == "district_heat") & stock.index.isin(city.buildings.index)]
    on = on.sort_index()
    named = on["network_id"].astype(object) if "network_id" in on else pd.Series(None, on.index)
    named = named.where(named.notna(), None)
    open_ids = on.index[named.isna()]
    if len(open_ids):
        found = _groups(city.buildings.geometry.loc[open_ids], given["grid.existing_reach"])
        named = named.copy()
        named.loc[open_ids] = found
    return named.rename("network_id")


def _groups(shapes: gpd.GeoSeries, reach_m: float) -> NDArray[np.object_]:
    """Return an id for each building, the same for those that hang together."""
    houses = shapes.to_numpy()
    one, other = shapely.STRtree(houses).query(houses, predicate="dwithin", distance=reach_m)
    part = parts(len(houses), one, other)
    size = np.bincount(part)
    if size.max() < FEWEST:  # nothing to tell them apart by: one network of unknown extent
        part = np.zeros_like(part)
        size = np.bincount(part)
    large = size[part] >= min(FEWEST, size.max())
    middle = shapely.get_coordinates(shapely.centroid(houses))
    nearest = cKDTree(middle[large]).query(middle[~large])[1]
    part[~large] = part[large][nearest]
    first = pd.Series(shapes.index, shapes.index).groupby(part).transform("first")
    return np.array([f"existing:{name}" for name in first], object)


def _largest_first(network: pd.Series[str]) -> list[tuple[str, pd.Index[str]]]:
    groups = [(str(name), part.index) for name, part in network.groupby(network)]
    return sorted(groups, key=lambda group: (-len(group[1]), group[0]))


def _covered(shapes: gpd.GeoSeries, given: Assumptions) -> shapely.Geometry:
    """Return the area of a network: its buildings and the ground between near ones."""
    reach = given["grid.existing_reach"] / 2
    houses = shapely.buffer(shapes.to_numpy(), 5.0, quad_segs=2)
    wide = shapely.union_all(shapely.buffer(houses, reach, quad_segs=2))
    between = shapely.buffer(wide, -reach, quad_segs=2)
    return shapely.simplify(shapely.union_all([*houses, between]), 1.0)


def _street_name(buildings: gpd.GeoDataFrame, ids: pd.Index[str]) -> str:
    names = buildings.loc[ids, "street"].dropna()
    return str(names.value_counts().sort_index().idxmax()) if len(names) else ""


def source_mix(given: Assumptions, name: str) -> dict[str, float]:
    """Return a source mix by assumption, brought to a sum of 1."""
    shares = given.by_class(name)
    total = sum(shares.values())
    return {source: share / total for source, share in sorted(shares.items())}
