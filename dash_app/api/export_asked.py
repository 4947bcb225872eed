"""Parameters of addresses of exports."""

from typing import Annotated

import numpy as np
from fastapi import Query
from pyproj import Transformer

from twin.city import City
from twin.errors import ModelError

HASH = "^[0-9a-f]+$"
Hash = Annotated[
    str, Query(alias="hash", min_length=8, max_length=64, pattern=HASH, description="Of a run")
]
OptionalHash = Annotated[
    str | None,
    Query(alias="hash", min_length=8, max_length=64, pattern=HASH, description="Of a run"),
]
Compared = Annotated[
    str | None,
    Query(min_length=8, max_length=64, pattern=HASH, description="Run to compare with"),
]
Stage = Annotated[
    int | None, Query(ge=1990, le=2150, description="Stage year; the last one where left out")
]
Hour = Annotated[int | None, Query(ge=0, le=23, description="Hour of the day")]
Bbox = Annotated[
    str | None,
    Query(max_length=120, description="What the map shows: west, south, east, north [°], by comma"),
]


def bounds_of(city: City, bbox: str | None) -> tuple[float, float, float, float] | None:
    """
    Return what a map shall show in the projection of the city [m]; None for the whole city.

    Raises
    ------
    ModelError
        It is no box of longitudes and latitudes, or nothing of the city lies in it.
    """
    if bbox is None:
        return None
    hint = "Give west, south, east, north in degrees, e.g. 7.10,50.79,7.17,50.83."
    try:
        parts = [float(part) for part in bbox.split(",")]
    except ValueError:
        parts = []
    if len(parts) != 4 or not np.isfinite(parts).all():
        template = "bbox is not made of four numbers."
        raise ModelError(template, hint=hint)
    west, south, east, north = parts
    if not (-180 <= west < east <= 180 and -89 <= south < north <= 89):
        template = "bbox is no box: west must be less than east, south less than north."
        raise ModelError(template, hint=hint)
    to = Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
    box = np.asarray(to.transform_bounds(west, south, east, north), float)
    edges = np.concatenate([city.tables[name].total_bounds for name in ("buildings", "streets")
                            if len(city.tables[name])]).reshape(-1, 4)  # fmt: skip
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    seen_low, seen_high = np.maximum(box[:2], low - 500), np.minimum(box[2:], high + 500)
    if not np.isfinite(box).all() or not (seen_low < seen_high).all():
        template = "Nothing of the city lies in bbox."
        raise ModelError(template, hint=hint)
    return (*seen_low.tolist(), *seen_high.tolist())
