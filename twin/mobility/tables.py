"""What the models of mobility hand each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from twin.mobility.keys import link_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from twin.mobility.graph import Graph

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ModeNetwork:
    """
    The streets as one mode may use them; arrays are by link of `graph`.

    A link is a street (`street` is its row in the streets table) or a turn inside a junction
    (`street` is -1, length 0, time = what the turn takes). `node_ids` names the junction of each
    node of the graph; a junction with turn rules has several. `out_nodes`/`in_nodes` say for each
    row of the nodes table where a way begins / may end, -1 where the mode cannot.
    """

    mode: str  # car, truck, bike, walk
    graph: Graph
    street: Ints  # (m,)
    street_ids: pd.Index[str]  # of the streets table, in its order
    node_ids: pd.Index[str]  # (n,)
    out_nodes: Ints
    in_nodes: Ints
    length_m: Floats
    time_s: Floats  # free flow, junction delay included
    capacity_vehh: Floats  # of all lanes of the direction; inf for turns, bike, walk
    alpha: Floats  # t = time_s x (1 + alpha x (flow / capacity)^beta)
    beta: Floats
    gradient_percent: Floats  # in the direction of the link, 0 where not known
    cost: Floats  # generalised cost a route is chosen by [s]: stress, gradient, surface for bikes
    main: NDArray[np.bool_]  # link belongs to the largest strongly connected part
    x: Floats  # (n,) of the nodes
    y: Floats
    lines: NDArray[np.object_] | None = None  # geometry of the streets table, in its order
    reverse: Ints | None = None  # of each street the row of the opposite one, -1 for none
    fronts: NDArray[np.bool_] | None = None  # streets that houses stand on: no motorway, no bridge

    @cached_property
    def keys(self) -> pd.Index[str]:
        """Names of the links, which outlive an edit of the streets."""
        return link_keys(self)


@dataclass(frozen=True, eq=False)
class Access:
    """
    Where points (buildings, places, stops, a click) meet a network: two ends of a link each.

    `node` and `seconds` are for ways that begin at the points. Ways that end there come over
    `arriving()`: other nodes in one-way streets and at junctions with turn rules.
    """

    ids: pd.Index[str]
    node: Ints  # (p, 2) node of the graph, -1 where there is none within reach
    seconds: Floats  # (p, 2) from the point to the node, inf where there is none
    street: Ints  # (p,) row of the street met, -1 for none
    in_node: Ints | None = None  # (p, 2) where ways that end at the point leave the graph
    in_seconds: Floats | None = None  # (p, 2) from that node to the point

    def arriving(self) -> tuple[Ints, Floats]:
        """Return nodes and seconds (p, 2) for ways that end at the points."""
        if self.in_node is None or self.in_seconds is None:
            return self.node, self.seconds
        return self.in_node, self.in_seconds

    # where on that street (share of it from its start), and the seconds from the point to there:
    # two points on one street go along it; without them only over its ends
    share: Floats | None = None  # (p,)
    detour_s: Floats | None = None  # (p,)


@dataclass(frozen=True, eq=False)
class ZoneSystem:
    """
    Zones of a town and the gates at its edge, in this order.

    `table` follows the numbers: `residents`, `jobs`, `employed`, `cars` and attractions by purpose
    (`twin.mobility.demand`); gates have `is_gate`. `connectors` lists by mode the nodes a zone is
    fed through: columns `zone` (place in `ids`), `node` (of the mode's graph, where ways begin),
    `in_node` (where ways end; the same node but at gates with separate carriageways and junctions
    with turn rules, -1 for none, `node` too), `weight` (sums to 1 a zone), `seconds`.
    """

    ids: pd.Index[str]
    table: pd.DataFrame
    connectors: Mapping[str, pd.DataFrame]

    @property
    def count(self) -> int:
        """Zones and gates."""
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class Skims:
    """Minutes, kilometres and more from zone to zone (z, z) by mode; inf where there is no way."""

    ids: pd.Index[str]
    minutes: Mapping[str, Floats]
    km: Mapping[str, Floats]
    more: Mapping[str, Floats] = field(default_factory=dict)  # transit_wait, transit_transfers ...


@dataclass(frozen=True, eq=False)
class Demand:
    """
    Trips of an average weekday from zone to zone (z, z).

    `trips` are person trips by mode of MODES; `vehicles` are vehicle trips by class of
    VEHICLE_CLASSES; `purposes` person trips by purpose; `by_group` is a table of what the residents
    of each zone do: index zone id, columns `trips_<mode>`, `km_<mode>`, `minutes_<mode>`.
    """

    ids: pd.Index[str]
    trips: Mapping[str, Floats]
    vehicles: Mapping[str, Floats]
    purposes: Mapping[str, Floats]
    by_zone: pd.DataFrame
    unserved: Mapping[str, float]  # trips without any way, by why
