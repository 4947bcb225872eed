"""The measure on places people go to: moved, closed or new."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import Field, model_validator

from twin.classes import PLACE_CLASSES, SETTLEMENTS
from twin.hashing import hash_parts
from twin.measures.base import Begun
from twin.measures.city_change import derived
from twin.measures.cutting import stacked, typed
from twin.measures.street_base import AtOnceMeasure
from twin.selection.drawn import Spot, projected
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    from twin.city import City
    from twin.state import State

Kind = Literal[tuple(word for word in PLACE_CLASSES if word not in SETTLEMENTS)]  # type: ignore[valid-type]


class PlaceMoved(AtOnceMeasure):
    """
    Move, close or open a school or another place.

    With `place` (id, or a name that only one place has) and `to` it moves there, with `closed` it
    is gone; without `place` a new one of `place_class` opens at `to`, its id that of the measure.
    At its new spot it belongs to the building it lies in, if any.
    """

    kind: Literal["place_moved"] = "place_moved"
    place: str | None = None
    to: Spot | None = None
    closed: bool = False
    place_class: Kind | None = None  # type: ignore[valid-type]
    name: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _one_of_three(self) -> PlaceMoved:
        moved = self.place is not None and self.to is not None and not self.closed
        gone = self.place is not None and self.to is None and self.closed
        new = self.place is None and self.to is not None and not self.closed
        if not (moved or gone or new) or new != (self.place_class is not None):
            raise WrongValueError(
                say("It is not said what happens to the place."),
                say("Give place and to (moved), place and closed, or place_class and to (new)."),
            )
        return self

    def begin(self, state: State) -> Begun:
        """Find the place and its new spot."""
        faults = []
        if self.place is not None and (fault := _unknown(state, self.place)):
            faults.append(fault)
        if self.place is None and self.id in state.city.places.index:
            what = say("There is a place with the id {id} already.", id=self.id)
            faults.append(Problem("ids_taken", what, say("Choose another id.")))
        if self.to is not None and (fault := _outside(state, self.to)):
            faults.append(fault)
        return Begun(faults=tuple(faults))

    def done(self, state: State, begun: Begun) -> State:
        """Change the table of places."""
        places = state.city.places
        if self.place is None:
            found = stacked(places, self._new(state.city))
        else:
            row = _rows(places, self.place)[0]
            found = (
                self._moved(state.city, row) if self.to else places[np.arange(len(places)) != row]
            )
        dumped = self.model_dump_json(exclude={"note", "enabled", "start_year"})
        return state.replace(city=derived(state.city, {"places": found}, hash_parts([dumped])))

    def _moved(self, city: City, row: int) -> gpd.GeoDataFrame:
        places = city.places
        point = shapely.Point(projected(self.to, city.crs)[0])
        inside = places["building_id"].to_numpy(object).copy()
        inside[row] = _building_at(city, point)
        dtype = places["building_id"].dtype
        geometry = np.asarray(places.geometry.array).copy()
        geometry[row] = point
        return places.assign(building_id=pd.array(inside, dtype=dtype)).set_geometry(
            gpd.GeoSeries(geometry, index=places.index, crs=places.crs)
        )

    def _new(self, city: City) -> gpd.GeoDataFrame:
        places = city.places
        point = shapely.Point(projected(self.to, city.crs)[0])
        data = {
            "name": self.name or None, "class": self.place_class,
            "building_id": _building_at(city, point),
        }  # fmt: skip
        index = pd.Index([self.id], dtype="str")
        frame = gpd.GeoDataFrame(data, index=index, geometry=[point], crs=places.crs)
        return typed(frame.reindex(columns=places.columns), places)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        when = self._since()
        if self.place is None:
            kind = Word(str(self.place_class), "places.class")
            return say("New place ({kind}) {name}, {when}", kind=kind, name=self.name, when=when)
        if self.closed:
            return say("{place} closed, {when}", place=self.place, when=when)
        return say("{place} moved, {when}", place=self.place, when=when)


def _rows(places: gpd.GeoDataFrame, word: str) -> list[int]:
    """Return the rows that an id or a name means."""
    if word in places.index:
        return [int(places.index.get_loc(word))]
    same = (places["name"].str.casefold() == word.casefold()).to_numpy()
    return [int(row) for row in np.flatnonzero(same)]


def _unknown(state: State, word: str) -> Problem | None:
    places = state.city.places
    rows = _rows(places, word)
    if len(rows) == 1:
        return None
    if len(rows) > 1:
        what = say("{count} places are called {name}.", count=len(rows), name=word)
        ids = listed(places.index[rows])
        return Problem("ambiguous", what, say("Give the id of one: {ids}.", ids=ids))
    names = {str(name).casefold(): str(name) for name in places["name"].dropna()}
    near = difflib.get_close_matches(word.casefold(), list(names), n=4, cutoff=0.5)
    near = [names[name] for name in near] or difflib.get_close_matches(word, list(places.index))
    hint = say("Perhaps: {near}.", near=tuple(near)) if near else None
    return Problem("unknown_id", say("There is no place {ids}.", ids=(word,)), hint)


def _outside(state: State, to: tuple[float, float]) -> Problem | None:
    point = shapely.Point(projected(to, state.city.crs)[0])
    if shapely.box(*state.city.streets.total_bounds).buffer(100.0).contains(point):
        return None
    return Problem(
        "outside",
        say("The new spot lies outside of the town."),
        say("Give longitude and latitude of a spot in the town, longitude first."),
    )


def _building_at(city: City, point: shapely.Point) -> str | None:
    """Return the whole building that a point lies in."""
    buildings = city.buildings
    bounds = shapely.bounds(np.asarray(buildings.geometry.array))
    near = np.flatnonzero(
        (bounds[:, 0] <= point.x) & (bounds[:, 2] >= point.x)
        & (bounds[:, 1] <= point.y) & (bounds[:, 3] >= point.y)
    )  # fmt: skip
    for row in near:
        if buildings.geometry.array[row].covers(point):
            whole = buildings["part_of"].iloc[row]
            return str(whole) if isinstance(whole, str) else str(buildings.index[row])
    return None
