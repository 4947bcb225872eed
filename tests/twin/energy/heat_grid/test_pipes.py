"""Pipes against the references, hand calculation, the Colebrook equation and pandapipes."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from tests.conftest import shared
from twin.assumptions import assumptions
from twin.energy.heat_grid.pipes import (
    capacities_m3_s,
    catalogue,
    density_kg_m3,
    heat_loss_w_m,
    mean_flow_c,
    pipe_cost_eur_m,
    pressure_gradient_pa_m,
    size_pipes,
    viscosity_pa_s,
    volume_flow_m3_s,
)  # fmt: skip

GIVEN = assumptions()


def test_pipes_are_those_of_the_references():
    """The column max_volumeFlow_m3h there holds litres a second: speed times cross-section."""
    ref = pd.read_csv(shared("refs/energy/dh_pipes.csv"))
    own = catalogue().set_index("dn").loc[ref["DN"]]
    assert own["u_w_mk"].tolist() == ref["U_W_mK"].tolist()
    assert own["inner_mm"].tolist() == ref["di_mm"].tolist()
    litres = own["max_flow_m3_s"].to_numpy() * 1000
    np.testing.assert_allclose(litres, ref["max_volumeFlow_m3h"], rtol=3e-3)


def test_costs_are_those_of_the_references():
    ref = pd.read_csv(shared("refs/energy/tech_costs.csv"))
    ref = ref[ref["technology"].str.startswith("DH pipe DN")]
    cost = ref["value"].set_axis(ref["technology"].str.extract(r"DN(\d+)")[0].astype(int))
    own = catalogue()
    size = own["dn"].str.split().str[1].astype(int)
    assert own["cost_usd2015_m"].tolist() == cost.loc[size].tolist()
    euro = pipe_cost_eur_m(np.arange(len(own)), GIVEN)
    np.testing.assert_allclose(euro, own["cost_usd2015_m"] * 1.2)


@pytest.mark.parametrize(
    ("temperature", "density", "viscosity"),
    [(20, 998.2, 1.002e-3), (40, 992.2, 0.653e-3), (60, 983.2, 0.466e-3), (80, 971.8, 0.354e-3)],
)
def test_water_as_in_steam_tables(temperature, density, viscosity):
    assert density_kg_m3(temperature) == pytest.approx(density, rel=1e-3)
    assert viscosity_pa_s(temperature) == pytest.approx(viscosity, rel=0.025)


def test_volume_flow_by_hand():
    # 100 kW over 30 K: 100 / (4.19 x 30) = 0.7955 kg/s; at 65 °C 980.6 kg/m³: 0.811 l/s
    found = volume_flow_m3_s(np.array([100.0]), 80, 50)
    assert found[0] * 1000 == pytest.approx(0.8113, rel=1e-3)


def test_friction_is_that_of_colebrook():
    density, viscosity = density_kg_m3(65), viscosity_pa_s(65)
    for inner, rough, speed in [(0.0408, 7e-6, 1.0), (0.1071, 5e-5, 1.5), (0.3127, 5e-5, 3.0)]:
        reynolds = density * speed * inner / viscosity

        def colebrook(f, rough=rough, inner=inner, reynolds=reynolds):
            part = rough / inner / 3.71 + 2.51 / reynolds / np.sqrt(f)
            return 1 / np.sqrt(f) + 2 * np.log10(part)

        factor = brentq(colebrook, 1e-3, 0.1)
        expected = factor * density * speed**2 / 2 / inner
        volume = np.array([speed * np.pi / 4 * inner**2])
        found = pressure_gradient_pa_m(volume, np.array([inner]), np.array([rough]),
                                       temperature_c=65)  # fmt: skip
        assert found[0] == pytest.approx(expected, rel=0.02)


def test_slow_water_flows_in_layers():
    """Below a Reynolds number of 2300: 32 viscosity speed / inner² (Hagen and Poiseuille)."""
    inner, speed = np.array([0.02]), 0.02
    volume = speed * np.pi / 4 * inner**2
    found = pressure_gradient_pa_m(volume, inner, np.array([1e-5]), temperature_c=65)
    assert found[0] == pytest.approx(32 * viscosity_pa_s(65) * speed / 0.02**2, rel=0.01)


def test_pressure_against_pandapipes():
    """
    pandapipes 0.16.0 (not a package of ours, run apart), water at 65 °C, Colebrook, roughness k.

    Loss of pressure over 100 m at the mass flow given.
    """
    cases = [  # inner [m], roughness [m], kg/s, bar
        (0.0408, 7e-6, 1.2, 0.20375),
        (0.1071, 5e-5, 10.0, 0.10638),
        (0.3127, 5e-5, 150.0, 0.08670),
    ]
    for inner, rough, mass, bar in cases:
        volume = np.array([mass / density_kg_m3(65)])
        found = pressure_gradient_pa_m(volume, np.array([inner]), np.array([rough]),
                                       temperature_c=65)  # fmt: skip
        assert found[0] * 100 / 1e5 == pytest.approx(bar, rel=0.02)


def test_a_pipe_carries_its_flow_at_its_limits():
    capacity = capacities_m3_s(80, 50, GIVEN)
    assert (np.diff(capacity) >= 0).all()
    table = catalogue()
    rough = table["material"].map(GIVEN.by_class("grid.roughness")).to_numpy() / 1000
    inner = table["inner_mm"].to_numpy() / 1000
    gradient = pressure_gradient_pa_m(capacity, inner, rough, temperature_c=65)
    assert (gradient <= GIVEN["grid.max_gradient"] * 1.001).all()
    assert (capacity <= table["max_flow_m3_s"] * 1.001).all()
    at_a_limit = (gradient > 0.999 * GIVEN["grid.max_gradient"]) | (
        capacity > 0.999 * table["max_flow_m3_s"]
    )
    assert at_a_limit.mean() > 0.9  # but where a smaller pipe of plastic carries more


def test_sizes_grow_with_the_flow():
    capacity = capacities_m3_s(80, 50, GIVEN)
    volume = np.concatenate([[0.0], capacity, capacity[-1:] * 2])
    rows = size_pipes(volume, capacity)
    assert (np.diff(rows) >= 0).all()
    assert rows[0] == 0
    assert rows[-1] == len(capacity) - 1
    assert (capacity[rows[:-1]] >= volume[:-1] * (1 - 1e-6)).all()
    assert size_pipes(np.array([0.0]), capacity, smallest_mm=32)[0] == 2


def test_loss_by_hand():
    # 80 °C on the coldest day, 70 °C in summer, between them 75; with 50 back 62.5; ground 10
    assert mean_flow_c(80, GIVEN) == 75
    assert mean_flow_c(60, GIVEN) == 60  # a cool network has nothing to slide
    found = heat_loss_w_m(np.array([0.2]), 80, 50, GIVEN)
    assert found[0] == pytest.approx(2 * 0.2 * 52.5)
    assert heat_loss_w_m(np.array([0.2]), 12, 4, GIVEN)[0] == 0


def test_the_yearly_loss_is_the_mean_of_the_hours():
    """Temperatures that swing over the year lose what their means lose."""
    hour = np.arange(8760)
    flow = 75 + 5 * np.cos(2 * np.pi * hour / 8760)
    ground = 10 - 5 * np.cos(2 * np.pi * (hour - 1000) / 8760)
    hourly = 2 * 0.2 * ((flow + 50) / 2 - ground)
    assert heat_loss_w_m(np.array([0.2]), 80, 50, GIVEN)[0] == pytest.approx(hourly.mean())
