"""Greenhouse gas of final energy after BISKO: territorial, with upstream chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from twin.classes import CARRIERS
from twin.errors import ModelError

if TYPE_CHECKING:
    from twin.assumptions import Assumptions

G_PER_T = 1e6


def emission_factors(year: float, given: Assumptions) -> pd.Series[float]:
    """
    Return the factor of each of CARRIERS in `year` [g CO2e/kWh final energy, net].

    Electricity: national mix, direct factor plus upstream chains (BISKO). District heat only as
    long as its network is not known.
    """
    factors = given.by_class("balance.emission")
    factors["electricity"] = given.at("balance.emission_electricity_direct", year) + given.at(
        "balance.emission_electricity_upstream", year
    )
    factors["district_heat"] = given.at("balance.emission_district_heat", year)
    return pd.Series({name: factors[name] for name in CARRIERS}, name="g_per_kwh")


def emissions(
    final: pd.DataFrame,
    year: float,
    given: Assumptions,
    *,
    network_factor: float | pd.Series[float] | None = None,
    electricity_factor: float | None = None,
) -> pd.DataFrame:
    """
    Return greenhouse gas [t CO2e/a] by carrier, `<carrier>_t`, in the rows of `final`.

    Parameters
    ----------
    final
        Final energy `<carrier>_kwh` for some of CARRIERS; any rows (buildings, blocks, sectors).
    network_factor
        Of district heat [t CO2e/kWh], one for all or by row; as assumed where None or missing.
    electricity_factor
        Of electricity [t CO2e/kWh] instead of the national mix, e.g. from `local_electricity`.
    """
    factors = emission_factors(year, given) / G_PER_T
    if electricity_factor is not None:
        factors["electricity"] = electricity_factor
    found = carriers_in(final)
    columns = {f"{name}_t": final[f"{name}_kwh"] * factors[name] for name in found}
    if network_factor is not None and "district_heat" in found:
        factor: float | pd.Series[float] = network_factor
        if isinstance(network_factor, pd.Series):
            factor = network_factor.reindex(final.index).fillna(factors["district_heat"])
        columns["district_heat_t"] = final["district_heat_kwh"] * factor
    return pd.DataFrame(columns, index=final.index)


def carriers_in(final: pd.DataFrame) -> list[str]:
    """Return the carriers that `final` has columns for; other `_kwh` columns are an error."""
    named = [str(name).removesuffix("_kwh") for name in final if str(name).endswith("_kwh")]
    strange = [name for name in named if name not in CARRIERS]
    if strange:
        template = "Final energy has columns for unknown carriers: {strange}."
        hint = "Allowed are {allowed}."
        raise ModelError(
            template, hint=hint, strange=", ".join(strange), allowed=", ".join(CARRIERS)
        )
    return named


def local_electricity(
    consumption_kwh: float, solar_kwh: float, year: float, given: Assumptions
) -> float:
    """
    Return the factor of the local electricity mix [t CO2e/kWh], beside the national one.

    Solar power made in the town replaces the national mix up to what the town uses in the year
    (territorial mix of BISKO, shown for information; the balance uses the national mix).
    """
    national = emission_factors(year, given)["electricity"]
    share = min(solar_kwh / consumption_kwh, 1.0) if consumption_kwh > 0 else 0.0
    factor = share * given["balance.emission_solar"] + (1.0 - share) * national
    return float(factor / G_PER_T)
