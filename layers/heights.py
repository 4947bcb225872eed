"""Heights onto the tables of a city: junctions, gradients, ground and height of buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import spsolve

from twin.assumptions import assumed
from twin.provenance import Finding, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from layers.source_data import Surface

    Tables = Mapping[str, pd.DataFrame]
    Floats = NDArray[np.float64]

FROM_TERRAIN, FROM_SURFACE, FROM_ENDS = "measured:terrain", "measured:surface", "estimated:ends"
LATTICE = 6  # points along each edge of the rectangle around a footprint
AT_ONCE = 50_000  # buildings whose points are in memory together
ENOUGH = 0.5  # share of the points on a roof that must be known
OUTBUILDINGS = ("garage", "shed")


def add_heights(
    tables: Tables, surfaces: Mapping[str, Surface], *, crs: str
) -> tuple[dict[str, pd.DataFrame], tuple[Finding, ...]]:
    """
    Return the tables with what terrain and surface say where no better source has spoken.

    Fills `nodes.elevation_m`, `streets.gradient_percent`, `buildings.ground_m` where missing, and
    `buildings.height_m` where missing or estimated. Tables and surfaces are not changed.

    Parameters
    ----------
    tables
        Standard tables in `crs`; those of streets and buildings may be absent.
    surfaces
        `terrain`, `surface`, `above_ground`, as far as there are any.
    """
    done = dict(tables)
    findings: list[Finding] = []
    terrain = surfaces.get("terrain")
    if terrain is not None and {"nodes", "streets"} <= set(done) and len(done["nodes"]):
        nodes, streets = done["nodes"], done["streets"]
        done["nodes"] = add_elevations(nodes, streets, terrain, crs=crs)
        done["streets"], steep = add_gradients(streets, done["nodes"])
        findings += [*_unknown_nodes(done["nodes"]), *steep]
    if "buildings" in done and len(done["buildings"]):
        if terrain is not None:
            done["buildings"] = add_ground(done["buildings"], terrain, crs=crs)
            findings += _without_ground(done["buildings"])
        done["buildings"], odd = add_building_heights(done["buildings"], surfaces, crs=crs)
        findings += odd
    return done, tuple(findings)


def add_elevations(
    nodes: pd.DataFrame, streets: pd.DataFrame, terrain: Surface, *, crs: str
) -> pd.DataFrame:
    """
    Return junctions with their elevation [m], where they have none.

    The mean of the terrain around the junction (`smooth_heights`). A junction on a bridge or in
    a tunnel does not lie on the ground: it gets the height between the ends of the structure, in
    proportion to the way (`estimated:ends`).
    """
    open_ = nodes["elevation_m"].isna().to_numpy()
    at = shapely.get_coordinates(nodes.geometry.array)
    heights = nodes["elevation_m"].to_numpy("float64", copy=True)
    heights[open_] = smooth_heights(at[open_, 0], at[open_, 1], terrain, crs=crs)
    lifted, between = _between_ends(nodes.index, heights, streets)
    new = lifted & open_
    heights[new] = between[new]
    labels = np.where(new, FROM_ENDS, FROM_TERRAIN).astype(object)
    return _filled(nodes, "elevation_m", "elevation_source", heights, labels, open_)


def smooth_heights(x: Floats, y: Floats, terrain: Surface, *, crs: str) -> Floats:
    """
    Return the mean terrain [m] around points: over 3 x 3 cells, at least over the street's width.

    Heights of a coarse raster jump by metres from cell to cell. A gradient from two raw values
    5 m apart would measure that noise; Horn's slope, the usual one, therefore looks at 3 x 3
    cells. Here the mean over a disc of 1.5 cells takes its part: it is one smooth surface, so
    that gradients along any closed way still sum to zero, there and back have opposite signs, and
    a plane comes out exactly (the points of the disc lie in pairs opposite to each other; where
    one of a pair is unknown, neither counts).

    Source: B. K. P. Horn (1981), Hill shading and the reflectance map, Proc. IEEE 69 (1).
    """
    reach = max(
        assumed("street_height_reach_cells") * terrain.cell_m, assumed("street_height_reach")
    )
    angle = np.concatenate([np.arange(3) * np.pi / 3, np.arange(6) * np.pi / 6])
    radius = np.repeat([reach / 2, reach], [3, 6])
    dx, dy = radius * np.cos(angle), radius * np.sin(angle)
    dx, dy = np.concatenate([[0], dx, -dx]), np.concatenate([[0], dy, -dy])
    z = terrain.sample(x[:, None] + dx, y[:, None] + dy, crs=crs)
    pairs = len(angle)
    both = (z[:, 1 : 1 + pairs] + z[:, 1 + pairs :]) / 2
    known = ~np.isnan(both)
    total = z[:, 0] + 2 * np.where(known, both, 0).sum(axis=1)
    mean: Floats = total / (1 + 2 * known.sum(axis=1))
    return mean


def _between_ends(
    keys: pd.Index, heights: Floats, streets: pd.DataFrame
) -> tuple[NDArray[np.bool_], Floats]:
    """
    Return which nodes touch bridges and tunnels only, and their height between the ends.

    Heights are such that every one is the mean of its neighbours, weighted by 1 / length: on a
    single bridge a straight line, and the same on bridges that fork.
    """
    off_ground = (streets["is_bridge"] | streets["is_tunnel"]).to_numpy()
    start, end = _rows(keys, streets["from_node"]), _rows(keys, streets["to_node"])
    grounded = np.zeros(len(keys), dtype=bool)
    grounded[start[~off_ground]] = grounded[end[~off_ground]] = True
    lifted = np.zeros(len(keys), dtype=bool)
    lifted[start[off_ground]] = lifted[end[off_ground]] = True
    lifted &= ~grounded
    length = streets["length_m"].to_numpy("float64")
    edges = off_ground & (start != end) & ~np.isnan(heights[start] + heights[end])
    edges &= lifted[start] | lifted[end]
    if not edges.any():
        return lifted & False, heights
    links = pd.DataFrame(
        {
            "a": np.minimum(start, end)[edges],
            "b": np.maximum(start, end)[edges],
            "length": np.round(np.maximum(length[edges], 0.1), 3),
        }
    ).drop_duplicates()  # there and back are one way
    return _solve(links, heights, lifted)


def _solve(
    links: pd.DataFrame, heights: Floats, lifted: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Floats]:
    """Return the nodes that hang between grounded ones, and the heights with theirs solved."""
    a, b = links["a"].to_numpy(), links["b"].to_numpy()
    weight = 1 / links["length"].to_numpy()
    size = (len(heights), len(heights))
    _, part = connected_components(coo_array((weight, (a, b)), shape=size), directed=False)
    ends = np.concatenate([a, b])
    anchored = np.unique(part[ends[~lifted[ends]]])
    free = np.unique(ends[lifted[ends] & np.isin(part[ends], anchored)])
    hangs = np.zeros(len(heights), dtype=bool)
    hangs[free] = True
    if not len(free):
        return hangs, heights
    both = np.concatenate([np.column_stack([a, b]), np.column_stack([b, a])])
    weight = np.concatenate([weight, weight])
    both, weight = both[hangs[both[:, 0]]], weight[hangs[both[:, 0]]]
    row = np.searchsorted(free, both[:, 0])
    inner = hangs[both[:, 1]]
    column = np.searchsorted(free, both[inner, 1])
    n = len(free)
    diagonal = np.bincount(row, weight, minlength=n)
    fixed = np.bincount(row[~inner], (weight * heights[both[:, 1]])[~inner], minlength=n)
    at = np.concatenate([np.arange(n), row[inner]]), np.concatenate([np.arange(n), column])
    matrix = coo_array((np.concatenate([diagonal, -weight[inner]]), at), shape=(n, n)).tocsc()
    solved = heights.copy()
    solved[free] = np.atleast_1d(spsolve(matrix, fixed))
    return hangs, solved


def add_gradients(streets: pd.DataFrame, nodes: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return links with the rise from start to end in per cent of their length, where they have none.

    On bridges and in tunnels that is the line between their ends (`estimated:ends`). What is
    steeper than any street is a fault of terrain or network: left out and counted, except on
    steps.
    """
    open_ = streets["gradient_percent"].isna().to_numpy()
    heights = nodes["elevation_m"].to_numpy("float64")
    start = _rows(nodes.index, streets["from_node"])
    end = _rows(nodes.index, streets["to_node"])
    length = streets["length_m"].to_numpy("float64")
    rise = np.where((start >= 0) & (end >= 0), heights[end] - heights[start], np.nan)
    gradient = 100 * rise / np.where(length > 0, length, np.nan)
    steps = (streets["class"].astype("str") == "steps").to_numpy()
    limit = np.where(steps, 100.0, assumed("street_gradient_limit"))
    steep = open_ & (abs(gradient) > limit)
    gradient[steep] = np.nan
    off_ground = (streets["is_bridge"] | streets["is_tunnel"]).to_numpy()
    labels = np.where(off_ground, FROM_ENDS, FROM_TERRAIN).astype(object)
    filled = _filled(streets, "gradient_percent", "gradient_source", gradient, labels, open_)
    if not steep.any():
        return filled, []
    message = "{count} of {total} links would be steeper than any street; their gradient is open."
    examples = tuple(streets.index[steep][:5])
    finding = Finding(
        "gradient_too_steep", "streets", int(steep.sum()), message, "warning", examples,
        total=len(streets), column="gradient_percent",
    )  # fmt: skip
    return filled, [finding]


def _unknown_nodes(nodes: pd.DataFrame) -> list[Finding]:
    missing = nodes.index[nodes["elevation_m"].isna()]
    if not len(missing):
        return []
    message = "{count} of {total} junctions lie where the terrain model knows no height."
    return [
        Finding("no_terrain", "nodes", len(missing), message, "warning", tuple(missing[:5]),
                total=len(nodes), column="elevation_m")
    ]  # fmt: skip


def _without_ground(buildings: pd.DataFrame) -> list[Finding]:
    missing = buildings.index[buildings["ground_m"].isna()]
    if not len(missing):
        return []
    message = "{count} of {total} buildings lie where the terrain model knows no height."
    return [
        Finding("no_terrain", "buildings", len(missing), message, "warning", tuple(missing[:5]),
                total=len(buildings), column="ground_m")
    ]  # fmt: skip


def add_ground(buildings: pd.DataFrame, terrain: Surface, *, crs: str) -> pd.DataFrame:
    """
    Return buildings with the lowest terrain at the corners of their footprint [m], where missing.

    The lowest, not the mean: the official LoD2 models set a building on the lowest ground it
    touches, and its height counts from there.
    """
    open_ = buildings["ground_m"].isna().to_numpy()
    shapes = buildings.geometry.array[open_]
    at, row = shapely.get_coordinates(shapes, return_index=True)
    lowest = np.full(len(shapes), np.inf)
    np.fmin.at(lowest, row, terrain.sample(at[:, 0], at[:, 1], crs=crs))
    ground = buildings["ground_m"].to_numpy("float64", copy=True)
    ground[open_] = np.where(np.isinf(lowest), np.nan, np.round(lowest, 2))
    return _filled(buildings, "ground_m", "ground_source", ground, FROM_TERRAIN, open_)


def add_building_heights(
    buildings: pd.DataFrame, surfaces: Mapping[str, Surface], *, crs: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Return buildings with the height [m] that a surface model shows, where none or a guess stands.

    Up to 36 points spread over the footprint, 1 m inside its walls; of their heights the one that
    80 % lie below (`surface_height_share`). Minus the ground of the building, or straight from
    heights above ground where there is no surface with terrain. Heights that no building has
    (below 1.8 m, a garage of 12 m) are left out and counted.
    """
    labels = buildings["height_source"].astype(object)
    weak = labels.map(lambda label: kind_of(str(label)) in ("estimated", "unknown"))
    open_ = (buildings["height_m"].isna() | weak.astype(bool)).to_numpy()
    heights = np.full(len(buildings), np.nan)
    if open_.any() and {"surface", "above_ground"} & set(surfaces):
        at = np.flatnonzero(open_)
        for part in np.array_split(at, -(-len(at) // AT_ONCE)):
            heights[part] = _measured(buildings.iloc[part], surfaces, crs=crs)
    low = buildings["min_height_m"].fillna(0).to_numpy() + assumed("surface_height_low")
    outbuilding = buildings["use"].astype("str").isin(OUTBUILDINGS).to_numpy()
    high = np.where(outbuilding, assumed("outbuilding_height_limit"), 500.0)
    odd = (heights < low) | (heights > high)
    heights[odd] = np.nan
    found = ~np.isnan(heights)
    done = _filled(buildings, "height_m", "height_source", heights, FROM_SURFACE, found)
    return done, _height_findings(buildings, found, odd)


def _height_findings(
    buildings: pd.DataFrame, found: NDArray[np.bool_], odd: NDArray[np.bool_]
) -> list[Finding]:
    findings = []
    if found.any():
        message = "{count} of {total} buildings take their height from the surface model."
        count = int(found.sum())
        findings.append(
            Finding("height_from_surface", "buildings", count, message, "info",
                    total=len(buildings), column="height_m")
        )  # fmt: skip
    if odd.any():
        message = "{count} buildings show no plausible height in the surface model (new, gone, or under trees)."  # noqa: E501 - one sentence of the catalogue
        examples = tuple(buildings.index[odd][:5])
        findings.append(
            Finding("surface_height_implausible", "buildings", int(odd.sum()), message, "info",
                    examples, total=len(buildings), column="height_m")
        )  # fmt: skip
    return findings


def _measured(buildings: pd.DataFrame, surfaces: Mapping[str, Surface], *, crs: str) -> Floats:
    """Return the height of each building above its ground; NaN where nothing is known."""
    x, y, row = points_on_roofs(buildings.geometry.array)
    share, count = assumed("surface_height_share"), len(buildings)
    heights = np.full(count, np.nan)
    if "surface" in surfaces:
        top = surfaces["surface"].sample(x, y, crs=crs)
        heights = grouped_quantile(top, row, count, share) - buildings["ground_m"].to_numpy()
    if "above_ground" in surfaces and np.isnan(heights).any():
        rest = np.isnan(heights)[row]
        above = surfaces["above_ground"].sample(x[rest], y[rest], crs=crs)
        found = grouped_quantile(above, row[rest], count, share)
        heights = np.where(np.isnan(heights), found, heights)
    rounded: Floats = np.round(heights, 2)
    return rounded


def points_on_roofs(shapes: Any) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """
    Return x, y and row of points spread evenly over footprints, away from their walls.

    A lattice of 6 x 6 in the smallest rectangle around the footprint, those inside of it; at
    least one point a footprint, which lies in it wherever it is too narrow for the lattice.
    """
    shapes = np.asarray(shapes, dtype=object)
    inner = shapely.buffer(shapes, -assumed("surface_edge"), join_style="mitre")
    inner = np.where(shapely.is_empty(inner), shapes, inner)
    shapely.prepare(inner)
    corner, u, v = _rectangles(inner)
    at = (np.arange(LATTICE) + 0.5) / LATTICE
    s, t = (part.ravel() for part in np.meshgrid(at, at))
    x = corner[:, 0, None] + u[:, 0, None] * s + v[:, 0, None] * t
    y = corner[:, 1, None] + u[:, 1, None] * s + v[:, 1, None] * t
    inside = shapely.contains_xy(inner[:, None], x, y)
    middle = shapely.get_coordinates(shapely.point_on_surface(inner))
    bare = ~inside.any(axis=1)
    inside[bare, 0] = True
    x[bare, 0], y[bare, 0] = middle[bare, 0], middle[bare, 1]
    return x[inside], y[inside], np.nonzero(inside)[0]


def _rectangles(shapes: NDArray[np.object_]) -> tuple[Floats, Floats, Floats]:
    """Return a corner and two edges of the smallest rectangle around each shape."""
    around = shapely.oriented_envelope(shapes)
    around = np.where(shapely.get_type_id(around) == 3, around, shapely.envelope(shapes))
    corners = shapely.get_coordinates(around).reshape(len(shapes), 5, 2)
    corner: Floats = corners[:, 0]
    return corner, corners[:, 1] - corner, corners[:, 3] - corner


def grouped_quantile(values: Floats, row: NDArray[np.int64], count: int, share: float) -> Floats:
    """
    Return for each of `count` rows the value that `share` of its values lie below.

    Linear between neighbours, as `numpy.quantile`; NaN where fewer than half are known.

    >>> grouped_quantile(np.array([1., 3, 2, 7]), np.array([0, 0, 0, 1]), 3, 0.75)
    array([2.5, 7. , nan])
    """
    known = ~np.isnan(values)
    total = np.bincount(row, minlength=count)
    size = np.bincount(row[known], minlength=count)
    order = np.lexsort((values[known], row[known]))
    ranked = values[known][order]
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    enough = (size > 0) & (size >= ENOUGH * total)
    place = share * (size[enough] - 1)
    below = np.floor(place).astype(int)
    above = np.ceil(place).astype(int)
    start = first[enough]
    quantile = np.full(count, np.nan)
    low, high = ranked[start + below], ranked[start + above]
    quantile[enough] = low + (high - low) * (place - below)
    return quantile


def _filled(
    table: pd.DataFrame,
    column: str,
    source: str,
    values: Floats,
    labels: Any,
    where: NDArray[np.bool_],
) -> pd.DataFrame:
    """Return the table with `values` and their labels put `where` there is a value."""
    new = where & ~np.isnan(values)
    old = table[source].astype(object).to_numpy(copy=True)
    old[new] = labels if isinstance(labels, str) else labels[new]
    numbers = np.where(new, values, table[column].to_numpy("float64"))
    filled: dict[str, Any] = {column: numbers, source: pd.array(old, dtype="str")}
    return table.assign(**filled)


def _rows(keys: pd.Index, wanted: pd.Series[Any]) -> NDArray[np.int64]:
    """Return the row of each wanted key, -1 where there is none."""
    rows: NDArray[np.int64] = keys.get_indexer(pd.Index(wanted)).astype("int64")
    return rows
