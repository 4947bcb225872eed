"""Closing the only way to a hospital is allowed and said loudly."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tests.twin.mobility.accessibility.grid_town import grid_streets, meeting, network_of
from twin.mobility.accessibility import cut_off, cut_off_facilities, nearest_minutes
from twin.mobility.accessibility.cut_off import FAR_S

"""The hospital stands at the end of a street that leaves the corner of the grid."""


def town(*, closed=False):
    streets, nodes = grid_streets(3)
    last = {"s7-8", "s8-7", "s5-8", "s8-5"}
    if closed:
        streets = streets.drop(index=sorted({"s5-8", "s8-5", *(last if closed == "all" else ())}))
    network = network_of(streets, nodes, mode="car")
    reached = np.isin(network.graph.tails, [8]) | np.isin(network.graph.heads, [8])
    return streets, dataclasses.replace(network, main=~reached if closed == "all" else network.main)


TABLE = pd.DataFrame(
    {
        "kind": ["health", "health", "school", "park"], "id": ["h", "d", "s", "p"],
        "name": ["Klinikum", "", "Schule", ""], "place": ["hospital", "health", "school", "park"],
    }
)  # fmt: skip


def places(streets, network, detour=0.0):
    rows = [streets.index.get_loc(name) for name in ("s4-7", "s0-1", "s0-1", "s0-1")]
    met = meeting(network, rows, [1.0, 0.5, 0.5, 0.5])
    return dataclasses.replace(met, detour_s=np.array([detour, 0, 0, 0]))


def test_a_hospital_nobody_reaches_any_more():
    streets, network = town()
    before = network, places(streets, network)
    less, shut = town(closed="all")
    rows = meeting(
        shut, [less.index.get_loc(f"s{k}") for k in ("4-7", "0-1", "0-1", "0-1")], [0.5] * 4
    )
    alone = dataclasses.replace(rows, in_node=rows.in_node.copy())
    alone.in_node[0] = 8
    found = cut_off_facilities(TABLE, before, (shut, alone))
    assert [(entry.code, entry.kind, entry.count) for entry in found] == [
        ("facility_without_way", "health", 1)
    ]
    assert str(found[0].sentence) == ("No way leads to Klinikum any more (hospital: 1; car).")
    assert cut_off_facilities(TABLE, before, before) == []


@pytest.mark.parametrize(("seconds", "count"), [(FAR_S - 1, 0), (FAR_S, 1)])
def test_a_street_closed_at_the_door(seconds, count):
    streets, network = town()
    before = network, places(streets, network)
    found = cut_off_facilities(TABLE, before, (network, places(streets, network, seconds)))
    assert len(found) == count
    assert all("the rest must be walked" in str(entry.sentence) for entry in found)


def test_homes_behind_a_closed_street():
    streets, network = town()
    homes = meeting(network, [streets.index.get_loc(k) for k in ("s8-5", "s0-1")], [0.0, 0.5])
    school = meeting(network, [streets.index.get_loc("s3-4")], [0.5])
    before = nearest_minutes(network, network.time_s, homes, school, ["school"]).minutes
    shut = np.where(np.isin(network.graph.tails, [5, 8]), np.inf, network.time_s)
    shut[network.graph.heads == 8] = np.inf
    inside = dataclasses.replace(homes, node=np.where(homes.node == 5, 8, homes.node))
    after = nearest_minutes(network, shut, inside, school, ["school"]).minutes
    said = cut_off(before, after, pd.Series({"p0": 12.0, "p1": 3.0}), mode="walk")
    assert [(entry.code, entry.count, entry.residents) for entry in said] == [
        ("buildings_without_way", 1, 12)
    ]
    assert said[0].examples == ("p0",)
