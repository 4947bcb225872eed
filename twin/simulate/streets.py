"""Stages of the ground mobility stands on: networks of the modes, zones, where buildings are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.mobility.cycling import stress
from twin.mobility.demand import jobs_of, zone_of, zone_table
from twin.mobility.network import connectors, gate_connectors, gates, meet, mode_network
from twin.mobility.tables import ZoneSystem
from twin.simulate.parts import frame_key
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.tables import Access, ModeNetwork
    from twin.simulate.parts import Streets
    from twin.state import AreaChange

    Floats = NDArray[np.float64]

VIEWS = {"car": "motor", "truck": "motor", "bike": "bike", "walk": "walk"}
"""The view of the streets that each mode is given."""


@dataclass(frozen=True, eq=False)
class People:
    """Where people live and work: zones with what is in them, and who belongs to which."""

    zones: gpd.GeoDataFrame
    table: pd.DataFrame  # of zones and gates
    zone: pd.Series[str]  # of each building of the stock
    place: NDArray[np.int32]  # of this zone in the table
    weight: Floats  # of each building: residents and jobs


@dataclass(frozen=True, eq=False)
class Ground:
    """Zones with the nodes they are fed through, and the place among them of each building."""

    zones: ZoneSystem
    zone: NDArray[np.int32]


def _network(mode: str) -> Stage:
    """Return the stage that makes the network of a mode; none where the city has no streets."""

    def make(
        given: Assumptions, usual_stress: pd.Series[float] | None = None, **parts: Streets
    ) -> ModeNetwork | None:
        (found,) = parts.values()
        if not len(found.streets):
            return None
        return mode_network(
            found.streets, found.nodes, found.turns, given, mode,
            street_points=found.street_points, stress=usual_stress,
        )  # fmt: skip

    felt = ("usual_stress",) if mode == "bike" else ()
    return Stage(f"{mode}_network", make, (f"{VIEWS[mode]}_streets", *felt), ("network",))


def _usual_stress(street_tables: City, given: Assumptions) -> pd.Series[float]:
    """Return the stress cyclists expect of each street: by what it is, not by today's traffic."""
    return stress(street_tables.streets, None, given)["lts"]


def _stress_key(levels: pd.Series[float]) -> str:
    return frame_key(levels.to_frame())


def _met(mode: str) -> Stage:
    """Return the stage that finds where each building meets the network of a mode."""

    def make(
        positions: Floats, residents: pd.DataFrame, given: Assumptions, **parts: ModeNetwork | None
    ) -> Access | None:
        (network,) = parts.values()
        return None if network is None else meet(network, positions, residents.index, given)

    return Stage(f"{mode}_met", make, (f"{mode}_network", "positions", "residents"), ("network",))


def _fed(mode: str) -> Stage:
    """Return the stage that finds the nodes zones are fed through; gates are open to motors."""

    def make(
        people: People | None, positions: Floats, given: Assumptions, **parts: Any
    ) -> pd.DataFrame | None:
        network = parts[f"{mode}_network"]
        if people is None or network is None:
            return None
        found = connectors(network, positions, people.zone, people.weight, people.zones, given)
        if "gate_table" not in parts:
            return found
        nodes = parts["motor_streets"].nodes
        outer = gate_connectors(network, nodes, parts["gate_table"], len(people.zones))
        return pd.concat([found, outer], ignore_index=True)

    edge = ("gate_table", "motor_streets") if VIEWS[mode] == "motor" else ()
    needs = ("people", "positions", f"{mode}_network", *edge)
    return Stage(f"{mode}_fed", make, needs, ("network",))


def _positions(
    building_shapes: pd.DataFrame, residents: pd.DataFrame, given: Assumptions
) -> Floats:
    """Return where each building of the stock stands [m], (n, 2)."""
    place = building_shapes.index.get_indexer(residents.index)
    shapes = building_shapes["geometry"].to_numpy()[place]
    found: Floats = shapely.get_coordinates(shapely.centroid(shapes)).astype(np.float64)
    return found


def _jobs(
    residents: pd.DataFrame, base_stock: pd.DataFrame, given: Assumptions
) -> pd.Series[float]:
    return jobs_of(residents, given, base=base_stock)


def _gate_table(motor_streets: Streets, given: Assumptions) -> pd.DataFrame:
    """Return the gates at the edge of the town; a scenario keeps those of today."""
    found: pd.DataFrame = gates(motor_streets.streets, motor_streets.nodes, given)
    return found


def _people(  # noqa: PLR0913, PLR0917 - called by name
    zone_shapes: gpd.GeoDataFrame,
    residents: pd.DataFrame,
    base_stock: pd.DataFrame,
    jobs: pd.Series[float],
    positions: Floats,
    place_tables: City,
    area_changes: tuple[AreaChange, ...],
    gate_table: pd.DataFrame,
    given: Assumptions,
) -> People | None:
    """Return the zones and what is in them; none where the city has no zones."""
    if not len(zone_shapes):
        return None
    points = gpd.GeoSeries(shapely.points(positions), residents.index, crs=zone_shapes.crs)
    zone = zone_of(points.to_frame("geometry").set_geometry("geometry"), zone_shapes)
    table = zone_table(
        zone_shapes, residents, zone, place_tables.places, gate_table, given, area_changes,
        points=points, base=base_stock, stops=place_tables.stops,
    )  # fmt: skip
    weight = np.asarray(residents["residents"].to_numpy(float) + jobs.to_numpy(float), np.float64)
    place = table.index.get_indexer(pd.Index(zone)).astype(np.int32)
    return People(zone_shapes, table, zone, place, weight)


def _ground(
    people: People | None,
    car_fed: pd.DataFrame | None,
    truck_fed: pd.DataFrame | None,
    bike_fed: pd.DataFrame | None,
    walk_fed: pd.DataFrame | None,
    given: Assumptions,
) -> Ground | None:
    """Return the zones and the nodes they are fed through; none without zones or streets."""
    linked = {"car": car_fed, "truck": truck_fed, "bike": bike_fed, "walk": walk_fed}
    known = {mode: table for mode, table in linked.items() if table is not None}
    if people is None or len(known) < len(linked):
        return None
    return Ground(ZoneSystem(people.table.index, people.table, known), people.place)


STREET_STAGES = (
    Stage("usual_stress", _usual_stress, ("street_tables",), ("cycling",), content=_stress_key),
    *(_network(mode) for mode in VIEWS),
    *(_met(mode) for mode in VIEWS),
    *(_fed(mode) for mode in VIEWS),
    Stage("positions", _positions, ("building_shapes", "residents")),
    Stage("gate_table", _gate_table, ("motor_streets",), ("network",)),
    Stage("jobs", _jobs, ("residents", "base_stock"), ("demand",)),
    Stage(
        "people",
        _people,
        ("zone_shapes", "residents", "base_stock", "jobs", "positions", "place_tables",
         "area_changes", "gate_table"),
        ("demand",),
    ),
    Stage("ground", _ground, ("people", "car_fed", "truck_fed", "bike_fed", "walk_fed")),
)  # fmt: skip
