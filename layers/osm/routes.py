"""Lines of public transport as route relations draw them: members in order, no times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.source_data import Routes

if TYPE_CHECKING:
    from layers.osm.raw import RawOsm

CLASSES = {
    "bus": "bus", "trolleybus": "bus", "share_taxi": "bus", "tram": "tram", "subway": "subway",
    "light_rail": "light_rail", "train": "rail", "railway_service": "rail", "ferry": "ferry",
}  # fmt: skip
"""`route=*` and the class of the line; `route=railway` is the infrastructure, no line."""
NAMED_COLOURS = {
    "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "yellow": "#ffff00",
    "orange": "#ffa500", "black": "#000000", "brown": "#a52a2a", "purple": "#800080",
    "gray": "#808080", "grey": "#808080", "pink": "#ffc0cb", "magenta": "#ff00ff",
}  # fmt: skip
LONG_DISTANCE = ("long_distance", "high_speed", "night", "car", "tourism", "international")
LEAST_MIN, MOST_MIN = 1.0, 720.0


def is_route(tags: dict[str, str]) -> bool:
    """Tell whether a relation is a line of public transport, or what ties its directions."""
    kind = tags.get("type")
    if kind == "route_master":
        return tags.get("route_master") in CLASSES
    return kind == "route" and tags.get("route") in CLASSES


def routes(raw: RawOsm) -> Routes:
    """
    Return the lines drawn in the extract and their members, in the order of each relation.

    Halts are members with a role of stops or platforms (also `forward:stop`, `stop:3` of the old
    scheme), and nodes without a role that are stops; others are ways of the course. Halts that the
    extract lacks have no position and stay out.
    """
    found = raw.routes
    kinds = [tags.get("type") for tags in found["tags"]] if len(found) else []
    masters = found[np.array(kinds, object) == "route_master"] if len(found) else found
    lines = found[np.array(kinds, object) == "route"] if len(found) else found
    return Routes(_lines(lines, _masters(masters)), _members(lines, raw))


def _masters(found: pd.DataFrame) -> dict[str, str]:
    """Return the master of each relation."""
    return {
        f"osm:r{ref}": key
        for key, members in zip(found.index, found.get("members", ()), strict=True)
        for kind, ref, _ in members
        if kind == "r"
    }


def _lines(found: pd.DataFrame, masters: dict[str, str]) -> pd.DataFrame:
    tags = list(found["tags"]) if len(found) else []
    gone = [bool({"disused", "abandoned", "proposed"} & {*t, t.get("state", "")}) for t in tags]
    table = pd.DataFrame(
        {
            "class": [CLASSES[t["route"]] for t in tags],
            "ref": [_short(t.get("ref")) for t in tags],
            "name": [t.get("name") for t in tags],
            "from": [t.get("from") for t in tags],
            "to": [t.get("to") for t in tags],
            "operator": [t.get("operator") or t.get("network") for t in tags],
            "colour": [colour(t.get("colour") or t.get("color") or "") for t in tags],
            "headway_min": [headway(t.get("interval") or t.get("headway") or "") for t in tags],
            "master": [masters.get(str(key)) for key in found.index],
            "long_distance": [_is_long(t) for t in tags],
        },
        index=found.index,
    )
    return table[~np.array(gone, bool)] if len(table) else table


def _short(ref: str | None) -> str | None:
    """
    Return a line number, the first of several; addresses and sentences are none.

    >>> _short("RE6 (MV);RE 4 (SH)"), _short("S 1"), _short("http://bus.example/times")
    ('RE6', 'S 1', None)
    """
    first = re.sub(r"\(.*?\)", "", (ref or "").partition(";")[0]).strip()
    return first if first and len(first) <= 12 and "//" not in first else None


def _is_long(tags: dict[str, str]) -> bool:
    service = tags.get("service", "")
    return service in LONG_DISTANCE or tags.get("passenger") in ("national", "international")


def colour(text: str) -> str | None:
    """
    Return a colour as `#rrggbb`.

    >>> colour("#0080FF"), colour("#08F"), colour("Red"), colour("rainbow")
    ('#0080ff', '#0088ff', '#ff0000', None)
    """
    text = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(2 * letter for letter in text[1:])
    return text if re.fullmatch(r"#[0-9a-f]{6}", text) else NAMED_COLOURS.get(text)


def headway(text: str) -> float:
    """
    Return a headway in minutes from `interval` (or the older `headway`); NaN where it is none.

    Of a range or several values the longest counts: nobody is promised more than is there.

    >>> [headway(t) for t in ("20", "00:20", "01:00:00", "10-20", "PT15M", "often", "20 min", "0")]
    [20.0, 20.0, 60.0, 20.0, 15.0, nan, 20.0, nan]
    """
    values = [_one_headway(part) for part in re.split(r"[;,/]|(?<=\d)\s*[-–]\s*(?=\d)", text)]
    good = [value for value in values if LEAST_MIN <= value <= MOST_MIN]
    return max(good) if good else float("nan")


def _one_headway(text: str) -> float:
    text = text.strip().lower()
    if match := re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", text):
        return int(match[1]) * 60 + float(match[2])
    if match := re.fullmatch(r"pt(?:(\d+)h)?(?:(\d+)m)?", text):
        return int(match[1] or 0) * 60 + float(match[2] or 0)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:m|min|mins|minutes|minuten)?", text)
    return float(match[1]) if match else float("nan")


def _members(found: pd.DataFrame, raw: RawOsm) -> pd.DataFrame:
    """Return members: `route`, `is_halt`, `key` (osm:w1), `role`, `x`, `y` (NaN for ways)."""
    rows = [
        (key, f"osm:{kind}{ref}", role.lower())
        for key, members in zip(found.index, found.get("members", ()), strict=True)
        for kind, ref, role in members
        if kind in "nw"
    ]
    table = pd.DataFrame(rows, columns=["route", "key", "role"])
    role = table["role"].astype("str")
    named = role.str.contains("stop|platform|halt").to_numpy(bool)
    bare_node = table["key"].str.startswith("osm:n").to_numpy(bool) & ~named
    table["is_halt"] = named | bare_node
    xy = _positions(raw, table["key"].where(table["is_halt"]))
    return table.assign(x=xy[:, 0], y=xy[:, 1])


def _positions(raw: RawOsm, keys: pd.Series[Any]) -> Any:
    """Return the middle of each object (n, 2), NaN where the extract lacks it."""
    xy = np.full((len(keys), 2), np.nan)
    for frame in (raw.nodes, raw.areas, raw.lines):
        at = frame.index.get_indexer(pd.Index(keys.astype(object)))
        there = (at >= 0) & np.isnan(xy[:, 0])
        if there.any():
            shapes = frame["geometry"].to_numpy(object)[at[there]]
            middle = shapely.centroid(shapes)
            xy[there] = np.column_stack([shapely.get_x(middle), shapely.get_y(middle)])
    return xy
