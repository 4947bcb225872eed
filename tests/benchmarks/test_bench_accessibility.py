"""Isochrones, nearest facilities, what is within reach; peers in the same run."""

import sys
import time
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from tests.benchmarks.measure import run
from tests.twin.mobility.accessibility.grid_town import BLOCK_M, grid_streets, meeting, network_of
from twin.assumptions import assumptions
from twin.classes import FACILITIES
from twin.mobility.accessibility import isochrone, isochrones, nearest_minutes, within

GIVEN = assumptions()
SPEED = {"walk": 1.25, "bike": 4.5, "car": 8.0}
COUNTS = dict(zip(FACILITIES, (30, 40, 120, 90, 3_000, 150, 250, 2_000), strict=True))


@cache
def town(links, mode="walk"):
    """Give a town of square blocks with about so many links, seconds a little at random."""
    side = round(np.sqrt(links / 4)) + 1
    streets, nodes = grid_streets(side)
    rng = np.random.default_rng(0)
    seconds = BLOCK_M / SPEED[mode] * rng.uniform(0.8, 1.4, len(streets))
    return network_of(streets, nodes, mode=mode, seconds=seconds)


def points(network, count, seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(network.street_ids), count)
    return meeting(network, rows, rng.random(count), rng.random(count) * 30)


def median(benchmark):
    return benchmark.stats["median"]


@pytest.mark.parametrize("links", [15_000, 75_000, 300_000])
def test_a_thousand_isochrones(benchmark, links):
    """75,000 links: at most 0.7 s."""
    network, homes = town(links), points(town(links), 1_000, 1)
    found = benchmark.pedantic(
        isochrones, args=(network, network.time_s, homes, 15.0), rounds=7, warmup_rounds=1
    )
    print(
        f"\n{network.graph.m:,} links: {median(benchmark) * 1000:.0f} ms, "
        f"{len(found.nodes) / 1000:.0f} junctions each"
    )


def test_a_thousand_isochrones_by_peers(benchmark):
    """Full trees of igraph and networkit, limited ones of scipy, on the same 75,000 links."""
    igraph, networkit = pytest.importorskip("igraph"), pytest.importorskip("networkit")
    network, homes = town(75_000), points(town(75_000), 1_000, 1)
    graph, sources = network.graph, homes.node[:, 1]
    told = {}

    def timed(name, work):
        started = time.perf_counter()
        work()
        told[name] = time.perf_counter() - started

    benchmark.pedantic(
        isochrones, args=(network, network.time_s, homes, 15.0), rounds=7, warmup_rounds=1
    )
    told["ours"] = median(benchmark)
    matrix = csr_array((network.time_s, (graph.tails, graph.heads)), shape=(graph.n, graph.n))

    def by_scipy():
        for part in np.array_split(sources, 10):
            dijkstra(matrix, indices=part, limit=900.0)

    timed("scipy, limited", by_scipy)
    other = igraph.Graph(
        n=graph.n, edges=np.column_stack([graph.tails, graph.heads]), directed=True
    )
    some = sources[:100]
    timed(
        "igraph, full, 100 of 1,000", lambda: other.distances(some.tolist(), weights=network.time_s)
    )
    third = networkit.GraphFromCoo(
        (network.time_s, (graph.tails, graph.heads)), n=graph.n, weighted=True, directed=True
    )

    def by_networkit():
        for source in some:
            networkit.distance.Dijkstra(third, int(source), storePaths=False).run()

    timed("networkit, full, 100 of 1,000", by_networkit)
    print("\n" + ", ".join(f"{name}: {seconds:.2f} s" for name, seconds in told.items()))


@pytest.mark.parametrize("buildings", [5_000, 20_000, 80_000])
def test_nearest_of_eight_kinds_by_three_modes(benchmark, buildings):
    """20,000 buildings at most 2 s; the town grows with them, a street for every 1.3 buildings."""
    kinds = np.repeat(list(COUNTS), list(COUNTS.values()))
    networks = [town(round(buildings * 0.75), mode) for mode in SPEED]
    homes = [points(network, buildings, 2) for network in networks]
    places = [points(network, len(kinds), 3) for network in networks]

    def every():
        return [
            nearest_minutes(network, network.time_s, home, place, kinds)
            for network, home, place in zip(networks, homes, places, strict=True)
        ]

    found = benchmark.pedantic(every, rounds=7, warmup_rounds=1)
    assert all(np.isfinite(one.minutes.to_numpy()).all() for one in found)
    print(f"\n{buildings:,} buildings: {median(benchmark) * 1000:.0f} ms")


def test_nearest_by_pandana(benchmark):
    """The peer counts from the nearest junction on and knows no one-way ends of a street."""
    if sys.platform != "linux":
        pytest.skip("measured on Linux only")
    pandana = pytest.importorskip("pandana")
    network, homes = town(15_000), points(town(15_000), 20_000, 2)
    kinds = np.repeat(list(COUNTS), list(COUNTS.values()))
    places = points(network, len(kinds), 3)
    graph = network.graph
    nodes = pd.DataFrame({"x": network.x, "y": network.y})
    peer = pandana.Network(
        nodes["x"], nodes["y"], pd.Series(graph.tails), pd.Series(graph.heads),
        pd.DataFrame({"s": network.time_s}), twoway=False,
    )  # fmt: skip
    at = places.node[:, 1]
    started = time.perf_counter()
    peer.precompute(3600.0)
    prepared = time.perf_counter() - started
    started = time.perf_counter()
    for kind in COUNTS:
        own = at[kinds == kind]
        peer.set_pois(kind, 3600.0, 1, nodes["x"].iloc[own], nodes["y"].iloc[own])
        peer.nearest_pois(3600.0, kind, num_pois=1).loc[homes.node[:, 1]]
    theirs = time.perf_counter() - started
    benchmark.pedantic(
        nearest_minutes, args=(network, network.time_s, homes, places, kinds),
        rounds=7, warmup_rounds=1,
    )  # fmt: skip
    ours = median(benchmark)
    print(f"\npandana {prepared:.2f} s + {theirs:.2f} s, ours {ours:.3f} s (one mode)")


@pytest.mark.parametrize("mode", SPEED)
def test_jobs_and_shops_within_a_quarter_of_an_hour(benchmark, mode):
    network = town(15_000, mode)
    kinds = np.repeat(list(COUNTS), list(COUNTS.values()))
    table = pd.DataFrame({"kind": kinds, "id": np.arange(len(kinds)).astype(str), "weight": 1.0})
    homes, places = points(network, 20_000, 2), points(network, len(kinds), 3)
    found = benchmark.pedantic(
        within, args=(network, network.time_s, homes, places, table),
        kwargs={"minutes": 15}, rounds=3, warmup_rounds=1,
    )  # fmt: skip
    assert found["jobs"].max() > 0
    print(f"\n{mode}: {median(benchmark):.2f} s for {len(kinds):,} facilities")


@pytest.mark.parametrize("mode", SPEED)
def test_the_areas_of_one_isochrone(benchmark, mode):
    """Three bands, from a click to polygons."""
    network = town(75_000, mode)
    home = points(network, 1, 4)
    areas, _ = benchmark.pedantic(
        isochrone, args=(network, network.time_s, home, [5, 10, 15], GIVEN),
        rounds=5, warmup_rounds=1,
    )  # fmt: skip
    print(
        f"\n{mode}: {median(benchmark) * 1000:.0f} ms for {areas['area_m2'].iloc[-1] / 1e6:.1f} km²"
    )


MEMORY = """
from tests.benchmarks.test_bench_accessibility import *
kinds = np.repeat(list(COUNTS), list(COUNTS.values()))
network = town({links})
home, place = points(network, {buildings}, 2), points(network, len(kinds), 3)
if {work}:
    nearest_minutes(network, network.time_s, home, place, kinds)
    isochrones(network, network.time_s, points(network, 1_000, 1), 15.0)
"""


@pytest.mark.parametrize(("links", "buildings"), [(15_000, 20_000), (75_000, 100_000)])
def test_memory(benchmark, links, buildings):
    """What the searches need above the town itself."""
    peaks = [
        run("-c", MEMORY.format(links=links, buildings=buildings, work=work)).peak_mb
        for work in (False, True)
    ]
    benchmark(lambda: None)
    print(f"\n{buildings:,} buildings: {peaks[0]:.0f} MB, with searches {peaks[1]:.0f} MB")
