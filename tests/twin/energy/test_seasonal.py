"""TABULA's seasonal method against its own results, and the hourly model against it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from tests.twin.energy.tabula_climate import heating_season, tabula_climate
from twin.assumptions import assumptions
from twin.energy.archetypes import typology
from twin.energy.heat_demand import heat_matrix
from twin.energy.seasonal import Season, season_of, seasonal_heat, seasonal_typology
from twin.energy.typology_zones import typology_zones
from twin.energy.zones import temperature_reduction

SEASON = Season(days=216, outdoor_c=4.6, at_0=0.8, time_h=30)


def test_all_187_variants_within_the_rounding_of_the_published_figures():
    difference = seasonal_typology(assumptions()) - typology()["heat_kwh_m2"]
    worst = difference.abs().nlargest(3)
    print(f"seasonal method, worst of {len(difference)}: {worst.round(2).to_dict()}")  # noqa: T201
    assert len(difference) == 187
    assert worst.max() <= 1.7
    assert abs(difference.median()) < 0.5


def test_hourly_model_under_tabula_climate():
    given = assumptions()
    zones, climate, inside = typology_zones(given), tabula_climate(given), heating_season(given)
    hourly = heat_matrix(zones, climate, given)[:, inside].astype(float).sum(axis=1) / 1000
    ratio = pd.Series(hourly / zones.floor_area_m2, zones.ids) / seasonal_typology(given) - 1
    print(ratio.describe(percentiles=[0.05, 0.5, 0.95]).round(4).to_dict())  # noqa: T201
    assert abs(ratio.median()) <= 0.05
    assert ratio.abs().max() <= 0.15


def test_the_climate_of_the_comparison_is_tabulas():
    given = assumptions()
    climate, inside = tabula_climate(given), heating_season(given)
    assert inside.sum() == 216 * 24
    assert climate.temperature_c[inside].mean() == pytest.approx(4.6, abs=0.01)
    assert climate.irradiance_wm2[inside].sum(axis=0) / 1000 == pytest.approx(
        [123, 260, 394, 222, 368]
    )
    daily = climate.temperature_c.reshape(365, 24).mean(axis=1)
    assert daily[inside[::24]].max() == pytest.approx(12, abs=0.2)
    assert daily[~inside[::24]].min() == pytest.approx(12, abs=0.2)


def test_one_house_by_hand():
    # H = 300 W/K at 20 °C: L = 0.024 x 300 x 15.4 x 216 = 23,950 kWh; gains 5,000 kWh: g = 0.20876
    # C = 6,000 Wh/K: tau = 20 h, a = 1.46667; eta = (1 - g^a)/(1 - g^(a+1)) = 0.89945/0.97901
    heat = seasonal_heat(
        np.array([300.0]), np.array([20.0]), np.array([5000.0]), np.array([6000.0]), SEASON
    )
    assert heat[0] == pytest.approx(23950.08 - 5000 * 0.91873, rel=1e-4)


def test_limits_of_the_gain_utilisation():
    h, c = np.array([300.0]), np.array([6000.0])
    loss = 0.024 * 300 * (20 - 4.6) * 216
    no_gains = seasonal_heat(h, np.array([20.0]), np.array([0.0]), c, SEASON)
    assert no_gains == pytest.approx([loss])
    even = seasonal_heat(h, np.array([20.0]), np.array([loss]), c, SEASON)
    near = seasonal_heat(h, np.array([20.0]), np.array([loss * 1.00001]), c, SEASON)
    assert even == pytest.approx(near, rel=1e-3)
    much = seasonal_heat(h, np.array([20.0]), np.array([50 * loss]), c, SEASON)
    assert 0 <= much[0] < 0.02 * loss
    cold = seasonal_heat(h, np.array([2.0]), np.array([0.0]), c, SEASON)
    assert cold == pytest.approx([0], abs=1e-6)


@examples(
    h=st.floats(50, 5000), gains=st.floats(0, 60_000), more=st.floats(1, 500),
    capacity=st.floats(1000, 100_000),
)  # fmt: skip
def test_more_loss_never_lowers_and_more_gains_never_raise_demand(h, gains, more, capacity):
    losses, inside = np.array([h, h + more, h]), np.full(3, 20.0)
    got = seasonal_heat(
        losses, inside, np.array([gains, gains, gains + more]), np.full(3, capacity), SEASON
    )
    assert got[1] >= got[0] - 1e-6
    assert got[2] <= got[0] + 1e-6


def test_reduction_is_tabulas():
    # read off the published table: h_tr and F_red_temp of single family houses
    pairs = {0.32: 1.04, 0.45: 1.01, 0.50: 1.00, 0.75: 0.95, 1.00: 0.90, 1.71: 0.876, 4.30: 0.80}
    got = temperature_reduction(np.array(list(pairs)), np.array(0.9), np.array(0.8))
    assert got == pytest.approx(list(pairs.values()), abs=0.005)


def test_season_reads_the_assumptions():
    assert season_of(assumptions()) == SEASON
    warm = assumptions().replaced({"archetypes.outdoor_temperature": 6.0})
    assert (seasonal_typology(warm) < seasonal_typology(assumptions())).all()
