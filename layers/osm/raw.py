"""What an OpenStreetMap file holds, before anything is translated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from twin.provenance import Finding


@dataclass(frozen=True)
class RawOsm:
    """
    Tagged objects as frames, indexed `osm:n7`, `osm:w123`, `osm:r5`; geometry in degrees.

    Every frame has `tags` (a dict a row). `nodes`, `lines`, `areas` have `geometry` (points, lines,
    unchecked polygons); `lines` has `refs`, the node ids of roads and of address lines, as long as
    the line has vertices (NaN where the file lacks the node), and an empty array for others;
    `relations` and `routes` (lines of public transport) have `members`, a list of (type, id, role).
    """

    nodes: pd.DataFrame
    lines: pd.DataFrame
    areas: pd.DataFrame
    relations: pd.DataFrame
    routes: pd.DataFrame
    bounds: tuple[float, float, float, float] | None  # west, south, east, north as the file says
    date: str  # ISO date of the newest object
    findings: tuple[Finding, ...]
