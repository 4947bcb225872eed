"""The form of a measure as a component tree: every field of every kind, in both languages."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from pydantic import BaseModel

from dash_app.components.measure_form import measure_form
from dash_app.components.measure_form.fields import HIDDEN, field_of, has_pace
from dash_app.components.measure_form.kinds import FAMILIES, begin
from dash_app.components.measure_form.words import FIELDS, words_of
from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from dash_app.workspace.viewer import PUBLIC, Viewer
from dash_app.workspace.work import Side, Work
from tests.dash_app.as_html import as_html
from tests.dash_app.drafts import EXAMPLES, town, town_scenario
from twin.measures import MEASURES
from twin.scenario import load_scenario

PLANNER = Viewer("planner", fine=True)


def work(*measures: dict[str, Any], viewer: Viewer = PLANNER) -> Work:
    base = load_scenario(town_scenario())
    scenario = load_scenario({**town_scenario(), "measures": list(measures)})
    a = Side("a", scenario, scenario.hash)
    return Work(town(), viewer, Side("base", base, base.hash), a, shown="a")


@cache
def form(kind: str, lang: str = "de") -> Any:
    """Return the form of a new measure."""
    return measure_form(translator(lang), None, work(), {"kind": kind})


def nodes(tree: Any) -> list[Any]:
    """Every component of a tree."""
    if isinstance(tree, (list, tuple)):
        return [node for part in tree for node in nodes(part)]
    if not hasattr(tree, "to_plotly_json"):
        return []
    return [tree, *nodes(getattr(tree, "children", None))]


def texts(tree: Any) -> str:
    if isinstance(tree, (list, tuple)):
        return " ".join(texts(part) for part in tree)
    return texts(getattr(tree, "children", "")) if hasattr(tree, "to_plotly_json") else str(tree)


def given(tree: Any, name: str) -> list[str]:
    """Every value of an attribute in a tree."""
    found = [node.to_plotly_json()["props"].get(name) for node in nodes(tree)]
    return [value for value in found if value is not None]


@pytest.mark.parametrize("kind", sorted(MEASURES))
def test_every_field_has_words_in_both_languages(kind: str) -> None:
    german = catalogue("de")
    for name in MEASURES[kind].model_fields:
        words = words_of(kind, name)
        assert words is not None, name
        assert ("", words.label.template) in german, words.label
        assert words.help is None or ("", words.help.template) in german, words.help
        assert str(words.label)
        field = field_of(kind, name)
        unknown = [
            word for word in field.options
            if (words.context, word) not in german and ("", word) not in german
        ]  # fmt: skip
        assert unknown == [], name


@pytest.mark.parametrize("kind", sorted(MEASURES))
def test_every_field_can_be_reached_in_the_form(kind: str) -> None:
    """By an input of its own or of a part of it, a tool of the map, a list, or an option."""
    tree = form(kind)
    paths = {
        value for name in ("data-field", "data-path", "data-add", "data-years", "data-shares",
                           "data-conditions") for value in given(tree, name)
    }  # fmt: skip
    fixed = {path for text in given(tree, "data-fixed") for path in json.loads(text)}
    reached = {path.split(".")[0] for path in paths | fixed}
    never = set() if has_pace(kind) else {"pace_percent", "end_year"}
    assert set(MEASURES[kind].model_fields) - set(HIDDEN) - never - reached == set()


@pytest.mark.parametrize("kind", sorted(MEASURES))
@pytest.mark.parametrize("lang", ["de", "en"])
def test_inputs_have_labels_and_ids_are_unique(kind: str, lang: str) -> None:
    tree = form(kind, lang)
    ids = given(tree, "id")
    assert len(ids) == len(set(ids))
    labelled = set(given(tree, "htmlFor"))
    inside = {id(node) for label in nodes(tree) if type(label).__name__ == "Label"
              for node in nodes(label)}  # fmt: skip
    for node in nodes(tree):
        props = node.to_plotly_json()["props"]
        if type(node).__name__ not in {"Input", "Select"}:
            continue
        named = props.get("aria-label") or props.get("id") in labelled or id(node) in inside
        assert named, props


def test_no_style_and_no_handler_comes_from_python() -> None:
    """The page forbids both (Content-Security-Policy)."""
    for kind in MEASURES:
        props = [set(node.to_plotly_json()["props"]) for node in nodes(form(kind))]
        assert not [name for names in props for name in names if name in {"style", "n_clicks"}]


def test_every_kind_has_one_place_on_the_switch() -> None:
    assert sorted(kind for family in FAMILIES for kind in family) == sorted(MEASURES)


def test_a_new_measure_begins_with_values_its_model_takes() -> None:
    """What is missing is only where it holds, which the map tells."""
    places = {"select", "area", "line", "points", "to", "place", "stop", "lines", "stops"}
    for kind in MEASURES:
        start = begin(kind, load_scenario(town_scenario()), town())
        where = {name: value for name, value in EXAMPLES[kind].items() if name in places}
        if kind == "transit_stop":
            where = {"to": EXAMPLES[kind]["to"]}
        if kind == "place_moved":
            where |= {"place_class": "school"}
        if kind in {"charging_points", "heating_change"}:
            where = {}
        if "around" in start:
            where = {}
        found = load_scenario({**town_scenario(), "measures": [{**start, **where}]})
        assert found.measures[0].start_year == 2026


def test_ids_of_new_measures_are_free() -> None:
    known = {**EXAMPLES["speed_limit"], "id": "speed-limit-1"}
    tree = measure_form(translator("de"), None, work(known), {"kind": "speed_limit"})
    assert json.loads(given(tree, "data-start")[0])["id"] == "speed-limit-2"
    assert given(tree, "data-known") == ["no"]


def test_a_measure_comes_with_all_it_holds() -> None:
    measure = {**EXAMPLES["retrofit"], "note": "</div><script>alert(1)</script>"}
    tree = measure_form(translator("de"), None, work(measure), {"id": measure["id"]})
    start = json.loads(given(tree, "data-start")[0])
    (again,) = load_scenario({**town_scenario(), "measures": [start]}).measures
    (first,) = load_scenario({**town_scenario(), "measures": [measure]}).measures
    assert again == first
    assert "Maßnahme 1 von 1 · Szenario A" in texts(tree)
    assert "<script>" not in as_html(tree)


def test_another_kind_keeps_the_place_in_the_list() -> None:
    measure = {**EXAMPLES["speed_limit"]}
    panel = {"kind": "cycle_street", "id": measure["id"]}
    tree = measure_form(translator("de"), None, work(measure), panel)
    start = json.loads(given(tree, "data-start")[0])
    assert (start["kind"], start["id"]) == ("cycle_street", measure["id"])
    assert given(tree, "data-known") == ["yes"]


@pytest.mark.parametrize("panel", [{}, {"id": "gone"}, {"kind": "nonsense"}, {"kind": ["x"]}])
def test_what_is_not_there_is_said(panel: dict[str, Any]) -> None:
    tree = measure_form(translator("de"), None, work(), panel)
    assert "gibt es nicht mehr" in texts(tree)


def test_nobody_but_planners_gets_a_form() -> None:
    tree = measure_form(translator("de"), None, work(viewer=PUBLIC), {"kind": "retrofit"})
    assert given(tree, "data-start") == []


def test_sliders_stay_within_the_limits_of_the_model() -> None:
    for kind, model in MEASURES.items():
        for name in model.model_fields:
            field = field_of(kind, name)
            if field.slider is None:
                continue
            low, high, step = field.slider
            assert low < high, (kind, name)
            assert step > 0, (kind, name)
            assert field.limits[1] is None or high <= field.limits[1], (kind, name)


def test_words_belong_to_fields_that_there_are() -> None:
    known = {path for model in MEASURES.values() for path in _paths(model)}
    named = {path.partition(".")[2] if "." in path and path.partition(".")[0] in MEASURES else path
             for path in FIELDS}  # fmt: skip
    assert named - known == set()


def _paths(model: type[BaseModel], depth: int = 0) -> set[str]:
    found = set()
    for name, info in model.model_fields.items():
        found.add(name)
        if depth < 2:
            for part in _models(info.annotation):
                found |= {f"{name}.{inner}" for inner in _paths(part, depth + 1)}
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for part in getattr(annotation, "__args__", ()) for m in _models(part)]
