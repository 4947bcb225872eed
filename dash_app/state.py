"""
The view state: what a person has chosen, and the short query that carries it in the address.

`parse` reads an address and never fails: what it cannot use falls back to the default and is
named. `to_query` writes one; `query` in `assets/page_state.js` does the same in the browser.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import numpy as np
import shapely
from pyproj import Transformer

from dash_app.i18n import LANGUAGES
from dash_app.sensing.moments import moment_of, moment_text
from twin.indicators import INDICATORS
from twin.schema import BUILDINGS, TABLES, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twin.city import City

THEMES = ("system", "light", "dark")
VIEWS = ("map", "scenario", "compare", "mobility", "energy", "sensors", "table", "data")
SHOWN = ("base", "a", "b", "diff")
SPLITS = ("none", "swipe", "twin")

LAYERS: dict[str, float] = {
    "buildings": 1.0,
    "shadow": 1.0,
    "streets": 1.0,
    "rail": 1.0,
    "terrain": 1.0,
    "landuse": 1.0,
    "water": 1.0,
    "trees": 1.0,
    "names": 1.0,
    "places": 1.0,
    "stops": 1.0,
    "lines": 0.0,
    "districts": 0.0,
    "zones": 0.0,
    "blocks": 0.0,
    "parcels": 0.0,
    "cells": 0.0,
    "sensors": 0.0,
}
"""Layers of the map with the opacity they start with; 0 is hidden."""

PICKABLE = (
    "buildings", "streets", "railways", "landuse", "water", "trees", "places", "stops",
    "addresses", "districts", "zones", "blocks", "parcels", "cells", "lines",
)  # fmt: skip
"""Tables whose rows can be picked, searched and read as a table."""

SENSORS = "sensors"
"""What is picked where it is no row of the city but a datastream, by its number in the store."""

MAX_QUERY = 2_000
"""Characters of an address that are read; ours are far shorter."""


@dataclass(frozen=True)
class Camera:
    """Where one looks from; degrees, zoom as in web maps (512 px tiles)."""

    lon: float
    lat: float
    zoom: float
    pitch: float = 0.0
    bearing: float = 0.0


@dataclass(frozen=True)
class Sun:
    """Position of the sun by local clock; minutes after midnight."""

    month: int = 6
    day: int = 21
    minutes: int = 940


@dataclass(frozen=True)
class Pick:
    """One row of one table."""

    table: str
    id: str


@dataclass(frozen=True)
class ViewState:
    """Everything one can choose on the page, and nothing that follows from it."""

    lang: str = "de"
    theme: str = "system"
    view: str = "map"
    table: str = "buildings"
    camera: Camera | None = None  # None: the whole city
    layers: Mapping[str, float] = field(default_factory=lambda: dict(LAYERS))
    colour: str | None = None  # column of the buildings, or "table.column" of another table
    smooth: bool = False  # continuous colours, not classes
    pick: Pick | None = None
    district: str | None = None  # only this district is shown in colour
    sun: Sun | None = field(default_factory=Sun)
    # what a planner works with; keys of scenarios as in the project store, `key@7` is version 7
    a: str | None = None
    b: str | None = None
    shown: str = "base"
    year: int | None = None  # None: the last stage
    value: str | None = None  # name of a view of results
    hour: int | None = None
    split: str = "none"
    at: float = 0.5  # place of the divider
    explain: str | None = None  # indicator, or `indicator:level:area`
    cards: tuple[str, ...] = ()  # indicators in the strip; empty: the usual ones
    # sensors
    moment: str | None = None  # of the day played again, UTC `2026-11-22T07:00Z`; None: now
    property: str | None = None  # what is observed; None: all of it

    def as_json(self) -> dict[str, Any]:
        """Return plain values for the store in the browser."""
        return asdict(self)


COLOURED_BESIDES = {
    "streets": ("gradient_percent", "speed_kmh"),
    "blocks": ("residents", "dwellings", "buildings"),
    "zones": ("residents", "dwellings", "buildings"),
    "cells": ("residents", "dwellings", "buildings"),
}
"""Columns of other tables than the buildings that the map can be coloured by."""

COLOURABLE = (
    *(
        column.name
        for column in BUILDINGS.columns
        if column.type in {"category", "number", "flag"} and column.name != "has_parts"
    ),
    *(f"{table}.{name}" for table, names in COLOURED_BESIDES.items() for name in names),
)
"""What may colour the map: columns of the buildings, and `table.column` of other tables."""


def coloured(key: str) -> tuple[str, Column]:
    """
    Return the table and the column that an entry of `COLOURABLE` names.

    >>> coloured("height_m")[0], coloured("blocks.residents")[1].label
    ('buildings', 'Residents')
    """
    table, _, name = key.rpartition(".")
    table = table or "buildings"
    return table, TABLES[table].column(name)


def parse(search: str, city: City, *, lang: str = "de") -> tuple[ViewState, list[str]]:
    """
    Return the state an address asks for, and the names of the parts that could not be used.

    `lang` is the language of an address that names none.

    >>> parse("?lang=en&zoom=1", None)[0].lang, parse("?theme=pink", None)[1]
    ('en', ['theme'])
    """
    pairs = dict(parse_qsl(search[:MAX_QUERY].lstrip("?"), keep_blank_values=True))
    values: dict[str, Any] = {"lang": lang}
    lost = []
    for name, read in _READERS.items():
        if name not in pairs:
            continue
        try:
            values |= read(pairs[name], city)
        except (ValueError, KeyError, IndexError):
            lost.append(name)
    return ViewState(**values), lost


def to_query(state: ViewState) -> str:
    """
    Return the short query of a state, without what is default.

    >>> to_query(ViewState(lang="en", colour="height_m", sun=None))
    'lang=en&colour=height_m&sun=off'
    """
    start = ViewState()
    parts = {
        name: getattr(state, name)
        for name in (
            "lang", "theme", "view", "table", "colour", "district", "a", "b", "shown", "value",
            "split", "explain", "moment", "property",
        )
        if getattr(state, name) != getattr(start, name)
    }  # fmt: skip
    parts |= _work_parts(state)
    if state.camera:
        c = state.camera
        parts["at"] = f"{c.lat:.5f},{c.lon:.5f},{c.zoom:.2f},{c.pitch:.0f},{c.bearing:.0f}"
    if dict(state.layers) != LAYERS:
        parts["layers"] = ",".join(_layer_text(n, o) for n, o in state.layers.items() if o > 0)
    if state.smooth:
        parts["scale"] = "smooth"
    if state.pick:
        parts["pick"] = f"{state.pick.table}:{state.pick.id}"
    if state.sun is None:
        parts["sun"] = "off"
    elif state.sun != start.sun:
        s = state.sun
        parts["sun"] = f"{s.month:02d}-{s.day:02d},{s.minutes // 60:02d}:{s.minutes % 60:02d}"
    order = ("lang", "theme", "view", "table", "at", "layers", "colour", "scale", "pick",
             "district", "sun", "a", "b", "shown", "year", "value", "hour", "split", "divider",
             "explain", "cards", "moment", "property")  # fmt: skip
    return "&".join(f"{name}={quote(parts[name], safe=',:@')}" for name in order if name in parts)


def _work_parts(state: ViewState) -> dict[str, str]:
    """Return what of the workspace an address carries besides plain words."""
    parts = {
        name: f"{getattr(state, name):g}"
        for name in ("year", "hour")
        if getattr(state, name) is not None
    }
    if state.split == "swipe" and state.at != ViewState.at:
        parts["divider"] = f"{state.at:.2f}"
    if state.cards:
        parts["cards"] = ",".join(state.cards)
    return parts


def _layer_text(name: str, opacity: float) -> str:
    return name if opacity >= 1 else f"{name}:{opacity * 100:.0f}"


def _one_of(key: str, allowed: tuple[str, ...]) -> Callable[[str, City], dict[str, Any]]:
    def read(text: str, _: City) -> dict[str, Any]:
        if text not in allowed:
            raise ValueError(text)
        return {key: text}

    return read


def _read_camera(text: str, _: City) -> dict[str, Any]:
    lat, lon, zoom, *rest = (float(part) for part in text.split(","))
    pitch, bearing = (*rest, 0.0, 0.0)[:2]
    limits = ((lat, -85, 85), (lon, -180, 180), (zoom, 5, 22), (pitch, 0, 85), (bearing, -360, 360))
    if len(rest) > 2 or not all(low <= value <= high for value, low, high in limits):
        raise ValueError(text)
    return {"camera": Camera(lon, lat, zoom, pitch, bearing)}


def _read_layers(text: str, _: City) -> dict[str, Any]:
    shown = dict.fromkeys(LAYERS, 0.0)
    for part in filter(None, text.split(",")):
        name, _sep, percent = part.partition(":")
        opacity = float(percent or 100) / 100
        if name not in shown or not 0 <= opacity <= 1:
            raise ValueError(part)
        shown[name] = opacity
    return {"layers": shown}


def _read_pick(text: str, city: City) -> dict[str, Any]:
    table, _, key = text.partition(":")
    return {"pick": checked_pick(city, {"table": table, "id": key})}


def _read_district(text: str, city: City) -> dict[str, Any]:
    if text not in city.tables["districts"].index:
        raise KeyError(text)
    return {"district": text}


def _read_sun(text: str, _: City) -> dict[str, Any]:
    if text == "off":
        return {"sun": None}
    date, clock = text.split(",")
    month, day = (int(part) for part in date.split("-"))
    hour, minute = (int(part) for part in clock.split(":"))
    days = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and 0 <= hour < 24):
        raise ValueError(text)
    if not 0 <= minute < 60:
        raise ValueError(text)
    return {"sun": Sun(month, day, hour * 60 + minute)}


def _matching(key: str, pattern: str) -> Callable[[str, City], dict[str, Any]]:
    def read(text: str, _: City) -> dict[str, Any]:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return {key: text}

    return read


def _within(key: str, low: int, high: int) -> Callable[[str, City], dict[str, Any]]:
    def read(text: str, _: City) -> dict[str, Any]:
        if not (text.isdecimal() and low <= int(text) <= high):
            raise ValueError(text)
        return {key: int(text)}

    return read


def _read_divider(text: str, _: City) -> dict[str, Any]:
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return {"at": float(text)}


def _read_cards(text: str, _: City) -> dict[str, Any]:
    names = tuple(dict.fromkeys(filter(None, text.split(","))))
    if len(names) > len(INDICATORS) or not set(names) <= set(INDICATORS):
        raise ValueError(text)
    return {"cards": names}


def _read_moment(text: str, _: City) -> dict[str, Any]:
    return {"moment": moment_text(moment_of(text))}


SCENARIO_KEY = r"[0-9a-f]{32}(@[1-9][0-9]{0,8})?"
"""A scenario of the project store, perhaps one version of it."""

SENSOR_NUMBER = r"[1-9][0-9]{0,8}"
"""A datastream of the project store."""

_READERS: dict[str, Callable[[str, City], dict[str, Any]]] = {
    "lang": _one_of("lang", LANGUAGES),
    "theme": _one_of("theme", THEMES),
    "view": _one_of("view", VIEWS),
    "table": _one_of("table", PICKABLE),
    "at": _read_camera,
    "layers": _read_layers,
    "colour": _one_of("colour", COLOURABLE),
    "scale": lambda text, city: {"smooth": _one_of("scale", ("smooth",))(text, city) != {}},
    "pick": _read_pick,
    "district": _read_district,
    "sun": _read_sun,
    "a": _matching("a", SCENARIO_KEY),
    "b": _matching("b", SCENARIO_KEY),
    "shown": _one_of("shown", SHOWN),
    "year": _within("year", 1990, 2150),
    "value": _matching("value", r"[a-z0-9_]{1,60}"),
    "hour": _within("hour", 0, 23),
    "split": _one_of("split", SPLITS),
    "divider": _read_divider,
    "explain": _matching("explain", r"[a-z0-9_]{1,60}(:(city|district|block):[^:]{1,100})?"),
    "cards": _read_cards,
    "moment": _read_moment,
    "property": _matching("property", r"[A-Za-z0-9_.-]{1,60}"),
}


def checked_pick(city: City, data: Any) -> Pick:
    """Return `{table, id}` from the browser as a `Pick`; `KeyError` where there is no such row."""
    if not isinstance(data, dict):
        raise KeyError(data)
    table, key = data.get("table"), data.get("id")
    if table == SENSORS and isinstance(key, str) and re.fullmatch(SENSOR_NUMBER, key):
        return Pick(SENSORS, key)  # whether there is one, and for whom, the store knows
    if table not in PICKABLE or not isinstance(key, str) or key not in city.tables[table].index:
        raise KeyError(key)
    return Pick(table, key)


def home_camera(city: City) -> Camera:
    """Return the camera a plain address stands for: over the largest town, roofs in sight."""
    middle = _town(city)
    if middle is None:
        return Camera(10.45, 51.16, 6.0)  # an empty city: the middle of Germany
    to_degrees = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(*middle)
    return Camera(round(lon, 5), round(lat, 5), 15.2, 50.0, -20.0)


def _town(city: City) -> tuple[float, float] | None:
    """Return where the town is: its place node, else the median of buildings or streets."""
    places = city.places[city.places["class"].isin(["city", "town", "village"])]
    order = (places["name"] != city.name, places["class"].cat.codes, -places["population"])
    for row in np.lexsort([np.asarray(key) for key in reversed(order)]):
        point = places.geometry.iloc[row]
        if shapely.box(*city.buildings.total_bounds).contains(point):
            return point.x, point.y
    for table in ("buildings", "streets", "landuse"):
        if len(city.tables[table]):
            bounds = city.tables[table].geometry.bounds.to_numpy()
            x, y = np.median((bounds[:, :2] + bounds[:, 2:]) / 2, axis=0)
            return float(x), float(y)
    return None
