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


LAYER_TREE: dict[str, Layer] = {
    "buildings": Layer(
        "Buildings and roofs",
        ("buildings",),
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
    "districts": Layer("Districts", ("districts",), (("m-border", "Border"),)),
}  # fmt: skip


def layer_tree(t: Translator, city: City, state: ViewState) -> html.Section:
    """Return the whole tree."""
    rows = [_layer(t, city, state, name, layer) for name, layer in LAYER_TREE.items()]
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


def _layer(t: Translator, city: City, state: ViewState, name: str, layer: Layer) -> html.Li:
    opacity = state.layers.get(name, LAYERS[name])
    label, count = t.text(layer.label), sum(len(city.tables[table]) for table in layer.tables)
    empty = count == 0
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
        ],
        className="layer is-empty" if empty else "layer",
    )


def _source(t: Translator, city: City, layer: Layer, *, empty: bool) -> list[Any]:
    if empty:
        return [html.Span(t.text("not in the data"))]
    sources = [s for s in city.info.sources if set(layer.tables) & set(s.tables)]
    names = ", ".join(t.text(s.title) for s in sources)
    licences = ", ".join(dict.fromkeys(s.licence for s in sources if s.licence))
    return [
        html.Span(names, className="source-name", title=names),
        html.Span(f"\u00a0· {licences}" if licences else ""),
    ]


def _legend(t: Translator, layer: Layer) -> list[Any]:
    chips = [
        html.Li([html.Span(className=f"chip {style}"), t.text(words)])
        for style, words in layer.legend
    ]
    return [html.Ul(chips, className="layer-legend")] if chips else []
