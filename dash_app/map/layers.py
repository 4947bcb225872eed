"""The layer stack, declared with pydeck; the browser turns it into live deck.gl layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pydeck

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUND = ("landuse", "water", "streets", "rail", "terrain")
"""Layers a person can switch that are all painted by `TwinGround`."""


def stack() -> list[pydeck.Layer]:
    """
    Return the city's own layers from bottom to top.

    The classes are ours (`assets/map-layers.js`) and read the city's tiles, so the layers carry no
    data. `switch` names the entry of `view.layers` that gives their opacity.
    """
    own: dict[str, Any] = {"data": None}
    return [
        pydeck.Layer("TwinGround", id="ground", **own),
        *(_overlay(name) for name in ("districts", "cells", "zones", "blocks", "parcels")),
        pydeck.Layer("TwinBorders", id="borders", switch=_text("districts"), **own),
        pydeck.Layer("TwinAreas", id="areas", **own),
        pydeck.Layer("TwinMarkFill", id="marked-areas", **own),
        pydeck.Layer("TwinAddedRoads", id="added-roads", **own),
        pydeck.Layer("TwinShade", id="shade", switch=_text("buildings"), from_zoom=14, **own),
        pydeck.Layer("TwinNames", id="names", switch=_text("names"), **own),
        pydeck.Layer("TwinShadow", id="shadow", switch=_text("shadow"), from_zoom=13.6, **own),
        pydeck.Layer("TwinRings", id="rings", switch=_text("buildings"), from_zoom=14, **own),
        pydeck.Layer("TwinAddedShadow", id="added-shadow", **own),
        pydeck.Layer("TwinPrismShadow", id="prism-shadow", **own),
        pydeck.Layer(
            "TwinTreeShadow", id="tree-shadow", switch=_text("trees"), from_zoom=15, **own
        ),
        pydeck.Layer("TwinBuildings", id="buildings", switch=_text("buildings"), **own),
        pydeck.Layer("TwinEdges", id="edges", switch=_text("buildings"), from_zoom=15, **own),
        pydeck.Layer("TwinAdded", id="added", **own),
        pydeck.Layer("TwinAddedEdges", id="added-edges", **own),
        pydeck.Layer("TwinPrisms", id="prisms", **own),
        pydeck.Layer("TwinPrismEdges", id="prism-edges", **own),
        pydeck.Layer("TwinTrees", id="trees", switch=_text("trees"), from_zoom=14.6, **own),
        pydeck.Layer("TwinFlow", id="flow", **own),
        _overlay("lines"),
        pydeck.Layer("TwinMarkLines", id="marked", **own),
        pydeck.Layer("TwinDots", id="stop-values", **own),
        pydeck.Layer("TwinStops", id="stops", switch=_text("stops"), from_zoom=14.2, **own),
        pydeck.Layer("TwinGhosts", id="names-behind", switch=_text("names"), **own),
        pydeck.Layer("TwinMarks", id="marks", **own),
        pydeck.Layer("TwinSensors", id="sensors", switch=_text("sensors"), **own),
    ]


def _overlay(name: str) -> pydeck.Layer:
    return pydeck.Layer("TwinOverlay", id=name, data=None, switch=_text(name), table=_text(name))


def deck_json(extra: Sequence[pydeck.Layer] = ()) -> dict[str, Any]:
    """
    Return the whole stack as deck.gl JSON, `extra` layers on top.

    No map provider: pydeck's default one would ask a foreign host for its style. Extra layers hold
    positions in degrees, as pydeck users are used to; their `id` is their switch.
    """
    deck = pydeck.Deck(layers=[*stack(), *extra], map_provider=None, initial_view_state=None)
    spec: dict[str, Any] = json.loads(deck.to_json())
    return {"layers": spec["layers"]}


def _text(word: str) -> Any:
    """Keep pydeck from reading a word as an expression to evaluate."""
    return pydeck.types.String(word)
