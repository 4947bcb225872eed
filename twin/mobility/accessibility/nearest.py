"""Minutes to the nearest facility of each kind, from every building at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.accessibility.directly import (
    along_of,
    nearest_points,
    points_of,
    take,
)
from twin.mobility.paths import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.accessibility.directly import Points
    from twin.mobility.graph import Graph
    from twin.mobility.tables import Access, ModeNetwork

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each point (rows) the nearest facility of each kind (columns)."""

    minutes: pd.DataFrame  # float32, inf where there is no way
    facility: pd.DataFrame  # int32, row of the facilities, -1 for none


def nearest_minutes(
    network: ModeNetwork,
    costs: ArrayLike,
    origins: Access,
    facilities: Access,
    kinds: Sequence[str] | pd.Series[str],
    *,
    start_s: float = 0.0,
) -> Nearest:
    """
    Return the minutes from each point to the nearest facility of each kind, and which it is.

    One search a kind, from all its facilities at once, against the direction of the links: the way
    there counts, also where streets are one-way. The way ends at either end of the facility's
    street; who lives on the same street goes along it directly.

    Parameters
    ----------
    costs
        Seconds by link of the network's graph (`time_s`, or a congested time), inf where closed.
    origins, facilities
        Where both meet this network (`twin.mobility.network.meet`).
    kinds
        Kind of each facility; the columns of the answer are the kinds in the order they occur.
    start_s
        Seconds every way takes besides (parking, unlocking).
    """
    kind = np.asarray(kinds, object)
    names = list(dict.fromkeys(kind))
    seconds = np.asarray(costs, np.float64)
    back = network.graph.reversed()
    along = along_of(network, seconds)
    starts, ends = points_of(network, origins), points_of(network, facilities, arriving=True)
    minutes = np.empty((len(origins.ids), len(names)), np.float32)
    which = np.empty((len(origins.ids), len(names)), np.int32)
    for column, name in enumerate(names):
        rows = np.flatnonzero(kind == name)
        cost, seed = _to_any(back, seconds[back.order], take(ends, rows))
        far, found = nearest_points(cost, seed, starts, take(ends, rows), along)
        minutes[:, column] = (far + start_s) / 60.0
        which[:, column] = np.where(found >= 0, rows[found], -1)
    columns = pd.Index(names, dtype="object")
    return Nearest(
        pd.DataFrame(minutes, origins.ids, columns), pd.DataFrame(which, origins.ids, columns)
    )


def up_to_stress(
    network: ModeNetwork, times: ArrayLike, stress: pd.Series[float], level: float
) -> Floats:
    """
    Return the seconds by link for those who only ride on streets up to a level of traffic stress.

    Streets above it are closed (inf); where the level is missing one pushes the bicycle, which
    everybody can. `stress` is by street id.
    """
    by_street = np.append(stress.reindex(network.street_ids).to_numpy(float), np.nan)
    return np.where(by_street[network.street] > level, np.inf, np.asarray(times, np.float64))


def _to_any(back: Graph, against: Floats, ends: Points) -> tuple[Floats, Ints]:
    """Return by node, one more for none, the seconds to the nearest of the points and which."""
    usable = (ends.node < back.n) & np.isfinite(ends.seconds)
    point, side = np.nonzero(usable)
    cost, seed = nearest(back, against, ends.node[point, side], ends.seconds[point, side])
    of_point = np.append(point, -1).astype(np.int32)
    return np.append(cost, np.inf), np.append(of_point[seed], np.int32(-1))
