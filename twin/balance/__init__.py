"""Balance of a stage: greenhouse gas, prices, investment, running cost, who pays."""

from twin.balance.actors import by_actor, town_owned
from twin.balance.annuity import annuity_factor, capital_costs
from twin.balance.decentral import best_decentral, decentral_costs
from twin.balance.emissions import emission_factors, emissions, local_electricity
from twin.balance.investment import investments
from twin.balance.prices import SECTORS, co2_price, feed_in_tariff, prices, sectors_of
from twin.balance.running import fossil_imports, network_tariffs, running_costs

__all__ = [
    "SECTORS",
    "annuity_factor",
    "best_decentral",
    "by_actor",
    "capital_costs",
    "co2_price",
    "decentral_costs",
    "emission_factors",
    "emissions",
    "feed_in_tariff",
    "fossil_imports",
    "investments",
    "local_electricity",
    "network_tariffs",
    "prices",
    "running_costs",
    "sectors_of",
    "town_owned",
]
