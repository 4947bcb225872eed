"""What a kilometre takes and gives off, by vehicle, speed limit and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

Vehicle = Literal["car", "truck", "bus"]
HEAVY_KMH = 80.0
"""Lorries go no faster (StVO section 18), whatever the limit."""

FUELS = ("petrol", "diesel")
COLUMNS = ("petrol_l", "diesel_l", "electric_kwh", "final_kwh", "direct_g", "total_g")


def per_km(
    vehicle: Vehicle, given: Assumptions, year: float, *, speed_kmh: Floats | None = None
) -> pd.DataFrame:
    """
    Return what a mean vehicle of the fleet takes and gives off a kilometre, a row a speed.

    Columns: `petrol_l`, `diesel_l`, `electric_kwh` (from the grid, charging losses included),
    `final_kwh` (all of it, net calorific value), `direct_g` (CO2e tank to wheel; electricity 0)
    and `total_g` (with upstream chains; electricity by the national mix of the year, as BISKO has
    it). Consumption = mean of the drive x factor of the speed limit x trend of the year x share of
    the drive; buses have none for speed, `speed_kmh` none is the mean over all streets.
    """
    speed = np.array([np.nan]) if speed_kmh is None else np.asarray(speed_kmh, float)
    use = _consumption(vehicle, given, year, speed)
    grid = grid_g_kwh(given, year)
    direct = sum(use[fuel] * given[f"fleet.co2_direct.{fuel}"] for fuel in FUELS)
    upstream = sum(
        use[fuel] * given[f"fleet.co2_direct.{fuel}"] * given[f"fleet.upstream_factor.{fuel}"]
        for fuel in FUELS
    )
    final = sum(use[fuel] * given[f"fleet.energy_per_litre.{fuel}"] for fuel in FUELS)
    columns = (
        use["petrol"], use["diesel"], use["electric"], final + use["electric"], direct,
        upstream + use["electric"] * grid,
    )  # fmt: skip
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    table.attrs["grid_g"] = grid
    return table


def grid_g_kwh(given: Assumptions, year: float) -> float:
    """Return g CO2e a kWh of electricity from the grid in a year, with upstream chains."""
    names = ("balance.emission_electricity_direct", "balance.emission_electricity_upstream")
    return sum(given.at(name, year) for name in names)


def car_cost_km(given: Assumptions, year: float) -> float:
    """Return what a kilometre costs the driver of a mean car for energy [EUR]."""
    row = per_km("car", given, year).iloc[0]
    used = {"petrol": "petrol_l", "diesel": "diesel_l", "electric": "electric_kwh"}
    return float(sum(row[column] * given[f"fleet.price.{key}"] for key, column in used.items()))


def electric_share(vehicle: Vehicle, given: Assumptions, year: float) -> float:
    """Return the battery-electric share of the kilometres of a vehicle class."""
    name = "fleet.electric_share" if vehicle == "car" else f"fleet.electric_share_{vehicle}"
    return min(1.0, max(0.0, given.at(name, year)))


def _consumption(
    vehicle: Vehicle, given: Assumptions, year: float, speed: Floats
) -> dict[str, Floats]:
    """Return litres and kWh at the plug a kilometre by fuel, weighted by the share of the drive."""
    electric = electric_share(vehicle, given, year)
    diesel = given.at("fleet.diesel_share", year) if vehicle == "car" else 1.0
    shares = {"petrol": (1 - electric) * (1 - diesel), "diesel": (1 - electric) * diesel}
    trend = given.at("fleet.efficiency", year) / 100.0  # consumption is given for 100 km
    prefix = "" if vehicle == "car" else f"{vehicle}_"
    burnt = _speed_factor("combustion", vehicle, given, speed) * trend
    use = {
        fuel: share * given[f"fleet.consumption.{prefix}{fuel}"] * burnt
        if share > 0 or vehicle == "car"
        else np.zeros_like(burnt)
        for fuel, share in shares.items()
    }
    driven = _speed_factor("electric", vehicle, given, speed) * trend
    plug = given[f"fleet.consumption.{prefix}electric"] * (1 + given["fleet.charging_loss"])
    return {**use, "electric": electric * plug * driven}


def _speed_factor(drive: str, vehicle: Vehicle, given: Assumptions, speed: Floats) -> Floats:
    """Return consumption over its mean by the speed limit, linear between the given ones."""
    if vehicle == "bus":
        return np.ones_like(speed)
    factors = given.by_class(f"fleet.speed_factor_{drive}")
    limits = sorted(factors, key=float)
    held = np.minimum(speed, HEAVY_KMH) if vehicle == "truck" else speed
    found = np.interp(held, [float(v) for v in limits], [factors[v] for v in limits])
    return np.where(np.isfinite(speed), found, 1.0)
