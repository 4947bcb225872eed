"""What the map shows of results: for each side where its values are, and the scale they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash_app import views
from dash_app.workspace.drawn import change_scales, drawn_values, shared_scales
from dash_app.workspace.privacy import allowed_view

if TYPE_CHECKING:
    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.map.colours import Scale
    from dash_app.views import View
    from dash_app.workspace.work import Side, Work

DEFAULT_VIEWS = {"energy": "heat_density", "compare": "heat_density", "mobility": "car_flow"}
"""View of results that a mode of the page starts with."""


def view_of(work: Work, mode: str) -> View | None:
    """Return the view of results that the map shows; None for the plain city."""
    name = work.theme or DEFAULT_VIEWS.get(mode)
    found = views.VIEWS.get(name) if name else None
    return found if found is not None and allowed_view(found, work.viewer, work.settings) else None


def maps_of(desk: Context, t: Translator, work: Work, view: View | None) -> dict[str, Any]:
    """
    Return by side (`base`, `a`, `b`, `diff`) what the map needs to draw its values.

    All sides share one scale, so that the same colour means the same; the difference has its own.
    """
    there = [side for side in work.sides if side.year(work.year) is not None]
    scenes = {side.key: {"url": f"/api/scene/{_key(side)}/{work.year}"} for side in there
              if side.key != "base"}  # fmt: skip
    told: dict[str, Any] = {"maps": {}, "scenes": scenes, "flow": False, "height": False}
    before, after = work.pair
    told["pair"] = [before.key, after.key]
    if view is None:
        return told
    values = drawn_values(work, view)
    told |= {"flow": view.kind == "flow", "height": view.height, "value": _said(t, view, work)}
    scales = shared_scales(work, view, values)
    for side in there:
        told["maps"][side.key] = _spec(view, scales, _url(view, side, work, desk.instance))
    pair = (work.b or work.base, work.a or work.b or work.base)
    moved = change_scales(work, view, values, pair)
    if moved:
        url = f"{_url(view, pair[1], work, desk.instance)}&minus={_key(pair[0])}"
        told["maps"]["diff"] = _spec(view, moved, url)
    return told


def _said(t: Translator, view: View, work: Work) -> dict[str, str]:
    """Return what a value under the pointer is called."""
    unit = t.text(view.unit_at(work.hour), context="unit") if view.unit else ""
    return {"label": views.label_of(view, t), "unit": unit, "away": t.text("withheld")}


def _spec(view: View, scales: dict[str, Scale], url: str) -> dict[str, Any]:
    light, dark = scales["light"], scales["dark"]
    return {
        "url": url,
        "table": view.table,
        "column": view.name,
        "kind": light.kind,
        "breaks": list(light.breaks),
        "light": {"colours": list(light.colours), "nodata": light.nodata},
        "dark": {"colours": list(dark.colours), "nodata": dark.nodata},
    }


def _url(view: View, side: Side, work: Work, instance: str) -> str:
    hour = f"&hour={work.hour}" if work.hour is not None else ""
    kept = f"{instance[:8]}{'f' if work.viewer.fine else 'p'}"  # browsers may keep what it names
    return f"/api/views/{_key(side)}/{work.year}/{view.name}?v={kept}{hour}"


def _key(side: Side) -> str:
    return side.hash
