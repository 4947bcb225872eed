"""Points, lines and surroundings as people draw them: longitude and latitude in degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import shapely
from pydantic import AfterValidator, Field, model_validator

from twin.selection.model import Part, Position, _to
from twin.sentences import Problem, WrongValueError, listed, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.state import State

CENTRE = "centre"
"""The word for the middle of the town: its largest settlement."""


def _in_degrees(point: tuple[float, float]) -> tuple[float, float]:
    lon, lat = point
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise WrongValueError(
            say("The point {lon}, {lat} is not in degrees.", lon=lon, lat=lat),
            say("Give longitude and latitude (EPSG:4326), longitude first."),
        )
    return point


Spot = Annotated[tuple[float, float], AfterValidator(_in_degrees)]
"""A point: longitude, latitude."""


class Line(Part):
    """A drawn line: geometry of GeoJSON, longitude and latitude in degrees (EPSG:4326)."""

    type: Literal["LineString"] = "LineString"
    coordinates: tuple[Position, ...] = Field(min_length=2)

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, value: Any) -> Any:
        """Take the geometry out of a GeoJSON feature."""
        if isinstance(value, dict) and value.get("type") == "Feature":
            return value.get("geometry")
        return value

    @model_validator(mode="after")
    def _drawable(self) -> Line:
        if any(len(position) < 2 for position in self.coordinates):
            raise WrongValueError(
                say("The line holds a position of one number."),
                say("Give longitude and latitude (EPSG:4326), longitude first."),
            )
        points = np.array([position[:2] for position in self.coordinates], float)
        low, high = points.min(axis=0), points.max(axis=0)
        if low[0] < -180 or high[0] > 180 or low[1] < -90 or high[1] > 90:
            raise WrongValueError(
                say("The line is not in degrees: it reaches from {low} to {high}.",
                    low=float(points.min()), high=float(points.max())),
                say("Give longitude and latitude (EPSG:4326), longitude first."),
            )  # fmt: skip
        if (low == high).all():
            raise WrongValueError(say("The line has no length."), say("Draw it again."))
        return self

    def geometry(self, crs: str) -> shapely.LineString:
        """Return the line in a projected CRS; a point drawn twice counts once."""
        points = projected([position[:2] for position in self.coordinates], crs)
        again = np.zeros(len(points), bool)
        again[1:] = (np.abs(np.diff(points, axis=0)) < 1e-3).all(axis=1)
        return shapely.LineString(points[~again])


def projected(points: Any, crs: str) -> NDArray[np.float64]:
    """Return points (n, 2) in degrees as x, y [m] of a projected CRS."""
    given = np.asarray(points, float).reshape(-1, 2)
    return np.column_stack(_to(crs).transform(given[:, 0], given[:, 1]))


class Around(Part):
    """
    Everything within some metres of a point, or of a place that the town has.

    `place` is the id or the name of a row of the table of places; `centre` means the settlement
    with most inhabitants, so that a scenario fits any town.
    """

    point: Spot | None = None
    place: str | None = None
    radius_m: float = Field(gt=0, le=50_000)

    @model_validator(mode="after")
    def _one_of_two(self) -> Around:
        if (self.point is None) == (self.place is None):
            raise WrongValueError(
                say("It is not said around what."), say("Give a point or a place, not both.")
            )
        return self

    def xy(self, state: State) -> tuple[float, float] | None:
        """Return the middle [m] in the CRS of the city; none where there is no such place."""
        if self.point is not None:
            x, y = projected(self.point, state.city.crs)[0]
            return float(x), float(y)
        row = _place_row(state, self.place or CENTRE)
        if row is None:
            return _middle_of_residents(state) if self.place == CENTRE else None
        spot = state.city.places.geometry.array[row]
        return float(spot.x), float(spot.y)

    def geometry(self, state: State) -> shapely.Polygon | None:
        """Return the circle, in the CRS of the city."""
        middle = self.xy(state)
        return None if middle is None else shapely.Point(middle).buffer(self.radius_m)

    def problems(self, state: State) -> list[Problem]:
        """Return what is named and not there."""
        if self.xy(state) is not None:
            return []
        names = state.city.places["name"].dropna()
        return [
            Problem(
                "unknown_place",
                say("There is no place {ids}.", ids=(self.place or "",)),
                say("Known: {known}.", known=listed(sorted(set(names)), 12)),
            )
        ]


def _place_row(state: State, place: str) -> int | None:
    """Return the row of a place by id, by name, or the largest settlement."""
    places = state.city.places
    if place == CENTRE:
        size = places["population"].to_numpy(float)
        return int(np.nanargmax(size)) if len(size) and not np.isnan(size).all() else None
    if place in places.index:
        return int(places.index.get_loc(place))
    named = np.flatnonzero((places["name"].str.casefold() == place.casefold()).to_numpy())
    return int(named[0]) if len(named) else None


def _middle_of_residents(state: State) -> tuple[float, float] | None:
    """Return the median position of the buildings that people live in, or of all."""
    buildings = state.city.buildings
    if not len(buildings):
        return None
    centre = shapely.get_coordinates(shapely.centroid(np.asarray(buildings.geometry.array)))
    lived = buildings["residents"].to_numpy(float) > 0
    x, y = np.median(centre[lived] if lived.any() else centre, axis=0)
    return float(x), float(y)
