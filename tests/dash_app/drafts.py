"""A measure of every kind as somebody would draft it, on the small town with a bus line."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from tests.small_town import plan, small_town
from twin.assumptions import assumptions
from twin.measures import TransitLine
from twin.scenario import today

if TYPE_CHECKING:
    from twin.city import City


def _main_road() -> list[str]:
    """Name the links of the longest named street in one direction, ordered by id."""
    streets = small_town().streets
    cars = streets[streets["allow_car"] & streets["name"].notna()]
    name = cars.groupby("name")["length_m"].sum().idxmax()
    mine = cars[(cars["name"] == name) & cars.index.str.endswith(":f")]
    return sorted(mine.sort_values("length_m").index[-4:])


ROAD = _main_road()


def _spots(links: list[str]) -> list[shapely.Point]:
    lines = small_town().streets.geometry.loc[links]
    return list(lines.interpolate(0.5, normalized=True))


def lonlat(point: shapely.Point) -> list[float]:
    """Return a place in degrees, as the map hands it over."""
    to_degrees = Transformer.from_crs(small_town().crs, "EPSG:4326", always_xy=True)
    return [round(value, 6) for value in to_degrees.transform(point.x, point.y)]


@cache
def town() -> City:
    """Return the small town with four stops and a bus line through them."""
    city = small_town()
    points = _spots(ROAD)
    data = {"name": [f"Halt {n}" for n in range(4)], "class": "bus", "link_id": ROAD}
    index = pd.Index([f"halt{n}" for n in range(4)], dtype="str")
    stops = gpd.GeoDataFrame(data, index=index, geometry=points, crs=city.crs)
    stops = pd.concat([city.stops, stops.reindex(columns=city.stops.columns)])
    stops = stops.astype({name: kind for name, kind in city.stops.dtypes.items()
                          if name != "geometry"})  # fmt: skip
    stops.index.name = city.stops.index.name
    state = today(city.replace(stops=stops), assumptions(), year=2025)
    line = TransitLine(id="bus", name="1", stops=tuple(index), headway_min=30, start_year=2025)
    assert not line.begin(state).faults, line.begin(state).faults
    return line.done(state, line.begin(state)).city


def town_scenario() -> dict[str, Any]:
    """Return a scenario with roofs, so that batteries have something to store."""
    roofs = {"kind": "photovoltaics", "id": "roofs", "start_year": 2025, "select": {"ids": HOUSES}}
    return plan(roofs, stages=[2025, 2030, 2035])


def _area() -> dict[str, Any]:
    west, south, east, north = small_town().streets.total_bounds
    x, y = np.array([west, east, east, west, west]), np.array([south, south, north, north, south])
    ring = [lonlat(shapely.Point(a, b)) for a, b in zip(x, y, strict=True)]
    return {"type": "Polygon", "coordinates": [ring]}


def _line() -> dict[str, Any]:
    first, last = _spots([ROAD[0]])[0], _spots([ROAD[-1]])[0]
    middle = shapely.Point((first.x + last.x) / 2 + 40, (first.y + last.y) / 2 + 40)
    return {"type": "LineString", "coordinates": [lonlat(p) for p in (first, middle, last)]}


def _junction() -> list[float]:
    nodes = small_town().nodes
    mine = nodes[(nodes["degree"] >= 3) & (nodes["control"] == "none")]
    return lonlat(mine.geometry.iloc[0])


def _street() -> str:
    return str(small_town().streets["name"].loc[ROAD[0]])


POINT = lonlat(_spots([ROAD[1]])[0])
HOUSES = [str(key) for key in small_town().buildings.index[:5]]
BLOCK = str(small_town().buildings["block_id"].dropna().value_counts().index[0])
DISTRICT = str(small_town().districts.index[0])
NETWORK = "existing:model:building_0"

EXAMPLES: dict[str, dict[str, Any]] = {
    str(measure["kind"]): {"id": f"my-{n}", "start_year": 2027, **measure}
    for n, measure in enumerate([
        {"kind": "retrofit", "standard": "advanced", "end_year": 2034, "note": "Worst first",
         "select": {"where": [{"column": "size_class", "op": "in",
                               "value": ["detached", "terraced", "apartments"]},
                              {"column": "heated_area_m2", "op": ">", "value": 60.5}]}},
        {"kind": "heating_change", "to": "brine_heat_pump", "outside_networks": True,
         "pace_percent": 7.5, "select": {"blocks": [BLOCK]}},
        {"kind": "heat_network", "network_id": "north", "name": "Nord", "area": _area(),
         "connection_percent": 45, "sources": {"biomass": 0.65, "gas_boiler": 0.35},
         "flow_c": 70},
        {"kind": "network_sources", "network_id": NETWORK, "sources": {"geothermal": 1}},
        {"kind": "photovoltaics", "kwp_per_building": 6.5, "battery_kwh_per_kwp": 0.5,
         "select": {"share": {"percent": 40, "order": "random"}}},
        {"kind": "battery", "kwh": 7.5, "select": {"ids": HOUSES}},
        {"kind": "new_development", "dwellings": 6, "area": _area(), "storeys": 3,
         "size_class": "apartments", "system": "brine_heat_pump"},
        {"kind": "demolition", "select": {"ids": HOUSES[:2]}},
        {"kind": "use_change", "use": "office", "heated": True, "select": {"ids": HOUSES}},
        {"kind": "behaviour", "set_point_c": 18.5, "select": {"districts": [DISTRICT]}},
        {"kind": "energy_price", "assumption": "balance.price_gas_*", "factor": 1.35},
        {"kind": "grid_mix", "path": {"2028": 210.5, "2040": 30}},
        {"kind": "speed_limit", "speed_kmh": 20, "select": {"ids": ROAD}},
        {"kind": "street_closure", "modes": ["car"], "select": {"names": [_street()]}},
        {"kind": "modal_filter", "points": [POINT], "buses_pass": True},
        {"kind": "one_way", "select": {"ids": ROAD[:2]}, "bikes_both_ways": False},
        {"kind": "lanes", "capacity_vehh": 650.5, "select": {"area": _area()}},
        {"kind": "new_link", "line": _line(), "street_class": "cycleway", "name": "Radweg",
         "lanes": 1, "modes": ["bike", "walk"]},
        {"kind": "cycle_facility", "facility": "protected_lane",
         "select": {"classes": ["tertiary", "residential"]}},
        {"kind": "cycle_street", "cars": "residents", "select": {"ids": ROAD}},
        {"kind": "junction_control", "control": "roundabout", "points": [_junction()]},
        {"kind": "parking", "price_eur": 1.5, "supply_factor": 0.8, "area": _area()},
        {"kind": "car_sharing", "cars": 12, "around": {"place": "centre", "radius_m": 750}},
        {"kind": "mobility_hub", "shared_bikes": 30, "shared_cars": 2,
         "around": {"point": POINT, "radius_m": 300}},
        {"kind": "charging_points", "points": 15, "kw": 22, "districts": [DISTRICT]},
        {"kind": "electric_fleet", "path_percent": {"2030": 25.5, "2040": 90}},
        {"kind": "work_from_home", "share_percent": 27.5},
        {"kind": "place_moved", "to": POINT, "place_class": "school", "name": "Neue Schule"},
        {"kind": "transit_headway", "lines": ["1"], "headway_min": 7.5, "from_hour": 6,
         "to_hour": 20},
        {"kind": "transit_line", "stops": ["halt0", "halt1", "halt3"], "name": "X1",
         "headway_min": 15},
        {"kind": "transit_line_removed", "lines": ["1"]},
        {"kind": "transit_stop", "to": POINT, "name": "Neuer Halt", "lines": ["1"]},
        {"kind": "transit_priority", "lines": ["1"], "saved_s_per_stop": 12},
    ])
}  # fmt: skip
"""By kind; valid on `town` in `town_scenario`."""
