"""The railway line of the model town; its buses are led through their stops by `layers.transit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.source_data import Routes

if TYPE_CHECKING:
    import geopandas as gpd

HEADWAY_MIN = 20.0
"""S13 Köln-Troisdorf (bonn.wiki and sewiki.info, 2025, as read in the facts on Troisdorf)."""


def rail_routes(stops: gpd.GeoDataFrame) -> Routes:
    """
    Return one S-Bahn line through the stations of each town, in the order along their main axis.

    The stations of one town share the start of their ids (a region repeats the town).
    """
    stations = stops[(stops["class"] == "rail").to_numpy()].sort_index()
    town = stations.index.str.replace(r"stops_\d+$", "", regex=True)
    parts = [_in_order(stations[town == name]) for name in sorted(set(town))]
    parts = [part for part in parts if len(part) > 1]
    lines = pd.DataFrame(
        {
            "class": "rail", "ref": [f"S {i}" for i in range(1, len(parts) + 1)], "name": None,
            "from": None, "to": None, "operator": "Modellbahn", "colour": "#008c3c",
            "headway_min": HEADWAY_MIN, "master": None, "long_distance": False,
            "course_source": "estimated:model_town",
        },
        index=[f"model:s_bahn_{i}" for i in range(1, len(parts) + 1)],
    )  # fmt: skip
    members = [
        pd.DataFrame(
            {
                "route": key, "key": part.index, "role": "stop", "is_halt": True,
                "x": part.geometry.x, "y": part.geometry.y,
            }
        )
        for key, part in zip(lines.index, parts, strict=True)
    ]  # fmt: skip
    nothing = pd.DataFrame(columns=["route", "key", "role", "is_halt", "x", "y"])
    return Routes(lines, pd.concat(members, ignore_index=True) if members else nothing)


def _in_order(stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    xy = shapely.get_coordinates(stations.geometry.to_numpy())
    if len(xy) < 2:
        return stations
    middle = xy - xy.mean(axis=0)
    axis = np.linalg.svd(middle, full_matrices=False)[2][0]
    axis = axis * np.sign(axis[np.abs(axis).argmax()])
    return stations.iloc[np.argsort(np.round(middle @ axis, 3), kind="stable")]
