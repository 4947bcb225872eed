"""Operative and air temperature against the network of ISO 13790 solved as a matrix."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.twin.energy.tabula_climate import tabula_climate
from twin.assumptions import assumptions
from twin.energy.climate import Climate
from twin.energy.heat_demand import heat_matrix
from twin.energy.operative import night_hours, operative_mean, with_air_set_points
from twin.energy.typology_zones import typology_zones

GIVEN = assumptions()


def without_gains(zones):
    nothing = np.zeros(len(zones))
    return dataclasses.replace(
        zones, gains_w=nothing, window_apertures_m2=np.zeros((len(zones), 5)), set_back_k=nothing
    )


def surfaces(zones, i, air, outdoor):
    """Solve surface and mass temperature of one zone for a given air temperature, no gains."""
    to_surface = GIVEN["heat.surface_to_air"] * zones.surface_area_m2[i]
    to_mass = GIVEN["heat.mass_to_surface"] * zones.mass_area_m2[i]
    opaque = zones.opaque_w_k[i]
    outside = 1 / (1 / opaque - 1 / to_mass)
    matrix = [
        [to_surface + to_mass + zones.window_w_k[i], -to_mass],
        [-to_mass, to_mass + outside],
    ]
    right = [to_surface * air + zones.window_w_k[i] * outdoor, outside * outdoor]
    return np.linalg.solve(matrix, right)[0]


def test_without_gains_the_network_gives_the_wanted_operative_temperature():
    zones = without_gains(typology_zones(GIVEN))
    zones = dataclasses.replace(zones, set_point_c=np.full(len(zones), 20.0))
    outdoor = GIVEN["archetypes.outdoor_temperature"]
    air = with_air_set_points(zones, GIVEN).set_point_c
    for i in range(0, len(zones), 20):
        felt = 0.3 * air[i] + 0.7 * surfaces(zones, i, air[i], outdoor)
        assert felt == pytest.approx(20, abs=1e-9)
    assert (air > 20).all()
    assert air.max() < 24


def test_back_and_forth():
    zones = typology_zones(GIVEN)
    plain = dataclasses.replace(zones, set_point_c=np.linspace(15, 23, len(zones)))
    mean = plain.set_point_c - plain.set_back_k * night_hours(GIVEN) / 24
    assert operative_mean(with_air_set_points(plain, GIVEN), GIVEN) == pytest.approx(mean)


def test_steady_heat_of_the_hourly_model_is_that_of_the_conductances():
    # constant cold without sun: what is heated is the sum of the three ways out of the room
    zones = without_gains(typology_zones(GIVEN).take(np.arange(0, 187, 30)))
    zones = dataclasses.replace(zones, set_point_c=np.full(len(zones), 20.0))
    held = with_air_set_points(zones, GIVEN)
    still = tabula_climate(GIVEN)
    cold = Climate(np.full(8760, 4.6), still.irradiance_wm2 * 0, still.window_wm2 * 0, still.sky_k)
    heat = heat_matrix(held, cold, GIVEN)[:, 4000]
    for i in range(len(zones)):
        walls = surfaces(held, i, held.set_point_c[i], 4.6)
        out = (zones.opaque_w_k[i] + zones.window_w_k[i]) * (walls - 4.6)
        out += zones.ventilation_w_k[i] * (held.set_point_c[i] - 4.6)
        assert heat[i] == pytest.approx(out, rel=1e-3)
        seasonal = (zones.opaque_w_k + zones.window_w_k + zones.ventilation_w_k)[i] * 15.4
        assert heat[i] == pytest.approx(seasonal, rel=0.06)


def test_hours_of_the_night():
    assert night_hours(GIVEN) == 6.5  # 22 to 6 o'clock, the last three hours by half
    late = GIVEN.replaced({"heat.set_back_start": 1.0, "heat.set_back_ramp": 0.0})
    assert night_hours(late) == 5
