"""What energy costs by carrier, sector and year, in real euros of 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.classes import BUILDING_USES, CARRIERS
from twin.energy.supply.codes import codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

SECTORS = ("household", "business")

BISKO_SECTORS = ("households", "services", "industry", "municipal")

FOSSIL = ("gas", "oil", "coal")
"""Carriers that pay the CO2 price."""

PRICE_YEAR = 2025
"""Prices of fossil fuels are given at the CO2 price of this year."""

BOUGHT = (*(name for name in CARRIERS if name != "ambient_heat"), "appliances")
"""Carriers with a price; electricity is the heating tariff, appliances the usual one."""

_PRICE_OF = {"electricity": "electricity_heat", "appliances": "electricity"}


def is_household(stock: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which buildings buy at household prices: dwellings and houses of mixed use."""
    household = np.isin(BUILDING_USES, ("residential", "mixed"))
    return household[codes_of(stock["use"], BUILDING_USES)]


def sectors_of(stock: pd.DataFrame, given: Assumptions) -> pd.Series[Any]:
    """
    Return the BISKO sector of each building by its use.

    Dwellings and mixed use: households; industrial: industry; where mostly town-owned
    (`balance.town_share` of half and more): municipal; all others: trade, commerce, services.
    """
    town = given.by_class("balance.town_share")
    named = {"residential": 0, "mixed": 0, "industrial": 2}
    by_use = [3 if town.get(use, 0.0) >= 0.5 else named.get(use, 1) for use in BUILDING_USES]
    codes = np.array(by_use, dtype="int8")[codes_of(stock["use"], BUILDING_USES)]
    values = pd.Categorical.from_codes(codes, categories=pd.Index(BISKO_SECTORS))
    return pd.Series(values, index=stock.index, name="sector")


def path(name: str, years: Iterable[float], given: Assumptions) -> Floats:
    """Return an assumption given by years in many years at once, linear between them."""
    values = given.by_class(name)
    known = sorted(values, key=float)
    wanted = np.asarray(list(years), dtype="float64")
    found: Floats = np.interp(wanted, [float(y) for y in known], [values[y] for y in known])
    return found


def co2_price(year: float, given: Assumptions) -> float:
    """Return the CO2 price of heating fuels [€/t]."""
    return given.at("balance.co2_price", year)


def co2_cost(carrier: str, sector: str, years: Iterable[float], given: Assumptions) -> Floats:
    """
    Return the CO2 price within the price of a fuel [€/kWh net], with VAT for households.

    Direct CO2 of the fuel only; electricity and district heat pay within their own price.
    """
    years = list(years)
    if carrier not in FOSSIL:
        return np.zeros(len(years))
    vat = given["balance.vat"] if sector == "household" else 0.0
    tonnes = given[f"balance.co2_direct.{carrier}"] / 1000.0
    return path("balance.co2_price", years, given) * tonnes * (1.0 + vat)


def price_path(carrier: str, sector: str, years: Iterable[float], given: Assumptions) -> Floats:
    """
    Return the price of a carrier [€ per kWh final energy, net] in many years.

    The path without change of the CO2 price, plus what that has risen since 2025.
    """
    years = list(years)
    gross = given["balance.gross_per_net_gas"] if carrier in ("gas", "green_gas") else 1.0
    billed = gross * path(f"balance.price_{_PRICE_OF.get(carrier, carrier)}_{sector}", years, given)
    if carrier not in FOSSIL:
        return billed
    rise = co2_cost(carrier, sector, [*years, PRICE_YEAR], given)
    result: Floats = billed + rise[:-1] - rise[-1]
    return result


def prices(year: float, given: Assumptions) -> pd.DataFrame:
    """
    Return prices [€ per kWh final energy, net] in `year`: rows BOUGHT, columns SECTORS.

    Households with VAT, businesses without. `electricity` is the tariff of heat pumps,
    `appliances` the one of all other electricity.
    """
    found = {
        sector: [float(price_path(name, sector, (year,), given)[0]) for name in BOUGHT]
        for sector in SECTORS
    }
    return pd.DataFrame(found, index=list(BOUGHT))


def feed_in_tariff(
    kwp: pd.Series[float], installed: pd.Series[float], year: float, given: Assumptions
) -> pd.Series[float]:
    """
    Return what a kWh of solar power fed in fetches in `year` [€/kWh], plant by plant.

    The tariff of the year installed for 20 years, mean over the parts up to 10, to 40 and above
    40 kWp; the market value afterwards. Nominal tariffs are not deflated.
    """
    size = kwp.to_numpy("float64")
    built = installed.to_numpy("float64", na_value=np.nan)
    start = np.where(np.isnan(built), year, built)
    base = path("balance.feed_in", start, given)
    factor = [given[f"balance.feed_in_factor.{n}"] for n in ("up_to_10", "up_to_40", "above_40")]
    parts = [np.clip(size, 0, 10), np.clip(size - 10, 0, 30), np.maximum(size - 40, 0)]
    weighted = sum(f * part for f, part in zip(factor, parts, strict=True))
    mean = np.divide(weighted, size, out=np.full(len(size), factor[0]), where=size > 0)
    market = given.at("balance.solar_market_value", year)
    ended = year - start >= given["balance.feed_in_years"]
    tariff = np.where(ended, market, base * mean)
    return pd.Series(tariff, index=kwp.index, name="feed_in_eur_kwh")
