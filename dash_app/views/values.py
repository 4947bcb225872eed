"""The values of a view in the order of the baseline's table, whatever a scenario did to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dash_app.views.catalogue import FACILITY_WORDS, MODE_WORDS

if TYPE_CHECKING:
    from dash_app.i18n import Translator
    from dash_app.views.view import View
    from twin.city import City
    from twin.simulate.results import YearResults


def values(view: View, found: YearResults, city: City, hour: int | None = None) -> pd.Series[Any]:
    """
    Return what a view shows of a year: a value for each row of the baseline's table, in its order.

    Numbers (NaN: none), or words of a category (None: none). Rows that a measure took away have no
    value; pieces that it cut a street into are put together again. `hour` (0 to 23) counts where
    the view has hours. Nobody's privacy is seen to here: see `workspace.privacy.shown`.
    """
    ids = city.tables[view.table].index
    if not len(ids):
        return pd.Series(index=ids, dtype=object if view.kind == "category" else float)
    made = view.make(found, city, view.at_hour(hour))
    if not made.index.equals(ids):
        made = made.reindex(ids)
    gone = _gone(view, found, city)
    if gone is not None:
        made = made.where(~gone)
    if view.kind == "category":
        made = made.astype(object).where(made.notna(), None)
    else:
        made = made.astype(float).where(np.isfinite(made.astype(float)))
    return made.rename(view.name)


def _gone(view: View, found: YearResults, city: City) -> np.ndarray[Any, Any] | None:
    """Tell which rows the scenario has no more; a street lives on in its pieces."""
    now = found.state.city
    if view.table == "streets" or now.hashes[view.table] == city.hashes[view.table]:
        return None
    there: np.ndarray[Any, Any] = city.tables[view.table].index.isin(now.tables[view.table].index)
    return None if there.all() else ~there


def problem_of(view: View, found: YearResults, city: City) -> str:
    """
    Return why a view has nothing to show, as an English key of the catalogue; "" where it has.

    For towns without streets, zones or a timetable.
    """
    if not len(city.tables[view.table]):
        return "This city has no table for this view."
    if view.group == "mobility" and found.answers["travel"] is None:
        return "This city lacks the streets or traffic zones that trips need."
    if view.topic == "transit" and not len(found.state.city.stop_times):
        return "This city has no timetable."
    return ""


def label_of(view: View, t: Translator) -> str:
    """Return the name of a view as people read it."""
    mode = t.text(MODE_WORDS[view.mode]) if view.mode in MODE_WORDS else ""
    facility = t.text(FACILITY_WORDS[view.facility]) if view.facility else ""
    return t.text(view.label, facility=facility, mode=mode)
