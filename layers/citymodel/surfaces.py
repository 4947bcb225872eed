"""Roof planes and the gross envelope of every body, from the measured polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layers.citymodel.raw import CEILING, FLOOR, GROUND, ROOF, WALL, take_polygons
from layers.citymodel.shapes import planes_in_space
from layers.citymodel.tables import LEVEL, MEASURED, azimuths, tilts
from twin.schema import ENVELOPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.citymodel.tables import Measured

SIDES = ("north", "east", "south", "west")
LEAST_PLANE = 0.01  # m²; smaller planes are crumbs of the modelling
TURNED_ROOF = 89.0  # °; steeper ones have no plan that could be drawn


def side_of(azimuth: NDArray[np.float64]) -> NDArray[np.int64]:
    """
    Return 0 to 3 for north (315° to 45°), east, south, west.

    >>> side_of(np.array([0.0, 44.9, 45.0, 180.0, 314.9, 315.0])).tolist()
    [0, 0, 1, 2, 3, 0]
    """
    turned = (np.round(azimuth, 6) + 45) % 360
    sides: NDArray[np.int64] = (turned // 90).astype(np.int64) % 4
    return sides


def roof_rows(found: Measured) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the planes of all roofs, keyed by body and running number, and what was odd."""
    ids = found.model.objects["object_id"].astype(object).to_numpy()
    owner = found.model.polygon_object
    roofs = np.isin(found.kind, (ROOF, FLOOR)) & found.roofed[owner]
    model, planes = take_polygons(found.model, roofs), found.planes[roofs]
    shapes, repaired = planes_in_space(model)
    tilt = tilts(planes).clip(0, 90)
    lost = shapely.is_missing(shapes) | (tilt > TURNED_ROOF)
    lost |= planes["area"].to_numpy() < LEAST_PLANE
    building = ids[model.polygon_object]
    frame = pd.DataFrame(
        {
            "building_id": building,
            "area_m2": planes["area"].to_numpy().round(3),
            "azimuth_deg": np.where(tilt <= LEVEL, np.nan, azimuths(planes).round(2) % 360),
            "tilt_deg": np.where(tilt <= LEVEL / 10, 0.0, tilt.round(2)),
            "height_m": planes["mean"].to_numpy().round(3),
            "plane_source": MEASURED,
            "geometry": shapes,
        }
    )[~lost]
    odd = {
        "roof_repaired": list(building[repaired & ~lost]),
        "roof_lost": list(building[lost]),
    }
    return _numbered(frame), odd


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Give planes a number within their body that follows from their place, not the file."""
    middle = shapely.get_coordinates(shapely.centroid(frame["geometry"].to_numpy(dtype=object)))
    ordered = frame.assign(x=middle[:, 0].round(2), y=middle[:, 1].round(2)).sort_values(
        ["building_id", "x", "y", "height_m", "area_m2"], kind="stable"
    )
    number = ordered.groupby("building_id").cumcount() + 1
    keys = ordered["building_id"].astype("str") + ":r" + number.astype("str")
    return ordered.drop(columns=["x", "y"]).set_axis(keys.to_numpy(), axis=0)


def envelope_rows(found: Measured) -> pd.DataFrame:
    """
    Return walls by orientation, roof, slab and volume of every body, closures left out.

    Walls are gross: party walls stand in them; `layers.envelopes` takes these out.
    """
    planes, kind, owner = found.planes, found.kind, found.model.polygon_object
    count = len(found.root)
    area = planes["area"].to_numpy()

    def total(chosen: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(owner[chosen], values[chosen], minlength=count).astype(np.float64)

    side = side_of(azimuths(planes))
    walls = kind == WALL
    frame = {f"wall_{s}_m2": total(walls & (side == n), area) for n, s in enumerate(SIDES)}
    above = np.isin(kind, (ROOF, FLOOR))
    lifted = planes["moment"].to_numpy() - found.base[owner] * planes["z"].to_numpy()
    volume = total(np.isin(kind, (ROOF, FLOOR, CEILING, GROUND)), lifted)
    footprint = np.nan_to_num(shapely.area(found.footprint))
    most = footprint * np.nan_to_num(found.top - found.base)
    rows = pd.DataFrame(
        {
            **frame,
            "party_wall_m2": 0.0,
            "roof_m2": total(above, area),
            "ground_m2": footprint + total(kind == CEILING, area),
            "volume_m3": np.clip(volume, 0, most),
            "envelope_source": MEASURED,
        },
        index=found.model.objects["object_id"].astype(object).to_numpy(),
    ).round(2)
    complete = found.roofed & (rows["roof_m2"] > 0).to_numpy()
    complete &= np.bincount(owner, walls, minlength=count) > 0
    highest = pd.Series({c.name: c.high for c in ENVELOPES.columns if c.type == "number"})
    complete &= (rows[highest.index] <= highest).all(axis=1).to_numpy()
    return rows[complete]
