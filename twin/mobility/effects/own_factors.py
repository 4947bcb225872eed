"""Emission factors of one's own HBEFA export in place of the averages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from twin.mobility.effects.fleet import Vehicle

    Floats = NDArray[np.float64]
    OwnFactors = Mapping[Vehicle, pd.Series]

CATEGORIES: dict[str, Vehicle] = {
    "passcar": "car", "pc": "car", "pkw": "car", "passengercar": "car", "hgv": "truck",
    "lkw": "truck", "snf": "truck", "ubus": "bus", "urbanbus": "bus", "linienbus": "bus",
}  # fmt: skip
COMPONENTS = ("co2e", "co2total", "co2rep", "co2")
"""Spellings of greenhouse gas, the best first."""

LIMIT = re.compile(r"/(\d+)(?:/|$)")


def own_factors(export: pd.DataFrame, year: float) -> dict[Vehicle, pd.Series[float]]:
    """
    Return g CO2e a kilometre, tank to wheel, by vehicle and speed limit from an HBEFA export.

    `export` is what `layers.assumption_files.read_emission_factors` reads: `vehicle_category`,
    `component`, `factor` [g/km] and, where there, `year`, `traffic_situation` (URB/Local/50/...,
    whose number is the limit) or `speed_kmh`. Of several years the nearest is taken; rows of one
    limit are averaged without weights, so fleet averages should be exported. Without any speed one
    value stands for all streets.

    Raises
    ------
    ModelError
        The export has no greenhouse gas, or no vehicle class that is known here.
    """
    spelt = export["component"].map(_plain)
    best = next((name for name in COMPONENTS if (spelt == name).any()), "")
    kind = export["vehicle_category"].map(_plain).map(CATEGORIES)
    rows = export.assign(kind=kind)[(spelt == best) & kind.notna()]
    if rows.empty:
        template = "The emission factors hold no CO2 of cars, lorries or buses; they have {found}."
        hint = "Export CO2e or CO2(total) of passenger cars, HGV and urban buses from HBEFA."
        found = ", ".join(sorted(set(export["component"]))[:5])
        raise ModelError(template, hint=hint, found=found)
    if "year" in rows and rows["year"].notna().any():
        away = (rows["year"] - year).abs()
        rows = rows[away == away.min()]
    limit = _limits(rows)
    means = rows["factor"].astype(float).groupby([rows["kind"], limit], dropna=False).mean()
    return {vehicle: means[vehicle] for vehicle in means.index.unique(0)}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", str(name).casefold())


def _limits(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the speed limit of each row, else its speed, else missing."""
    limit = pd.Series(np.nan, index=rows.index)
    if "traffic_situation" in rows:
        limit = rows["traffic_situation"].astype(str).str.extract(LIMIT)[0].astype(float)
    if "speed_kmh" in rows:
        limit = limit.fillna(rows["speed_kmh"].astype(float))
    return limit.rename("limit")


def replaced_direct(
    factors: pd.DataFrame, own: pd.Series[float] | None, speed_kmh: Floats
) -> pd.DataFrame:
    """
    Return factors a kilometre (`per_km`) with g CO2e of one's own, linear between speed limits.

    Upstream chains of fuels stay in proportion to what is burnt; litres and kWh are not touched.
    """
    if own is None:
        return factors
    known = own[own.index.notna()].sort_index()
    direct = np.full(len(factors), float(own.mean()))
    if len(known):
        direct = np.interp(speed_kmh, known.index.to_numpy(float), known.to_numpy(float))
    before = factors["direct_g"].to_numpy()
    fuel = factors["total_g"].to_numpy() - factors.attrs["grid_g"] * factors["electric_kwh"]
    ratio = np.divide(fuel, before, out=np.ones(len(factors)), where=before > 0)
    total = factors["total_g"] - fuel + ratio * direct
    return factors.assign(direct_g=direct, total_g=total)
