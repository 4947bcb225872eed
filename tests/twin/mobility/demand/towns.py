"""Towns of square zones on a grid, with gates around and ways as the crow flies."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point, box

from twin.assumptions import assumptions
from twin.mobility.demand import zone_table
from twin.mobility.tables import Skims, ZoneSystem

CRS = "EPSG:25832"
GIVEN = assumptions()


def grid(side: int, width_m: float = 1200.0) -> gpd.GeoDataFrame:
    """Square zones, row by row."""
    shapes = [
        box(x * width_m, y * width_m, (x + 1) * width_m, (y + 1) * width_m)
        for y in range(side)
        for x in range(side)
    ]
    ids = [f"zone_{n:03}" for n in range(side * side)]
    return gpd.GeoDataFrame({"name": ids}, index=ids, geometry=shapes, crs=CRS)


def stock_of(zones: gpd.GeoDataFrame, residents: float = 1500.0) -> pd.DataFrame:
    """A block of flats in each zone, an office in every third, a factory in the last."""
    rows = []
    for n, zone in enumerate(zones.index):
        rows.append((f"home_{zone}", "residential", "apartments", 60_000.0, residents + 10 * n))
        if n % 3 == 0:
            rows.append((f"work_{zone}", "office", "non_residential", 20_000.0, 0.0))
    rows.append((f"plant_{zones.index[-1]}", "industrial", "non_residential", 50_000.0, 0.0))
    columns = ["building_id", "use", "size_class", "heated_area_m2", "residents"]
    return pd.DataFrame(rows, columns=columns).set_index("building_id")


def zone_by_name(stock: pd.DataFrame) -> pd.Series:
    return pd.Series([name.partition("_")[2] for name in stock.index], stock.index)


def places_of(zones: gpd.GeoDataFrame, centre: int | None = None) -> gpd.GeoDataFrame:
    """A supermarket in every other zone, schools, a doctor; shops and a theatre in the centre."""
    core = len(zones) // 2 if centre is None else centre
    kinds = [("daily_needs", "supermarket", n) for n in range(0, len(zones), 2)]
    kinds += [("shop", "clothes", core)] * 40 + [("food", "cafe", core)] * 20
    kinds += [("school", "primary school", n) for n in range(0, len(zones), 4)]
    kinds += [("school", "secondary school", core), ("kindergarten", "kindergarten", core)]
    kinds += [("health", "doctors", len(zones) // 2), ("culture", None, core)]
    middle = zones.geometry.centroid.array
    points = [Point(middle[n].x + k % 7, middle[n].y) for k, (_, _, n) in enumerate(kinds)]
    frame = {"class": [k[0] for k in kinds], "detail": [k[1] for k in kinds]}
    ids = [f"place_{n}" for n in range(len(kinds))]
    return gpd.GeoDataFrame(frame, index=ids, geometry=points, crs=CRS)


def gates_of(zones: gpd.GeoDataFrame, count: int) -> pd.DataFrame:
    """Gates on a circle around the town: motorway, federal road, country roads."""
    low_x, low_y, high_x, high_y = zones.total_bounds
    turn = np.arange(count) * 2 * np.pi / max(count, 1)
    kinds = ["motorway", "primary", "secondary"]
    weight = {"motorway": 4000.0, "primary": 1200.0, "secondary": 468.0}
    road = [kinds[n % 3] for n in range(count)]
    return pd.DataFrame(
        {
            "x": (low_x + high_x) / 2 + 0.6 * (high_x - low_x) * np.cos(turn),
            "y": (low_y + high_y) / 2 + 0.6 * (high_y - low_y) * np.sin(turn),
            "class": road,
            "weight": [weight[kind] for kind in road],
        },
        index=pd.Index([f"gate_{n}" for n in range(count)], dtype=object),
    )


def crow_skims(table: pd.DataFrame) -> Skims:
    """Ways 1.3 times the crow's at usual speeds; buses with a wait of 6 minutes."""
    xy = table[["x", "y"]].to_numpy(float)
    km = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) / 1000 * 1.3
    nearest = np.where(np.eye(len(km), dtype=bool), np.inf, km).min(axis=1, initial=1.0)
    np.fill_diagonal(km, nearest / 2)
    minutes = {"walk": km * 12, "bike": km * 4, "car": 2 + km * 1.8, "transit": 10 + km * 3.5}
    wait = np.full_like(km, 6.0)
    more = {"transit_wait": wait, "transit_transfers": np.where(km > 4, 0.5, 0.0)}
    return Skims(table.index, minutes, dict.fromkeys(minutes, km), more)


def table_of(zones, stock, places, gates, given=GIVEN, changes=(), **more):
    zone = zone_by_name(stock)
    return zone_table(zones, stock, zone, places, gates, given, changes, **more)


def make_town(side: int = 4, gates: int = 3, given=GIVEN, **more) -> tuple[ZoneSystem, Skims]:
    zones = grid(side, more.pop("width", 1200.0))
    stock = more.pop("stock", stock_of(zones))
    places = more.pop("places", places_of(zones))
    table = table_of(zones, stock, places, gates_of(zones, gates), given, **more)
    return ZoneSystem(table.index, table, {}), crow_skims(table)
