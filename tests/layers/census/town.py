"""Small cities on a made-up grid, for the census tests."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from tests.conftest import CRS
from twin.schema import BUILDINGS, CELLS, CENSUS_COUNTS
from twin.validation import conform

E, N = 370_000.0, 5_631_000.0


def houses(places, **columns):
    """Give houses of 10 m x 10 m with their middle at (east, north) of the grid's corner."""
    frame = gpd.GeoDataFrame(
        {
            "use": "residential", "use_source": "tagged",
            "storeys": 2.0, "storeys_source": "tagged",
            "height_m": 8.0, "height_source": "tagged", "min_height_m": 0.0, "footprint_m2": 100.0,
            "roof_type": "gabled", "roof_type_source": "tagged", "living_area_m2": 150.0,
            "living_area_source": "estimated:floor_area", **columns,
        },
        index=[f"b{i:03}" for i in range(len(places))],
        geometry=[box(E + x - 5, N + y - 5, E + x + 5, N + y + 5) for x, y in places],
        crs=CRS,
    )  # fmt: skip
    return conform(BUILDINGS, frame, crs=CRS)


def grid(rows):
    """Give cells from (key, west, south, size, residents, dwellings, buildings); None: not told."""
    table = pd.DataFrame(
        rows, columns=["key", "x", "y", "size_m", "residents", "dwellings", "buildings"]
    ).set_index("key")
    frame = gpd.GeoDataFrame(
        table,
        geometry=[
            box(E + x, N + y, E + x + s, N + y + s)
            for x, y, s in zip(table["x"], table["y"], table["size_m"], strict=True)
        ],
        crs=CRS,
    )
    for name in ("residents", "dwellings", "buildings"):
        frame[name] = frame[name].astype(float)
        frame[f"{name}_source"] = np.where(frame[name].notna(), "registered:census", None)
    return conform(CELLS, frame, crs=CRS)


def counted(rows):
    """Give counts from (cell, theme, class, count)."""
    table = pd.DataFrame(rows, columns=["cell_id", "theme", "class", "count"])
    keys = table["cell_id"] + ":" + table["theme"] + ":" + table["class"]
    return conform(CENSUS_COUNTS, table.set_index(keys), crs=CRS)


NO_COUNTS = counted([])
