"""COP, heating curve and brine against hplib, whose fits they are, and against limiting cases."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.conftest import shared
from twin.energy.supply.heat_pumps import (
    brine_temperature,
    cop,
    daily_mean,
    electricity_per_heat,
    fits,
    heat_pump_share,
    heating_curve,
)

# source, t_source, t_flow, t_air -> COP as hplib 1.9 (`simulate`, generic, groups 1 and 2) gives it
BY_HPLIB = [
    ("air", -15, 35, -15, 1.669857),
    ("air", -15, 55, -15, 1.0),
    ("air", -7, 35, -7, 2.902254),
    ("air", -7, 55, -7, 1.150921),
    ("air", 2, 45, 2, 3.413034),
    ("air", 7, 35, 7, 5.058949),
    ("air", 7, 55, 7, 3.307615),
    ("air", 12, 45, 12, 4.95353),
    ("brine", -5, 55, 3, 2.208209),
    ("brine", 0, 35, 3, 4.672324),
    ("brine", 5, 45, 3, 4.179501),
    ("brine", 10, 35, 3, 5.65797),
]


def at(source, source_c, flow_c, air_c):
    values = (np.array([float(v)]) for v in (source_c, flow_c, air_c))
    return float(cop(fits()[source], *values)[0])


@pytest.mark.parametrize(("source", "source_c", "flow_c", "air_c", "expected"), BY_HPLIB)
def test_cop_is_what_hplib_gives(source, source_c, flow_c, air_c, expected):
    assert at(source, source_c, flow_c, air_c) == pytest.approx(expected, abs=1e-6)


def test_cop_is_what_an_installed_hplib_gives():
    hplib = pytest.importorskip("hplib.hplib", reason="hplib is no dependency")
    for source, source_c, flow_c, air_c, _ in BY_HPLIB:
        group = 1 if source == "air" else 2
        pump = hplib.get_parameters("Generic", group_id=group, t_in=-7, t_out=52, p_th=10_000)
        found = hplib.simulate(source_c, flow_c - 5, pump, air_c)["COP"]
        assert at(source, source_c, flow_c, air_c) == pytest.approx(float(np.ravel(found)[0]))


def test_coefficients_are_those_of_the_reference_table():
    with shared("refs/energy/cop_curves.csv").open(encoding="utf-8") as file:
        rows = {(r["Type"], r["Subtype"]): r for r in csv.DictReader(file)}
    for source, kind in (("air", "Outdoor Air/Water"), ("brine", "Brine/Water")):
        row = rows[kind, "Regulated"]
        units = ("[-]", "[-]", "[-]", "[-]")
        expected = [float(row[f"p{i}_COP {u}"]) for i, u in enumerate(units, start=1)]
        assert list(fits()[source][:4]) == expected


@drawn(
    st.sampled_from(["air", "brine"]),
    st.floats(-40, 45),
    st.floats(15, 90),
    st.floats(0, 20),
    st.floats(0, 20),
)
def test_cop_is_at_least_1_and_better_with_less_lift(source, source_c, flow_c, warmer, hotter):
    here = at(source, source_c, flow_c, source_c)
    assert here >= 1.0
    assert at(source, source_c + warmer, flow_c, source_c + warmer) >= here - 0.005
    assert at(source, source_c, flow_c + hotter, source_c) <= here + 1e-9


def test_outside_the_test_points_nothing_better_is_claimed():
    assert at("air", 30, 55, 30) == at("air", 12, 55, 12)
    assert at("air", 7, 20, 7) == at("air", 7, 24, 7)
    assert at("brine", 30, 35, 30) == pytest.approx(at("brine", 20, 35, 30))


def test_heating_curve_is_the_one_of_hplib():
    days = np.array([-10.0, -3.0, 5.0, 12.0, 19.0])
    flow = heating_curve(days, 55, design_c=-10, room_c=20, exponent=1.3)
    # by `calc_heating_dist_temp` of a HeatingSystem of 55/45 °C, -10 °C and exponent 1.3
    assert flow == pytest.approx([55.0, 48.530138, 40.535558, 32.662094, 22.557531], abs=1e-5)
    beyond = heating_curve(np.array([-25.0, 20.0, 30.0]), 55, design_c=-10, room_c=20, exponent=1.3)
    assert beyond == pytest.approx([55.0, 20.0, 20.0])


def test_brine_is_the_one_of_hplib():
    days = np.array([-10.0, -3.0, 5.0, 12.0, 19.0])
    expected = [3.1777, 4.2361, 6.7657, 9.4411, 11.9009]  # HeatingSystem.calc_brine_temp
    assert brine_temperature(days) == pytest.approx(expected, abs=1e-4)
    assert np.ptp(brine_temperature(np.array([25.0, 40.0]))) == 0


def test_mean_of_the_last_day_closes_the_year():
    hours = np.random.default_rng(1).normal(10, 8, 8760)
    thrice = pd.Series(np.tile(hours, 2)).rolling(24).mean().to_numpy()[8760:]
    assert daily_mean(hours) == pytest.approx(thrice)


def test_below_the_bivalence_point_an_electric_heater_helps():
    air = np.array([10.0, -5.0, -15.0])
    share = heat_pump_share(air, bivalence_c=-5, limit_c=15, slope=0.02)
    # at -15 °C: load 30/20 of the one at -5 °C, capacity 80 % of it
    assert share == pytest.approx([1.0, 1.0, 0.8 / 1.5])
    used = electricity_per_heat(np.full(3, 2.0), share)
    assert used == pytest.approx([0.5, 0.5, 0.8 / 1.5 / 2 + 0.7 / 1.5])
