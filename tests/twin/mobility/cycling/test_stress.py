"""Levels of traffic stress against every row of the published criteria."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import shared
from tests.twin.mobility.network.town import nodes_of, streets_of
from twin.assumptions import assumptions
from twin.classes import CYCLE_FACILITIES, STREET_CLASSES
from twin.mobility.cycling import lane_level, mixed_level, stress
from twin.mobility.cycling.levels import criteria
from twin.mobility.cycling.stress import WHY

GIVEN = assumptions()

KINDS = {
    "unlaned 2-way, no centerline": "unlaned",
    "1 lane per direction with centerline, or wide 1-way 1-lane": "laned",
    "narrow one-way 1-lane": "narrow_one_way",
    "2 thru lanes per direction": "two_lanes",
    "3+ thru lanes per direction": "three_lanes",
    "1 lane per direction or contraflow": "laned",
    "2 lanes per direction": "two_lanes",
    "3+ lanes per direction": "three_lanes",
}
ENDS_MPH = (23.5, 28.5, 33.5, 38.5, 43.5, 48.5)


def speeds(column: int) -> list[float]:
    """Return speeds [km/h] at both ends and inside a column of the table."""
    low = ENDS_MPH[column - 1] + 0.01 if column else 0.0
    high = ENDS_MPH[column] if column < 6 else 90.0
    return [mph * 1.609344 for mph in (low, (low + high) / 2, high)]


def measures(bucket: str) -> list[float]:
    """Return values at both ends of a bucket of vehicles a day, or of widths [m]."""
    if "ft" in bucket:
        return [0.0, 1.2, 1.828] if bucket.startswith("<") else [1.8288, 1.85, 3.0]
    if bucket == "any":
        return [0.0, 5000.0, 90_000.0]
    if bucket.endswith("+"):
        return [float(bucket[:-1]), 90_000.0]
    return [float(end) for end in bucket.split("-")]


def test_all_eighteen_rows() -> None:
    with shared("refs/mobility/bike/lts_furth_v2.2.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == len(criteria()) == 18
    for table, street, bucket, _, *levels in rows:
        level_of = mixed_level if table == "mixed" else lane_level
        values = [0.0, 3.0] if table != "mixed" and bucket == "any" else measures(bucket)
        for column, level in enumerate(levels):
            for speed in speeds(column):
                found = level_of([KINDS[street]] * len(values), values, speed)
                assert found.tolist() == [int(level)] * len(values), (street, bucket, speed)


def test_known_levels_without_the_references() -> None:
    # a quiet street at 30 km/h, a main road at 50, a four-lane road at 50
    found = mixed_level(["unlaned", "laned", "two_lanes"], [500, 8000, 15_000], [30, 50, 50])
    assert found.tolist() == [1, 3, 4]
    assert lane_level(["laned", "unlaned", "narrow_one_way"], 2.0, 50).tolist() == [1, 1, 1]
    # Furth v2.2, one lane a direction: over 1,500 a day among cars, and on a lane under six feet
    speeds = [30, 40, 50, 60, 65, 70.1, 80]
    assert mixed_level(["laned"] * 7, 1501, speeds).tolist() == [2, 3, 3, 3, 4, 4, 4]
    assert lane_level(["laned"] * 7, 1.5, speeds).tolist() == [2, 2, 2, 2, 3, 3, 4]
    assert mixed_level(["unlaned"] * 3, [750, 750.6, 1500], 60).tolist() == [2, 3, 3]


@pytest.mark.parametrize(
    ("speed", "level"), [(30, 2), (37.8, 2), (37.9, 3), (50, 3), (53.9, 3), (54, 3), (62, 4)]
)
def test_speeds_at_the_edges(speed: float, level: int) -> None:
    assert mixed_level(["laned"], [2000], speed).tolist() == [level]


def test_every_class_and_facility_is_known() -> None:
    assert set(GIVEN.by_class("cycling.daily_vehicles")) == set(STREET_CLASSES)
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    for facility in CYCLE_FACILITIES:
        streets = streets_of(nodes, ["a-b"], {"a-b": {"cycle_facility": facility}})
        found = stress(streets, None, GIVEN)
        assert found["lts"].between(1, 4).all(), facility
        assert set(found["why"]) <= set(WHY)


MAIN = {"class": "primary", "speed_kmh": 50.0, "lanes": 1.0}


def level(changes: dict[str, Any], way: str = "a-b", vehicles: Any = None) -> tuple[float, str]:
    """Return level and reason of street a-b."""
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    own = {"a-b": changes, "b-a": {k: v for k, v in changes.items() if not k.startswith("allow")}}
    found = stress(streets_of(nodes, [way], own), vehicles, GIVEN)
    return found.loc["a-b", "lts"], found.loc["a-b", "why"]


def test_streets_as_they_are() -> None:
    assert level(MAIN) == (3, "mixed")
    assert level({**MAIN, "lanes": 2.0}) == (4, "mixed")
    assert level({**MAIN, "cycle_facility": "lane"}) == (1, "bike_lane")
    assert level({**MAIN, "cycle_facility": "advisory_lane"}) == (2, "bike_lane")
    assert level({**MAIN, "cycle_facility": "separate_track"}) == (1, "apart")
    assert level({**MAIN, "cycle_facility": "sidewalk_allowed"}) == (2, "sidewalk")
    assert level({"speed_kmh": 30.0}) == (1, "mixed")
    assert level({"speed_kmh": 30.0, "surface": "cobblestone"}) == (2, "cobbles")
    # a lane never makes a calm street worse
    assert level({"speed_kmh": 30.0, "cycle_facility": "advisory_lane"}) == (1, "mixed")


def test_where_no_cars_drive() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    closed = {"allow_car": False}
    streets = streets_of(nodes, ["a-b"], {"a-b": {**MAIN, **closed}, "b-a": {**MAIN, **closed}})
    assert stress(streets, None, GIVEN)["why"].tolist() == ["no_cars"] * 2
    none = stress(streets.assign(allow_bike=False), None, GIVEN)
    assert none["lts"].isna().all()
    assert set(none["why"]) == {"not_rideable"}


def test_known_traffic_counts() -> None:
    calm = {"speed_kmh": 50.0}
    assert level(calm, vehicles=pd.Series({"a-b": 700.0, "b-a": 700.0})) == (2, "mixed")
    for key in ("a-b", "b-a"):  # either link may carry the count
        assert level(calm, vehicles=pd.Series({key: 3500.0})) == (3, "mixed")
    # a street the model leaves empty still has its own people driving: 0.3 x 9,500
    empty = pd.Series({"a-b": 0.0, "b-a": 0.0})
    assert level(MAIN, vehicles=empty) == (3, "mixed")
    assert level(MAIN, vehicles=pd.Series({"x": 1.0})) == level(MAIN)


def test_contraflow_and_one_way() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0)})
    against = {"allow_bike": True, "cycle_facility": "contraflow", "speed_kmh": 50.0}
    streets = streets_of(nodes, ["a>b"], {"b-a": against})
    vehicles = pd.Series({"a-b": 3000.0, "b-a": 3000.0})
    found = stress(streets, vehicles, GIVEN)
    assert found.loc["a-b"].tolist() == [3, "mixed"]  # narrow one-way street, 3,000 a day, 50 km/h
    assert found.loc["b-a"].tolist() == [2, "contraflow"]


def test_the_order_of_the_table_changes_nothing() -> None:
    nodes = nodes_of({"a": (0, 0), "b": (100, 0), "c": (200, 0)})
    streets = streets_of(nodes, ["a>b", "b-c"], {"b-c": MAIN})
    vehicles = pd.Series({"a-b": 900.0, "c-b": 4000.0})
    found = stress(streets, vehicles, GIVEN)
    turned = stress(streets.iloc[::-1], vehicles, GIVEN)
    pd.testing.assert_frame_equal(found, turned.loc[found.index])
    assert np.array_equal(streets["lanes"], np.ones(4))
