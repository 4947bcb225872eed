"""A city with everything the schema has room for: roofs, terrain, parcels, blocks, transit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point, box

from twin.provenance import Source
from twin.raster import Raster
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from twin.city import City

SEA = 60.0  # height of the ground at the south-west corner


def ground_at(x: Any, y: Any, bounds: Any) -> Any:
    """A hillside of 3 % to the north-east with waves of 250 m."""
    dx, dy = x - bounds[0], y - bounds[1]
    return SEA + 0.03 * dx + 0.02 * dy + 4 * np.sin(dx / 40) * np.cos(dy / 40)


def enrich(city: City, *, cell_m: float = 5.0) -> City:
    """Give a city the tables and the terrain that official sources bring."""
    bounds = city.buildings.total_bounds + np.array([-300, -300, 300, 300])
    buildings = _buildings(city, bounds)
    raw = {
        "buildings": buildings,
        "roofs": gabled_roofs(buildings),
        "horizons": _horizons(gabled_roofs(buildings)),
        "envelopes": _envelopes(buildings),
        **_areas(city, bounds),
        **_transit(city, bounds),
        "streets": city.streets.assign(
            gradient_percent=np.linspace(-8, 6, len(city.streets)), gradient_source="measured"
        ),
    }
    tables = {name: conform(TABLES[name], frame, crs=city.crs) for name, frame in raw.items()}
    sources = (*city.info.sources, *_sources())
    city = city.replace(**tables)
    info = dataclasses.replace(city.info, sources=sources)
    return dataclasses.replace(city, info=info, rasters={"terrain": terrain(bounds, cell_m)})


def terrain(bounds: Any, cell_m: float = 5.0) -> Raster:
    west, south, east, north = bounds
    x = np.arange(west, east, cell_m) + cell_m / 2
    y = np.arange(north, south, -cell_m) - cell_m / 2
    cells = ground_at(x[None, :], y[:, None], bounds).astype(np.float32)
    return Raster(cells, west, north, cell_m)


def _buildings(city: City, bounds: Any) -> gpd.GeoDataFrame:
    table = city.buildings.copy()
    middle = shapely.get_coordinates(shapely.centroid(table.geometry.array))
    table["ground_m"] = np.round(ground_at(middle[:, 0], middle[:, 1], bounds), 2)
    table["ground_source"] = "measured:lod2"
    table["known_by"] = "osm cadastre lod2"
    table["other_ids"] = "DENW_" + table.index.astype(str)
    table["function"] = "Wohnhaus"
    table["heating"] = "central"
    table["heating_source"] = "registered:census"
    table["energy_carrier"] = pd.Categorical(np.where(np.arange(len(table)) % 2, "gas", "oil"))
    table["carrier_source"] = "registered:census"
    table["block_id"], table["zone_id"], table["parcel_id"] = "block:1", "zone:1", "parcel:1"
    table["cell_id"] = "cell:1"
    return table


def _horizons(roofs: gpd.GeoDataFrame) -> pd.DataFrame:
    """Trees in the south-west of every roof."""
    angles = {f"h{at:03d}": 20.0 if 200 <= at < 250 else 2.0 for at in range(0, 360, 10)}
    return pd.DataFrame(
        {"building_id": roofs["building_id"], "sky_view": 0.96, **angles,
         "horizon_source": "measured:surface"},
        index=roofs.index,
    )  # fmt: skip


def gabled_roofs(buildings: gpd.GeoDataFrame, *, overhang: float = 0.0) -> gpd.GeoDataFrame:
    """Two planes over every building that is a rectangle, the ridge along it, eaves at 60 %."""
    boxes = shapely.oriented_envelope(buildings.geometry.array)
    drawn = ~buildings["has_parts"].to_numpy(dtype=bool)
    plain = drawn & (shapely.area(boxes) * 0.97 < shapely.area(buildings.geometry.array))
    rows, shapes, keys = [], [], []
    for i in np.flatnonzero(plain):
        house = buildings.iloc[i]
        a, b, c, d = _long_side_first(boxes[i], overhang)
        low, high = (
            house["ground_m"] + 0.6 * house["height_m"],
            house["ground_m"] + house["height_m"],
        )
        width = float(np.hypot(*(c - b)))
        rise = np.degrees(np.arctan2(high - low, width / 2))
        for k, (p, q, r, s) in enumerate(((a, b, c, d), (c, d, a, b))):
            e, w = (q + r) / 2, (p + s) / 2
            ring = [(*p, low), (*q, low), (*e, high), (*w, high)]
            down = (p + q - r - s) / 2
            rows.append(
                {
                    "building_id": buildings.index[i],
                    "area_m2": float(np.hypot(*(q - p))) * width / 2 / np.cos(np.radians(rise)),
                    "azimuth_deg": float(np.degrees(np.arctan2(down[0], down[1])) % 360),
                    "tilt_deg": rise,
                    "height_m": (low + high) / 2,
                    "plane_source": "measured:lod2",
                }
            )
            shapes.append(shapely.Polygon(ring))
            keys.append(f"{buildings.index[i]}:{k}")
    return gpd.GeoDataFrame(rows, index=keys, geometry=shapes, crs=buildings.crs)


def _long_side_first(rectangle: Any, overhang: float) -> np.ndarray:
    grown = shapely.buffer(rectangle, overhang, join_style="mitre") if overhang else rectangle
    corners = shapely.get_coordinates(shapely.orient_polygons(grown))[:4]
    long = np.hypot(*(corners[1] - corners[0])) >= np.hypot(*(corners[2] - corners[1]))
    return corners if long else np.roll(corners, -1, axis=0)


def _envelopes(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    walls = {f"wall_{side}_m2": 50.0 for side in ("north", "east", "south", "west")}
    fixed = {**walls, "party_wall_m2": 12.5, "roof_m2": 130.0, "volume_m3": 800.0}
    frame = pd.DataFrame(fixed, index=buildings.index)
    return frame.assign(ground_m2=buildings["footprint_m2"], envelope_source="measured:lod2")


def _areas(city: City, bounds: Any) -> dict[str, gpd.GeoDataFrame]:
    west, south, east, north = bounds

    def table(kind: str, n: int, **columns: Any) -> gpd.GeoDataFrame:
        x, y = np.linspace(west, east, n + 1), np.linspace(south, north, n + 1)
        shapes = [box(x[i], y[j], x[i + 1], y[j + 1]) for i in range(n) for j in range(n)]
        keys = [f"{kind}:{k}" for k in range(n * n)]
        frame = gpd.GeoDataFrame(columns, index=keys, geometry=shapes, crs=city.crs)
        frame["area_m2"] = frame.area
        frame["residents"] = np.arange(n * n) * 7.0
        frame["residents_source"] = "registered:census"
        return frame

    named = {
        "boundary_source": "estimated:streets",
        "district_id": city.districts.index[0] if len(city.districts) else None,
    }
    cells = table("cell", 6, size_m=100.0)
    parcels = table("parcel", 8, number="Flur 3, 12/4", tract="Sieglar")
    return {
        "parcels": parcels.assign(area_source="registered"),
        "blocks": table("block", 4, name="Baublock", **named),
        "zones": table("zone", 2, name="Mitte", **named),
        "cells": cells.assign(buildings=2.0, buildings_source="registered"),
    }


def _transit(city: City, bounds: Any) -> dict[str, pd.DataFrame]:
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    courses = [
        LineString([(west, y - 20), (x, y - 25), (east, y - 10)]),
        LineString([(x - 30, south), (x - 30, north)]),
    ]
    lines = gpd.GeoDataFrame(
        {
            "name": ["501", "S12"],
            "class": ["bus", "rail"],
            "operator": "RSVG",
            "colour": ["#C8504A", None],
            "course_source": "tagged:shape",
            "departures": [180.0, 40.0],
        },
        index=["line:501", "line:S12"],
        geometry=courses,
        crs=city.crs,
    )
    stops = gpd.GeoDataFrame(
        {"name": "Am Bach", "class": "bus", "step_free": "yes", "departures": 24.0},
        index=["stop:1"],
        geometry=[Point(x, y - 25)],
        crs=city.crs,
    )
    trips = pd.DataFrame(
        {
            "line_id": ["line:501", "line:501"],
            "headsign": ["Bahnhof", "Siegburg"],
            "day_type": "weekday",
            "step_free": "yes",
        },
        index=["t1", "t2"],
    )
    times = pd.DataFrame(
        {
            "trip_id": ["t1", "t2"],
            "stop_id": "stop:1",
            "sequence": 1.0,
            "arrival_s": 28_800.0,
            "departure_s": 28_800.0,
            "time_source": "tagged",
            "boarding": True,
            "alighting": True,
        },
        index=["t1:0001", "t2:0001"],
    )
    return {"lines": lines, "stops": stops, "trips": trips, "stop_times": times}


def _sources() -> tuple[Source, ...]:
    zero = {
        "licence": "dl-de/zero-2-0",
        "licence_url": "https://www.govdata.de/dl-de/zero-2-0",
        "attribution": "Geobasis NRW",
        "date": "2026-05-01",
    }
    return (
        Source("cadastre", "ALKIS cadastre", tables=("parcels", "buildings"), **zero),
        Source("lod2", "LoD2 building models", tables=("roofs", "envelopes", "buildings"), **zero),
        Source("terrain", "Terrain DGM1", tables=("terrain", "nodes"), **zero),
    )
