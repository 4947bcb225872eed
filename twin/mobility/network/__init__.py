"""Networks of the modes: who may use which street, how fast, with what capacity and delay."""

from __future__ import annotations

from twin.mobility.network.build import main_part, mode_network
from twin.mobility.network.capacity import capacities, lane_capacity
from twin.mobility.network.connectors import connectors
from twin.mobility.network.gates import gate_connectors, gates
from twin.mobility.network.match import matched
from twin.mobility.network.meet import meet

__all__ = [
    "capacities",
    "connectors",
    "gate_connectors",
    "gates",
    "lane_capacity",
    "main_part",
    "matched",
    "meet",
    "mode_network",
]
