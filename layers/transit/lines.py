"""Lines: what runs on them, whose they are, where they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.transit.notes import noted

if TYPE_CHECKING:
    from twin.provenance import Finding

ROUTE_COLUMNS = (
    "route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color",
)  # fmt: skip
BASIC = {
    0: "tram", 1: "subway", 2: "rail", 3: "bus", 4: "ferry", 5: "tram", 6: "other", 7: "other",
    11: "bus", 12: "light_rail",
}  # fmt: skip
EXTENDED = {
    1: "rail", 2: "bus", 3: "rail", 4: "light_rail", 5: "subway", 6: "subway", 7: "bus", 8: "bus",
    9: "tram", 10: "ferry", 12: "ferry", 15: "taxi",
}  # fmt: skip
UNDERGROUND = (401, 402)  # among the urban railways of 400
"""route_type of GTFS (0 to 12) and its extension by hundreds, after the Hierarchical Vehicle Type
codes of TPEG; aerial lifts, funiculars, aircraft and the rest are "other"."""
COVERED_M = 5.0
"""A variant that runs no further than this beside a longer one adds nothing to the course."""
Array = np.ndarray[Any, Any]


def class_of(route_type: pd.Series[Any]) -> pd.Series[Any]:
    """
    Return the class of vehicles for `route_type`, missing where it is no known number.

    >>> import pandas as pd
    >>> class_of(pd.Series(["0", "2", "109", "402", "700", "x"])).tolist()
    ['tram', 'rail', 'rail', 'subway', 'bus', nan]
    """
    number = pd.to_numeric(route_type, errors="coerce")
    known = number.map(BASIC).fillna((number // 100).where(number >= 100).map(EXTENDED))
    known = known.mask(number.isin(UNDERGROUND), "subway")
    other = number.isin([6, 7]) | number.between(1100, 1199) | number.between(1300, 1799)
    return known.fillna(pd.Series("other", index=number.index).where(other)).astype("str")


def clean_routes(raw: pd.DataFrame, agencies: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return routes, each once, with `class` and `operator`."""
    named = raw["route_id"].notna()
    again = raw["route_id"].duplicated() & named
    message = "{count} lines stand twice; the first counts."
    found = noted("line_twice", "lines", raw["route_id"][again], message)
    out = raw[named & ~again].reset_index(drop=True)
    kind = class_of(out["route_type"])
    odd = out["route_type"].fillna("") + " (" + out["route_id"] + ")"
    message = "{count} of {total} lines have an unknown type of vehicle."
    found += noted("line_type", "lines", odd[kind.isna()], message, total=len(out))
    operators = agencies.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
    operator = out["agency_id"].map(operators)
    if len(agencies) == 1:
        operator = operator.fillna(agencies["agency_name"].iloc[0])
    return out.assign(**{"class": kind.fillna("other")}, operator=operator), found


def line_rows(routes: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the lines that the table of routes knows."""
    colour = routes["route_color"].str.lower().str.removeprefix("#")
    good = colour.str.fullmatch(r"[0-9a-f]{6}").fillna(value=False).astype(bool)
    short, long = routes["route_short_name"], routes["route_long_name"]
    return pd.DataFrame(
        {
            "name": short.fillna(long),
            "long_name": long.where(short.notna()),
            "class": routes["class"],
            "operator": routes["operator"],
            "colour": ("#" + colour).where(good),
        },
        index=routes.index,
    )


def courses(trips: pd.DataFrame, times: pd.DataFrame, xy: Array, shapes: pd.Series[Any]) -> Any:
    """
    Return the course of each route: every way its trips take, short variants left out.

    Parameters
    ----------
    trips
        Rows with `route` (number) and `shape_id`.
    times
        Stop times in order, with `trip` (place in `trips`) and `stop` (row of `xy`).
    xy
        Stops in metres, of shape (n, 2).
    shapes
        Lines in metres by shape_id.

    Returns
    -------
    GeoDataFrame by route with geometry and `course_source`. A route whose stops all lie at one
    place has no course and is missing.
    """
    drawn = trips["shape_id"].isin(shapes.index).to_numpy()
    ways = trips.loc[drawn, ["route", "shape_id"]].drop_duplicates()
    by_shape = pd.DataFrame(
        {
            "route": ways["route"].to_numpy(),
            "geometry": shapes.reindex(ways["shape_id"]).to_numpy(dtype=object),
            "source": "tagged:shapes",
        }
    )
    through = _through_stops(trips["route"].to_numpy(), ~drawn, times, xy)
    both = pd.concat([by_shape, through], ignore_index=True)
    both["length"] = shapely.length(both["geometry"].to_numpy(dtype=object))
    both["text"] = shapely.to_wkb(shapely.normalize(both["geometry"].to_numpy(dtype=object)))
    both = both.sort_values(["route", "length", "text"], ascending=[True, False, True])
    both = both.drop_duplicates(["route", "text"])
    groups = {route: _joined(group) for route, group in both.groupby("route")}
    source = both.groupby("route")["source"].min()  # "estimated…" stands before "tagged…"
    return gpd.GeoDataFrame(
        {"course_source": source}, geometry=list(groups.values()), index=list(groups)
    )


def _joined(group: pd.DataFrame) -> Any:
    """Return the longest way of a line with all others that leave it."""
    ways = group["geometry"].to_numpy(dtype=object)
    kept, covered = [ways[0]], shapely.buffer(ways[0], COVERED_M, quad_segs=2)
    for way in ways[1:]:
        if not shapely.covers(covered, way):
            kept.append(way)
            covered = shapely.union(covered, shapely.buffer(way, COVERED_M, quad_segs=2))
    return kept[0] if len(kept) == 1 else shapely.multilinestrings([kept])[0]


def _through_stops(route: Array, wanted: Array, times: pd.DataFrame, xy: Array) -> pd.DataFrame:
    """Return a line through the stops for every order of stops among the wanted trips."""
    mine = times[wanted[times["trip"].to_numpy()]]
    if mine.empty:
        return pd.DataFrame({"route": [], "geometry": [], "source": []})
    trip, stop = mine["trip"].to_numpy(), mine["stop"].to_numpy()
    first = np.flatnonzero(np.append(True, trip[1:] != trip[:-1]))
    count = np.diff(np.append(first, len(trip)))
    place = np.arange(len(trip)) - np.repeat(first, count)
    mark = np.random.default_rng(0).integers(1, 1 << 62, len(xy), dtype=np.uint64)
    digest = np.add.reduceat(mark[stop] * (2 * place.astype(np.uint64) + 1), first)  # wraps
    patterns = pd.DataFrame({"route": route[trip[first]], "digest": digest, "count": count})
    patterns = patterns.assign(first=first).drop_duplicates(["route", "digest", "count"])
    orders = [stop[a : a + n] for a, n in zip(patterns["first"], patterns["count"], strict=True)]
    lines = [_line(xy[stops]) for stops in orders]
    out = pd.DataFrame({"route": patterns["route"].to_numpy(), "geometry": lines})
    return out[out["geometry"].notna()].assign(source="estimated:stops")


def _line(xy: Array) -> Any:
    move = np.append(True, np.any(xy[1:] != xy[:-1], axis=1))
    return shapely.linestrings(xy[move]) if move.sum() > 1 else None


def shape_lines(points: pd.DataFrame) -> pd.Series[Any]:
    """
    Return the line of each shape from its points (`shape_id`, `sequence`, `x`, `y` in metres).

    Points on the same place as the one before are dropped; shapes of one place have no line.
    """
    points = points.dropna().sort_values(["shape_id", "sequence"], kind="stable")
    xy = np.round(points[["x", "y"]].to_numpy(dtype=float), 3)
    code, ids = pd.factorize(points["shape_id"])
    fresh = np.append(True, (code[1:] != code[:-1]) | np.any(xy[1:] != xy[:-1], axis=1))[: len(xy)]
    code, xy = code[fresh], xy[fresh]
    enough = np.bincount(code, minlength=len(ids)) > 1
    rank = np.cumsum(enough) - 1
    good = enough[code]
    lines = shapely.linestrings(xy[good], indices=rank[code[good]]) if good.any() else []
    return pd.Series(lines, index=pd.Index(np.asarray(ids)[enough], dtype="str"), dtype=object)
