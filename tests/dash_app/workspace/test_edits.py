"""Edits as data: what each makes of a scenario, what it is called, what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dash_app.workspace.edits import MOST_MEASURES, Edit, EditError, apply_edit
from twin.scenario import Scenario, ScenarioError, dump, load_scenario

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)
TEMPO = {
    "kind": "speed_limit", "id": "tempo", "speed_kmh": 30.0, "select": {"classes": ["residential"]},
}  # fmt: skip
FLEET = {"kind": "electric_fleet", "id": "fleet", "path_percent": {"2030": 20.0, "2045": 90.0}}
SUN = {"kind": "photovoltaics", "id": "sun", "start_year": 2026}
WARM = "heat.surface_to_air"  # 3 to 4 W/(m²·K)


def plan() -> Scenario:
    return load_scenario({"name": "Altstadt", "measures": [TEMPO, FLEET, SUN]})


def done(scenario: Scenario, **edit: Any) -> tuple[Scenario, str]:
    made, said = apply_edit(scenario, EDIT.validate_python(edit))
    return made, str(said)


def order(scenario: Scenario) -> list[str]:
    return [measure.id for measure in scenario.measures]


@pytest.mark.parametrize(
    ("edit", "ids"),
    [
        ({"do": "add_measure", "measure": {**SUN, "id": "new"}}, ["tempo", "fleet", "sun", "new"]),
        ({"do": "add_measure", "measure": {**SUN, "id": "new"}, "place": 1},
         ["tempo", "new", "fleet", "sun"]),
        ({"do": "remove_measure", "id": "fleet"}, ["tempo", "sun"]),
        ({"do": "move_measure", "id": "tempo", "place": 2}, ["fleet", "sun", "tempo"]),
        ({"do": "move_measure", "id": "tempo", "place": 99}, ["fleet", "sun", "tempo"]),
        ({"do": "move_measure", "id": "sun", "place": 0}, ["sun", "tempo", "fleet"]),
        ({"do": "duplicate_measure", "id": "tempo"}, ["tempo", "tempo-2", "fleet", "sun"]),
        ({"do": "take_measure", "id": "wall", "measure": {"kind": "retrofit", "id": "wall"}},
         ["tempo", "fleet", "sun", "wall"]),
        ({"do": "take_measure", "id": "sun", "measure": {**SUN, "start_year": 2040}},
         ["tempo", "fleet", "sun"]),
        ({"do": "take_measure", "id": "sun", "measure": {"kind": "retrofit", "id": "sun"}},
         ["tempo", "fleet", "sun", "sun-2"]),
    ],
)  # fmt: skip
def test_the_list_of_measures_follows(edit: dict[str, Any], ids: list[str]) -> None:
    before = plan()
    text = dump(before)
    made, _ = done(before, **edit)
    assert order(made) == ids
    assert dump(before) == text  # the input stays


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "add_measure", "measure": {**TEMPO, "id": "b"}},
         "Speed limit 30 km/h: residential, in 2026"),
        ({"do": "replace_measure", "measure": {**TEMPO, "speed_kmh": 20.0}},
         "Changed: Speed limit 20 km/h: residential, in 2026 (Speed limit was 30)"),
        ({"do": "replace_measure", "measure": {**TEMPO, "start_year": 2030}},
         "Changed: Speed limit 30 km/h: residential, in 2030 (Applies from was 2026)"),
        ({"do": "replace_measure", "measure": {**TEMPO, "start_year": 2030, "speed_kmh": 20.0}},
         "Changed: Speed limit 20 km/h: residential, in 2030"),
        ({"do": "remove_measure", "id": "tempo"},
         "Removed: Speed limit 30 km/h: residential, in 2026"),
        ({"do": "set_enabled", "id": "tempo", "enabled": False},
         "Switched off: Speed limit 30 km/h: residential, in 2026"),
        ({"do": "move_measure", "id": "tempo", "place": 7},
         "Moved to place 3: Speed limit 30 km/h: residential, in 2026"),
        ({"do": "rename", "name": "  B  "}, "Named B"),
        ({"do": "set_stages", "stages": [2030, 2040]}, "Stages 2030, 2040"),
        ({"do": "set_assumption", "name": WARM, "value": 3.5},
         f"Assumption {WARM} set to 3.5 W/(m²·K)"),
    ],
)  # fmt: skip
def test_an_edit_is_said_in_words(edit: dict[str, Any], words: str) -> None:
    assert done(plan(), **edit)[1] == words


def test_an_edit_of_a_scenario_with_streets_can_follow_another() -> None:
    # a selector of streets may not be given all its defaults: some need a drawn line
    made, _ = done(plan(), do="rename", name="B")
    again, _ = done(made, do="set_note", note="Am Rathaus", id="tempo")
    assert again.measures[0].note == "Am Rathaus"
    assert again.hash == plan().hash  # names and notes change no number


def test_back_and_forth_is_the_same_text() -> None:
    off, _ = done(plan(), do="set_enabled", id="sun", enabled=False)
    on, _ = done(off, do="set_enabled", id="sun", enabled=True)
    own, _ = done(on, do="set_assumption", name=WARM, value=3.9)
    usual, _ = done(own, do="reset_assumption", name=WARM)
    assert off.hash != plan().hash != own.hash
    assert dump(usual) == dump(plan())
    assert done(own, do="reset_assumption")[0].assumptions == {}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "Größe & „Maß“ {x} %s", "🚲"])
def test_names_are_text(name: str) -> None:
    made, said = done(plan(), do="rename", name=name)
    assert made.name == name
    assert said == f"Named {name}"
    noted, _ = done(plan(), do="set_note", note=name)
    assert json.loads(dump(noted))["note"] == name


def test_what_cannot_be_printed_is_left_out() -> None:
    made, _ = done(plan(), do="rename", name="Alt\x00stadt\n\u202eA")
    assert made.name == "Altstadt A"
    with pytest.raises(EditError, match="needs a name"):
        done(plan(), do="rename", name=" \n ")


@pytest.mark.parametrize(
    "value", [1e308, -5.0, 4e6], ids=["beyond numbers", "below nothing", "a slip"]
)
def test_absurd_assumptions_are_refused_with_what_is_usual(value: float) -> None:
    with pytest.raises(EditError, match=r"Usual is 3\.0 to 4\.0"):
        done(plan(), do="set_assumption", name=WARM, value=value)


@pytest.mark.parametrize("speed", [1e308, -5.0, 0, math.nan, math.inf, "fast", None])
def test_absurd_fields_are_refused(speed: Any) -> None:
    with pytest.raises((ScenarioError, ValidationError)):
        done(plan(), do="replace_measure", measure={**TEMPO, "speed_kmh": speed})


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "remove_measure", "id": "gone"}, "has no measure gone"),
        ({"do": "take_measure", "id": "gone"}, "has no measure gone"),
        ({"do": "add_measure", "measure": TEMPO}, "has this id already"),
        ({"do": "add_measure", "measure": {"kind": "photovoltaics"}}, "missing"),
        ({"do": "replace_measure", "measure": {}}, "has no measure"),
        ({"do": "set_assumption", "name": "heat.surface_to_ai", "value": 1}, WARM),
        ({"do": "reset_assumption", "name": WARM}, "no own value"),
        ({"do": "set_stages", "stages": [2030, 2030]}, "not in order"),
        ({"do": "replace_content", "content": {"format": 99}}, "format 99"),
    ],
)
def test_a_fault_says_what_is_wrong(edit: dict[str, Any], words: str) -> None:
    with pytest.raises((EditError, ScenarioError), match=words):
        done(plan(), **edit)


def test_an_area_of_ten_thousand_points_is_kept() -> None:
    angles = [2 * math.pi * n / 10_000 for n in range(10_000)]
    ring = [[7.1 + 0.01 * math.cos(a), 50.8 + 0.01 * math.sin(a)] for a in angles]
    area = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    made, said = done(
        plan(), do="add_measure", measure={**SUN, "id": "x", "select": {"area": area}}
    )
    assert len(made.measures[-1].select.area.coordinates[0]) == 10_001
    assert "in the drawn area" in said


def test_more_measures_than_anybody_reads_are_refused() -> None:
    many = [{**SUN, "id": f"m{n}"} for n in range(MOST_MEASURES)]
    full = load_scenario({"name": "A", "measures": many})
    with pytest.raises(EditError, match="up to 500"):
        done(full, do="duplicate_measure", id="m1")
