"""Kilometres, fuel and greenhouse gas against published averages and cases by hand."""

import csv

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import shared
from twin.assumptions import assumptions
from twin.errors import ModelError
from twin.mobility.effects import (
    by_street_class,
    car_cost_km,
    per_km,
    resident_emissions,
    street_emissions,
    timetable_km,
    transit_emissions,
    vehicle_km,
    yearly,
)
from twin.mobility.effects.fleet import electric_share, grid_g_kwh

GIVEN = assumptions()
STREETS = pd.DataFrame(
    {"class": ["primary", "residential", "residential"], "length_m": [2000.0, 500.0, 100.0],
     "speed_kmh": [100.0, 50.0, 30.0]}, index=["a", "b", "c"],
)  # fmt: skip
FLOWS = pd.DataFrame({"car": [1000.0, 200.0], "truck": [100.0, 0.0]}, index=["a", "c"])


def test_kilometres_by_hand():
    km = vehicle_km(STREETS, FLOWS)
    assert km["car"].tolist() == [2000.0, 0.0, 20.0]
    assert by_street_class(STREETS, km).loc["residential", "car"] == 20.0
    assert by_street_class(STREETS, km).to_numpy().sum() == km.to_numpy().sum()


@pytest.mark.parametrize("flows", [
    pd.DataFrame({"car": [-1.0]}, index=["a"]), pd.DataFrame({"car": [np.nan]}, index=["a"]),
    pd.DataFrame({"car": [1.0]}, index=["nowhere"]),
])  # fmt: skip
def test_wrong_flows_are_refused(flows):
    with pytest.raises(ModelError):
        vehicle_km(STREETS, flows)


@pytest.mark.parametrize(("year", "published"), [(2020, 152.0), (2020, 147.0)])
def test_a_person_kilometre_by_car_is_what_uba_publishes(year, published):
    """152 g CO2e (UBA comparison of 2020), 147 g (TREMOD 6.02, 1.5 persons): within 10 %."""
    found = per_km("car", GIVEN, year).iloc[0]["total_g"] / GIVEN["effects.occupancy"]
    assert found == pytest.approx(published, rel=0.1)


def test_published_factors_of_public_transport():
    with shared("refs/mobility/emission_factors_person_km_DE.csv").open(encoding="utf-8") as file:
        rows = {(row["mode"], row["year"][:4]): row for row in csv.DictReader(file)}
    wanted = {"bus": ("bus_local", "2020"), "tram": ("tram_light_rail_metro", "2020"),
              "rail": ("rail_local_electric", "2020")}  # fmt: skip
    for ours, key in wanted.items():
        assert GIVEN[f"fleet.person_emission.{ours}"] == float(rows[key]["g_CO2e_per_pkm"])


def test_a_mean_electric_car_by_hand():
    """17.5 kWh/100 km + 10 % loss = 0.1925 kWh/km from the grid."""
    electric = GIVEN.replaced({"fleet.electric_share.2025": 1.0})
    row = per_km("car", electric, 2025).iloc[0]
    assert row["electric_kwh"] == pytest.approx(0.1925)
    assert row["direct_g"] == 0.0
    assert row["final_kwh"] == row["electric_kwh"]
    assert row["total_g"] == pytest.approx(0.1925 * (344 + 60))
    # ProBas: 62.1 g/km for a medium electric car at the mix of its year; same order
    assert row["total_g"] == pytest.approx(62.1, rel=0.35)


def test_a_petrol_car_by_hand():
    burning = GIVEN.replaced({"fleet.electric_share.2025": 0.0, "fleet.diesel_share.2025": 0.0})
    row = per_km("car", burning, 2025).iloc[0]
    assert row["petrol_l"] == pytest.approx(0.077)
    assert row["direct_g"] == pytest.approx(0.077 * 2370)
    assert row["total_g"] == pytest.approx(0.077 * 2370 * 1.18)
    assert car_cost_km(burning, 2025) == pytest.approx(0.077 * 1.75)


def test_share_of_the_path_counts_whatever_the_year():
    """At half electric the mean car is the mean of both."""
    cars = [
        per_km("car", GIVEN.replaced({f"fleet.electric_share.{y}": s for y in (2025, 2030)}), 2027)
        for s in (0.0, 0.5, 1.0)
    ]
    mean = (cars[0] + cars[2]) / 2
    assert cars[1].to_numpy() == pytest.approx(mean.to_numpy())
    assert electric_share("car", GIVEN, 2027.5) == pytest.approx((0.04 + 0.17) / 2)


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 150), st.floats(0, 1), st.floats(0, 1))
def test_more_electric_cars_burn_less(speed, share, more):
    low, high = sorted((share, more))
    rows = [
        per_km("car", GIVEN.replaced({"fleet.electric_share.2025": s}), 2025,
               speed_kmh=np.array([speed])).iloc[0]
        for s in (low, high)
    ]  # fmt: skip
    assert rows[1]["direct_g"] <= rows[0]["direct_g"] + 1e-9
    assert rows[1]["electric_kwh"] >= rows[0]["electric_kwh"] - 1e-12
    assert (rows[0] >= 0).all()


def test_vector_equals_scalar():
    speeds = np.array([20.0, 30.0, 50.0, 72.0, 130.0, np.nan])
    together = per_km("truck", GIVEN, 2030, speed_kmh=speeds)
    alone = [per_km("truck", GIVEN, 2030, speed_kmh=speeds[i : i + 1]) for i in range(6)]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True), check_exact=True)


def test_streets_add_up_by_hand():
    found = street_emissions(STREETS, FLOWS, GIVEN, 2025)
    car, truck = (per_km(kind, GIVEN, 2025, speed_kmh=np.array([100.0, 30.0])) for kind in
                  ("car", "truck"))  # fmt: skip
    wanted = 2000 * car["total_g"][0] + 20 * car["total_g"][1] + 200 * truck["total_g"][0]
    assert found["ghg_kg"].sum() == pytest.approx(wanted / 1000)
    by_class = found["ghg_kg_car"] + found["ghg_kg_truck"]
    assert by_class.to_numpy() == pytest.approx(found["ghg_kg"].to_numpy())
    assert (found["ghg_direct_kg"] <= found["ghg_kg"]).all()
    assert (found.loc["b"] == 0).all()
    year = yearly(found, GIVEN)["ghg_kg"].sum()
    assert year == pytest.approx(found["ghg_kg"].sum() * 365 * GIVEN["effects.week_factor"])


def test_twice_the_flow_twice_the_gas():
    one, two = (street_emissions(STREETS, FLOWS * k, GIVEN, 2030).to_numpy() for k in (1, 2))
    assert two == pytest.approx(2 * one)


def test_residents():
    by_zone = pd.DataFrame({"km_car": [1000.0, 0.0], "km_transit": [0.0, 100.0]}, index=["x", "y"])
    found = resident_emissions(by_zone, GIVEN, 2025)
    car = per_km("car", GIVEN, 2025).iloc[0]
    assert found.loc["x", "ghg_kg"] == pytest.approx(car["total_g"])
    factor = 0.35 * 111 + 0.1 * 75 + 0.55 * 54.6
    assert found.loc["y", "ghg_kg"] == pytest.approx(factor / 10)


def timetable():
    stops = gpd.GeoDataFrame(
        index=["p", "q", "r"], geometry=gpd.points_from_xy([0, 1000, 1000], [0, 0, 2000])
    )
    lines = pd.DataFrame({"class": ["bus", "rail"]}, index=["l1", "l2"])
    trips = pd.DataFrame(
        {"line_id": ["l1", "l1", "l2", "l1"],
         "day_type": ["weekday", "weekday", "weekday", "sunday"]}, index=list("abcd"),
    )  # fmt: skip
    calls = [("a", "p", 1), ("a", "q", 2), ("a", "r", 3), ("b", "r", 2), ("b", "q", 1),
             ("c", "p", 1), ("c", "q", 2), ("d", "p", 1), ("d", "r", 2)]  # fmt: skip
    times = pd.DataFrame(calls, columns=["trip_id", "stop_id", "sequence"])
    return lines, trips, times, stops


def test_kilometres_of_a_timetable_by_hand():
    km = timetable_km(*timetable(), GIVEN)
    assert km.to_dict() == pytest.approx({"bus": (3 + 2) * 1.25, "rail": 1.05})
    inside = pd.Series([True, True, False], index=["p", "q", "r"])
    half = timetable_km(*timetable(), GIVEN, inside=inside)
    assert half["bus"] == pytest.approx((1 + 1 + 1) * 1.25)  # q to r counts half


def test_public_transport_by_hand():
    found = transit_emissions({"bus": 100.0, "rail": 10.0, "light_rail": 0.0}, GIVEN, 2025)
    assert found.loc["bus", "ghg_kg"] == pytest.approx(
        100 * per_km("bus", GIVEN, 2025).iloc[0]["total_g"] / 1000
    )
    assert found.loc["rail", "electric_kwh"] == 100.0
    assert found.loc["rail", "ghg_kg"] == pytest.approx(100 * grid_g_kwh(GIVEN, 2025) / 1000)
    assert (found.loc["light_rail"] == 0).all()
