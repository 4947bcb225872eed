"""One scale for map and legend, and nothing in it that a viewer may not see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dash_app.components.value_legend import legend_of
from dash_app.i18n import translator
from dash_app.settings import Privacy, Settings
from dash_app.views import VIEWS
from dash_app.workspace.drawn import change_scales, drawn_values, shared_scales
from dash_app.workspace.privacy import withheld
from dash_app.workspace.viewer import PUBLIC, Viewer
from dash_app.workspace.work import Side, Work

PLANNER = Viewer("planner", "Ada", "a", fine=True)
HEAT = VIEWS["heat_density"]


@pytest.fixture
def work(answered) -> Work:
    city, scenario, base, found = answered
    sides = (
        Side("base", base.scenario, base.scenario.hash, results=base),
        Side("a", scenario, scenario.hash, results=found),
    )
    return Work(city, PLANNER, *sides, shown="a", year=2030)


def test_all_sides_share_a_scale_that_today_sets(work):
    values = drawn_values(work, HEAT)
    assert list(values) == ["base", "a"]
    both = shared_scales(work, HEAT, values)
    assert both["light"].breaks == both["dark"].breaks
    alone = drawn_values(replace(work, a=None), HEAT)
    assert shared_scales(work, HEAT, alone)["light"].breaks == both["light"].breaks


def test_a_viewer_from_the_street_has_no_more_in_the_scale_than_on_the_map(work):
    settings = Settings(privacy=Privacy(min_addresses=8))
    public = replace(work, viewer=PUBLIC, settings=settings)
    away = withheld(work.city, "blocks", settings)
    values = drawn_values(public, HEAT)
    assert away.any()
    assert all(column[away].isna().all() for column in values.values())
    scale = shared_scales(public, HEAT, values)["light"]
    assert scale.missing == away.sum()
    assert scale.high == max(column.max() for column in values.values())
    moved = change_scales(public, HEAT, values, (public.base, public.a))
    assert moved["light"].missing == away.sum()


def test_a_side_without_an_answer_has_no_difference(work):
    waiting = replace(work, a=replace(work.a, results=None))
    values = drawn_values(waiting, HEAT)
    assert list(values) == ["base"]
    assert change_scales(waiting, HEAT, values, (waiting.base, waiting.a)) == {}
    assert change_scales(work, HEAT, drawn_values(work, HEAT), (work.base, work.base)) == {}
    assert shared_scales(work, HEAT, {}) == {}


def test_the_hour_counts_for_values_and_limits(work):
    flow = VIEWS["car_flow"]
    day, hour = (replace(work, hour=h) for h in (None, 7))
    scales = [shared_scales(w, flow, drawn_values(w, flow))["light"] for w in (day, hour)]
    assert scales[0].breaks != scales[1].breaks
    assert scales[0].high > scales[1].high


@pytest.mark.parametrize("shown", ["a", "diff"])
def test_the_legend_is_drawn_for_everybody(work, shown):
    for viewer in (PLANNER, PUBLIC):
        seen = replace(work, viewer=viewer, shown=shown)
        assert len(legend_of(translator("de"), seen, HEAT)) > 1
