"""What a draft names, as a list that people can read and take things out of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from pydantic import ValidationError

from twin.errors import TwinError
from twin.measures import MEASURES, BuildingMeasure
from twin.selection import Area, Line
from twin.selection.streets import one_of_two, rows_of_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dash_app.i18n import Translator
    from twin.city import City

MOST = 60
"""Entries listed; more are summed up in one."""

Entry = dict[str, Any]


def chosen_entries(t: Translator, raw: Mapping[str, Any], city: City) -> list[Entry]:
    """
    Return what a draft names: `{path, values, label, detail}` each.

    Removing an entry takes `values` out of the list at `path`; where they are null the field goes.
    What cannot be read is listed as it stands, so that it can be removed.
    """
    found: list[Entry] = []
    for path, value in _named(raw):
        if not value and value != 0:
            continue
        name = path.rpartition(".")[2]
        maker = _MAKERS.get(name, _plain)
        if name in {"ids", "streets"}:
            maker = _buildings if _is_of_buildings(raw) else _streets
        found += maker(t, path, value, city)
    if len(found) > MOST:
        rest = found[MOST:]
        found = found[:MOST]
        found.append(_entry("", [], t.plural("{count} more", "{count} more", len(rest)), ""))
    return found


def _named(raw: Mapping[str, Any]) -> list[tuple[str, Any]]:
    select = raw.get("select")
    select = select if isinstance(select, dict) else {}
    inner = ("ids", "names", "area", "around", "line", "districts", "blocks", "classes")
    outer: tuple[str, ...] = (
        "area", "around", "line", "points", "to", "districts", "streets", "nodes", "lines",
        "stops",
    )  # fmt: skip
    found = [(f"select.{name}", select.get(name)) for name in inner]
    if raw.get("kind") == "heating_change":
        outer = tuple(name for name in outer if name != "to")
    if raw.get("kind") == "charging_points":
        outer = tuple(name for name in outer if name != "points")
    return found + [(name, raw.get(name)) for name in outer]


def _is_of_buildings(raw: Mapping[str, Any]) -> bool:
    model = MEASURES.get(str(raw.get("kind", "")))
    return model is not None and issubclass(model, BuildingMeasure)


def _entry(path: str, values: Any, label: str, detail: str = "") -> Entry:
    return {"path": path, "values": values, "label": label, "detail": detail}


def _texts(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, (list, tuple)) else [str(value)]


def _streets(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    """Return streets by name, with sections and metres."""
    streets = city.streets
    given = _texts(value)
    place = streets.index.get_indexer(pd.Index(given, dtype="str"))
    table = pd.DataFrame({"id": given, "row": place})
    known = table[table["row"] >= 0]
    names = streets["name"].iloc[known["row"]].to_numpy(object)
    labels = [str(name) if isinstance(name, str) and name else "" for name in names]
    found = []
    for label, part in known.assign(label=labels).groupby("label", sort=False):
        rows = one_of_two(streets, np.sort(part["row"].to_numpy()))
        found.append(_entry(path, list(part["id"]), str(label) or t.text("Street without name"),
                            _sections(t, city, rows)))  # fmt: skip
    for word in table.loc[table["row"] < 0, "id"]:
        rows = rows_of_ids(streets, [word])
        detail = _sections(t, city, one_of_two(streets, rows)) if len(rows) else t.text("not found")
        name = streets["name"].iloc[rows[0]] if len(rows) else None
        found.append(_entry(path, [word], str(name) if isinstance(name, str) else word, detail))
    return found


def _sections(t: Translator, city: City, rows: Any) -> str:
    metres = float(city.streets["length_m"].to_numpy(float)[rows].sum())
    sections = t.plural("{count} section", "{count} sections", len(rows))
    return f"{sections} · {_length(t, metres)}"


def _length(t: Translator, metres: float) -> str:
    return t.number(metres / 1000, "km") if metres >= 1000 else t.number(round(metres), "m")


def _names(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    folded = city.streets["name"].str.casefold()
    found = []
    for word in _texts(value):
        rows = np.flatnonzero((folded == word.casefold()).to_numpy(bool))
        detail = t.text("not found")
        if len(rows):
            detail = _sections(t, city, one_of_two(city.streets, rows))
        found.append(_entry(path, [word], word, detail))
    return found


def _buildings(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    """Return buildings by the street of their address."""
    given = _texts(value)
    place = city.buildings.index.get_indexer(pd.Index(given, dtype="str"))
    street = city.buildings["street"].to_numpy(object)
    number = city.buildings["housenumber"].to_numpy(object)
    groups: dict[str, list[str]] = {}
    numbers: dict[str, list[str]] = {}
    for key, row in zip(given, place, strict=True):
        name = street[row] if row >= 0 else t.text("not found")
        label = name if isinstance(name, str) and name else t.text("Building without address")
        groups.setdefault(label, []).append(key)
        if row >= 0 and isinstance(number[row], str):
            numbers.setdefault(label, []).append(number[row])
    found = []
    for label, keys in groups.items():
        if len(keys) == 1 and numbers.get(label):
            found.append(_entry(path, keys, f"{label} {numbers[label][0]}"))
        else:
            detail = t.plural("{count} building", "{count} buildings", len(keys))
            found.append(_entry(path, keys, label, detail))
    return found


def _districts(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    names = city.districts["name"]
    return [
        _entry(path, [word], str(names[word]) if word in names.index else word, t.text("District"))
        for word in _texts(value)
    ]


def _blocks(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    return [_entry(path, [word], word, t.text("Block")) for word in _texts(value)]


def _classes(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    return [_entry(path, [w], t.word(w, "streets.class"), t.text("Class")) for w in _texts(value)]


def _area(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    detail = ""
    try:
        size = float(shapely.area(Area.model_validate(value).geometry(city.crs)))
        detail = t.number(size / 10_000, "ha")
    except (ValidationError, TwinError, ValueError, TypeError, shapely.errors.ShapelyError):
        detail = t.text("cannot be read")
    return [_entry(path, None, t.text("Drawn area"), detail)]


def _line(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    detail = ""
    try:
        detail = _length(t, Line.model_validate(value).geometry(city.crs).length)
    except (ValidationError, TwinError, ValueError, TypeError, shapely.errors.ShapelyError):
        detail = t.text("cannot be read")
    return [_entry(path, None, t.text("Drawn line"), detail)]


def _around(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    if not isinstance(value, dict):
        return [_entry(path, None, t.text("Around a place"), t.text("cannot be read"))]
    place = str(value.get("place") or t.text("a point on the map"))
    place = t.text("the centre") if place == "centre" else place
    radius = value.get("radius_m")
    detail = t.number(float(radius), "m") if isinstance(radius, (int, float)) else ""
    return [_entry(path, None, t.text("Around {place}", place=place), detail)]


def _points(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    points = value if isinstance(value, (list, tuple)) else []
    return [
        _entry(path, [point], t.text("Point {number}", number=number), _spot(t, point))
        for number, point in enumerate(points, start=1)
    ]


def _to(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    return [_entry(path, None, t.text("New spot"), _spot(t, value))]


def _spot(t: Translator, point: Any) -> str:
    try:
        lon, lat = float(point[0]), float(point[1])
    except (TypeError, ValueError, IndexError, KeyError):
        return t.text("cannot be read")
    return t.text("{lat:.5f}° N, {lon:.5f}° E", lat=lat, lon=lon)


def _of_table(table: str) -> Any:
    def entries(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
        frame = city.tables[table]
        names = frame.get("name")
        found = []
        for word in _texts(value):
            name = names[word] if names is not None and word in frame.index else None
            label = str(name) if isinstance(name, str) else word
            found.append(_entry(path, [word], label, _one(t, table)))
        return found

    return entries


def _one(t: Translator, table: str) -> str:
    return {"lines": t.text("Line"), "stops": t.text("Stop"), "nodes": t.text("Junction")}[table]


def _plain(t: Translator, path: str, value: Any, city: City) -> list[Entry]:
    return [_entry(path, [word], word) for word in _texts(value)]


_MAKERS: dict[str, Any] = {
    "names": _names, "districts": _districts, "blocks": _blocks, "classes": _classes,
    "area": _area, "line": _line, "around": _around, "points": _points, "to": _to,
    "lines": _of_table("lines"), "stops": _of_table("stops"), "nodes": _of_table("nodes"),
}  # fmt: skip
