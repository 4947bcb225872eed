"""A town's streets and zones as a problem of assignment, and its answer by street."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.errors import ModelError
from twin.mobility.assignment.problem import Problem, VehicleClass
from twin.mobility.graph import graph_of
from twin.mobility.keys import node_names, numbered
from twin.mobility.paths.contraction import contracted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.assignment.equilibrium import Equilibrium
    from twin.mobility.tables import ModeNetwork, ZoneSystem

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


def problem_of(
    network: ModeNetwork,
    zones: ZoneSystem,
    vehicles: Mapping[str, ArrayLike],
    given: Assumptions,
    *,
    trucks: ModeNetwork | None = None,
) -> Problem:
    """
    Return the assignment of vehicles [veh/h] between zones (z, z) by class to a town's streets.

    Each zone is a node of its own, fed through its connectors and no thoroughfare. Cars choose by
    `cost` of the network, the part above free flow by `alpha`, `beta` and capacity; other classes
    take the same links. With `trucks` the class "truck" may only use links that network has too,
    and takes what it is slower there besides. Streets only lorries may use are left out. Several
    connectors of a zone are all open: the ways choose among them.
    """
    table, z = zones.connectors["car"], zones.count
    _check_connectors(table, network.graph.n, z)
    tails, heads, seconds = _connectors(table, z)
    _m, more = network.graph.m, len(tails)
    graph = graph_of(
        np.concatenate([network.graph.tails + z, tails]),
        np.concatenate([network.graph.heads + z, heads]),
        network.graph.n + z,
    )

    def beside(values: ArrayLike, rest: ArrayLike) -> Floats:
        """Put values of streets and of connectors in the order of the graph."""
        both = np.concatenate([np.asarray(values, float), np.broadcast_to(rest, (more,))])
        return np.ascontiguousarray(both[graph.order], np.float64)

    fixed = _fixed(network, trucks, list(vehicles), given)
    classes = tuple(
        VehicleClass(
            name, np.ascontiguousarray(matrix, np.float64), beside(fixed[name], 0.0),
            given.by_class("assignment.pce").get(name, 1.0),
        )
        for name, matrix in vehicles.items()
    )  # fmt: skip
    street = np.concatenate([network.street, np.full(more, -1, np.int32)])[graph.order]
    return Problem(
        graph=graph, free_time=beside(network.time_s, seconds),
        capacity=beside(network.capacity_vehh, np.inf), alpha=beside(network.alpha, 0.0),
        beta=beside(network.beta, 1.0), classes=classes, zones=z, through=z,
        keys=_keys(network, table, z)[graph.order], street=street.astype(np.int32),
    )  # fmt: skip


def with_vehicles(problem: Problem, vehicles: Mapping[str, Floats]) -> Problem:
    """Return the problem with other vehicles [veh/h] of the same classes on the same streets."""
    classes = tuple(
        replace(item, demand=np.ascontiguousarray(vehicles[item.name], np.float64))
        for item in problem.classes
    )
    small = problem.small or contracted(problem.graph, max(problem.zones, problem.through))
    return replace(problem, classes=classes, small=small)


def street_flow(equilibrium: Equilibrium, network: ModeNetwork) -> pd.DataFrame:
    """Return vehicles by street (index) and class (columns), 0 where none may drive."""
    found = np.zeros((len(network.street_ids), len(equilibrium.flow)))
    street = _streets(equilibrium)
    there = street >= 0
    np.add.at(found, street[there], equilibrium.flow.T[there])
    names = [item.name for item in equilibrium.problem.classes]
    return pd.DataFrame(found, network.street_ids, names)


def link_times(equilibrium: Equilibrium, network: ModeNetwork) -> Floats:
    """Return the time of each link of a town's network in traffic [s]."""
    given = np.empty(equilibrium.problem.graph.m)
    given[equilibrium.problem.graph.order] = equilibrium.time
    if equilibrium.problem.keys is None:
        template = "The assignment is not one of a town's streets."
        raise ModelError(template)
    place = np.empty(len(given), np.intp)
    place[equilibrium.problem.graph.order] = np.arange(len(given))
    old = equilibrium.problem.keys[place]
    keys = network.keys
    if len(old) >= len(keys) and old[: len(keys)].equals(keys):
        return given[: len(keys)]
    found = old.get_indexer(keys)
    rise = np.divide(
        given, equilibrium.problem.free_time[place], out=np.ones(len(given)),
        where=equilibrium.problem.free_time[place] > 0,
    )  # fmt: skip
    return network.time_s * np.where(found >= 0, rise[found], 1.0)


def _streets(equilibrium: Equilibrium) -> Ints:
    street = equilibrium.problem.street
    return np.full(equilibrium.problem.graph.m, -1, np.int32) if street is None else street


def _check_connectors(table: pd.DataFrame, n: int, z: int) -> None:
    columns = [table[name] for name in ("node", "in_node") if name in table]
    wrong = [name for name in columns if len(name) and (name.max() >= n or name.min() < -1)]
    zone = table["zone"]
    if wrong or (len(zone) and (zone.max() >= z or zone.min() < 0)):
        template = "The connectors are of another network or zone system than the streets."
        hint = "Make them anew from these streets and zones."
        raise ModelError(template, hint=hint)
    if not (table["seconds"].to_numpy(float) >= 0).all():
        template = "A connector takes less than no time."
        raise ModelError(template)


def _connectors(table: pd.DataFrame, z: int) -> tuple[Ints, Ints, Floats]:
    """Return links from zones to nodes and back, those that exist."""
    out, back = _ends(table)
    zone, seconds = table["zone"].to_numpy(np.int32), table["seconds"].to_numpy(float)
    leave, come = out >= 0, back >= 0
    return (
        np.concatenate([zone[leave], back[come] + z]).astype(np.int32),
        np.concatenate([out[leave] + z, zone[come]]).astype(np.int32),
        np.concatenate([seconds[leave], seconds[come]]),
    )


def _ends(table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the nodes ways begin at and those they end at."""
    out = table["node"].to_numpy(np.int32)
    back = table["in_node"].to_numpy(np.int32) if "in_node" in table else out
    return out, back


def _fixed(
    network: ModeNetwork, trucks: ModeNetwork | None, names: list[str], given: Assumptions
) -> dict[str, Floats]:
    """Return by class what a link costs besides the time of cars [s], inf where it may not go."""
    per_km = given.by_class("assignment.distance_cost")
    km = network.length_m / 1000
    found = {
        name: np.maximum(network.cost - network.time_s, 0.0) + per_km.get(name, 0.0) * km
        for name in names
    }
    if trucks is not None and "truck" in found:
        place = pd.Index(trucks.keys).get_indexer(network.keys)
        slower = np.maximum(trucks.cost[place] - network.time_s, 0.0) + per_km["truck"] * km
        found["truck"] = np.where(place >= 0, slower, np.inf)
    return found


def _keys(network: ModeNetwork, table: pd.DataFrame, z: int) -> pd.Index[str]:
    """Return names of streets, turns and connectors that outlive an edit."""
    links = network.keys
    names = np.concatenate([[f"zone:{i}" for i in range(z)], node_names(network)]).astype(object)
    tails, heads, _ = _connectors(table, z)
    more = numbered(pd.Series(names[tails] + ">" + names[heads], dtype=object))
    keys: pd.Index[str] = pd.Index(np.concatenate([links.to_numpy(object), more]))
    return keys
