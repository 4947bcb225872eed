"""Settlements, points of interest and stops."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from layers.osm.addresses import address_columns, as_points
from layers.osm.findings import finding
from layers.osm.tags import (
    among,
    between,
    classify,
    first_tag,
    has_tag,
    parse_each,
    parse_number,
    table,
    tag,
)

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

Array = np.ndarray[Any, Any]

SAME_PLACE_M = 100.0  # a point and an area of the same name and class are one place
SAME_STOP_M = 25.0  # a bus stop and its platform; the stop across the street is further or named

STOP_TAGS = {
    "highway": ["bus_stop"],
    "public_transport": ["platform", "station", "stop_position"],
    "railway": ["station", "halt", "tram_stop", "platform"],
    "amenity": ["bus_station", "ferry_terminal", "taxi"],
    "aerialway": ["station"],
}

# ------------------------------------------------------------------------------- places


def places(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return settlements and points of interest; a point and its area count once."""
    rules = table()["place"]
    points = as_points(raw, ["place", *(key for rule in rules for key in rule)])
    kind = classify(points, rules)
    settlement = tag(points, "place").map(table()["settlement"])
    settlement = settlement.where(tag(points, "name").notna())
    detail = kind["detail"].astype("str").mask(settlement.notna(), tag(points, "place"))
    gone = _gone(points)
    out = pd.DataFrame(
        {
            "name": first_tag(points, ("name", "name:de", "brand", "operator")),
            "class": settlement.fillna(kind["class"]),
            "detail": detail,
            **address_columns(points),
            "population": between(parse_each(tag(points, "population"), _people), 0, 5e7),
            "is_area": points["is_area"],
            "geometry": points["geometry"],
        }
    )
    out["population_source"] = pd.Series("tagged", out.index, dtype="str").where(
        out["population"].notna()
    )
    out = out[out["class"].notna() & ~gone]
    again = _doubled(out)
    message = "{count} of {total} places are drawn as a point and as an area; the point stays."
    seen = finding("place_twice", "places", list(again), message, severity="info", total=len(out))
    return out.drop(index=again), seen


def _people(text: str) -> float:
    """Return a count that may be written with thousands separators."""
    return parse_number(re.sub(r"(?<=\d)[.,' ](?=\d{3}(?:\D|$))", "", text))


def _gone(points: pd.DataFrame) -> Array:
    data = table()["place_gone"]
    gone = np.zeros(len(points), dtype=bool)
    for key in data["keys"]:
        gone = gone | has_tag(points, key, ["yes"])
    for key in ("shop", "amenity", "office", "craft"):
        gone = gone | has_tag(points, key, data["values"])
    return np.asarray(gone)


def _doubled(out: pd.DataFrame) -> list[str]:
    """Return areas that a point of the same name and class within 100 m stands for already."""
    named = out[out["name"].notna()]
    lone, areas = named[~named["is_area"]], named[named["is_area"]]
    key = ["name", "class"]
    both = areas[[*key, "geometry"]].reset_index(names="area")
    pairs = both.merge(lone[[*key, "geometry"]], on=key)
    away = shapely.distance(
        pairs["geometry_x"].to_numpy(dtype=object), pairs["geometry_y"].to_numpy(dtype=object)
    )
    return list(pairs["area"][away <= SAME_PLACE_M].unique())


# ------------------------------------------------------------------------------- stops


def stops(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return stops of buses, trams, trains, ferries and taxis, each once."""
    lines = raw.lines[~among(raw.lines.index, raw.areas.index)]
    is_platform = has_tag(lines, "public_transport", ["platform"]) | has_tag(
        lines, "railway", ["platform"]
    )
    lines = lines[is_platform].assign(is_area=True)
    middle = shapely.line_interpolate_point(
        lines["geometry"].to_numpy(dtype=object), 0.5, normalized=True
    )
    lines["geometry"] = shapely.points(shapely.get_coordinates(middle).round(3))
    points = pd.concat([as_points(raw, STOP_TAGS), lines[["tags", "geometry", "is_area"]]])
    points = points[_is_stop(points)]
    kind = classify(points, table()["stop"])["class"].fillna("other")
    out = pd.DataFrame(
        {
            "name": tag(points, "name"),
            "class": kind,
            "ref": first_tag(points, ("ref:IFOPT", "ref", "local_ref")),
            "rank": _rank(points),
            "geometry": points["geometry"],
        }
    )
    again = _same_stops(out)
    message = "{count} of {total} stops are drawn twice (as stop, platform or station); one stays."
    seen = finding("stop_twice", "stops", list(again), message, severity="info", total=len(out))
    return out.drop(index=again), seen


def _is_stop(points: pd.DataFrame) -> Array:
    found = np.zeros(len(points), dtype=bool)
    for key, values in STOP_TAGS.items():
        found = found | has_tag(points, key, values)
    gone = has_tag(points, "disused", ["yes"]) | has_tag(points, "abandoned", ["yes"])
    return np.asarray(found & ~gone)


def _rank(points: pd.DataFrame) -> Array:
    """Return how well an object stands for a stop: 0 best; vehicles' stop positions last."""
    best = (
        has_tag(points, "highway", ["bus_stop"])
        | has_tag(points, "railway", ["station", "halt", "tram_stop"])
        | has_tag(points, "amenity", ["bus_station", "ferry_terminal", "taxi"])
    )
    station = has_tag(points, "public_transport", ["station"])
    position = has_tag(points, "public_transport", ["stop_position"])
    return np.select([best, station, position], [0, 1, 3], default=2)


def _same_stops(out: pd.DataFrame) -> list[str]:
    """
    Return stops that a better ranked one of the same class stands for.

    It stands within 25 m and bears the same name, or one of the two has no name. Two objects of
    the same rank are two stops (both sides of a street).
    """
    if len(out) < 2:
        return []
    xy = shapely.get_coordinates(out["geometry"].to_numpy(dtype=object))
    pairs = cKDTree(xy).query_pairs(SAME_STOP_M, output_type="ndarray")
    rank = out["rank"].to_numpy()
    worse = np.where(rank[pairs[:, 0]] > rank[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    better = np.where(rank[pairs[:, 0]] > rank[pairs[:, 1]], pairs[:, 1], pairs[:, 0])
    kind, name = out["class"].to_numpy(dtype=object), out["name"].to_numpy(dtype=object)
    kinds = (kind[worse] == kind[better]) | (kind[worse] == "other")
    names = pd.isna(name[worse]) | pd.isna(name[better]) | (name[worse] == name[better])
    same = (rank[worse] > rank[better]) & kinds & names
    return list(out.index[np.unique(worse[same])])
