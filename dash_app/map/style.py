"""How the ground looks: colours in both themes, widths in metres with a floor in pixels, order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

THEMES = ("light", "dark")


@dataclass(frozen=True)
class Paint:
    """
    One way to paint the ground: colours for light and dark, and widths of lines.

    `width` and `casing` are metres, `floor` pixels, `zoom` is where it appears.
    """

    light: str
    dark: str
    width: float = 0.0
    floor: float = 0.0
    casing: float = 0.0
    zoom: float = 0.0


AREAS: dict[str, Paint] = {
    "land": Paint("#F3F0EA", "#171D22"),
    "farm": Paint("#F1EDDD", "#1A2020"),
    "housing": Paint("#EEE9E1", "#1A2127"),
    "industry": Paint("#ECE7E3", "#1D2329"),
    "meadow": Paint("#E4EBD6", "#1A241F"),
    "allotments": Paint("#E0E8D2", "#1C2721"),
    "scrub": Paint("#DAE5CB", "#1B2822"),
    "wetland": Paint("#DAE6DA", "#1A2827"),
    "park": Paint("#D9E6C9", "#1B2A22"),
    "wood": Paint("#CADDBD", "#1A2C23"),
    "sand": Paint("#F3E9CF", "#2A2A24"),
    "pitch": Paint("#D2E3C8", "#1E2F27"),
    "parking": Paint("#EAE5DF", "#1C2329", zoom=15),
    "paved": Paint("#EFEAE3", "#1F262C"),
    "water": Paint("#BCD8E6", "#10334A"),
}
"""Areas from bottom to top."""

LINES: dict[str, Paint] = {
    "shore": Paint("#A3C5D6", "#1D4C66", floor=1.0),
    "stream": Paint("#AFD0E0", "#15405A", width=2.4, floor=0.8, zoom=12),
    "canal": Paint("#BCD8E6", "#10334A", width=7, floor=1.0),
    "river": Paint("#BCD8E6", "#10334A", width=9, floor=1.4),
    "foot": Paint("#E2D9CB", "#28313A", width=1.5, floor=0.8, zoom=15.2),
    "track": Paint("#E2D9CB", "#28313A", width=1.8, floor=0.7, zoom=14),
    "cycle": Paint("#E2D9CB", "#28313A", width=2.2, floor=0.8, zoom=14),
    "pedestrian": Paint("#FBF9F6", "#2A333B", width=5, floor=0.9, zoom=13.5),
    "service": Paint("#FBF9F6", "#2A333B", width=3, floor=0.6, casing=4.6, zoom=14),
    "living": Paint("#FFFFFF", "#333D46", width=5.2, floor=0.9, casing=7.4, zoom=12.5),
    "residential": Paint("#FFFFFF", "#333D46", width=6.2, floor=1.1, casing=8.6, zoom=11.5),
    "tertiary": Paint("#FFFFFF", "#333D46", width=8, floor=1.7, casing=11),
    "ramp": Paint("#FFFDF6", "#434F5A", width=6, floor=1.6, casing=9),
    "secondary": Paint("#FFFDF6", "#434F5A", width=9.5, floor=2, casing=13),
    "primary": Paint("#FFFDF6", "#434F5A", width=11, floor=2.4, casing=15),
    "motorway": Paint("#FFFDF6", "#434F5A", width=15, floor=2.6, casing=19),
    "siding": Paint("#CFC8BF", "#343C44", width=1.2, floor=0.7, zoom=13),
    "rail": Paint("#B3ABA2", "#4A525A", width=2, floor=0.9),
    "parcels": Paint("#A79E92", "#56616B", width=0.15, floor=0.7, zoom=16),
    "cells": Paint("#7C7468", "#7B8893", width=0.4, floor=0.8),
    "blocks": Paint("#6A5B73", "#A08FB0", width=0.6, floor=1.1),
    "zones": Paint("#3F6575", "#7FA9BB", width=1.0, floor=1.8),
    "districts": Paint("#485259", "#BEC8CF", width=1.0, floor=1.2),
    "lines": Paint("#485259", "#BEC8CF", width=5, floor=1.8),
}
"""Lines from bottom to top; roads small to large, then what is laid over the ground."""

MAIN_ROADS = ("tertiary", "secondary", "primary", "motorway")

LANDUSE: dict[str, str] = {
    "residential": "housing", "commercial": "industry", "industrial": "industry",
    "retail": "industry", "public": "housing", "education": "housing", "health": "housing",
    "farmland": "farm", "farmyard": "industry", "meadow": "meadow", "grass": "meadow",
    "orchard": "allotments", "vineyard": "allotments", "allotments": "allotments",
    "forest": "wood", "scrub": "scrub", "heath": "scrub", "wetland": "wetland", "park": "park",
    "cemetery": "park", "playground": "pitch", "pitch": "pitch", "sport": "pitch",
    "leisure": "park", "parking": "parking", "railway": "industry", "road": "paved",
    "military": "industry", "construction": "industry", "brownfield": "industry",
    "quarry": "sand", "landfill": "sand", "beach": "sand", "bare": "sand", "square": "paved",
    "other": "land",
}  # fmt: skip
"""Paint of each class of land use."""

STREETS: dict[str, str] = {
    "motorway": "motorway", "trunk": "motorway", "primary": "primary", "secondary": "secondary",
    "tertiary": "tertiary", "unclassified": "residential", "residential": "residential",
    "living_street": "living", "service": "service", "pedestrian": "pedestrian",
    "track": "track", "cycleway": "cycle", "footway": "foot", "path": "foot",
    "bridleway": "track", "steps": "foot", "busway": "living",
}  # fmt: skip
"""Paint of each class of street."""

WATERWAYS: dict[str, str] = {
    "river": "river", "canal": "canal", "stream": "stream", "ditch": "stream", "drain": "stream",
}  # fmt: skip
"""Paint of each class of water line."""

AREA_CODES = {name: code for code, name in enumerate(AREAS)}
LINE_CODES = {name: len(AREAS) + code for code, name in enumerate(LINES)}

SCENE: dict[str, dict[str, Any]] = {
    "light": {
        "wall": "#FAF7F2", "pitched": "#F0E3D9", "flat": "#FBF9F6", "edge": "#B9AEA2",
        "edge_alpha": 105, "tree": "#A9C79B", "shadow": "#CDC7C2", "shade": [92, 78, 66, 40],
        "text": "#4E4A44", "halo": "#FBF9F5", "selected": "#0B7A89", "hover": "#DFEEEF",
        "border": "#485259", "stop": "#485259",
        "relief_shade": [58, 48, 36, 120], "relief_light": [255, 253, 246, 190],
        "casing": "#FFFFFF", "rim_alpha": 120, "added": "#C9E4E7", "road_casing": "#D5CDC2",
        "ambient": 0.56, "sun": 0.37, "sun_colour": "#FFF6E8", "sky": 0.20,
        "sky_colour": "#F0F6FF", "fill": 0.10, "fill_colour": "#DEE8FF",
    },
    "dark": {
        "wall": "#6B757E", "pitched": "#78807F", "flat": "#7F8992", "edge": "#A3AEB8",
        "edge_alpha": 80, "tree": "#2C4A3A", "shadow": "#0E1216", "shade": [0, 0, 0, 85],
        "text": "#C3CCD3", "halo": "#12171B", "selected": "#62C4CF", "hover": "#8AD6DE",
        "border": "#BEC8CF", "stop": "#BEC8CF",
        "relief_shade": [2, 4, 6, 235], "relief_light": [158, 178, 196, 130],
        "casing": "#0E1216", "rim_alpha": 150, "added": "#4C8A93", "road_casing": "#11161A",
        "ambient": 0.50, "sun": 0.44, "sun_colour": "#FFECD2", "sky": 0.24,
        "sky_colour": "#C8DCFF", "fill": 0.12, "fill_colour": "#96B4FF",
    },
}  # fmt: skip
"""Buildings, trees, text and light in both themes."""


def style_json() -> dict[str, Any]:
    """Return all of it for the browser; a feature's paint code is its place in `paints`."""
    paints = [{"name": name, **vars(paint)} for name, paint in (AREAS | LINES).items()]
    return {"paints": paints, "scene": SCENE, "streets": STREETS}
