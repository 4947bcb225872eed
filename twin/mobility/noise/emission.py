"""What the streets give off: RLS-19 levels of line sources from the flows of a weekday."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twin.mobility.effects.kilometres import flows_on
from twin.mobility.noise.rls19 import (
    GROUPS,
    gradient_correction,
    line_level,
    surface_correction,
    vehicle_level,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions

    Floats = NDArray[np.float64]
    Kinds = NDArray[np.object_]

ROADS = {
    "motorway": "motorway", "trunk": "motorway", "primary": "federal", "secondary": "country",
    "tertiary": "country", "unclassified": "country",
}  # fmt: skip
"""Kind of road of table 2 by class of street; all others are local."""

ROUGH = ("sett", "cobblestone", "unhewn_cobblestone", "pebblestone", "cobblestone:flattened")
EVEN = ("paving_stones", "paving_stones:lanes", "paving_stones:20", "paving_stones:30", "bricks")
TIMES = ("day", "night")
STEEPEST = 12.0  # %; RLS-19 is not valid beyond


def road_kinds(streets: pd.DataFrame) -> Kinds:
    """Return the kind of road of each street by RLS-19 table 2."""
    kinds: Kinds = streets["class"].astype(str).map(ROADS).fillna("local").to_numpy()
    return kinds.astype(object)


def noise_emission(streets: pd.DataFrame, flows: pd.DataFrame, given: Assumptions) -> pd.DataFrame:
    """
    Return LW' [dB(A)/m] of each street by day (6-22 h) and night, `day_db` and `night_db`.

    Parameters
    ----------
    streets
        `class`, `speed_kmh`, `surface`, `gradient_percent`.
    flows
        Vehicles a weekday by street id: `car`, and where known `truck` and `bus`. Hours follow
        table 2 of RLS-19 by kind of road, and so do the lorries where there is no column `truck`;
        else their shares are scaled so that the day has as many as the model. Buses are Lkw1.

    Streets without traffic have -inf. Junctions are no part of it: they depend on the place along
    the street and belong to the way to the receiver.
    """
    flow = flows_on(streets, flows) * given["effects.week_factor"]
    roads = road_kinds(streets)
    speeds = _speeds(streets, roads, given)
    levels = _levels(streets, speeds, given)
    trucks = _truck_factor(flow, roads, given)
    bus = flow["bus"].to_numpy() if "bus" in flow else np.zeros(len(flow))
    base = flow.drop(columns="bus", errors="ignore").sum(axis=1).to_numpy()
    table = {}
    for time in TIMES:
        hour = given.by_class(f"noise.hour_{time}")
        hours = np.array([hour[road] for road in roads])
        vehicles = _by_group(base, trucks, roads, time, given) + np.stack([0 * bus, bus, 0 * bus])
        total = vehicles.sum(axis=0)
        shares = np.divide(vehicles, total, out=np.zeros_like(vehicles), where=total > 0)
        table[f"{time}_db"] = line_level(total * hours, shares, levels, speeds)
    return pd.DataFrame(table, index=streets.index)


def _by_group(base: Floats, trucks: Floats, roads: Kinds, time: str, given: Assumptions) -> Floats:
    """Return vehicles of the three groups as if all hours of the day were like those of `time`."""
    shares = [given.by_class(f"noise.{group}_{time}") for group in GROUPS[1:]]
    lorries = np.stack([[share[road] / 100.0 for road in roads] for share in shares]) * trucks
    lorries = lorries / np.maximum(lorries.sum(axis=0), 1.0)  # never more than all
    vehicles: Floats = np.concatenate([[1.0 - lorries.sum(axis=0)], lorries]) * base
    return vehicles


def _truck_factor(flow: pd.DataFrame, roads: Kinds, given: Assumptions) -> Floats:
    """Return lorries of the model over those of table 2, 1 where the model has none of its own."""
    if "truck" not in flow:
        return np.ones(len(flow))
    by_road = {road: _daily_share(road, given) for road in set(roads)}
    usual = np.array([by_road[road] for road in roads])
    motor = (flow["car"] + flow["truck"]).to_numpy()
    share = np.divide(flow["truck"].to_numpy(), motor, out=np.zeros(len(flow)), where=motor > 0)
    factor: Floats = share / usual
    return factor


def _daily_share(road: str, given: Assumptions) -> float:
    """Return the share of lorries in a whole day by table 2."""
    hours = {"day": 16, "night": 8}
    return sum(
        given[f"noise.{group}_{time}.{road}"] / 100.0 * given[f"noise.hour_{time}.{road}"] * count
        for group in GROUPS[1:]
        for time, count in hours.items()
    )


def _speeds(streets: pd.DataFrame, roads: Kinds, given: Assumptions) -> Floats:
    """Return the speed of the three groups: the limit, within what RLS-19 reckons with."""
    limit = streets["speed_kmh"].to_numpy(float)
    most = given.by_class("noise.most_speed")
    heavy = np.where(roads == "motorway", most["truck_motorway"], most["truck"])
    least = given["noise.least_speed"]
    car = np.clip(limit, least, most["car"])
    truck = np.clip(np.minimum(limit, heavy), least, None)
    return np.stack([car, truck, truck])


def _levels(streets: pd.DataFrame, speeds: Floats, given: Assumptions) -> Floats:
    """Return LW0 + D_SD + D_LN of the three groups on each street."""
    surface = streets["surface"].astype(object)
    rough, even = surface.isin(ROUGH).to_numpy(), surface.isin(EVEN).to_numpy()
    gradient = streets["gradient_percent"].fillna(0.0).clip(-STEEPEST, STEEPEST).to_numpy(float)
    steps = [given.by_class(f"noise.surface_{kind}") for kind in ("rough", "even")]
    levels = []
    for group, speed in zip(GROUPS, speeds, strict=True):
        paved = np.select(
            [rough, even],
            [surface_correction(speed, table) for table in steps],
            given["noise.surface_asphalt"],
        )
        slope = gradient_correction(group, gradient, speed)
        levels.append(vehicle_level(group, speed, given) + paved + slope)
    return np.stack(levels)
