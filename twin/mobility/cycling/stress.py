"""Level of traffic stress of every street of a town."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.cycling.levels import lane_level, mixed_level
from twin.mobility.network.speeds import surface_kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Words = NDArray[np.object_]

APART = ("separate_track", "track", "protected_lane", "shared_path", "segregated_path")
"""Facilities away from cars: level 1 whatever drives beside them."""
LANES = ("lane", "advisory_lane", "bus_lane", "contraflow")
UNLANED = ("unclassified", "residential", "living_street", "service", "pedestrian", "track")
"""Classes of streets that have no centre line unless more than one lane a direction is marked."""
WHY = (
    "not_rideable", "apart", "no_cars", "bike_lane", "contraflow", "mixed", "sidewalk", "cobbles"
)  # fmt: skip


def stress(
    streets: pd.DataFrame, daily_vehicles: pd.Series[float] | None, given: Assumptions
) -> pd.DataFrame:
    """
    Return `lts` (1 to 4, missing where one may not ride) and `why` by street.

    Parameters
    ----------
    daily_vehicles
        Vehicles a day of both directions together by street id, from the assignment or counts;
        where missing on both links of a street the usual traffic of the class is assumed.

    Notes
    -----
    Furth v2.2: level 1 on facilities apart from cars and where no cars drive; bike lanes by lanes,
    width and speed limit, but never worse than no lane; else mixed traffic by kind of street,
    vehicles a day and speed limit. Own additions: pavements open to bicycles are at most level
    `cycling.sidewalk_level`, cobblestones at least `cycling.cobbled_level`. Parking beside lanes is
    not in the data; advisory lanes (Schutzstreifen) count as narrow lanes. `why` says what set the
    level (one of `WHY`).
    """
    cars, one_way = _cars(streets)
    speed = streets["speed_kmh"].to_numpy(float)
    facility = pd.Categorical(streets["cycle_facility"])
    kinds = street_kinds(streets, one_way)
    level = mixed_level(kinds, daily_traffic(streets, daily_vehicles, given), speed).astype(float)
    why = np.full(len(streets), "mixed", object)
    widths = given.by_class("cycling.facility_width")
    width = np.array([widths.get(name, 0.0) for name in facility.categories])[facility.codes]
    lane = np.where(facility.isin(LANES), lane_level(kinds, width, speed), 9)
    sidewalk = np.where(facility == "sidewalk_allowed", given["cycling.sidewalk_level"], 9)
    for name, other in (("bike_lane", lane), ("sidewalk", sidewalk)):
        level, why = _better(level, why, other, name)
    why[(why == "bike_lane") & (facility == "contraflow")] = "contraflow"
    for name, free in (("no_cars", ~cars), ("apart", facility.isin(APART))):
        level, why = np.where(free, 1, level), np.where(free, name, why)
    rough = (surface_kind(streets) == "cobbled") & (level < given["cycling.cobbled_level"])
    level = np.where(rough, given["cycling.cobbled_level"], level).astype(float)
    why = np.where(rough, "cobbles", why)
    ridden = streets["allow_bike"].to_numpy(bool)
    out = {"lts": np.where(ridden, level, np.nan), "why": np.where(ridden, why, "not_rideable")}
    return pd.DataFrame(out, index=streets.index)


def _better(level: Floats, why: Words, other: Floats, name: str) -> tuple[Floats, Words]:
    """Take the other level where it is lower."""
    return np.minimum(level, other), np.where(other < level, name, why)


def _cars(streets: pd.DataFrame) -> tuple[Flags, Flags]:
    """Return where cars or many buses drive, and where cars may in one direction only."""
    own = streets["allow_car"].to_numpy(bool)
    back = _opposite(streets, own.astype(float), 0.0) > 0
    return own | back | (streets["class"] == "busway").to_numpy(), own ^ back


def _opposite(streets: pd.DataFrame, values: Floats, missing: float) -> Floats:
    """Return the value of the opposite link of each street."""
    row = streets.index.get_indexer(pd.Index(streets["reverse_id"]))
    return np.where(row >= 0, values[row], missing)


def street_kinds(streets: pd.DataFrame, one_way: Flags) -> Words:
    """Return the kind of street of Furth's criteria (`levels.STREETS`)."""
    lanes = np.asarray(streets["lanes"], float)
    opposite = _opposite(streets, lanes, 0.0)
    against = ~streets["allow_car"].to_numpy(
        bool
    )  # bicycles against a one-way street meet its lanes
    lanes = np.where(one_way & against, np.maximum(lanes, opposite), lanes)
    small = streets["class"].isin(UNLANED).to_numpy() | (lanes < 1)
    return np.select(
        [lanes >= 3, lanes >= 2, one_way & small, small],
        ["three_lanes", "two_lanes", "narrow_one_way", "unlaned"],
        default="laned",
    ).astype(object)


def daily_traffic(
    streets: pd.DataFrame, daily_vehicles: pd.Series[float] | None, given: Assumptions
) -> Floats:
    """
    Return vehicles a day of both directions by street.

    The larger value of both links counts, at least `cycling.local_share` of the usual traffic of
    the class, which also stands where nothing is known.
    """
    classes = pd.Categorical(streets["class"])
    usual = given.array("cycling.daily_vehicles", classes.categories)[classes.codes]
    if daily_vehicles is None:
        return np.asarray(usual, float)
    own = np.asarray(daily_vehicles.reindex(streets.index), float)
    known = np.fmax(own, _opposite(streets, own, np.nan))
    least = given["cycling.local_share"] * usual
    return np.asarray(np.where(np.isnan(known), usual, np.fmax(known, least)), float)
