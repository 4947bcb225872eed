"""Streets cut at new junctions, in every table that names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from twin.hashing import hash_parts
from twin.measures.base import changed
from twin.measures.city_change import derived, ids_in
from twin.selection.streets import PART, opposite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from twin.city import City

    Rows = NDArray[np.intp]
    XY = tuple[float, float]


@dataclass(frozen=True)
class Cut:
    """A place where a street is cut: row of the link, metres along its geometry, node there."""

    row: int
    at_m: float
    node: str
    xy: XY


def cut_streets(city: City, cuts: Sequence[Cut]) -> City:
    """
    Return the city with streets cut at new junctions, both directions of each.

    A link `a` with k cuts becomes `a~1` to `a~(k+1)`, numbered in its own direction; lengths sum to
    that of `a`. Opposite links, turn rules, crossings and stops follow to the part they mean: a
    turn rule to the part at its junction, a point to the part it lies beside. Cuts of one street
    are given on one of its directions.
    """
    if not cuts:
        return city
    streets = city.streets
    pieces = _by_row(streets, cuts)
    rows = np.array(sorted(pieces), np.intp)
    parts = _parts(streets, rows, pieces)
    keep = np.ones(len(streets), bool)
    keep[rows] = False
    tables: dict[str, pd.DataFrame] = {
        "streets": stacked(streets[keep], parts),
        "nodes": _crossed(with_nodes(city.nodes, {cut.node: cut.xy for cut in cuts}), cuts),
    }
    tables |= _followers(city, rows, pieces)
    said = [f"{streets.index[cut.row]} {cut.at_m!r} {cut.node} {cut.xy!r}" for cut in cuts]
    return derived(city, tables, hash_parts(["cut", *said]))


def _by_row(streets: gpd.GeoDataFrame, cuts: Sequence[Cut]) -> dict[int, list[Cut]]:
    """Return the cuts of each link in its own direction, opposite links included."""
    found: dict[int, list[Cut]] = {}
    lines = np.asarray(streets.geometry.array)
    other = opposite(streets, np.array([cut.row for cut in cuts], np.intp))
    for cut, back in zip(cuts, map(int, other), strict=True):
        found.setdefault(cut.row, []).append(cut)
        if back >= 0:
            at = lines[cut.row].length - cut.at_m
            if not _mirrored(lines[cut.row], lines[back]):
                at = lines[back].project(shapely.Point(cut.xy))
            found.setdefault(back, []).append(Cut(back, at, cut.node, cut.xy))
    return {row: sorted(own, key=lambda cut: cut.at_m) for row, own in found.items()}


def _mirrored(line: shapely.LineString, other: shapely.LineString) -> bool:
    one, two = shapely.get_coordinates(line), shapely.get_coordinates(other)
    return one.shape == two.shape and bool(np.array_equal(one, two[::-1]))


def _parts(
    streets: gpd.GeoDataFrame, rows: Rows, pieces: Mapping[int, list[Cut]]
) -> gpd.GeoDataFrame:
    """Return the parts of the cut links, in order."""
    counts = np.array([len(pieces[row]) + 1 for row in rows])
    parts = streets.iloc[np.repeat(rows, counts)]
    old = streets.index[rows]
    back = streets["reverse_id"].iloc[rows].to_numpy(object)
    names, other, ends, lines = [], [], [], []
    for place, row in enumerate(rows):
        count = counts[place]
        names += [f"{old[place]}{PART}{n}" for n in range(1, count + 1)]
        there = isinstance(back[place], str)
        other += [f"{back[place]}{PART}{count + 1 - n}" if there else None
                  for n in range(1, count + 1)]  # fmt: skip
        ends += [cut.node for cut in pieces[row]]
        lines += _pieces(streets.geometry.array[row], pieces[row])
    last = np.cumsum(counts) - 1
    first = last - counts + 1
    inner = np.setdiff1d(np.arange(len(parts)), first)
    start, end = (parts[name].to_numpy(object).copy() for name in ("from_node", "to_node"))
    start[inner], end[inner - 1] = ends, ends
    length = shapely.length(np.array(lines, object))
    whole = np.add.reduceat(length, first).repeat(counts)
    columns = {
        "from_node": start, "to_node": end, "reverse_id": np.array(other, object),
        "length_m": parts["length_m"].to_numpy(float) * length / whole,
    }  # fmt: skip
    made = {name: pd.array(values, dtype=parts[name].dtype) for name, values in columns.items()}
    index = pd.Index(names, dtype=streets.index.dtype, name=streets.index.name)
    return parts.assign(**made).set_axis(index).set_geometry(lines, crs=streets.crs)


def _pieces(line: shapely.LineString, cuts: Sequence[Cut]) -> list[shapely.LineString]:
    """Return the pieces of a line, which meet exactly at the nodes."""
    places = [0.0, *(cut.at_m for cut in cuts), line.length]
    found = []
    for n in range(len(places) - 1):
        points = shapely.get_coordinates(substring(line, places[n], places[n + 1]))
        if n > 0:
            points[0] = cuts[n - 1].xy
        if n < len(cuts):
            points[-1] = cuts[n].xy
        found.append(shapely.LineString(points))
    return found


def stacked(table: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table with more rows of the same types below."""
    both = pd.concat([table, more])
    both.index.name = table.index.name
    return both


def with_nodes(nodes: gpd.GeoDataFrame, new: Mapping[str, XY]) -> gpd.GeoDataFrame:
    """Return the junctions with new ones, where two streets meet and nothing is controlled."""
    ids = [name for name in new if name not in nodes.index]
    if not ids:
        return nodes
    data = {"control": "none", "is_boundary": False, "degree": 2.0}
    points = shapely.points([new[name] for name in ids])
    index = pd.Index(ids, dtype=nodes.index.dtype)
    frame = gpd.GeoDataFrame(data, index=index, geometry=points, crs=nodes.crs)
    frame = frame.reindex(columns=nodes.columns)
    return stacked(nodes, typed(frame, nodes))


def _crossed(nodes: gpd.GeoDataFrame, cuts: Sequence[Cut]) -> gpd.GeoDataFrame:
    """Count two streets at each new junction for every street that is cut there."""
    counts = pd.Series([cut.node for cut in cuts]).value_counts()
    several = counts[counts > 1]
    if not len(several):
        return nodes
    rows = nodes.index.get_indexer(several.index)
    return changed(nodes, rows, {"degree": 2.0 * several.to_numpy(float)})


def typed(frame: gpd.GeoDataFrame, like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows with the types of the columns of a table."""
    found: gpd.GeoDataFrame = frame.astype(
        {name: kind for name, kind in like.dtypes.items() if name != "geometry"}
    )
    return found


def _followers(
    city: City, rows: Rows, pieces: Mapping[int, list[Cut]]
) -> dict[str, gpd.GeoDataFrame]:
    """Return the tables that name a cut link, with the part they mean."""
    ids = city.streets.index[rows]
    found = {}
    for name in ("street_points", "stops"):
        table = city.tables[name]
        hit = np.flatnonzero(ids_in(table["link_id"], ids))
        if len(hit):
            values = np.array(
                [_beside(city, pieces, table["link_id"].iloc[row], table.geometry.array[row])
                 for row in hit], object
            )  # fmt: skip
            found[name] = changed(table, hit, {"link_id": values})
    turns = city.tables["turns"]
    last = {ids[n]: f"{ids[n]}{PART}{len(pieces[row]) + 1}" for n, row in enumerate(rows)}
    first = {name: f"{name}{PART}1" for name in ids}
    for column, new in (("from_link", last), ("to_link", first)):
        hit = np.flatnonzero(ids_in(turns[column], ids))
        if len(hit):
            values = np.array([new[name] for name in turns[column].iloc[hit]], object)
            turns = found["turns"] = changed(turns, hit, {column: values})
    return found


def _beside(city: City, pieces: Mapping[int, list[Cut]], link: str, point: shapely.Point) -> str:
    """Return the part of a link that a point lies beside."""
    row: Any = city.streets.index.get_loc(link)
    at = city.streets.geometry.array[row].project(point)
    return f"{link}{PART}{1 + sum(cut.at_m < at for cut in pieces[row])}"
