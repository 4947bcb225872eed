"""Stops put together that people call one: both sides of a street, the platforms of a station."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from twin.assumptions import Assumptions

Array = np.ndarray[Any, Any]

STREET = ("bus", "tram", "other")
TRACK = ("light_rail", "subway", "rail")
ROUNDABOUT = 1.35
"""Ways between stops are this much longer than the straight line (to choose among places only)."""
DRIVES_M_S = 7.0


def halting_places(stops: gpd.GeoDataFrame, given: Assumptions) -> Array:
    """
    Return the number of the halting place of each stop, numbered in the order of the stops.

    On streets stops of one name within `timetable.place_radius` are one place, and stops of which
    one has no name within half of it; on tracks those of one class within
    `timetable.station_radius`. Taxis and ferries stay alone.
    """
    kind = stops["class"].astype("str").to_numpy(object)
    group = np.where(np.isin(kind, STREET), "street", kind)
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    radius, station = given["timetable.place_radius"], given["timetable.station_radius"]
    if len(stops) < 2:
        return np.arange(len(stops))
    a, b = cKDTree(xy).query_pairs(max(radius, station), output_type="ndarray").reshape(-1, 2).T
    away = np.hypot(*(xy[a] - xy[b]).T)
    name = stops["name"].to_numpy(object)
    bare = pd.isna(name)
    same = ~bare[a] & ~bare[b] & (name[a] == name[b])
    nameless = (bare[a] | bare[b]) & (away <= radius / 2)
    street = (group[a] == "street") & ((same & (away <= radius)) | nameless)
    track = np.isin(group[a], TRACK) & (away <= station)
    tied = (group[a] == group[b]) & (street | track)
    n = len(stops)
    graph = coo_matrix((np.ones(int(tied.sum())), (a[tied], b[tied])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    numbers: Array = pd.factorize(label)[0]
    return numbers


def members(places: Array, rows: Array) -> dict[int, Array]:
    """Return the rows of each place, of some rows of the stops."""
    found = pd.Series(rows).groupby(places[rows])
    return {int(str(place)): group.to_numpy() for place, group in found}


def place_positions(stops: gpd.GeoDataFrame, places: Array) -> Array:
    """Return the middle of the stops of each place (p, 2)."""
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    count = np.bincount(places)[:, None]
    return np.column_stack([np.bincount(places, weights=part) for part in xy.T]) / count


def insertion(order: Sequence[int], place: int, xy: Array) -> tuple[float, int]:
    """
    Return the seconds that a place more costs a line at best, and where in the order it comes.

    >>> import numpy as np
    >>> xy = np.array([[0.0, 0.0], [700.0, 0.0], [350.0, 0.0]])
    >>> insertion([0, 1], 2, xy)
    (0.0, 1)
    """
    along, here = xy[list(order)], xy[place]
    away = np.hypot(*(along - here).T)
    between = np.hypot(*np.diff(along, axis=0).T)
    more = np.concatenate([away[:1], away[:-1] + away[1:] - between, away[-1:]])
    at = int(more.argmin())
    return float(more[at]) * ROUNDABOUT / DRIVES_M_S, at
