"""The measure that builds a street: a drawn link that joins the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import shapely
from pydantic import Field, model_validator

from twin.classes import CYCLE_FACILITIES, STREET_CLASSES  # noqa: TC001 - pydantic reads it
from twin.measures.base import Begun
from twin.measures.joining import Joined, build, join
from twin.measures.street_base import AtOnceMeasure
from twin.selection.drawn import Line  # noqa: TC001 - pydantic reads it
from twin.sentences import Problem, Sentence, Word, WrongValueError, say

if TYPE_CHECKING:
    from twin.state import State

LinkMode = Literal["car", "truck", "bus", "bike", "walk"]

MODES_OF_CLASS: dict[str, tuple[LinkMode, ...]] = {
    "motorway": ("car", "truck", "bus"), "trunk": ("car", "truck", "bus"),
    "pedestrian": ("walk",), "track": ("bike", "walk"), "cycleway": ("bike",),
    "footway": ("walk",), "path": ("bike", "walk"), "bridleway": ("walk",), "steps": ("walk",),
    "busway": ("bus",),
}  # fmt: skip
"""Who may use a new link where it is not said; all others are open to everyone (StVO)."""

SHORTEST_M = 3.0
"""Shorter lines are a slip of the hand."""

EVERYONE: tuple[LinkMode, ...] = ("car", "truck", "bus", "bike", "walk")


class NewLink(AtOnceMeasure):
    """
    Build a street along a drawn line.

    Each end joins the junction within `street_measures.snap_junction` of it, else the street
    within `street_measures.snap_street`, which is cut there; of the streets only those count that
    the first of the link's modes (car, bike, on foot) may use. Where the line crosses other streets
    at ground level there are junctions too, or with `joins_crossings` false it passes over them;
    motorways, bridges and tunnels it always passes over. Ids of the new links are the id of the
    measure, a number and the direction (`f` as drawn, `b` back).
    """

    on_streets: ClassVar[bool] = True

    kind: Literal["new_link"] = "new_link"
    line: Line
    street_class: Literal[STREET_CLASSES] = "residential"  # type: ignore[valid-type]
    name: str = ""
    speed_kmh: float | None = Field(None, ge=3, le=300)  # none: street_measures.speed by class
    lanes: float = Field(1, ge=1, le=12)  # of each direction
    capacity_vehh: float | None = Field(None, gt=0, le=20_000)  # of each direction
    modes: tuple[LinkMode, ...] | None = Field(None, min_length=1)  # none: by class
    both_directions: bool = True
    cycle_facility: Literal[CYCLE_FACILITIES] = "none"  # type: ignore[valid-type]
    joins_crossings: bool = True

    @model_validator(mode="after")
    def _crosses_itself_nowhere(self) -> NewLink:
        drawn = shapely.LineString([position[:2] for position in self.line.coordinates])
        if not drawn.is_simple:
            raise WrongValueError(say("The line crosses itself."), say("Draw it again."))
        return self

    @property
    def open_to(self) -> tuple[LinkMode, ...]:
        """Who may use it."""
        return self.modes or MODES_OF_CLASS.get(self.street_class, EVERYONE)

    def begin(self, state: State) -> Begun:
        """Find out where it joins the network."""
        if fault := self._taken(state):
            return Begun(faults=(fault,))
        length = self.line.geometry(state.city.crs).length
        if length < SHORTEST_M:
            what = say("The link is {metres} m long.", metres=float(np.round(length, 1)))
            hint = say("Draw at least {metres} m.", metres=SHORTEST_M)
            return Begun(faults=(Problem("too_short", what, hint),))
        joined = self._joined(state)
        if not joined.touches:
            return Begun(faults=(_touches_nothing(state, joined),))
        more = {"joined": joined, "city": state.city}
        return Begun(notes=self._notes(state, joined), more=more)

    def done(self, state: State, begun: Begun) -> State:
        """Cut the streets it joins, and put it into the table."""
        same = begun.more["city"] is state.city
        joined = begun.more["joined"] if same else self._joined(state)
        return state.replace(city=build(state.city, joined, self._columns(state), both=self._both))

    @property
    def _both(self) -> bool:
        return self.both_directions

    def _joined(self, state: State) -> Joined:
        given = state.assumptions
        return join(
            state.city, self.line.geometry(state.city.crs), self.id, modes=self.open_to,
            reach=(given["street_measures.snap_junction"], given["street_measures.snap_street"]),
            crossings=self.joins_crossings,
        )  # fmt: skip

    def _columns(self, state: State) -> dict[str, Any]:
        """Return what the table says of the new links."""
        speed = self.speed_kmh or state.assumptions[f"street_measures.speed.{self.street_class}"]
        modes = self.open_to
        return {
            "way_id": self.id, "name": self.name or None, "class": self.street_class,
            "speed_kmh": float(speed), "lanes": float(self.lanes),
            "capacity_vehh": np.nan if self.capacity_vehh is None else self.capacity_vehh,
            **{f"allow_{mode}": mode in modes for mode in EVERYONE},
            **{f"{mode}_reach": "main" if mode in modes else "not_allowed"
               for mode in ("car", "bike", "walk")},
            "car_access": "public" if "car" in modes else "no",
            "cycle_facility": self.cycle_facility,
            "is_bridge": not self.joins_crossings,
            "level": 0.0 if self.joins_crossings else 1.0,
        }  # fmt: skip

    def _taken(self, state: State) -> Problem | None:
        if not (state.city.streets["way_id"] == self.id).any():
            return None
        return Problem(
            "ids_taken",
            say("There is a street with the id {id} already.", id=self.id),
            say("Choose another id."),
        )

    def _notes(self, state: State, joined: Joined) -> tuple[Problem, ...]:
        notes = []
        if not all(joined.ends):
            what = say("One end of the link touches no street: it is a dead end.")
            notes.append(Problem("dead_end", what))
        strip = joined.line.buffer(2.0)
        standing = np.asarray(state.city.buildings.geometry.array)
        west, south, east, north = shapely.bounds(standing).T
        box = strip.bounds
        near = (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
        count = int(shapely.intersects(standing[near], strip).sum())
        if count:
            what = say("{count} buildings stand in its way; they are not taken down.", count=count)
            notes.append(Problem("in_the_way", what))
        return tuple(notes)

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        what = Word(self.street_class, "streets.class")
        speed = self.speed_kmh
        if self.name:
            return say(
                "New link {name} ({kind}), {when}", name=self.name, kind=what, when=self._since()
            )
        if speed is not None:
            return say(
                "New link ({kind}, {speed} km/h), {when}",
                kind=what, speed=speed, when=self._since(),
            )  # fmt: skip
        return say("New link ({kind}), {when}", kind=what, when=self._since())


def _touches_nothing(state: State, joined: Joined) -> Problem:
    """Say how far the nearest street is that it could join."""
    away = float(np.round(joined.nearest_m))
    west, south, east, north = shapely.total_bounds(np.asarray(state.city.streets.geometry.array))
    if not shapely.box(west, south, east, north).intersects(joined.line):
        return Problem(
            "outside",
            say("The link lies outside of the town."),
            say("Draw it where the town has streets; longitude comes first."),
        )
    return Problem(
        "touches_nothing",
        say("The link touches no street that it could join; the nearest is {metres} m away.",
            metres=away),
        say("Draw an end at most {metres} m from a street.",
            metres=state.assumptions["street_measures.snap_street"]),
    )  # fmt: skip
