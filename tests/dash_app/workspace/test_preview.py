"""What a draft would reach: against the plan of the whole scenario, by hand, with bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from dash_app.i18n import translator
from dash_app.workspace.chosen import chosen_entries
from dash_app.workspace.met import met_state
from dash_app.workspace.preview import Preview, preview
from dash_app.workspace.preview_words import preview_words
from dash_app.workspace.viewer import PUBLIC, Viewer
from tests.dash_app.drafts import BLOCK, EXAMPLES, HOUSES, ROAD, town, town_scenario
from twin.assumptions import assumptions
from twin.balance import investments
from twin.measures import NEVER
from twin.scenario import load_scenario, plan

PLANNER = Viewer("planner", fine=True)


def seen(measure: object, *others: dict[str, Any], viewer: Viewer = PLANNER) -> Preview:
    content = town_scenario()
    content["measures"] = [*content["measures"], *others]
    return preview(town(), load_scenario(content), measure, 2030, viewer=viewer)


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_every_kind_has_a_preview_in_both_languages(kind: str) -> None:
    found = seen(EXAMPLES[kind])
    assert found.valid, [str(remark.what) for remark in found.problems]
    for lang in ("de", "en"):
        words = preview_words(translator(lang), found, town())
        assert [figure["name"] for figure in words["figures"]] == [
            "reached", "extent", "cost", "fourth",
        ]  # fmt: skip
        assert words["title"]
        assert all(figure["label"] for figure in words["figures"])
        assert "{" not in str([words["figures"], words["chosen"], words["problems"]]).replace(
            "{'", ""
        )


@pytest.mark.parametrize("kind", ["retrofit", "heating_change", "heat_network", "demolition"])
def test_it_reaches_whom_the_whole_plan_reaches(kind: str) -> None:
    """The scenario worked out with the measure in it names the same buildings."""
    measure = EXAMPLES[kind]
    content = town_scenario()
    content["measures"] = [*content["measures"], measure]
    schedule = plan(town(), load_scenario(content), assumptions()).schedules[measure["id"]]
    found = seen(measure)
    assert set(found.rows) == set(schedule.index[schedule < NEVER])
    assert found.done == int((schedule <= 2030).sum())


def test_a_measure_meets_what_those_before_it_left() -> None:
    """Houses taken down in 2026 are not renovated in 2028, but in 2026 by one that is before."""
    gone = {"kind": "demolition", "id": "gone", "start_year": 2026, "select": {"ids": HOUSES[:2]}}
    walls = {"kind": "retrofit", "id": "walls", "start_year": 2028}
    everyone = set(seen(walls).rows)
    assert set(seen(walls, gone).rows) == everyone - set(HOUSES[:2])
    assert set(seen(walls, walls, gone).rows) == everyone


def test_the_state_is_that_of_the_list_and_the_stage() -> None:
    """What stands behind it in the list counts from the stage before."""
    gone = {"kind": "demolition", "id": "gone", "start_year": 2026, "select": {"ids": HOUSES[:1]}}
    late = {"kind": "retrofit", "id": "late", "start_year": 2034}
    content = {**town_scenario(), "measures": [late, gone]}
    met = met_state(town(), load_scenario(content), "late", 2034)
    assert HOUSES[0] not in met.state.stock.index
    assert met.state.year == 2035
    soon = met_state(town(), load_scenario(content), "late", 2027)
    assert HOUSES[0] in soon.state.stock.index


def test_a_broken_neighbour_is_left_out_and_named() -> None:
    broken = {"kind": "demolition", "id": "broken", "select": {"ids": ["nobody"]}}
    found = seen(EXAMPLES["retrofit"], broken)
    assert found.valid
    assert [r.code for r in found.problems] == ["left_out"]
    assert "broken" in str(found.problems[0].what)


def test_the_cost_is_that_of_the_investment_model() -> None:
    """Costs of the houses alone, added up by the same table function that results use."""
    measure = EXAMPLES["battery"]
    content = {**town_scenario(), "measures": [*town_scenario()["measures"], measure]}
    before = met_state(town(), load_scenario(town_scenario()), "x", 2027).state.stock
    after = plan(town(), load_scenario(content), assumptions()).states[-1].stock
    sizes = after[["heated_area_m2"]].assign(peak_kw=5.0)
    given = assumptions()
    spent = investments(before.reindex(after.index), after, sizes, years=(2026, 2027), given=given)
    assert seen(measure).cost_eur == pytest.approx(spent["battery_eur"].sum())


def test_streets_count_once_and_residents_live_nearest() -> None:
    found = seen(EXAMPLES["speed_limit"])
    streets = town().streets
    assert found.count == len(ROAD)
    assert found.extent.length_m == pytest.approx(streets.loc[ROAD, "length_m"].sum())
    name = EXAMPLES["street_closure"]["select"]["names"][0]
    named = seen(EXAMPLES["street_closure"])
    lived = town().buildings[town().buildings["residents"].fillna(0) > 0]
    fit = streets[~streets["class"].isin(["track", "path", "footway", "cycleway", "steps"])]
    centre = shapely.centroid(lived.geometry.array)
    away = shapely.distance(centre[:, None], np.asarray(fit.geometry.array)[None, :])
    nearest = away.min(axis=1)
    mine = away[:, (fit["name"] == name).to_numpy()].min(axis=1) <= nearest + 1e-9
    assert named.extent.residents == pytest.approx(lived["residents"][mine].sum())


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"kind": "speed_limit", "speed_kmh": 1e9}, "speed_kmh"),
        ({"kind": "speed_limit", "speed_kmh": "schnell"}, "speed_kmh"),
        ({"kind": "speed_limit"}, "speed_kmh"),
        ({"kind": "retrofit", "start_year": 2060}, "start_year"),
        ({"kind": "retrofit", "start_year": 2030, "end_year": 2027}, "end_year"),
        ({"kind": "retrofit", "select": {"districts": ["Atlantis"]}}, "select.districts"),
        ({"kind": "retrofit", "select": {"blocks": ["?"]}}, "select.blocks"),
        ({"kind": "retrofit", "select": {"ids": ["?"]}}, "select.ids"),
        ({"kind": "retrofit", "select": {"where": [{"column": "x", "op": "<", "value": 1}]}},
         "select.where.0"),
        ({"kind": "speed_limit", "speed_kmh": 30, "select": {"names": ["Nirgends"]}},
         "select.names"),
        ({"kind": "transit_headway", "headway_min": 9, "lines": ["77"]}, "lines"),
        ({"kind": "network_sources", "network_id": "x", "sources": {"biomass": 1}}, "network_id"),
        ({"kind": "network_sources", "network_id": "x", "sources": {"biomass": 0.5}}, "sources"),
        ({"kind": "photovoltaics", "target_kwp": 9e6}, "target_kwp"),
        ({"kind": "new_link", "line": {"coordinates": [[7.1, 50.7]]}}, "line.coordinates"),
        ({"kind": "car_sharing", "cars": 1.5}, "cars"),
        ({"kind": "car_sharing", "cars": 3, "around": {"place": "?", "radius_m": 3}},
         "around.place"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(draft: dict[str, Any], field: str) -> None:
    found = seen({"id": "x", **draft})
    assert not found.valid
    assert field in {remark.field for remark in found.problems}, found.problems
    words = preview_words(translator("de"), found, town())
    assert all(problem["text"] for problem in words["problems"])


@pytest.mark.parametrize(
    "draft",
    [
        None, 3, "x", [], {}, {"kind": "nonsense"}, {"kind": "retrofit"}, {"kind": ["x"]},
        {"kind": "retrofit", "id": "a" * 5000}, {"kind": "retrofit", "id": "a", "select": 3},
        {"kind": "retrofit", "id": "a", "select": {"ids": [[1], None]}},
        {"kind": "speed_limit", "id": "a", "speed_kmh": float("nan")},
        {"kind": "speed_limit", "id": "a", "speed_kmh": 10**400},
        {"kind": "modal_filter", "id": "a", "points": [[1e308, 1e308]]},
        {"kind": "new_link", "id": "a", "line": {"coordinates": [[0, 0], [1e-12, 0]]}},
        {"kind": "new_development", "id": "a", "area": {"type": "Polygon", "coordinates": []},
         "dwellings": 3},
        {"kind": "parking", "id": "a", "around": {"point": ["x"], "radius_m": -1}},
        {"kind": "retrofit", "id": "a", "select": {"area": {"type": "Polygon", "coordinates":
         [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}},
    ],
)  # fmt: skip
def test_nonsense_is_answered_in_words(draft: object) -> None:
    found = seen(draft)
    assert not found.valid
    assert found.problems
    words = preview_words(translator("de"), found, town())
    assert words["problems"][0]["text"]


def test_names_of_fields_are_those_of_the_form() -> None:
    words = preview_words(translator("de"), seen({"kind": "speed_limit", "id": "x"}), town())
    assert "speed_kmh" not in str(words["problems"][0]["hint"])
    assert "„Höchstgeschwindigkeit“" in words["problems"][0]["hint"]


def test_a_public_visitor_learns_nothing_of_single_buildings() -> None:
    for select in ({"ids": HOUSES[:1]}, {"where": [{"column": "use", "op": "==",
                   "value": "residential"}]}, {"share": {"percent": 1}}):  # fmt: skip
        found = seen({"kind": "retrofit", "id": "x", "select": select}, viewer=PUBLIC)
        assert not found.valid
        assert (found.count, found.extent.residents, found.cost_eur) == (0, None, None)
    found = seen({"kind": "retrofit", "id": "x", "select": {"blocks": [BLOCK]}}, viewer=PUBLIC)
    assert len(found.rows) == 0


def test_few_buildings_are_withheld_from_the_public() -> None:
    """A small drawn area round one house."""
    house = town().buildings.geometry.loc[HOUSES[0]].centroid.buffer(8)
    from tests.dash_app.drafts import lonlat  # noqa: PLC0415

    ring = [lonlat(shapely.Point(xy)) for xy in shapely.get_coordinates(house)]
    area = {"type": "Polygon", "coordinates": [ring]}
    draft = {"kind": "demolition", "id": "x", "select": {"area": area}}
    assert 0 < seen(draft).count < 5
    hidden = seen(draft, viewer=PUBLIC)
    assert hidden.withheld
    assert (hidden.count, hidden.extent.residents, len(hidden.rows)) == (0, None, 0)


def test_what_is_chosen_is_listed_by_street() -> None:
    t = translator("de")
    entries = chosen_entries(t, EXAMPLES["speed_limit"], town())
    assert [entry["label"] for entry in entries] == [town().streets["name"].loc[ROAD[0]]]
    assert entries[0]["detail"].startswith("4 Abschnitte")
    assert sorted(entries[0]["values"]) == sorted(ROAD)
    lost = chosen_entries(t, {"kind": "speed_limit", "select": {"ids": ["gone"]}}, town())
    assert lost[0]["values"] == ["gone"]
    many = {"kind": "retrofit", "select": {"blocks": [f"b{n}" for n in range(500)]}}
    assert len(chosen_entries(t, many, town())) == 61
    strange = {"kind": "parking", "area": {"type": "x"}, "around": 3, "points": "ab", "to": []}
    assert all(entry["label"] for entry in chosen_entries(t, strange, town()))


@pytest.mark.parametrize("kind", sorted(EXAMPLES))
def test_a_measure_written_out_in_full_is_read_again(kind: str) -> None:
    """The API hands scenarios on with every default in them."""
    scenario = load_scenario({**town_scenario(), "measures": [EXAMPLES[kind]]})
    assert load_scenario(scenario.model_dump(mode="json")) == scenario
