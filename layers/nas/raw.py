"""What is read of a NAS file before it is translated: rows as text, outlines as flat arrays."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import shapely


@dataclass
class Outlines:
    """Areas as flat arrays, sixteen bytes a vertex; object number n is the n-th area."""

    xy: array[float] = field(default_factory=lambda: array("d"))
    ring_ends: array[int] = field(default_factory=lambda: array("q", [0]))
    patch_ends: array[int] = field(default_factory=lambda: array("q", [0]))  # in rings
    area_ends: array[int] = field(default_factory=lambda: array("q", [0]))  # in patches
    crs: array[int] = field(default_factory=lambda: array("i"))  # which of `RawNas.systems`

    def add(self, patches: list[list[list[float]]], crs: int) -> int:
        """Keep one area, patches of rings of flat coordinates, and return its number."""
        for rings in patches:
            for ring in rings:
                self.xy.extend(ring)
                self.ring_ends.append(len(self.xy) // 2)
            self.patch_ends.append(len(self.ring_ends) - 1)
        self.area_ends.append(len(self.patch_ends) - 1)
        self.crs.append(crs)
        return len(self.crs) - 1

    def shapes(self) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """Return all areas as MultiPolygons, in the coordinates of the file."""
        xy = np.frombuffer(self.xy, dtype=float).reshape(-1, 2)
        offsets = tuple(
            np.frombuffer(ends, dtype=np.int64)
            for ends in (self.ring_ends, self.patch_ends, self.area_ends)
        )
        kind = shapely.GeometryType.MULTIPOLYGON
        return np.asarray(shapely.from_ragged_array(kind, xy, offsets), dtype=object)


@dataclass
class RawNas:
    """Everything read of the files, before any word is translated."""

    rows: dict[str, list[dict[str, str | list[str] | int]]] = field(default_factory=dict)
    """By class of object (`AX_Gebaeude`); `outline` is a number of `outlines`."""
    outlines: Outlines = field(default_factory=Outlines)
    systems: list[str] = field(default_factory=list)  # names of coordinate systems as written
    ended: set[str] = field(default_factory=set)  # ids with time stamp that were taken back
    counts: Counter[str] = field(default_factory=Counter)  # what was odd, by code
    examples: dict[str, list[str]] = field(default_factory=dict)
    newest: str = ""  # the newest time stamp in it

    def note(self, code: str, example: str = "", count: int = 1) -> None:
        """Count something odd and keep up to five examples."""
        self.counts[code] += count
        kept = self.examples.setdefault(code, [])
        if example and len(kept) < 5:
            kept.append(example)

    def system(self, name: str) -> int:
        """Return the number of a coordinate system."""
        if name not in self.systems:
            self.systems.append(name)
        return self.systems.index(name)
