"""Zones: TABULA's own figures come out where its own envelope goes in."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.energy.stocks import cube, houses
from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES, BUILDING_USES, REFURBISHMENT, SIZE_CLASSES
from twin.energy.archetypes import typology
from twin.energy.archetypes.classes import FIRST_YEARS, LETTERS, SIZES, TABULA_SIZES
from twin.energy.archetypes.typology import area_of, transmission_of
from twin.energy.operative import operative_mean
from twin.energy.seasonal import seasonal_demand
from twin.energy.zones import make_zones
from twin.errors import ModelError

GIVEN = assumptions()
AGES = dict(zip(LETTERS, ["until_1918"] * 2 + ["1919_1948"] + ["1949_1968"] * 2
                + ["1969_1983"] * 2 + ["1984_2001"] * 2 + ["2002_2009", "2010_2016", "2017_2029"],
                strict=True))  # fmt: skip


def examples_of(table):
    """Return the variants as a stock of one building each."""
    years = [FIRST_YEARS[LETTERS.index(letter)] + 1 for letter in table["letter"]]
    sizes = [SIZES[TABULA_SIZES.index(size)] for size in table["size"]]
    return houses(
        len(table), size_class=sizes, age_class=[AGES[letter] for letter in table["letter"]],
        year_built=[max(year, 600) for year in years], refurbishment=list(table["state"]),
        heated_area_m2=list(table["reference_area_m2"]),
    )  # fmt: skip


def general():
    table = typology()
    mine = table.index.str.contains(r"DE\.N\..*Gen\.ReEx\.001\.00[123]$")
    return table[mine & (table["letter"] != "A")]


def held_back(table):
    """Tell which states have parts with a higher U-value than the state before them.

    Houses of 1984 to 2009 whose roofs or thermal bridges are better as built than TABULA's usual
    refurbishment: nobody takes insulation off, so the better value stays with us.
    """
    return (table["letter"].isin(list("HIJ")) & (table["state"] != "existing")).to_numpy()


def conductance(zones):
    return zones.opaque_w_k + zones.window_w_k


def test_transmission_of_tabulas_own_envelope_is_tabulas():
    table = general()
    table = table[table["attic"] == "C"]  # the slopes of the roof bound the rooms
    stock = examples_of(table)
    facade = area_of(table, "wall") + area_of(table, "window") + area_of(table, "door")
    roof, floor = area_of(table, "roof"), area_of(table, "floor")
    keep = roof >= floor
    envelopes = cube(
        stock, wall=facade / 4, roof=roof, ground=floor, volume=3.4 * stock["heated_area_m2"]
    )
    zones = make_zones(stock, envelopes, GIVEN)
    expected = transmission_of(table)
    got = conductance(zones)
    same = keep & ~held_back(table)
    assert same.sum() >= 20
    assert got[same] == pytest.approx(expected[same], rel=1e-9)
    assert (got[keep] <= expected[keep] * 1.000001).all()


def test_without_envelope_the_archetype_itself_stands_in():
    table = general()
    stock = examples_of(table)
    nothing = cube(stock).iloc[:0]
    zones = make_zones(stock, nothing, GIVEN)
    same = ~held_back(table)
    assert same.sum() > 95
    assert conductance(zones)[same] == pytest.approx(transmission_of(table)[same], rel=1e-9)
    assert (conductance(zones) <= transmission_of(table) * 1.000001).all()
    heat = seasonal_demand(stock, nothing, GIVEN) / stock["heated_area_m2"]
    difference = heat.to_numpy() - table["heat_kwh_m2"].to_numpy()
    assert abs(np.median(difference)) < 1  # the sun comes from four sides instead of its own
    assert np.abs(difference[same]).max() < 12


def test_one_house_by_hand():
    stock = houses(1, age_class="1949_1968", year_built=1960.0)  # EFH E
    zones = make_zones(stock, cube(stock), GIVEN)
    row = typology().loc["DE.N.SFH.05.Gen.ReEx.001.001"]
    walls = row["wall1_m2"] + row["wall2_m2"] + row["wall3_m2"]
    windows, door = row["window1_m2"] + row["window2_m2"], row["door1_m2"]
    share = windows / (walls + windows + door)
    assert zones.window_apertures_m2[0] == pytest.approx(
        [60 * share * 0.7 * 0.6 * row["g"]] * 4 + [0]
    )
    assert zones.ventilation_w_k[0] == pytest.approx(0.34 * (0.4 + 0.2) * 2.5 * 150)
    assert zones.capacity_j_k[0] == 45 * 3600 * 150
    assert zones.gains_w[0] == 3 * 150
    assert zones.opaque_apertures_m2[0, 4] == pytest.approx(
        0.6 * 0.04 * 0.8 * _roof_u(row) * 90
    )  # an attic that is lived in: the slopes count


def _roof_u(row):
    lost = row["roof1_m2"] * row["roof1_u"] * row["roof1_b"]
    lost += row["roof2_m2"] * row["roof2_u"] * row["roof2_b"]
    return lost / (row["roof1_m2"] + row["roof2_m2"])


def test_room_temperature_is_tabulas_mean_whatever_comes_at_night():
    stock = houses(1, age_class="1949_1968", year_built=1960.0)
    means = []
    for share in (0.0, 0.3, 0.6):
        given = GIVEN.replaced({"archetypes.night_share": share})
        zones = make_zones(stock, cube(stock), given)
        means.append(operative_mean(zones, given)[0])
        assert (zones.set_back_k[0] > 0) == (share > 0)
    assert means == pytest.approx([means[0]] * 3)
    assert 16.9 <= means[0] <= 18.5  # F_red 0.8 to 0.9 of 15.4 K
    cooler = make_zones(stock.assign(set_point_c=19.0), cube(stock), GIVEN)
    assert means[0] - operative_mean(cooler, GIVEN)[0] == pytest.approx(0.8, abs=0.08)


def test_party_walls_lose_nothing_and_unheated_buildings_have_no_zone():
    stock = houses(3, heated_area_m2=[150.0, 0.0, 150.0])
    envelopes = cube(stock)
    envelopes["wall_east_m2"] = [60.0, 60.0, 0.0]
    envelopes["party_wall_m2"] = [0.0, 0.0, 60.0]
    zones = make_zones(stock, envelopes, GIVEN)
    assert list(zones.ids) == ["b00000", "b00002"]
    assert conductance(zones)[1] < conductance(zones)[0]
    assert zones.window_apertures_m2[1, 1] == 0
    assert zones.window_apertures_m2[1, 0] == zones.window_apertures_m2[0, 0]


def test_a_building_heated_in_part_has_part_of_its_envelope():
    stock = houses(3, heated_area_m2=[140.0, 60.0, 30.0])
    zones = make_zones(stock, cube(stock, volume=3.4 * 150), GIVEN)
    part = conductance(zones) / conductance(zones)[0]
    assert part == pytest.approx([1, 60 / 75, 30 / 75])  # the whole up to half of what fits in


def test_unknown_class_age_and_use_take_what_the_documentation_says():
    stock = houses(2, size_class=[None, "apartments"], age_class=[None, "1949_1968"])
    zones = make_zones(stock, cube(stock), GIVEN)
    assert conductance(zones)[0] == conductance(zones)[1]
    assert (make_zones(houses(1, use="unknown"), cube(houses(1)), GIVEN).gains_w == 2.5 * 150).all()


@pytest.mark.parametrize(
    ("column", "value"),
    [("heated_area_m2", -1.0), ("heated_area_m2", np.nan), ("set_point_c", 45.0)],
)
def test_impossible_values_are_named(column, value):
    stock = houses(3).assign(
        **{column: [150.0 if column == "heated_area_m2" else 20.0, value, value]}
    )
    with pytest.raises(ModelError, match=r"2 buildings .*b00001, b00002"):
        make_zones(stock, cube(stock), GIVEN)


def rows_of(zones):
    values = {}
    for field in fields(zones):
        if field.name != "ids":
            column = getattr(zones, field.name)
            values |= {f"{field.name}{i}": part for i, part in enumerate(np.atleast_2d(column.T))}
    return pd.DataFrame(values, zones.ids)


@st.composite
def stocks(draw):
    count = draw(st.integers(1, 12))
    pick = np.random.default_rng(draw(st.integers(0, 10_000)))
    stock = houses(
        count, use=pick.choice(BUILDING_USES, count), size_class=pick.choice(SIZE_CLASSES, count),
        age_class=pick.choice(AGE_CLASSES, count), refurbishment=pick.choice(REFURBISHMENT, count),
        heated_area_m2=pick.choice([0.0, 30.0, 150.0, 2000.0], count),
        set_point_c=pick.choice([15.0, 20.0, 22.0], count),
    )  # fmt: skip
    envelopes = cube(
        stock, wall=pick.choice([0.0, 10.0, 100.0, 500.0], count),
        roof=pick.choice([50.0, 300.0], count), volume=pick.choice([0.0, 200.0, 5000.0], count),
    )  # fmt: skip
    return stock, envelopes.sample(frac=0.8, random_state=1)


@settings(max_examples=15)
@examples(stocks())
def test_order_does_not_matter_bit_for_bit_and_one_alone_is_as_in_the_crowd(made):
    stock, envelopes = made
    straight = rows_of(make_zones(stock, envelopes, GIVEN))
    turned = rows_of(make_zones(stock.iloc[::-1], envelopes.iloc[::-1], GIVEN))
    pd.testing.assert_frame_equal(straight, turned.loc[straight.index], check_exact=True)
    for name in straight.index[:3]:
        alone = rows_of(make_zones(stock.loc[[name]], envelopes, GIVEN))
        pd.testing.assert_frame_equal(alone, straight.loc[[name]], check_exact=True)
    pd.testing.assert_series_equal(
        seasonal_demand(stock.iloc[::-1], envelopes, GIVEN).iloc[::-1],
        seasonal_demand(stock, envelopes, GIVEN), check_exact=True,
    )  # fmt: skip


@settings(max_examples=15)
@examples(stocks())
def test_a_better_state_never_needs_more_heat(made):
    stock, envelopes = made
    demand = [
        seasonal_demand(
            stock.assign(refurbishment=pd.Categorical([state] * len(stock), REFURBISHMENT)),
            envelopes, GIVEN,
        )
        for state in REFURBISHMENT
    ]  # fmt: skip
    assert (demand[1] <= demand[0] * 1.000001).all()
    assert (demand[2] <= demand[1] * 1.000001).all()


def test_every_kind_of_building_of_the_stock_gets_finite_zones_and_plausible_heat():
    combined = pd.MultiIndex.from_product([BUILDING_USES, SIZE_CLASSES, AGE_CLASSES, REFURBISHMENT])
    frame = combined.to_frame(index=False, name=["use", "size_class", "age_class", "refurbishment"])
    stock = houses(len(frame), **{name: list(frame[name]) for name in frame})
    zones = make_zones(stock, cube(stock), GIVEN)
    for field in fields(zones):
        if field.name != "ids":
            values = getattr(zones, field.name)
            assert np.isfinite(values).all(), field.name
            assert (values >= 0).all(), field.name
    heat = seasonal_demand(stock, cube(stock), GIVEN) / 150
    living = stock["use"] == "residential"
    assert heat[living].between(15, 420).all()


def test_inputs_are_not_changed():
    stock, envelopes = houses(2), cube(houses(2))
    before = stock.copy(), envelopes.copy()
    make_zones(stock, envelopes, GIVEN)
    pd.testing.assert_frame_equal(stock, before[0])
    pd.testing.assert_frame_equal(envelopes, before[1])
