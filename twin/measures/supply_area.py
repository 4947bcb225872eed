"""Which buildings a heat network is meant for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import Field

from twin.energy.heat_grid.areas import dense_streets, section_groups
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
    """
    Find the streets of networks by their heat line density (Wärmeliniendichte).

    Connected dense streets make one network; how much heat and how many buildings it takes, and
    which gaps are bridged, is in the assumptions `grid.area_min_heat`, `grid.area_min_buildings`
    and `grid.gap`.
    """

    threshold_kwh_m: float = Field(1500.0, gt=0, le=1e6)  # kWh/(m·a)
    minimum_mwh: float = Field(0.0, ge=0, le=1e9)  # a year and network, beyond the assumption


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


Served = dict[str, pd.Index]
"""Ids of buildings by number of the network; one number where the network is drawn."""


def served(
    state: State, area: Area | None, streets: tuple[str, ...], auto: AutoNetwork | None
) -> Served:
    """
    Return the heated buildings that networks are meant for, the largest network first.

    In the area where one is drawn; of these at the streets that `auto` finds, which may make
    several networks; without area and `auto` those connected from one of the streets.
    """
    if auto is not None:
        key = f"{state.assumptions.hash} {id(state.stock)} {area} {auto}"
        return _auto(_AutoOf(key, state, area, auto))
    rows = _heated_inside(state, area)
    if area is None and len(rows):
        wanted = section_of_links(state.city.streets).reindex(list(streets)).unique()
        rows = rows[_sections(state, rows).isin(wanted).to_numpy()]
    return {"": state.stock.index[rows]} if len(rows) else {}


def _sections(state: State, rows: NDArray[np.intp]) -> pd.Series[Any]:
    connections = ground(state).connections
    found: pd.Series[Any] = connections["section_id"].reindex(state.stock.index[rows])
    return found


def _heated_inside(state: State, area: Area | None) -> NDArray[np.intp]:
    rows = np.flatnonzero(heated(state))
    return rows if area is None else rows[inside(state, area.geometry(state.city.crs), rows)]


@dataclass(frozen=True)
class _AutoOf:
    """A search for networks; the key names the stock by its id, which `state` keeps alive."""

    key: str
    state: State = field(compare=False)
    area: Area | None = field(compare=False)
    auto: AutoNetwork = field(compare=False)


@lru_cache(maxsize=4)
def _auto(of: _AutoOf) -> Served:
    state, auto = of.state, of.auto
    rows = _heated_inside(state, of.area)
    if len(rows) == 0:
        return {}
    known = ground(state)
    lines = line_density(known.connections, known.sections, heat_demand(state, rows))
    areas = dense_streets(lines, known, state.assumptions, threshold_kwh_m=auto.threshold_kwh_m)
    areas = areas[areas["heat_kwh"] >= auto.minimum_mwh * 1000]
    group = section_groups(known, areas["streets"])
    section = known.sections.index.get_indexer(pd.Index(_sections(state, rows)))
    number = np.where(section >= 0, group[np.maximum(section, 0)], -1)
    return {f":{n + 1}": state.stock.index[rows[number == n]] for n in range(len(areas))}
