"""Objects that one misplaced point has stretched over half a country."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.osm.findings import finding
from layers.osm.tags import tag
from twin.schema import BUILDINGS, STREETS

if TYPE_CHECKING:
    import pandas as pd

    from layers.osm.raw import RawOsm

LARGEST_M2 = BUILDINGS.column("footprint_m2").high or np.inf
LONGEST_M = STREETS.column("length_m").high or np.inf


def without_absurd(raw: RawOsm) -> RawOsm:
    """
    Return `raw` (in metres) without buildings and roads larger than the schema takes for possible.

    One wrong coordinate must not cost the city; each object left out is counted.
    """
    area = shapely.area(_shapes(raw.areas))
    length = np.nan_to_num(shapely.length(_shapes(raw.lines)))
    giants = raw.areas.index[_tagged(raw.areas, "building") & (area > LARGEST_M2)]
    threads = raw.lines.index[_tagged(raw.lines, "highway") & (length > LONGEST_M)]
    seen = finding(
        "building_giant", "buildings", giants,
        "{count} buildings cover more than 2 km² and are left out.", column="footprint_m2",
    ) + finding(
        "street_giant", "streets", threads,
        "{count} streets are longer than 100 km and are left out.", column="length_m",
    )  # fmt: skip
    return dataclasses.replace(
        raw,
        areas=raw.areas.drop(giants),
        lines=raw.lines.drop(threads),
        findings=(*raw.findings, *seen),
    )


def _shapes(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    shapes: np.ndarray[Any, Any] = frame["geometry"].to_numpy(dtype=object)
    return shapes


def _tagged(frame: pd.DataFrame, key: str) -> np.ndarray[Any, Any]:
    part = tag(frame, f"{key}:part")
    tagged: np.ndarray[Any, Any] = (tag(frame, key).notna() | part.notna()).to_numpy(dtype=bool)
    return tagged
