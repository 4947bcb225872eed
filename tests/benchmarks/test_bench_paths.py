"""Shortest paths: 1,000 isochrones on 75,000 links, full trees, and the peers beside."""

import json

import pytest

from tests.benchmarks.measure import run

TOWN = """
import json, sys, time
import numpy as np
from twin.mobility.graph import graph_of
clock = time.perf_counter
links = int(sys.argv[1])
side = int((links / 4) ** 0.5) + 1
n = side * side
number = np.arange(n).reshape(side, side)
a = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
b = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
rng = np.random.default_rng(1)
cost = rng.uniform(60, 140, len(a))  # a street of 70 to 160 m on foot
tails, heads, both = np.r_[a, b], np.r_[b, a], np.r_[cost, cost]
sources = rng.integers(0, n, int(sys.argv[2]))
took = {}
"""

OURS = """
from twin.mobility.paths import distances, reach, trees
graph = graph_of(tails, heads, n)
costs = both[graph.order]
distances(graph, costs, sources[:2], limit=9); reach(graph, costs, sources[:2], limit=9)
def median(work):
    runs = []
    for _ in range(3):
        start = clock(); out = work(); runs.append(clock() - start)
    return sorted(runs)[1], out
took["isochrones"], near = median(lambda: reach(graph, costs, sources, limit=900))
took["as a matrix"], dense = median(lambda: distances(graph, costs, sources, limit=900))
took["wide"], wide = median(lambda: reach(graph, costs, sources, limit=5000))
took["nodes"] = len(near.nodes) / len(sources)
took["wide nodes"] = len(wide.nodes) / len(sources)
few = sources[:100]
took["100 trees"], (dist, _) = median(lambda: trees(graph, costs, few))
assert np.isfinite(dense).sum() == len(near.nodes)
"""

PEERS = """
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
few = sources[:100]
matrix = csr_array((both, (tails, heads)), shape=(n, n))
start = clock(); dijkstra(matrix, indices=few); took["scipy, 100 trees"] = clock() - start
start = clock(); dijkstra(matrix, indices=sources, limit=900)
took["scipy, isochrones"] = clock() - start
try:
    import igraph
    graph = igraph.Graph(n, list(zip(tails.tolist(), heads.tolist())), directed=True)
    start = clock(); graph.distances(few.tolist(), weights=both.tolist())
    took["igraph, 100 trees"] = clock() - start
except ImportError:
    pass
try:
    import networkit
    graph = networkit.Graph(n, weighted=True, directed=True)
    for x, y, w in zip(tails.tolist(), heads.tolist(), both.tolist()):
        graph.addEdge(x, y, w)
    start = clock()
    networkit.distance.SPSP(graph, few.tolist()).run()
    took["networkit, 100 trees"] = clock() - start
except ImportError:
    pass
try:
    import pandas as pd, pandana
    row, column = np.divmod(np.arange(n), side)
    net = pandana.Network(pd.Series(column * 1.0), pd.Series(row * 1.0), pd.Series(tails),
        pd.Series(heads), pd.DataFrame({"s": both}), twoway=False)
    start = clock(); net.nodes_in_range(sources.tolist(), 900)
    took["pandana, isochrones"] = clock() - start
except ImportError:
    pass
"""
END = "\nprint(json.dumps(took))"


@pytest.mark.parametrize("links", [19_000, 75_000, 300_000])
def test_isochrones(benchmark, links):
    done = benchmark.pedantic(run, ("-c", TOWN + OURS + END, str(links), "1000"), rounds=1)
    took = json.loads(done.output)
    print(f"\n{links} links, 1,000 isochrones of 15 min: {took['isochrones']:.3f} s"
          f" ({took['nodes']:.0f} nodes each), as a matrix {took['as a matrix']:.2f} s,"
          f" of {took['wide nodes']:.0f} nodes {took['wide']:.2f} s, 100 full trees"
          f" {took['100 trees']:.2f} s, {done.peak_mb:.0f} MB")  # fmt: skip
    if links == 75_000:
        peers = run("-W", "ignore", "-c", TOWN + PEERS + END, str(links), "1000")
        for name, seconds in json.loads(peers.output.splitlines()[-1]).items():
            print(f"  {name}: {seconds:.2f} s")
