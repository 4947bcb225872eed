"""Stops matched to the streets from which passengers come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.assumptions import assumed
from twin.schema import STOPS
from twin.validation import conform

if TYPE_CHECKING:
    import geopandas as gpd

ON_STREET = ("bus", "tram", "taxi", "other")  # what halts at the kerb
ON_AXIS_M = 1.0  # closer to the line, the side cannot be told
Array = np.ndarray[Any, Any]


def attach_stops(stops: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, *, crs: str) -> Any:
    """
    Return the stops with the link that passengers come from, where they name none that exists.

    A stop of buses or trams within `stop_kerb_distance` of a street that buses may use belongs
    to that street, to the direction that has the stop on its right (right-hand traffic). Every
    other stop, railway stations first of all, belongs to the nearest link that one can walk to,
    within `stop_walk_distance`, links of the main walking network before islands. Beyond, the
    link stays missing.

    `stops` and `streets` are the standard tables in `crs`; raises `ValueError` for another CRS.
    """
    if stops.crs != crs or streets.crs != crs:
        msg = f"stops ({stops.crs}) and streets ({streets.crs}) must be in {crs}"
        raise ValueError(msg)
    bare = ~stops["link_id"].isin(streets.index).to_numpy()
    links = streets[streets["allow_walk"].to_numpy() & (streets["class"] != "motorway").to_numpy()]
    link = pd.Series(stops["link_id"].astype(object).where(~bare, None), index=stops.index)
    if bare.any() and len(links):
        link[bare] = _nearest(stops[bare], links.sort_index())
    return conform(STOPS, stops.assign(link_id=link), crs=crs)


def _nearest(stops: gpd.GeoDataFrame, links: gpd.GeoDataFrame) -> Array:
    """Return the key of the best link of each stop, None where none is near."""
    point, line = stops.geometry.to_numpy(), links.geometry.to_numpy()
    tree = shapely.STRtree(line)
    stop, link = tree.query(point, predicate="dwithin", distance=assumed("stop_walk_distance"))
    away = np.round(shapely.distance(point[stop], line[link]), 3)
    kerb = stops["class"].isin(ON_STREET).to_numpy()[stop]
    kerb &= links["allow_bus"].to_numpy()[link] & (away <= assumed("stop_kerb_distance"))
    good_side = _on_the_right(point[stop], line[link], away)
    island = (links["walk_reach"] != "main").to_numpy()[link]
    order = np.lexsort((link, ~good_side, away, island, ~kerb, stop))
    stop, link = stop[order], link[order]
    first = np.unique(stop, return_index=True)[1]
    out = np.full(len(stops), None, dtype=object)
    out[stop[first]] = links.index.to_numpy(dtype=object)[link[first]]
    return out


def _on_the_right(point: Array, line: Array, away: Array) -> Array:
    """Tell whether each point lies on the right of its line or on its axis."""
    place = shapely.line_locate_point(line, point)
    length = shapely.length(line)
    start = shapely.line_interpolate_point(line, np.clip(place - 0.5, 0, None))
    end = shapely.line_interpolate_point(line, np.minimum(place + 0.5, length))
    a, b, p = (shapely.get_coordinates(points) for points in (start, end, point))
    cross = (b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (p[:, 0] - a[:, 0])
    return np.asarray((cross < 0) | (away < ON_AXIS_M))
