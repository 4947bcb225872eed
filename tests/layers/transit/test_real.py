"""The real feed against a reading of it with nothing but the standard library."""

import csv
import datetime as dt
import io
import subprocess
import zipfile
from collections import Counter

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers.osm import read_osm
from layers.transit import attach_stops, merge_stops, read_transit
from tests.conftest import shared
from twin.schema import TABLES
from twin.validation import validate

DATE = "2022-09-20"


@pytest.fixture(scope="module")
def feed():
    return shared("data/transit/vrn_gtfs_cut_heidelberg.zip")


def rows(archive, name):
    text = io.TextIOWrapper(archive.open(name), "utf-8-sig", newline="")
    return list(csv.DictReader(text))


def counted_by_hand(path, date):
    """Count trips of each line and departures of each stop, row by row."""
    day = dt.date.fromisoformat(date)
    with zipfile.ZipFile(path) as archive:
        services = {
            row["service_id"]
            for row in rows(archive, "calendar.txt")
            if row[f"{day:%A}".lower()] == "1"
            and row["start_date"] <= f"{day:%Y%m%d}" <= row["end_date"]
        }
        for row in rows(archive, "calendar_dates.txt"):
            if row["date"] == f"{day:%Y%m%d}":
                act = services.add if row["exception_type"] == "1" else services.discard
                act(row["service_id"])
        trips = {
            t["trip_id"]: t["route_id"]
            for t in rows(archive, "trips.txt")
            if t["service_id"] in services
        }
        calls = {}
        for row in rows(archive, "stop_times.txt"):
            if row["trip_id"] in trips:
                calls.setdefault(row["trip_id"], []).append(row)
    departures, clock = Counter(), 0
    for halts in calls.values():
        halts.sort(key=lambda row: int(row["stop_sequence"]))
        departures.update(row["stop_id"] for row in halts[:-1] if row["pickup_type"] != "1")
        for row in halts:
            h, m, s = row["departure_time"].split(":")
            clock += int(h) * 3600 + int(m) * 60 + int(s)
    return Counter(trips.values()), departures, clock


@pytest.mark.parametrize("date", [DATE, "2022-08-16", "2022-09-18"])
def test_departures_of_every_stop_and_line(feed, date):
    data = read_transit(feed, day=date)
    lines, stops, clock = counted_by_hand(feed, date)
    assert lines
    assert data.tables["lines"]["departures"].to_dict() == {
        f"gtfs:{k}": v for k, v in lines.items()
    }
    table = data.tables["stops"]
    served = table.loc[~table.index.isin(table["parent_id"]), "departures"]
    assert served[served > 0].to_dict() == {f"gtfs:{k}": v for k, v in stops.items()}
    assert data.tables["stop_times"]["departure_s"].sum() == clock


def test_the_tables_keep_to_the_schema(feed):
    data = read_transit(feed)
    for name, table in data.tables.items():
        validate(TABLES[name], table, crs=data.crs)
    assert len(data.tables["stops"]) == 392
    assert {"tram", "bus"} == set(data.tables["lines"]["class"])


def test_no_holiday_is_typical(feed):
    """From 28 July to 10 September Baden-Württemberg had school holidays; 16 June was a holiday."""
    weekday = read_transit(feed).source.date
    assert dt.date.fromisoformat(weekday).weekday() in (1, 2, 3)
    assert not "2022-07-28" <= weekday <= "2022-09-10"
    assert weekday not in {"2022-06-16", "2022-10-03", "2022-11-01"}
    assert dt.date.fromisoformat(read_transit(feed, day="sunday").source.date).weekday() == 6


def test_stops_find_the_streets_of_heidelberg(feed, tmp_path):
    """Which stops have a street near is told by geopandas; here in the middle of the town."""
    middle, whole = tmp_path / "middle.osm.pbf", shared("data/osm/heidelberg.osm.pbf")
    cut = ["osmium", "extract", "-b", "8.66,49.395,8.71,49.425", "-o", str(middle), str(whole)]
    subprocess.run(cut, check=True, capture_output=True)
    osm = read_osm(middle)
    data = read_transit(feed)
    assert data.crs == osm.crs
    streets = osm.tables["streets"]
    stops = attach_stops(data.tables["stops"], streets, crs=osm.crs)
    walk = streets[streets["allow_walk"] & (streets["class"] != "motorway")]
    near = gpd.sjoin_nearest(stops, walk[["geometry"]], max_distance=250)
    assert set(stops.index[stops["link_id"].notna()]) == set(near.index)
    assert len(set(near.index)) > 50
    kerb = stops[stops["class"].isin(["bus", "tram"]) & stops["link_id"].notna()]
    away = shapely.distance(
        kerb.geometry.to_numpy(), streets.geometry.loc[kerb["link_id"]].to_numpy()
    )
    assert np.median(away) < 10
    merged, mapping, _ = merge_stops(osm.tables["stops"], stops)
    assert len(merged) == len(osm.tables["stops"]) + len(stops) - len(mapping)
    assert np.isclose(merged["departures"].sum(), stops["departures"].sum())
