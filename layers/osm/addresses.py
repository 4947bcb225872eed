"""Addresses, and what other tables need of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.osm.findings import finding
from layers.osm.tags import first_tag, tag, with_any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.osm.raw import RawOsm
    from twin.provenance import Finding

ADDRESS_KEYS = {
    "street": ("addr:street", "addr:place", "addr:hamlet"),
    "housenumber": ("addr:housenumber",),
    "postcode": ("addr:postcode", "postal_code"),
    "locality": ("addr:city", "addr:hamlet", "addr:suburb"),
}


def address_columns(frame: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Return street, housenumber, postcode, locality of every row."""
    return {column: first_tag(frame, keys) for column, keys in ADDRESS_KEYS.items()}


def as_points(raw: RawOsm, keys: Iterable[str]) -> pd.DataFrame:
    """Return nodes and areas (as a point inside them) that carry one of `keys`."""
    keys = list(keys)
    areas = with_any(raw.areas, keys)
    shapes = areas["geometry"].to_numpy(dtype=object)
    inside = np.array(shapely.point_on_surface(shapes))
    inside = shapely.set_coordinates(inside, shapely.get_coordinates(inside).round(3))
    return pd.concat(
        [
            with_any(raw.nodes, keys).assign(is_area=False),
            areas.assign(geometry=inside, is_area=True)[~shapely.is_empty(inside)],
        ]
    )


def addresses(raw: RawOsm) -> tuple[pd.DataFrame, list[Finding]]:
    """Return one row for each house number, also of those that a line says lie between two."""
    between = _interpolated(raw)
    out = pd.concat([_tagged(raw), _rows(between.assign(is_area=False))])
    message = (
        "{count} of {total} addresses are set evenly between two known ones (addr:interpolation)."
    )
    seen = finding(
        "address_between",
        "addresses",
        list(between.index),
        message,
        severity="info",
        total=len(out),
    )
    return out, seen


def _rows(points: pd.DataFrame) -> pd.DataFrame:
    number = tag(points, "addr:housenumber")
    return pd.DataFrame(
        {**address_columns(points), "housenumber": number, "geometry": points["geometry"]}
    )


def _tagged(raw: RawOsm) -> pd.DataFrame:
    """
    Return one row for each house number of points and areas.

    "1;3" is two numbers, "1-3" stays one. The building's own address and the same one on a point
    in it are one address: street, number and postcode decide.
    """
    points = as_points(raw, ["addr:housenumber"])
    number = tag(points, "addr:housenumber")
    out = pd.DataFrame({**address_columns(points), "geometry": points["geometry"]})
    out["building_id"] = pd.Series(points.index, points.index, dtype="str").where(
        points["is_area"] & tag(points, "building").notna()
    )
    out["housenumber"] = number.str.split(r"\s*[;,]\s*", regex=True)
    out = out.explode("housenumber")
    out = out[out["housenumber"].str.len() > 0]
    many = out.index.duplicated(keep=False)
    running = out.groupby(level=0).cumcount()
    out.index = pd.Index(
        np.where(many, [f"{k}:{n}" for k, n in zip(out.index, running, strict=True)], out.index)
    )
    key = ["street", "housenumber", "postcode"]
    place = shapely.get_coordinates(out["geometry"].to_numpy(dtype=object)) // 200
    out = out.assign(_x=place[:, 0], _y=place[:, 1]).sort_values("building_id", kind="stable")
    again = out.duplicated([*key, "_x", "_y"]) & out["street"].notna()
    return out[~again].drop(columns=["_x", "_y"])


# ------------------------------------------------------------------------------- between two ends

STEP = {"odd": 2, "even": 2, "all": 1}
MOST = 100  # numbers between two ends; more is a typing error


def _interpolated(raw: RawOsm) -> pd.DataFrame:
    """Return the numbers between numbered points of a line, evenly set, keyed `osm:w1:0`."""
    lines = raw.lines[tag(raw.lines, "addr:interpolation").isin(list(STEP)).to_numpy(dtype=bool)]
    known = with_any(raw.nodes, ["addr:housenumber"])["tags"]
    keys, tags, points = [], [], []
    rules = tag(lines, "addr:interpolation")
    for key, rule, line in zip(lines.index, rules, lines.itertuples(), strict=True):
        found = _numbers_along(line, rule, known)
        keys += [f"{key}:{n}" for n in range(len(found))]
        tags += [own for own, _ in found]
        points += [point for _, point in found]
    shapes = np.empty(len(points), dtype=object)
    shapes[:] = points
    return pd.DataFrame({"tags": pd.Series(tags, dtype=object), "geometry": shapes}).set_axis(keys)


def _numbers_along(line: Any, rule: str, known: pd.Series[Any]) -> list[tuple[Any, Any]]:
    """Return tags and place of every number between neighbouring numbered vertices."""
    corners = shapely.get_coordinates(line.geometry)
    away = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    ends = [
        (int(own["addr:housenumber"]), away[place], own)
        for place, ref in enumerate(line.refs)
        if (own := known.get(f"osm:n{ref}")) and own["addr:housenumber"].isdecimal()
    ]
    found = []
    step, rest = STEP[rule], {"odd": 1, "even": 0}.get(rule)
    for (low, start, own), (high, end, _) in pairwise(ends):
        way = step if high > low else -step
        numbers = list(range(low + way, high, way))
        fits = (high - low) % step == 0 and rest in (None, low % 2)
        for number in numbers if fits and len(numbers) <= MOST else ():
            at = start + (end - start) * (number - low) / (high - low)
            place = shapely.line_interpolate_point(line.geometry, at)
            point = shapely.points(shapely.get_coordinates(place)[0].round(3))
            found.append(({**own, "addr:housenumber": str(number)}, point))
    return found
