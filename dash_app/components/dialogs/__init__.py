"""What opens above the page: new scenario, kinds of measures, versions, conflicts, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash_app.components.dialogs.conflicts import conflict, imported, missing
from dash_app.components.dialogs.exporting import exporting
from dash_app.components.dialogs.making import kinds, new_scenario
from dash_app.components.dialogs.managing import scenario_menu, versions
from dash_app.components.dialogs.parts import framed, message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dash.development.base_component import Component

    from dash_app.api.context import Context
    from dash_app.i18n import Translator
    from dash_app.workspace.viewer import Viewer

    Make = Callable[[Translator, Context, Viewer, dict[str, Any]], list[Component]]

DIALOGS: Mapping[str, Make] = {
    "new": new_scenario,
    "kinds": kinds,
    "scenario": scenario_menu,
    "versions": versions,
    "conflict": conflict,
    "missing": missing,
    "imported": imported,
    "export": exporting,
}


def dialog(t: Translator, desk: Context, viewer: Viewer, asked: dict[str, Any]) -> list[Component]:
    """Return what a dialog holds; `asked` names it and what it is about."""
    name = str(asked.get("name") or "")
    make = DIALOGS.get(name)
    if make is None:
        return framed(t, t.text("Nothing to show"), message(t, asked))
    return make(t, desk, viewer, asked)
