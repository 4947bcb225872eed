"""What owners invest between two stages: envelopes, heating, photovoltaics, batteries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import HEAT_SYSTEMS, REFURBISHMENT, SIZE_CLASSES
from twin.energy.supply.codes import codes_of
from twin.energy.supply.generators import heating_cost, lives_of
from twin.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

NETWORK = HEAT_SYSTEMS.index("district_heat")
LEVIED = ("air_heat_pump", "brine_heat_pump", "hybrid_heat_pump", "biomass_boiler", "district_heat")
"""Systems whose cost counts as modernisation where they replace another one."""


def investments(
    before: pd.DataFrame,
    after: pd.DataFrame,
    sizes: pd.DataFrame,
    *,
    years: tuple[int, int],
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return what owners invest after `years[0]` until `years[1]` [€ of 2025], subsidies taken off.

    Heating counts where the system changes and where a generator reaches the end of its lifetime:
    so does the reference, run through the same function with a stock that no measure changed.
    Envelopes count where the state of refurbishment improves or `refurbished_year` falls in the
    period; photovoltaics and batteries where they grow, photovoltaics also at the end of their
    life. Buildings that are new in `after` buy their heating, photovoltaics and battery; their
    envelope is part of the building. What is demolished costs nothing here.

    Parameters
    ----------
    before, after
        STOCK of two consecutive stages.
    sizes
        `peak_kw`: heat load of each building of `after`, and `heated_area_m2` (as in STOCK).
        Missing buildings are unheated.

    Returns
    -------
    DataFrame
        Rows as `after`: `retrofit_eur`, `heating_eur`, `pv_eur`, `battery_eur`, `total_eur`, their
        sum; `substation_eur`, cost of a new house substation, which is part of the network's
        investment and not in the total; `subsidy_eur` what the state paid; `retrofit_levy_eur` and
        `heating_levy_eur`, the part of the cost that owners may pass on to tenants.
    """
    peak_kw, area_m2 = _sizes(sizes, after)
    old = before.reindex(after.index)
    columns = _retrofit(old, after, area_m2, years, given)
    columns |= _heating(old, after, peak_kw, years, given)
    columns |= _solar(old, after, years, given)
    granted = columns.pop("retrofit_granted") + columns.pop("heating_granted")
    order = ("retrofit_eur", "heating_eur", "pv_eur", "battery_eur")
    columns["total_eur"] = sum((columns[name] for name in order), np.zeros(len(after)))
    columns["subsidy_eur"] = granted
    names = (*order, "total_eur", "substation_eur", "subsidy_eur")
    levies = ("retrofit_levy_eur", "heating_levy_eur")
    return pd.DataFrame({name: columns[name] for name in (*names, *levies)}, index=after.index)


def _sizes(sizes: pd.DataFrame, after: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return peak load and heated area in stock order, or raise one error naming all faults."""
    names = ("peak_kw", "heated_area_m2")
    faults = [f"no column {name}" for name in names if name not in sizes]
    aligned = sizes.reindex(after.index, fill_value=0.0)
    found = [aligned[name].to_numpy("float64") for name in names if name in sizes]
    for name, values in zip((n for n in names if n in sizes), found, strict=True):
        wrong = ~(values >= 0.0) | np.isinf(values)
        if wrong.any():
            faults.append(f"{name} of {after.index[wrong][0]} is {values[wrong][0]}")
    if faults:
        template = "The sizes of the buildings are no ground for investments: {faults}."
        hint = "Heat load in kW and heated area in m² are 0 or more."
        raise ModelError(template, hint=hint, faults="; ".join(faults))
    return found[0], found[1]


def _within(year: pd.Series[float], years: tuple[int, int]) -> NDArray[np.bool_]:
    values = year.to_numpy("float64", na_value=np.nan)
    return (values > years[0]) & (values <= years[1])


def _retrofit(
    old: pd.DataFrame,
    after: pd.DataFrame,
    area_m2: Floats,
    years: tuple[int, int],
    given: Assumptions,
) -> dict[str, Floats]:
    """Return cost of envelopes by standard and building type; what serves saving is levied."""
    was = codes_of(old["refurbishment"], REFURBISHMENT)  # -1: not there before
    now = codes_of(after["refurbishment"], REFURBISHMENT)
    done = (was >= 0) & (now > 0) & ((now > was) | _within(after["refurbished_year"], years))
    size = codes_of(after["size_class"], SIZE_CLASSES)
    size = np.where(size < 0, SIZE_CLASSES.index("detached"), size)
    cost = np.zeros((len(REFURBISHMENT), len(SIZE_CLASSES)))
    saving = np.zeros(len(REFURBISHMENT))
    for place, standard in enumerate(REFURBISHMENT[1:], start=1):
        cost[place] = given.array(f"balance.retrofit_cost_{standard}", SIZE_CLASSES)
        saving[place] = given[f"balance.retrofit_energy_share.{standard}"]
    full = np.where(done, area_m2 * cost[now, size], 0.0)
    granted = full * given["balance.subsidy.retrofit"]
    return {
        "retrofit_eur": full - granted,
        "retrofit_granted": granted,
        "retrofit_levy_eur": np.maximum(full * saving[now] - granted, 0.0),
    }


def _heating(
    old: pd.DataFrame,
    after: pd.DataFrame,
    peak_kw: Floats,
    years: tuple[int, int],
    given: Assumptions,
) -> dict[str, Floats]:
    """Return cost of generators: another system, or the same one at the end of its life."""
    was = codes_of(old["system"], HEAT_SYSTEMS)
    now = codes_of(after["system"], HEAT_SYSTEMS)
    lives = lives_of(after, given)
    ends = lives.replaced(years[1]) - lives.replaced(years[0])
    bought = np.where(was == now, ends, 1.0)
    bought = np.where((was == now) & _within(after["system_year"], years), 1.0, bought)
    cost = heating_cost(now, peak_kw, given) * np.where(peak_kw > 0, bought, 0.0)
    granted = cost * given.array("balance.subsidy", HEAT_SYSTEMS)[now]
    paid = np.where(now == NETWORK, 0.0, cost - granted)
    modern = np.isin(now, [HEAT_SYSTEMS.index(n) for n in LEVIED]) & (was != now) & (was >= 0)
    levied = paid * (1.0 - given["balance.heating_levy_due"])
    return {
        "heating_eur": paid,
        "heating_granted": np.where(now == NETWORK, 0.0, granted),
        "substation_eur": np.where(now == NETWORK, cost, 0.0),
        "heating_levy_eur": np.where(modern, levied, 0.0),
    }


def _solar(
    old: pd.DataFrame, after: pd.DataFrame, years: tuple[int, int], given: Assumptions
) -> dict[str, Floats]:
    """Return cost of what photovoltaics and batteries grow by, and of plants at their end."""
    path = given.at("balance.pv_cost_path", years[1])
    a, b = given["balance.pv_cost_a"], given["balance.pv_cost_b"]
    had = old["pv_kwp"].to_numpy("float64", na_value=0.0)
    has = after["pv_kwp"].to_numpy("float64", na_value=0.0)
    built = old["pv_year"].to_numpy("float64", na_value=np.nan)
    life = given["balance.lifetime.pv"]
    over = np.floor((years[1] - built) / life) > np.maximum(np.floor((years[0] - built) / life), 0)
    bought = np.maximum(has - had, 0.0) + np.where(over, np.minimum(had, has), 0.0)
    grown = after["battery_kwh"].to_numpy("float64", na_value=0.0) - old["battery_kwh"].to_numpy(
        "float64", na_value=0.0
    )
    return {
        "pv_eur": a * bought**b * path,
        "battery_eur": np.maximum(grown, 0.0) * given["balance.battery_cost"] * path,
    }
