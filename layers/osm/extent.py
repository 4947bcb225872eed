"""How far an extract reaches, and so which streets it cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from layers.osm.tags import tag

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from layers.osm.topology import Vertices

EDGE_M = 5.0  # a street that ends this close to the edge is taken for cut

ALONE = (
    "amenity",
    "shop",
    "tourism",
    "natural",
    "addr:housenumber",
    "man_made",
    "historic",
    "leisure",
)

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Extent:
    """The area the extract is complete in; None where nothing tells."""

    area: Any

    def contains(self, points: Array) -> Array:
        """Return which points lie well inside; all do where nothing is known."""
        if self.area is None:
            return np.ones(len(points), dtype=bool)
        return np.asarray(shapely.contains_properly(self.area, points))


def extent(raw: RawOsm, vertices: Vertices, crs: str) -> Extent:
    """
    Return the area an extract is complete in.

    The box named in the file, where it fits the data. Else the hull of points that belong to no
    way: tools that cut extracts keep whole ways, which stick out, but no such point outside.
    """
    if raw.bounds is not None:
        area = _box(raw.bounds, crs)
        middle = np.median(vertices.xy, axis=0) if len(vertices.xy) else np.zeros(2)
        spread = np.ptp(vertices.xy, axis=0).prod() if len(vertices.xy) else 0.0
        if shapely.contains_xy(area, *middle) and area.area <= 100 * max(spread, 1.0):
            return Extent(area.buffer(-EDGE_M))
    alone = pd.Series(data=False, index=raw.nodes.index)
    for key in ALONE:
        alone |= tag(raw.nodes, key).notna()
    points = raw.nodes["geometry"].to_numpy(dtype=object)[alone]
    hull: Any = shapely.convex_hull(shapely.multipoints(points)) if len(points) >= 30 else None
    return Extent(hull if hull is not None and hull.geom_type == "Polygon" else None)


def _box(bounds: tuple[float, float, float, float], crs: str) -> Any:
    west, south, east, north = bounds
    ring = shapely.segmentize(shapely.box(west, south, east, north), max(east - west, 1e-6) / 20)
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    xy = np.column_stack(to_metres.transform(*shapely.get_coordinates(ring).T))
    return shapely.polygons(xy) if np.isfinite(xy).all() else shapely.Polygon()
