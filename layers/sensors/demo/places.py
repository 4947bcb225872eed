"""Where the invented sensors of a demo stand: on main streets, round the centre, on roofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from layers.sensors.properties import PROPERTIES
from layers.sensors.records import Datastream, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from twin.city import City

SOURCE = "demo"
COUNTERS = {"motorway": 1, "trunk": 1, "primary": 3, "secondary": 4, "tertiary": 3}
"""How many counters stand on streets of a class, at most."""

VEHICLES_DAY = {
    "motorway": 38_000, "trunk": 22_000, "primary": 7_500, "secondary": 4_500, "tertiary": 2_200,
}  # fmt: skip
"""Vehicles a day in one direction that a counter starts from; invented, of a usual size."""

APART_M = 400.0  # counters stand no closer to each other
GARAGES = (("Parkhaus 1", 320), ("Parkhaus 2", 180), ("Parkhaus 3", 95))


def demo_streams(city: City) -> tuple[Datastream, ...]:
    """
    Return the invented datastreams of a city; what it has no place for is left out.

    `extra` holds what the curves start from: `vehicles_day`, `spaces`, `kwp`, `points` ...
    """
    middle = _middle(city)
    made = [*_counters(city, middle), *_around(city, middle)]
    blocks = city.tables["blocks"]
    if len(blocks):
        made += _block(city, blocks, middle)
    return tuple(made)


def _middle(city: City) -> shapely.Point:
    """Return the middle of the largest town that is named, else where people live on average."""
    places = city.tables["places"]
    towns = places[places["class"].isin(("city", "town", "village")).to_numpy()]
    if len(towns):
        people = np.nan_to_num(towns["population"].to_numpy(float))
        middle: shapely.Point = towns.geometry.iloc[int(people.argmax())].centroid
        return middle
    buildings = city.tables["buildings"]
    points = shapely.get_coordinates(buildings.geometry.centroid.to_numpy())
    weight = np.nan_to_num(buildings["residents"].to_numpy(float)) + 1e-9
    return shapely.Point(np.average(points, axis=0, weights=weight))


def _counters(city: City, middle: shapely.Point) -> Iterable[Datastream]:
    streets = city.tables["streets"]
    usable = streets["allow_car"].to_numpy(bool) & (streets["length_m"].to_numpy() > 40.0)
    usable &= ~(streets["is_ramp"] | streets["is_roundabout"] | streets["is_tunnel"]).to_numpy(bool)
    found: list[tuple[str, shapely.Point]] = []
    for name, most in COUNTERS.items():
        rows = streets[usable & (streets["class"] == name).to_numpy()]
        found += _spread(rows, middle, most, [point for _, point in found])
    for number, (street, point) in enumerate(found, start=1):
        row = streets.loc[street]
        day = VEHICLES_DAY[str(row["class"])] * _between(street, 0.75, 1.35)
        called = _called(row)
        place = {"street": street, "direction": f"{_bearing(streets.geometry[street]):.0f}"}
        yield _stream(city, "vehicles", called, number, point, vehicles_day=day, **place)
        if str(row["class"]) in {"secondary", "tertiary"}:
            yield _stream(
                city, "bicycles", called, number, point, bicycles_day=420.0 * day / 4_500, **place
            )


def _spread(
    rows: gpd.GeoDataFrame, middle: shapely.Point, most: int, taken: list[shapely.Point]
) -> list[tuple[str, shapely.Point]]:
    """Choose streets from the middle outwards, none close to another counter."""
    if rows.empty:
        return []
    points = shapely.line_interpolate_point(rows.geometry.to_numpy(), 0.5, normalized=True)
    chosen: list[tuple[str, shapely.Point]] = []
    kept = list(taken)
    for place in np.lexsort((rows.index.to_numpy(), shapely.distance(points, middle).round(1))):
        if all(shapely.distance(points[place], other) > APART_M for other in kept):
            chosen.append((str(rows.index[place]), points[place]))
            kept.append(points[place])
        if len(chosen) == most:
            break
    return chosen


def _around(city: City, middle: shapely.Point) -> Iterable[Datastream]:
    """Give climate, parking, PV, charging and passers-by at some distance round the middle."""
    for number, (name, spaces) in enumerate(GARAGES):
        at = _off(middle, 210.0, 40 + 120 * number)
        busy = 0.2 + 0.03 * number
        known = {"spaces": spaces, "busy": busy, "alert_below": 10.0}
        yield _stream(city, "free_spaces", name, number, at, **known)
    stations = (
        ("Wetterstation Mitte", 160.0, 200, 1.1),
        ("Wetterstation Stadtrand", 2_300.0, 80, 0.0),
    )
    for number, (name, metres, degrees, warmer) in enumerate(stations):
        at = _off(middle, metres, degrees)
        for word in ("air_temperature", "relative_humidity"):
            yield _stream(city, word, name, number, at, warmer=warmer)
    edge = _off(middle, 2_300.0, 80)
    yield _stream(city, "global_radiation", "Wetterstation Stadtrand", 1, edge)
    air = _off(middle, 330.0, 300)
    yield _stream(city, "pm10", "Luftmessstation", 0, air, alert_above=50.0)
    yield _stream(city, "no2", "Luftmessstation", 0, air)
    yield _stream(city, "pedestrians", "Einkaufsstraße", 0, _off(middle, 60.0, 10), day=5_200.0)
    roofs = (("Rathausdach", 62.0, 250.0, 140), ("Schuldach", 98.0, 900.0, 330))
    for number, (name, kwp, metres, degrees) in enumerate(roofs):
        yield _stream(city, "pv_power", name, number, _off(middle, metres, degrees), kwp=kwp)
    hubs = (("Ladepark Bahnhof", 8, 420.0, 95), ("Ladepark Schwimmbad", 4, 1_250.0, 250))
    for number, (name, points, metres, degrees) in enumerate(hubs):
        at = _off(middle, metres, degrees)
        for word in ("charging_used", "charging_power"):
            yield _stream(city, word, name, number, at, points=points)


def _block(city: City, blocks: gpd.GeoDataFrame, middle: shapely.Point) -> Iterable[Datastream]:
    """Give the load of one Baublock near the middle with enough homes to hide each of them."""
    homes = np.nan_to_num(blocks["dwellings"].to_numpy(float))
    inside = shapely.point_on_surface(blocks.geometry.to_numpy())
    near = np.where(homes >= 40, shapely.distance(inside, middle), np.inf)
    row = int(near.argmin())
    if np.isfinite(near[row]):
        # as if every home had an own address: the load hides each of them
        known = {"block": str(blocks.index[row]), "dwellings": homes[row], "addresses": homes[row]}
        for word in ("electric_power", "heat_power"):
            yield _stream(city, word, "Ortsnetzstation", 0, inside[row], **known)


def _stream(
    city: City, word: str, name: str, number: int, at: shapely.Point, **known: Any
) -> Datastream:
    told = {key: known.pop(key) for key in ("street", "direction", "alert_below", "alert_above")
            if key in known}  # fmt: skip
    lon, lat = _degrees(city, at)
    property_ = PROPERTIES[word]
    return Datastream(
        key_of(SOURCE, name, str(number), word), SOURCE, name, word, property_.unit,
        statistic=property_.statistic, lon=lon, lat=lat, interval_s=60.0,
        people=property_.people, replayed=True, extra=known, **told,
    )  # fmt: skip


def _degrees(city: City, point: shapely.Point) -> tuple[float, float]:
    there = gpd.GeoSeries([point], crs=city.crs).to_crs(4326).iloc[0]
    return round(there.x, 6), round(there.y, 6)


def _off(middle: shapely.Point, metres: float, degrees: float) -> shapely.Point:
    angle = np.radians(degrees)
    return shapely.Point(middle.x + metres * np.sin(angle), middle.y + metres * np.cos(angle))


def _called(row: Any) -> str:
    names = [str(row[key]) for key in ("name", "ref") if isinstance(row[key], str) and row[key]]
    return names[0] if names else str(row["class"])


def _bearing(line: shapely.LineString) -> float:
    ends: NDArray[np.float64] = shapely.get_coordinates(line)[[0, -1]]
    east, north = ends[1] - ends[0]
    return float(np.degrees(np.arctan2(east, north)) % 360.0)


def _between(word: str, low: float, high: float) -> float:
    """Return a number that belongs to a word, the same on every machine."""
    share = (sum((place + 1) * ord(letter) for place, letter in enumerate(word)) % 997) / 996
    return low + (high - low) * share
