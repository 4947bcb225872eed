"""Streets and buildings of noise tests, solved by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.assumptions import assumptions

GIVEN = assumptions()
CRS = "EPSG:25832"
PLAIN = {
    "reverse_id": None, "class": "residential", "speed_kmh": 50.0, "surface": "asphalt",
    "gradient_percent": 0.0, "allow_car": True, "allow_truck": True, "allow_bus": True,
    "is_tunnel": False,
}  # fmt: skip


def streets(*lines, **more):
    """Streets s0, s1 ... along lists of corners; nodes n0, n1 ... are shared where points are."""
    shapes = [shapely.LineString(line) for line in lines]
    known = {}
    ends = [[known.setdefault(tuple(point), f"n{len(known)}") for point in (line[0], line[-1])]
            for line in lines]  # fmt: skip
    table = pd.DataFrame({**PLAIN, **more}, index=[f"s{i}" for i in range(len(lines))])
    table["from_node"], table["to_node"] = zip(*ends, strict=True)
    table["length_m"] = shapely.length(shapes)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)


def nodes(network, **control):
    names = sorted({*network["from_node"], *network["to_node"]})
    return pd.DataFrame({"control": [control.get(name, "none") for name in names]}, index=names)


def houses(*boxes, height=9.0, **more):
    """Rectangles (left, bottom, right, top)."""
    shapes = [shapely.box(*box) for box in boxes]
    table = {"height_m": height, "residents": 2.0, "use": "residential", **more}
    ids = [f"b{i}" for i in range(len(boxes))]
    return gpd.GeoDataFrame(pd.DataFrame(table, index=ids), geometry=shapes, crs=CRS)


def flows(network, car, truck=0.0):
    values = {
        "car": np.broadcast_to(car, len(network)),
        "truck": np.broadcast_to(truck, len(network)),
    }
    return pd.DataFrame(values, index=network.index, dtype=float)
