"""COP of heat pumps from source and flow temperature: formulas that know no building."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOW_LOW_C, FLOW_HIGH_C = 24.0, 65.0
"""Flow temperatures of the test points behind the fits (EN 14825, low and medium temperature)."""

BRINE_AIR_LOW_C, BRINE_AIR_HIGH_C = -15.0, 25.0
"""Daily means for which the fit of the brine temperature was made."""


class Fit(NamedTuple):
    """COP = p1 t_source + p2 t_flow + p3 + p4 t_air, valid between the source temperatures."""

    p1: float
    p2: float
    p3: float
    p4: float
    source_low_c: float
    source_high_c: float


@cache
def fits() -> dict[str, Fit]:
    """Return the generic fits of hplib 1.9 for regulated heat pumps, by source: air, brine."""
    text = files(__package__).joinpath("heat_pumps.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {row.pop("source"): Fit(**{k: float(v) for k, v in row.items()}) for row in rows}


def cop(fit: Fit, source_c: Floats, flow_c: Floats, air_c: Floats) -> Floats:
    """
    Return the coefficient of performance, at least 1.

    Temperatures outside the range of the test points are taken at its edge: no better COP is
    claimed for warmer sources than was measured.
    Source: hplib 1.9 (`hplib.simulate`), generic regulated heat pumps.
    """
    air = np.clip(air_c, -22.0, fit.source_high_c)
    source = np.clip(source_c, fit.source_low_c, fit.source_high_c)
    flow = np.clip(flow_c, FLOW_LOW_C, FLOW_HIGH_C)
    return np.maximum(fit.p1 * source + fit.p2 * flow + fit.p3 + fit.p4 * air, 1.0)


def heating_curve(
    outdoor_c: Floats, flow_design_c: float, *, design_c: float, room_c: float, exponent: float
) -> Floats:
    """
    Return the flow temperature [°C] of a heating controlled by the weather.

    flow = room + ((room - outdoor) / (room - design))^(1 / n) · (flow_design - room)
    with the radiator exponent n: as much heat as the house loses. Design at most.
    Source: DIN V 4701-10 section 5, in the form of hplib 1.9 (`HeatingSystem`).

    >>> float(heating_curve(np.array([-10.0]), 55, design_c=-10, room_c=20, exponent=1.3)[0])
    55.0
    """
    load = np.clip((room_c - outdoor_c) / (room_c - design_c), 0.0, 1.0)
    result: Floats = room_c + load ** (1 / exponent) * (flow_design_c - room_c)
    return result


def brine_temperature(air_c: Floats) -> Floats:
    """
    Return the brine temperature [°C] from the mean air temperature of the last day.

    Source: hplib 1.9 (`calc_brine_temp`) after Fraunhofer ISE, WP Monitor 2014, p. 115.
    """
    t = np.clip(air_c, BRINE_AIR_LOW_C, BRINE_AIR_HIGH_C)
    result: Floats = -0.0003 * t**3 + 0.0086 * t**2 + 0.3047 * t + 5.0647
    return result


def daily_mean(hourly: Floats) -> Floats:
    """Return the mean of the last 24 hours in each hour; the year closes on itself."""
    total = np.cumsum(np.concatenate([[0.0], hourly[-23:], hourly]))
    result: Floats = (total[24:] - total[:-24]) / 24
    return result


def electricity_per_heat(cop_: Floats, heat_pump_share: Floats) -> Floats:
    """Return electricity over heat where an electric heater gives what the heat pump cannot."""
    result: Floats = heat_pump_share / cop_ + (1.0 - heat_pump_share)
    return result


def heat_pump_share(air_c: Floats, *, bivalence_c: float, limit_c: float, slope: float) -> Floats:
    """
    Return which part of the load an air heat pump carries in each hour.

    At the bivalence point capacity and load are equal; below it the load grows in proportion to
    (limit - air) while the capacity shrinks by `slope` per kelvin.
    """
    colder = np.maximum(bivalence_c - air_c, 0.0)
    load = 1.0 + colder / (limit_c - bivalence_c)
    result: Floats = np.maximum(1.0 - slope * colder, 0.0) / load
    return result
