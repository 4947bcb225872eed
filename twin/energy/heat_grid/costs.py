"""What a heat network costs: investment by part, yearly cost, price of its heat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from twin.energy.heat_grid.plant import make_plant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twin.assumptions import Assumptions
    from twin.energy.heat_grid.design import NetworkDesign
    from twin.state import NetworkPlan

PARTS = ("pipes", "connections", "substations", "plant")


def annuity_factor(interest: float, years: float) -> float:
    """
    Return the yearly payment per euro invested.

    >>> round(annuity_factor(0.05, 20), 5)
    0.08024
    >>> annuity_factor(0.0, 20)
    0.05
    """
    if interest == 0:
        return 1 / years
    return float(interest / (1 - (1 + interest) ** -years))


def investment(
    pipes: pd.DataFrame, houses: pd.DataFrame, plant: pd.DataFrame, given: Assumptions
) -> dict[str, float]:
    """Return the investment by part [EUR]; planning on all of it, the subsidy negative."""
    per_kw = given.array("grid.plant_investment", plant.index)
    parts = {
        "pipes": float(pipes["cost_eur"].sum()),
        "connections": float(houses["connection_eur"].sum()),
        "substations": float(houses["substation_eur"].sum()),
        "plant": float((plant["capacity_kw"] * per_kw).sum()),
    }
    total = sum(parts.values())
    parts["planning"] = total * given["grid.planning"]
    parts["subsidy"] = -given["grid.subsidy"] * (total + parts["planning"])
    return parts


def extension_only(
    parts: Mapping[str, float], new_share: float, given: Assumptions
) -> dict[str, float]:
    """
    Return what is paid for customers who join a standing network: of the plant their share.

    Pipes, connections and substations in `parts` are those of the new customers already; nothing
    is left where nobody joins.
    """
    if new_share <= 0:
        return {}
    kept = {part: parts[part] for part in PARTS} | {"plant": parts["plant"] * new_share}
    total = sum(kept.values())
    kept["planning"] = total * given["grid.planning"]
    kept["subsidy"] = -given["grid.subsidy"] * (total + kept["planning"])
    return kept


def yearly_costs(
    parts: Mapping[str, float],
    figures: Mapping[str, float],
    plant: pd.DataFrame,
    given: Assumptions,
    *,
    prices: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """
    Return the yearly cost of a network [EUR/a]: capital, upkeep, energy, sales (negative).

    `parts` is the investment; `standing_kwh` of the figures is heat that a standing network
    delivers to its old customers, at a fixed cost of `grid.existing_fixed` per kWh. `prices` are
    EUR/kWh by carrier, those of `grid.price` where one is missing.
    """
    paid = {**given.by_class("grid.price"), **(prices or {})}
    intake = plant.groupby("carrier")["intake_kwh"].sum()
    bought = sum(paid.get(str(name), 0.0) * kwh for name, kwh in intake.items())
    driving = float(plant["electricity_kwh"].sum()) + figures["pump_kwh"]
    costs = {
        "energy_eur_a": float(bought) + driving * paid["electricity"],
        "sales_eur_a": -float(plant["sold_kwh"].sum()) * paid["electricity_sold"],
    }
    standing = figures.get("standing_kwh", 0.0)
    fixed = standing * given["grid.existing_fixed"]
    if not parts:
        return {"capital_eur_a": fixed, "upkeep_eur_a": 0.0} | costs
    on_top = (1 + given["grid.planning"]) * (1 - given["grid.subsidy"])
    capital = sum(
        parts[part]
        * on_top
        * annuity_factor(given["grid.interest"], given[f"grid.lifetime.{part}"])
        for part in PARTS
    )
    upkeep = sum(parts[part] * given[f"grid.upkeep.{part}"] for part in PARTS)
    upkeep += (figures["supplied_kwh"] - standing) / 1000 * given["grid.substation_variable"]
    return {"capital_eur_a": capital + fixed, "upkeep_eur_a": upkeep} | costs


def network_price(
    design: NetworkDesign,
    plan: NetworkPlan,
    year: int,
    given: Assumptions,
    *,
    prices: Mapping[str, float] | None = None,
) -> float:
    """
    Return what a delivered kWh costs in a year [EUR/kWh], net of tax; nan where none is delivered.

    Annuity of all investment, upkeep and energy; what was laid comes from `design`, the sources
    from `plan`, so that another mix can be priced without laying again.

    Parameters
    ----------
    prices
        EUR/kWh by carrier in that year (`year` enters through them only); `grid.price` where
        missing.
    """
    figures = design.summary
    if figures["supplied_kwh"] <= 0 or year < plan.start_year:
        return float("nan")
    plant = make_plant(plan, figures["fed_in_kwh"], figures["peak_kw"], given)
    parts: Mapping[str, float] = design.investment_eur  # of a standing network: its extension
    if not plan.exists:
        parts = investment(design.pipes, design.buildings, plant, given)
    costs = yearly_costs(parts, figures, plant, given, prices=prices)
    return sum(costs.values()) / figures["supplied_kwh"]


def compare_decentral(
    design: NetworkDesign, price_eur_kwh: float, decentral: pd.Series[float]
) -> pd.DataFrame:
    """
    Compare the price of the network with the best own heating of each building it reaches.

    Parameters
    ----------
    decentral
        Full cost of the best own heating by building_id [EUR/kWh of useful heat], as
        `twin.energy.supply` gives it.

    Returns
    -------
    comparison
        By building_id: `network_eur_kwh`, `decentral_eur_kwh`, `saving_eur_a` by the network
        (negative where it is dearer), `network_is_cheaper`; nan and False where `decentral` has no
        value.
    """
    on = design.buildings[design.buildings["reached"]]
    own = decentral.reindex(on.index).astype(float)
    saving = (own - price_eur_kwh) * on["annual_kwh"]
    return pd.DataFrame(
        {
            "network_eur_kwh": price_eur_kwh,
            "decentral_eur_kwh": own,
            "saving_eur_a": saving,
            "network_is_cheaper": saving > 0,
        },
        index=on.index,
    )
