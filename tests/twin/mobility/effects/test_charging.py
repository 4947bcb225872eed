"""What electric cars charge: nothing is lost, and it goes where people, jobs and points are."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.effects import charging_kwh, charging_shapes, per_km, public_points
from twin.state import AreaChange

GIVEN = assumptions()
BUILDINGS = pd.DataFrame(
    {"zone": ["z1", "z1", "z2", None], "residents": [3.0, 1.0, 0.0, 0.0],
     "jobs": [0.0, 5.0, 15.0, 0.0]}, index=list("abcd"),
)  # fmt: skip
BY_ZONE = pd.DataFrame({"km_car": [1000.0, 200.0, 0.0]}, index=["z1", "z2", "gate"])


def energy(km, year=2030):
    per_day = km * per_km("car", GIVEN, year).iloc[0]["electric_kwh"]
    return per_day * 365 * GIVEN["effects.week_factor"]


def test_charged_is_kilometres_times_consumption():
    """By hand: 1200 km x 17 % x 17.5 kWh/100 km x trend x 1.1 x 335.8 days."""
    found = charging_kwh(BY_ZONE, BUILDINGS, GIVEN, 2030)
    trend = 1 - 0.06 / 2
    assert found.total_kwh == pytest.approx(1200 * 0.17 * 0.175 * trend * 1.1 * 365 * 0.92)
    assert found.total_kwh == pytest.approx(energy(1200.0))
    assert found.away_kwh == pytest.approx(0.12 * found.total_kwh)
    hours = found.hourly_kw()
    assert hours.to_numpy().sum() + found.away_kwh == pytest.approx(found.total_kwh)


def test_where_it_goes_by_hand():
    table = charging_kwh(BY_ZONE, BUILDINGS, GIVEN, 2030).by_building
    home, rest = 0.62 * energy(1000.0), 0.62 * energy(200.0)  # nobody lives in z2: to all
    assert table["home_kwh"].tolist() == pytest.approx(
        [0.75 * (home + rest), 0.25 * (home + rest), 0.0, 0.0]
    )
    work = 0.13 * energy(1200.0)
    assert table["work_kwh"].tolist() == pytest.approx([0, 0.25 * work, 0.75 * work, 0])
    points = pd.Series([0.0, 0.0, 1.0, 3.0], index=list("abcd"))
    moved = charging_kwh(BY_ZONE, BUILDINGS, GIVEN, 2030, points=points)
    assert moved.by_building["public_kwh"].tolist() == pytest.approx(
        (np.array([0, 0, 0.25, 0.75]) * 0.13 * energy(1200.0)).tolist()
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["z1", "z2", "z3", None]), st.floats(0, 1e3),
                       st.floats(0, 1e3)), min_size=1, max_size=8),
    st.lists(st.floats(0, 1e5), min_size=3, max_size=3),
)  # fmt: skip
@example(rows=[("z1", 5e-324, 0.0)], km=[1.0, 0.0, 0.0])
def test_nothing_is_lost(rows, km):
    buildings = pd.DataFrame(rows, columns=["zone", "residents", "jobs"])
    by_zone = pd.DataFrame({"km_car": km}, index=["z1", "z2", "z3"])
    found = charging_kwh(by_zone, buildings, GIVEN, 2030)
    assert found.total_kwh == pytest.approx(energy(sum(km)), rel=1e-9, abs=1e-9)
    assert (found.by_building.to_numpy() >= 0).all()


def test_a_year_of_hours():
    shapes = charging_shapes(GIVEN, first_weekday=3)  # 1 January a Thursday: 3rd a Saturday
    for place, shape in shapes.items():
        assert shape.shape == (8760,), place
        assert shape.sum() == pytest.approx(1.0)
        assert (shape >= 0).all()
    days = shapes["work"].reshape(365, 24).sum(axis=1)
    assert days[2:4] == pytest.approx([0.1 * days[0]] * 2)
    assert days[4] == pytest.approx(days[0])
    assert shapes["home"][:24].argmax() == 19
    assert shapes["work"][:24].argmax() in {8, 9}


def test_no_electric_cars_charge_nothing():
    none = GIVEN.replaced({"fleet.electric_share.2025": 0.0})
    assert charging_kwh(BY_ZONE, BUILDINGS, none, 2025).total_kwh == 0.0


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_wrong_kilometres_are_refused(wrong):
    with pytest.raises(ModelError):
        charging_kwh(BY_ZONE.assign(km_car=wrong), BUILDINGS, GIVEN, 2030)


def test_points_of_places_and_measures():
    shapes = [shapely.box(100 * i, 0, 100 * i + 10, 10) for i in range(4)]
    table = gpd.GeoDataFrame({"jobs": [0.0, 0.0, 5.0, 15.0]}, index=list("abcd"), geometry=shapes)
    places = gpd.GeoDataFrame(
        {"class": ["charging", "school"]}, geometry=gpd.points_from_xy([20, 300], [5, 5])
    )
    east = AreaChange("m1", "charging_points", {"points": 20.0}, shapely.box(150, -5, 400, 20))
    all_over = AreaChange("m2", "charging_points", {"points": 4.0})
    other = AreaChange("m3", "parking", {"price_eur": 2.0})
    nowhere = AreaChange("m4", "charging_points", {"points": 1.0}, shapely.box(0, 900, 9, 909))
    found = public_points(table, places, GIVEN, area_changes=(east, all_over, other, nowhere))
    assert found.to_dict() == {"a": 3.0, "b": 0.0, "c": 6.0, "d": 18.0}
