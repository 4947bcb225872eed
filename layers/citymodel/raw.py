"""What one tile says, as flat arrays: objects, their polygons, the rings and corners of these."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GROUND, WALL, ROOF, CLOSURE, CEILING, FLOOR, UNKNOWN = range(7)
"""Kinds of polygon; `CEILING` and `FLOOR` are the outer ones: undersides and terraces."""

KINDS = {
    "GroundSurface": GROUND,
    "WallSurface": WALL,
    "RoofSurface": ROOF,
    "ClosureSurface": CLOSURE,
    "OuterCeilingSurface": CEILING,
    "OuterFloorSurface": FLOOR,
}
"""Thematic surfaces of CityGML and CityJSON that bound a building from outside."""

OBJECT_COLUMNS = (
    "object_id", "parent", "lod", "name", "function", "roof_code", "measured_height", "storeys",
    "year", "date", "roof_surfaces",
    "official_id",
)  # fmt: skip
ADDRESS_COLUMNS = ("object", "street", "housenumber", "postcode", "locality")


@dataclass(frozen=True)
class RawModel:
    """
    Objects of one or more tiles.

    `objects` has `OBJECT_COLUMNS`, `parent` being the row of the building a part belongs to, else
    -1. Polygon `i` belongs to the row `polygon_object[i]` and is of `polygon_kind[i]`; ring `j`
    belongs to the polygon `ring_polygon[j]`, the first of a polygon being its outer one, and has
    `ring_size[j]` corners of `corners` (n, 3), the last like the first or not.
    """

    objects: pd.DataFrame
    addresses: pd.DataFrame
    polygon_object: NDArray[np.int64]
    polygon_kind: NDArray[np.int64]
    ring_polygon: NDArray[np.int64]
    ring_size: NDArray[np.int64]
    corners: NDArray[np.float64]

    @property
    def corner_object(self) -> NDArray[np.int64]:
        """Row of the object that each corner belongs to."""
        return np.repeat(self.polygon_object[self.ring_polygon], self.ring_size)


@dataclass(frozen=True)
class Tile:
    """One file: its CRS as declared, what is in it, and what was odd by kind with examples."""

    name: str
    crs_name: str
    model: RawModel
    odd: dict[str, list[str]]
    skipped: bool = False  # it lies outside the area that was asked for


@dataclass
class Collector:
    """Takes objects, polygons and addresses one after the other while a tile is read."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[tuple[Any, ...]] = field(default_factory=list)
    polygon_object: array[int] = field(default_factory=lambda: array("q"))
    polygon_kind: array[int] = field(default_factory=lambda: array("q"))
    ring_polygon: array[int] = field(default_factory=lambda: array("q"))
    ring_size: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[float] = field(default_factory=lambda: array("d"))
    odd: dict[str, list[str]] = field(default_factory=dict)

    def add_object(self, object_id: str, *, parent: int) -> tuple[int, dict[str, Any]]:
        """Start an object; return its row and the record to fill."""
        record: dict[str, Any] = dict.fromkeys(OBJECT_COLUMNS)
        record |= {"object_id": object_id, "parent": parent}
        self.objects.append(record)
        return len(self.objects) - 1, record

    def add_polygon(self, row: int, kind: int, rings: Sequence[Sequence[float]]) -> bool:
        """Take the rings of a polygon, flat x y z; False where they enclose nothing."""
        if not rings or any(len(ring) % 3 for ring in rings) or len(rings[0]) < 9:
            return False
        if not all(math.isfinite(sum(ring)) for ring in rings):
            return False
        number = len(self.polygon_object)
        self.polygon_object.append(row)
        self.polygon_kind.append(kind)
        for ring in rings:
            if len(ring) >= 9:  # an inner ring of less is no hole
                self.ring_polygon.append(number)
                self.ring_size.append(len(ring) // 3)
                self.numbers.extend(ring)
        return True

    def note(self, kind: str, example: str) -> None:
        """Count something odd."""
        self.odd.setdefault(kind, []).append(example)

    def model(self) -> RawModel:
        """Return what was taken."""
        return RawModel(
            pd.DataFrame(self.objects, columns=list(OBJECT_COLUMNS)).astype({"parent": "int64"}),
            pd.DataFrame(self.addresses, columns=list(ADDRESS_COLUMNS)).astype({"object": "int64"}),
            np.array(self.polygon_object, dtype=np.int64),
            np.array(self.polygon_kind, dtype=np.int64),
            np.array(self.ring_polygon, dtype=np.int64),
            np.array(self.ring_size, dtype=np.int64),
            np.array(self.numbers, dtype=np.float64).reshape(-1, 3),
        )


def join(models: Sequence[RawModel]) -> RawModel:
    """Return several models as one; rows of the later ones move up."""
    if not models:
        return Collector().model()
    objects, addresses, polygon_object, ring_polygon = [], [], [], []
    rows = polygons = 0
    for model in models:
        parent = model.objects["parent"]
        objects.append(model.objects.assign(parent=parent.where(parent < 0, parent + rows)))
        addresses.append(model.addresses.assign(object=model.addresses["object"] + rows))
        polygon_object.append(model.polygon_object + rows)
        ring_polygon.append(model.ring_polygon + polygons)
        rows += len(model.objects)
        polygons += len(model.polygon_object)
    return RawModel(
        pd.concat(objects, ignore_index=True),
        pd.concat(addresses, ignore_index=True),
        np.concatenate(polygon_object),
        np.concatenate([model.polygon_kind for model in models]),
        np.concatenate(ring_polygon),
        np.concatenate([model.ring_size for model in models]),
        np.concatenate([model.corners for model in models]),
    )


def take_polygons(model: RawModel, keep: NDArray[np.bool_]) -> RawModel:
    """Return the model with some of its polygons, all objects staying."""
    ring = keep[model.ring_polygon]
    number = np.cumsum(keep) - 1
    return RawModel(
        model.objects,
        model.addresses,
        model.polygon_object[keep],
        model.polygon_kind[keep],
        number[model.ring_polygon[ring]],
        model.ring_size[ring],
        model.corners[np.repeat(ring, model.ring_size)],
    )


def take_objects(model: RawModel, keep: NDArray[np.bool_]) -> RawModel:
    """Return the model with some of its objects; parents that are kept stay tied."""
    number = np.where(keep, np.cumsum(keep) - 1, -1)
    inner = take_polygons(model, keep[model.polygon_object])
    parent = model.objects["parent"].to_numpy()[keep]
    objects = model.objects[keep].reset_index(drop=True)
    known = model.addresses[keep[model.addresses["object"].to_numpy(dtype=np.int64)]]
    moved = number[known["object"].to_numpy(dtype=np.int64)]
    return RawModel(
        objects.assign(parent=np.where(parent >= 0, number[np.maximum(parent, 0)], -1)),
        known.assign(object=moved).reset_index(drop=True),
        number[inner.polygon_object],
        inner.polygon_kind,
        inner.ring_polygon,
        inner.ring_size,
        inner.corners,
    )


def count_odd(tiles: Sequence[Tile]) -> tuple[Counter[str], dict[str, list[str]]]:
    """Return how often each odd thing was met, and examples."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for tile in tiles:
        for kind, seen in tile.odd.items():
            counts[kind] += len(seen)
            examples.setdefault(kind, []).extend(seen[:5])
    return counts, examples
