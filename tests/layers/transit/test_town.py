"""A whole town's timetable, written by the repo: what is told by clock and by headway."""

import numpy as np
import pandas as pd
import pytest
import shapely

from layers.sample_city import make_sample
from layers.transit import attach_stops, merge_stops, read_transit
from tests.town_files.transit import write_gtfs
from twin.schema import TABLES
from twin.validation import _broken_references, validate


@pytest.fixture(scope="module")
def town():
    return make_sample(buildings=6000)


@pytest.fixture(scope="module")
def feed(town, tmp_path_factory):
    return write_gtfs(town.tables, tmp_path_factory.mktemp("gtfs") / "town.zip")


@pytest.fixture(scope="module")
def data(feed):
    return read_transit(feed)


def test_the_town_keeps_to_the_schema(data):
    for name, table in data.tables.items():
        validate(TABLES[name], table, crs=data.crs)
        assert len(table), name
    assert _broken_references(data.tables) == []
    assert set(data.tables["lines"]["class"]) == {"bus", "rail"}
    assert {f.code for f in data.findings} <= {
        "gtfs_no_stop", "gtfs_time_interpolated", "gtfs_stop_idle",
    }  # fmt: skip
    assert data.source.attribution == "Verkehrsverbund Musterstadt"


def test_departures_by_hand(data):
    """Every 20 minutes from 5:00 to 24:30 are 59 starts by headway; by clock one less at most."""
    lines = data.tables["lines"]["departures"]
    assert lines["gtfs:bus-503"] == 2 * 59
    assert 2 * 58 <= lines["gtfs:bus-501"] <= 2 * 59
    times = data.tables["stop_times"]
    kinds = times.groupby(times["trip_id"].str.extract(r"gtfs:(\w+-\d+)-", expand=False))
    loose = kinds["time_source"].unique().map(set)
    assert loose["bus-502"] == {"tagged", "estimated:interpolated"}
    assert loose["bus-503"] == {"tagged", "estimated:headway"}
    assert times["departure_s"].max() > 86_400


def test_courses_follow_the_streets(town, data):
    lines = data.tables["lines"]
    bus = lines[lines["class"] == "bus"]
    assert set(bus["course_source"]) == {"tagged:shapes"}
    streets = shapely.union_all(town.tables["streets"].geometry.to_numpy())
    corners = shapely.points(shapely.get_coordinates(bus.geometry.to_numpy()))
    assert np.mean(shapely.distance(corners, streets) < 0.5) > 0.9
    assert lines.loc["gtfs:s1", "course_source"] == "estimated:stops"


def test_stops_meet_the_stops_and_streets_of_the_map(town, data):
    merged, moved, _ = merge_stops(town.tables["stops"], data.tables["stops"])
    assert len(moved) == len(town.tables["stops"])
    stops = attach_stops(merged, town.tables["streets"], crs=data.crs)
    bus = stops[(stops["class"] == "bus") & stops["parent_id"].notna()]
    link = town.tables["streets"].loc[bus["link_id"]]
    assert link["allow_bus"].all()
    right = shapely.offset_curve(link.geometry.to_numpy(), -3.0)
    left = shapely.offset_curve(link.geometry.to_numpy(), 3.0)
    point = bus.geometry.to_numpy()
    assert np.mean(shapely.distance(point, right) < shapely.distance(point, left)) > 0.9


def test_kinds_of_days_differ(feed, data):
    saturday, sunday = (read_transit(feed, day=day) for day in ("saturday", "sunday"))
    counts = [d.report["transit"]["departures"] for d in (data, saturday, sunday)]
    assert counts == sorted(counts, reverse=True)
    assert pd.Timestamp(sunday.source.date).weekday() == 6


def test_the_same_town_gives_the_same_bytes(town, feed, tmp_path):
    again = write_gtfs(town.tables, tmp_path / "again.zip")
    assert again.read_bytes() == feed.read_bytes()
