"""Seconds lost at the junction a street leads to, by how it is controlled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from twin.classes import STREET_CLASSES
from twin.mobility.network.links import MOTOR, ends_of, flags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.mobility.network.links import Flags, Floats, Ints, Links

RANKS = {"motorway": 0, "trunk": 0, "primary": 1, "secondary": 2, "tertiary": 3,
         "unclassified": 5, "residential": 5, "busway": 5, "living_street": 6, "service": 7,
         "pedestrian": 7}  # fmt: skip
"""Who goes first where classes meet; ways not for cars come last, ramps after tertiary roads."""
LAST, RAMP, MAIN_ROAD, ZONE = 8, 4, 3, 5


@dataclass(frozen=True, eq=False)
class Junctions:
    """What meets at each row of the nodes table, seen from the streets that motor traffic uses."""

    control: NDArray[np.object_]
    arms: Ints  # other junctions that motor traffic can come from or go to
    best: Ints  # rank of the most important street, LAST where there is none
    peers: Ints  # arms of that rank

    @property
    def signals(self) -> Flags:
        """Tell where streets cross at signals; fewer than three arms are a crossing on foot."""
        return np.asarray((self.control == "signals") & (self.arms >= 3))


def ranks(streets: pd.DataFrame) -> Ints:
    """Return the rank of each street, 0 for motorways."""
    column = pd.Categorical(streets["class"], categories=STREET_CLASSES)
    rank = np.array([RANKS.get(name, LAST) for name in STREET_CLASSES], np.int32)[column.codes]
    return np.where(flags(streets, "is_ramp"), RAMP, rank).astype(np.int32)


def junctions(streets: pd.DataFrame, nodes: pd.DataFrame) -> Junctions:
    """Return control, arms and most important street of each junction."""
    tail, head = ends_of(streets, nodes)
    motor = flags(streets, "allow_car") | flags(streets, "allow_truck")
    motor = (motor | flags(streets, "allow_bus")) & (tail >= 0) & (head >= 0) & (tail != head)
    n = len(nodes)
    here = np.concatenate([tail[motor], head[motor]]).astype(np.int64)
    there = np.concatenate([head[motor], tail[motor]]).astype(np.int64)
    pairs = np.unique(here * n + there)
    best = np.full(n, LAST, np.int32)
    np.minimum.at(best, here, np.tile(ranks(streets)[motor], 2))
    first = np.tile(ranks(streets)[motor], 2) == best[here]
    arms, peers = (
        np.bincount(found // n, minlength=n).astype(np.int32)
        for found in (pairs, np.unique((here * n + there)[first]))
    )
    return Junctions(nodes["control"].to_numpy(dtype=object), arms, best, peers)


def junction_delay(
    streets: pd.DataFrame, links: Links, found: Junctions, given: Assumptions
) -> Floats:
    """
    Return the seconds each link loses at the junction it leads to, at low flow.

    Signals: everybody, once for signals close together; between junctions (fewer than three arms)
    the shorter wait for people crossing. Roundabout: who drives in. Else, who comes from a less
    important street waits (stop or give-way sign, also where none is mapped); where all are alike
    priority to the right is assumed on minor streets, and half the wait where a sign stands that
    is not said whom it binds.
    """
    delay = {
        name: given[f"network.{name}_delay.{links.mode}"]
        for name in (
            "signals", "crossing_signals", "stop", "give_way", "right_before_left", "roundabout"
        )
    }  # fmt: skip
    rank = ranks(streets)[links.row]
    control, arms, best, peers = (
        values[links.head] for values in (found.control, found.arms, found.best, found.peers)
    )
    signals = control == "signals"
    short = streets["length_m"].to_numpy(float)[links.row] <= given["network.one_signal_within"]
    same = short & found.signals[links.tail] & found.signals[links.head]
    meets = np.where(rank < LAST, arms >= 3, best <= MAIN_ROAD)
    minor, sign = rank > best, np.isin(control, ["stop", "give_way"]) & (peers == arms)
    wait = np.where(control == "stop", delay["stop"], delay["give_way"])
    enters = (control == "roundabout") & ~flags(streets, "is_roundabout")[links.row]
    alike = (control == "priority_to_right") | ((control == "none") & (best >= ZONE))
    alike &= peers >= 3
    cases: list[tuple[Any, Any]] = [
        (same, 0.0),
        (signals & (arms >= 3), delay["signals"]),
        (signals, delay["crossing_signals"]),
        (enters, delay["roundabout"]),
        ((control == "roundabout") | ~meets, 0.0),
        (minor, wait),
        (sign, wait / 2),
        (alike, delay["right_before_left"]),
    ]
    return np.select([case for case, _ in cases], [value for _, value in cases], default=0.0)


def point_delay(
    streets: pd.DataFrame,
    nodes: pd.DataFrame,
    street_points: pd.DataFrame,
    mode: str,
    given: Assumptions,
) -> Floats:
    """
    Return the seconds cars and lorries lose on each street at crossings and the like, both ways.

    Signals that belong to a junction (at it, or on a street that leads to signals) count there.
    Barriers cost nothing here: whom they stop is in the `allow_` columns of the short street that
    stands for them.
    """
    lost = np.zeros(len(streets))
    if mode not in MOTOR or not len(street_points):
        return lost
    row = streets.index.get_indexer(pd.Index(street_points["link_id"]))
    found, row = street_points[row >= 0], row[row >= 0]
    own = streets.iloc[row]
    seconds = given.by_class("network.point_delay")
    value = found["class"].astype(object).map(seconds).fillna(0.0).to_numpy(float)
    signals = np.append((nodes["control"] == "signals").to_numpy(), False)  # -1 is no junction
    near = signals[nodes.index.get_indexer(pd.Index(own["from_node"]))]
    near |= signals[nodes.index.get_indexer(pd.Index(own["to_node"]))]
    near |= nodes.index.get_indexer(found.index) >= 0
    light = found["class"].isin(["signals", "crossing_signals"]).to_numpy()
    value = np.where(light & near, 0.0, value)
    np.add.at(lost, row, value)
    back = streets.index.get_indexer(pd.Index(own["reverse_id"]))
    np.add.at(lost, back[back >= 0], value[back >= 0])
    return lost
