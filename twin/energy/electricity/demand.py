"""What households and other uses take a year, without heating, hot water, cooling and cars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import BUILDING_USES
from twin.energy.electricity.profiles import PROFILES
from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

HOUSES = ("detached", "terraced")
NEEDED = ("heated_area_m2", "dwellings", "residents")


def appliance_parts(stock: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    """
    Return the electricity of each building by who uses it [kWh/a].

    Parameters
    ----------
    stock
        Table STOCK; not changed.
    given
        Assumptions of the theme `electricity`.

    Returns
    -------
    Columns `households_kwh` and `other_kwh`, index of `stock`. A household takes a fixed part by
    the type of its building and a part for each resident; every other use takes its figure per
    heated area, a mixed building both. Homes whose dwellings are not known count by their area. No
    cooling, no lifts, no industry processes beyond the mean of the use.

    Raises
    ------
    ModelError
        A missing or negative area, number of dwellings or residents.
    """
    _refuse_impossible(stock)
    area, dwellings, residents = (stock[name].to_numpy(np.float64) for name in NEEDED)
    house = stock["size_class"].isin(HOUSES).to_numpy()
    fixed = np.where(
        house, given["electricity.household_house"], given["electricity.household_flat"]
    )
    households = (
        dwellings * fixed + np.where(dwellings > 0, residents, 0) * given["electricity.resident"]
    )
    use = _use_codes(stock)
    homes = (use == BUILDING_USES.index("residential")) & (dwellings == 0)
    households = np.where(homes, area * given["electricity.living_area"], households)
    per_area = given.array("electricity.use", BUILDING_USES)[use]
    table = {"households_kwh": households, "other_kwh": area * per_area}
    return pd.DataFrame(table, index=stock.index)


def appliance_kwh(stock: pd.DataFrame, given: Assumptions) -> pd.Series[float]:
    """Return the electricity of each building without heating [kWh/a]: sum of the parts."""
    parts = appliance_parts(stock, given)
    total = parts["households_kwh"] + parts["other_kwh"]
    return total.rename("appliance_kwh")


def profile_of(stock: pd.DataFrame) -> NDArray[np.int32]:
    """
    Return for each building the row in PROFILES that stands for all it uses.

    Homes and mixed buildings H25, farms L25, all else G25. Industry is metered by the quarter hour
    and has no standard profile; G25 stands in for it.
    """
    kinds = {"residential": "H25", "mixed": "H25", "agriculture": "L25"}
    rows = [PROFILES.index(kinds.get(use, "G25")) for use in BUILDING_USES]
    return np.array(rows, np.int32)[_use_codes(stock)]


def profiles_of_parts(stock: pd.DataFrame) -> NDArray[np.int32]:
    """Return the rows in PROFILES of `appliance_parts`, (n, 2): dwellings H25, the rest by use."""
    by_use = profile_of(stock)
    household = PROFILES.index("H25")
    rest = np.where(by_use == household, PROFILES.index("G25"), by_use)
    return np.column_stack([np.full(len(stock), household), rest]).astype(np.int32)


def _use_codes(stock: pd.DataFrame) -> NDArray[np.intp]:
    """Return the place of each use in BUILDING_USES, -1 where it is none of them."""
    kinds, names = pd.factorize(stock["use"])
    return np.append(pd.Index(BUILDING_USES).get_indexer(names), -1)[kinds]


def _refuse_impossible(stock: pd.DataFrame) -> None:
    faults = []
    for name in NEEDED:
        wrong = ~(stock[name] >= 0)
        if wrong.any():
            faults.append(f"{name}: {', '.join(map(str, stock.index[wrong][:5]))}")
    unknown = stock.index[_use_codes(stock) < 0]
    faults += [f"use: {', '.join(map(str, unknown[:5]))}"] if len(unknown) else []
    if faults:
        template = "Electricity: values are missing or impossible ({faults})."
        hint = "Area, dwellings and residents must be 0 or more, and the use one of the list."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
