"""What an equilibrium tells beyond flows: who uses a street, and which pairs are not served."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numba import njit

from twin.mobility.assignment.equilibrium import expanded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from twin.mobility.assignment.equilibrium import Equilibrium
    from twin.mobility.assignment.kernels import Rows, Store

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Bools = NDArray[np.bool_]


class Users(NamedTuple):
    """Vehicles that use chosen links: between which zones, and where else they drive."""

    demand: Mapping[str, Floats]  # by class (z, z)
    flow: Floats  # (classes, m) by link of the problem


def select_link(equilibrium: Equilibrium, streets: ArrayLike) -> Users:
    """
    Return the vehicles that use at least one of the streets (rows of the streets table).

    Where the problem knows no streets, they are links of its graph. Which paths carry the flow is
    one answer of many where ways cost the same; flows on links are unique, shares by pair are not.
    """
    problem = equilibrium.problem
    rows = np.atleast_1d(np.asarray(streets, np.int64))
    own = np.arange(problem.graph.m) if problem.street is None else problem.street
    of = equilibrium.small.of[np.isin(own, rows[rows >= 0])]
    chosen = np.zeros(len(equilibrium.small.tails), np.bool_)
    chosen[of[of >= 0]] = True
    pairs = np.zeros(len(equilibrium.rows.demand))
    flow = np.zeros((len(problem.classes), len(chosen)))
    _users(equilibrium.rows, equilibrium.store, chosen, pairs, flow)
    found = {}
    table = pairs_of(equilibrium)
    for kind, item in enumerate(problem.classes):
        matrix = np.zeros((problem.zones, problem.zones))
        mine = table["kind"].to_numpy() == kind
        place = table["origin"].to_numpy()[mine], table["destination"].to_numpy()[mine]
        matrix[place] = pairs[mine] / item.pce
        found[item.name] = matrix
        flow[kind] /= item.pce
    return Users(found, expanded(equilibrium.small, flow))


def pairs_of(equilibrium: Equilibrium) -> pd.DataFrame:
    """Return all pairs with demand: class, origin, destination, vehicles, cost, served."""
    rows, problem = equilibrium.rows, equilibrium.problem
    count = np.diff(rows.first)
    kind = np.repeat(rows.kind, count)
    pce = np.array([item.pce for item in problem.classes] or [1.0])
    return pd.DataFrame(
        {
            "kind": kind,
            "origin": np.repeat(rows.source, count),
            "destination": rows.dest,
            "vehicles": rows.demand / pce[kind],
            "cost": equilibrium.least,
            "served": np.diff(equilibrium.store.first) > 0,
        }
    )


def unserved_pairs(equilibrium: Equilibrium) -> pd.DataFrame:
    """Return the pairs without a way, most vehicles first: class, origin, destination, vehicles."""
    table = pairs_of(equilibrium)
    names = np.array([item.name for item in equilibrium.problem.classes] or [""], object)
    table["class"] = names[table["kind"]]
    out = table.loc[~table["served"], ["class", "origin", "destination", "vehicles"]]
    return out.sort_values("vehicles", ascending=False, kind="stable", ignore_index=True)


@njit(cache=True, nogil=True)
def _users(
    rows: Rows, store: Store, chosen: Bools, pairs: Floats, flow: Floats
) -> None:  # pragma: no cover
    for r in range(len(rows.kind)):
        for k in range(rows.first[r], rows.first[r + 1]):
            for p in range(store.first[k], store.first[k + 1]):
                uses = False
                for i in range(store.start[p], store.start[p + 1]):
                    uses = uses or chosen[store.links[i]]
                if uses:
                    pairs[k] += store.flow[p]
                    for i in range(store.start[p], store.start[p + 1]):
                        flow[rows.kind[r], store.links[i]] += store.flow[p]
