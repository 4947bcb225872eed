"""Which buildings a heat network is meant for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.energy.heat_grid.density import line_density
from twin.energy.heat_grid.streets import make_ground, section_of_links
from twin.hashing import hash_parts
from twin.measures.base import heated
from twin.selection import Part
from twin.selection.columns import heat_demand
from twin.selection.resolve import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.energy.heat_grid.streets import Ground
    from twin.selection import Area
    from twin.state import State


class AutoNetwork(Part):
    """Find the streets of a network by their heat line density (Wärmeliniendichte)."""

    threshold_kwh_m: float = Field(1500.0, gt=0, le=1e6)  # kWh/(m·a)
    minimum_mwh: float = Field(1000.0, ge=0, le=1e9)  # of each connected group of streets, a year


@dataclass(frozen=True)
class _GroundOf:
    """What the ground depends on, by hash, and where to make it from."""

    key: str
    city: City = field(compare=False)
    given: Assumptions = field(compare=False)


@lru_cache(maxsize=4)
def _ground(of: _GroundOf) -> Ground:
    return make_ground(of.city, of.given)


def ground(state: State) -> Ground:
    """Return streets and house connections of the baseline, made once for the same contents."""
    city, given = state.baseline or state.city, state.assumptions
    tables = [city.hashes["buildings"], city.hashes["streets"]]
    return _ground(_GroundOf(hash_parts([*tables, given.of(["grid"]).hash]), city, given))


def unknown_streets(state: State, streets: tuple[str, ...]) -> list[str]:
    """Return the ids that are no street of the city."""
    return [street for street in streets if street not in state.city.streets.index]


def served_rows(
    state: State, area: Area | None, streets: tuple[str, ...], auto: AutoNetwork | None
) -> NDArray[np.intp]:
    """
    Return the rows of the heated buildings that a network is meant for.

    In the area where one is drawn; of these at the streets that `auto` finds; without area and
    `auto` those connected from one of the streets.
    """
    rows = np.flatnonzero(heated(state))
    if area is not None:
        rows = rows[inside(state, area.geometry(state.city.crs), rows)]
    if auto is not None and len(rows):
        return _auto_rows(state, rows, auto)
    if area is None and len(rows):
        wanted = section_of_links(state.city.streets).reindex(list(streets)).unique()
        return rows[_sections(state, rows).isin(wanted).to_numpy()]
    return rows


def _sections(state: State, rows: NDArray[np.intp]) -> pd.Series[Any]:
    connections = ground(state).connections
    found: pd.Series[Any] = connections["section_id"].reindex(state.stock.index[rows])
    return found


def _auto_rows(state: State, rows: NDArray[np.intp], auto: AutoNetwork) -> NDArray[np.intp]:
    """Return those at streets above the threshold, in groups that are large enough."""
    known = ground(state)
    demand = heat_demand(state, rows)
    density = line_density(known.connections, known.sections, demand)
    dense = density[density["line_density_kwh_m"] >= auto.threshold_kwh_m].index
    sections = known.sections.loc[dense]
    group = _groups(sections)
    heat = density.loc[dense, "heat_kwh"].groupby(group).sum()
    large = heat.index[heat >= auto.minimum_mwh * 1000]
    wanted = dense[np.isin(group, large)]
    return rows[_sections(state, rows).isin(wanted).to_numpy()]


def _groups(sections: pd.DataFrame) -> NDArray[np.intp]:
    """Return a number for each section, the same where they are connected by junctions."""
    ends = pd.concat([sections["from_node"], sections["to_node"]]).astype(object)
    nodes = pd.factorize(ends)[0]
    first, second = nodes[: len(sections)], nodes[len(sections) :]
    size = int(nodes.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(sections)), (first, second)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    found: NDArray[np.intp] = labels[first]
    return found
