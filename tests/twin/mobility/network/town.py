"""Streets and junctions made by hand, in metres around a corner of Germany's grid."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point

CRS = "EPSG:25832"

STREET = {
    "class": "residential", "name": None, "ref": None, "is_ramp": False, "is_roundabout": False,
    "is_bridge": False, "is_tunnel": False,
    "speed_kmh": 50.0, "lanes": 1.0, "capacity_vehh": np.nan, "allow_car": True,
    "allow_truck": True, "allow_bus": True, "allow_bike": True, "allow_walk": True,
    "car_access": "public", "cycle_facility": "none", "surface": "asphalt",
    "gradient_percent": np.nan,
}  # fmt: skip


def nodes_of(places: dict[str, tuple[float, float]], **more: Any) -> gpd.GeoDataFrame:
    """Junctions at places [m]; `more` are columns."""
    columns = {"control": "none", "is_boundary": False, "degree": 2.0, **more}
    geometry = [Point(xy) for xy in places.values()]
    return gpd.GeoDataFrame(columns, index=list(places), geometry=geometry, crs=CRS)


def streets_of(
    nodes: gpd.GeoDataFrame, ways: list[str], changes: dict[str, dict[str, Any]] | None = None
) -> gpd.GeoDataFrame:
    """
    Streets like "a-b" (both directions: "a-b" and "b-a") or "a>b" (one way for vehicles).

    On foot the other direction "b-a" of a one-way street is there too. `changes` are columns by
    street id.
    """
    rows: dict[str, dict[str, Any]] = {}
    for way in ways:
        a, b = way.replace(">", "-").split("-")
        for start, end in ((a, b), (b, a)):
            row: dict[str, Any] = {**STREET, "from_node": start, "to_node": end}
            row |= {"way_id": f"{a}{b}", "reverse_id": f"{end}-{start}"}
            if ">" in way and start == b:
                row |= {f"allow_{mode}": False for mode in ("car", "truck", "bus", "bike")}
            row |= (changes or {}).get(f"{start}-{end}", {})
            rows[f"{start}-{end}"] = row
    line = {
        key: LineString([nodes.geometry[row["from_node"]], nodes.geometry[row["to_node"]]])
        for key, row in rows.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["length_m"] = [line[key].length for key in table.index]
    table["capacity_vehh"] = table["capacity_vehh"].astype(float)
    return gpd.GeoDataFrame(table, geometry=[line[key] for key in table.index], crs=CRS)


def turns_of(*rules: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Turn restrictions: kind, from street, to street, modes they do not bind."""
    rows = [
        {
            "kind": kind, "from_link": start, "via_node": start.split("-")[1], "to_link": end,
            "except_modes": free,
        }
        for kind, start, end, free in rules
    ]  # fmt: skip
    columns = ["kind", "from_link", "via_node", "to_link", "except_modes"]
    return pd.DataFrame(rows, columns=columns, index=[f"t{i}" for i in range(len(rows))])


CROSS = {"m": (0, 0), "n": (0, 200), "e": (200, 0), "s": (0, -200), "w": (-200, 0)}
CROSS_WAYS = ["m-n", "m-e", "m-s", "m-w"]


def cross(control: str = "none", **more: Any) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return streets and junctions of a crossing of four streets, each 200 m long."""
    nodes = nodes_of(CROSS)
    nodes.loc["m", "control"] = control
    return streets_of(nodes, CROSS_WAYS, **more), nodes
