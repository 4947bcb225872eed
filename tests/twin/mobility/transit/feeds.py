"""Small timetables as tables, told in a line or drawn at random."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point

from twin.mobility.transit import compile_timetable
from twin.schema import LINES, STOP_TIMES, STOPS, TRANSFERS, TRIPS
from twin.validation import conform

CRS = "EPSG:25832"
TABLES = ("stops", "lines", "trips", "stop_times", "transfers")


def make_feed(stops, trips, transfers=(), parents=None, day="weekday"):
    """
    Return the tables: stops by id and place [m], trips of (line, halts), transfers.

    A halt is (stop, arrival, departure[, boarding, alighting]).
    """
    parents = parents or {}
    points = gpd.GeoDataFrame(
        {"class": "bus", "parent_id": [parents.get(stop) for stop in stops]},
        index=pd.Index(list(stops), dtype="str"),
        geometry=[Point(*xy) for xy in stops.values()],
        crs=CRS,
    )
    names = list(dict.fromkeys(line for line, _ in trips))
    lines = gpd.GeoDataFrame(
        {"class": "bus", "course_source": "tagged", "departures": 1.0},
        index=pd.Index(names, dtype="str"),
        geometry=[LineString([(0, 0), (1, 1)])] * len(names),
        crs=CRS,
    )
    ids = [f"t{i}" for i in range(len(trips))]
    rows = [
        (trip, number, *halt, *(True, True)[len(halt) - 3 :])
        for trip, (_, halts) in zip(ids, trips, strict=True)
        for number, halt in enumerate(halts, 1)
    ]
    columns = ["trip_id", "sequence", "stop_id", "arrival_s", "departure_s"]
    times = pd.DataFrame(rows, columns=[*columns, "boarding", "alighting"])
    times["time_source"] = "tagged"
    times.index = times["trip_id"] + ":" + times["sequence"].astype(str).str.zfill(4)
    raw = {
        "stops": points,
        "lines": lines,
        "trips": pd.DataFrame({"line_id": [line for line, _ in trips], "day_type": day}, index=ids),
        "stop_times": times,
        "transfers": pd.DataFrame(
            list(transfers), columns=["from_stop", "to_stop", "kind", "min_time_s"]
        ),
    }
    raw["transfers"].index = [f"x{i}" for i in range(len(raw["transfers"]))]
    raw["stops"]["parent_id"] = raw["stops"]["parent_id"].astype("str")
    return raw


def in_schema(feed):
    """Return the tables as the schema has them, for nothing but to see that they fit."""
    schemas = (STOPS, LINES, TRIPS, STOP_TIMES, TRANSFERS)
    return {
        name: conform(schema, feed[name], crs=CRS)
        for name, schema in zip(TABLES, schemas, strict=True)
    }


def compiled(feed, given, **options):
    return compile_timetable(*(feed[name] for name in TABLES), given, **options)


def town_feed(lines=6, halts=12, every_s=600, seed=1, spacing=500.0, span=(5, 24)):
    """Return a town of lines that run both ways on a grid, each at its own minute."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(lines * halts / 2)))
    stops = {f"s{i}": (spacing * (i % side), spacing * (i // side)) for i in range(side * side)}
    trips = []
    for line in range(lines):
        at, course = rng.integers(side, size=2), []
        heading = rng.integers(2)
        for _ in range(halts):
            course.append(f"s{at[0] + side * at[1]}")
            heading = 1 - heading if rng.random() < 0.3 else heading
            at[heading] = (at[heading] + 1) % side
        runs = np.concatenate([[0], np.cumsum(rng.integers(1, 4, halts - 1) * 60)])
        first = span[0] * 3600 + int(rng.integers(every_s // 60)) * 60
        for start in range(first, span[1] * 3600, every_s):
            there = [
                (stop, start + int(t), start + int(t)) for stop, t in zip(course, runs, strict=True)
            ]
            trips.append((f"L{line}", there))
            back = [
                (stop, start + int(t), start + int(t))
                for stop, t in zip(course[::-1], runs, strict=True)
            ]
            trips.append((f"L{line}", back))
    return make_feed(stops, trips)
