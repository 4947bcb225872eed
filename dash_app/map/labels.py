"""Words on the map that stand upright: settlements, districts, waters, places and stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from twin.classes import SETTLEMENTS

if TYPE_CHECKING:
    from dash_app.map.frame import Frame
    from twin.city import City

RANKS: dict[str, tuple[str, int, float]] = {
    "city": ("town", 0, 9), "town": ("town", 0, 9), "village": ("village", 2, 11.5),
    "suburb": ("district", 2, 11.5), "quarter": ("district", 3, 12.5),
    "hamlet": ("village", 4, 13), "neighbourhood": ("district", 4, 13.5),
    "tourism": ("place", 6, 15), "worship": ("place", 6, 15), "culture": ("place", 6, 15),
    "hospital": ("place", 5, 14.4), "higher_education": ("place", 5, 14.8),
    "public_service": ("place", 8, 16), "school": ("place", 8, 15.8), "sport": ("place", 9, 16),
    "safety": ("place", 9, 16), "kindergarten": ("place", 10, 16.4),
    "lodging": ("place", 11, 16.8), "health": ("place", 11, 17),
    "daily_needs": ("place", 11, 16.8), "leisure": ("place", 11, 17),
    "food": ("place", 12, 17.4), "shop": ("place", 12, 17.6), "bank_post": ("place", 12, 17.4),
}  # fmt: skip
"""Class of place: kind of label, rank (small is placed first), zoom where it appears."""

TOWN_HALL = ("place", 5, 14.6)
UNNAMED = ("toilets", "recycling", "information", "hostel", "camp_site")  # kinds left to the table
STATION = ("station", 4, 13.6)
STOP = ("stop", 13, 16.8)
LAKE_M2 = 4_000.0


def labels_json(city: City, frame: Frame) -> list[list[Any]]:
    """Return `[text, x, y, height, kind, rank, zoom, table, row]`, important ones first."""
    found = [*_places(city, frame), *_stops(city, frame), *_waters(city, frame)]
    if not any(kind == "district" for *_, kind, _rank, _zoom, _table, _row in found):
        found += _districts(city, frame)
    return sorted(found, key=lambda label: (label[5], label[0], label[8]))


BORDER_STEP = 3.0  # metres a drawn border may leave the true one


def marks_json(city: City, frame: Frame) -> dict[str, Any]:
    """Return `stops` as `[x, y, row]` and `borders` of districts as lines, in frame metres."""
    stops = frame.from_city(shapely.get_coordinates(city.stops.geometry.array))
    edges = shapely.boundary(shapely.simplify(city.districts.geometry.array, BORDER_STEP))
    lines = shapely.get_parts(shapely.line_merge(shapely.union_all(edges)))  # shared ones once
    return {
        "stops": [[*xy, row] for row, xy in enumerate(np.round(stops, 1).tolist())],
        "borders": [
            np.round(frame.from_city(shapely.get_coordinates(line)), 1).tolist() for line in lines
        ],
    }


def _rows(table: pd.DataFrame, wanted: pd.Series[bool], frame: Frame) -> list[tuple[int, Any]]:
    named = wanted & table["name"].notna() & (table["name"].astype(str) != "")
    rows = np.flatnonzero(named.to_numpy(dtype=bool))
    points = shapely.point_on_surface(table.geometry.array[rows])
    xy = np.round(frame.from_city(shapely.get_coordinates(points)), 1)
    return list(zip(rows.tolist(), xy.tolist(), strict=True))


def _places(city: City, frame: Frame) -> list[list[Any]]:
    table = city.places
    classes = table["class"].astype(str)
    heights = city.buildings["height_m"].reindex(table["building_id"]).fillna(0).to_numpy()
    detail = table["detail"].astype(str)
    labels = []
    for row, xy in _rows(table, classes.isin(list(RANKS)) & ~detail.isin(UNNAMED), frame):
        hall = detail.iloc[row] == "townhall"
        kind, rank, zoom = TOWN_HALL if hall else RANKS[classes.iloc[row]]
        height = 0.0 if classes.iloc[row] in SETTLEMENTS else round(float(heights[row]), 1)
        name = str(table["name"].iloc[row])
        labels.append([name, *xy, height, kind, rank, zoom, "places", row])
    return labels


def _stops(city: City, frame: Frame) -> list[list[Any]]:
    table = city.stops
    classes = table["class"].astype(str)
    seen: set[str] = set()
    labels = []
    for row, xy in _rows(table, classes.notna(), frame):
        name = str(table["name"].iloc[row])
        if name in seen:  # one word for the platforms of both directions
            continue
        seen.add(name)
        kind, rank, zoom = STATION if classes.iloc[row] in ("rail", "light_rail") else STOP
        labels.append([name, *xy, 0.0, kind, rank, zoom, "stops", row])
    return labels


def _waters(city: City, frame: Frame) -> list[list[Any]]:
    table = city.water
    area = shapely.area(table.geometry.array)
    labels = []
    for row, xy in _rows(table, pd.Series(area >= LAKE_M2, index=table.index), frame):
        zoom = float(np.clip(16.5 - np.log(area[row] / LAKE_M2) / np.log(4), 10.5, 16))
        labels.append([str(table["name"].iloc[row]), *xy, 0.0, "water", 3, zoom, "water", row])
    return labels


def _districts(city: City, frame: Frame) -> list[list[Any]]:
    table = city.districts
    labels = []
    for row, xy in _rows(table, table["level"] >= 9, frame):
        name = str(table["name"].iloc[row])
        labels.append([name, *xy, 0.0, "district", 2, 11.5, "districts", row])
    return labels
