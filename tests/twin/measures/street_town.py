"""A town of nine junctions, a hundred metres apart, for measures on streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from shapely import LineString, Point, box

from tests.conftest import CRS, make_tables
from twin.assumptions import assumptions
from twin.city import City
from twin.scenario import load_scenario
from twin.schema import TABLES
from twin.state import State
from twin.validation import conform

if TYPE_CHECKING:
    from twin.measures import Measure

E, N = 370_000.0, 5_631_000.0
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

# rows of streets from west to east are a, b, c; columns from south to north d, e, f
CLASSES = {"a": "tertiary", "b": "residential", "c": "residential", "d": "secondary",
           "e": "residential", "f": "service"}  # fmt: skip


def node(x: int, y: int) -> str:
    """Name the junction at x, y hundred metres."""
    return f"n{x}{y}"


def _streets() -> pd.DataFrame:
    rows = []
    for name in "abc":
        y = "abc".index(name)
        rows += [(f"{name}:{x}", name, (x, y), (x + 1, y)) for x in range(2)]
    for name in "def":
        x = "def".index(name)
        rows += [(f"{name}:{y}", name, (x, y), (x, y + 1)) for y in range(2)]
    found: list[dict[str, Any]] = []
    for key, way, a, b in rows:
        for side, start, end in (("f", a, b), ("b", b, a)):
            if key == "f:0" and side == "b":
                continue  # one-way to the north
            found.append(_row(key, way, side, start, end))
    found.append(_bridge())
    return pd.DataFrame(found).set_index("key")


def _row(key: str, way: str, side: str, a: tuple[int, int], b: tuple[int, int]) -> dict[str, Any]:
    other = {"f": "b", "b": "f"}[side]
    primary = way == "d"
    return {
        "key": f"{key}:{side}", "way_id": way, "from_node": node(*a), "to_node": node(*b),
        "reverse_id": None if key == "f:0" else f"{key}:{other}", "name": f"Weg {way.upper()}",
        "class": CLASSES[way], "length_m": 100.0, "speed_kmh": 50.0 if way in "ad" else 30.0,
        "lanes": 2.0 if primary else 1.0, "capacity_vehh": 1800.0 if primary else np.nan,
        "capacity_source": "tagged" if primary else None, "level": 0.0, "is_bridge": False,
        **{f"allow_{mode}": True for mode in ("car", "truck", "bus", "bike", "walk")},
        "geometry": LineString([(E + 100 * x, N + 100 * y) for x, y in (a, b)]),
    }  # fmt: skip


def _bridge() -> dict[str, Any]:
    """A motorway that passes over everything, from south-west to north-east."""
    return {
        **_row("m:0", "d", "f", (0, 0), (2, 2)), "way_id": "m", "name": None, "class": "motorway",
        "from_node": "s", "to_node": "t", "reverse_id": None, "length_m": 339.411,
        "speed_kmh": 120.0, "lanes": 2.0, "capacity_vehh": np.nan, "capacity_source": None,
        "allow_bike": False, "allow_walk": False, "level": 1.0, "is_bridge": True,
        "geometry": LineString([(E - 20, N - 20), (E + 220, N + 220)]),
    }  # fmt: skip


def make_city() -> City:
    """Nine junctions, 23 links, a motorway above; a turn rule, a zebra, signals, a stop."""
    tables = make_tables()
    streets = _streets()
    geometry = streets.pop("geometry")
    both = {
        "is_ramp": False, "is_roundabout": False, "is_tunnel": False, "car_access": "public",
        "cycle_facility": "none", "surface": "asphalt", "car_reach": "main", "bike_reach": "main",
        "walk_reach": "main", "speed_source": "tagged", "lanes_source": "estimated:class",
    }  # fmt: skip
    frame = gpd.GeoDataFrame(streets.assign(**both), geometry=list(geometry), crs=CRS)
    places = {node(x, y): (E + 100 * x, N + 100 * y) for x in range(3) for y in range(3)}
    places |= {"s": (E - 20, N - 20), "t": (E + 220, N + 220)}
    nodes = gpd.GeoDataFrame(
        {"control": "none", "is_boundary": False, "degree": 3.0},
        index=list(places), geometry=[Point(xy) for xy in places.values()], crs=CRS,
    )  # fmt: skip
    nodes.loc["n11", ["control", "degree"]] = ["signals", 4.0]
    points = gpd.GeoDataFrame(
        {
            "class": ["crossing_zebra", "signals", "give_way"], "blocks_car": False,
            "link_id": ["b:0:f", "b:0:f", "e:0:f"],
        },
        index=["zebra", "lights", "sign"],
        geometry=[Point(E + 30, N + 100), Point(E + 95, N + 101), Point(E + 100, N + 20)], crs=CRS,
    )  # fmt: skip
    stops = gpd.GeoDataFrame(
        {"name": "Halt", "class": "bus", "link_id": ["b:0:b", "a:0:f"]}, index=["h1", "h2"],
        geometry=[Point(E + 20, N + 102), Point(E + 50, N)], crs=CRS,
    )  # fmt: skip
    turns = pd.DataFrame(
        {"kind": ["no_left_turn", "no_u_turn"], "from_link": ["b:0:f", "e:0:f"],
         "via_node": ["n11", "n11"], "to_link": ["e:1:f", "b:0:b"]}, index=["t1", "t2"]
    )  # fmt: skip
    districts = gpd.GeoDataFrame(
        {"name": ["West", "Ost"], "level": 10.0, "area_m2": 1e4, "boundary_source": "tagged"},
        index=["d1", "d2"],
        geometry=[box(E - 10, N - 10, E + 99, N + 210), box(E + 99, N - 10, E + 210, N + 210)],
        crs=CRS,
    )  # fmt: skip
    named = {"streets": frame, "nodes": nodes, "street_points": points, "stops": stops,
             "turns": turns, "districts": districts}  # fmt: skip
    tables |= {name: conform(TABLES[name], table, crs=CRS) for name, table in named.items()}
    return City("Neunstadt", CRS, tables)


TOWN = State(2025, make_city(), pd.DataFrame(), assumptions())


def degrees(*xy: tuple[float, float]) -> list[list[float]]:
    """Return points, given in metres from the origin of the town, in degrees."""
    return [list(TO_DEGREES.transform(E + x, N + y)) for x, y in xy]


def area(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a GeoJSON rectangle, given in metres from the origin of the town."""
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [degrees(*corners)]}


def line(*xy: tuple[float, float]) -> dict[str, Any]:
    """Return a GeoJSON line, given in metres from the origin of the town."""
    return {"type": "LineString", "coordinates": degrees(*xy)}


def measure(kind: str, **fields: Any) -> Measure:
    """Return one measure as a scenario file would give it."""
    content = {"kind": kind, "id": fields.pop("id", "m"), **fields}
    return load_scenario({"format": 2, "measures": [content]}).measures[0]


def done(*measures: Measure, state: State = TOWN, year: int = 2030) -> State:
    """Do measures one after the other."""
    for one in measures:
        begun = one.begin(state)
        assert not begun.faults, [str(fault) for fault in begun.faults]
        state = one.advance(state, begun, since=one.start_year - 1, year=year)
    return state


def faults(one: Measure, state: State = TOWN) -> str:
    """Return what is wrong with a measure, as one text."""
    return " ".join(map(str, one.begin(state).faults))


def differences(before: State, after: State, table: str = "streets") -> dict[str, set[str]]:
    """Return by column the rows in which two states of a table differ, bit for bit."""
    old, new = before.city.tables[table], after.city.tables[table]
    assert old.index.equals(new.index)
    assert (old.dtypes == new.dtypes).all()
    found = {}
    for name in old.columns:
        if name == "geometry":
            assert old.geometry.to_wkb().equals(new.geometry.to_wkb())
            continue
        one, two = old[name].astype(object), new[name].astype(object)
        differs = (one != two) & ~(one.isna() & two.isna())
        if differs.any():
            found[name] = set(old.index[differs])
    return found


def assert_consistent(city: City) -> None:
    """Links end at their junctions, opposite ones mirror each other, all keys are there."""
    streets, nodes = city.streets, city.nodes
    for which, column in ((0, "from_node"), (-1, "to_node")):
        ends = np.array([[g.coords[which][0], g.coords[which][1]] for g in streets.geometry])
        there = nodes.geometry.loc[streets[column]]
        assert np.array_equal(ends, np.column_stack([there.x, there.y]))
    assert (streets["from_node"] != streets["to_node"]).all()
    paired = streets[streets["reverse_id"].notna()]
    back = streets.loc[paired["reverse_id"]]
    assert (back["reverse_id"].to_numpy() == paired.index).all()
    assert (back["from_node"].to_numpy() == paired["to_node"].to_numpy()).all()
    for one, other in zip(paired.geometry, back.geometry, strict=True):
        assert one.reverse().equals_exact(other, 1e-6)
    assert np.allclose(streets["length_m"], streets.geometry.length, atol=2e-3)
    turns = city.tables["turns"]
    assert (streets["to_node"].loc[turns["from_link"]].to_numpy() == turns["via_node"]).all()
    assert (streets["from_node"].loc[turns["to_link"]].to_numpy() == turns["via_node"]).all()
    for name in ("street_points", "stops"):
        table = city.tables[name]
        table = table[table["link_id"].notna()]
        own = streets.geometry.loc[table["link_id"]]
        assert all(own.iloc[n].distance(p) < 5 for n, p in enumerate(table.geometry))
