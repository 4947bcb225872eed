"""Spreading investments over the years of their use (VDI 2067)."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd

from twin.classes import HEAT_SYSTEMS
from twin.energy.supply.codes import codes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

KINDS = ("retrofit", "heating", "pv", "battery")
"""What owners invest in; columns `<kind>_eur` of `investments`."""


@overload
def annuity_factor(interest: float, years: float) -> float: ...
@overload
def annuity_factor(interest: float, years: Floats) -> Floats: ...
def annuity_factor(interest: float, years: float | Floats) -> float | Floats:
    """
    Return the yearly payment for an investment of 1.

    a = q^T (q - 1) / (q^T - 1) with q = 1 + interest; 1 / T without interest. VDI 2067-1 (a).

    >>> round(annuity_factor(0.03, 20), 5)
    0.06722
    """
    if interest == 0:
        return 1.0 / years
    grown = (1.0 + interest) ** years
    result: float | Floats = grown * interest / (grown - 1.0)
    return result


def capital_costs(
    history: Sequence[tuple[int, pd.DataFrame]],
    stock: pd.DataFrame,
    year: int,
    given: Assumptions,
) -> pd.DataFrame:
    """
    Return what past investments cost in `year` [€/a] by building: `<kind>_eur`, KINDS.

    Parameters
    ----------
    history
        Year of a stage and the `investments` made until then, one each; counted from the stage on
        for as long as they are used.
    stock
        Of `year`: its buildings are the rows; demolished ones go.

    Returns
    -------
    DataFrame
        `retrofit_eur`, `heating_eur`, `pv_eur`, `battery_eur` annuities less subsidies;
        `retrofit_levy_eur`, `heating_levy_eur`: cost that may be passed on to tenants (no annuity).
    """
    interest = given["balance.interest"]
    lives = _lifetimes(stock, given)
    levies = ("retrofit_levy_eur", "heating_levy_eur")
    total = {name: np.zeros(len(stock)) for name in (*(f"{k}_eur" for k in KINDS), *levies)}
    for made, table in history:
        age = year - made
        if age < 0:
            continue
        aligned = table.reindex(stock.index, fill_value=0.0)
        for kind, life in lives.items():
            paid = aligned[f"{kind}_eur"].to_numpy("float64") * annuity_factor(interest, life)
            total[f"{kind}_eur"] += np.where(age < life, paid, 0.0)
        for name in levies:
            total[name] += aligned[name].to_numpy("float64")
    return pd.DataFrame(total, index=stock.index)


def _lifetimes(stock: pd.DataFrame, given: Assumptions) -> Mapping[str, Floats]:
    """Return the years of use of each kind of investment, by building."""
    system = codes_of(stock["system"], HEAT_SYSTEMS)
    fixed = {
        k: np.full(len(stock), given[f"balance.lifetime.{k}"]) for k in KINDS if k != "heating"
    }
    return {**fixed, "heating": given.array("supply.lifetime", HEAT_SYSTEMS)[system]}
