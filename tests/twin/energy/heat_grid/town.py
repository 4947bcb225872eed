"""Towns with a grid of streets and houses along them, small enough to work out by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, box

from tests.conftest import CRS
from twin.city import City
from twin.schema import TABLES
from twin.state import NetworkPlan
from twin.validation import conform

E0, N0 = 370_000.0, 5_631_000.0
SOURCES = {"air_heat_pump": 0.7, "biomass": 0.3}


def street_table(edges, nodes, *, kind="residential", name=None, **columns):
    """Links both ways for edges (a, b) between nodes {name: (x, y)} in metres from the origin."""
    rows = []
    for number, (a, b) in enumerate(edges):
        ends = [(E0 + nodes[n][0], N0 + nodes[n][1]) for n in (a, b)]
        for way, (x, y) in (("f", (a, b)), ("b", (b, a))):
            line = LineString(ends if way == "f" else ends[::-1])
            other = "b" if way == "f" else "f"
            rows.append(
                {"link_id": f"s{number:04d}:{way}", "reverse_id": f"s{number:04d}:{other}",
                 "from_node": x, "to_node": y, "class": kind, "name": name, "way_id": str(number),
                 "length_m": line.length, "is_bridge": False, "is_tunnel": False, "geometry": line}
            )  # fmt: skip
    frame = gpd.GeoDataFrame(pd.DataFrame(rows).set_index("link_id"), geometry="geometry", crs=CRS)
    return frame.assign(**columns)


def house_table(places, *, size=10.0, **columns):
    """Square houses with their south wall's middle at places [(x, y)]."""
    half = size / 2
    shapes = [box(E0 + x - half, N0 + y, E0 + x + half, N0 + y + size) for x, y in places]
    ids = [f"h{number:04d}" for number in range(len(places))]
    frame = gpd.GeoDataFrame({"use": "residential"}, index=ids, geometry=shapes, crs=CRS)
    return frame.assign(**columns)


def make_city(streets, houses, *, blocks=None, name="Gridtown"):
    """Return a city of streets and houses; nodes are not looked at by the models."""
    nothing = pd.DataFrame(index=[])
    raw = {"streets": streets, "buildings": houses, "blocks": blocks}
    tables = {
        key: conform(TABLES[key], nothing if frame is None else frame, crs=CRS)
        for key, frame in raw.items()
    }
    return City(name, CRS, tables)


def grid_town(n=4, spacing=100.0, per_street=3, seed=0, away=8.0):
    """Return a town of n x n crossings, with houses north of every street that runs east."""
    rng = np.random.default_rng(seed)
    nodes = {f"n{i}_{j}": (i * spacing, j * spacing) for i in range(n) for j in range(n)}
    east = [(f"n{i}_{j}", f"n{i + 1}_{j}") for j in range(n) for i in range(n - 1)]
    north = [(f"n{i}_{j}", f"n{i}_{j + 1}") for j in range(n - 1) for i in range(n)]
    share = (np.arange(per_street) + 1) / (per_street + 1)
    places = [
        (nodes[a][0] + s * spacing, nodes[a][1] + away + rng.uniform(0, 4))
        for a, _ in east
        for s in share
    ]
    return make_city(street_table(east + north, nodes), house_table(places))


def line_town(places, length=100.0, sections=3):
    """Return a town on one straight street from west to east, cut into sections."""
    nodes = {f"n{i}": (i * length, 0.0) for i in range(sections + 1)}
    edges = [(f"n{i}", f"n{i + 1}") for i in range(sections)]
    return make_city(street_table(edges, nodes), house_table(places))


def customers(ids, kwh=20_000.0, kw=10.0):
    return pd.DataFrame({"annual_kwh": kwh, "peak_kw": kw}, index=pd.Index(ids), dtype=float)


def plan(**changes):
    start = {"id": "n1", "name": "Test", "start_year": 2030, "sources": SOURCES}
    return NetworkPlan(**{**start, **changes})
