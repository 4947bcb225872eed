"""What roofs carry, and where plants go on them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from tests.conftest import CRS, make_toy_city
from tests.twin.energy.solar.light import made_weather
from twin.assumptions import assumptions
from twin.energy.solar import allocate, building_potential, city_potential, potential
from twin.energy.solar.potential import module_area
from twin.schema import TABLES
from twin.validation import conform

GIVEN = assumptions()
WEATHER = made_weather()


def plane(**values):
    row = {
        "building_id": "b", "azimuth_deg": 180.0, "tilt_deg": 40.0, "area_m2": 60.0,
        "perimeter_m": 32.0, "usable_share": 1.0, **values,
    }  # fmt: skip
    return pd.DataFrame([row], index=["p"])


def test_edges_are_kept_free():
    """10 x 6 m with 0.3 m all round leaves 9.4 x 5.4 m."""
    assert module_area(plane(), GIVEN).iloc[0] == pytest.approx(9.4 * 5.4)
    half = module_area(plane(usable_share=0.5), GIVEN)
    assert half.iloc[0] == pytest.approx(9.4 * 5.4 / 2)


def test_rows_on_a_flat_roof():
    flat = plane(tilt_deg=0.0, azimuth_deg=np.nan)
    inside = (10 - 1.6) * (6 - 1.6)
    pairs = GIVEN["solar.flat_cover.pairs"]
    assert module_area(flat, GIVEN).iloc[0] == pytest.approx(inside * pairs)
    south = GIVEN.replaced({"solar.flat_rows_azimuth": 180.0})
    single = GIVEN["solar.flat_cover.single"]
    assert module_area(flat, south).iloc[0] == pytest.approx(inside * single)


def test_slivers_carry_nothing():
    assert module_area(plane(area_m2=1.0, perimeter_m=20.4), GIVEN).iloc[0] == 0
    assert module_area(plane(area_m2=0.1, perimeter_m=1.3), GIVEN).iloc[0] == 0


def test_the_area_rule_against_a_real_offset():
    """L-shapes and quadrangles: never more than what truly lies inside, seldom much less."""
    rng = np.random.default_rng(3)
    corners = [Polygon([(0, 0), (12, 0), (12, 5), (5, 5), (5, 9), (0, 9)])]
    corners += [
        Polygon([(0, 0), (a, rng.uniform(-1, 1)), (a + rng.uniform(-1, 1), b), (0, b)])
        for a, b in rng.uniform(5, 20, (30, 2))
    ]
    true = np.array([shape.buffer(-0.3, join_style="mitre").area for shape in corners])
    frame = pd.concat([plane(area_m2=s.area, perimeter_m=s.length) for s in corners])
    rule = module_area(frame, GIVEN).to_numpy()
    assert rule == pytest.approx(true, rel=0.02)


def city_with_weather():
    city = make_toy_city()
    weather = WEATHER.assign(
        temperature_source="measured", ghi_source="measured", dni_source="measured",
        dhi_source="measured", wind_source="measured",
    )  # fmt: skip
    return city.replace(weather=conform(TABLES["weather"], weather, crs=CRS))


def test_potential_of_a_city():
    city = city_with_weather()
    planes = city_potential(city, GIVEN)
    used = planes[planes["kwp"] > 0]
    power = used["module_m2"] * GIVEN["solar.module_power"]
    assert used["kwp"].to_numpy() == pytest.approx(power.to_numpy())
    energy = used["kwp"] * used["yield_kwh_kwp"]
    assert used["annual_kwh"].to_numpy() == pytest.approx(energy.to_numpy())
    # b2 is 20 x 10 m, flat: rows inside 0.8 m of edge
    inside = 18.4 * 8.4 * GIVEN["solar.usable_share.flat"] * GIVEN["solar.flat_cover.pairs"]
    found = building_potential(city, GIVEN)
    assert found.loc["b2", "kwp"] == pytest.approx(inside * GIVEN["solar.module_power"])
    assert found.index.tolist() == city.buildings.index.tolist()
    pd.testing.assert_frame_equal(
        found, building_potential(city, GIVEN, planes_potential=planes)
    )  # fmt: skip


def test_a_minimum_yield_leaves_the_dark_side_out():
    city = city_with_weather()
    every = building_potential(city, GIVEN)
    good = building_potential(city, GIVEN, min_yield=650)
    assert (good["kwp"] <= every["kwp"]).all()
    known = good["yield_kwh_kwp"].dropna()
    assert (known >= 650).all()
    none = building_potential(city, GIVEN, min_yield=5000)
    assert none["kwp"].sum() == 0
    assert none["yield_kwh_kwp"].isna().all()


def test_a_horizon_in_the_city_lowers_the_yield():
    city = city_with_weather()
    planes = city_potential(city, GIVEN)
    names = [f"h{at:03d}" for at in range(0, 360, 10)]
    frame = pd.DataFrame(30.0, index=["b2:e1"], columns=names).assign(
        building_id="b2", sky_view=0.75, horizon_source="measured:surface"
    )
    shaded = city.replace(horizons=conform(TABLES["horizons"], frame, crs=CRS))
    after = city_potential(shaded, GIVEN)
    assert after.loc["b2:e1", "yield_kwh_kwp"] < 0.9 * planes.loc["b2:e1", "yield_kwh_kwp"]
    rest = planes.index != "b2:e1"
    pd.testing.assert_frame_equal(after[rest], planes[rest], check_exact=True)
    assert shaded.hash != city.hash


def table(rows):
    frame = pd.DataFrame(rows, columns=["building_id", "kwp", "yield_kwh_kwp"])
    frame = frame.astype({"kwp": float, "yield_kwh_kwp": float})
    return frame.set_axis([f"p{i}" for i in range(len(frame))])


def test_the_best_planes_come_first():
    planes = table([("a", 4.0, 700), ("a", 3.0, 950), ("b", 5.0, 900), ("a", 0.0, np.nan)])
    placed = allocate(pd.Series({"a": 5.0, "b": 7.0, "c": 1.0}), planes)
    assert placed.kwp.tolist() == [2, 3, 5, 0]
    assert placed.unplaced.to_dict() == {"a": 0, "b": 2, "c": 1}


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(0, 50), st.floats(300, 1000)), max_size=20
    ),
    st.dictionaries(st.sampled_from("abcd"), st.floats(0, 200)),
    st.randoms(use_true_random=False),
)
def test_nothing_is_lost_or_made(rows, wanted, random):
    planes = table(rows)
    asked = pd.Series(wanted, dtype=float)
    placed = allocate(asked, planes)
    assert (placed.kwp <= planes["kwp"] + 1e-9).all()
    assert (placed.kwp >= 0).all()
    assert placed.kwp.sum() + placed.unplaced.sum() == pytest.approx(asked.sum(), abs=1e-6)
    again = allocate(asked, planes.sample(frac=1, random_state=random.randrange(99)))
    pd.testing.assert_series_equal(again.kwp.loc[placed.kwp.index], placed.kwp, check_exact=True)
    alone = allocate(asked[asked.index == "a"], planes[planes["building_id"] == "a"])
    pd.testing.assert_series_equal(alone.kwp, placed.kwp.loc[alone.kwp.index], check_exact=True)


def test_potential_without_horizons_is_that_of_an_open_sky():
    planes = plane(x=0.0, y=0.0)
    open_sky = potential(planes, WEATHER, None, GIVEN)
    nothing = conform(TABLES["horizons"], pd.DataFrame(index=[]), crs=CRS)
    pd.testing.assert_frame_equal(potential(planes, WEATHER, nothing, GIVEN), open_sky)
