"""Formulas of RLS-19 against third-party regression values and cases worked by hand."""

import json

import numpy as np
import pytest

from tests.conftest import shared
from tests.twin.mobility.noise.made import GIVEN, flows, streets
from twin.mobility.noise import noise_emission
from twin.mobility.noise.rls19 import (
    GROUPS,
    free_damping,
    gradient_correction,
    ground_damping,
    junction_correction,
    line_level,
    screen_damping,
    surface_correction,
    vehicle_level,
)

TRUTH = {
    "LW0 Pkw at 40 km/h": 97.70334139531323,
    "LW' 1800 Pkw/h, 40 km/h, no Lkw, flat, non-grooved asphalt": 84.23546653306667,
    "shielding z for calculateShieldingCorrection(10,15,15,15)": 34.463933081239965,
}
"""MATSim contrib noise, NoiseRLS19IT, as in refs/mobility/noise/rls19.json."""


def lw_line(vehicles, speed, shares=(1.0, 0.0, 0.0)):
    levels = np.array([vehicle_level(group, speed, GIVEN) for group in GROUPS])
    return float(line_level(np.array(vehicles), np.array(shares), levels, np.full(3, speed)))


def answers():
    return dict(
        zip(
            TRUTH,
            (
                float(vehicle_level("car", 40.0, GIVEN)),
                lw_line(1800.0, 40.0),
                screen_damping(10.0, 15.0, 15.0, 15.0),
            ),
            strict=True,
        )
    )


def test_regression_values():
    assert answers() == pytest.approx(TRUTH, abs=1e-9)


def test_the_reference_file_says_the_same():
    file = shared("refs/mobility/noise/rls19.json")
    rls = json.loads(file.read_text("utf-8"))
    wanted = {row["what"]: row["value"] for row in rls["reference_values"]}
    assert answers() == pytest.approx({name: wanted[name] for name in TRUTH}, abs=1e-9)
    ours = {"Pkw": "car", "Lkw1": "truck_1", "Lkw2": "truck_2"}
    for theirs, group in ours.items():
        values = [GIVEN[f"noise.base_{name}.{group}"] for name in ("level", "speed", "power")]
        assert values == list(rls["params"][theirs].values())
    limits = {time: GIVEN.by_class(f"noise.limit_{time}") for time in ("day", "night")}
    for kind in ("hospital_school", "residential", "mixed", "commercial"):
        assert [limits["day"][kind], limits["night"][kind]] == rls["limits_16BImSchV"][kind]


def test_twice_the_traffic_is_three_decibels():
    assert lw_line(900.0, 50.0) + 10 * np.log10(2) == pytest.approx(
        lw_line(1800.0, 50.0), abs=1e-12
    )


def test_from_50_to_30_a_car_is_quieter_by_what_the_formula_says():
    """By hand: LW0(50) = 88 + 10 lg(1 + 2.5^3.06) = 100.43; LW0(30) = 88 + 10 lg(1 + 1.5^3.06)."""
    assert float(vehicle_level("car", 50.0, GIVEN)) == pytest.approx(100.430, abs=5e-3)
    assert float(vehicle_level("car", 30.0, GIVEN)) == pytest.approx(94.494, abs=5e-3)
    # each vehicle stays longer on the metre: 10 lg(50/30) = 2.218 of it come back
    assert lw_line(500.0, 50.0) - lw_line(500.0, 30.0) == pytest.approx(5.936 - 2.218, abs=5e-3)


def test_vector_equals_scalar():
    speeds = np.array([30.0, 50.0, 100.0])
    for group in GROUPS:
        alone = [float(vehicle_level(group, speed, GIVEN)) for speed in speeds]
        assert vehicle_level(group, speeds, GIVEN).tolist() == alone


@pytest.mark.parametrize(
    ("group", "gradient", "speed", "wanted"),
    [
        ("car", 0.0, 50.0, 0.0),
        ("car", 2.0, 50.0, 0.0),
        ("car", -6.0, 50.0, 0.0),
        ("car", 12.0, 50.0, 1.2),
        ("car", -12.0, 50.0, 2.0),
        ("car", -12.0, 100.0, 1.0),
        ("truck_1", 7.0, 50.0, 2.5),
        ("truck_1", -8.0, 50.0, 1.5),
        ("truck_2", 7.0, 50.0, 3.0),
        ("truck_2", -8.0, 50.0, 2.5),
        ("truck_2", -4.0, 50.0, 0.0),
    ],
)
def test_gradient_by_hand(group, gradient, speed, wanted):
    assert float(gradient_correction(group, gradient, speed)) == pytest.approx(wanted, abs=1e-12)


def test_pavement_by_speed():
    steps = GIVEN.by_class("noise.surface_rough")
    assert surface_correction(np.array([30, 39.9, 40, 50, 130]), steps).tolist() == [5, 5, 6, 7, 7]
    assert surface_correction(np.array([10.0]), steps).tolist() == [5]


def test_junction():
    assert junction_correction([0, 60, 120, 500], 3.0, 120.0).tolist() == [3.0, 1.5, 0.0, 0.0]


def test_dampings_by_hand():
    assert free_damping(100.0) == pytest.approx(40 + 7.98180 + 0.5, abs=1e-5)
    assert ground_damping(100.0, 2.25) == pytest.approx(4.8 - 0.0225 * 40)
    assert ground_damping(10.0, 2.25) == 0.0
    assert screen_damping(20.0, 10.0, 0.0, 10.0) == 0.0  # nothing stands above the line of sight


def test_what_drives_on_a_street():
    """By hand: 10,000 vehicles a weekday, 4 % lorries of one kind in all hours."""
    network = streets([(0, 0), (100, 0)])
    values = {
        "effects.week_factor": 1.0,
        "noise.truck_1_day.local": 4.0,
        "noise.truck_2_day.local": 0.0,
        "noise.truck_1_night.local": 4.0,
        "noise.truck_2_night.local": 0.0,
    }
    given = GIVEN.replaced(values)
    level = noise_emission(network, flows(network, 9600.0, 400.0), given).iloc[0]
    assert level["day_db"] == pytest.approx(lw_line(575.0, 50.0, (0.96, 0.04, 0.0)), abs=1e-9)
    assert level["night_db"] == pytest.approx(lw_line(100.0, 50.0, (0.96, 0.04, 0.0)), abs=1e-9)
    more = noise_emission(network, flows(network, 9200.0, 800.0), given).iloc[0]
    assert more["day_db"] == pytest.approx(lw_line(575.0, 50.0, (0.92, 0.08, 0.0)), abs=1e-9)


def test_hours_of_a_day_hold_all_vehicles():
    for road, day in GIVEN.by_class("noise.hour_day").items():
        assert 16 * day + 8 * GIVEN[f"noise.hour_night.{road}"] == pytest.approx(1.0)


def test_lorries_of_table_2_where_the_model_has_none():
    network = streets([(0, 0), (100, 0)])
    usual = noise_emission(network, flows(network, 1000.0)[["car"]], GIVEN).iloc[0]
    none = noise_emission(network, flows(network, 1000.0), GIVEN).iloc[0]
    assert usual["day_db"] > none["day_db"] + 1.0


def test_no_traffic_is_silent_and_buses_are_lorries():
    network = streets([(0, 0), (100, 0)], [(0, 9), (100, 9)])
    quiet = noise_emission(network, flows(network, 0.0), GIVEN)
    assert (quiet.to_numpy() == -np.inf).all()
    with_bus = flows(network, 0.0).assign(bus=[0.0, 100.0])
    loud = noise_emission(network, with_bus, GIVEN.replaced({"effects.week_factor": 1.0}))
    assert loud["day_db"].iloc[1] == pytest.approx(lw_line(5.75, 50.0, (0.0, 1.0, 0.0)), abs=1e-9)


def test_stones_and_hills_are_louder():
    network = streets(
        *[[(0, 0), (100, 0)]] * 3,
        surface=["asphalt", "sett", "asphalt"],
        gradient_percent=[0.0, 0.0, 10.0],
    )
    level = noise_emission(network, flows(network, 5000.0), GIVEN)["day_db"]
    assert level["s1"] - level["s0"] == pytest.approx(7.0)  # cars alone: 7 dB from 50 km/h on
    assert level["s2"] - level["s0"] == pytest.approx(0.8 * 1.2)


A_WEIGHT = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
"""Octaves of 63 Hz to 8 kHz, IEC 61672."""


@pytest.mark.parametrize("speed", [50.0, 70.0, 100.0, 130.0])
def test_cars_are_about_as_loud_as_in_the_european_method(speed):
    """CNOSSOS-EU (2020), other reference road and spectrum: same order, within 3 dB."""
    file = shared("refs/mobility/noise/RoadCnossos_2020.json")
    car = json.loads(file.read_text("utf-8"))["vehicles"]["1"]
    ar, br, ap, bp = (np.array(car[name]) for name in ("ar", "br", "ap", "bp"))
    rolling, engine = ar + br * np.log10(speed / 70), ap + bp * (speed - 70) / 70
    power = (10 ** (0.1 * rolling) + 10 ** (0.1 * engine)) * 10 ** (0.1 * A_WEIGHT)
    european = 10 * np.log10(power.sum())
    assert float(vehicle_level("car", speed, GIVEN)) == pytest.approx(european, abs=3.0)
