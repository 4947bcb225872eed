"""Segments of roads that somebody else has drawn, and the streets of the town they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from twin.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

REACH_M = 25.0
"""How far a segment may be drawn from the middle of its street."""
TURN_DEG = 30.0
"""How much their directions may differ at one place."""
PIECE_M = 10.0
LEAST_M = 20.0  # less than this together is a crossing, not a way in common
LEAST_PART = 0.5  # of a street that is shorter

COLUMNS = ("line", "street", "overlap_m", "line_part", "street_part", "distance_m", "turn_deg",
           "is_along")  # fmt: skip


def match_segments(
    lines: Mapping[str, str] | gpd.GeoSeries,
    streets: gpd.GeoDataFrame,
    *,
    reach_m: float = REACH_M,
    directed: bool = False,
    skip_wrong: bool = False,
) -> pd.DataFrame:
    """
    Return which streets run along each segment.

    The segment is cut into pieces of 10 m; each looks for the nearest street that runs in its
    direction within reach. What has too little in common (20 m, or half of a short street) is a
    crossing and left out. Streets for cars only, where the table says which.

    Parameters
    ----------
    lines
        WKT in degrees (WGS 84) by segment, or geometries with their CRS.
    streets
        The streets of the town, directed; `reverse_id` names the same way back.
    directed
        Whether the order of the points is the direction of travel. Many are drawn the other way
        round; if False both directions of a street are found, and `is_along` tells them apart.
    skip_wrong
        Leave out segments that are no lines instead of raising.

    Returns
    -------
    pandas.DataFrame
        A row a pair: `line`, `street`, `overlap_m` (of the segment), `line_part`, `street_part`
        (shares of their lengths), `distance_m` and `turn_deg` (means), `is_along`; the longest
        first.

    Raises
    ------
    ModelError
        A segment is no line.
    """
    shapes = _lines(lines, streets, skip_wrong=skip_wrong)
    roads = streets[streets["allow_car"].to_numpy(bool)] if "allow_car" in streets else streets
    if not len(shapes) or not len(roads):
        return pd.DataFrame(columns=list(COLUMNS))
    owner, point, bearing, length = _pieces(_within(shapes, roads, reach_m))
    if not len(owner):
        return pd.DataFrame(columns=list(COLUMNS))
    pairs = _near(point, bearing, roads.geometry.to_numpy(), reach_m)
    pairs = pairs[
        pairs["turn_deg"].le(TURN_DEG) | (not directed and pairs["back_deg"].le(TURN_DEG))
    ]
    chosen = _nearest(pairs)
    chosen = chosen.assign(line=owner[chosen["piece"]], length=length[chosen["piece"]])
    return _summed(chosen, shapes, roads)


def _lines(
    lines: Mapping[str, str] | gpd.GeoSeries, streets: gpd.GeoDataFrame, *, skip_wrong: bool
) -> pd.Series:
    """Return the segments in the CRS of the town, their parts joined where they follow."""
    import geopandas  # noqa: PLC0415 - mapping of WKT only

    if not isinstance(lines, pd.Series):
        with np.errstate(invalid="ignore"):  # "nan" in a text
            read = shapely.from_wkt(list(lines.values()), on_invalid="ignore")
        lines = geopandas.GeoSeries(read, index=list(lines), crs=4326)
    shapes = lines.to_crs(streets.crs).to_numpy()
    is_line = np.isin(shapely.get_type_id(shapes), (1, 5))
    corners, owner = shapely.get_coordinates(shapes, return_index=True)
    lost = np.bincount(owner, ~np.isfinite(corners).all(axis=1), minlength=len(shapes)) > 0
    right = is_line & ~shapely.is_empty(shapes) & ~lost
    if not right.all() and not skip_wrong:
        template = "Segments that are no lines: {count}, e.g. {example}."
        hint = "Give LINESTRING or MULTILINESTRING in degrees."
        example = str(lines.index[~right][0])
        raise ModelError(template, hint=hint, count=int((~right).sum()), example=example)
    return pd.Series(shapely.line_merge(shapes[right], directed=True), lines.index[right])


def _within(shapes: pd.Series, roads: gpd.GeoDataFrame, reach_m: float) -> pd.Series:
    """Return the segments without what lies outside of the town: a line may cross a continent."""
    west, south, east, north = roads.total_bounds
    box = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    bounds = shapely.bounds(shapes.to_numpy())
    out = (bounds[:, :2] < box[:2]).any(axis=1) | (bounds[:, 2:] > box[2:]).any(axis=1)
    cut = shapes.to_numpy().copy()
    cut[out] = shapely.clip_by_rect(cut[out], *box)
    return pd.Series(cut, shapes.index)


def _pieces(shapes: pd.Series) -> tuple[Ints, NDArray[np.object_], Floats, Floats]:
    """Return pieces of about 10 m: segment, middle, bearing [degrees], length [m]."""
    parts, owner = shapely.get_parts(shapes.to_numpy(), return_index=True)
    lengths = shapely.length(parts)
    count = np.maximum(np.ceil(lengths / PIECE_M), 1).astype(int)
    part = np.repeat(np.arange(len(parts)), count)
    number = np.arange(len(part)) - np.repeat(np.cumsum(count) - count, count)
    length = (lengths / count)[part]
    begin, end = (
        shapely.line_interpolate_point(parts[part], (number + where) * length) for where in (0, 1)
    )
    middle = shapely.line_interpolate_point(parts[part], (number + 0.5) * length)
    return owner[part], middle, _bearing(begin, end), length


def _bearing(begin: NDArray[np.object_], end: NDArray[np.object_]) -> Floats:
    way = shapely.get_coordinates(end) - shapely.get_coordinates(begin)
    bearing: Floats = np.degrees(np.arctan2(way[:, 0], way[:, 1]))
    return bearing


def _near(
    point: NDArray[np.object_], bearing: Floats, roads: NDArray[np.object_], reach_m: float
) -> pd.DataFrame:
    """Return pairs of pieces and roads within reach, and how their directions differ there."""
    tree = shapely.STRtree(roads)
    piece, road = tree.query(point, predicate="dwithin", distance=reach_m)
    here = roads[road]
    at = shapely.line_locate_point(here, point[piece])
    half = np.minimum(PIECE_M / 2, shapely.length(here) / 2)
    middle = np.clip(at, half, shapely.length(here) - half)
    begin, end = (
        shapely.line_interpolate_point(here, middle + side * half) for side in (-1.0, 1.0)
    )
    turn = np.abs((_bearing(begin, end) - bearing[piece] + 180.0) % 360.0 - 180.0)
    return pd.DataFrame(
        {
            "piece": piece,
            "road": road,
            "distance_m": shapely.distance(here, point[piece]),
            "turn_deg": turn,
            "back_deg": 180.0 - turn,
        }
    )


def _nearest(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return of each piece and direction the nearest road."""
    told = pairs.assign(is_along=pairs["turn_deg"] <= 90.0)
    told["turn_deg"] = np.minimum(told["turn_deg"], told["back_deg"])
    order = told.sort_values(["distance_m", "turn_deg", "road"], kind="stable")
    # the way back has the same line: it is as near; a carriageway of its own is not
    least = order.groupby("piece")["distance_m"].transform("min")
    order = order[order["distance_m"] <= least + 0.5]
    found: pd.DataFrame = order.drop_duplicates(["piece", "is_along"])
    return found


def _summed(chosen: pd.DataFrame, shapes: pd.Series, roads: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return pairs of segments and streets with what they have in common."""
    weighed = chosen.assign(
        distance_m=chosen["distance_m"] * chosen["length"],
        turn_deg=chosen["turn_deg"] * chosen["length"],
        along=chosen["is_along"] * chosen["length"],
    )
    found = weighed.groupby(["line", "road"], as_index=False)[
        ["length", "distance_m", "turn_deg", "along"]
    ].sum()
    overlap = found["length"].to_numpy(float)
    line, road = found["line"].to_numpy(int), found["road"].to_numpy(int)
    of_line = shapely.length(shapes.to_numpy())[line]
    of_street = shapely.length(roads.geometry.to_numpy())[road]
    table = pd.DataFrame(
        {
            "line": shapes.index.to_numpy()[line],
            "street": roads.index.to_numpy()[road],
            "overlap_m": overlap,
            "line_part": overlap / of_line,
            "street_part": np.minimum(overlap / of_street, 1.0),
            "distance_m": found["distance_m"].to_numpy(float) / overlap,
            "turn_deg": found["turn_deg"].to_numpy(float) / overlap,
            "is_along": found["along"].to_numpy(float) > overlap / 2.0,
        }
    )
    kept = table[(overlap >= LEAST_M) | (overlap >= LEAST_PART * of_street)]
    order = kept.sort_values(["line", "overlap_m", "street"], ascending=[True, False, True])
    sorted_table: pd.DataFrame = order.reset_index(drop=True)
    return sorted_table


def of_segments(matches: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """
    Return values of streets on segments, weighed by the length they have in common.

    Parameters
    ----------
    matches
        From `match_segments`; rows of the direction that is wanted.
    values
        By street, e.g. flows by hour; streets without values do not take part.

    Returns
    -------
    pandas.DataFrame
        Index line, columns of `values`.
    """
    here = matches[matches["street"].isin(values.dropna(how="all").index)]
    weight = here["overlap_m"].to_numpy(float)
    taken = values.reindex(here["street"]).to_numpy(float) * weight[:, None]
    lines = pd.Index(here["line"], name="line")
    sums = pd.DataFrame(taken, lines, values.columns).groupby(level=0).sum()
    total = pd.Series(weight, lines).groupby(level=0).sum()
    found: pd.DataFrame = sums.div(total, axis=0)
    return found
