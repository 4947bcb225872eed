"""The envelope of every building: outer walls by orientation, party walls, roof, slab, volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.envelopes.edges import (
    bases_of,
    frame_of,
    heights_of,
    outer_edges,
    roof_rise,
    wall_top,
)
from layers.envelopes.party import shared_walls
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["envelopes"]

SIDES = ("north", "east", "south", "west")
WALLS = tuple(f"wall_{side}_m2" for side in SIDES)
ESTIMATED = "estimated:footprint"
HALF_ROOFS = {"gabled": 0.5, "saltbox": 0.5, "skillion": 0.5, "pyramidal": 1 / 3, "dome": 0.6}
"""Share of footprint times roof height that lies under the roof; other shapes see `_under_roof`."""


def envelopes(
    buildings: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame, measured: pd.DataFrame | None = None
) -> pd.DataFrame:
    """
    Return the table `envelopes`: one row a whole building, its parts summed up.

    Parameters
    ----------
    buildings
        Table `buildings` with heights, roof shape and roof height as far as known.
    roofs
        Table `roofs`; planes with heights give the height of the walls below them.
    measured
        What `read_citymodel` tells of single bodies (its table `envelopes`): gross walls, roof,
        slab, volume. It goes before what the footprint tells; party walls are taken out here.

    Returns
    -------
    pd.DataFrame
        `party_wall_m2` is shared with other buildings; walls between parts of the same building
        count nowhere. Outer and party walls together are the gross wall of a building.
    """
    bodies = _bodies(buildings)
    if bodies.empty:
        return _conformed(pd.DataFrame(index=[]))
    edges = outer_edges(bodies)
    height, _ = heights_of(edges, bodies, roofs)
    gross = edges["length"].to_numpy() * height
    whole = bodies["part_of"].astype(object).where(bodies["part_of"].notna(), bodies.index)
    groups, building = np.unique(whole.to_numpy().astype(str), return_inverse=True)
    party, inner = _shared_by_edge(edges, height, gross, bodies, building)
    walls, shared = _walls(edges, gross, party, inner, _aligned(measured, bodies))
    rest, known = _roof_slab_volume(bodies, roofs, _aligned(measured, bodies))
    by_body = pd.DataFrame({**walls, "party_wall_m2": shared, **rest})
    table = by_body.groupby(building).sum().set_axis(groups, axis=0).round(2)
    all_known = pd.Series(known).groupby(building).all().to_numpy()
    table["envelope_source"] = np.where(all_known, "measured:lod2", ESTIMATED)
    return _conformed(table)


def _bodies(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return parts where they carry the volume of their outline, else the outline alone."""
    part_of = buildings["part_of"].astype(object)
    carried = buildings.index[buildings["has_parts"].to_numpy(bool)]
    carried = carried[carried.isin(part_of.dropna())]
    whole = part_of.isna() & ~buildings.index.isin(carried)
    return buildings[(whole | part_of.isin(carried)).to_numpy(bool)]


def _conformed(table: pd.DataFrame) -> pd.DataFrame:
    made: pd.DataFrame = conform(TABLES["envelopes"], table, crs="")
    return made


def _aligned(measured: pd.DataFrame | None, bodies: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what was measured, row for row with the bodies; all missing where nothing was."""
    if measured is None:
        measured = pd.DataFrame(columns=[*WALLS, "roof_m2", "ground_m2", "volume_m3"], dtype=float)
    return measured.reindex(bodies.index)


def _shared_by_edge(
    edges: pd.DataFrame,
    height: NDArray[np.float64],
    gross: NDArray[np.float64],
    bodies: gpd.GeoDataFrame,
    building: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the area shared with other buildings and with parts of the same one, by edge."""
    body = edges["body"].to_numpy()
    pairs = shared_walls(edges, height, bases_of(bodies)[body])
    edge, other = pairs["edge"].to_numpy(), pairs["other"].to_numpy()
    same = building[body[edge]] == building[body[other]]
    area, count = pairs["area"].to_numpy(), len(edges)
    inner = np.minimum(np.bincount(edge[same], area[same], minlength=count), gross)
    party = np.bincount(edge[~same], area[~same], minlength=count)
    return np.minimum(party, gross - inner), inner


def _walls(
    edges: pd.DataFrame,
    gross: NDArray[np.float64],
    party: NDArray[np.float64],
    inner: NDArray[np.float64],
    measured: pd.DataFrame,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """
    Return outer walls by orientation and the party walls, by body.

    Measured walls leave out closures between parts, or hold walls there: of the walls between
    parts, as the edges tell them, so much is taken out as the measured walls exceed the rest.
    """
    body, count = edges["body"].to_numpy(), len(measured)
    side = (((np.round(edges["azimuth"].to_numpy(), 6) + 45) % 360) // 90).astype(int) % 4
    outer, total = {}, np.zeros(count)
    for number, name in enumerate(WALLS):
        here = side == number
        drawn, common, within = (
            np.bincount(body[here], values[here], minlength=count).astype(np.float64)
            for values in (gross, party, inner)
        )
        known = measured[name].to_numpy(float)
        known = known - np.clip(known - (drawn - within), 0, within)
        wall = np.where(np.isnan(known), drawn - within, known)
        common = np.minimum(common, wall)
        outer[name] = wall - common
        total += common
    return outer, total


def _roof_slab_volume(
    bodies: gpd.GeoDataFrame, roofs: gpd.GeoDataFrame, measured: pd.DataFrame
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.bool_]]:
    """Return roof, ground and volume by body, and whether they were measured."""
    footprint = shapely.area(bodies.geometry.to_numpy())
    rise, tall = roof_rise(bodies), wall_top(bodies)
    planes = roofs.groupby("building_id")["area_m2"].sum().reindex(bodies.index).to_numpy(float)
    known = measured["volume_m3"].notna().to_numpy()
    guess = footprint * _stretch(bodies, rise)
    roof = np.where(np.isnan(planes), guess, planes)
    volume = footprint * (tall - rise + rise * _under_roof(bodies))
    rest = {"roof_m2": roof, "ground_m2": footprint, "volume_m3": volume}
    filled = {
        name: np.where(known, measured[name].to_numpy(float), values)
        for name, values in rest.items()
    }
    return filled, known


def _stretch(bodies: gpd.GeoDataFrame, rise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of a roof for each m² of its plan: 1 / cos of its pitch."""
    width, _, _ = frame_of(bodies)
    skillion = (bodies["roof_type"].astype("str") == "skillion").to_numpy()
    run = np.where(skillion, width, width / 2)
    stretch: NDArray[np.float64] = np.sqrt(1 + (rise / np.maximum(run, 0.5)) ** 2)
    return stretch


def _under_roof(bodies: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the share of footprint times roof height that lies under the roof."""
    width, length, _ = frame_of(bodies)
    hipped = 0.5 - width / (6 * np.maximum(length, 0.1))
    shape = bodies["roof_type"].astype("str")
    share = shape.map(HALF_ROOFS).astype(float)
    share = share.mask(shape.isin(("hipped", "half_hipped")), hipped)
    result: NDArray[np.float64] = share.fillna(0.5).to_numpy(float)
    return result
