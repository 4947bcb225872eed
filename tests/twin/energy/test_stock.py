"""The stock of today: nothing dropped, everything labelled, the shares met."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layers.build import build_city
from layers.citymodel import read_citymodel
from tests.conftest import make_toy_city, shared
from tests.twin.energy.stocks import check_stock, cube, houses, town
from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES
from twin.energy.stock import initial_stock, new_stock_rows, with_demand
from twin.energy.zones import make_zones
from twin.errors import ModelError

GIVEN = assumptions()


@pytest.fixture(scope="module")
def large():
    """2,000 houses of which nobody knows age or heating."""
    return initial_stock(town(2000, blocks=20), GIVEN)


def test_toy_city_by_hand(toy_city):
    stock = initial_stock(toy_city, GIVEN)
    check_stock(stock)
    assert list(stock.index) == ["b1", "b2", "b3"]
    # 100 m² on 2 storeys, 200 m² on 3, the school 1,200 m² on 3, each 0.85 of the gross area
    assert stock["heated_area_m2"].tolist() == [170.0, 510.0, 3060.0]
    assert set(stock["heated_area_source"]) == {"estimated:storeys"}
    assert stock["use_source"].tolist() == ["tagged"] * 3
    assert stock["size_class"].tolist() == ["detached", "detached", "non_residential"]
    assert stock["dwellings"].tolist() == [2, 5, 0]
    assert stock["set_point_c"].tolist() == [20, 20, 21]


def test_heated_area_from_living_area_floor_area_and_use():
    uses = ["residential", "residential", "office", "garage", "ruin", "storage", "unknown", "shed"]
    city = town(
        8, use=uses, living_area_m2=[150.0, np.nan] + [np.nan] * 6,
        living_area_source=["registered:alkis"] + [None] * 7, size_class=None,
        size_class_source=None,
    )  # fmt: skip
    stock = initial_stock(city, GIVEN)
    check_stock(stock)
    assert stock["heated_area_m2"].tolist() == [165.0, 170.0, 170.0, 0.0, 0.0, 42.5, 85.0, 0.0]
    assert stock["heated_area_source"].tolist() == [
        "estimated:living_area", "estimated:floor_area", "estimated:floor_area", "estimated:use",
        "estimated:use", "estimated:floor_area", "estimated:floor_area", "estimated:use",
    ]  # fmt: skip
    assert (stock.loc[stock["heated_area_m2"] == 0, "system"] == "none").all()
    assert (stock.loc[stock["heated_area_m2"] > 0, "system"] != "none").all()


def test_tiny_buildings_stay_cold():
    city = town(2, use="utility", living_area_m2=np.nan, floor_area_m2=[5.0, 100.0])
    stock = initial_stock(city, GIVEN)
    assert stock["heated_area_m2"].tolist() == [0.0, 17.0]
    assert stock["heated_area_source"].tolist() == ["estimated:small", "estimated:floor_area"]


def test_parts_have_no_row_and_order_is_the_citys():
    city = town(10, part_of=[None] * 8 + ["h00000", "h00001"], has_parts=[True] * 2 + [False] * 8)
    turned = city.replace(buildings=city.buildings.iloc[::-1])
    stock, other = initial_stock(city, GIVEN), initial_stock(turned, GIVEN)
    assert list(stock.index) == [f"h{i:05d}" for i in range(8)]
    assert list(other.index) == list(stock.index)[::-1]
    pd.testing.assert_frame_equal(stock, other.loc[stock.index], check_exact=True)


def test_known_values_keep_their_value_and_label():
    city = town(
        4, age_class=["until_1918", None, None, "1969_1983"],
        age_class_source=["registered:alkis", None, None, "estimated:census_cell"],
        year_built=[np.nan, 1931.0, np.nan, 1975.0],
        year_built_source=[None, "tagged", None, "estimated:census_cell"],
        energy_carrier=["gas", "none", None, "coal"],
        carrier_source=["registered:census", "registered:census", None, "estimated:census_cell"],
        heating=["central", None, "district", "stove"],
        heating_source=[None, None, "registered:census", None],
    )  # fmt: skip
    stock = initial_stock(city, GIVEN)
    check_stock(stock)
    assert stock["age_class"].tolist()[:2] == ["until_1918", "1919_1948"]
    assert stock["age_class_source"].tolist() == [
        "registered:alkis", "tagged", "estimated:age_shares", "estimated:census_cell",
    ]  # fmt: skip
    assert stock["system"].tolist() == ["gas_boiler", "none", "district_heat", "coal_stove"]
    assert stock["system_source"].tolist() == [
        "registered:census", "registered:census", "registered:census", "estimated:census_cell",
    ]  # fmt: skip


def test_ambient_heat_is_parted_into_air_and_ground():
    city = town(2000, energy_carrier="ambient", carrier_source="registered:census")
    share = initial_stock(city, GIVEN)["system"].value_counts(normalize=True)
    assert share["brine_heat_pump"] == pytest.approx(GIVEN["stock.brine_share"], abs=0.03)
    assert share["air_heat_pump"] == pytest.approx(1 - share["brine_heat_pump"])


def test_unknown_ages_follow_the_shares(large):
    check_stock(large)
    share = large["age_class"].value_counts(normalize=True)
    for name in AGE_CLASSES:
        assert share[name] == pytest.approx(GIVEN[f"stock.age_shares_detached.{name}"], abs=0.03)
    assert set(large["age_class_source"]) == {"estimated:age_shares"}


def test_unknown_ages_follow_what_is_known_of_the_district():
    ages = [["1969_1983", "until_1918"][i % 2] if i % 4 < 2 else None for i in range(4000)]
    city = town(
        4000, age_class=ages, age_class_source=["registered:alkis" if a else None for a in ages],
        district_id=[f"d{1 + i % 2}" for i in range(4000)],
    )  # fmt: skip
    drawn = initial_stock(city, GIVEN)[lambda s: s["age_class_source"] == "estimated:age_shares"]
    share = drawn.groupby("district_id")["age_class"].value_counts(normalize=True)
    assert share["d1", "1969_1983"] > 0.9
    assert share["d2", "until_1918"] > 0.9


def test_refurbishment_follows_the_shares_and_only_grows_with_them(large):
    share = large.groupby("age_class", observed=True)["refurbishment"].value_counts(normalize=True)
    assert share["1949_1968", "usual"] == pytest.approx(0.36, abs=0.06)
    assert share["1984_2001", "existing"] == pytest.approx(0.87, abs=0.06)
    more = GIVEN.at_end("stock.refurbished_usual", "high")
    better = initial_stock(town(2000, blocks=20), more)["refurbishment"].cat.codes
    assert (better >= large["refurbishment"].cat.codes).all()
    assert (better > large["refurbishment"].cat.codes).sum() > 100


def test_systems_follow_the_shares_and_district_heat_the_density(large):
    share = large["system"].value_counts(normalize=True)
    assert share["district_heat"] == pytest.approx(0.15, abs=0.04)
    rest = 1 - share["district_heat"]
    assert share["gas_boiler"] / rest == pytest.approx(0.56 / 0.85, abs=0.05)
    assert share["oil_boiler"] / rest == pytest.approx(0.19 / 0.85, abs=0.05)
    connected = large[large["system"] == "district_heat"]
    assert set(connected["block_id"]) == {"B0", "B1", "B2", "B3"}  # the densest, whole
    by_block = large.groupby("block_id")["system"].apply(lambda s: (s == "district_heat").mean())
    assert by_block[["B0", "B1", "B2", "B3"]].between(0.5, 0.9).all()


def test_district_heat_grows_block_by_block():
    more = initial_stock(town(2000, blocks=20), GIVEN.replaced({"stock.district_heat_share": 0.4}))[
        "system"
    ]
    before = initial_stock(town(2000, blocks=20), GIVEN)["system"]
    assert (more[before == "district_heat"] == "district_heat").all()
    assert (more == "district_heat").mean() == pytest.approx(0.4, abs=0.05)
    none = initial_stock(town(2000), GIVEN.replaced({"stock.district_heat_share": 0.0}))
    assert not (none["system"] == "district_heat").any()


def test_new_houses_have_more_heat_pumps(large):
    pumps = large["system"].isin(["air_heat_pump", "brine_heat_pump"])
    new = large["age_class"] == "2017_2029"
    assert pumps[new].mean() > 0.4
    assert pumps[~new].mean() < 0.12


def test_heating_is_no_older_than_the_house_nor_than_heatings_get(large):
    year = large["system_year"]
    oldest = large["system"].map(
        {k: GIVEN.by_class("stock.system_oldest")[k] for k in large["system"].unique()}
    )
    assert (year <= 2025).all()
    assert (2025 - year <= oldest.astype(float)).all()
    first = large["age_class"].astype(str).str[:4].replace("unti", "1900").astype(float)
    assert (year >= first).all()
    boilers = year[large["system"] == "gas_boiler"]
    assert 10 < 2025 - boilers.mean() < 18


def test_size_class_of_housing_without_one_goes_by_dwellings():
    city = town(4, size_class=None, size_class_source=None, dwellings=[1.0, 2.0, 6.0, 30.0])
    stock = initial_stock(city, GIVEN)
    assert stock["size_class"].tolist() == [
        "detached", "detached", "apartments", "large_apartments",
    ]  # fmt: skip
    assert set(stock["size_class_source"]) == {"estimated:dwellings"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("floor_area_m2", -5.0), ("living_area_m2", 9e6), ("living_area_m2", 900.0)],
)
def test_impossible_areas_are_named_all_at_once(column, value):
    city = town(5)
    wrong = city.buildings.assign(**{column: [value, 100.0, 100.0, value, 100.0]})
    with pytest.raises(ModelError, match=r"2 buildings .*h00000, h00003"):
        initial_stock(city.replace(buildings=wrong), GIVEN)


def test_new_rows_fit_the_stock_and_get_zones():
    rows = new_stock_rows(
        pd.Index(["new2", "new1"]), use="residential", size_class=["detached", "apartments"],
        heated_area_m2=[140.0, 900.0], dwellings=[1.0, 9.0], residents=[2.5, 18.0], year=2031,
        system="air_heat_pump", refurbishment="existing",
    )  # fmt: skip
    check_stock(rows)
    assert list(rows.index) == ["new2", "new1"]
    assert set(rows["age_class"]) == {"2017_2029"}
    assert set(rows["system_year"]) == {2031.0}
    both = pd.concat([houses(1), rows])
    zones = make_zones(both, cube(houses(1)), GIVEN)
    assert len(zones) == 3
    assert zones.opaque_w_k[1] / 140 < 0.6


def test_own_demand_goes_before_the_calculated_where_there_is_one():
    calculated = pd.Series([1.0, 2.0, 3.0], ["a", "b", "c"])
    own = pd.Series([20.0, -1.0, 5.0], ["b", "c", "x"])
    assert with_demand(calculated, own).tolist() == [1.0, 20.0, 3.0]
    assert with_demand(calculated, None) is calculated


def test_city_is_not_changed():
    city = make_toy_city()
    before = city.buildings.copy()
    initial_stock(city, GIVEN)
    pd.testing.assert_frame_equal(city.buildings, before)


def test_real_tile_of_north_rhine_westphalia():
    path = shared("data/citymodel/LoD2_32_280_5659_1_NW.gml")
    city = build_city([read_citymodel([path])], name="tile")
    stock = initial_stock(city, GIVEN)
    check_stock(stock)
    assert len(stock) == int(city.buildings["part_of"].isna().sum())
    zones = make_zones(stock, city.envelopes, GIVEN)
    assert 30 <= len(zones) < len(stock)


def test_what_is_known_of_heating_moves_what_is_drawn():
    carriers = [
        "district_heat" if i % 20 < 9 else "gas" if i % 20 < 10 else None for i in range(2000)
    ]
    city = town(
        2000, blocks=20, energy_carrier=carriers,
        carrier_source=["registered:census" if c else None for c in carriers],
    )  # fmt: skip
    stock = initial_stock(city, GIVEN)
    drawn = stock[stock["system_source"] == "estimated:carrier_shares"]
    assert (drawn["system"] == "district_heat").mean() > 0.55  # known: 90 %, connected at most 70 %
    others = drawn[drawn["system"] != "district_heat"]["system"].value_counts(normalize=True)
    assert others["gas_boiler"] > 0.8


def test_a_city_without_blocks_has_no_district_heat_that_nobody_knows_of():
    city = town(200, block_id=None)
    assert not (initial_stock(city, GIVEN)["system"] == "district_heat").any()
