"""The city as a scenario has it in one year: what the measures before have made of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import shapely

    from twin.assumptions import Assumptions
    from twin.city import City


@dataclass(frozen=True)
class NetworkPlan:
    """A heat network: where it runs, what feeds it, how hot it is."""

    id: str
    name: str
    start_year: int  # when heat first flows; earlier than the baseline: it stands already
    sources: Mapping[str, float]  # share of the yearly heat by NETWORK_SOURCES, sum 1
    area: shapely.Geometry | None = None  # served area in the CRS of the city
    streets: tuple[str, ...] = ()  # street ids it is led along; empty: found automatically
    flow_c: float = 80.0
    return_c: float = 50.0
    exists: bool = False  # is there in the baseline; no investment


@dataclass(frozen=True)
class AreaChange:
    """Something that holds in an area from the year of the state on; set by a measure."""

    id: str  # of the measure
    kind: str  # of AREA_CHANGES
    values: Mapping[str, float]  # with units in the names, e.g. price_eur, supply_factor
    area: shapely.Geometry | None = None  # in the CRS of the city; none: everywhere


@dataclass(frozen=True, eq=False)
class State:
    """
    What the models are run on; made by `twin.scenario`, changed by measures with `replace`.

    `stock` follows `twin.schema.STOCK` and has a row for every building of `city.buildings` that is
    no part of another; `assumptions` hold what the scenario and its measures override.
    """

    year: int
    city: City
    stock: pd.DataFrame
    assumptions: Assumptions
    networks: Mapping[str, NetworkPlan] = field(default_factory=dict)  # by id
    # buildings each network is meant for, by its id; known from the first stage, before it is built
    supply_areas: Mapping[str, pd.Index[str]] = field(default_factory=dict)
    area_changes: tuple[AreaChange, ...] = ()  # a later one of a kind goes on top where both hold
    baseline: City | None = None  # the city before all measures; none: `city` is it

    def replace(self, **changes: Any) -> State:
        """Return a state with some parts exchanged."""
        return dataclasses.replace(self, **changes)
