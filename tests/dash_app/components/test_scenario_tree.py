"""The left panel: what it offers to whom, what is pressed, and that names stay text."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from dash_app.components.history import message_of
from dash_app.components.save_state import save_state
from dash_app.components.scenario_tree import measure_words, scenario_panel
from dash_app.i18n import translator
from dash_app.workspace.edits import Edit
from dash_app.workspace.engine import baseline_of
from dash_app.workspace.projects import Projects
from dash_app.workspace.viewer import PUBLIC, Viewer
from dash_app.workspace.work import Side, Work
from layers.project_store import open_store
from tests.conftest import make_toy_city
from tests.dash_app.as_html import as_html, controls
from twin.scenario import STAGES, Scenario, load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin.city import City

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)
PLANNER = Viewer("planner", "Ada", fine=True)
T = translator("en")
TEMPO = {
    "kind": "speed_limit", "id": "tempo", "speed_kmh": 30.0, "select": {"classes": ["residential"]},
}  # fmt: skip
SUN = {"kind": "photovoltaics", "id": "sun", "start_year": 2026, "note": "Sun <b>first</b>"}


@pytest.fixture
def projects(tmp_path: Path) -> Iterator[Projects]:
    with open_store(tmp_path / "p.sqlite") as store:
        yield Projects(store, toy())


@cache
def toy() -> City:
    return make_toy_city()


def side(projects: Projects, key: Any, scenario_id: str) -> Side:
    version, scenario = projects.open(scenario_id, viewer=PLANNER)
    return Side(key, scenario, scenario.hash, scenario.hash, scenario_id, version)


def work(projects: Projects, viewer: Viewer = PLANNER, **sides: Any) -> Work:
    base = baseline_of(Scenario(stages=STAGES), projects.city)
    found = {key: side(projects, key, name) for key, name in sides.items()}
    return Work(
        projects.city, viewer, Side("base", base, base.hash), **found,
        shown="a" if sides else "base", entries=projects.entries(viewer),
    )  # fmt: skip


def panel(projects: Projects, made: Work) -> str:
    return as_html(scenario_panel(T, made, projects))


def pressed(html: str) -> list[dict[str, Any]]:
    """Return the edits that the panel can send."""
    return [json.loads(one["data-edit"]) for one in controls(html) if "data-edit" in one]


def test_an_empty_town_says_the_next_step(projects: Projects) -> None:
    assert "No scenario yet" in panel(projects, work(projects))
    assert 'data-dialog="new"' in panel(projects, work(projects))
    told = panel(projects, work(projects, PUBLIC))
    assert "No scenario is published yet" in told
    assert "data-dialog" not in told


def test_every_edit_of_the_panel_can_be_done(projects: Projects) -> None:
    one = projects.create(PLANNER, "A", {"measures": [TEMPO, SUN]}).scenario_id
    other = projects.create(PLANNER, "B", {"measures": [{**SUN, "enabled": False}]}).scenario_id
    html = panel(projects, work(projects, a=one, b=other))
    edits = pressed(html)
    assert {edit["do"] for edit in edits} == {
        "set_enabled", "move_measure", "duplicate_measure", "remove_measure", "take_measure",
    }  # fmt: skip
    offered = [c for c in controls(html) if "data-edit" in c and "disabled" not in c]
    for number, control in enumerate(offered):
        there = {"a": one, "b": other}[control["data-scenario"]]
        copy = projects.duplicate(there, PLANNER, str(number)).scenario_id
        change = EDIT.validate_python(json.loads(control["data-edit"]))
        made = projects.edit(copy, change, expected_version=1, viewer=PLANNER)
        assert (made.number, made.message != "") == (2, True), control


def test_names_and_notes_stay_text(projects: Projects) -> None:
    key = projects.create(PLANNER, "<script>alert(1)</script>", {"measures": [SUN]}).scenario_id
    html = panel(projects, work(projects, a=key))
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Sun &lt;b&gt;first&lt;/b&gt;" in html


def test_the_public_reads_and_presses_nothing_that_changes(projects: Projects) -> None:
    key = projects.create(PLANNER, "A", {"measures": [TEMPO]}).scenario_id
    hidden = projects.create(PLANNER, "Secret").scenario_id
    projects.publish(key, public=True, viewer=PLANNER)
    html = panel(projects, work(projects, PUBLIC, a=key))
    assert hidden not in html
    assert "Secret" not in html
    assert "Speed limit 30 km/h" in html
    assert 'data-panel="form"' not in html
    assert "history" not in html
    assert not re.search(r'data-work="(undo|redo|go-to|dialog)"', html)
    for tick in re.findall(r"<input[^>]*>", html):
        assert "disabled" in tick


def test_undo_says_what_it_takes_back(projects: Projects) -> None:
    key = projects.create(PLANNER, "A", {"measures": [TEMPO]}).scenario_id
    html = panel(projects, work(projects, a=key))
    undo = next(one for one in controls(html) if one["data-work"] == "undo")
    assert "disabled" in undo
    assert undo["title"] == "Nothing to undo"
    off = EDIT.validate_python({"do": "set_enabled", "id": "tempo", "enabled": False})
    projects.edit(key, off, expected_version=1, viewer=PLANNER)
    assert "Undo: Switched off: Speed limit 30 km/h" in panel(projects, work(projects, a=key))
    projects.undo(key, expected_version=2, viewer=PLANNER)
    assert "Do again: Switched off" in panel(projects, work(projects, a=key))


def test_the_history_marks_where_one_stands_and_leads_back(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.edit(key, EDIT.validate_python({"do": "rename", "name": "B"}), expected_version=1,
                  viewer=PLANNER)  # fmt: skip
    projects.keep(key, 1, "for the council", viewer=PLANNER)
    html = panel(projects, work(projects, a=key))
    assert html.count('aria-current="step"') == 1
    steps = [one["data-number"] for one in controls(html) if one["data-work"] == "go-to"]
    assert steps == ["1"]
    assert "for the council" in html
    first = projects.history(key, viewer=PLANNER)[0]
    assert message_of(T, first) == "Scenario begun"


def test_a_measure_is_called_by_its_note_or_what_it_does() -> None:
    tempo, sun = load_scenario({"name": "A", "measures": [TEMPO, SUN]}).measures
    assert measure_words(T, tempo) == ("Speed limit 30 km/h", "Residential, in 2026")
    title, fact = measure_words(T, sun)
    assert title == "Sun <b>first</b>"
    assert "hotovoltaic" in fact


def test_one_measure_in_two_scenarios_can_be_switched_from_either(projects: Projects) -> None:
    one = projects.create(PLANNER, "A", {"measures": [TEMPO]}).scenario_id
    other = projects.create(PLANNER, "B", {"measures": [TEMPO]}).scenario_id
    html = panel(projects, work(projects, a=one, b=other))
    there = [edit for edit in pressed(html) if edit["do"] == "set_enabled"]
    assert there == [{"do": "set_enabled", "id": "tempo", "enabled": False}] * 2
    assert "take_measure" not in html


def test_the_state_of_saving_is_said_in_words(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    told = as_html(save_state(T, work(projects, a=key)))
    assert re.search(r"Saved \d\d:\d\d", told)
    assert "Being saved" in told
    assert "Not saved" in told
    assert save_state(T, work(projects)) == []
