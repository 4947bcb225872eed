"""The same stop in OpenStreetMap and in the timetable: by number, or by name and distance."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from layers.transit.notes import noted
from twin.assumptions import assumed
from twin.schema import STOPS
from twin.validation import conform

if TYPE_CHECKING:
    import geopandas as gpd

    from twin.provenance import Finding

ON_RAILS = ("rail", "light_rail", "subway", "tram")
BIG = ("rail", "light_rail", "subway")  # stations: large, and drawn as one point in the middle
LIKE = 0.6
"""Least likeness of two names, 0 to 1: "Köln Messe/Deutz" and "Bf Deutz/Messe" reach it."""
IFOPT = r"[a-z]{2}:\w+:\w+(?::\w*)*"
"""Country, district, stop and perhaps area and platform: DHID in Germany."""
UNNAMED_M = 25.0
"""A stop without a name is the one of the timetable within this distance."""
SHORT = {
    "str": "strasse", "bf": "bahnhof", "bhf": "bahnhof", "hbf": "hauptbahnhof", "pl": "platz",
    "st": "sankt", "fh": "friedhof", "kh": "krankenhaus", "ind": "industrie",
}  # fmt: skip
FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"})
Array = np.ndarray[Any, Any]


def merge_stops(
    osm_stops: gpd.GeoDataFrame, gtfs_stops: gpd.GeoDataFrame
) -> tuple[Any, dict[str, str], list[Finding]]:
    """
    Return all stops once, the new key of each that went, and what was seen.

    A stop of OpenStreetMap is one of the timetable where its number (`ref:IFOPT`) is the id
    there, or where class and name agree and it lies near: closest pairs first, each stop once.
    The row of the timetable stays, with the other key in `other_ids` and with what only
    OpenStreetMap knows. Stops that only one of them knows stay as they are.

    Both tables are in the same CRS, else `ValueError`.
    """
    if osm_stops.crs != gtfs_stops.crs:
        msg = f"stops in {osm_stops.crs} and {gtfs_stops.crs}: bring them to one CRS first"
        raise ValueError(msg)
    old, new = _pairs(osm_stops, gtfs_stops)
    keys = osm_stops.index.to_numpy(dtype=object)[old]
    kept = _enriched(gtfs_stops, new, osm_stops.iloc[old])
    rest = osm_stops.drop(index=keys)
    stops = pd.concat([frame for frame in (kept, rest) if len(frame)] or [kept])
    mapping = dict(zip(keys, gtfs_stops.index.to_numpy(dtype=object)[new], strict=True))
    stops["parent_id"] = stops["parent_id"].replace(mapping)
    crs = str(gtfs_stops.crs)
    return conform(STOPS, stops, crs=crs), dict(sorted(mapping.items())), _report(mapping, rest)


def _report(mapping: dict[str, str], rest: gpd.GeoDataFrame) -> list[Finding]:
    total = len(mapping) + len(rest)
    message = "{count} of {total} stops of the map are in the timetable; they became one."
    same = noted("stop_matched", "stops", sorted(mapping), message, total=total, severity="info")
    message = "{count} of {total} stops of the map are not in the timetable; they stay."
    names = sorted(rest.index)
    alone = noted("stop_only_on_map", "stops", names, message, total=total, severity="info")
    return [*same, *alone]


def _enriched(stops: gpd.GeoDataFrame, row: Array, osm: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add to rows of the timetable what only OpenStreetMap knows."""
    other = osm.set_axis(stops.index[row])
    ids = pd.Series(osm.index, index=other.index, dtype="str")
    own = stops["other_ids"].reindex(other.index)
    all_ids = (own.fillna("") + " " + ids).str.strip()
    out = stops.assign(other_ids=all_ids.reindex(stops.index).fillna(stops["other_ids"]))
    for column in ("name", "ref", "link_id"):
        out[column] = out[column].fillna(other[column].reindex(out.index))
    access = other["step_free"].astype("str").reindex(out.index)
    known = out["step_free"].astype("str")
    unknown = known.isna() | (known == "unknown")
    return out.assign(step_free=known.mask(unknown & access.notna(), access))


def _pairs(osm: gpd.GeoDataFrame, gtfs: gpd.GeoDataFrame) -> tuple[Array, Array]:
    """Return the rows of equal stops, closest pairs first, each row once."""
    far = max(assumed("stop_match_distance"), assumed("station_match_distance"))
    tree = shapely.STRtree(gtfs.geometry.to_numpy())
    a, b = tree.query(osm.geometry.to_numpy(), predicate="dwithin", distance=far)
    away = np.round(shapely.distance(osm.geometry.to_numpy()[a], gtfs.geometry.to_numpy()[b]), 3)
    same = _same_number(osm["ref"].to_numpy(dtype=object)[a], gtfs.index.to_numpy(dtype=object)[b])
    alike = same | (_kinds(osm, gtfs, a, b) & _near_and_named(osm, gtfs, a, b, away))
    a, b, away, same = a[alike], b[alike], away[alike], same[alike]
    # for a station its platforms stand back, whichever lies nearer
    platform = gtfs["class"].isin(BIG).to_numpy()[b] & gtfs["parent_id"].notna().to_numpy()[b]
    order = np.lexsort(
        (gtfs.index.to_numpy(dtype="U")[b], osm.index.to_numpy(dtype="U")[a], away, platform, ~same)
    )
    return _greedy(a[order], b[order])


def _same_number(refs: Array, keys: Array) -> Array:
    """Tell where a `ref:IFOPT` is the id in the feed, the only number that both sides share."""
    ref, key = pd.Series(refs, dtype="str"), pd.Series(keys, dtype="str")
    official = ref.str.fullmatch(IFOPT).fillna(value=False)
    local = key.str.removeprefix("gtfs:")
    in_feed = local.str.partition(":")[2] if len(local) else local  # after the name of the feed
    return np.asarray((official & ((ref == local) | (ref == in_feed))).to_numpy(dtype=bool))


def _greedy(a: Array, b: Array) -> tuple[Array, Array]:
    """Take pairs in order, each side once: always those that come first for both sides."""
    taken: list[tuple[Array, Array]] = []
    while len(a):
        first = np.zeros(len(a), dtype=bool)
        first[np.unique(a, return_index=True)[1]] = True
        also = np.zeros(len(b), dtype=bool)
        also[np.unique(b, return_index=True)[1]] = True
        now = first & also
        taken.append((a[now], b[now]))
        free = ~np.isin(a, a[now]) & ~np.isin(b, b[now])
        a, b = a[free], b[free]
    if not taken:
        return np.array([], dtype=int), np.array([], dtype=int)
    left, right = (np.concatenate(side) for side in zip(*taken, strict=True))
    return left, right


def _kinds(osm: gpd.GeoDataFrame, gtfs: gpd.GeoDataFrame, a: Array, b: Array) -> Array:
    """Tell which pairs are of one class, or of classes that sources mix up."""
    left = osm["class"].astype(object).to_numpy()[a]
    right = gtfs["class"].astype(object).to_numpy()[b]
    rails = np.isin(left.astype("U"), ON_RAILS) & np.isin(right.astype("U"), ON_RAILS)
    return np.asarray((left == right) | (left == "other") | (right == "other") | rails)


def _near_and_named(
    osm: gpd.GeoDataFrame, gtfs: gpd.GeoDataFrame, a: Array, b: Array, away: Array
) -> Array:
    """Tell which pairs bear a like name and lie as near as stops of their class do."""
    big = osm["class"].isin(BIG).to_numpy()[a] & gtfs["class"].isin(BIG).to_numpy()[b]
    reach = np.where(big, assumed("station_match_distance"), assumed("stop_match_distance"))
    left, right = osm["name"].to_numpy(dtype=object)[a], gtfs["name"].to_numpy(dtype=object)[b]
    unnamed = pd.isna(left) | pd.isna(right)
    near = away <= np.where(unnamed, UNNAMED_M, reach)
    pairs = pd.DataFrame({"left": left, "right": right})[near & ~unnamed].drop_duplicates()
    like = {(x, y): likeness(x, y) for x, y in pairs.itertuples(index=False)}
    named = np.array([like.get(pair, 0.0) for pair in zip(left, right, strict=True)])
    return np.asarray(near & (unnamed | (named >= LIKE)))


def likeness(a: str, b: str) -> float:
    """
    Return how alike two names of stops are, 0 to 1; the town before the name does not count.

    >>> round(likeness("Heidelberg, Bismarckplatz", "Bismarckplatz"), 2)
    1.0
    >>> likeness("Troisdorf Bf", "Bahnhof Troisdorf") > 0.9, likeness("Kirche", "Markt") < 0.6
    (True, True)
    """
    forms_a, forms_b = _forms(a), _forms(b)
    return max(
        SequenceMatcher(None, x, y, autojunk=False).ratio() for x in forms_a for y in forms_b
    )


def _forms(name: str) -> list[str]:
    """Return a name whole and without what stands before the comma, words spelt out, sorted."""
    parts = [name, *([name.partition(",")[2]] if "," in name else [])]
    return [form for form in (" ".join(sorted(_words(part))) for part in parts) if form] or [name]


def _words(name: str) -> list[str]:
    plain = name.lower().translate(FOLD)
    plain = re.sub(r"str\.|str\b", "strasse", plain)
    return [SHORT.get(word, word) for word in re.findall(r"[a-z0-9]+", plain)]
