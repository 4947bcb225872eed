"""Places of devices from a table beside the feed: points or lines, by what the feed calls them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import shapely
from pyproj import Transformer
from pyproj.exceptions import CRSError
from shapely.errors import GEOSException

from layers.assumption_files.text_table import read_text_table
from layers.sensors.common import Beside, Section
from layers.sensors.json_text import loads
from layers.sensors.paths import get, path_of
from layers.sensors.values import RefusedError, clean, number
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LARGEST_FILE = 200_000_000
DECIMALS = 6  # of degrees: 0.1 m


class Placed(NamedTuple):
    """Where something stands and what is told of it beside the values."""

    lon: float | None = None
    lat: float | None = None
    height_m: float | None = None
    line: str = ""
    name: str = ""
    street: str = ""
    direction: str = ""
    low: float | None = None
    high: float | None = None
    alert_below: float | None = None
    alert_above: float | None = None


@dataclass(frozen=True)
class Located:
    """Places by key, and the keys that the table has more than once."""

    by_key: Mapping[str, Placed]
    twice: tuple[str, ...] = ()


class PlaceTable(Section):
    """
    A GeoJSON, JSON or CSV file with the places of devices.

    In a JSON file `rows` leads to the list of them. `key` is the column that is the same as what
    `of` leads to in the message (by default the first part of the stream). The other names are
    columns; limits are in the unit of the datastream and hold for the property `limits_of`, or for
    all.
    """

    file: Beside
    key: str
    of: str = ""
    rows: str = ""
    lon: str = "lon"
    lat: str = "lat"
    crs: str = ""
    height: str = ""
    name: str = ""
    street: str = ""
    direction: str = ""
    low: str = ""
    high: str = ""
    alert_below: str = ""
    alert_above: str = ""
    limits_of: str = ""

    def read(self) -> Located:
        """
        Return the places by key.

        Raises
        ------
        SourceError
            The file cannot be read, or has no such column.
        """
        rows = _rows(Path(self.file), self.rows)
        places: dict[str, Placed] = {}
        twice: dict[str, None] = {}
        found: set[str] = set()
        for columns, geometry, crs in rows:
            found |= columns.keys()
            key = _key(columns.get(self.key))
            if not key:
                continue
            placed = self._placed(columns, geometry, self.crs or crs)
            if key not in places:
                places[key] = placed
            elif places[key].line and placed.line:  # a street in several parts
                places[key] = _together(places[key], placed)
            else:
                twice[key] = None
        self._check(found)
        return Located(places, tuple(twice))

    def _check(self, found: set[str]) -> None:
        told = (self.key, self.name, self.street, self.direction, self.height)
        limits = (self.low, self.high, self.alert_below, self.alert_above)
        if lost := [name for name in (*told, *limits) if name and name not in found]:
            template = "{path} lacks the columns {lost}; it has {found}."
            hint = "Write the names as the file does."
            there = ", ".join(sorted(found)[:15])
            values = {"path": self.file, "lost": ", ".join(lost), "found": there}
            raise SourceError(template, hint=hint, **values)

    def _placed(self, columns: Mapping[str, Any], geometry: Any, crs: str) -> Placed:
        def text(name: str) -> str:
            value = columns.get(name) if name else None
            return "" if value is None else clean(value)

        def amount(name: str) -> float | None:
            return _number(columns.get(name)) if name else None

        if geometry is None:
            lon, lat = point(columns.get(self.lon), columns.get(self.lat), crs)
            line = ""
        else:
            lon, lat, line = shape(geometry, crs)
        return Placed(
            lon, lat, amount(self.height), line,
            text(self.name), text(self.street), text(self.direction),
            amount(self.low), amount(self.high), amount(self.alert_below), amount(self.alert_above),
        )  # fmt: skip


def _key(cell: object) -> str:
    """Return a key as the messages have it: 7.0 is 7."""
    if cell is None:
        return ""
    return clean(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)


def _together(first: Placed, second: Placed) -> Placed:
    """Return a place of two lines as one."""
    lines = [shapely.from_wkt(placed.line) for placed in (first, second)]
    parts = [part for line in lines for part in getattr(line, "geoms", [line])]
    lon, lat, line = shape(shapely.to_wkt(shapely.MultiLineString(parts), rounding_precision=-1))
    return first._replace(lon=lon, lat=lat, line=line)


def _number(value: object) -> float | None:
    if value is None or not str(value).strip():
        return None
    try:
        return number(value)
    except RefusedError:
        return None


def _rows(path: Path, inside: str) -> Iterable[tuple[Mapping[str, Any], Any, str]]:
    """Return columns, geometry and coordinate system of each place of a file."""
    if path.suffix.lower() in {".json", ".geojson"}:
        return _items(path, inside)
    table = read_text_table(path)
    return [(row, None, "") for row in table.to_dict("records")]  # type: ignore[misc]


def _items(path: Path, inside: str) -> list[tuple[Mapping[str, Any], Any, str]]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefusedError("too_large", path)
        content = loads(path.read_bytes(), LARGEST_FILE)
    except (OSError, RefusedError) as error:
        template = "{path} cannot be read as JSON ({reason})."
        reason = error.detail if isinstance(error, RefusedError) else error.strerror or str(error)
        raise SourceError(template, hint="Check the file.", path=path, reason=reason) from error
    if not inside and isinstance(content, dict) and isinstance(content.get("features"), list):
        return [_feature(one, content) for one in content["features"]]
    found = get(content, path_of(inside))
    if not isinstance(found, list):
        template = "{path} has no list of places."
        hint = "It is GeoJSON with features, or JSON where rows leads to a list."
        raise SourceError(template, hint=hint, path=path)
    return [(_flat(one), None, "") for one in found]


def _feature(feature: Any, content: dict[str, Any]) -> tuple[Mapping[str, Any], Any, str]:
    known = feature if isinstance(feature, dict) else {}
    properties = known.get("properties")
    crs = get(content, ("crs", "properties", "name"))
    columns = {"id": known.get("id"), **(properties if isinstance(properties, dict) else {})}
    return columns, known.get("geometry") or {}, crs if isinstance(crs, str) else ""


def _flat(item: Any, before: str = "") -> dict[str, Any]:
    """Return what is inside other things under their joined names: `position.lat`."""
    found: dict[str, Any] = {}
    for name, inner in item.items() if isinstance(item, dict) else ():
        deeper = _flat(inner, f"{before}{name}.") if isinstance(inner, dict) else {}
        found |= deeper or {f"{before}{name}": inner}
    return found


@lru_cache(maxsize=32)
def _transformer(crs: str) -> Transformer | None:
    """Return what leads to degrees; none where they are degrees already."""
    if not crs or "CRS84" in crs or crs.upper().replace("::", ":").endswith("EPSG:4326"):
        return None
    try:
        return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except CRSError as error:
        template = "{crs} is no coordinate system known here."
        raise SourceError(template, hint="Write it as EPSG:25832.", crs=crs) from error


def point(x: object, y: object, crs: str = "") -> tuple[float | None, float | None]:
    """
    Return longitude and latitude in degrees, none where there is no sound place.

    Nothing, what is no number, what lies outside the globe and 0, 0 (a receiver without satellites)
    are no place.
    """
    lon, lat = _number(x), _number(y)
    if lon is None or lat is None:
        return None, None
    change = _transformer(crs)
    if change is not None:
        lon, lat = change.transform(lon, lat)
    sound = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    if not sound or (lon == 0 and lat == 0):
        return None, None
    return lon, lat


def shape(geometry: Any, crs: str = "") -> tuple[float | None, float | None, str]:
    """Return longitude, latitude and, of a line, its WKT; of a GeoJSON geometry or WKT."""
    try:
        made = _geometry(geometry)
        change = _transformer(crs)
        if change is not None:
            turned: Any = change.transform
            made = shapely.transform(made, turned, interleaved=False)
    except (GEOSException, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None, None, ""
    if made.is_empty:
        return None, None, ""
    if made.geom_type == "Point":
        return *point(made.x, made.y), ""
    if "Line" not in made.geom_type:
        middle = made.representative_point()
        return *point(middle.x, middle.y), ""
    line = shapely.line_merge(made) if made.geom_type == "MultiLineString" else made
    longest = max(getattr(line, "geoms", [line]), key=lambda part: part.length)
    middle = longest.interpolate(0.5, normalized=True)
    lon, lat = point(middle.x, middle.y)
    return lon, lat, "" if lon is None else shapely.to_wkt(line, rounding_precision=DECIMALS)


def _geometry(given: Any) -> Any:
    if isinstance(given, str):
        return shapely.from_wkt(given)
    flat = {"type": given["type"], "coordinates": given["coordinates"]}
    return shapely.force_2d(shapely.geometry.shape(flat))
