"""Mobility on disk: what tables and maps say is what the models found, and nothing is invented."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openmatrix
import pandas as pd
import pytest

from layers.matrices import read_matrices
from layers.results_folder import _more_tables, building_table
from layers.results_mobility import (
    building_columns,
    fitted,
    mobility_tables,
    published_zones,
    street_map,
    traffic_today,
    write_trips,
    zone_map,
)
from tests.small_town import answered
from twin.classes import FACILITIES, MODES, PURPOSES
from twin.energy.heat_grid.density import PRIVATE_BELOW
from twin.simulate.observed import Correction


def other(found, state=None, **answers):
    """Give a year whose models had answered otherwise."""
    return replace(found, answers=Instead(found.answers, answers), state=state or found.state)


class Instead:
    def __init__(self, answers, ours):
        self.answers, self.ours = answers, ours

    def __getitem__(self, name):
        return self.ours[name] if name in self.ours else self.answers[name]


def nowhere(results):
    """Give the results of a city without streets and zones."""
    lost = {"travel": None, "traffic": None, "reached": None, "noise": None, "benefit": None,
            "people": None, "stress": None, "gains": pd.DataFrame()}  # fmt: skip
    return replace(results, years={y: other(f, **lost) for y, f in results.years.items()})


@pytest.fixture(scope="module")
def last():
    return answered().last


@pytest.fixture(scope="module")
def streets(last):
    return street_map(last)


def test_trips_by_zone_add_up_to_the_town_and_to_the_indicator(last):
    table = mobility_tables(answered())["mobility"].loc[last.year]
    whole, zones = table.loc["city", "city"], table.loc["zone"]
    assert list(whole.index) == list(MODES)
    people = last.answers["mobility_table"]
    for mode in MODES:
        by_zone = zones.xs(mode, level="mode")
        assert len(by_zone) == len(last.state.city.zones)
        assert by_zone["trips"].sum() == pytest.approx(whole.loc[mode, "trips"])
        assert whole.loc[mode, "trips"] == pytest.approx(people[f"trips_{mode}"].sum())
    assert whole.loc["car", "person_km"] == pytest.approx(people["km_car"].sum())
    assert whole["minutes"].sum() == pytest.approx(people["travel_minutes"].sum())
    assert whole["publish"].all()


def test_zones_of_few_buildings_are_not_for_publication(last):
    heated = last.buildings.index[last.buildings["heated_area_m2"] > 0]
    for count in (PRIVATE_BELOW - 1, PRIVATE_BELOW):
        people = last.answers["people"]
        zone = people.zone.copy()
        zone[:] = "elsewhere"
        zone[heated[:count]] = people.zones.index[0]
        few = other(last, people=replace(people, zone=zone))
        assert published_zones(few).tolist() == [count >= PRIVATE_BELOW]
        assert zone_map(few)["publish"].tolist() == [count >= PRIVATE_BELOW]
        results = replace(answered(), years={last.year: few})
        table = mobility_tables(results)["mobility"]["publish"].groupby("level").all()
        assert table.to_dict() == {"city": True, "zone": count >= PRIVATE_BELOW}


def test_groups_of_few_people_are_not_for_publication(last):
    gains = last.answers["gains"].assign(residents=np.float64(PRIVATE_BELOW))
    gains.iloc[0, gains.columns.get_loc("residents")] = PRIVATE_BELOW - 0.5
    results = replace(answered(), years={last.year: other(last, gains=gains)})
    assert (~mobility_tables(results)["gains"]["publish"]).to_numpy().nonzero()[0].tolist() == [0]


def test_where_only_houses_change_nobody_gains_and_no_street_changes(streets, last):
    tables = mobility_tables(answered())
    assert (tables["gains"][["gain", "lose"]] == 0).all(axis=None)
    assert (tables["benefit"][["hours", "money_eur", "total_eur"]] == 0).all(axis=None)
    assert set(tables["benefit"].index.get_level_values("mode")) == set(MODES)
    assert (streets["change_day"] == 0).all()
    assert (zone_map(last)[["gain_hours", "gain_eur"]] == 0).all(axis=None)


def test_streets_say_what_runs_on_them(streets, last):
    city, traffic = last.state.city, last.answers["traffic"]
    assert list(streets.index) == list(city.streets.index)
    assert streets.crs == city.crs
    km = city.streets["length_m"] / 1000
    driven = float(((streets["car_day"] + streets["truck_day"]) * km).sum())
    table = last.answers["street_table"]
    assert driven == pytest.approx(float(table[["vkm_car", "vkm_truck"]].sum().sum()), rel=1e-3)
    used = traffic["car"] > 0
    assert used.any()
    drives = streets.loc[used]
    assert (drives["traffic_kmh"] <= city.streets.loc[used, "speed_kmh"] + 0.1).all()
    row = drives.index[0]
    hours = traffic.loc[row, "peak_s"] / 3600
    assert drives.loc[row, "traffic_kmh"] == pytest.approx(km[row] / hours, abs=0.06)
    assert set(streets["lts"].dropna()) <= {1, 2, 3, 4}


def test_a_change_is_now_less_today(last):
    traffic = last.answers["traffic"].copy()
    row = traffic["car"].idxmax()
    before = float(traffic.loc[row, ["car", "truck"]].sum())
    traffic.loc[row, "car"] += 100.0
    found = street_map(other(last, traffic=traffic))
    assert found.loc[row, "change_day"] == pytest.approx(100.0, abs=0.06)
    assert found.loc[row, "today_day"] == pytest.approx(before, abs=0.06)
    assert (found["change_day"].drop(index=row) == 0).all()


def test_pieces_of_a_cut_street_had_its_traffic_and_new_ones_none(last):
    row = last.answers["traffic"]["car"].idxmax()
    now = float(last.answers["traffic"].loc[row, ["car", "truck"]].sum())
    ids = pd.Index([row, f"{row}~1", f"{row}~2~1", "drawn:1:f", "drawn~1"])
    assert traffic_today(last, ids).tolist() == pytest.approx([now, now, now, 0.0, 0.0])


def test_buildings_carry_minutes_and_noise(last):
    found = building_columns(last)
    assert list(found.index) == list(last.buildings.index)
    for mode in ("walk", "bike", "car"):
        minutes = last.answers["reached"].minutes[mode]
        for kind in FACILITIES:
            mine = found[f"{mode}_min_{kind}"]
            assert (mine.notna() == np.isfinite(minutes[kind])).all()
            assert (mine - minutes[kind]).abs().max() <= 0.005 or mine.isna().all()
    noise = last.answers["noise"]["day_db"]
    heard = found.loc[noise.index, "noise_day_db"]
    assert (heard - noise).abs().max() <= 0.05
    table = building_table(last)
    assert not table.columns.duplicated().any()


def test_a_second_tool_reads_the_trips(last, tmp_path):
    write_trips(tmp_path / "trips.omx", last)
    demand = last.answers["travel"].demand
    with openmatrix.open_file(str(tmp_path / "trips.omx")) as file:
        assert {f"person_{mode}" for mode in MODES} <= set(file.list_matrices())
        for mode in MODES:
            assert (file[f"person_{mode}"][:] == demand.trips[mode]).all()
        assert (file["vehicle_truck"][:] == demand.vehicles["truck"]).all()
    again = read_matrices(tmp_path / "trips.omx", demand.ids, only="vehicle_car")
    assert (again["vehicle_car"] == demand.vehicles["car"]).all()


def test_the_fit_is_told_with_its_targets(last):
    told = json.loads(json.dumps(fitted(answered())))
    shares = told["mode_shares"]
    assert set(shares) == set(MODES)
    assert sum(each["model"] for each in shares.values()) == pytest.approx(1.0, abs=1e-4)
    assert all(abs(each["model"] - each["target"]) < 0.02 for each in shares.values())
    assert set(told["trip_length_km"]) == set(PURPOSES)
    year = told["years"][str(last.year)]
    assert year["gap"] <= 1e-6
    assert year["conservation_error_vehicles"] < 1e-6
    assert set(year["trips_without_way"]) == set(last.answers["travel"].demand.unserved)


def test_counts_of_today_are_shown_before_and_after(last):
    travel = last.answers["travel"]
    counts = pd.DataFrame({"street": ["a", "b"], "count": [900.0, 50.0], "before": [700.0, 80.0],
                           "after": [890.0, 52.0]})  # fmt: skip
    known = Correction({}, {}, counts, {"r2_before": 0.7, "r2_after": np.float64(0.99)})
    for correction in (known, Correction({}, {})):
        year = other(last, travel=replace(travel, correction=correction))
        results = replace(answered(), years={last.year: year})
        told = fitted(results)["corrected_by_what_is_known"]
        assert json.loads(json.dumps(told)) == dict(correction.summary)
        tables = mobility_tables(results)
        assert ("counts" in tables) == (correction is known)
        if correction is known:
            assert tables["counts"].loc["a", "after"] == 890.0
    assert "corrected_by_what_is_known" not in fitted(answered())
    assert "counts" not in mobility_tables(answered())


def test_a_city_without_streets_or_zones_has_nothing_of_it(tmp_path):
    results = nowhere(answered())
    assert mobility_tables(results) == {}
    assert fitted(results) is None
    assert len(street_map(results.last)) == len(zone_map(results.last)) == 0
    assert building_columns(results.last).columns.empty
    write_trips(tmp_path / "trips.omx", results.last)
    assert list(tmp_path.iterdir()) == []
    assert set(_more_tables(results)) == {"money", "networks", "transformers"}


def test_layers_survive_the_file(streets, last, tmp_path):
    for name, table in {"streets": streets, "zones": zone_map(last)}.items():
        table.to_file(tmp_path / "map.gpkg", layer=name, driver="GPKG")
        back = gpd.read_file(tmp_path / "map.gpkg", layer=name).set_index(table.index.name)
        for column in table.select_dtypes("number"):
            same = table[column].to_numpy(), back[column].to_numpy()
            np.testing.assert_array_equal(*same, err_msg=column)
