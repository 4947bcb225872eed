"""Modal filters: a street stays open, but cars no longer get through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pydantic import model_validator

from twin.measures.base import Begun, Mask
from twin.measures.city_change import with_rows
from twin.measures.cutting import Cut, cut_streets
from twin.measures.street_base import AtOnceMeasure, closed_to, flags, with_values
from twin.selection.drawn import Spot, projected
from twin.selection.street_words import describe_streets
from twin.selection.streets import (
    PART,
    StreetSelector,
    one_of_two,
    opposite,
    selected_streets,
    street_problems,
)
from twin.sentences import Problem, Sentence, WrongValueError, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.city import City
    from twin.state import State

    Rows = NDArray[np.intp]

NO_FILTER = ("motorway", "trunk", "busway")


class ModalFilter(AtOnceMeasure):
    """
    Close streets to cars at a point: people on foot and by bike pass, cars turn back.

    The street is cut there, and a stretch of `street_measures.filter_length` is closed to cars and
    lorries. Both sides stay open to their ends, so every building on the street is reached by car
    as before, from one of the two sides. With points the nearest street for cars gets the filter;
    with a selection every selected street gets one in its middle.
    """

    on_streets: ClassVar[bool] = True

    kind: Literal["modal_filter"] = "modal_filter"
    points: tuple[Spot, ...] = ()
    select: StreetSelector | None = None
    buses_pass: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> ModalFilter:
        named = self.select is not None and not self.select.says_nothing
        if bool(self.points) == named:
            raise WrongValueError(
                say("It is not said where the filters are."),
                say("Give points, or a selection of streets, not both."),
            )
        return self

    @property
    def _closed(self) -> tuple[str, ...]:
        return ("car", "truck") if self.buses_pass else ("car", "truck", "bus")

    def begin(self, state: State) -> Begun:
        """Find the streets and the places on them."""
        if self.select is not None and (faults := street_problems(state, self.select)):
            return Begun(faults=tuple(faults))
        cuts, faults = self._cuts(state)
        if not cuts and not faults:
            faults = [self._nothing()]
        what = say(
            "{count} filters. The streets stay open from both ends, so every building on them is "
            "reached by car as before, from one of the two sides.",
            count=len(cuts) // 2,
        )
        notes = () if faults else (Problem("still_served", what),)
        return Begun(faults=tuple(faults), notes=notes, more={"cuts": cuts, "city": state.city})

    def done(self, state: State, begun: Begun) -> State:
        """Cut the streets and close the stretch between the cuts."""
        cuts = begun.more["cuts"]
        if begun.more["city"] is not state.city:
            cuts = self._cuts(state)[0]
        city = cut_streets(state.city, cuts)
        rows = _closed_rows(state.city, city, cuts)
        city = with_values(city, rows, closed_to(city.streets, rows, self._closed))
        return state.replace(city=with_rows(city, {"street_points": self._points(city, rows)}))

    def _cuts(self, state: State) -> tuple[list[Cut], list[Problem]]:
        """Return two cuts a filter, and what is wrong with the points."""
        if self.select is not None:
            rows = self._middle_rows(state, self.select)
            lines = np.asarray(state.city.streets.geometry.array)[rows]
            return self._around(state, rows, shapely.length(lines) / 2), []
        rows, at, faults = on_streets(state, self.points, open_to_cars(state.city.streets))
        return self._around(state, rows, at), faults

    def _middle_rows(self, state: State, select: StreetSelector) -> Rows:
        streets = state.city.streets
        return one_of_two(streets, selected_streets(state, select, among=open_to_cars(streets)))

    def _around(self, state: State, rows: Rows, at: NDArray[np.float64]) -> list[Cut]:
        """Return the cuts before and behind each filter; two at the same place are one."""
        cuts: list[Cut] = []
        taken: dict[int, list[float]] = {}
        width = state.assumptions["street_measures.filter_length"]
        for n, (row, place) in enumerate(zip(rows, at, strict=True), start=1):
            line = state.city.streets.geometry.array[row]
            half = min(width, line.length / 3) / 2
            middle = min(max(float(place), 2 * half), line.length - 2 * half)
            if any(abs(middle - other) < 3 * half for other in taken.get(int(row), ())):
                continue
            taken.setdefault(int(row), []).append(middle)
            for end, name in ((middle - half, ""), (middle + half, ":b")):
                spot = line.interpolate(end)
                cuts.append(Cut(int(row), end, f"{self.id}:{n}{name}", (spot.x, spot.y)))
        return cuts

    def _points(self, city: City, rows: Rows) -> gpd.GeoDataFrame:
        streets = city.streets
        first = one_of_two(streets, rows)
        middle = shapely.line_interpolate_point(
            np.asarray(streets.geometry.array)[first], 0.5, normalized=True
        )
        names = [name.removesuffix(":b") for name in streets["from_node"].iloc[first]]
        data = {
            "class": "barrier", "detail": "modal_filter", "blocks_car": True,
            "link_id": streets.index[first].to_numpy(object),
        }  # fmt: skip
        index = pd.Index(names, dtype="str")
        return gpd.GeoDataFrame(data, index=index, geometry=middle, crs=streets.crs)

    def _nothing(self) -> Problem:
        return Problem(
            "not_applicable",
            say("None of the selected streets is open to cars and fit for a filter."),
            say("Select streets for cars; not motorways, not what is closed already."),
        )

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        if self.select is not None:
            where = describe_streets(self.select)
            return say("Modal filters: {where}, {when}", where=where, when=self._since())
        if len(self.points) == 1:
            return say("Modal filter at one place, {when}", when=self._since())
        return say(
            "Modal filters at {count} places, {when}", count=len(self.points), when=self._since()
        )


def open_to_cars(streets: gpd.GeoDataFrame) -> Mask:
    """Tell which streets cars use that a filter can stand on."""
    fit: Mask = ~streets["class"].isin(NO_FILTER).to_numpy() & flags(streets, ("car",))
    return fit


def _closed_rows(before: City, after: City, cuts: list[Cut]) -> Rows:
    """Return the stretches between the two cuts of each filter: every second part."""
    rows = np.unique([cut.row for cut in cuts])
    back = opposite(before.streets, rows)
    counts = {row: sum(cut.row == row for cut in cuts) for row in rows}
    names = before.streets.index
    ids = [
        f"{names[link]}{PART}{n}"
        for row, other in zip(rows, back, strict=True)
        for link in (row, other)
        if link >= 0
        for n in range(2, counts[row] + 1, 2)
    ]
    found: Rows = np.sort(after.streets.index.get_indexer(pd.Index(ids, dtype="str")))
    return found


def on_streets(
    state: State, points: tuple[tuple[float, float], ...], among: Mask
) -> tuple[Rows, NDArray[np.float64], list[Problem]]:
    """Return the nearest street of each point, the place on it [m], and points without one."""
    streets = state.city.streets
    reach = state.assumptions["street_measures.snap_street"]
    rows, places, faults = [], [], []
    lines = np.asarray(streets.geometry.array)
    known = np.flatnonzero(among)
    for (lon, lat), xy in zip(points, projected(points, state.city.crs), strict=True):
        point = shapely.Point(xy)
        away = shapely.distance(lines[known], point) if len(known) else np.array([np.inf])
        if away.min() > reach:
            faults.append(
                Problem(
                    "touches_nothing",
                    say("The point {lon}, {lat} touches no street that fits; the nearest is "
                        "{metres} m away.", lon=lon, lat=lat, metres=float(np.round(away.min()))),
                    say("Put it on a street, at most {metres} m beside it.", metres=reach),
                )
            )  # fmt: skip
            continue
        row = known[int(np.argmin(away))]
        rows.append(row)
        places.append(lines[row].project(point))
    return np.array(rows, np.intp), np.array(places, float), faults
