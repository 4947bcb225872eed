"""Scenarios in a real store: edits, undo, two tabs, other cities, who may see what."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from dash_app.workspace import examples
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
    from twin.city import City

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
    return Projects(store, toy())


@cache
def toy() -> City:
    return make_toy_city()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projects]:
    with open_store(tmp_path_factory.mktemp("kept") / "p.sqlite") as store:
        yield Projects(store, toy())


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


@settings(max_examples=6)
@given(STEPS)
def test_any_edits_can_be_undone_one_by_one(kept: Projects, steps: list[Edit]) -> None:
    versions = [kept.create(PLANNER, "A")]
    key = versions[0].scenario_id
    for step in steps:
        try:
            made = kept.edit(key, step, expected_version=versions[-1].number, viewer=PLANNER)
        except (EditError, ScenarioError):
            continue  # a measure that is not there, or is there twice
        if made.number != versions[-1].number:
            versions.append(made)
    for older, newer in zip(versions[-2::-1], versions[:0:-1], strict=True):
        back = kept.undo(key, expected_version=newer.number, viewer=PLANNER)
        assert (back.text, back.hash) == (older.text, older.hash)
    with pytest.raises(StoreError):
        kept.undo(key, expected_version=1, viewer=PLANNER)


def test_my_edit_can_be_done_again_on_theirs(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    theirs = edit(do="add_measure", measure=FLEET)
    mine = edit(do="add_measure", measure=TEMPO)
    projects.edit(key, theirs, expected_version=1, viewer=Viewer("planner", "Bo"))
    with pytest.raises(ConflictError) as caught:
        projects.edit(key, mine, expected_version=1, viewer=PLANNER)
    conflict = caught.value
    assert (conflict.moved.author, conflict.base.number) == ("Bo", 1)
    assert [one["id"] for one in conflict.mine.content["measures"]] == ["tempo"]
    projects.edit(key, mine, expected_version=conflict.theirs.number, viewer=PLANNER)
    found = projects.open(key, viewer=PLANNER)[1]
    assert [measure.id for measure in found.measures] == ["fleet", "tempo"]
    aside = projects.create(PLANNER, "A (mine)", conflict.mine.content)
    assert [m.id for m in projects.open(aside.scenario_id, viewer=PLANNER)[1].measures] == ["tempo"]


def test_many_hands_lose_no_edit(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id

    def add(number: int) -> None:
        change = edit(do="add_measure", measure={**TEMPO, "id": f"t{number}"})
        expected = projects.store.head(key).number
        while True:
            try:
                projects.edit(key, change, expected_version=expected, viewer=PLANNER)
            except ConflictError as conflict:
                expected = conflict.theirs.number
            else:
                return

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(add, range(8)))
    found = projects.open(key, viewer=PLANNER)[1]
    assert {measure.id for measure in found.measures} == {f"t{n}" for n in range(8)}


def test_a_measure_counts_in_two_scenarios_under_one_id(projects: Projects) -> None:
    one = projects.create(PLANNER, "A", {"measures": [TEMPO]}).scenario_id
    other = projects.create(PLANNER, "B").scenario_id
    take = edit(do="take_measure", id="tempo", scenario=one)
    projects.edit(other, take, expected_version=1, viewer=PLANNER)
    first, second = (projects.open(key, viewer=PLANNER)[1] for key in (one, other))
    assert first.measures == second.measures
    assert first.hash == second.hash
    gone = edit(do="take_measure", id="gone", scenario=one)
    with pytest.raises(EditError):
        projects.edit(other, gone, expected_version=2, viewer=PLANNER)


def test_every_change_stands_in_the_log(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.edit(key, edit(do="rename", name="B"), expected_version=1, viewer=PLANNER)
    projects.keep(key, 2, "Stand", viewer=PLANNER)
    projects.undo(key, expected_version=2, viewer=PLANNER)
    projects.redo(key, expected_version=1, viewer=PLANNER)
    projects.go_to(key, 1, expected_version=2, viewer=PLANNER)
    projects.publish(key, public=True, viewer=PLANNER)
    projects.archive(key, viewer=PLANNER)
    done = [entry.action for entry in projects.store.accounts.entries()]
    wanted = ["create", "edit", "keep", "undo", "redo", "go_to", "publish", "archive"]
    assert sorted(done) == sorted(wanted)


def test_a_city_built_anew_keeps_its_scenarios_in_reach(projects: Projects) -> None:
    key = projects.create(PLANNER, "A", {"measures": [TEMPO]}).scenario_id
    city = toy()
    anew = Projects(projects.store, city.replace(trees=city.trees.iloc[:0]))
    assert anew.city.hash != city.hash
    assert anew.entries(PLANNER) == ()
    assert [entry.id for entry in anew.earlier(PLANNER)] == [key]
    assert anew.earlier(PUBLIC) == ()
    with pytest.raises(OtherCityError):
        anew.duplicate(key, PLANNER, "A")
    taken = anew.duplicate(key, PLANNER, "A", rebase=True)
    found = anew.open(taken.scenario_id, viewer=PLANNER)[1]
    assert found.baseline.hash == anew.city.hash
    assert [measure.id for measure in found.measures] == ["tempo"]


def test_what_does_not_fit_the_town_is_named(projects: Projects) -> None:
    lost = {**TEMPO, "id": "lost", "select": {"ids": ["w999:0:f"]}}
    found = projects.misfits(load_scenario({"name": "A", "measures": [FLEET, lost]}))
    assert {(fault.measure, fault.code) for fault in found} == {("lost", "unknown_id")}
    assert projects.misfits(load_scenario({"name": "A", "measures": [FLEET]})) == ()


def test_content_of_another_city_is_no_edit(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    content = {"name": "Fern", "baseline": {"hash": "f" * 64, "name": "Fernstadt"}}
    with pytest.raises(OtherCityError):
        projects.edit(key, edit(do="replace_content", content=content), expected_version=1,
                      viewer=PLANNER)  # fmt: skip


def test_a_broken_example_spoils_no_list(
    projects: Projects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{", "utf-8")
    (tmp_path / "good.json").write_text('{"name": "Gut"}', "utf-8")
    there = {"name": "Dort", "baseline": {"name": "Anderswo"}}
    (tmp_path / "elsewhere.json").write_text(json.dumps(there), "utf-8")
    monkeypatch.setattr(examples, "FOLDER", tmp_path)
    assert [template.key for template in projects.templates()] == ["good"]
    monkeypatch.setattr(examples, "FOLDER", tmp_path / "nowhere")
    assert projects.templates() == ()


def test_two_tabs_do_not_overwrite_each_other(projects: Projects) -> None:
    key = projects.create(PLANNER, "A").scenario_id
    projects.edit(key, edit(do="rename", name="mine"), expected_version=1, viewer=PLANNER)
    with pytest.raises(ConflictError) as caught:
        projects.edit(key, edit(do="rename", name="theirs"), expected_version=1, viewer=PLANNER)
    assert caught.value.theirs.name == "mine"
    assert projects.open(key, viewer=PLANNER)[1].name == "mine"


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    city = toy()
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
    other = toy().replace(trees=projects.city.trees.iloc[:0])
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
