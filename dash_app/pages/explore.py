"""
The Explore page: the city in 3D, its layers, a search, an inspector, a table.

The functions here are what the callbacks call; they take plain values from the browser, which is
never trusted, and give component trees. `register` ties them to the page.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Input, Output, html
from fastapi import APIRouter, HTTPException

from dash_app import ids, table_view
from dash_app.components.colouring import colour_panel, legend, paint_json
from dash_app.components.districts import district_list
from dash_app.components.frame import credit, map_controls, page_note, sun_bar, top_bar
from dash_app.components.inspector import inspector, nothing_picked, spoken
from dash_app.components.layer_tree import layer_tree
from dash_app.components.quality import quality_panel
from dash_app.components.table import table_panel
from dash_app.components.values import attrs, icon, kind_line, label_of, value_line
from dash_app.i18n import LANGUAGES, translator
from dash_app.map.routes import index_url
from dash_app.state import (
    COLOURABLE,
    LAYERS,
    SENSORS,
    Pick,
    Sun,
    ViewState,
    checked_pick,
    coloured,
    parse,
)
from twin.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from dash import Dash

    from dash_app.i18n import Translator
    from dash_app.search import Hit
    from dash_app.shown import Shown
    from twin.city import City

NOTHING = Pick("", "")


def start_json(shown: Shown, search: str) -> dict[str, Any]:
    """Return what the browser needs of an address to start the map, before Dash has started."""
    state, _ = _read(shown, search)
    return _start(shown, state)


def _read(shown: Shown, search: Any) -> tuple[ViewState, list[str]]:
    state, lost = parse(search if isinstance(search, str) else "", shown.city, lang=shown.lang)
    if state.camera is None:
        state = replace(state, camera=shown.home)
    return state, lost


def _start(shown: Shown, state: ViewState) -> dict[str, Any]:
    return {
        "state": state.as_json(),
        "defaults": {"lang": shown.lang, "layers": LAYERS, "sun": Sun().__dict__},
        "home": shown.home.__dict__,
        "index": index_url(shown.city),
        "sensed": shown.sensed(),
        "scale": paint_json(shown.city, state.colour, smooth=state.smooth),
        "words": _words(translator(state.lang), shown.city),
    }


def _words(t: Translator, city: City) -> dict[str, str]:
    """Return what the scripts say by themselves."""
    return {
        "map": t.text(
            "3D map of {city}. Arrow keys move, plus and minus zoom. The table holds the same "
            "content for the keyboard.",
            city=city.name,
        ),
        "loading": t.text("The map is being drawn."),
        "error": t.text("The map cannot be drawn. The table shows everything it would show."),
        "server": t.text(
            "The server does not answer. What is drawn stays; try again or reload the page."
        ),
        "lost": t.text("The map is being drawn again: the graphics were lost."),
        "none": t.text(
            "This browser cannot draw the map in 3D. The table shows everything, and a plain "
            "picture stands here."
        ),
        "copied": t.text("The link is copied."),
        "divider": t.text("Divider of both maps; the arrow keys move it"),
        "unsaved": t.text(
            "The server does not answer. Your change is kept in this browser and saved as soon as "
            "it is back."
        ),
        "resent": t.text("A change from your last visit was not saved yet; it is saved now."),
        "restarted": t.text("The server was restarted. Everything you saved is there."),
        "back": t.text("The server is back."),
        "changed": t.text("{author} has changed this scenario.", author="{author}"),
        "sensor_alert": t.text("alert", context="sensor"),
        "sensor_flagged": t.text("odd", context="sensor"),
        "sensor_old": t.text("overdue", context="sensor"),
        "sensor_silent": t.text("silent", context="sensor"),
        "sensor_now": t.text("just now"),
        "script": t.text("This page needs JavaScript. It loads nothing from other servers."),
    }


def warm(shown: Shown) -> None:
    """Do now what the first visitor would wait for."""
    open_page(shown, "")
    _ = shown.index


def open_page(shown: Shown, search: Any) -> dict[str, Any]:
    """Read an address and fill the page in its language."""
    state, lost = _read(shown, search)
    t = translator(state.lang)
    panel, place, words = inspect(shown, {"lang": state.lang, **asdict(state.pick or NOTHING)})
    return {
        "state": _start(shown, state),
        "inspector": panel,
        "place": place,
        "spoken": words,
        "note": page_note(t, lost),
        "bar": top_bar(t, shown.city, state, sensed=shown.sensed()),
        "left": [
            colour_panel(t, shown.city, state),
            layer_tree(t, shown.city, state, sensed=shown.sensed()),
            district_list(t, shown.city, state),
        ],
        "controls": map_controls(t, state),
        "sun": sun_bar(t, state),
        "credit": credit(t, shown.city),
        **_names(t),
    }


def _names(t: Translator) -> dict[str, str]:
    """Return what assistive technology calls the parts of the page."""
    return {
        "skip": t.text("Skip the map"),
        "left_name": t.text("Layers and colours"),
        "controls_name": t.text("Map buttons"),
        "inspector_name": t.text("Selected object"),
        "sun_name": t.text("Sun and shadow"),
        "found_name": t.text("Search results"),
    }


def paint(shown: Shown, asked: Any) -> tuple[dict[str, Any] | None, Any]:
    """Return the scale of a column for the map, and its legend."""
    asked = asked if isinstance(asked, dict) else {}
    column = asked.get("column")
    column = column if column in COLOURABLE else None
    smooth = asked.get("smooth") is True
    return (
        paint_json(shown.city, column, smooth=smooth),
        legend(_speaker(asked), shown.city, column, smooth=smooth),
    )


def inspect(shown: Shown, asked: Any) -> tuple[list[Any], dict[str, float] | None, str]:
    """Return the inspector of the picked thing, where it stands, and what is said about it."""
    t = _speaker(asked)
    if not isinstance(asked, dict) or not asked.get("table"):
        return nothing_picked(t), None, ""
    try:
        pick = checked_pick(shown.city, asked)
    except KeyError:
        text = t.text("The city has nothing with this key.")
        return [html.P(text, className="inspector-empty", role="alert")], None, text
    if pick.table == SENSORS:  # drawn with the mode of the sensors, from the store
        return nothing_picked(t), None, ""
    return inspector(t, shown.city, pick), shown.place_of(pick), spoken(t, shown.city, pick)


def tip(shown: Shown, table: str, key: str, column: str, lang: str) -> dict[str, str]:
    """Return name and value of the thing under the pointer; `KeyError` where there is none."""
    t = translator(lang)
    pick = checked_pick(shown.city, {"table": table, "id": key})
    frame = shown.city.tables[table]
    row = frame.iloc[int(frame.index.get_loc(key))]  # type: ignore[arg-type]
    line = kind_line(t, table, row)
    if column in COLOURABLE and coloured(column)[0] == table:
        described = coloured(column)[1]
        value = value_line(t, table, described, row[described.name]) or t.text("no value")
        line = f"{t.text(described.label)}: {value}"
    title = label_of(t, table, pick.id, row)
    return {"title": title, "line": line if line != title else ""}


def find(shown: Shown, asked: Any) -> tuple[list[Any], str]:
    """Return the hits of a search as options of a listbox, and their number in words."""
    t = _speaker(asked)
    query = asked.get("text") if isinstance(asked, dict) else ""
    if not isinstance(query, str) or not query.strip():
        return [], ""
    hits = shown.index.find(query)
    if not hits:
        return [], t.text("Nothing found. Try a street with its number, a place or a key.")
    options = [_option(t, number, hit) for number, hit in enumerate(hits)]
    return options, t.plural("{count} result", "{count} results", len(hits))


def _option(t: Translator, number: int, hit: Hit) -> html.Li:
    kind = t.text(TABLES[hit.table].label, context="one")
    return html.Li(
        [
            icon(f"table-{hit.table}"),
            html.Span(hit.label, className="found-label"),
            html.Span(" · ".join(filter(None, (kind, hit.locality))), className="quiet"),
        ],
        id=f"found-{number}",
        role="option",
        className="found-item",
        **attrs(data_hit=f"{hit.table}:{hit.id}", data_label=hit.label, aria_selected="false"),
    )


def show_table(shown: Shown, asked: Any) -> list[Any]:
    """Return one page of a table."""
    page = table_view.page_of(shown.city, table_view.checked(asked))
    try:
        pick = checked_pick(shown.city, asked.get("pick") if isinstance(asked, dict) else None)
    except KeyError:
        pick = None
    return table_panel(_speaker(asked), shown.city, page, pick)


def show_quality(shown: Shown, asked: Any) -> list[Any]:
    """Return sources, counts and the quality report."""
    return quality_panel(_speaker(asked), shown.city)


def _speaker(asked: Any) -> Translator:
    lang = asked.get("lang") if isinstance(asked, dict) else None
    return translator(lang if lang in LANGUAGES else LANGUAGES[0])


OPEN_OUTPUTS = {
    "state": Output(ids.STATE, "data"),
    "note": Output(ids.NOTE, "children"),
    "bar": Output(ids.BAR, "children"),
    "left": Output(ids.LEFT, "children"),
    "controls": Output(ids.CONTROLS, "children"),
    "sun": Output(ids.SUN, "children"),
    "credit": Output(ids.CREDIT, "children"),
    "inspector": Output(ids.INSPECTOR, "children", allow_duplicate=True),
    "place": Output(ids.PICK_PLACE, "data", allow_duplicate=True),
    "spoken": Output(ids.SPOKEN, "children", allow_duplicate=True),
    "skip": Output(ids.SKIP, "children"),
    "left_name": Output(ids.LEFT, "aria-label"),
    "controls_name": Output(ids.CONTROLS, "aria-label"),
    "inspector_name": Output(ids.INSPECTOR, "aria-label"),
    "sun_name": Output(ids.SUN, "aria-label"),
    "found_name": Output(ids.FOUND, "aria-label"),
}


def page_router(shown_now: Callable[[], Shown]) -> APIRouter:
    """Return the one route that is no callback: what the pointer is over, many times a second."""
    router = APIRouter(tags=["page"])

    @router.get("/tip/{table}/{key:path}", summary="Name and value of one row, for the map tip")
    def _tip(table: str, key: str, lang: str = "", column: str = "") -> dict[str, str]:
        shown = shown_now()
        lang = lang if lang in LANGUAGES else shown.lang
        try:
            return tip(shown, table, key, column, lang)
        except KeyError as error:
            raise HTTPException(404, "The city has nothing with this key.") from error

    return router


def register(app: Dash, shown_now: Callable[[], Shown]) -> None:
    """Tie the functions of this page to its components; `shown_now` is the city as one may see."""

    @app.callback(
        output=OPEN_OUTPUTS,
        inputs={"search": Input(ids.ADDRESS, "data")},
        prevent_initial_call="initial_duplicate",
    )
    def _open_page(search: Any) -> dict[str, Any]:
        return open_page(shown_now(), search)

    @app.callback(
        Output(ids.SCALE, "data"),
        Output(ids.LEGEND, "children"),
        Input(ids.PAINT, "data"),
        prevent_initial_call=True,
    )
    def _paint(asked: Any) -> Any:
        return paint(shown_now(), asked)

    @app.callback(
        Output(ids.INSPECTOR, "children"),
        Output(ids.PICK_PLACE, "data"),
        Output(ids.SPOKEN, "children"),
        Input(ids.PICK, "data"),
        prevent_initial_call=True,
    )
    def _inspect(asked: Any) -> Any:
        return inspect(shown_now(), asked)

    @app.callback(
        Output(ids.FOUND, "children"),
        Output(ids.FOUND_STATUS, "children"),
        Input(ids.QUERY, "data"),
        prevent_initial_call=True,
    )
    def _find(asked: Any) -> Any:
        return find(shown_now(), asked)

    @app.callback(
        Output(ids.TABLE, "children"), Input(ids.TABLE_ASKED, "data"), prevent_initial_call=True
    )
    def _show_table(asked: Any) -> Any:
        return show_table(shown_now(), asked)

    @app.callback(
        Output(ids.QUALITY, "children"), Input(ids.VIEW_ASKED, "data"), prevent_initial_call=True
    )
    def _show_quality(asked: Any) -> Any:
        return show_quality(shown_now(), asked)

    _register_browser(app)


def _register_browser(app: Dash) -> None:
    """
    Tie the scripts in `assets/page*.js` to what the server says.

    Camera, hover and theme stay in the browser: page and map speak by calls and events there.
    """
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("page", "address"), Output(ids.ADDRESS, "data"), Input(ids.PAGE, "id")
    )
    for name, store in (
        ("opened", ids.STATE),
        ("painted", ids.SCALE),
        ("placed", ids.PICK_PLACE),
        ("found", ids.FOUND_STATUS),
    ):
        prop = "children" if store == ids.FOUND_STATUS else "data"
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("page", name), Input(store, prop), prevent_initial_call=True
        )
