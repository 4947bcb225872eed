"""
Assign TNTP files by AequilibraE (bfw), the second tool; prints one JSON line on standard output.

    python -W ignore tests/tools/tntp_peer.py NET.tntp TRIPS.tntp --gap 1e-4 2>/dev/null
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

from tests.tools.tntp_read import Net, read_net, read_trips


def given(net: Net, trips: np.ndarray) -> tuple[Graph, AequilibraeMatrix]:
    """Give network and trips as AequilibraE takes them."""
    zones = np.arange(1, net.zones + 1)
    graph = Graph()
    graph.network = pd.DataFrame({
        "link_id": np.arange(1, len(net.tails) + 1), "a_node": net.tails + 1,
        "b_node": net.heads + 1, "direction": 1, "time": net.free_time,
        "capacity": net.capacity, "alpha": net.alpha, "beta": np.maximum(net.beta, 1),
    })  # fmt: skip
    graph.prepare_graph(zones)
    graph.set_graph("time")
    graph.set_blocked_centroid_flows(net.through >= net.zones)
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=net.zones, matrix_names=["car"], memory_only=True)
    matrix.index[:] = zones
    matrix.matrix["car"][:] = trips
    matrix.computational_view(["car"])
    return graph, matrix


def main() -> None:
    """Read, assign and print flows by link of the file, gap and seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("net", type=Path)
    parser.add_argument("trips", type=Path)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--most", type=int, default=500)
    asked = parser.parse_args()
    net = read_net(asked.net)
    trips = read_trips(asked.trips, net.zones)
    graph, matrix = given(net, trips)
    begun = time.perf_counter()
    work = TrafficAssignment()
    work.add_class(TrafficClass("car", graph, matrix))
    work.set_vdf("BPR")
    work.set_vdf_parameters({"alpha": "alpha", "beta": "beta"})
    work.set_capacity_field("capacity")
    work.set_time_field("time")
    work.set_algorithm("bfw")
    work.max_iter, work.rgap_target = asked.most, asked.gap
    work.execute()
    flow = work.results()["PCE_AB"].reindex(np.arange(1, len(net.tails) + 1)).fillna(0)
    told = {
        "flow": flow.to_list(), "gap": float(work.assignment.rgap),
        "seconds": time.perf_counter() - begun,
    }  # fmt: skip
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main()
