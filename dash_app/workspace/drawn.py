"""What the map draws of a view, side by side, and the one scale that map and legend share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash_app import views
from dash_app.workspace.privacy import shown_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dash_app.map.colours import Scale
    from dash_app.views import View
    from dash_app.workspace.work import Side, SideKey, Work
    from twin.simulate.results import YearResults

    Values = pd.Series[Any]

THEMES = ("light", "dark")


def drawn_values(work: Work, view: View) -> dict[SideKey, Values]:
    """Return by side what a view shows of the year, as the viewer may see it; today comes first."""
    return {
        side.key: _seen(work, view, views.values(view, found, work.city, work.hour), found)
        for side in work.sides
        if (found := side.year(work.year)) is not None
    }


def shared_scales(work: Work, view: View, values: Mapping[SideKey, Values]) -> dict[str, Scale]:
    """Return by theme the one scale of all sides; nothing where no side is there yet."""
    series = list(values.values())
    return {
        theme: views.scale_of(view, series, theme, hour=work.hour) for theme in THEMES if series
    }


def change_scales(
    work: Work, view: View, values: Mapping[SideKey, Values], pair: tuple[Side, Side]
) -> dict[str, Scale]:
    """
    Return by theme the scale of the difference of a pair; nothing where one is not there yet.

    What is withheld on either side is in no difference.
    """
    before, after = pair
    if before.key == after.key or before.key not in values or after.key not in values:
        return {}
    moved = views.change(view, values[after.key], values[before.key])
    return {theme: views.scale_of(view, [moved], theme, difference=True) for theme in THEMES}


def _seen(work: Work, view: View, values: Values, found: YearResults) -> Values:
    town = found.state.city
    return shown_view(view, values, work.city, work.viewer, work.settings, town)[0]
