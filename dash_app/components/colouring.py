"""Colour the buildings by a column: the choice, its legend with counts, its scale for the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import ids
from dash_app.state import COLOURABLE
from twin.schema import BUILDINGS

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.state import ViewState
    from twin.city import City


def colour_panel(t: Translator, city: City, state: ViewState) -> html.Section:
    """Return the choice of a column and the place of its legend."""
    content = legend(t, city, state.colour, smooth=state.smooth, district=state.district)
    return html.Section(
        [
            html.Div(
                html.H2(
                    html.Label(t.text("Colour buildings by"), htmlFor="colour-column"),
                    className="panel-title",
                ),
                className="panel-head",
            ),
            html.Select(
                [
                    html.Option(t.text("no colour"), value=""),
                    _group(t, t.text("Kinds"), ("category", "flag")),
                    _group(t, t.text("Numbers"), ("number",)),
                ],
                id="colour-column",
            ),
            html.Div(content, id=ids.LEGEND, className="legend"),
        ],
        className="panel-section",
    )


def _group(t: Translator, label: str, types: tuple[str, ...]) -> html.Optgroup:
    columns = [c for c in BUILDINGS.columns if c.name in COLOURABLE and c.type in types]
    options = [html.Option(t.text(c.label), value=c.name) for c in columns]
    return html.Optgroup(options, label=label)


def paint_json(city: City, name: str | None, *, smooth: bool) -> dict[str, Any] | None:
    """Return what the map needs to colour the buildings, in both themes; None for no colour."""
    return None


def legend(t, city, column, *, smooth, district):
    return []
