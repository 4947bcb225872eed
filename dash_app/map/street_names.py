"""Where street names stand: flat on the ground, along straight runs long enough for the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dash_app.map.style import MAIN_ROADS, STREETS

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dash_app.map.frame import Frame

MAIN_SIZE, SIZE = 10.5, 8.5  # letter height in metres
EM = 0.56  # mean width of a letter of Figtree, in letter heights
BEND = 1.5  # metres a run may leave the straight line
APART = 420.0  # metres between two places of one name


def straight_names(streets: gpd.GeoDataFrame, frame: Frame) -> list[list[Any]]:
    """
    Return `[text, x, y, angle, size, main]` of every place a street name can stand.

    Links of one name are joined first, so that a run goes on across junctions. Angle in degrees
    anticlockwise from east, between -90 and 90; the browser turns it when the camera looks from
    the other side. At most one place each 420 metres of a name, longest run first.
    """
    named = streets[streets["name"].notna() & (streets["name"].astype(str) != "")]
    paint = named["class"].astype(str).map(STREETS)
    named = named[~paint.isin(["foot", "track", "service"]) & ~named["is_tunnel"]]
    if not len(named):
        return []
    runs, name = _straight_runs(named)
    text = np.sort(named["name"].astype(str).unique())[name]
    main = _main_names(named)[name]
    ends = frame.from_city(runs.reshape(-1, 2)).reshape(-1, 2, 2)
    size = np.where(main, MAIN_SIZE, SIZE)
    step = ends[:, 1] - ends[:, 0]
    length = np.hypot(step[:, 0], step[:, 1])
    fits = length >= np.char.str_len(text.astype(str)) * size * EM
    order = np.lexsort((-length, name))
    order = order[fits[order]]
    middle = ends.mean(axis=1)
    kept = order[_far_apart(middle[order], name[order])]
    angle = np.degrees(np.arctan2(step[:, 1], step[:, 0]))
    angle = (angle + 90) % 180 - 90
    return [
        [str(text[i]), *np.round(middle[i], 1).tolist(), round(float(angle[i]), 1),
         float(size[i]), int(main[i])]
        for i in kept
    ]  # fmt: skip


def _straight_runs(named: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return runs (n, 2 ends, 2) in the city's CRS, and the place of each run's name."""
    _, code = np.unique(named["name"].astype(str), return_inverse=True)
    order = np.argsort(code, kind="stable")
    lines = shapely.force_2d(np.asarray(named.geometry.array)[order])
    joined = shapely.line_merge(shapely.multilinestrings(lines, indices=code[order]))
    parts, owner = shapely.get_parts(joined, return_index=True)
    xy, part = shapely.get_coordinates(shapely.simplify(parts, BEND), return_index=True)
    inside = part[1:] == part[:-1]
    runs = np.stack([xy[:-1], xy[1:]], axis=1)[inside]
    return runs, owner[part[:-1][inside]]


def _main_names(named: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    main = named["class"].astype(str).map(STREETS).isin(MAIN_ROADS)
    by_name = main.groupby(named["name"].astype(str)).any().sort_index()
    return np.asarray(by_name, dtype=bool)


def _far_apart(middle: NDArray[np.float64], name: NDArray[np.int64]) -> list[int]:
    """Return positions of places that keep their distance from earlier ones of the same name."""
    kept: list[int] = []
    by_name: dict[int, list[int]] = {}
    for i, key in enumerate(name.tolist()):
        others = by_name.setdefault(key, [])
        gap = middle[others] - middle[i]
        if not others or float(np.hypot(gap[:, 0], gap[:, 1]).min()) > APART:
            kept.append(i)
            others.append(i)
    return kept
