"""Zones: who is counted where, what draws, what changes of an area do."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from tests.twin.mobility.demand.towns import (
    CRS,
    GIVEN,
    gates_of,
    grid,
    places_of,
    stock_of,
    table_of,
)
from twin.errors import ModelError
from twin.mobility.demand import jobs_of, nearest_zone, zone_of
from twin.mobility.demand.jobs import scaled_jobs
from twin.state import AreaChange

ZONES = grid(3)
STOCK = stock_of(ZONES)
PLACES = places_of(ZONES, 0)


def made(changes=(), **more):
    return table_of(ZONES, STOCK, PLACES, gates_of(ZONES, 3), GIVEN, changes, **more)


def houses(points, zone_id=None):
    frame = {} if zone_id is None else {"zone_id": zone_id}
    shapes = [Point(*point).buffer(5) for point in points]
    ids = [f"b{n}" for n in range(len(points))]
    return gpd.GeoDataFrame(frame, index=ids, geometry=shapes, crs=CRS)


def test_zone_of_takes_what_is_said_then_where_it_lies_then_the_nearest():
    buildings = houses(
        [(10, 10), (10, 10), (1300, 10), (-500, 3000)], ["zone_008", "no such", None, None]
    )
    wanted = ["zone_008", "zone_000", "zone_001", "zone_006"]
    found = zone_of(buildings, ZONES)
    assert found.tolist() == wanted
    back = zone_of(buildings.iloc[::-1], ZONES)  # any order of buildings
    assert back.reindex(found.index).tolist() == wanted


def test_zone_of_goes_by_the_place_alone_where_nothing_is_said():
    points = gpd.GeoDataFrame(geometry=[Point(2500, 2500)], index=["p"], crs=CRS)
    assert zone_of(points, ZONES)["p"] == "zone_008"
    assert zone_of(points.iloc[:0], ZONES).empty


def test_on_the_border_the_first_zone_wins():
    assert nearest_zone(np.array([Point(1200, 600)]), ZONES).tolist() == [0]


def test_a_town_without_zones_is_refused():
    with pytest.raises(ModelError, match="no traffic zones"):
        zone_of(houses([(0, 0)]), ZONES.iloc[:0])


def test_jobs_by_hand_and_scaled_to_the_town():
    stock = pd.DataFrame(
        {"use": ["office", "residential", "school hut"], "heated_area_m2": [1000.0, 500.0, 90.0]},
        index=["a", "b", "c"],
    )
    rate = GIVEN["demand.jobs_per_1000m2.office"]
    assert jobs_of(stock, GIVEN).tolist() == [rate, 0.0, 0.0]
    known = GIVEN.replaced({"demand.jobs_total": 120.0})
    assert jobs_of(stock, known).sum() == pytest.approx(120)
    more = pd.concat([stock, stock.rename(index=lambda name: name + "2")])
    assert jobs_of(more, known, base=stock).sum() == pytest.approx(240)  # new ones on top
    assert jobs_of(stock.iloc[1:], known).sum() == 0


def test_jobs_of_today_are_scaled_and_new_ones_are_not():
    found = scaled_jobs(np.array([10.0, 30.0, 5.0]), np.array([10.0, 20.0, 20.0]), 3.0)
    assert found.tolist() == [30.0, 70.0, 15.0]


def test_people_and_cars_by_zone():
    table = made()
    people = table[["employed", "pupil", "child", "other"]].sum(axis=1)
    np.testing.assert_allclose(people, table["residents"])
    assert table["residents"].sum() == pytest.approx(STOCK["residents"].sum())
    cars = table["residents"] * GIVEN["demand.cars_per_resident.apartments"]
    np.testing.assert_allclose(table["cars"], cars)
    drive = GIVEN["demand.car_available.employed"] * 0.44 / GIVEN["demand.motorisation"]
    assert table["can_drive_employed"].iloc[0] == pytest.approx(drive)
    assert (table["can_drive_child"] == 0).all()
    np.testing.assert_allclose(table["jobs"], jobs_by_zone(table))


def jobs_by_zone(table):
    return table["jobs_industry"] + table["jobs_retail"] + table["jobs_service"]


def test_attractions_by_hand():
    table = made()
    first = table.iloc[0]
    shopping = GIVEN.by_class("demand.attraction_shopping")
    wanted = shopping["supermarket"] + 40 * shopping["shop"] + 20 * shopping["food"]
    wanted += shopping["residents"] * first["residents"]
    assert first["attraction_shopping"] == pytest.approx(wanted)  # a supermarket counts once
    pupils = GIVEN.by_class("demand.pupils_per_place")
    places = pupils["primary_school"] + pupils["secondary_school"] + pupils["kindergarten"]
    assert first["attraction_education"] == pytest.approx(places)
    assert table["attraction_education"].iloc[1] == 0
    assert first["attraction_work"] == first["jobs"]


def test_schools_off_the_map_are_taken_from_their_buildings():
    stock = pd.concat([STOCK, STOCK.iloc[[0]].assign(use="education", residents=0.0)])
    stock.index = [*STOCK.index, "school_zone_002"]
    no_school = PLACES[~PLACES["class"].isin(["school", "kindergarten"])]
    table = table_of(ZONES, stock, no_school, gates_of(ZONES, 0))
    assert table["attraction_education"].to_numpy().nonzero()[0].tolist() == [2]


def test_gates_have_a_weight_and_nothing_else():
    table = made()
    gates = table[table["is_gate"]]
    assert gates["weight"].tolist() == [4000.0, 1200.0, 468.0]
    assert (gates[["residents", "jobs", "cars"]] == 0).all(axis=None)
    assert gates["outside_km"].iloc[1] == GIVEN["demand.outside_km.primary"]
    assert gates["through"].iloc[0] == 4000 * GIVEN["demand.through_per_weight.motorway"]
    plain = table_of(ZONES, STOCK, PLACES, gates_of(ZONES, 3).drop(columns="class"))
    assert plain["outside_km"].iloc[-1] == GIVEN["demand.outside_km.secondary"]
    none = table_of(ZONES, STOCK, PLACES, gates_of(ZONES, 0))
    assert not none["is_gate"].any()
    pd.testing.assert_frame_equal(none, table[~table["is_gate"]])


def test_parking_is_scarce_where_shops_are_dense():
    table = made()
    assert table["parking_eur"].iloc[1] == 0
    assert table["parking_search_min"].iloc[1] == GIVEN["demand.parking_search_least"]
    none, full = (GIVEN[f"demand.centre_places_ha.{end}"] for end in ("none", "full"))
    places = 40 + 20 + 1 + 1  # shops, cafes, supermarket, theatre on 144 ha
    assert places / 144 < none < full
    tight = table_of(
        grid(3, 200.0), STOCK, places_of(grid(3, 200.0), 0), gates_of(ZONES, 0)
    )  # on 4 ha: far above
    assert tight["parking_eur"].iloc[0] == GIVEN["demand.parking_eur_centre"]
    assert tight["parking_search_min"].iloc[0] == GIVEN["demand.parking_search_centre"]


def test_parking_price_holds_in_its_area_and_the_later_one_on_top():
    left_half = box(0, 0, 600, 1200)  # of zone 0
    change = AreaChange("a", "parking", {"price_eur": 4.0}, left_half)
    assert made([change])["parking_eur"].iloc[0] == pytest.approx(2.0)
    everywhere = AreaChange("b", "parking", {"price_eur": 1.0})
    both = made([change, everywhere])
    assert (both["parking_eur"].iloc[:9] == 1.0).all()
    assert both["parking_eur"].iloc[-1] == GIVEN["demand.outside_parking_eur"]
    half = made([AreaChange("c", "parking", {"supply_factor": 0.5}, left_half)])
    least = GIVEN["demand.parking_search_least"]
    assert half["parking_search_min"].iloc[0] == pytest.approx(least * 1.5)
    same = made([AreaChange("c", "parking", {"supply_factor": 1.0})])
    pd.testing.assert_frame_equal(same, made())


def test_with_points_an_area_counts_by_people():
    spots = [(10, 10) if "zone_000" in name else (3000, 3000) for name in STOCK.index]
    points = gpd.GeoSeries([Point(*spot) for spot in spots], STOCK.index, crs=CRS)
    change = AreaChange("a", "parking", {"price_eur": 4.0}, box(0, 0, 20, 20))
    assert made([change])["parking_eur"].iloc[0] == pytest.approx(4.0 * 400 / 1.44e6)
    assert made([change], points=points)["parking_eur"].iloc[0] == pytest.approx(4.0)


def test_shared_cars_replace_private_ones():
    change = AreaChange("a", "car_sharing", {"cars": 10.0}, box(0, 0, 1200, 1200))
    table, before = made([change]), made()
    gone = before["cars"].iloc[0] - table["cars"].iloc[0]
    assert gone == pytest.approx(10 * GIVEN["demand.cars_replaced"])
    assert table["can_drive_other"].iloc[0] < before["can_drive_other"].iloc[0]
    pd.testing.assert_frame_equal(table.iloc[1:], before.iloc[1:])
    many = made([AreaChange("a", "car_sharing", {"cars": 1e5})])
    left = 1 - GIVEN["demand.cars_replaced_most"]
    np.testing.assert_allclose(many["cars"], before["cars"] * left)


def test_a_hub_saves_minutes_where_it_has_enough_to_share():
    values = {"shared_bikes": 1000.0, "shared_cars": 0.0}
    table = made([AreaChange("a", "mobility_hub", values, box(0, 0, 1200, 1200))])
    assert table["hub_minutes"].iloc[0] == GIVEN["demand.hub_minutes"]
    assert (table["hub_minutes"].iloc[1:] == 0).all()
    few = {"shared_bikes": 5.0, "shared_cars": 0.0}
    table = made([AreaChange("a", "mobility_hub", few, box(0, 0, 1200, 1200))])
    part = 5 * GIVEN["demand.hub_users"] / 1500
    assert table["hub_minutes"].iloc[0] == pytest.approx(part * GIVEN["demand.hub_minutes"])


def test_rail_stops_are_counted_where_they_lie():
    stops = gpd.GeoDataFrame(
        {"class": ["rail", "bus", "rail"]},
        geometry=[Point(1300, 10), Point(10, 10), Point(1400, 10)],
        crs=CRS,
    )
    assert made(stops=stops)["rail_stops"].tolist()[:3] == [0.0, 2.0, 0.0]


def test_the_input_stays_as_it_was():
    stock, places, gates = STOCK.copy(), PLACES.copy(), gates_of(ZONES, 3)
    kept = gates.copy()
    table_of(ZONES, stock, places, gates, GIVEN, [AreaChange("a", "parking", {"price_eur": 2.0})])
    pd.testing.assert_frame_equal(stock, STOCK)
    pd.testing.assert_frame_equal(places, PLACES)
    pd.testing.assert_frame_equal(gates, kept)
