"""The TABULA typology of Germany as it was published: 187 variants of example buildings."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import REFURBISHMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STATES = REFURBISHMENT
"""Existing, usual, advanced: the states of every type, from worst to best."""

PARTS = {"roof": 2, "wall": 3, "floor": 2, "window": 2, "door": 1}
"""Elements of a part of the envelope that TABULA keeps apart."""


@cache
def typology() -> pd.DataFrame:
    """
    Return the 187 variants by their code; areas in m², U-values in W/(m²K), `b` without unit.

    `heat_kwh_m2` is the net heat demand q_h_nd as published, for comparison only. Source: IWU
    TABULA/EPISCOPE, CC BY 4.0, see the head of the file.
    """
    path = files("twin.energy.archetypes") / "data" / "tabula_de.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#", index_col="variant", keep_default_na=False)


def area_of(table: pd.DataFrame, part: str) -> Floats:
    """Return the area of a part of the envelope [m²], all its elements together."""
    elements = range(1, PARTS[part] + 1)
    areas = [table[f"{part}{i}_m2"].to_numpy(float) for i in elements]
    return np.asarray(np.sum(areas, axis=0), np.float64)


def loss_of(table: pd.DataFrame, part: str) -> Floats:
    """Return what a part loses for each kelvin [W/K]: sum of b x U x A, without thermal bridges."""
    total = np.zeros(len(table))
    for i in range(1, PARTS[part] + 1):
        adjusted = table[f"{part}{i}_b"].to_numpy(float) if f"{part}{i}_b" in table else 1.0
        area, u = table[f"{part}{i}_m2"].to_numpy(float), table[f"{part}{i}_u"].to_numpy(float)
        total += area * u * adjusted
    return total


def transmission_of(table: pd.DataFrame) -> Floats:
    """Return the heat transfer by transmission [W/K]: sum of (b x U + thermal bridges) x A."""
    bridges = table["thermal_bridge_u"].to_numpy(float)
    areas = np.sum([area_of(table, part) for part in PARTS], axis=0)
    losses = np.sum([loss_of(table, part) for part in PARTS], axis=0)
    return np.asarray(losses + bridges * areas, np.float64)
