"""Who pays: owners, tenants, utility and town; what one pays another, the other receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import ACTORS, BUILDING_USES, SIZE_CLASSES
from twin.energy.supply.codes import codes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

CAPITAL = ("retrofit_eur", "heating_eur", "pv_eur", "battery_eur")

OUTSIDE = ("capital", "energy", "operation", "feed_in", "network")
"""Kinds of payment to and from the world outside; the others pass between actors."""

BETWEEN = ("district_heat", "co2_share", "retrofit_levy", "heating_levy")


def town_owned(stock: pd.DataFrame, given: Assumptions) -> Floats:
    """Return which part of each building belongs to the town, by use (`balance.town_share`)."""
    shares = given.by_class("balance.town_share")
    by_use = np.array([shares.get(use, 0.0) for use in BUILDING_USES])
    return by_use[codes_of(stock["use"], BUILDING_USES)]


def rented(stock: pd.DataFrame, given: Assumptions) -> Floats:
    """Return which part of each building is let, by its type; what the town owns it uses."""
    shares = given.array("balance.rented_share", SIZE_CLASSES)
    size = codes_of(stock["size_class"], SIZE_CLASSES)
    size = np.where(size < 0, SIZE_CLASSES.index("non_residential"), size)
    result: Floats = shares[size] * (1.0 - town_owned(stock, given))
    return result


def landlord_share(kg_per_m2: Floats, given: Assumptions) -> Floats:
    """
    Return the landlord's share of the CO2 cost of dwellings.

    Ten steps by kg CO2 per m² of living area and year; source: annex of CO2KostAufG.
    """
    steps = sorted((float(k), v) for k, v in given.by_class("balance.co2_landlord_share").items())
    bounds = [bound for bound, _ in steps]
    shares = np.array([share for _, share in steps])
    place = np.searchsorted(bounds, kg_per_m2, side="right") - 1
    return shares[np.maximum(place, 0)]


def by_actor(
    stock: pd.DataFrame,
    running: pd.DataFrame,
    capital: pd.DataFrame,
    given: Assumptions,
    *,
    network_cost_eur: float | None = None,
) -> pd.DataFrame:
    """
    Return what each of ACTORS pays in a year [€/a], income negative.

    Owners pay capital and operation, users energy; town-owned buildings are paid by the town.
    Tenants pay part of operation (service charges), energy less the landlord's share of the CO2
    cost (CO2KostAufG: ten steps for dwellings, half for others), and the modernisation levy
    (sections 559 and 559e BGB) with its caps. District heat goes to the utility, which pays for
    the networks.

    Parameters
    ----------
    running, capital
        From `running_costs` and `capital_costs`, rows as `stock`.
    network_cost_eur
        What heat networks cost the utility; None where unknown: taken as what it is paid.

    Returns
    -------
    DataFrame
        Rows OUTSIDE and BETWEEN, columns ACTORS and `total`. Payments between actors add up to
        0; the total is what goes to the world outside.
    """
    town, let = town_owned(stock, given), rented(stock, given)
    used = 1.0 - town - let  # by the owner
    heat = running["district_heat_eur"].to_numpy() if "district_heat_eur" in running else 0.0
    bought = running["energy_eur"].to_numpy() - heat
    invested = capital[list(CAPITAL)].sum(axis=1).to_numpy()
    operation = running["operation_eur"].to_numpy()
    passed = operation * given["balance.operation_passed_on"]
    share = _landlord(stock, running["co2_kg"].to_numpy(), given)
    co2 = running["co2_eur"].to_numpy() * share * let
    levy, heating_levy = _levies(stock, capital, given)
    users = {"owner": used, "tenant": let, "town": town}
    owners = {"owner": 1.0 - town, "town": town}
    delivered = float(np.sum(heat))
    cost = delivered if network_cost_eur is None else network_cost_eur
    rows = {
        "capital": _paid(invested, owners),
        "energy": _paid(bought, users),
        "operation": {
            **_paid(operation, {"town": town, "owner": used}),
            "tenant": float(np.sum(passed * let)),
        },
        "feed_in": _paid(-running["feed_in_eur"].to_numpy(), owners),
        "network": {"utility": cost},
        "district_heat": {**_paid(np.broadcast_to(heat, len(stock)), users), "utility": -delivered},
        "co2_share": _moved(co2, "tenant", "owner"),
        "retrofit_levy": _moved(levy * let, "owner", "tenant"),
        "heating_levy": _moved(heating_levy * let, "owner", "tenant"),
    }
    rows["operation"]["owner"] += float(np.sum((operation - passed) * let))
    table = pd.DataFrame(rows, index=list(ACTORS)).T.fillna(0.0)
    return table.assign(total=table.sum(axis=1))


def _paid(euros: Floats, parts: dict[str, Floats]) -> dict[str, float]:
    return {actor: float(np.sum(euros * part)) for actor, part in parts.items()}


def _moved(euros: Floats, giver: str, receiver: str) -> dict[str, float]:
    """Return a cost that `giver` is relieved of and `receiver` takes over."""
    amount = float(np.sum(euros))
    return {giver: -amount, receiver: amount}


def _landlord(stock: pd.DataFrame, co2_kg: Floats, given: Assumptions) -> Floats:
    living = _living_area(stock, given)
    per_m2 = np.divide(co2_kg, living, out=np.zeros(len(stock)), where=living > 0)
    dwelling = stock["size_class"].ne("non_residential").fillna(value=False).to_numpy(bool)
    steps = landlord_share(per_m2, given)
    return np.where(dwelling, steps, given["balance.co2_landlord_business"])


def _living_area(stock: pd.DataFrame, given: Assumptions) -> Floats:
    area: Floats = stock["heated_area_m2"].to_numpy("float64") * given["balance.living_per_heated"]
    return area


def _levies(
    stock: pd.DataFrame, capital: pd.DataFrame, given: Assumptions
) -> tuple[Floats, Floats]:
    """Return the rent rise for envelopes and for heating [€/a] if all of a building were let."""
    living = _living_area(stock, given)
    envelope = capital["retrofit_levy_eur"].to_numpy() * given["balance.levy_share"]
    heating = capital["heating_levy_eur"].to_numpy() * given["balance.heating_levy_share"]
    heating = np.minimum(heating, living * given["balance.heating_levy_cap"])
    envelope = np.minimum(envelope, living * given["balance.levy_cap"] - heating)
    return np.maximum(envelope, 0.0), heating
