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
CELL = 6.0  # metres; a letter and its air


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
    size = np.where(main, MAIN_SIZE, SIZE).astype(np.float64)
    step = ends[:, 1] - ends[:, 0]
    length = np.hypot(step[:, 0], step[:, 1])
    room = np.asarray(np.char.str_len(text.astype(str)) * size * EM, np.float64)
    fits = length >= room
    order = np.lexsort((-length, name, ~main))
    order = order[fits[order]]
    middle = _free_places(ends[order], room[order], name[order])
    kept = ~np.isnan(middle[:, 0])
    angle = np.degrees(np.arctan2(step[:, 1], step[:, 0]))
    angle = (angle + 90) % 180 - 90
    return [
        [str(text[i]), *np.round(at, 1).tolist(), round(float(angle[i]), 1),
         float(size[i]), int(main[i])]
        for i, at in zip(order[kept], middle[kept], strict=True)
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


def _free_places(
    ends: NDArray[np.float64], room: NDArray[np.float64], name: NDArray[np.int64]
) -> NDArray[np.float64]:
    """
    Return the middle of each text (n, 2), NaN where there is no room for it.

    Texts are placed in order: in the middle of their run or else to either side, never over a
    text placed before, and far from earlier places of the same name.
    """
    taken: set[tuple[int, int]] = set()
    by_name: dict[int, list[NDArray[np.float64]]] = {}
    places = np.full((len(ends), 2), np.nan)
    for i, ((start, end), length, key) in enumerate(zip(ends, room, name.tolist(), strict=True)):
        run = end - start
        spare = max(1 - length / float(np.hypot(*run)), 0.0) / 2
        for shift in (0.0, spare * 0.6, -spare * 0.6, spare, -spare):
            middle = start + run * (0.5 + shift)
            cells = _cells(middle, run * (length / float(np.hypot(*run))))
            others = by_name.setdefault(key, [])
            close = any(float(np.hypot(*(other - middle))) < APART for other in others)
            if not close and taken.isdisjoint(cells):
                taken.update(cells)
                others.append(middle)
                places[i] = middle
                break
    return places


def _cells(middle: NDArray[np.float64], text: NDArray[np.float64]) -> set[tuple[int, int]]:
    """Return the squares a text along the vector `text` lies on, half a letter of air included."""
    along = np.linspace(-0.54, 0.54, max(int(np.hypot(*text) / CELL * 2), 2))
    cells = np.floor((middle + along[:, None] * text) / CELL).astype(int)
    return {(x + dx, y + dy) for x, y in cells.tolist() for dx in (0, 1) for dy in (0, 1)}
