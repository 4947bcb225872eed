"""The measure on junctions: signals, a roundabout, or who gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd
import shapely
from pydantic import model_validator

from twin.classes import CONTROL  # noqa: TC001 - pydantic reads it
from twin.hashing import hash_parts
from twin.measures.base import Begun, changed
from twin.measures.city_change import derived
from twin.measures.street_base import AtOnceMeasure
from twin.selection.drawn import Spot, projected
from twin.sentences import Problem, Sentence, Word, WrongValueError, listed, say

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from twin.city import City
    from twin.state import State

SIGNS = ("signals", "stop", "give_way")
"""Classes of street points that say how a junction is controlled."""

OF_JUNCTION_M = 40.0
"""Signals and signs this near to a junction, on a street that meets it, belong to it."""


class JunctionControl(AtOnceMeasure):
    """
    Control junctions by signals, a roundabout, signs, or priority to the right.

    Signals and signs on the streets that meet there go. Junctions are named by their id or by
    points near to them, within `street_measures.snap_junction`.
    """

    on_streets: ClassVar[bool] = True

    kind: Literal["junction_control"] = "junction_control"
    control: Literal[CONTROL]  # type: ignore[valid-type]
    nodes: tuple[str, ...] = ()
    points: tuple[Spot, ...] = ()

    @model_validator(mode="after")
    def _somewhere(self) -> JunctionControl:
        if not self.nodes and not self.points:
            raise WrongValueError(
                say("It is not said which junctions."), say("Give nodes (ids) or points.")
            )
        return self

    def begin(self, state: State) -> Begun:
        """Find the junctions."""
        nodes = state.city.nodes
        faults = self._unknown(nodes)
        ids, far = self._near(state)
        ids = [*(name for name in self.nodes if name in nodes.index), *ids]
        faults += far
        others = [name for name in dict.fromkeys(ids) if nodes["control"][name] != self.control]
        if not faults and not others:
            faults.append(
                Problem("not_applicable", say("The junctions are controlled this way already."))
            )
        return Begun(faults=tuple(faults), more={"nodes": others})

    def _unknown(self, nodes: gpd.GeoDataFrame) -> list[Problem]:
        lost = [name for name in self.nodes if name not in nodes.index]
        if not lost:
            return []
        what = say("There is no junction {ids}.", ids=listed(lost))
        return [Problem("unknown_id", what, say("Ids are those of the table of nodes, or points."))]

    def _near(self, state: State) -> tuple[list[str], list[Problem]]:
        """Return the junction of three or more streets near to each point."""
        nodes = state.city.nodes
        reach = state.assumptions["street_measures.snap_junction"]
        meeting = nodes.index[(nodes["degree"] >= 3).to_numpy()]
        xy = shapely.get_coordinates(np.asarray(nodes.geometry.array[nodes["degree"] >= 3]))
        ids, faults = [], []
        spots = projected(self.points, state.city.crs) if self.points else np.zeros((0, 2))
        for point, spot in zip(self.points, spots, strict=True):
            away = np.hypot(*(xy - spot).T) if len(xy) else np.array([np.inf])
            if away.min() <= reach:
                ids.append(str(meeting[int(away.argmin())]))
                continue
            what = say(
                "No junction is within {reach} m of the point {lon}, {lat}; the nearest is "
                "{metres} m away.",
                reach=reach, lon=point[0], lat=point[1], metres=float(np.round(away.min())),
            )  # fmt: skip
            hint = say("Put the point on a junction of three or more streets.")
            faults.append(Problem("touches_nothing", what, hint))
        return ids, faults

    def done(self, state: State, begun: Begun) -> State:
        """Set the control and take signals and signs away."""
        city = state.city
        ids = pd.Index(begun.more["nodes"], dtype="str")
        rows = city.nodes.index.get_indexer(ids)
        ids, rows = ids[rows >= 0], rows[rows >= 0]
        tables: dict[str, pd.DataFrame] = {
            "nodes": changed(city.nodes, rows, {"control": self.control})
        }
        gone = _signs(city, ids)
        if gone.any():
            tables["street_points"] = city.street_points[~gone]
        change = hash_parts(["junction_control", self.control, *ids])
        return state.replace(city=derived(city, tables, change))

    def summary(self) -> Sentence:
        """Return the measure in one line."""
        return say(
            "{count} junctions: {control}, {when}", count=len(self.nodes) + len(self.points),
            control=Word(self.control, "nodes.control"), when=self._since(),
        )  # fmt: skip


def _signs(city: City, ids: pd.Index[str]) -> NDArray[np.bool_]:
    """Tell which crossings and barriers say how one of the junctions is controlled."""
    points = city.street_points
    found = np.zeros(len(points), bool)
    signs = points["class"].isin(SIGNS).to_numpy()
    if not signs.any():
        return found
    streets = city.streets
    meets = (streets["from_node"].isin(ids) | streets["to_node"].isin(ids)).to_numpy()
    on = (
        points["link_id"].isin(streets.index[meets]).to_numpy()
        | points["link_id"].isna().to_numpy()
    )
    rows = np.flatnonzero(signs & on)
    xy = shapely.get_coordinates(np.asarray(points.geometry.array)[rows])
    there = shapely.get_coordinates(np.asarray(city.nodes.geometry.array)[
        city.nodes.index.get_indexer(ids)])  # fmt: skip
    away = np.hypot(*(xy[:, None, :] - there[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    alone = points["link_id"].isna().to_numpy()[rows]
    found[rows] = away <= np.where(alone, 1.0, OF_JUNCTION_M)
    return found
