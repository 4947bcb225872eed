"""What generator stands in a year, how efficient it is, what it costs, what it may burn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from twin.classes import HEAT_SYSTEMS
from twin.energy.supply.codes import codes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

LARGE_KW = 100.0
"""Up to here the cost curves of house generators hold."""

OLD_YEAR, MIDDLE_YEAR = 1985.0, 1995.0
"""Years installed of the older efficiency tables."""


class Lives(NamedTuple):
    """When generators were installed, when they are replaced first, how long each then lasts."""

    first: Floats
    end: Floats
    years: Floats

    def replaced(self, year: float) -> Floats:
        """Return how often each was replaced until the end of `year`."""
        return np.maximum(np.floor((year - self.end) / self.years) + 1.0, 0.0)


def lives_of(stock: pd.DataFrame, given: Assumptions) -> Lives:
    """
    Return the lives of the generators, in stock order.

    A generator lasts its lifetime. Those that stand today although they are older are replaced
    evenly within `supply.overdue_years`; unknown years installed are spread evenly over the
    lifetime. Both go by the hash of the building's id: alike in every stage and any order.
    """
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    years = np.maximum(given.array("supply.lifetime", HEAT_SYSTEMS), 1.0)[system]
    today = given["supply.stock_year"]
    first = stock["system_year"].to_numpy("float64", na_value=np.nan, copy=True)
    unknown = np.flatnonzero(np.isnan(first))
    first[unknown] = np.floor(today - _spread(stock, unknown) * years[unknown])
    end = first + years
    overdue = np.flatnonzero(end <= today)
    wait = np.floor(_spread(stock, overdue) * given["supply.overdue_years"])
    end[overdue] = today + 1.0 + wait
    return Lives(first, end, years)


def _spread(stock: pd.DataFrame, rows: NDArray[np.intp]) -> Floats:
    """Return a number from 0 to below 1 for each of these buildings, by the hash of its id."""
    ids = stock.index[rows].to_numpy(dtype=object)
    hashed = pd.util.hash_array(ids, categorize=False) >> np.uint64(11)
    result: Floats = hashed.astype("float64") / 2.0**53
    return result


def installed_year(stock: pd.DataFrame, year: int, given: Assumptions) -> pd.Series[float]:
    """
    Return the year installed of the generator that stands in `year`.

    At the end of its life (`lives_of`) a generator is replaced like for like.
    """
    lives = lives_of(stock, given)
    times = lives.replaced(year)
    again = np.floor(lives.end + (times - 1.0) * lives.years)
    values = np.where(times > 0, again, lives.first)
    return pd.Series(values, index=stock.index, name="installed_year")


def efficiency(system: Codes, installed: Floats, given: Assumptions) -> Floats:
    """
    Return useful heat out of fuel (net calorific value) by system code and year installed.

    Linear between generators of 1985, of 1995 and new ones.
    """
    old, middle, new = (
        given.array(f"supply.{name}", HEAT_SYSTEMS)[system]
        for name in ("efficiency_1985", "efficiency_1995", "efficiency")
    )
    modern = given["supply.efficiency_modern_since"]
    early = np.clip((installed - OLD_YEAR) / (MIDDLE_YEAR - OLD_YEAR), 0.0, 1.0)
    late = np.clip((installed - MIDDLE_YEAR) / (modern - MIDDLE_YEAR), 0.0, 1.0)
    result: Floats = old + (middle - old) * early + (new - middle) * late
    return result


def neutral_share(year: float, given: Assumptions) -> float:
    """
    Return the climate-neutral part the law asks of new gas and oil heating in `year`.

    Steps: a value holds from its year on (GModG, `supply.neutral_fuel_share`).
    """
    steps = {float(k): v for k, v in given.by_class("supply.neutral_fuel_share").items()}
    return max(((y, share) for y, share in steps.items() if y <= year), default=(0.0, 0.0))[1]


def heating_cost(system: Codes, peak_kw: Floats, given: Assumptions) -> Floats:
    """
    Return the installed cost [€ of 2025] of generators by system code and capacity [kW].

    cost = a · P^b up to 100 kW; above it goes on from there with the exponent of large plants.
    Source: KWW-Technikkatalog 2025 as quoted (see `supply.heating_cost_a`).
    """
    a, b, large = (
        given.array(f"supply.{name}", HEAT_SYSTEMS)[system]
        for name in ("heating_cost_a", "heating_cost_b", "heating_cost_b_large")
    )
    result: Floats = a * np.clip(peak_kw, 0.0, LARGE_KW) ** b
    is_large = np.flatnonzero(peak_kw > LARGE_KW)
    result[is_large] *= (peak_kw[is_large] / LARGE_KW) ** large[is_large]
    return result
