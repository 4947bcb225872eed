"""The layers on the left: tick, opacity, legend, source and licence of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app.components.native import Input
from dash_app.components.values import attrs
from dash_app.state import LAYERS

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.state import ViewState
    from twin.city import City


@dataclass(frozen=True)
class Layer:
    """One line of the tree: its label, and the tables it is drawn from."""

    label: str
    tables: tuple[str, ...]
    legend: tuple[tuple[str, str], ...] = ()  # (style of the chip, words)
    optional: bool = False  # left out where the city has nothing of it
    note: str = ""  # what one must know to read it
    live: bool = False  # of the project store, not of the city


LAYER_TREE: dict[str, Layer] = {
    "buildings": Layer(
        "Buildings and roofs",
        ("buildings", "roofs"),
        (("m-pitched", "Pitched roof"), ("m-flat", "Flat roof")),
    ),
    "shadow": Layer("Shadow", ("buildings",)),
    "streets": Layer(
        "Streets and paths",
        ("streets",),
        (("m-main", "Main road"), ("m-road", "Street"), ("m-foot", "Path")),
    ),
    "names": Layer("Street names", ("streets",)),
    "rail": Layer("Railways", ("railways",), (("m-rail", "Track"),)),
    "terrain": Layer(
        "Shaded terrain",
        ("terrain",),
        (("m-sunny", "Slope in the light"), ("m-shady", "Slope in shade")),
        optional=True,
        note="Light from the north-west, slopes exaggerated where the town is flat. Buildings and "
        "streets stand on one level.",
    ),
    "landuse": Layer(
        "Land use",
        ("landuse",),
        (
            ("m-resid", "Housing"), ("m-indus", "Trade and industry"), ("m-park", "Park"),
            ("m-wood", "Forest"), ("m-grass", "Meadow"), ("m-farm", "Fields"),
        ),
    ),
    "water": Layer("Water", ("water",), (("m-water", "Rivers, lakes, canals"),)),
    "trees": Layer("Trees", ("trees",), (("m-tree", "Crown"),)),
    "places": Layer("Place names", ("places",)),
    "stops": Layer("Stops", ("stops",), (("m-stop", "Stop or station"),)),
    "lines": Layer(
        "Public transport lines",
        ("lines",),
        (("m-line", "Line, wider with more departures"),),
        optional=True,
    ),
    "districts": Layer("Districts", ("districts",), (("m-border", "Border"),)),
    "zones": Layer("Traffic zones", ("zones",), (("m-zone", "Border"),), optional=True),
    "blocks": Layer("Blocks", ("blocks",), (("m-block", "Border"),), optional=True),
    "parcels": Layer(
        "Parcels",
        ("parcels",),
        (("m-parcel", "Border"),),
        optional=True,
        note="Shown from close by.",
    ),
    "cells": Layer("Census cells", ("cells",), (("m-cell", "Border"),), optional=True),
    "sensors": Layer(
        "Sensors",
        (),
        (
            ("m-sensor", "in order"), ("m-sensor is-alert", "beyond a threshold"),
            ("m-sensor is-flagged", "odd"), ("m-sensor is-old", "overdue"),
            ("m-sensor is-silent", "silent"),
        ),
        optional=True,
        live=True,
    ),
}  # fmt: skip


def layer_tree(
    t: Translator, city: City, state: ViewState, *, sensed: bool = False
) -> html.Section:
    """Return the whole tree; what is live only where there are sensors (`sensed`)."""
    rows = [
        _layer(t, city, state, name, layer)
        for name, layer in LAYER_TREE.items()
        if (sensed if layer.live else _size(city, layer) or not layer.optional)
    ]
    return html.Section(
        [
            html.Div(
                [
                    html.H2(t.text("Layers"), className="panel-title"),
                    html.Span(t.text("Opacity"), className="quiet"),
                ],
                className="panel-head",
            ),
            html.Ul(rows, className="layers"),
        ],
        className="panel-section",
    )


def _size(city: City, layer: Layer) -> int:
    """Return how many rows a layer is drawn from; a raster counts as one."""
    return sum(
        len(city.tables[name]) if name in city.tables else int(name in city.rasters)
        for name in layer.tables
    )


def _layer(t: Translator, city: City, state: ViewState, name: str, layer: Layer) -> html.Li:
    opacity = state.layers.get(name, LAYERS[name])
    label, empty = t.text(layer.label), not layer.live and _size(city, layer) == 0
    return html.Li(
        [
            html.Label(
                [
                    Input(
                        type="checkbox",
                        checked=opacity > 0 and not empty,
                        disabled=empty,
                        className="tick",
                        **attrs(data_layer=name),
                    ),
                    html.Span(label, className="layer-name"),
                ],
                className="layer-label",
            ),
            Input(
                type="range",
                min=10,
                max=100,
                step=5,
                value=round((opacity or 1) * 100),
                className="opacity",
                disabled=empty,
                **attrs(data_opacity=name, aria_label=t.text("Opacity of {layer}", layer=label)),
            ),
            html.Div(_source(t, city, layer, empty=empty), className="layer-source quiet"),
            *_legend(t, layer),
            *_note(t, city, name, layer),
        ],
        className="layer is-empty" if empty else "layer",
    )


def _source(t: Translator, city: City, layer: Layer, *, empty: bool) -> list[Any]:
    if empty:
        return [html.Span(t.text("not in the data"))]
    if layer.live:
        return [html.Span(t.text("as they report"))]
    sources = [
        s
        for s in city.info.sources
        if set(layer.tables) & {*s.tables, s.key.partition(":")[0]}  # rasters go by their key
    ]
    titles = [t.text(s.title) for s in sources]
    offices = dict.fromkeys(title.partition(": ")[0] for title in titles)  # one for all products
    names = ", ".join(offices) or _drawn_up(t, city, layer)
    licences = ", ".join(dict.fromkeys(t.text(s.licence) for s in sources if s.licence))
    return [
        html.Span(names, title=", ".join(titles) or names),
        html.Span(f" · {licences}" if licences else "", className="layer-licences"),
    ]


def _drawn_up(t: Translator, city: City, layer: Layer) -> str:
    """Return how the borders of areas came about that no source brought."""
    table = city.tables.get(layer.tables[0])
    if table is None or "boundary_source" not in table:
        return ""
    label = str(table["boundary_source"].mode().iloc[0])
    return ", ".join(filter(None, (t.kind(label), t.how(label))))


def _note(t: Translator, city: City, name: str, layer: Layer) -> list[Any]:
    text = t.text(layer.note) if layer.note else ""
    if name == "buildings" and len(city.tables["roofs"]):
        measured = city.tables["roofs"]["building_id"].nunique()
        text = t.text("{count} of {total} with a measured roof", count=measured, total=_drawn(city))
    return [html.P(text, className="layer-note quiet")] if text else []


def _drawn(city: City) -> int:
    """Return the number of buildings and parts that have a volume of their own."""
    return int((~city.buildings["has_parts"]).sum())


def _legend(t: Translator, layer: Layer) -> list[Any]:
    chips = [
        html.Li([html.Span(className=f"chip {style}"), t.text(words)])
        for style, words in layer.legend
    ]
    return [html.Ul(chips, className="layer-legend")] if chips else []
