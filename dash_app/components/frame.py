"""The frame around the map: top bar, map buttons, sun, credit line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from dash import html

from dash_app import ids
from dash_app.components.native import Input
from dash_app.components.values import attrs, icon
from dash_app.i18n import LANGUAGES
from dash_app.state import THEMES

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.state import ViewState
    from twin.city import City

LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}

VIEW_LABELS = {
    "map": "Explore",
    "scenario": "Scenario",
    "compare": "Compare",
    "mobility": "Mobility",
    "energy": "Energy",
    "sensors": "Measurements",
}
ASIDE = {"table": ("Table", "table"), "data": ("Data and quality", "quality")}
"""Views beside the map: label and sign of their buttons."""
THEME_LABELS = {"system": "Theme: as the device", "light": "Theme: light", "dark": "Theme: dark"}
THEME_ICONS = {"system": "theme", "light": "sun", "dark": "moon"}


def top_bar(t: Translator, city: City, state: ViewState, *, sensed: bool = True) -> list[Any]:
    """
    Return the content of the bar: city, views, search, theme, language, share.

    Measurements are named where there are any (`sensed`), or where somebody looks for them.
    """
    views = [name for name in VIEW_LABELS if name != "sensors" or sensed or state.view == name]
    return [
        _city(t, city),
        html.Nav(
            [_view_button(t, name, state.view) for name in views],
            className="views",
            **attrs(aria_label=t.text("Views")),
        ),
        _search(t),
        html.Div(
            [
                html.Div(id=ids.SAVED, className="saved"),
                *(_aside_button(t, name, state.view) for name in ASIDE),
                _theme(t, state),
                _languages(t, state),
                _export(t),
                _share(t),
            ],
            className="bar-end",
        ),
    ]


def _city(t: Translator, city: City) -> html.Div:
    parts: list[Any] = [
        html.Span(icon("mark"), className="mark"),
        html.H1(city.name or t.text("City without name"), className="city-name"),
    ]
    if city.info.data_date:
        text = t.text("Data: {date}", date=t.date(city.info.data_date))
        parts.append(html.Span(text, className="data-date quiet"))
    if city.info.model_town:
        text = t.text("Model town, no survey")
        hint = t.text("This town is generated from published figures. No building is real.")
        parts.append(html.Span(text, className="model-badge", title=hint))
    return html.Div(parts, className="city")


def _view_button(t: Translator, name: str, current: str) -> html.Button:
    return html.Button(
        t.text(VIEW_LABELS[name], context="view"),
        type="button",
        className="view-button",
        **attrs(data_view=name, aria_pressed=str(name == current).lower()),
    )


def _aside_button(t: Translator, name: str, current: str) -> html.Button:
    label, sign = ASIDE[name]
    text = t.text(label, context="view")
    return html.Button(
        icon(sign),
        type="button",
        className="button-icon",
        title=text,
        **attrs(data_view=name, aria_pressed=str(name == current).lower(), aria_label=text),
    )


def _search(t: Translator) -> html.Div:
    label = t.text("Search for an address, a place, a street or a key")
    return html.Div(
        [
            icon("search"),
            Input(
                id="search-input",
                type="text",
                role="combobox",
                autoComplete="off",
                spellCheck=False,
                maxLength=80,
                placeholder=t.text("Address, place or street"),
                **attrs(
                    aria_label=label,
                    aria_expanded="false",
                    aria_controls=ids.FOUND,
                    aria_autocomplete="list",
                ),
            ),
            html.Kbd("/", className="search-key", **attrs(aria_hidden="true")),
        ],
        className="search-field",
    )


def _theme(t: Translator, state: ViewState) -> html.Button:
    words = {f"data_{name}": t.text(THEME_LABELS[name]) for name in THEMES}
    label = t.text(THEME_LABELS[state.theme])
    return html.Button(
        html.Span(className="icon icon-theme", **attrs(aria_hidden="true")),
        id="theme-button",
        type="button",
        className="button-icon",
        title=label,
        **attrs(data_do="theme", aria_label=label, **words),
    )


def _languages(t: Translator, state: ViewState) -> html.Div:
    buttons = [
        html.Button(
            lang.upper(),
            type="button",
            lang=lang,
            className="lang-button",
            title=LANGUAGE_NAMES[lang],
            **attrs(
                data_lang=lang,
                aria_pressed=str(lang == state.lang).lower(),
                aria_label=LANGUAGE_NAMES[lang],
            ),
        )
        for lang in LANGUAGES
    ]
    return html.Div(
        [buttons[0], html.Span("·", **attrs(aria_hidden="true")), *buttons[1:]],
        className="languages",
        role="group",
        **attrs(aria_label=t.text("Language")),
    )


def _export(t: Translator) -> html.Button:
    text = t.text("Take along: maps, tables, layers")
    return html.Button(
        icon("export"),
        type="button",
        className="button-icon",
        title=text,
        **attrs(data_work="dialog", data_dialog="export", aria_label=text),
    )


def _share(t: Translator) -> html.Button:
    return html.Button(
        [icon("share"), html.Span(t.text("Share"), className="share-word")],
        type="button",
        className="button-outline",
        title=t.text("Copy the link to this view"),
        **attrs(
            data_do="copy-link",
            data_done=t.text("The link is copied."),
            data_failed=t.text("Copy the address from the address bar."),
        ),
        id="share-button",
    )


def map_controls(t: Translator, state: ViewState) -> list[Any]:
    """Return north, zoom and the switch between plan and 3D."""
    flat = state.camera is not None and state.camera.pitch < 5
    return [
        _control("north", t.text("North up"), "north"),
        _control("zoom-in", t.text("Zoom in"), "plus"),
        _control("zoom-out", t.text("Zoom out"), "minus"),
        _control("tilt", t.text("3D view"), "cube", **attrs(aria_pressed=str(not flat).lower())),
        _control("home", t.text("Whole city"), "home"),
    ]


def _control(do: str, label: str, sign: str, **attributes: str) -> html.Button:
    return html.Button(
        icon(sign),
        type="button",
        className="control",
        title=label,
        **attrs(data_do=do, aria_label=label, **attributes),
    )


def sun_bar(t: Translator, state: ViewState) -> list[Any]:
    """Return the switch, the day and the hour of the sun."""
    sun = state.sun
    day = date(2025, sun.month, min(sun.day, 28 if sun.month == 2 else sun.day)) if sun else None
    number = (day or date(2025, 6, 21)).timetuple().tm_yday
    minutes = sun.minutes if sun else 940
    on = t.text("Sun and shadow")
    return [
        html.Button(
            icon("sun"),
            type="button",
            className="button-icon",
            title=on,
            **attrs(data_do="sun", aria_pressed=str(sun is not None).lower(), aria_label=on),
        ),
        html.Label(
            [
                html.Span(t.date(day, "day") if day else "", id="sun-day-text"),
                Input(
                    type="range", min=1, max=365, step=1, value=number, className="sun-day",
                    **attrs(data_sun="day", aria_label=t.text("Day of the year")),
                ),
            ],
            className="sun-part",
        ),
        html.Label(
            [
                html.Div(
                    [
                        html.Div(className="sun-curve", id="sun-curve"),
                        Input(
                            type="range", min=0, max=1430, step=10, value=minutes,
                            className="sun-hour",
                            **attrs(data_sun="minutes", aria_label=t.text("Time of day")),
                        ),
                    ],
                    className="sun-track",
                ),
                html.Span(t.time(minutes), id="sun-time-text", className="sun-time"),
            ],
            className="sun-part sun-part-hour",
        ),
    ]  # fmt: skip


def credit(t: Translator, city: City) -> str:
    """Return the lines that must stand on the map."""
    lines = dict.fromkeys(s.attribution for s in city.info.sources if s.attribution)
    return " · ".join(t.text(line) for line in lines)


def page_note(t: Translator, lost: list[str]) -> str:
    """Return the hint that parts of a link were not understood; empty where all were."""
    if not lost:
        return ""
    return t.text(
        "The link holds values that do not exist here ({names}). The default is shown instead.",
        names=", ".join(lost),
    )
