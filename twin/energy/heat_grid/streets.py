"""Streets as a heat network sees them: sections without direction, and where houses meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City

NEAR_M = 60.0
"""First radius in which streets around a house are weighed; only a matter of speed."""


@dataclass(frozen=True, eq=False)
class Ground:
    """
    Where pipes can lie in a city: the same for every network, plan and year.

    `sections` as `pipe_sections`, `connections` as `connect_points` for every building that is no
    part of another, `section_of` the section of every link. Depends on buildings, streets and the
    theme `grid` of the assumptions only.
    """

    sections: gpd.GeoDataFrame
    connections: gpd.GeoDataFrame
    section_of: pd.Series[str]


def make_ground(city: City, given: Assumptions) -> Ground:
    """
    Prepare streets and house connections of a city once for all its networks.

    Raises
    ------
    ModelError
        The city has no streets that could carry a pipe.
    """
    sections = pipe_sections(city.streets, given)
    if len(sections) == 0:
        template = "{city} has no streets that a heat network could follow."
        hint = "Build the city with a source of streets, e.g. an OpenStreetMap extract."
        raise ModelError(template, hint=hint, city=city.name)
    buildings = city.buildings[city.buildings["part_of"].isna()]
    connections = connect_to(buildings, sections, given)
    return Ground(sections, connections, section_of_links(city.streets))


def street_sections(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Return the streets as undirected sections: a link and its opposite link are one.

    Index `section_id` is the first of the two link ids by alphabet, sorted; the geometry runs from
    `from_node` to `to_node` of that link.
    """
    opposite = streets["reverse_id"].astype(object)
    own = pd.Series(streets.index, index=streets.index, dtype=object)
    paired = opposite.isin(streets.index) & opposite.notna()
    first = ~paired | (own < opposite.where(paired, own))
    sections = streets[first].sort_index()
    return sections.rename_axis("section_id")


def section_of_links(streets: gpd.GeoDataFrame) -> pd.Series[str]:
    """Return the section id of every link, indexed by link id."""
    own = pd.Series(streets.index, index=streets.index, dtype=object)
    opposite = streets["reverse_id"].astype(object)
    paired = opposite.isin(streets.index) & opposite.notna()
    section = own.where(~paired | (own < opposite.where(paired, own)), opposite)
    return section.astype(str)


def pipe_sections(streets: gpd.GeoDataFrame, given: Assumptions) -> gpd.GeoDataFrame:
    """
    Return the sections that can carry a pipe, with `laying_factor` and `connect_penalty_m`.

    Motorways, trunk roads and steps carry none; bridges and tunnels do at a high factor, but no
    house is connected on them (penalty inf).
    """
    factors = given.by_class("grid.laying_factor")
    penalties = given.by_class("grid.connect_penalty")
    sections = street_sections(streets[streets["class"].isin(list(factors))])
    kinds = sections["class"].astype(str)
    crossing = (sections["is_bridge"] | sections["is_tunnel"]).to_numpy(bool)
    factor = kinds.map(factors).to_numpy(float)
    penalty = kinds.map(penalties).to_numpy(float)
    keep = ["from_node", "to_node", "class", "name", "length_m", "geometry"]
    return sections[keep].assign(
        laying_factor=np.where(crossing, factor * given["grid.crossing_factor"], factor),
        connect_penalty_m=np.where(crossing, np.inf, penalty),
    )


def connect_points(
    buildings: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, given: Assumptions
) -> gpd.GeoDataFrame:
    """
    Return where each building would be connected to a pipe in the street.

    Chosen is the section of least distance from the footprint, paths and yards put back by
    `grid.connect_penalty`, the street of the address preferred by `grid.address_bonus`.

    Returns
    -------
    connections
        Index building_id as given; `section_id` (missing where no street lies within
        `grid.max_connection`), `position_m` along the section, geometry the point there, opposite
        the middle of the building; `connection_m` from the footprint to this point on the axis of
        the street.
    """
    return connect_to(buildings, pipe_sections(streets, given), given)


def connect_to(
    buildings: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, given: Assumptions
) -> gpd.GeoDataFrame:
    """Return what `connect_points` gives, for sections as `pipe_sections` made them."""
    open_to = np.isfinite(sections["connect_penalty_m"].to_numpy())
    usable = sections[open_to]
    chosen = np.full(len(buildings), -1)
    reach = given["grid.max_connection"]
    for radius in (min(NEAR_M, reach), reach):
        left = np.flatnonzero(chosen < 0)
        chosen[left] = _nearest(buildings.iloc[left], usable, radius, given)
    return _connection_table(buildings, usable, chosen)


def _nearest(
    buildings: gpd.GeoDataFrame,
    sections: gpd.GeoDataFrame,
    radius: float,
    given: Assumptions,
) -> NDArray[np.intp]:
    """Return the row of the best section within a radius [m] of each building, -1 for none."""
    shapes = buildings.geometry.to_numpy()
    lines = sections.geometry.to_numpy()
    tree = shapely.STRtree(lines)
    house, line = tree.query(shapes, predicate="dwithin", distance=radius)
    cost = shapely.distance(shapes[house], lines[line])
    cost = cost + sections["connect_penalty_m"].to_numpy()[line]
    same = _same_street(buildings, sections, house, line)
    cost = np.where(same, cost - given["grid.address_bonus"], cost)
    # sections are sorted by id: equal costs go to the first of the alphabet
    order = np.lexsort((line, np.round(cost, 3), house))
    first = np.unique(house[order], return_index=True)
    best = np.full(len(buildings), -1)
    best[first[0]] = line[order][first[1]]
    return best


def _same_street(
    buildings: gpd.GeoDataFrame,
    sections: gpd.GeoDataFrame,
    house: NDArray[np.intp],
    line: NDArray[np.intp],
) -> NDArray[np.bool_]:
    if "street" not in buildings:
        return np.zeros(len(house), bool)
    both = pd.concat([buildings["street"].astype(object), sections["name"].astype(object)])
    codes = pd.factorize(both)[0]  # -1 where missing
    at_house, at_line = codes[: len(buildings)][house], codes[len(buildings) :][line]
    return np.asarray((at_house == at_line) & (at_house >= 0))


def _connection_table(
    buildings: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, chosen: NDArray[np.intp]
) -> gpd.GeoDataFrame:
    found = chosen >= 0
    rows = chosen[found]
    lines = sections.geometry.to_numpy()[rows]
    shapes = buildings.geometry.to_numpy()[found]
    share = shapely.line_locate_point(lines, shapely.centroid(shapes), normalized=True)
    point = shapely.line_interpolate_point(lines, share, normalized=True)
    section = np.full(len(buildings), None, object)
    section[found] = sections.index.to_numpy()[rows]
    points = np.full(len(buildings), None, object)
    points[found] = point
    table = {
        "section_id": section,
        "position_m": _filled(found, share * sections["length_m"].to_numpy()[rows]),
        "connection_m": _filled(found, shapely.distance(shapes, point)),
    }
    return gpd.GeoDataFrame(table, index=buildings.index, geometry=points, crs=buildings.crs)


def _filled(found: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    column = np.full(len(found), np.nan)
    column[found] = values
    return column
