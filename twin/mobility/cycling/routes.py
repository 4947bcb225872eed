"""Where cyclists ride: routes by time, gradient and stress, and detours that avoid stress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit
from scipy.special import ndtri

from twin.errors import ModelError
from twin.mobility.cycling.calm import link_levels
from twin.mobility.paths import zone_skims
from twin.mobility.paths.search import make_work, push, settle
from twin.mobility.paths.skims import connectors_of
from twin.mobility.paths.threads import in_rows
from twin.mobility.paths.ways import net_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.paths.search import Net
    from twin.mobility.paths.skims import Connectors
    from twin.mobility.tables import ModeNetwork

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Riders:
    """
    Cyclists on the streets, in trips of the matrix that was put on them.

    `street` is by street id, each direction for itself. `unserved` trips have no way, `inside` ones
    stay in their zone; with `served` they are all trips. `conservation_error` is the largest
    difference of trips that come to a junction and leave it.
    """

    street: pd.Series[float]
    served: float
    unserved: float
    inside: float
    conservation_error: float


def cyclists(
    network: ModeNetwork, connectors: pd.DataFrame, trips: Floats, given: Assumptions
) -> Riders:
    """
    Put bicycle trips from zone to zone (z, z) on the streets.

    Stochastic route choice by simulation (Burrell 1968; Sheffi 1985, chapter 11): each of
    `cycling.route_draws` equal parts of the trips takes the cheapest way by `cost` times a
    lognormal factor a street with mean 1 and spread `cycling.route_spread`. The factors follow
    from the street ids: the same in every run, with every order of the table. Cost does not depend
    on the flow.
    """
    z = len(trips)
    if trips.shape != (z, z) or (len(connectors) and connectors["zone"].max() >= z):
        template = "The matrix of bicycle trips is {rows} x {columns}, its zones go up to {zone}."
        hint = "It needs one row and one column for each zone of the connectors."
        last = int(connectors["zone"].max()) + 1 if len(connectors) else 0
        raise ModelError(template, hint=hint, rows=z, columns=trips.shape[1], zone=last)
    zones = connectors_of(connectors, z)
    draws = int(given["cycling.route_draws"])
    demand = np.ascontiguousarray(trips, np.float64) / draws
    flow, lost = np.zeros((draws, network.graph.m)), np.zeros(draws)
    ends = np.zeros((draws, network.graph.n))

    def put(first: int, end: int) -> None:
        for k in range(first, end):
            factor = _perceived(network, k, given["cycling.route_spread"])
            net = net_of(network.graph, network.cost * factor)
            lost[k] = _load(net, zones, demand, flow[k], ends[k])

    in_rows(put, draws)
    total, at_ends = flow.sum(axis=0), ends.sum(axis=0)
    row = network.street >= 0
    street = np.bincount(
        network.street[row], weights=total[row], minlength=len(network.street_ids)
    ).astype(float)
    kept = _error(network, total, at_ends)
    inside, unserved = float(np.trace(trips)), float(lost.sum())
    served = float(trips.sum()) - inside - unserved
    return Riders(pd.Series(street, network.street_ids), served, unserved, inside, kept)


def _error(network: ModeNetwork, flow: Floats, at_ends: Floats) -> float:
    """Return the largest |in + begun - out - ended| of any node."""
    graph = network.graph
    left = np.bincount(graph.heads, weights=flow, minlength=graph.n) + at_ends
    left -= np.bincount(graph.tails, weights=flow, minlength=graph.n)
    return float(np.abs(left).max(initial=0.0))


def _perceived(network: ModeNetwork, draw: int, spread: float) -> Floats:
    """Return the factor of the cost of each link in one draw: lognormal with mean 1 for streets."""
    if spread == 0:
        return np.ones(network.graph.m)
    key = f"{draw:016d}"
    number = pd.util.hash_array(network.street_ids.to_numpy(object), hash_key=key)
    uniform = ((number >> np.uint64(11)).astype(float) + 0.5) / 2.0**53
    factor = np.append(np.exp(spread * ndtri(uniform) - spread**2 / 2), 1.0)
    return factor[network.street]  # turns are -1, the last


@njit(cache=True, nogil=True)
def _load(
    net: Net, zones: Connectors, demand: Floats, flow: Floats, ends: Floats
) -> float:  # pragma: no cover
    """
    Add trips along the cheapest ways to `flow` by link; return those without a way.

    `ends` gets by node what begins there less what ends there. Each tree is loaded from its far end
    inwards.
    """
    n = len(net.offsets) - 1
    work = make_work(n + len(zones.node), len(net.heads))
    link, dist, at = np.empty(n, np.int32), np.empty(n), np.empty(n)
    lost = 0.0
    for zone in range(len(demand)):
        dist[:], link[:], at[:], size = np.inf, -1, 0.0, 0
        for k in range(zones.offsets[zone], zones.offsets[zone + 1]):
            node = zones.node[k]
            if node >= 0 and zones.cost[k] < dist[node]:
                dist[node] = zones.cost[k]
                size = push(work, size, zones.cost[k], node)
        count = settle(net, dist, link, work, size)
        lost += _arrive(zones, demand[zone], zone, dist, at)
        ends -= at
        for k in range(count - 1, -1, -1):
            node = work.order[k]
            if link[node] < 0:
                ends[node] += at[node]
                continue
            flow[link[node]] += at[node]
            at[net.tails[link[node]]] += at[node]
    return lost


@njit(cache=True, nogil=True)
def _arrive(
    zones: Connectors, demand: Floats, zone: int, dist: Floats, at: Floats
) -> float:  # pragma: no cover
    """Put the trips of a zone where they leave the network; return those without a way."""
    lost = 0.0
    for other in range(len(demand)):
        if demand[other] == 0 or other == zone:
            continue
        best, end = np.inf, -1
        for k in range(zones.offsets[other], zones.offsets[other + 1]):
            far = dist[zones.end[k]] + zones.cost[k] if zones.end[k] >= 0 else np.inf
            if far < best:
                best, end = far, zones.end[k]
        if end < 0:
            lost += demand[other]
        else:
            at[end] += demand[other]
    return lost


def detours(
    network: ModeNetwork,
    lts: pd.Series[float],
    connectors: pd.DataFrame,
    z: int,
    given: Assumptions,
) -> dict[str, Floats]:
    """
    Return metres from zone to zone (z, z): "shortest" where one may ride, "calm" without stress.

    inf where there is no such way; ways within zones and to the connectors do not count.
    """
    level = link_levels(network, lts)
    table = connectors.assign(seconds=0.0)
    open_ = {"shortest": ~np.isnan(level), "calm": level <= given["cycling.low_stress"]}
    return {
        name: zone_skims(network, np.where(links, network.length_m, np.inf), table, z)["cost"]
        for name, links in open_.items()
    }


def calm_trips(trips: Floats, metres: dict[str, Floats], given: Assumptions) -> dict[str, float]:
    """
    Return shares of trips between zones: with any way, with a calm one, with one of little detour.

    "calm_share" counts calm ways up to `cycling.most_detour` times the shortest, "mean_detour" is
    the mean of calm over shortest where there is a calm way (1 = none).
    """
    off = np.where(np.eye(len(trips), dtype=bool), 0.0, trips)
    total = off.sum()
    if total == 0:
        return {"any_share": 0.0, "any_calm_share": 0.0, "calm_share": 0.0, "mean_detour": 1.0}
    shortest, calm = metres["shortest"], metres["calm"]
    has = np.isfinite(calm)
    ratio = np.ones_like(off)
    np.divide(calm, shortest, out=ratio, where=has & (shortest > 0))
    counted = (off * has).sum()
    return {
        "any_share": float((off * np.isfinite(shortest)).sum() / total),
        "any_calm_share": float(counted / total),
        "calm_share": float((off * (has & (ratio <= given["cycling.most_detour"]))).sum() / total),
        "mean_detour": float((off * np.where(has, ratio, 0)).sum() / counted) if counted else 1.0,
    }
