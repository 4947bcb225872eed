"""How far a measure reaches, by its kind: rows of a table, people, metres, area."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from dash_app.workspace.reached import inside, near_places, on_streets
from twin.measures import (
    NEVER,
    BuildingMeasure,
    HeatNetwork,
    JunctionControl,
    Measure,
    ModalFilter,
    NetworkSources,
    NewDevelopment,
    NewLink,
    PlaceMoved,
    TransitLine,
    TransitStop,
)
from twin.measures.area_change import AreaMeasure
from twin.measures.heat import networks_of
from twin.measures.street_base import StreetMeasure
from twin.measures.transit_base import LinesMeasure
from twin.mobility.timetable import places_along, places_named
from twin.selection.drawn import projected
from twin.selection.streets import one_of_two

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twin.measures import Begun
    from twin.state import State


def _none() -> pd.Index[str]:
    return pd.Index([], dtype="str")


@dataclass(frozen=True, eq=False)
class Extent:
    """What a measure reaches; None where a figure makes no sense for its kind."""

    table: str = ""  # the rows are of; empty: nothing on the map
    ids: pd.Index[str] = field(default_factory=_none)
    count: int = 0  # streets: both directions are one
    length_m: float | None = None
    area_m2: float | None = None  # of the ground; of buildings the heated area
    residents: float | None = None
    dwellings: float | None = None
    years: pd.Series[int] | None = None  # by id, where it is done little by little


@singledispatch
def extent_of(measure: Measure, state: State, begun: Begun) -> Extent:
    """Return how far a measure reaches that has begun on a state: here the whole town."""
    residents, dwellings = inside(state.city, None)
    return Extent(residents=residents, dwellings=dwellings)


def _of_buildings(state: State, years: pd.Series[int]) -> Extent:
    years = years[years < NEVER]
    stock = state.stock.loc[years.index]
    return Extent(
        "buildings", years.index, len(years), area_m2=float(stock["heated_area_m2"].sum()),
        residents=float(stock["residents"].sum()), dwellings=float(stock["dwellings"].sum()),
        years=years,
    )  # fmt: skip


@extent_of.register(BuildingMeasure)
def _(measure: BuildingMeasure, state: State, begun: Begun) -> Extent:
    return _of_buildings(state, begun.years)


@extent_of.register(HeatNetwork)
def _(measure: HeatNetwork, state: State, begun: Begun) -> Extent:
    return _of_buildings(state, begun.years)


@extent_of.register(NetworkSources)
def _(measure: NetworkSources, state: State, begun: Begun) -> Extent:
    networks = networks_of(state, measure.network_id)
    mine = state.stock.index[state.stock["network_id"].isin(networks).to_numpy()]
    return _of_buildings(state, pd.Series(measure.start_year, index=mine, dtype="int64"))


@extent_of.register(NewDevelopment)
def _(measure: NewDevelopment, state: State, begun: Begun) -> Extent:
    house = measure.house(state.assumptions)
    count = len(begun.years)
    return Extent(
        "", _none(), count, area_m2=house.heated_m2 * count, residents=house.residents * count,
        dwellings=house.dwellings * count, years=begun.years[begun.years < NEVER],
    )  # fmt: skip


def _of_streets(state: State, rows: Any, *, years: pd.Series[int] | None = None) -> Extent:
    streets = state.city.streets
    first = one_of_two(streets, np.sort(rows))
    ids = streets.index[np.sort(rows)]
    city = state.baseline or state.city
    opposite = pd.Index(streets["reverse_id"].iloc[rows].dropna().astype(str), dtype="str")
    residents, dwellings = on_streets(city, ids, opposite)
    length = float(streets["length_m"].to_numpy(float)[first].sum())
    return Extent(
        "streets", ids, len(first), length, residents=residents, dwellings=dwellings, years=years
    )


@extent_of.register(StreetMeasure)
def _(measure: StreetMeasure, state: State, begun: Begun) -> Extent:
    years = begun.more["years"]
    rows = state.city.streets.index.get_indexer(years.index)
    found = _of_streets(state, rows)
    first = state.city.streets.index[one_of_two(state.city.streets, np.sort(rows))]
    years = years.reindex(first)
    return Extent(
        found.table, found.ids, found.count, found.length_m, residents=found.residents,
        dwellings=found.dwellings, years=years[years < NEVER],
    )  # fmt: skip


@extent_of.register(ModalFilter)
def _(measure: ModalFilter, state: State, begun: Begun) -> Extent:
    cuts = begun.more["cuts"]
    found = _of_streets(state, np.unique([cut.row for cut in cuts]).astype(np.intp))
    return Extent(
        "streets", found.ids, len(cuts) // 2, residents=found.residents, dwellings=found.dwellings
    )


@extent_of.register(NewLink)
def _(measure: NewLink, state: State, begun: Begun) -> Extent:
    return Extent(count=1, length_m=float(begun.more["joined"].line.length))


@extent_of.register(JunctionControl)
def _(measure: JunctionControl, state: State, begun: Begun) -> Extent:
    ids = pd.Index(list(dict.fromkeys(begun.more["nodes"])), dtype="str")
    return Extent("nodes", ids, len(ids))


@extent_of.register(AreaMeasure)
def _(measure: AreaMeasure, state: State, begun: Begun) -> Extent:
    area = measure.geometry(state)
    residents, dwellings = inside(state.baseline or state.city, area)
    size = None if area is None else float(shapely.area(area))
    return Extent(area_m2=size, residents=residents, dwellings=dwellings)


@extent_of.register(LinesMeasure)
def _(measure: LinesMeasure, state: State, begun: Begun) -> Extent:
    ids = pd.Index(measure.chosen(state), dtype="str")
    residents, dwellings = _near_stops(state, stops_of_lines(state, ids))
    return Extent("lines", ids, len(ids), residents=residents, dwellings=dwellings)


@extent_of.register(TransitLine)
def _(measure: TransitLine, state: State, begun: Begun) -> Extent:
    stops, given, kind = state.city.stops, state.assumptions, measure.transit_class
    length = None
    if measure.line is None:
        places = places_named(stops, measure.stops, kind, given)[0]
    else:
        drawn = measure.line.geometry(state.city.crs)
        places, length = places_along(stops, drawn, kind, given), float(drawn.length)
    rows = np.unique(np.concatenate(places)) if places else np.zeros(0, np.intp)
    residents, dwellings = _near_stops(state, rows)
    return Extent("stops", stops.index[rows], len(places), length, None, residents, dwellings)


@extent_of.register(TransitStop)
def _(measure: TransitStop, state: State, begun: Begun) -> Extent:
    stops = state.city.stops
    name = str(measure.stop).casefold()
    mine = (stops.index == measure.stop) | (stops["name"].str.casefold() == name).to_numpy(bool)
    rows = np.flatnonzero(mine) if measure.stop is not None else np.zeros(0, np.intp)
    xy = shapely.get_coordinates(np.asarray(stops.geometry.array)[rows])
    if measure.to is not None:
        xy = projected([measure.to], state.city.crs)
    residents, dwellings = near_places(state.city, xy)
    count = max(len(rows), 1)
    return Extent("stops", stops.index[rows], count, residents=residents, dwellings=dwellings)


@extent_of.register(PlaceMoved)
def _(measure: PlaceMoved, state: State, begun: Begun) -> Extent:
    places = state.city.places
    name = str(measure.place).casefold()
    mine = (places.index == measure.place) | (places["name"].str.casefold() == name).to_numpy(bool)
    ids = places.index[mine] if measure.place is not None else _none()
    return Extent("places", ids, 1)


def stops_of_lines(state: State, lines: Iterable[str]) -> Any:
    """Return the rows of the stops that trips of some lines halt at."""
    city = state.city
    trips = city.trips.index[city.trips["line_id"].isin(list(lines)).to_numpy()]
    halts = city.stop_times["stop_id"][city.stop_times["trip_id"].isin(trips).to_numpy()]
    rows = city.stops.index.get_indexer(pd.Index(halts.unique()))
    return rows[rows >= 0]


def _near_stops(state: State, rows: Any) -> tuple[float, float]:
    xy = shapely.get_coordinates(np.asarray(state.city.stops.geometry.array)[rows])
    return near_places(state.city, xy)
