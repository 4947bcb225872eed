"""Pipes: which size carries a flow, what it loses, what pressure it takes, what it costs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

HOURS = 8760
HEAT_CAPACITY_KJ_KGK = 4.19  # water, 50 to 90 °C: 4.18 to 4.205


@cache
def catalogue() -> pd.DataFrame:
    """
    Return the pipes by rising carrying capacity, with inner diameter, U-value, speed limit, cost.

    `max_flow_m3_s` is the speed limit times the inner cross-section. U holds for each of the two
    pipes of a trench. Sources stand in the table.
    """
    place = files("twin.energy.heat_grid") / "data" / "pipes.csv"
    with place.open(encoding="utf-8") as file:
        pipes = pd.read_csv(file)
    area = np.pi / 4 * (pipes["inner_mm"] / 1000) ** 2
    return pipes.assign(max_flow_m3_s=pipes["max_speed_m_s"] * area)


def density_kg_m3(temperature_c: float) -> float:
    """Return the density of water, 0 to 100 °C (McCutcheon, Martin, Barnwell 1993)."""
    t = temperature_c
    return 1000 * (1 - (t + 288.9414) / (508929.2 * (t + 68.12963)) * (t - 3.9863) ** 2)


def viscosity_pa_s(temperature_c: float) -> float:
    """Return the dynamic viscosity of water, 0 to 100 °C within 2.5 % (Vogel equation)."""
    return float(2.414e-5 * 10 ** (247.8 / (temperature_c + 273.15 - 140)))


def volume_flow_m3_s(power_kw: Floats, flow_c: float, return_c: float) -> Floats:
    """Return the water that carries a heat flow between two temperatures."""
    density = density_kg_m3((flow_c + return_c) / 2)
    return power_kw / (density * HEAT_CAPACITY_KJ_KGK * (flow_c - return_c))


def capacities_m3_s(flow_c: float, return_c: float, given: Assumptions) -> Floats:
    """
    Return what each pipe of the catalogue may carry at most: speed and friction are limited.

    The flow at which the friction reaches `grid.max_gradient` is found by bisection.
    """
    pipes = catalogue()
    high = pipes["max_flow_m3_s"].to_numpy(float)
    inner = pipes["inner_mm"].to_numpy() / 1000
    rough = roughness_m(np.arange(len(pipes)), given)
    limit, temperature = given["grid.max_gradient"], (flow_c + return_c) / 2
    low, top = np.zeros_like(high), high
    for _ in range(35):
        middle = (low + top) / 2
        steep = pressure_gradient_pa_m(middle, inner, rough, temperature_c=temperature) > limit
        low, top = np.where(steep, low, middle), np.where(steep, middle, top)
    return np.maximum.accumulate(low)


def size_pipes(volume_m3_s: Floats, capacity_m3_s: Floats, *, smallest_mm: float = 0.0) -> Ints:
    """
    Return the row of the catalogue of the smallest pipe that carries each flow.

    Beyond the largest pipe the largest is returned; the caller compares with the capacities, as
    `capacities_m3_s` gives them.
    """
    last = len(capacity_m3_s) - 1
    first = int(np.searchsorted(catalogue()["inner_mm"], smallest_mm))
    rows = np.searchsorted(capacity_m3_s, volume_m3_s * (1 - 1e-9))
    return np.clip(rows, min(first, last), last).astype(np.intp)


def pressure_gradient_pa_m(
    volume_m3_s: Floats, inner_m: Floats, roughness_m: Floats, *, temperature_c: float
) -> Floats:
    """
    Return the loss of pressure by friction in a straight pipe, laminar to turbulent.

    References
    ----------
    Darcy and Weisbach; friction factor by Churchill, Chemical Engineering 84 (1977), one formula
    for all Reynolds numbers, within a few percent of Colebrook.
    """
    density = density_kg_m3(temperature_c)
    speed = volume_m3_s / (np.pi / 4 * inner_m**2)
    reynolds = np.maximum(density * speed * inner_m / viscosity_pa_s(temperature_c), 1e-6)
    a = (-2.457 * np.log((7 / reynolds) ** 0.9 + 0.27 * roughness_m / inner_m)) ** 16
    b = (37530 / reynolds) ** 16
    factor = 8 * ((8 / reynolds) ** 12 + 1 / (a + b) ** 1.5) ** (1 / 12)
    return factor * density * speed**2 / (2 * inner_m)


def mean_flow_c(flow_c: float, given: Assumptions) -> float:
    """Return the yearly mean flow temperature of a network that slides down in summer."""
    summer = min(flow_c, given["grid.summer_flow"])
    return summer + given["grid.mean_flow_position"] * (flow_c - summer)


def heat_loss_w_m(u_w_mk: Floats, flow_c: float, return_c: float, given: Assumptions) -> Floats:
    """
    Return the mean loss of a trench over the year: both pipes, each against the ground.

    Loss is linear in the temperatures, so their yearly means give the yearly loss exactly.
    """
    mean = (mean_flow_c(flow_c, given) + return_c) / 2
    return 2 * u_w_mk * max(mean - given["grid.ground_temperature"], 0.0)


def pipe_cost_eur_m(rows: Ints, given: Assumptions) -> Floats:
    """Return the investment of a metre of trench with both pipes in an ordinary street."""
    cost = catalogue()["cost_usd2015_m"].to_numpy()[rows]
    return np.asarray(cost * given["grid.pipe_cost_factor"], float)


def roughness_m(rows: Ints, given: Assumptions) -> Floats:
    """Return the hydraulic roughness of pipes of the catalogue."""
    materials = catalogue()["material"].to_numpy()[rows]
    return given.array("grid.roughness", materials) / 1000
