"""What the map can show: views by topic, one legend for all sides, years and hours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dash_app import views
from dash_app.components.view_panel import view_panel
from dash_app.components.year_bar import year_bar
from dash_app.i18n import translator
from dash_app.views import VIEWS
from dash_app.workspace.viewer import PUBLIC
from tests.dash_app.components.seen import by_class, drawings, marks, nodes, text_of, with_data

if TYPE_CHECKING:
    from dash_app.workspace.work import Work

DE = translator("de")


@pytest.mark.parametrize("mode", ["energy", "mobility"])
def test_all_views_of_a_mode_are_offered_and_fine_ones_not_to_all(work: Work, mode: str) -> None:
    offered = {
        getattr(c, "data-value") for c in with_data(view_panel(DE, work, None, mode), work="value")
    }
    assert offered == {"", *(v.name for v in VIEWS.values() if v.group == mode)}
    public = view_panel(DE, replace(work, viewer=PUBLIC), None, mode)
    seen = {getattr(c, "data-value") for c in with_data(public, work="value")}
    assert seen == {"", *(v.name for v in VIEWS.values() if v.group == mode and not v.fine)}


def test_the_legend_has_the_limits_of_the_map(work: Work) -> None:
    view = VIEWS["heat_density"]
    years = [side.year(2030) for side in work.sides]
    values = [views.values(view, year, work.city) for year in years if year is not None]
    scale = views.scale_of(view, values, "light")
    tree = view_panel(DE, work, view, "energy")
    bar = next(d for d in drawings(tree) if "value-bar" in d.className)
    fills = [m["fill"] for m in marks(bar, "rect", "of-light")]
    assert tuple(fills) == scale.colours
    texts = [n["in"][0] for n in nodes(bar) if n["tag"] == "text"]
    assert texts == [DE.number(value) for value in scale.breaks]


def test_a_difference_says_in_words_what_its_ends_mean(work: Work) -> None:
    tree = view_panel(DE, replace(work, shown="diff"), VIEWS["heat_density"], "energy")
    assert text_of(by_class(tree, "value-ends")) == "weniger, besser mehr, schlechter"
    assert "Änderung in MWh/(ha·a)" in text_of(tree)
    same = replace(work, a=replace(work.base, key="a"), shown="diff")
    assert "Nirgends eine Änderung" in text_of(
        view_panel(DE, same, VIEWS["heat_density"], "energy")
    )


SOME = [view for view in VIEWS.values() if not view.facility and view.topic != "bike"]


def test_every_view_has_a_legend(work: Work) -> None:
    for view in [*SOME, VIEWS["near_school_walk"]]:
        text = text_of(view_panel(DE, replace(work, b=None), view, view.group))
        assert text.startswith(views.label_of(view, DE)), view.name
        assert " nan" not in text, view.name


def test_values_that_are_not_there_yet_are_said(work: Work) -> None:
    assert work.a is not None
    base = replace(work.base, results=None)
    waiting = replace(work, base=base, a=replace(work.a, results=None), b=None)
    assert "werden berechnet" in text_of(view_panel(DE, waiting, VIEWS["carrier"], "energy"))


def test_years_say_whether_they_are_there(work: Work) -> None:
    assert work.a is not None
    assert work.a.results is not None
    part = replace(work.a.results, years={2025: work.a.results.years[2025]})
    tree = year_bar(DE, replace(work, a=replace(work.a, results=part)))
    stops = with_data(tree, work="year")
    assert [getattr(s, "data-year") for s in stops] == ["2025", "2030"]
    assert ["is-waiting" in s.className for s in stops] == [False, True]
    assert [getattr(s, "aria-pressed") for s in stops] == ["false", "true"]
    (slider,) = with_data(tree, slide="year")
    assert (slider.min, slider.max, slider.value) == (0, 1, 1)


def test_hours_are_offered_where_something_has_hours(work: Work) -> None:
    assert not with_data(year_bar(DE, work), slide="hour")
    assert with_data(year_bar(DE, work, mode="energy"), slide="hour")
    assert with_data(year_bar(DE, replace(work, theme="car_flow")), slide="hour")
    seven = year_bar(DE, replace(work, hour=7), mode="mobility")
    assert "07:00 Uhr" in text_of(seven)
