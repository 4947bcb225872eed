"""Stages of the ground mobility stands on: networks of the modes, zones, where buildings are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from twin.mobility.demand import jobs_of, zone_of, zone_table
from twin.mobility.network import connectors, gate_connectors, gates, mode_network
from twin.mobility.tables import ZoneSystem
from twin.simulate.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twin.assumptions import Assumptions
    from twin.city import City
    from twin.mobility.tables import ModeNetwork
    from twin.state import AreaChange

    Floats = NDArray[np.float64]

NETWORK_MODES = ("car", "truck", "bike", "walk")


@dataclass(frozen=True, eq=False)
class Ground:
    """Where people live and work, and the zones they are counted in."""

    zones: ZoneSystem
    zone: NDArray[np.int32]  # of each building of the stock: its place among the zones
    weight: Floats  # of each building: residents and jobs


def _mode_networks(street_tables: City, given: Assumptions) -> dict[str, ModeNetwork]:
    """Return the network of each mode; none where the city has no streets."""
    city = street_tables
    if not len(city.streets):
        return {}
    return {
        mode: mode_network(
            city.streets, city.nodes, city.turns, given, mode, street_points=city.street_points
        )
        for mode in NETWORK_MODES
    }


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


def _gate_table(street_tables: City, given: Assumptions) -> pd.DataFrame:
    """Return the gates at the edge of the town; a scenario keeps those of today."""
    found: pd.DataFrame = gates(street_tables.streets, street_tables.nodes, given)
    return found


def _ground(  # noqa: PLR0913, PLR0917 - called by name
    mode_networks: dict[str, ModeNetwork],
    street_tables: City,
    zone_shapes: gpd.GeoDataFrame,
    residents: pd.DataFrame,
    base_stock: pd.DataFrame,
    jobs: pd.Series[float],
    positions: Floats,
    place_tables: City,
    area_changes: tuple[AreaChange, ...],
    gate_table: pd.DataFrame,
    given: Assumptions,
) -> Ground | None:
    """Return the zones, what is in them, and the nodes they are fed through; none without zones."""
    if not mode_networks or not len(zone_shapes):
        return None
    points = gpd.GeoSeries(shapely.points(positions), residents.index, crs=zone_shapes.crs)
    zone = zone_of(points.to_frame("geometry").set_geometry("geometry"), zone_shapes)
    table = zone_table(
        zone_shapes, residents, zone, place_tables.places, gate_table, given, area_changes,
        points=points, base=base_stock,
    )  # fmt: skip
    weight = np.asarray(residents["residents"].to_numpy(float) + jobs.to_numpy(float), np.float64)
    places = table.index.get_indexer(pd.Index(zone)).astype(np.int32)
    people, edge = (positions, zone, weight), (street_tables.nodes, gate_table)
    linked = {
        mode: _linked(network, people, zone_shapes, edge, given)
        for mode, network in mode_networks.items()
    }
    return Ground(ZoneSystem(table.index, table, linked), places, weight)


def _linked(
    network: ModeNetwork,
    buildings: tuple[Floats, pd.Series[str], Floats],
    zone_shapes: gpd.GeoDataFrame,
    edge: tuple[pd.DataFrame, pd.DataFrame],
    given: Assumptions,
) -> pd.DataFrame:
    """Return the nodes zones are fed through; gates are open to what has a motor."""
    zones = connectors(network, *buildings, zone_shapes, given)
    if network.mode not in ("car", "truck"):
        return zones
    outer = gate_connectors(network, *edge, len(zone_shapes))
    return pd.concat([zones, outer], ignore_index=True)


STREET_STAGES = (
    Stage("mode_networks", _mode_networks, ("street_tables",), ("network",)),
    Stage("positions", _positions, ("building_shapes", "residents")),
    Stage("gate_table", _gate_table, ("street_tables",), ("network",)),
    Stage("jobs", _jobs, ("residents", "base_stock"), ("demand",)),
    Stage(
        "ground",
        _ground,
        ("mode_networks", "street_tables", "zone_shapes", "residents", "base_stock", "jobs",
         "positions", "place_tables", "area_changes", "gate_table"),
        ("network", "demand"),
    ),
)  # fmt: skip
