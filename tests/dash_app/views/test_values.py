"""Every view against sums worked out another way, on a town with a scenario answered."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from dash_app.views import TOPICS, VIEWS, label_of, order_of, problem_of, values, word_of
from dash_app.views.catalogue import FACILITY_WORDS, MODE_WORDS
from dash_app.views.rows import street_rows
from tests.small_town import small_town
from twin.schema import STOCK, TABLES


@pytest.fixture(scope="module")
def found(answered):
    return answered[3].last


def of(name, found, hour=None):
    return values(VIEWS[name], found, small_town(), hour)


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_has_a_row_for_each_row_of_its_table(name, found):
    view, column = VIEWS[name], of(name, found)
    assert column.index.equals(small_town().tables[view.table].index)
    if view.kind == "category":
        assert set(column.dropna()) <= set(order_of(view))
    else:
        assert column.dtype == np.float64
        assert not np.isinf(column).any()
        assert (column.dropna() >= 0).all()


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_is_told_in_both_languages(name):
    view = VIEWS[name]
    for t in (translator("de"), translator("en")):
        label = label_of(view, t)
        assert label
        assert "{" not in label
        assert view.help
        assert view.topic in TOPICS
        assert all(word_of(view, word, t) for word in order_of(view))


def test_names_of_views_say_each_view_once():
    labels = [label_of(view, translator("en")) for view in VIEWS.values()]
    assert len(labels) == len(set(labels))


def test_density_times_area_is_the_heat_of_all_buildings(found):
    city = small_town()
    heat = found.buildings["space_kwh"] + found.buildings["hot_water_kwh"]
    inside = heat[found.buildings["block_id"].isin(city.blocks.index)].sum()
    density = of("heat_density", found)
    assert (density * city.blocks["area_m2"] / 10_000).sum() * 1000 == pytest.approx(inside)
    per_m2, area = of("heat_demand_m2", found), found.buildings["heated_area_m2"]
    area = area.groupby(found.buildings["block_id"].astype(object)).sum()
    assert (per_m2 * area.reindex(per_m2.index)).sum() == pytest.approx(inside)


def test_line_density_times_length_is_the_heat_along_streets(found):
    streets, density = small_town().streets, of("heat_line_density", found)
    back = streets["reverse_id"].reindex(streets.index)
    once = streets.index[~(back.notna() & (back < streets.index.to_series()))]
    joined = found.answers["ways"].ground.connections["section_id"].dropna()
    heat = (found.buildings["space_kwh"] + found.buildings["hot_water_kwh"]).reindex(joined.index)
    total = (density * streets["length_m"])[once].sum()
    assert total == pytest.approx(heat.fillna(0.0).sum())
    pairs = back.dropna()
    one, other = density[pairs.index].to_numpy(), density[pairs].to_numpy()
    np.testing.assert_allclose(one, other)


def test_shares_of_carriers_add_up_and_the_largest_is_named(found):
    names = ("gas", "oil", "district_heat", "heat_pump", "biomass")
    shares = pd.DataFrame({name: of(f"share_{name}", found) for name in names})
    known = shares.notna().all(axis=1)
    np.testing.assert_allclose(shares[known].sum(axis=1), 100.0)
    assert of("carrier", found)[known].tolist() == shares[known].idxmax(axis=1).tolist()
    assert of("carrier", found)[~known].isna().all()


def test_renewable_share_weighted_by_heat_is_that_of_the_city(found):
    table = found.buildings
    every = table["all_heat_kwh"].groupby(table["block_id"].astype(object)).sum()
    share = of("renewable_share", found)
    mean = (share * every.reindex(share.index)).sum() / every.sum()
    expected = 100 * table["renewable_heat_kwh"].sum() / table["all_heat_kwh"].sum()
    assert mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "column"), [("ghg", "co2e_t"), ("pv_yield", "pv_kwh")],
)  # fmt: skip
def test_densities_of_area_add_up(found, name, column):
    scale = 1000 if column.endswith("kwh") else 1
    total = (of(name, found) * small_town().blocks["area_m2"] / 10_000).sum() * scale
    assert total == pytest.approx(found.buildings[column].sum())


def test_predominant_classes_are_those_with_most_heated_area(found):
    for name, column in (("building_type", "size_class"), ("age_class", "age_class")):
        area = found.buildings["heated_area_m2"]
        stock = found.state.stock
        table = area.groupby([stock["block_id"].astype(str), stock[column].astype(str)]).sum()
        said = of(name, found)
        for block in said.dropna().index:
            assert table[block][said[block]] == pytest.approx(table[block].max())


def test_peaks_of_blocks_are_those_of_the_hours(found):
    peaks, hours = (
        of("electricity_peak", found),
        [of("electricity_peak", found, h) for h in range(24)],
    )
    assert peaks.max() > 0
    assert (pd.concat(hours, axis=1).max(axis=1) <= peaks + 1e-6).all()
    day = int(found.hourly["import_w"].to_numpy().argmax()) // 24
    net = found.hourly["import_w"] - found.hourly["feed_in_w"]
    mine = net.to_numpy()[day * 24 : day * 24 + 24] / 1000
    np.testing.assert_allclose(np.sum([h.sum() for h in hours]), mine.sum(), rtol=1e-3)


def test_building_views_are_the_table_row_by_row(found):
    building = found.buildings.index[found.buildings["heated_area_m2"] > 0][0]
    row = found.buildings.loc[building]
    useful = row["space_kwh"] + row["hot_water_kwh"]
    assert of("heat_demand_building", found)[building] == pytest.approx(
        useful / row["heated_area_m2"]
    )
    assert of("heat_system_building", found)[building] == found.state.stock["system"][building]
    planes = found.answers["roofs"].potential
    mine = planes[planes["building_id"] == building]["annual_kwh"].sum() / 1000
    assert of("pv_potential_building", found)[building] == pytest.approx(mine)
    cold = found.buildings.index[found.buildings["heated_area_m2"] == 0]
    assert of("heat_demand_building", found)[cold].isna().all()


def test_flow_is_that_of_both_directions(found):
    streets, traffic = small_town().streets, found.answers["traffic"]
    flow, each = of("car_flow", found), traffic["car"] + traffic["truck"]
    for link in flow.dropna().index[:20]:
        back = streets["reverse_id"][link]
        both = each[link] + (each[back] if isinstance(back, str) else 0.0)
        assert flow[link] == pytest.approx(both)
    assert flow[~streets["allow_car"].astype(bool) & ~_back_drives(streets)].isna().all()


def _back_drives(streets):
    return streets["reverse_id"].map(streets["allow_car"].astype(bool)).fillna(value=False)


def test_the_hours_of_a_day_make_the_day(found):
    day = of("car_flow", found)
    hours = sum(of("car_flow", found, hour) for hour in range(24))
    np.testing.assert_allclose(hours.dropna(), day.dropna(), rtol=1e-6)


def test_minutes_are_the_mean_of_residents(found):
    minutes = found.answers["reached"].minutes["walk"]["school"]
    people = found.buildings["residents"]
    block = found.buildings["block_id"].astype(object)
    for name, value in of("near_school_walk", found).dropna().items():
        mine = people.index[(block == name) & np.isfinite(minutes) & (people > 0)]
        assert value == pytest.approx(np.average(minutes[mine], weights=people[mine]))


def test_people_in_noise_are_counted(found):
    noise, people = found.answers["noise"], found.buildings["residents"]
    loud = people[noise.index[noise["day_db"] > 65]]
    block = found.buildings["block_id"].astype(object)
    lived = people.groupby(block).sum()
    share = of("noise_residents", found)
    assert (share / 100 * lived.reindex(share.index)).sum() == pytest.approx(loud.sum())


def test_shares_of_modes_fill_the_day(found):
    shares = [of(f"mode_share_{mode}", found) for mode in ("walk", "bike", "transit", "car")]
    np.testing.assert_allclose(sum(shares).dropna(), 100.0)
    travel = found.answers["travel"].demand.by_zone
    every = travel[[name for name in travel if name.startswith("trips_")]].to_numpy().sum()
    assert of("trips", found).sum() == pytest.approx(every)


def test_hours_count_only_where_a_view_has_hours(found):
    assert of("heat_density", found, 7).equals(of("heat_density", found))
    assert VIEWS["car_flow"].unit_at(7) == "vehicles/h"
    assert VIEWS["car_flow"].unit_at(None) == VIEWS["car_flow"].unit_at(99) == "vehicles/24 h"


# -- Streets that a measure cut, drew or took away: a year with hand-made answers


def cut_town():
    """Cut the first two-way street 1 to 3 and take another one away."""
    city = small_town()
    streets = city.streets
    link = streets.index[streets["reverse_id"].notna() & streets["allow_car"].astype(bool)][0]
    kept = (link, streets["reverse_id"][link])
    gone = next(name for name in streets.index if name not in kept)
    length = float(streets["length_m"][link])
    pieces = pd.concat([streets.loc[[link]], streets.loc[[link]]])
    pieces.index = [f"{link}~1", f"{link}~2"]
    pieces["length_m"] = [length / 4, length * 3 / 4]
    drawn = streets.loc[[link]].set_axis(["new:1:f"])
    rest = streets.drop([link, gone])
    now = city.replace(streets=pd.concat([rest, pieces, drawn]))
    return city, now, link, gone


def year_of(now, **answers):
    return SimpleNamespace(state=SimpleNamespace(city=now), answers=answers)


def traffic_on(now, link, pieces):
    flow = pd.Series(0.0, now.streets.index)
    flow[[f"{link}~1", f"{link}~2"]] = pieces
    zero = pd.Series(0.0, now.streets.index)
    return pd.DataFrame({"car": flow, "truck": zero, "load": flow / 1000})


def test_pieces_of_a_street_are_put_together_by_length():
    city, now, link, _ = cut_town()
    found = year_of(now, traffic=traffic_on(now, link, [1000.0, 200.0]))
    flow = values(VIEWS["car_flow"], found, city)
    assert flow[link] == pytest.approx(1000 / 4 + 200 * 3 / 4)
    assert flow[city.streets["reverse_id"][link]] == pytest.approx(flow[link])
    assert values(VIEWS["traffic_load"], found, city)[link] == pytest.approx(40.0)


def test_a_street_taken_away_has_no_value_and_a_drawn_one_no_row():
    city, now, link, gone = cut_town()
    found = year_of(now, traffic=traffic_on(now, link, [1.0, 1.0]))
    rows = street_rows(city, now)
    assert (rows.place == -1).sum() == 1
    flow = values(VIEWS["car_flow"], found, city)
    back = city.streets["reverse_id"][gone]
    assert np.isnan(flow[gone]) or isinstance(back, str)
    assert "new:1:f" not in flow.index


def test_stress_of_pieces_is_that_of_most_metres():
    city, now, link, _ = cut_town()
    levels = pd.DataFrame({"lts": pd.Series(1.0, now.streets.index)})
    levels.loc[[f"{link}~1", f"{link}~2"], "lts"] = [4.0, 2.0]
    stress = values(VIEWS["cycling_stress"], year_of(now, stress=levels), city)
    assert stress[link] == "2"


def test_speed_of_pieces_is_all_metres_over_all_seconds():
    city, now, link, _ = cut_town()
    table = pd.DataFrame({"free_s": 10.0, "peak_s": 10.0}, now.streets.index)
    table.loc[f"{link}~2", "peak_s"] = 30.0
    speed = values(VIEWS["traffic_speed"], year_of(now, traffic=table), city)
    assert speed[link] == pytest.approx(100 * 20 / 40)


def test_buildings_torn_down_have_no_value(found):
    city = small_town()
    lost = city.buildings.index[0]
    now = city.replace(buildings=city.buildings.drop(lost))
    year = SimpleNamespace(
        state=SimpleNamespace(city=now, stock=found.state.stock.drop(lost, errors="ignore")),
        buildings=found.buildings.drop(lost, errors="ignore"), answers={},
    )  # fmt: skip
    column = values(VIEWS["pv_building"], year, city)
    assert np.isnan(column[lost])
    assert column.drop(lost).notna().any()


def test_a_town_without_traffic_has_no_values_and_says_why():
    city = small_town()
    names = ("traffic", "stress", "traffic_gas", "travel", "reached", "noise", "calm_town",
             "passengers", "bike_network", "bike_fed", "mobility_table")  # fmt: skip
    found = year_of(city, **dict.fromkeys(names))
    for name in ("car_flow", "traffic_speed", "traffic_load", "traffic_ghg", "bike_flow",
                 "cycling_stress", "cycling_gaps", "near_school_walk", "fifteen_minutes",
                 "noise_residents", "mode_share_bike", "trips", "centre_car"):  # fmt: skip
        assert values(VIEWS[name], found, city).isna().all()
        assert problem_of(VIEWS[name], found, city)


def test_a_table_without_rows_gives_an_empty_column(found):
    city = small_town()
    bare = city.replace(lines=city.lines.iloc[:0])
    assert len(values(VIEWS["line_departures"], found, bare)) == 0
    assert problem_of(VIEWS["line_departures"], found, bare)


def test_the_words_of_schema_categories_are_those_of_the_schema():
    assert order_of(VIEWS["age_class"]) == TABLES["buildings"].column("age_class").values
    assert order_of(VIEWS["heat_system_building"]) == STOCK.column("system").values


def test_every_name_help_word_and_unit_has_german():
    known = catalogue("de")
    texts = {text for view in VIEWS.values() for text in (view.label, view.help)}
    texts |= {word for view in VIEWS.values() for word in view.words.values()}
    texts |= {*TOPICS.values(), *FACILITY_WORDS.values(), *MODE_WORDS.values()}
    assert {text for text in texts if ("", text) not in known} == set()
    counted = {view.unit_at(hour) for view in VIEWS.values() for hour in (None, 8)}
    worded = {unit for unit in counted if unit.partition("/")[0] in {"vehicles", "residents"}}
    assert {unit for unit in worded if ("unit", unit) not in known} == set()
