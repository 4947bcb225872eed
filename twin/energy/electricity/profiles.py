"""Standard load profiles of the BDEW of 2025 as one year of hours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import DAY_TYPES
from twin.energy.electricity.calendar import clock_shift, day_types
from twin.errors import ModelError
from twin.rowwise import HOURS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BDEW = ("H25", "G25", "L25", "P25", "S25")
"""Households, trade, farms, households with PV, households with PV and battery."""
PROFILES = (*BDEW, "flat")
"""`flat` is the same power all the year."""
DYNAMIC = ("H25", "P25", "S25")
DYNAMISATION = (-3.92e-10, 3.2e-7, -7.02e-5, 2.1e-3, 1.24)


@dataclass(frozen=True, eq=False)
class LoadProfiles:
    """Shares of a year's electricity that fall in each hour; every row sums to 1."""

    names: tuple[str, ...]
    values: Floats  # (profiles, 8760)

    def index(self, name: str) -> int:
        """Return the row of a profile."""
        return self.names.index(name)

    def with_profile(self, name: str, values: Floats) -> LoadProfiles:
        """
        Return the profiles and one more, e.g. of hot water or of charging cars.

        `values` (8760,) are scaled to the sum 1. Raises `ModelError` where they are not 8,760
        numbers of which none is negative and one is not 0.
        """
        shape = np.asarray(values, np.float64)
        if shape.shape != (HOURS,) or not (shape >= 0).all() or not 0 < shape.sum() < np.inf:
            template = "Load profile {name}: it needs 8,760 values, none negative, not all 0."
            hint = "Give the power of every hour of a year of 365 days."
            raise ModelError(template, hint=hint, name=name)
        return LoadProfiles((*self.names, name), np.vstack([self.values, shape / shape.sum()]))


def dynamisation(day_of_year: Floats) -> Floats:
    """
    Return the factor by which the profiles of households rise in winter and fall in summer.

    f(d) = -3.92e-10 d⁴ + 3.2e-7 d³ - 7.02e-5 d² + 0.0021 d + 1.24, d = 1 to 366; for H25, P25 and
    S25. Source: VDEW (2000), step-by-step; unchanged for the profiles of 2025 (oemof-demand#78).

    >>> dynamisation(np.array([1.0, 182.0])).round(4).tolist()
    [1.242, 0.7959]
    """
    return np.polyval(np.array(DYNAMISATION), day_of_year)


def load_profiles(year: int = 2025, *, state: str = "NW") -> LoadProfiles:
    """
    Return the load profiles of a calendar year, hour by hour of the weather.

    Parameters
    ----------
    year
        Its weekdays and holidays count; of a leap year 29 February is left out.
    state
        Land whose public holidays count as Sundays.

    Returns
    -------
    PROFILES by 8,760 hours in Central European Time all year, as weather is written. The profiles
    live by the clock, so from March to October they are read an hour later: what people do at 7 on
    the clock stands at 6. Quarter hours are added up to hours.

    P25 and S25 are what a household with PV takes from the grid; where PV is modelled itself, take
    H25, or the sun counts twice. Profiles are means of very many customers: they hold no peak of a
    single house. Source: BDEW (2025), Standardlastprofile Strom.
    """
    hours = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[h]")
    feb29 = np.datetime64(f"{year}-02-28", "D") + np.timedelta64(1, "D")
    if feb29.astype("datetime64[M]") == np.datetime64(f"{year}-02"):
        hours = hours[hours.astype("datetime64[D]") != feb29]
    clock = hours + clock_shift(hours)
    days = clock.astype("datetime64[D]")
    month = clock.astype("datetime64[M]").astype(np.int64) % 12
    types = day_types(days, state=state)
    of_day = (clock - days).astype(np.int64)
    values = _tables()[:, month, types, of_day]  # (profiles, 8760)
    day_of_year = (days - days.astype("datetime64[Y]")).astype(np.int64) + 1
    moved = np.isin(BDEW, DYNAMIC)
    values = np.where(moved[:, None], values * dynamisation(day_of_year.astype(float)), values)
    values = np.vstack([values, np.ones(len(hours))])
    return LoadProfiles(PROFILES, values / values.sum(axis=1, keepdims=True))


@cache
def _tables() -> Floats:
    """Return the published figures (profile, month, day type, hour) [kWh of 1 GWh a year]."""
    source = files("twin.energy.electricity") / "data" / "bdew_2025.csv"
    with source.open(encoding="utf-8") as file:
        table = pd.read_csv(file, comment="#").set_index(["profile", "month", "day_type"])
    order = pd.MultiIndex.from_product([BDEW, range(1, 13), DAY_TYPES])
    return table.loc[order].to_numpy(np.float64).reshape(len(BDEW), 12, len(DAY_TYPES), 24)
