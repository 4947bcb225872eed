"""The empty frame of the page: places that callbacks and scripts fill."""

from __future__ import annotations

from dash import html

from dash_app import ids
from dash_app.components.native import Store
from dash_app.components.values import attrs

STORES = (
    ids.ADDRESS, ids.STATE,
    ids.SCALE, ids.PAINT, ids.PICK, ids.PICK_PLACE, ids.QUERY, ids.TABLE_ASKED, ids.VIEW_ASKED,
    ids.WORK_ASKED, ids.WORK_TOLD, ids.DIALOG_ASKED,
)  # fmt: skip


OVER_MAP = attrs(data_over_map="")
"""Marks what floats above the map, so that no label is placed below it."""


def layout() -> html.Div:
    """Return the empty frame; `open_page` fills it in the language of the address."""
    return html.Div(
        [
            *(Store(id=name) for name in STORES),
            html.A(id=ids.SKIP, href=f"#{ids.INSPECTOR}", className="skip"),
            html.Header(id=ids.BAR, className="top-bar"),
            html.Section(id=ids.STRIP, className="strip-frame"),
            _main(),
            html.Div(
                [
                    html.Ul(id=ids.FOUND, role="listbox", className="found-list"),
                    html.P(id=ids.FOUND_STATUS, className="found-status quiet", role="status"),
                ],
                id="found-box",
                className="panel found",
                hidden=True,
            ),
            html.Dialog(
                html.Div(id=ids.DIALOG_BODY, className="dialog-body"),
                id=ids.DIALOG,
                className="dialog",
            ),
            html.Div(id=ids.NOTE, className="note", role="status"),
            html.P(id=ids.SPOKEN, className="only-spoken", role="status"),
        ],
        id=ids.PAGE,
        className="page",
    )  # fmt: skip


def _main() -> html.Main:
    """Return the map and everything that lies over it."""
    return html.Main(
        [
            html.Div(id="map-slot", className="map-slot"),
            html.Div(id=ids.SIDES, className="sides", **OVER_MAP),
            html.Div(id="map-tip", className="map-tip", hidden=True),
            html.Div(id="map-state", className="map-state", role="status"),
            html.Aside(id=ids.LEFT, className="panel left", **OVER_MAP),
            html.Section(id=ids.WORK_LEFT, className="panel left work-left", **OVER_MAP),
            html.Div(id=ids.CONTROLS, className="controls", role="toolbar", **OVER_MAP),
            html.Section(id=ids.INSPECTOR, className="panel right", tabIndex=-1, **OVER_MAP),
            html.Section(
                id=ids.WORK_RIGHT,
                className="panel right work-right",
                tabIndex=-1,
                **OVER_MAP,
            ),
            html.Div(id=ids.SUN, className="panel sun-bar", role="group", **OVER_MAP),
            html.Div(id=ids.YEARS, className="panel years", role="group", **OVER_MAP),
            html.Section(id=ids.BOTTOM, className="panel bottom", tabIndex=-1, **OVER_MAP),
            html.Footer(id=ids.CREDIT, className="credit", **OVER_MAP),
            html.Section(id=ids.TABLE, className="view view-table"),
            html.Section(id=ids.QUALITY, className="view view-data", tabIndex=-1),
        ],
        id="main",
        className="main",
    )
