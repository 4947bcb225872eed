"""Capacity and volume-delay function of a street by class and speed limit."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.classes import STREET_CLASSES
from twin.errors import ModelError
from twin.mobility.network.links import by_category, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]

GROUPS = {"motorway": "motorway", "trunk": "motorway", "primary": "primary",
          "secondary": "secondary"}  # fmt: skip
"""Group of link types by class; all others are "minor"."""


@cache
def capacity_table() -> pd.DataFrame:
    """Return capacity and CR function by group and speed, as the German link types have them."""
    path = files("twin.mobility.network") / "capacities.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


def lane_capacity(classes: pd.Series[str], speed_kmh: Floats) -> tuple[Floats, Floats, Floats]:
    """
    Return capacity a lane [veh/h], alpha and beta by class of street and speed limit [km/h].

    t = t0 (1 + alpha (q / capacity)^beta). The table has t = t0 (1 + a (q / (c qmax))^b); the
    factor c goes into alpha = a / c^b so that capacity stays the flow the street can carry. Limits
    of speed classes belong to the slower one. Source: link types of VISUM-Cologne as in SUMO
    (marouter), power form.

    >>> capacity, alpha, beta = lane_capacity(pd.Series(["primary"]), np.array([50.0]))
    >>> capacity.tolist(), alpha.tolist(), beta.tolist()
    ([1500.0], [1.0], [2.0])
    """
    column = pd.Categorical(classes, categories=STREET_CLASSES)
    group = np.array([GROUPS.get(name, "minor") for name in STREET_CLASSES])[column.codes]
    out = np.zeros((3, len(speed_kmh)))
    for name, rows in capacity_table().groupby("group"):
        here = group == name
        bounds = rows["to_ms"].to_numpy(float)
        place = np.searchsorted(bounds, np.round(speed_kmh[here] / 3.6, 9))
        a, c, b = (rows[key].to_numpy(float)[place] for key in ("a", "c", "b"))
        out[:, here] = rows["capacity_vehh_lane"].to_numpy(float)[place], a / c**b, b
    return out[0], out[1], out[2]


def capacities(streets: pd.DataFrame, given: Assumptions) -> tuple[Floats, Floats, Floats]:
    """
    Return capacity of all lanes [veh/h], alpha and beta by street.

    By `lane_capacity`, at most `network.most_lane_capacity` a lane of the class. A capacity given
    in the table wins. Streets without marked lanes have the capacity of
    `network.narrow_lanes`. Raises one `ModelError` that names all streets with a capacity of zero.
    """
    speed = streets["speed_kmh"].to_numpy(float)
    lane, alpha, beta = lane_capacity(streets["class"], speed)
    lane = np.minimum(lane, by_category(given, "network.most_lane_capacity", streets["class"]))
    lanes = np.maximum(streets["lanes"].to_numpy(float), given["network.narrow_lanes"])
    said = streets["capacity_vehh"].to_numpy(float)
    capacity = np.where(np.isnan(said), lane * lanes * given["network.capacity_share"], said)
    none = ~(capacity > 0)
    if none.any():
        template = "{count} streets open to cars have a capacity of zero: {streets}."
        hint = "Give them a capacity above zero, or close them to cars."
        raise ModelError(
            template, hint=hint, count=int(none.sum()), streets=named(streets.index[none])
        )
    return capacity, alpha, beta
