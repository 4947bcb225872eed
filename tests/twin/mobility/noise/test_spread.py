"""How sound arrives: against an integral, a case by hand, and what must not change it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from tests.twin.mobility.noise.made import GIVEN, flows, houses, nodes, streets
from twin.mobility.noise import (
    area_kinds,
    building_heights,
    facade_levels,
    facade_points,
    noise_at_buildings,
    noise_emission,
    noise_exposure,
    sound_spread,
)

LOUD = GIVEN.replaced({"noise.reach_m.local": 1000.0, "effects.week_factor": 1.0})
STRAIGHT = [(-900, 0), (900, 0)]


def spread(network, buildings, *, given=LOUD, control=None, **more):
    return sound_spread(network, nodes(network, **(control or {})), buildings, given, **more)


def levels(network, buildings, car=5000.0, **more):
    emission = noise_emission(network, flows(network, car), LOUD)
    return facade_levels(spread(network, buildings, **more), emission)


def arriving(distance, aside=0.0):
    """Energy over that of a metre of line, after RLS-19 over flat ground, by integration."""

    def part(x):
        s = np.sqrt(distance**2 + (x - aside) ** 2 + 3.5**2)
        ground = max(4.8 - 2.25 / s * (34 + 600 / s), 0)
        damping = 20 * np.log10(s) + 10 * np.log10(2 * np.pi) + s / 200 + ground
        return 10 ** (-0.1 * damping)

    return quad(part, -900, 900, limit=400, points=[aside])[0]


@pytest.mark.parametrize("distance", [8.0, 25.0, 60.0, 200.0])
def test_long_line_against_an_integral(distance):
    network = streets(STRAIGHT)
    house = houses((-4, distance + 1, 4, distance + 9))
    level = noise_emission(network, flows(network, 5000.0), LOUD)["day_db"].iloc[0]
    found = levels(network, house)["day_db"].iloc[0]
    assert found == pytest.approx(level + 10 * np.log10(arriving(distance)), abs=0.1)


def test_a_short_piece_at_25_m_by_hand():
    """s = (25^2 + 3.5^2)^0.5 = 25.244 m: 28.04 + 7.98 + 0.13 dB and no damping by the ground."""
    network = streets([(-2, 0), (2, 0)])
    level = noise_emission(network, flows(network, 5000.0), LOUD)["day_db"].iloc[0]
    found = levels(network, houses((-4, 26, 4, 34)))["day_db"].iloc[0]
    assert found == pytest.approx(level + 6.0206 - 28.0433 - 7.9818 - 0.1262 - 0.0, abs=2e-3)


def test_twice_the_traffic_everywhere_three_decibels_more():
    network = streets(STRAIGHT, [(0, 50), (60, 200)])
    places = houses((10, 20, 20, 30), (10, 60, 25, 70), (-40, 90, -30, 99))
    one, two = levels(network, places, 4000.0), levels(network, places, 8000.0)
    assert (two - one).to_numpy() == pytest.approx(10 * np.log10(2), abs=1e-4)


def test_farther_is_quieter_and_the_back_is_quietest():
    network = streets(STRAIGHT)
    rows = houses(*((60.0 * i, 10.0 + 25 * i, 60.0 * i + 10, 20.0 + 25 * i) for i in range(6)))
    found = levels(network, rows)
    assert (np.diff(found["day_db"]) < 0).all()
    assert (found["quiet_night_db"] < found["night_db"] - 4).all()


def test_a_row_of_houses_screens():
    """By hand for the piece right ahead: one roof of 12 m, 20 m before the wall, 40 m in all."""
    network = streets([(-2, 0), (2, 0)])
    behind = houses((-3, 41, 3, 49), (-400, 18, 400, 22), height=[6.0, 12.0])
    free = houses((-3, 41, 3, 49), (-400, 800, 400, 804), height=[6.0, 12.0])
    loud, quiet = (levels(network, each)["day_db"]["b0"] for each in (free, behind))
    s = np.hypot(40.0, 3.5)
    ground = max(4.8 - 2.25 / s * (34 + 600 / s), 0)
    # the roof runs from 18 to 22 m: its edges are 18 m from the line and from the wall
    before, after = np.hypot(18.0, 11.5), np.hypot(18.0, 8.0)
    detour = before + after + 4.0 - s
    np.exp(-np.sqrt(before * after * s / 2 / detour) / 2000)
    screen = 10 * np.log10(
        3 + 80 * detour * np.exp(-np.sqrt(before * after * s / 2 / detour) / 2000)
    )
    assert loud - quiet == pytest.approx(screen - ground, abs=1.0)
    assert levels(network, behind, screened=False)["day_db"]["b0"] == pytest.approx(loud, abs=1e-3)


def test_both_directions_are_one_line_and_add_up():
    one = streets(STRAIGHT)
    two = streets(STRAIGHT, STRAIGHT[::-1], reverse_id=["s1", "s0"])
    place = houses((-5, 30, 5, 40))
    found = spread(two, place)
    assert len(found.lines.ids) == 1
    emission = noise_emission(two, flows(two, 2500.0), LOUD)
    once = levels(one, place, 5000.0)
    assert facade_levels(found, emission).to_numpy() == pytest.approx(once.to_numpy(), abs=1e-3)


def test_signals_are_heard_up_to_120_m_along_the_street():
    network = streets([(0, 0), (100, 0)], [(100, 0), (200, 0)])
    place = houses((-5, 10, 5, 20), (95, 10, 105, 20), (195, 10, 205, 20))
    plain = levels(network, place)["day_db"]
    lit = levels(network, place, control={"n0": "signals"})["day_db"] - plain
    assert 2.0 < lit["b0"] < 3.0
    assert 0.0 < lit["b1"] < 1.0
    assert 0.0 <= lit["b2"] < 0.2
    ring = levels(network, place, control={"n0": "roundabout"})["day_db"] - plain
    assert (ring < lit).all()


def test_tunnels_and_footways_are_silent():
    network = streets(
        STRAIGHT,
        STRAIGHT,
        is_tunnel=[True, False],
        allow_car=[True, False],
        allow_truck=[True, False],
        allow_bus=[True, False],
    )
    found = levels(network, houses((0, 10, 10, 20)))
    assert found.isna().all(axis=None)


def town(seed, count=30):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 400, (2, count))
    ends = rng.uniform(0, 400, (12, 2, 2))
    boxes = [(a, b, a + 9, b + 11) for a, b in zip(x, y, strict=True)]
    return streets(*ends.tolist()), houses(*boxes, height=rng.uniform(3, 15, count))


def test_order_does_not_count():
    network, places = town(1)
    car = np.linspace(0, 9000, len(network))
    emission = noise_emission(network, flows(network, car), LOUD)
    found = facade_levels(spread(network, places), emission)
    mixed, moved = network.sample(frac=1, random_state=2), places.sample(frac=1, random_state=3)
    again = facade_levels(spread(mixed, moved), emission)
    pd.testing.assert_frame_equal(again.loc[found.index], found, check_exact=True)


def test_streets_are_matched_by_id():
    network, places = town(2, 6)
    emission = noise_emission(network, flows(network, 3000.0), LOUD)
    found = spread(network, places)
    silent = emission.assign(day_db=emission["day_db"].where(emission.index == "s5", -np.inf))
    only = facade_levels(found, silent)["day_db"]
    assert np.array_equal(only, facade_levels(found, emission.loc[["s5"]])["day_db"])
    assert np.array_equal(only, facade_levels(found, silent[::-1])["day_db"])


def test_from_before_equals_anew():
    network, places = town(4)
    first = spread(network, places, given=GIVEN)
    assert first.computed == len(places)
    assert spread(network, places, given=GIVEN, before=first).computed == 0
    added = streets([(10, 10), (60, 40)]).rename(index={"s0": "new"})
    changed = pd.concat([network.drop(index="s3"), added])
    fresh = spread(changed, places, given=GIVEN)
    quick = spread(changed, places, given=GIVEN, before=first)
    assert 0 < quick.computed < len(places)
    assert np.array_equal(quick.values, fresh.values)
    assert quick.receivers is first.receivers
    moved = places.assign(height_m=places["height_m"] + 1)
    assert spread(changed, moved, given=GIVEN, before=first).computed == len(places)


def test_points_stand_before_the_walls():
    places = houses((0, 0, 12, 12), (50, 0, 250, 100))
    points = facade_points(places, GIVEN)
    assert np.diff(points.offsets).tolist() == [4, 12]
    found = sorted(zip(points.x[:4].round(6), points.y[:4].round(6), strict=True))
    assert found == [(-1, 6), (6, -1), (6, 13), (13, 6)]


def test_heights_cover_the_footprints():
    places = houses((0, 0, 40, 20), (100, 0, 140, 40), height=[10.0, 20.0])
    heights = building_heights(places)
    built = (heights.tiles > 0).sum() * heights.cell_m**2
    assert built == pytest.approx(places.area.sum(), rel=0.02)
    assert heights.tiles.max() == 40


def test_no_buildings_no_streets():
    network, places = town(5)
    assert noise_at_buildings(network, nodes(network), flows(network, 1.0), places[:0], GIVEN).empty
    none = network[:0]
    assert (
        noise_at_buildings(none, nodes(none), flows(none, 1.0), places, GIVEN).isna().all(axis=None)
    )


def test_people_above_limits():
    ids = [f"b{i}" for i in range(6)]
    table = pd.DataFrame(
        {"use": ["residential", "residential", "education", "mixed", "garage", "office"]}, index=ids
    )
    school = pd.DataFrame({"class": ["school"], "building_id": ["b5"]})
    kinds = area_kinds(table, school)
    assert kinds.tolist()[:4] == ["residential", "residential", "hospital_school", "mixed"]
    assert pd.isna(kinds["b4"])
    assert kinds["b5"] == "hospital_school"
    loud = pd.DataFrame(
        {
            "day_db": [59.0, 59.01, 70.0, 64.0, 90.0, np.nan],
            "night_db": [49.0, 49.5, 40.0, 55.0, 90.0, np.nan],
        },
        index=ids,
    )
    found = noise_exposure(loud, kinds, pd.Series(10.0, ids), GIVEN)
    assert found.loc["residential", "residents_day"] == 10  # 59.0 is not above, 59.01 is 60
    assert found.loc["residential", "residents"] == 20
    assert found.loc["mixed", "residents_night"] == 10
    assert found.loc["mixed", "residents_day"] == 0
    assert found.loc["hospital_school", "buildings_day"] == 1
    assert found.loc["health", "residents_day"] == 10
    assert found.loc["health", "buildings"] == 5


def test_spread_keeps_its_input():
    network, places = town(6, 5)
    found = spread(network, places)
    values = found.values.copy()
    spread(network, places, before=dataclasses.replace(found))
    assert np.array_equal(values, found.values)
