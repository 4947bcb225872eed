"""A town of straight streets, stops on both sides, and lines on it: times can be worked out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point

from twin.assumptions import assumptions
from twin.mobility.timetable import NewLine, Service, courses_of, new_line
from twin.schema import TABLES
from twin.validation import conform

CRS = "EPSG:25832"
E, N = 370_000.0, 5_631_000.0
BLOCK_M = 300.0
GIVEN = assumptions()


def street_table(pairs, xy, **columns):
    """Links both ways between numbered nodes."""
    ids, rows, shapes = [], [], []
    for i, (a, b) in enumerate(pairs):
        for side, (one, two) in (("f", (a, b)), ("b", (b, a))):
            ids.append(f"w{i}:0:{side}")
            rows.append((f"n{one}", f"n{two}", f"w{i}", f"w{i}:0:{'b' if side == 'f' else 'f'}"))
            shapes.append(LineString([xy[one], xy[two]]))
    frame = gpd.GeoDataFrame(
        rows, columns=["from_node", "to_node", "way_id", "reverse_id"], index=ids,
        geometry=shapes, crs=CRS,
    )  # fmt: skip
    modes = dict.fromkeys((f"allow_{m}" for m in ("car", "truck", "bus", "bike", "walk")), True)
    reach = dict.fromkeys((f"{m}_reach" for m in ("car", "bike", "walk")), "main")
    values = {
        "class": "residential", "length_m": frame.length, "speed_kmh": 50.0, "lanes": 1.0,
        "speed_source": "tagged", "lanes_source": "tagged", "car_access": "public",
        "cycle_facility": "none", "level": 0.0, **modes, **reach,
    }  # fmt: skip
    return conform(TABLES["streets"], frame.assign(**(values | columns)), crs=CRS)


def grid(size=5):
    """Streets of a square grid, nodes numbered by row."""
    xy = [(E + BLOCK_M * (i % size), N + BLOCK_M * (i // size)) for i in range(size * size)]
    right = [(i, i + 1) for i in range(size * size) if i % size < size - 1]
    up = [(i, i + size) for i in range(size * (size - 1))]
    return street_table(right + up, xy), xy


def stop_table(rows):
    """Stops from (id, name, class, x, y, link) with x, y from the corner of the town."""
    frame = gpd.GeoDataFrame(
        {
            "name": [r[1] for r in rows], "class": [r[2] for r in rows],
            "link_id": [r[5] for r in rows], "departures": 0.0,
        },
        index=[r[0] for r in rows], geometry=[Point(E + r[3], N + r[4]) for r in rows], crs=CRS,
    )  # fmt: skip
    return conform(TABLES["stops"], frame, crs=CRS)


def main_street_stops():
    """Both sides of the lowest street of the grid, in the middle of each of its four blocks."""
    rows = []
    for i, name in enumerate("ABCD"):
        x = BLOCK_M * (i + 0.5)
        rows.append((f"{name}e", name, "bus", x, -6.0, f"w{i}:0:f"))
        rows.append((f"{name}w", name, "bus", x, 6.0, f"w{i}:0:b"))
    return stop_table(rows)


def empty_service(stops):
    nothing = pd.DataFrame(index=[])
    tables = {name: conform(TABLES[name], nothing, crs=CRS)
              for name in ("lines", "trips", "stop_times", "transfers")}  # fmt: skip
    return Service(stops=stops, **tables)


def two_lines():
    """Line 1 along all four stops every 20 min, line 2 along the first two every 30 min."""
    streets, _ = grid()
    stops = main_street_stops()
    service = empty_service(stops)
    places = [np.flatnonzero((stops["name"] == name).to_numpy()) for name in "ABCD"]
    for number, (some, headway) in enumerate(((places, 20.0), (places[:2], 30.0)), 1):
        courses = courses_of(stops, streets, some, GIVEN)
        new = NewLine(f"l{number}", str(number), headway_min=headway, from_hour=6, to_hour=9)
        service = new_line(service, courses, new, GIVEN)
    return service, streets


def times_of(service, trip):
    """Give (stop, arrival, departure) of a trip in order."""
    rows = service.stop_times[service.stop_times["trip_id"] == trip].sort_values("sequence")
    columns = [rows[c] for c in ("stop_id", "arrival_s", "departure_s")]
    return list(zip(*columns, strict=True))
