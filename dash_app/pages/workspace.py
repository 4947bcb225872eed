"""
The workspace: scenarios in the frame of the map, drawn region by region.

The functions here are what the callbacks call; they take plain values from the browser, which is
never trusted. Nothing is computed here: runs are asked for over the API, panels read what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Input, Output, no_update

from dash_app import ids
from dash_app.components.charts.panels import energy_charts, mobility_charts
from dash_app.components.comparison import building_examples, comparison
from dash_app.components.dialogs import dialog
from dash_app.components.dialogs.parts import framed
from dash_app.components.explain import explain
from dash_app.components.measure_form import measure_form
from dash_app.components.native import Static
from dash_app.components.reach_panel import reach_buttons, reach_panel
from dash_app.components.save_state import save_state
from dash_app.components.scenario_tree import scenario_panel
from dash_app.components.strip import card_choice, strip
from dash_app.components.view_panel import comparison_left, side_names, view_panel
from dash_app.components.year_bar import year_bar
from dash_app.i18n import LANGUAGES, translator
from dash_app.pages import sensors
from dash_app.workspace.maps import maps_of, view_of
from dash_app.workspace.screen import Missing, work_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dash import Dash

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer
    from dash_app.workspace.work import Side, Work

REGIONS = {
    "strip": ids.STRIP,
    "left": ids.WORK_LEFT,
    "right": ids.WORK_RIGHT,
    "bottom": ids.BOTTOM,
    "years": ids.YEARS,
    "sides": ids.SIDES,
    "saved": ids.SAVED,
}
"""What can be drawn anew by itself, and where it goes."""

WORKING = ("scenario", "compare", "energy", "mobility")
SENSORS = "sensors"
"""Modes of the page in which one works with results."""


def draw(desk: Context, asked: Any, viewer: Viewer) -> dict[str, Any]:
    """
    Return the regions asked for, and under `told` what the scripts need to go on.

    Regions that are not asked for stay as they are.
    """
    asked = asked if isinstance(asked, dict) else {}
    t = _speaker(asked)
    work, missing = work_of(desk, asked, viewer)
    wanted = asked.get("regions")
    wanted = wanted if isinstance(wanted, list) else list(REGIONS)
    mode = str(asked.get("view") or "map")
    makers = _makers(desk, t, work, asked, mode)
    found: dict[str, Any] = dict.fromkeys(REGIONS, no_update)
    found |= {name: Static(content=makers[name]()) for name in REGIONS if name in wanted}
    found["told"] = told_of(desk, t, work, asked, missing)
    if "map" in wanted:
        found["told"] |= maps_of(desk, t, work, view_of(work, mode))
        found["told"] |= sensors.map_of(desk, t, work) if mode == SENSORS else {}
    return found


def _makers(
    desk: Context, t: Translator, work: Work, asked: dict[str, Any], mode: str
) -> dict[str, Callable[[], Any]]:
    """Return by region the function that draws it."""
    return {
        "strip": lambda: [strip(t, work, mode=mode, cards=_words(asked.get("cards")))],
        "left": lambda: _left(desk, t, work, asked, mode),
        "right": lambda: _right(desk, t, work, asked),
        "bottom": lambda: _bottom(desk, t, work, asked, mode),
        "years": lambda: _years(desk, t, work, mode),
        "sides": lambda: side_names(t, work) if _split(asked, mode) else [],
        "saved": lambda: save_state(t, work),
    }


def _years(desk: Context, t: Translator, work: Work, mode: str) -> list[Any]:
    if mode == SENSORS:
        return sensors.bar(desk, t, work)
    return year_bar(t, work, mode=mode) if mode in WORKING else []


def _left(desk: Context, t: Translator, work: Work, asked: dict[str, Any], mode: str) -> list[Any]:
    if mode == "scenario":
        return scenario_panel(t, work, desk.projects)
    if mode == SENSORS:
        return sensors.left(desk, t, work, asked)
    view = view_of(work, mode)
    if mode == "compare":
        return comparison_left(t, work, view, split=str(asked.get("split") or "none"))
    if mode == "mobility":
        return [*view_panel(t, work, view, mode), reach_buttons(t)]
    return view_panel(t, work, view, mode) if mode == "energy" else []


def _bottom(
    desk: Context, t: Translator, work: Work, asked: dict[str, Any], mode: str
) -> list[Any]:
    pick = asked.get("pick")
    table, key = (pick.get("table"), pick.get("id")) if isinstance(pick, dict) else (None, None)
    if mode == SENSORS:
        return sensors.bottom(desk, t, work, asked)
    if mode == "energy":
        return energy_charts(t, work, settings=desk.settings)
    if mode == "mobility":
        street = key if table == "streets" and key in work.city.streets.index else ""
        return mobility_charts(t, work, street=str(street))
    if mode != "compare":
        return []
    building = str(key) if table == "buildings" else ""
    examples = building_examples(t, work, building, desk.settings)
    cards = _words(asked.get("cards"))
    return [comparison(t, work, cards=cards, examples=examples, settings=desk.settings)]


def _right(desk: Context, t: Translator, work: Work, asked: dict[str, Any]) -> list[Any]:
    panel = asked.get("panel")
    panel = panel if isinstance(panel, dict) else {}
    if panel.get("name") == "explain":
        place = {name: str(panel[name]) for name in ("level", "area", "theme") if panel.get(name)}
        return [explain(t, work, str(panel.get("indicator")), **place, settings=desk.settings)]
    if panel.get("name") in {"reach", "trip", "flow"}:
        return reach_panel(t, work, str(panel["name"]))
    if panel.get("name") == "form" and work.viewer.may_edit:
        return measure_form(t, desk, work, panel)
    return sensors.right(desk, t, work, asked)


def told_of(
    desk: Context,
    t: Translator,
    work: Work,
    asked: dict[str, Any],
    missing: tuple[Missing, ...],
) -> dict[str, Any]:
    """Return what the scripts need: versions and hashes of the sides, what could not be opened."""
    told: dict[str, Any] = {
        "seq": asked.get("seq") if isinstance(asked.get("seq"), int) else 0,
        "year": work.year,
        "years": list(work.base.scenario.stages),
        "sides": {side.key: _side(desk, work, side) for side in work.sides},
    }
    if missing:
        told["missing"] = [
            {"side": lost.side, "id": lost.id, "why": t.error(lost.why)} for lost in missing
        ]
    return told


def _side(desk: Context, work: Work, side: Side) -> dict[str, Any]:
    """Return one side as the scripts know it; a draft counts as the version it is made from."""
    results = desk.engine.peek(side.saved_hash)
    leading = side if side.version else next((s for s in work.sides if s.version), None)
    run: dict[str, Any] = {"today": True} if side.version is None else {}
    if leading is not None and leading.version is not None:
        run |= {"scenario": leading.id, "version": leading.version.number}
    return {
        "id": side.id,
        "version": side.version.number if side.version else 0,
        "hash": side.saved_hash,
        "ready": results is not None and work.year in results.years,
        "run": run,
    }


def open_dialog(desk: Context, asked: Any, viewer: Viewer) -> list[Any]:
    """Return what the dialog that was asked for holds."""
    asked = asked if isinstance(asked, dict) else {}
    t = _speaker(asked)
    if asked.get("name") != "cards":
        return dialog(t, desk, viewer, asked)
    work, _ = work_of(desk, asked, viewer)
    mode, cards = str(asked.get("view") or ""), _words(asked.get("cards"))
    return framed(t, t.text("All indicators"), [card_choice(t, work, mode=mode, cards=cards)])


def _split(asked: dict[str, Any], mode: str) -> bool:
    return mode == "compare" and asked.get("split") in {"swipe", "twin"}


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _speaker(asked: Any) -> Translator:
    lang = asked.get("lang") if isinstance(asked, dict) else None
    return translator(lang if lang in LANGUAGES else LANGUAGES[0])


def register(app: Dash, desk: Context, look: Callable[[], Viewer]) -> None:
    """Tie the functions of the workspace to its components; `look` says who is asking."""

    @app.callback(
        output={
            **{name: Output(key, "children") for name, key in REGIONS.items()},
            "told": Output(ids.WORK_TOLD, "data"),
        },
        inputs={"asked": Input(ids.WORK_ASKED, "data")},
        prevent_initial_call=True,
    )
    def _draw(asked: Any) -> dict[str, Any]:
        return draw(desk, asked, look())

    @app.callback(
        Output(ids.DIALOG_BODY, "children"),
        Input(ids.DIALOG_ASKED, "data"),
        prevent_initial_call=True,
    )
    def _dialog(asked: Any) -> Any:
        return Static(content=open_dialog(desk, asked, look()))

    for name, store, prop in (
        ("worked", ids.WORK_TOLD, "data"),
        ("dialogOpen", ids.DIALOG_BODY, "children"),
    ):
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("page", name), Input(store, prop), prevent_initial_call=True
        )
