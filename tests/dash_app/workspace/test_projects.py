"""Scenarios in a real store: edits, undo, two tabs, other cities, who may see what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from dash_app.workspace.edits import Edit, EditError, apply_edit
from dash_app.workspace.projects import ArchivedError, OtherCityError, Projects
from dash_app.workspace.viewer import PUBLIC, Viewer
from layers.project_store import ConflictError, open_store
from tests.conftest import make_toy_city
from twin.errors import StoreError
from twin.scenario import Scenario, ScenarioError, dump, load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from layers.project_store import ProjectStore

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)
PLANNER = Viewer("planner", "Anna")
TEMPO = {
    "kind": "speed_limit", "id": "tempo", "speed_kmh": 30.0, "select": {"classes": ["residential"]},
}  # fmt: skip
FLEET = {"kind": "electric_fleet", "id": "fleet", "path_percent": {"2030": 20.0, "2045": 90.0}}


def edit(**fields: object) -> Edit:
    return EDIT.validate_python(fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    with open_store(tmp_path / "projects.sqlite") as store:
        yield store


@pytest.fixture
def projects(store: ProjectStore) -> Projects:
    return Projects(store, make_toy_city())


def test_undo_leads_back_to_the_same_text_and_hash(projects: Projects) -> None:
    first = projects.create(PLANNER, "Altstadt")
    _, before = projects.open(first.scenario_id, viewer=PLANNER)
    second = projects.edit(
        first.scenario_id, edit(do="add_measure", measure=TEMPO), expected_version=1, viewer=PLANNER
    )
    _, after = projects.open(first.scenario_id, viewer=PLANNER)
    assert len(after.measures) == 1
    assert after.hash != before.hash
    undone = projects.undo(first.scenario_id, expected_version=second.number, viewer=PLANNER)
    assert undone.text == first.text
    assert projects.open(first.scenario_id, viewer=PLANNER)[1].hash == before.hash
    redone = projects.redo(first.scenario_id, expected_version=undone.number, viewer=PLANNER)
    assert redone.text == second.text


STEPS = st.lists(
    st.sampled_from([
        edit(do="add_measure", measure=TEMPO),
        edit(do="add_measure", measure=FLEET, place=0),
        edit(do="set_enabled", id="tempo", enabled=False),
        edit(do="replace_measure", measure={**TEMPO, "speed_kmh": 20.0}),
        edit(do="move_measure", id="tempo", place=5),
        edit(do="duplicate_measure", id="fleet"),
        edit(do="remove_measure", id="fleet"),
        edit(do="set_assumption", name="stock.prebound", value=0.9),
        edit(do="reset_assumption", name="stock.prebound"),
        edit(do="rename", name="<script>alert(1)</script>"),
        edit(do="set_note", note="10 % mehr"),
        edit(do="set_stages", stages=[2030, 2040]),
    ]),
    max_size=8,
)  # fmt: skip


@settings(max_examples=8)
@given(STEPS)
def test_any_edits_can_be_undone_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Edit]
) -> None:
    with open_store(tmp_path_factory.mktemp("s") / "p.sqlite") as store:
        projects = Projects(store, make_toy_city())
        versions = [projects.create(PLANNER, "A")]
        key = versions[0].scenario_id
        for step in steps:
            try:
                made = projects.edit(
                    key, step, expected_version=versions[-1].number, viewer=PLANNER
                )
            except (EditError, ScenarioError):
                continue  # a measure that is not there, or is there twice
            if made.number != versions[-1].number:
                versions.append(made)
        for older, newer in zip(versions[-2::-1], versions[:0:-1], strict=True):
            back = projects.undo(key, expected_version=newer.number, viewer=PLANNER)
            assert back.text == older.text
        with pytest.raises(StoreError):
            projects.undo(key, expected_version=1, viewer=PLANNER)


def test_two_tabs_do_not_overwrite_each_other(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.edit(key, edit(do="rename", name="mine"), expected_version=1, viewer=PLANNER)
    with pytest.raises(ConflictError) as caught:
        projects.edit(key, edit(do="rename", name="theirs"), expected_version=1, viewer=PLANNER)
    assert caught.value.theirs.name == "mine"
    assert projects.open(key, viewer=PLANNER)[1].name == "mine"


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    city = make_toy_city()
    with open_store(tmp_path / "p.sqlite") as store:
        key = Projects(store, city).create(PLANNER, "A").scenario_id
    with open_store(tmp_path / "p.sqlite") as store:
        again = Projects(store, city)
        assert [entry.id for entry in again.entries(PLANNER)] == [key]
        assert again.open(key, viewer=PLANNER)[1].name == "A"


def test_the_public_sees_what_is_published(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    assert projects.entries(PUBLIC) == ()
    with pytest.raises(StoreError, match="no scenario"):
        projects.open(key, viewer=PUBLIC)
    projects.publish(key, public=True, viewer=PLANNER)
    assert [entry.id for entry in projects.entries(PUBLIC)] == [key]
    assert projects.open(key, viewer=PUBLIC)[1].name == "A"


def test_deleted_is_said_and_can_be_taken_back(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.archive(key, viewer=PLANNER)
    with pytest.raises(ArchivedError):
        projects.open(key, viewer=PLANNER)
    assert [entry.id for entry in projects.entries(PLANNER, archived=True)] == [key]
    projects.archive(key, viewer=PLANNER, archived=False)
    assert projects.open(key, viewer=PLANNER)[1].name == "A"


def test_a_scenario_of_another_city_is_refused_and_can_be_taken_over(projects: Projects) -> None:
    text = dump(
        load_scenario({"name": "Fern", "baseline": {"hash": "f" * 64, "name": "Fernstadt"}})
    )
    with pytest.raises(OtherCityError, match="Fernstadt"):
        projects.import_file(text, PLANNER)
    version = projects.import_file(text, PLANNER, rebase=True)
    opened = projects.open(version.scenario_id, viewer=PLANNER)[1]
    assert opened.baseline.hash == projects.city.hash
    other = make_toy_city().replace(trees=projects.city.trees.iloc[:0])
    if other.hash != projects.city.hash:
        with pytest.raises(OtherCityError):
            Projects(projects.store, other).open(version.scenario_id, viewer=PLANNER)


def test_the_history_tells_what_was_kept_and_undone(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.edit(key, edit(do="rename", name="B"), expected_version=1, viewer=PLANNER)
    projects.keep(key, 2, "für den Ausschuss", viewer=PLANNER)
    projects.undo(key, expected_version=2, viewer=PLANNER)
    first, second = projects.history(key, viewer=PLANNER)
    assert (first.is_head, first.is_undone) == (True, False)
    assert (second.kept_as, second.is_undone) == ("für den Ausschuss", True)


def test_targets_are_of_the_town(projects: Projects) -> None:
    projects.set_target("heat_demand", 2030, 350.0, viewer=PLANNER)
    assert projects.targets() == {"heat_demand": {2030: 350.0}}
    projects.set_target("heat_demand", 2030, None, viewer=PLANNER)
    assert projects.targets() == {}
    with pytest.raises(EditError):
        projects.set_target("happiness", 2030, 1.0, viewer=PLANNER)


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "set_enabled", "id": "nowhere", "enabled": True},
        {"do": "replace_measure", "measure": {"kind": "speed_limit", "id": "nowhere"}},
        {"do": "add_measure", "measure": {**TEMPO, "speed_kmh": -5.0}},
        {"do": "add_measure", "measure": {"kind": "no_such_thing", "id": "x"}},
        {"do": "set_stages", "stages": [2045, 2030]},
        {"do": "replace_content", "content": {"measures": 3}},
    ],
)
def test_wrong_edits_are_one_clear_error(wrong: dict[str, object]) -> None:
    with pytest.raises((EditError, ScenarioError)) as caught:
        apply_edit(Scenario(), edit(**wrong))
    assert "Traceback" not in str(caught.value)


def test_templates_make_scenarios_of_this_city(projects: Projects) -> None:
    names = {template.key for template in projects.templates()}
    assert {"trend", "calm_centre"} <= names
    version = projects.from_template("trend", PLANNER)
    assert json.loads(version.text)["baseline"]["hash"] == projects.city.hash
