"""What every adapter hands to `layers.build`: standard tables, their source, what was noticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import shapely
from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from twin.provenance import Finding, Source
    from twin.raster import Raster


class Surface(Protocol):
    """Heights on disk, read by windows: terrain or surface tiles are too large for memory."""

    @property
    def crs(self) -> str:
        """Projected or geographic CRS of the tiles, as an EPSG code."""
        ...

    @property
    def cell_m(self) -> float:
        """Size of a cell in metres, the finest of the tiles."""
        ...

    def bounds(self, crs: str) -> tuple[float, float, float, float]:
        """Return west, south, east, north of all tiles in `crs`."""
        ...

    def sample(
        self, x: NDArray[np.float64], y: NDArray[np.float64], *, crs: str
    ) -> NDArray[np.float64]:
        """Return heights [m] at points in `crs`, bilinear; NaN where no tile knows one."""
        ...

    def read(self, bounds: tuple[float, float, float, float], *, crs: str, cell_m: float) -> Raster:
        """Return the means of cells of `cell_m` in `bounds` of `crs`, on multiples of `cell_m`."""
        ...


@dataclass(frozen=True)
class Area:
    """What of a source is wanted: large files are read only there."""

    shape: BaseGeometry  # Polygon or MultiPolygon
    crs: str

    def within(self, crs: str) -> BaseGeometry:
        """Return the shape in another CRS."""
        transformer = Transformer.from_crs(self.crs, crs, always_xy=True)
        return shapely.transform(
            self.shape, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        )


@dataclass(frozen=True)
class Routes:
    """
    Lines of public transport that a source draws without saying when they run.

    `lines`, by key: `class` of STOP_CLASSES, `ref` (the number people know), `name`, `from`, `to`,
    `operator`, `colour`, `headway_min` (NaN where not said), `master` (what ties the directions),
    `long_distance`. `members` in order: `route` (key of the line), `key` of a stop or of a street's
    `way_id`, `role`, `is_halt`, and `x`, `y` of halts in the CRS of the source, NaN where unknown.
    """

    lines: pd.DataFrame
    members: pd.DataFrame


@dataclass(frozen=True)
class SourceData:
    """
    One source, translated.

    `tables` hold columns of `twin.schema` only, in the projected `crs`, keyed by stable text ids
    (`osm:w123`); a missing table or column means that the source says nothing about it.
    """

    name: str  # what the source calls the place, "" where it does not
    crs: str  # "" where it has neither geometry nor surfaces
    tables: Mapping[str, pd.DataFrame]
    source: Source
    findings: tuple[Finding, ...] = ()
    model_town: bool = False  # generated, no survey; is called that wherever it shows
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    """`terrain` (ground), `surface` (with buildings and trees), `above_ground` (the difference)."""
    kind: str = ""
    """What it is, the word of the order of trust (`layers/matching/trust.toml`): `osm`, `cadastre`,
    `nas`, `lod2` …; who made it stands in `source`."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """Figures for the quality report, ready for JSON, under keys of the adapter's own."""
    routes: Routes | None = None
    """Lines without times; they stand in where no source has a timetable."""


if TYPE_CHECKING:
    Progress = Callable[[str, float], None]
    """Called with a step (English, a key of the message catalogue) and the share done, 0 to 1.
    It may raise `KeyboardInterrupt` to cancel; the caller is told nothing half-done."""
