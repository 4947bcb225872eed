"""
Writes a timetable for a town as GTFS: what its operator would publish, with what feeds vary in.

Bus lines run along the streets and halt at stations with a platform for each direction; one of
them is told by headways, one leaves out times between; trains come from the next town. All tables
begin with a byte order mark.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOWN = "Musterstadt"
STATIONS_OF_A_LINE = 7
SPEED_M_S = {"bus": 20 / 3.6, "rail": 60 / 3.6}
DWELL_S = 20
SERVICES = {  # days of the week, first and last departure [h], headway [min]
    "MoFr": ("1111100", 5, 24.5, 20), "Sa": ("0000010", 6, 24.5, 30), "So": ("0000001", 8, 23, 60),
}  # fmt: skip
FIRST_DAY, LAST_DAY = "20260105", "20261213"
HOLIDAYS = ("20260403", "20260406", "20260501", "20260514", "20260525", "20260604")
Array = np.ndarray[Any, Any]
Rows = list[tuple[Any, ...]]


@dataclass
class _Feed:
    """The rows of each table."""

    to_degrees: Any
    rows: dict[str, Rows] = field(default_factory=lambda: {name: [] for name in HEADERS})

    def place(self, xy: Array) -> tuple[str, str]:
        """Return latitude and longitude as text."""
        lon, lat = self.to_degrees(*xy)
        return f"{lat:.7f}", f"{lon:.7f}"


HEADERS = {
    "agency": "agency_id,agency_name,agency_url,agency_timezone",
    "feed_info": "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,"
    "wheelchair_boarding,platform_code",
    "routes": "route_id,agency_id,route_short_name,route_long_name,route_type,route_color",
    "trips": "route_id,service_id,trip_id,trip_headsign,direction_id,shape_id,"
    "wheelchair_accessible",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,"
    "drop_off_type",
    "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date",
    "calendar_dates": "service_id,date,exception_type",
    "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence",
    "transfers": "from_stop_id,to_stop_id,transfer_type,min_transfer_time",
}


def write_gtfs(tables: Mapping[str, Any], path: Path, *, seed: int = 0) -> Path:
    """
    Write a timetable along the streets and stops of `tables` to a zip file.

    Stops lie some metres from where the town has them and are called "Musterstadt, …". The same
    town and seed give the same bytes.
    """
    rng = np.random.default_rng(seed)
    crs = tables["stops"].crs
    feed = _Feed(Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform)
    _general(feed)
    stops = tables["stops"]
    bus = _stations(feed, stops[stops["class"] == "bus"], rng, kind="bus")
    rail = _stations(feed, _with_trains(stops), rng, kind="rail")
    net = _Net(tables["streets"], tables["nodes"])
    for number, line in enumerate(_lines(bus), 1):
        _bus_line(feed, net, line, number, rng)
    _train(feed, rail)
    _changes(feed, bus, rail)
    return _zipped(feed, path)


def _general(feed: _Feed) -> None:
    feed.rows["agency"] = [
        ("stadtwerke", f"Stadtwerke {TOWN}", "https://example.org", "Europe/Berlin"),
        ("bahn", "Modellbahn", "https://example.org", "Europe/Berlin"),
    ]
    feed.rows["feed_info"] = [
        (f"Verkehrsverbund {TOWN}", "https://example.org/gtfs", "de", FIRST_DAY, LAST_DAY)
    ]
    for name, (flags, *_) in SERVICES.items():
        feed.rows["calendar"].append((name, *flags, FIRST_DAY, LAST_DAY))
    for day in HOLIDAYS:  # as on Sundays
        feed.rows["calendar_dates"] += [("MoFr", day, 2), ("So", day, 1)]


# ------------------------------------------------------------------------------- stops


def _stations(feed: _Feed, stops: Any, rng: np.random.Generator, *, kind: str) -> pd.DataFrame:
    """Write stations with their platforms; return id, name, x, y and the platforms' places."""
    stops = stops.sort_index()
    xy = shapely.get_coordinates(stops.geometry.to_numpy())
    group = _groups(xy, stops["name"].to_numpy(dtype=object))
    found = []
    for number in range(group.max() + 1 if len(group) else 0):
        mine = xy[group == number]
        name = f"{TOWN}, {stops['name'].to_numpy(dtype=object)[group == number][0]}"
        key = f"de:05382:{7000 if kind == 'rail' else 1000}{number:03d}"
        middle = mine.mean(axis=0)
        feed.rows["stops"].append((key, name, *feed.place(middle), 1, "", number % 3, ""))
        feed.rows["stops"].append((f"{key}:in", name, *feed.place(middle), 2, key, "", ""))
        sides = (middle[None], middle[None]) if len(mine) == 1 else (mine[:1], mine[1:2])
        places = np.vstack(sides) + rng.normal(0, 3, (2, 2))
        for side, place in enumerate(places, 1):
            row = (f"{key}:0:{side}", name, *feed.place(place), "", key, "", side)
            feed.rows["stops"].append(row)
        found.append((key, name, *middle, *places.ravel()))
    return pd.DataFrame(found, columns=["id", "name", "x", "y", "x1", "y1", "x2", "y2"])


def _with_trains(stops: Any) -> Any:
    """Return the railway stations; a town without one gets a halt in the middle of its stops."""
    rail = stops[stops["class"] == "rail"]
    if len(rail):
        return rail
    middle = np.median(shapely.get_coordinates(stops.geometry.to_numpy()), axis=0)
    halt = stops.sort_index().iloc[:1].assign(name="Haltepunkt")
    return halt.set_geometry(shapely.points([middle + 40.0]), crs=stops.crs)


def _groups(xy: Array, names: Array) -> Array:
    """Number what belongs together: the same name within 60 m."""
    if not len(xy):
        return np.array([], dtype=int)
    a, b = shapely.STRtree(shapely.points(xy)).query(
        shapely.points(xy), predicate="dwithin", distance=60
    )
    same = names[a] == names[b]
    links = coo_matrix((np.ones(same.sum()), (a[same], b[same])), shape=(len(xy), len(xy)))
    return connected_components(links, directed=False)[1]


def _lines(stations: pd.DataFrame) -> list[pd.DataFrame]:
    """Thread the stations from the west, each the nearest to the last, and cut the thread."""
    if len(stations) < 2:
        return []
    xy = stations[["x", "y"]].to_numpy()
    left = np.ones(len(xy), dtype=bool)
    order = [int(xy[:, 0].argmin())]
    left[order[0]] = False
    while left.any():
        away = np.where(left, np.hypot(*(xy - xy[order[-1]]).T), np.inf)
        order.append(int(away.argmin()))
        left[order[-1]] = False
    step = STATIONS_OF_A_LINE - 1  # the last of a line is the first of the next
    cuts = [order[i : i + step + 1] for i in range(0, len(order) - 1, step)]
    return [stations.iloc[cut] for cut in cuts if len(cut) > 1]


class _Net:
    """Shortest ways along the streets that buses may use."""

    def __init__(self, streets: Any, nodes: Any) -> None:
        self.links = (
            streets[streets["allow_bus"]]
            .sort_values("length_m")
            .drop_duplicates(["from_node", "to_node"])
        )
        self.nodes = pd.Index(sorted({*self.links["from_node"], *self.links["to_node"]}))
        self.xy = shapely.get_coordinates(nodes.geometry.loc[self.nodes].to_numpy())
        self.a, self.b = (self.nodes.get_indexer(self.links[c]) for c in ("from_node", "to_node"))
        shape = (len(self.nodes), len(self.nodes))
        self.graph = coo_matrix((self.links["length_m"], (self.a, self.b)), shape=shape).tocsr()
        self.row = {pair: i for i, pair in enumerate(zip(self.a, self.b, strict=True))}

    def way(self, start: Array, end: Array) -> Array:
        """Return the corners of the way between two places; straight where there is none."""
        if not len(self.nodes):
            return np.vstack([start, end])
        a, b = (int(np.hypot(*(self.xy - place).T).argmin()) for place in (start, end))
        before = dijkstra(self.graph, indices=a, return_predecessors=True)[1]
        path, at = [], b
        while at != a and before[at] >= 0:
            path.append(self.row[before[at], at])
            at = before[at]
        if at != a or not path:
            return np.vstack([start, end])
        parts = [shapely.get_coordinates(self.links.geometry.iloc[i]) for i in path[::-1]]
        return np.vstack([start, *parts, end])


# ------------------------------------------------------------------------------- lines


def _bus_line(
    feed: _Feed, net: _Net, line: pd.DataFrame, number: int, rng: np.random.Generator
) -> None:
    key = f"bus-{500 + number}"
    ends = f"{line['name'].iloc[0]} – {line['name'].iloc[-1]}"
    colour = f"{int(rng.integers(0, 1 << 24)):06X}"
    kind = 700 if number % 2 else 3
    feed.rows["routes"].append((key, "stadtwerke", str(500 + number), ends, kind, colour))
    for direction in (0, 1):
        way = line if direction == 0 else line.iloc[::-1]
        shape = f"{key}-{direction}"
        metres = _draw(feed, net, way, shape)
        side = _right_side(way)
        stops = [f"{i}:0:{s}" for i, s in zip(way["id"], side, strict=True)]
        times = metres / SPEED_M_S["bus"]
        told = _told(len(stops), sparse=number % 3 == 2)
        minute = int(rng.integers(0, 20))
        head = (key, way["name"].iloc[-1], direction, shape)
        if number % 4 == 3:
            _by_headway(feed, head, stops, times, told)
        else:
            _by_clock(feed, head, stops, times, told, minute=minute)


def _draw(feed: _Feed, net: _Net, way: pd.DataFrame, shape: str) -> Array:
    """Write the shape; return the metres of each station along it."""
    xy = way[["x", "y"]].to_numpy()
    metres, corners = [0.0], [xy[:1]]
    for start, end in pairwise(xy):
        part = net.way(start, end)
        metres.append(metres[-1] + float(np.hypot(*np.diff(part, axis=0).T).sum()))
        corners.append(part[1:])
    for place, corner in enumerate(np.vstack(corners)):
        feed.rows["shapes"].append((shape, *feed.place(corner), place))
    return np.array(metres)


def _right_side(way: pd.DataFrame) -> list[int]:
    """Choose the platform on the right of the way from the station before to the one after."""
    xy = way[["x", "y"]].to_numpy()
    ahead = xy[np.minimum(np.arange(len(xy)) + 1, len(xy) - 1)]
    back = xy[np.maximum(np.arange(len(xy)) - 1, 0)]
    move = ahead - back
    across = way[["x2", "y2"]].to_numpy() - way[["x1", "y1"]].to_numpy()
    second_right = move[:, 0] * across[:, 1] - move[:, 1] * across[:, 0] < 0
    return [2 if right else 1 for right in second_right]


def _told(count: int, *, sparse: bool) -> Array:
    """Tell at which stops the timetable names a time."""
    return (np.arange(count) % 3 == 0) | (np.arange(count) == count - 1) | (not sparse)


def _by_clock(
    feed: _Feed,
    head: tuple[Any, ...],
    stops: list[str],
    times: Array,
    told: Array,
    *,
    minute: int,
) -> None:
    route, headsign, direction, shape = head
    for service, (_, first, last, headway) in SERVICES.items():
        starts = np.arange(first * 3600 + minute * 60, last * 3600, headway * 60)
        for number, start in enumerate(starts):
            trip = f"{route}-{service}-{direction}-{number:03d}"
            feed.rows["trips"].append((route, service, trip, headsign, direction, shape, 1))
            _halts(feed, trip, stops, times + start, told)


def _by_headway(
    feed: _Feed, head: tuple[Any, ...], stops: list[str], times: Array, told: Array
) -> None:
    route, headsign, direction, shape = head
    for service, (_, first, last, headway) in SERVICES.items():
        trip = f"{route}-{service}-{direction}"
        feed.rows["trips"].append((route, service, trip, headsign, direction, shape, ""))
        _halts(feed, trip, stops, times, told)
        exact = direction
        row = (trip, _clock(first * 3600), _clock(last * 3600), headway * 60, exact)
        feed.rows["frequencies"].append(row)


def _halts(feed: _Feed, trip: str, stops: list[str], times: Array, told: Array) -> None:
    count = len(stops)
    for i, (stop, time, known) in enumerate(zip(stops, times, told, strict=True)):
        inside = 0 < i < count - 1
        arrival, departure = (_clock(time), _clock(time + DWELL_S * inside)) if known else ("", "")
        only = (1 if i == count - 1 else 0, 1 if i == 0 else 0)
        feed.rows["stop_times"].append((trip, arrival, departure, stop, 10 * (i + 1), *only))


def _clock(seconds: float) -> str:
    whole = round(float(seconds))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _train(feed: _Feed, rail: pd.DataFrame) -> None:
    """Write a line from the next town through all stations of this one, without a shape."""
    line = rail.sort_values(["x", "y"])
    far = line[["x", "y"]].to_numpy()[0] - [6000, 1000]
    feed.rows["stops"].append(("de:05999:1", "Nachbarstadt Hbf", *feed.place(far), "", "", 1, ""))
    feed.rows["routes"].append(("s1", "bahn", "S 1", "", 109, ""))
    xy = np.vstack([far, line[["x", "y"]].to_numpy()])
    times = np.append(0, np.cumsum(np.hypot(*np.diff(xy, axis=0).T))) / SPEED_M_S["rail"]
    for direction in (0, 1):
        stops = ["de:05999:1", *(line["id"] + f":0:{direction + 1}")]
        run = times
        if direction:
            stops, run = stops[::-1], times[-1] - times[::-1]
        head = ("s1", TOWN if direction == 0 else "", direction, "")
        _by_clock(feed, head, stops, run, np.ones(len(stops), dtype=bool), minute=7)


def _changes(feed: _Feed, bus: pd.DataFrame, rail: pd.DataFrame) -> None:
    """Let passengers change between each railway station and the bus station next to it."""
    if not len(bus):
        return
    for station in rail.itertuples():
        away = np.hypot(bus["x"] - station.x, bus["y"] - station.y)
        near = bus["id"].iloc[int(away.to_numpy().argmin())]
        walk = int(min(away.min() / 1.2, 3600))
        feed.rows["transfers"] += [(station.id, near, 2, walk), (near, station.id, 2, walk)]
    feed.rows["transfers"].append((bus["id"].iloc[0], bus["id"].iloc[0], 0, ""))


def _zipped(feed: _Feed, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in feed.rows.items():
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(HEADERS[name].split(","))
            writer.writerows(rows)
            info = zipfile.ZipInfo(f"{name}.txt", (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text.getvalue().encode("utf-8-sig"))
    return path
