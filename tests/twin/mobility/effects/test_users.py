"""Time, money and exposure against cases by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.effects import (
    crossing_exposure,
    person_km,
    safety_exposure,
    stress_km,
    users_benefit,
)
from twin.mobility.tables import Demand, Skims

GIVEN = assumptions()
IDS = pd.Index(["z1", "z2"])


def case(minutes, trips, km=5.0, mode="car", ids=IDS):
    full = np.full((2, 2), float(km))
    demand = Demand(ids, {mode: np.array(trips, float)}, {}, {}, pd.DataFrame(index=ids), {})
    return demand, Skims(ids, {"car": np.array(minutes, float)}, {"car": full})


BEFORE = case([[1, 12], [12, 1]], [[10, 100], [0, 10]])


def test_rule_of_half_by_hand():
    """100 trips win 3 minutes each, 20 new ones half of it: 5.5 hours."""
    after = case([[1, 9], [12, 1]], [[10, 120], [0, 10]])
    found = users_benefit(BEFORE, after, GIVEN)
    row = found.by_mode.loc["car"]
    assert row["hours"] == pytest.approx(110 * 3 / 60)
    assert row["time_eur"] == pytest.approx(row["hours"] * GIVEN["effects.value_of_time.car"])
    assert row["money_eur"] == 0
    assert found.by_zone["hours"].tolist() == pytest.approx([5.5, 0.0])


def test_money_by_hand():
    after = case([[1, 12], [12, 1]], [[10, 100], [0, 10]], km=4.0)
    found = users_benefit(BEFORE, after, GIVEN, eur_km={"car": 0.2})
    assert found.by_mode.loc["car", "money_eur"] == pytest.approx(120 * 0.2)
    park = (np.zeros((2, 2)), np.array([[0.0, 2.0], [0.0, 0.0]]))
    dearer = users_benefit(BEFORE, BEFORE, GIVEN, eur_trip={"car": park})
    assert dearer.by_mode.loc["car", "total_eur"] == pytest.approx(-200.0)


def test_nothing_changed_nothing_gained():
    found = users_benefit(BEFORE, BEFORE, GIVEN)
    assert (
        found.by_mode.loc["car", ["hours", "total_eur", "lost_way", "new_way"]].tolist() == [0] * 4
    )


def test_back_and_forth_cancel():
    after = case([[1, 9], [15, 1]], [[10, 120], [5, 10]])
    there, back = users_benefit(BEFORE, after, GIVEN), users_benefit(after, BEFORE, GIVEN)
    assert there.by_mode["total_eur"].sum() == pytest.approx(-back.by_mode["total_eur"].sum())


def test_a_lost_way_is_said_and_not_valued():
    after = case([[1, np.inf], [12, 1]], [[10, 0], [0, 10]])
    row = users_benefit(BEFORE, after, GIVEN).by_mode.loc["car"]
    assert row["lost_way"] == 100
    assert row["hours"] == 0
    row = users_benefit(after, BEFORE, GIVEN).by_mode.loc["car"]
    assert row["new_way"] == 100


def test_rides_in_a_town_without_timetable_are_not_valued():
    before = case([[1, 12], [12, 1]], [[10, 100], [0, 10]], mode="transit")
    row = users_benefit(before, before, GIVEN).by_mode.loc["transit"]
    assert row["trips_before"] == 120
    assert row[["hours", "total_eur", "lost_way", "new_way"]].tolist() == [0] * 4


def test_other_zones_are_refused():
    with pytest.raises(ModelError):
        users_benefit(BEFORE, case([[1, 1], [1, 1]], [[0, 0], [0, 0]], ids=pd.Index(["a", "b"])),
                      GIVEN)  # fmt: skip


def test_person_kilometres_by_hand():
    demand, skims = case([[1, np.inf], [12, 1]], [[10, 7], [100, 10]])
    found = person_km(demand, skims).loc["car"]
    assert found.to_dict() == {
        "trips": 127.0, "person_km": 600.0, "minutes": 1220.0, "without_way": 7.0,
    }  # fmt: skip
    rides = Demand(IDS, {"passenger": np.ones((2, 2))}, {}, {}, pd.DataFrame(index=IDS), {})
    assert person_km(rides, BEFORE[1]).loc["passenger", "person_km"] == 20.0
    walks = Demand(IDS, {"walk": np.ones((2, 2))}, {}, {}, pd.DataFrame(index=IDS), {})
    with pytest.raises(ModelError):
        person_km(walks, BEFORE[1])


def town():
    streets = gpd.GeoDataFrame(
        {"length_m": 1000.0, "speed_kmh": [50.0, 30.0, 50.0], "reverse_id": ["b", "a", None]},
        index=list("abc"),
        geometry=[LineString([(0, y), (1000, y)]) for y in (0, 0, 5000)],
    )
    homes = gpd.GeoDataFrame(
        {"residents": [4.0, 2.0, np.nan]}, index=["h1", "h2", "shed"],
        geometry=gpd.points_from_xy([10, 10, 10], [20, 200, 10]),
    )  # fmt: skip
    places = gpd.GeoDataFrame(
        {"class": ["school", "shop"]}, geometry=gpd.points_from_xy([500, 500], [100, 5000])
    )
    return streets, homes, places


def test_exposure_by_hand():
    streets, homes, places = town()
    flows = pd.DataFrame({"car": [1000.0, 500.0, 2000.0]}, index=list("abc"))
    total, table = safety_exposure(streets, flows, homes, places, GIVEN)
    assert total.to_dict() == {
        "km_fast": 3000.0, "km_fast_at_homes": 1000.0, "km_fast_at_schools": 1000.0,
        "residents_at_fast": 4.0,
    }  # fmt: skip
    assert table["at_homes"].tolist() == [True, True, False]
    calm = streets.assign(speed_kmh=30.0)
    assert (safety_exposure(calm, flows, homes, places, GIVEN)[0] == 0).all()
    empty = safety_exposure(streets, flows, homes[:0], places[:0], GIVEN)[0]
    assert empty["km_fast"] == 3000.0
    assert empty[["km_fast_at_homes", "residents_at_fast"]].tolist() == [0.0, 0.0]


def test_crossings_count_both_directions():
    streets, _, _ = town()
    points = pd.DataFrame(
        {"class": ["crossing", "crossing_zebra", "signals", "crossing"],
         "link_id": ["a", "c", "a", "gone"]}, index=list("wxyz"),
    )  # fmt: skip
    flows = pd.DataFrame({"car": [1000.0, 500.0], "truck": [10.0, 0.0]}, index=list("ab"))
    found = crossing_exposure(streets, points, flows)
    assert found["vehicles_day"].to_dict() == {"w": 1510.0, "x": 0.0}
    assert found["is_guarded"].tolist() == [False, True]


def test_kilometres_by_stress():
    streets, _, _ = town()
    bikes, stress = pd.Series([10.0, 20.0], ["a", "c"]), pd.Series([1.0, 4.0], ["a", "b"])
    found = stress_km(streets, bikes, stress)
    assert found.to_dict() == {0: 20.0, 1: 10.0, 2: 0.0, 3: 0.0, 4: 0.0}
