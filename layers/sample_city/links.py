"""Streets and junctions as the schema wants them: directed links, motorways, names, reach."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components
from shapely.ops import substring

from layers.sample_city.landscape import CRS

if TYPE_CHECKING:
    from layers.sample_city.landscape import Landscape

Array = np.ndarray[Any, Any]
SOURCE = "estimated:model_town"

SPEED = {
    "motorway": 120, "primary": 50, "secondary": 50, "tertiary": 50, "unclassified": 50,
    "residential": 30, "living_street": 7, "track": 20,
}  # fmt: skip
RAMP_M, CARRIAGEWAY_M = 290.0, 9.0


def motorway_links(landscape: Landscape, pieces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one-way carriageways and ramps; ramps end at junctions of the crossing road."""
    rows: list[dict[str, Any]] = []
    main = pieces[pieces["rank"] < 3]
    ends = (
        np.unique(
            np.concatenate(
                [
                    shapely.get_coordinates(shapely.get_point(main.geometry.to_numpy(), at))
                    for at in (0, -1)
                ]
            ).round(3),
            axis=0,
        )
        if len(main)
        else np.zeros((0, 2))
    )
    for number, way in landscape.motorways.iterrows():
        crossings = [
            p for p in landscape.interchanges if way.geometry.distance(shapely.Point(p)) < 1
        ]
        forks = [
            other.geometry
            for key, other in landscape.motorways.iterrows()
            if key != number and way.geometry.distance(shapely.get_point(other.geometry, 0)) < 1
        ]
        for line in (way.geometry, way.geometry.reverse()):
            _carriageway(rows, line, way["ref"], crossings, forks, ends)
    columns = ["ref", "is_ramp", "is_bridge", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS)


def _side(line: shapely.LineString) -> Any:
    """Return the carriageway to the right of the centre line."""
    return line.offset_curve(-CARRIAGEWAY_M)


def _carriageway(
    rows: list[dict[str, Any]],
    line: shapely.LineString,
    ref: str,
    crossings: list[tuple[float, float]],
    forks: list[shapely.LineString],
    ends: Array,
) -> None:
    lane = _side(line)
    cuts = {0.0, lane.length}
    for place in crossings:
        s = lane.project(shapely.Point(place))
        before, after = max(s - RAMP_M, 30.0), min(s + RAMP_M, lane.length - 30)
        junction = _junction(line, lane, place, ends)
        if junction is None:
            continue
        cuts |= {before, after}
        rows.append(_ramp(lane, before, junction, ref, leaving=True))
        rows.append(_ramp(lane, after, junction, ref, leaving=False))
    for fork in forks:
        s = lane.project(shapely.get_point(fork, 0))
        before, after = max(s - 260, 30.0), min(s + 260, lane.length - 30)
        cuts |= {before, after}
        out = shapely.get_coordinates(_side(fork))[0]
        back = shapely.get_coordinates(_side(fork.reverse()))[-1]
        rows.append(_ramp(lane, before, out, ref, leaving=True) | {"is_bridge": True})
        rows.append(_ramp(lane, after, back, ref, leaving=False) | {"is_bridge": True})
    at = sorted(cuts)
    for a, b in pairwise(at):
        part = substring(lane, a, b)
        rows.append({"ref": ref, "is_ramp": False, "is_bridge": False, "geometry": part})


def _junction(
    line: shapely.LineString, lane: shapely.LineString, place: tuple[float, float], ends: Array
) -> Array | None:
    """Find the nearest junction of the crossing road on the side of the carriageway."""
    near = ends[np.hypot(*(ends - np.array(place)).T) < 110] if len(ends) else ends
    points = shapely.points(near)
    outer = shapely.distance(points, lane) < shapely.distance(points, line) - 2
    near = near[outer] if len(near) else near
    if not len(near):
        return None
    found: Array = near[np.hypot(*(near - np.array(place)).T).argmin()]
    return found


def _ramp(
    lane: shapely.LineString, s: float, end: Array, ref: str, *, leaving: bool
) -> dict[str, Any]:
    """Draw a bowed line between the carriageway and a junction."""
    start = shapely.get_coordinates(lane.interpolate(s))[0]
    ahead = s + 25 if leaving else s - 25
    hold = shapely.get_coordinates(lane.interpolate(ahead))[0]
    t = np.linspace(0, 1, 9)[:, None]
    control = start + (hold - start) * 5.0
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    if not leaving:
        curve = curve[::-1]
    geometry = shapely.LineString(curve)
    return {"ref": ref, "is_ramp": True, "is_bridge": False, "geometry": geometry}


def street_table(
    pieces: gpd.GeoDataFrame, motorways: gpd.GeoDataFrame, prefix: str, rng: Any
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the tables streets and nodes; pieces run both ways, motorways one way."""
    both = _piece_links(pieces, prefix, rng)
    one = _motorway_rows(motorways, prefix)
    links = pd.concat([both, one]) if len(one) else both
    line = links.geometry.to_numpy()
    ends = np.concatenate([shapely.get_point(line, 0), shapely.get_point(line, -1)])
    key = np.round(shapely.get_coordinates(ends) * 20).astype(np.int64)
    _, first, number = np.unique(key, axis=0, return_index=True, return_inverse=True)
    number = number.ravel()
    ids = np.array([f"{prefix}node_{i}" for i in range(len(first))], object)
    start, end = number[: len(line)], number[len(line) :]
    links["from_node"], links["to_node"] = ids[start], ids[end]
    for mode, allow in (("car", "allow_car"), ("bike", "allow_bike"), ("walk", "allow_walk")):
        links[f"{mode}_reach"] = reach(start, end, links[allow].to_numpy(), len(ids))
    two_way = links["reverse_id"].notna().to_numpy()
    degree = np.bincount(start, minlength=len(ids)) + np.bincount(end[~two_way], minlength=len(ids))
    nodes = gpd.GeoDataFrame(
        {"control": "none", "is_boundary": False, "degree": degree.astype(float)},
        index=ids,
        geometry=ends[first],
        crs=CRS,
    )
    return links, nodes


def _piece_links(pieces: gpd.GeoDataFrame, prefix: str, rng: Any) -> gpd.GeoDataFrame:
    kind = pieces["class"].astype(str)
    track, main = (kind == "track").to_numpy(), pieces["rank"].to_numpy() < 3
    inside = pieces["inside"].to_numpy()
    speed = kind.map(SPEED).to_numpy(float)
    speed = np.where(main & ~inside, np.where(kind == "tertiary", 70, 100), speed)
    chance = rng.random(int(pieces["way"].max()) + 1)[pieces["way"]]
    cycle = np.where(main & (chance < 0.45), "track", "none").astype(object)
    cycle[(kind == "tertiary") & inside & (chance > 0.6)] = "advisory_lane"
    base = pd.DataFrame(
        {
            "way_id": [f"{prefix}way_{i}" for i in pieces["way"]],
            "name": pieces["name"],
            "ref": pieces["ref"].replace("", None),
            "class": kind,
            "is_ramp": False,
            "is_roundabout": False,
            "speed_kmh": speed,
            "lanes": 1.0,
            "allow_car": ~track,
            "allow_truck": ~track,
            "allow_bus": ~track,
            "allow_bike": True,
            "allow_walk": True,
            "car_access": np.where(track, "agricultural", "public"),
            "cycle_facility": cycle,
            "surface": np.where(track, "gravel", "asphalt"),
            "is_bridge": pieces["bridge"].to_numpy(),
            "level": pieces["bridge"].to_numpy(float),
        },
        index=pieces.index,
    )
    there = gpd.GeoDataFrame(base, geometry=pieces.geometry, crs=CRS)
    back = there.set_geometry(shapely.reverse(there.geometry.to_numpy()), crs=CRS)
    ids = [f"{prefix}link_{i}" for i in range(len(pieces))]
    there.index, back.index = [f"{i}:f" for i in ids], [f"{i}:b" for i in ids]
    there["reverse_id"], back["reverse_id"] = list(back.index), list(there.index)
    return pd.concat([there, back])


def _motorway_rows(motorways: gpd.GeoDataFrame, prefix: str) -> gpd.GeoDataFrame:
    ramp = motorways["is_ramp"].to_numpy(bool)
    frame = motorways.assign(
        way_id=[f"{prefix}motorway_{i}" for i in range(len(motorways))],
        **{"class": "motorway"},
        is_roundabout=False,
        speed_kmh=np.where(ramp, 60.0, 120.0),
        lanes=np.where(ramp, 1.0, 2.0),
        **dict.fromkeys(("allow_car", "allow_truck", "allow_bus"), True),
        **dict.fromkeys(("allow_bike", "allow_walk"), False),
        car_access="public",
        cycle_facility="none",
        surface="asphalt",
        level=motorways["is_bridge"].to_numpy(float),
        name=None,
        reverse_id=None,
    )
    frame.index = [f"{w}:f" for w in frame["way_id"]]
    return frame


def reach(start: Array, end: Array, allowed: Array, count: int) -> Array:
    """Tell which links lie in the largest strongly connected part, lead into it or out of it."""
    result = np.full(len(start), "not_allowed", object)
    if not allowed.any():
        return result
    a, b = start[allowed], end[allowed]
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count)).tocsr()
    part = connected_components(graph, connection="strong")[1]
    size = np.bincount(part[a], minlength=part.max() + 1)
    main = part == size.argmax()
    root = int(np.flatnonzero(main)[0])
    into, outof = np.zeros(count, bool), np.zeros(count, bool)
    into[breadth_first_order(graph, root, return_predecessors=False)] = True
    outof[breadth_first_order(graph.T.tocsr(), root, return_predecessors=False)] = True
    result[allowed] = np.select(
        [main[a] & main[b], into[a], outof[b]], ["main", "only_in", "only_out"], "island"
    )
    return result


def street_names(count: int, rng: Any) -> Array:
    """Return `count` invented, neutral street names, none twice."""
    text = files("layers.sample_city").joinpath("street_words.json").read_text(encoding="utf-8")
    words = json.loads(text)
    plain = [stem + end for stem in words["stems"] for end in words["ends"]]
    lanes = [f"Am {stem}{end}" for stem in words["stems"] for end in words["fields"]]
    names = np.concatenate([rng.permutation(plain), rng.permutation(lanes)]).astype(object)
    rounds = [names if i == 0 else np.array([f"{n} {i + 1}" for n in names], object)
              for i in range(count // len(names) + 1)]  # fmt: skip
    result: Array = np.concatenate(rounds)[:count]
    return result
