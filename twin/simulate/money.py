"""Stages of money: what is invested, what a year costs, who pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from twin.balance import by_actor, capital_costs, fossil_imports, investments, running_costs
from twin.balance.prices import is_household
from twin.simulate.stage import Stage
from twin.simulate.supply import FOSSIL_FUELS

if TYPE_CHECKING:
    from twin.assumptions import Assumptions
    from twin.simulate.power import Prosumers

    History = tuple[tuple[int, pd.DataFrame], ...]

MONEY_THEMES = ("balance", "supply")


def _invested(
    stock_before: pd.DataFrame,
    stock: pd.DataFrame,
    heat_table: pd.DataFrame,
    since: int,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """Return what was invested since the stage before by building; nothing in the first stage."""
    sizes = heat_table[["peak_kw"]].join(stock[["heated_area_m2"]])
    return investments(stock_before, stock, sizes, years=(since, year), given=given)


def _capital(
    history: History, invested: pd.DataFrame, stock: pd.DataFrame, year: int, given: Assumptions
) -> pd.DataFrame:
    return capital_costs((*history, (year, invested)), stock, year, given)


def _running(  # noqa: PLR0913, PLR0917 - called by name
    stock: pd.DataFrame,
    final: pd.DataFrame,
    heat_table: pd.DataFrame,
    appliances: pd.DataFrame,
    prosumers: Prosumers,
    heat_of_networks: pd.DataFrame,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """Return energy, operation and feed-in of each building in a year."""
    table = prosumers.rows.table[["self_use_kwh", "feed_in_kwh"]]
    own = table.reindex(stock.index, fill_value=0.0)
    loads = pd.DataFrame(
        {
            "peak_kw": heat_table["peak_kw"],
            "appliances_kwh": appliances.sum(axis=1),
            "self_used_kwh": own["self_use_kwh"],
            "fed_in_kwh": own["feed_in_kwh"],
        }
    )
    tax = 1.0 + given["balance.vat"] * is_household(stock)  # networks tell their price without
    price = heat_of_networks["price_eur_kwh"] * tax
    return running_costs(stock, final, loads, year, given, heat_price=price)


def _imports(
    final: pd.DataFrame, heat_of_networks: pd.DataFrame, given: Assumptions
) -> pd.Series[float]:
    """Return what fossil fuel bought outside the town costs, that of heat networks included."""
    fuels = pd.DataFrame(
        {
            f"{fuel}_kwh": final[f"{fuel}_kwh"]
            + final["district_heat_kwh"] * heat_of_networks[fuel]
            for fuel in FOSSIL_FUELS
        }
    )
    return fossil_imports(fuels, given).sum(axis=1)


def _actors(
    stock: pd.DataFrame, running: pd.DataFrame, capital: pd.DataFrame, given: Assumptions
) -> pd.DataFrame:
    """Return who pays what in a year; index (what), columns actors and total [EUR/a]."""
    return by_actor(stock, running, capital, given)


MONEY_STAGES = (
    Stage(
        "invested",
        _invested,
        ("stock_before", "stock", "heat_table", "since", "year"),
        MONEY_THEMES,
    ),
    Stage("capital", _capital, ("history", "invested", "stock", "year"), MONEY_THEMES),
    Stage(
        "running",
        _running,
        ("stock", "final", "heat_table", "appliances", "prosumers", "heat_of_networks", "year"),
        MONEY_THEMES,
    ),
    Stage("imports", _imports, ("final", "heat_of_networks"), ("balance",)),
    Stage("actors", _actors, ("stock", "running", "capital"), MONEY_THEMES),
)
