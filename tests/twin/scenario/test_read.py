"""Files in, files out: formats, hashes, schema, and every fault as a sentence."""

import json
import re
from pathlib import Path

import pytest

from tests.twin.scenario.town import make_state, scenario
from twin.measures import MEASURES
from twin.measures.street_base import AtOnceMeasure
from twin.scenario import Scenario, ScenarioError, diff, dump, load_scenario, plan, scenario_schema

DATA = Path(__file__).parents[3] / "data"
WRITTEN = sorted((DATA / "scenarios").glob("*.json"))


def faults(content) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        load_scenario(content)
    found = [str(fault) for fault in error.value.faults] or [str(error.value)]
    for line in found:
        assert not re.search(r"pydantic|type=|input_value|Input should|\[.*_.*\]", line), line
    return found


def where(column, op, value):
    return {"kind": "retrofit", "select": {"where": [{"column": column, "op": op, "value": value}]}}


def fault_of(**measure: object) -> str:
    (line,) = faults({"format": 2, "measures": [{"id": "a", **measure}]})
    return line


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({"kind": "retrofitt"}, "Measure 1: There is no kind of measure called retrofitt. Known"),
        ({}, "Measure 1: It does not say of which kind it is. Known kinds: retrofit, heating_ch"),
        ({"kind": "retrofit", "pace": 2}, "pace: There is no such field here. Perhaps: pace_perc"),
        (
            {"kind": "behaviour", "set_point_f": 68},
            "(behaviour, a): set_point_f: There is no such field here. Perhaps: set_point_c.",
        ),
        (
            {"kind": "retrofit", "select": {"share": {"percent": 130}}},
            "select.share.percent: 130 is not allowed. It must be 100 or less.",
        ),
        ({"kind": "retrofit", "pace_percent": 0}, "pace_percent: 0 is not allowed. It must be"),
        (
            {"kind": "retrofit", "pace_percent": 2, "end_year": 2035},
            "2 % a year from 2026 reaches 20 % by 2035, not all. Give pace_percent or end_year; to "
            "reach all by 2035 takes 10 % a year.",
        ),
        ({"kind": "retrofit", "end_year": 2020}, "It ends in 2020, before it starts in 2026."),
        (
            {"kind": "heat_network", "auto": {}, "sources": {"biomass": 0.5, "geothermal": 0.4}},
            "The sources of the network sum to 0.9, not to 1.",
        ),
        (
            {"kind": "heat_network", "auto": {}, "sources": {"atom": 1}},
            "sources.atom: atom is not known here. Allowed: gas_boiler, gas_chp,",
        ),
        ({"kind": "heat_network"}, "It is not said where the network runs. Give area, streets or"),
        (
            {"kind": "heat_network", "auto": {}, "flow_c": 50, "return_c": 60},
            "The return (60 °C) is not colder than the flow (50 °C).",
        ),
        ({"kind": "heating_change", "to": "district_heat"}, "to: district_heat is not known here."),
        ({"kind": "heating_change"}, "to: This field is missing."),
        ({"kind": "behaviour"}, "A room temperature is needed, absolute or as a difference"),
        ({"kind": "battery", "kwh": 5, "kwh_per_kwp": 1}, "A size of the battery is needed, one"),
        ({"kind": "energy_price", "assumption": "x"}, "A new price is needed, as a factor or as"),
        (
            {"kind": "energy_price", "assumption": "x", "factor": 2, "pace_percent": 5},
            "An assumption changes at once; it has no pace.",
        ),
        ({"kind": "grid_mix", "path": {"soon": 1}}, "soon are no years. Write the path as {\"2030"),
        ({"kind": "retrofit", "start_year": "soon"}, "start_year: soon does not fit here. A whole"),
        ({"kind": "retrofit", "select": {"ids": "h01"}}, "select.ids: h01 does not fit here. A li"),
        (
            where("sytem", "==", 1),
            "select.where.1: There is no column called sytem. Perhaps: system",
        ),
        (
            where("use", "<", 1),
            "use holds words; < compares numbers. Use in, not_in or ==.",
        ),
        (
            where("use", "in", ["x"]),
            "use knows no x. Allowed: residential, mixed,",
        ),
        (
            {"kind": "retrofit", "select": {"area": {"type": "Polygon", "coordinates": [
                [[370000, 5e6], [370001, 5e6], [370001, 5000001], [370000, 5e6]]]}}},
            "The area is not in degrees: it reaches from 370000 to 5000001.",
        ),
        (
            {"kind": "retrofit", "select": {"area": {"type": "Polygon", "coordinates": [
                [[7, 50], [8, 51], [8, 50], [7, 51], [7, 50]]]}}},
            "The area crosses itself or has no surface.",
        ),
        ({"kind": "new_development", "area": None}, "area: null does not fit here. An object with"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_measure_is_said_with_its_place(measure, said):
    line = fault_of(**measure)
    assert line.startswith("Measure 1")
    assert said in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "no JSON: line 1, column 2"),
        ("[]", "no JSON object"),
        ('{"format": 9}', "format 9, this program reads up to 2"),
        ('{"format": "x"}', "has the format x"),
        ('{"name": "a", "name": "b"}', "A field stands twice in one object: name."),
        ('{"assumptions": {"a": Infinity}}', "Infinity is no number"),
        (b"\xff\xfe{}", "no text in UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ({"stages": [2030, 2025]}, "stages: The stage years are not in order: 2030, 2025."),
        ({"stages": [25]}, "not all between 1990 and 2150"),
        ({"stages": []}, "At least one is needed"),
        ({"bla": 1}, "bla: There is no such field here. Fields: format, name,"),
        ({"measures": ["x"]}, "Measure 1: x does not fit here. An object with fields is needed."),
    ],
)
def test_what_is_wrong_with_a_file_is_said(content, said):
    assert any(said in line for line in faults(content))


def test_all_faults_at_once_and_same_ids():
    both = faults({"stages": [1], "measures": [{"kind": "x", "id": "a"}, {"kind": "y"}]})
    assert [line[:10] for line in both] == ["stages: Th", "Measure 1:", "Measure 2:"]
    twice = {
        "measures": [{"kind": "retrofit", "id": "a"}, {"kind": "battery", "id": "a", "kwh": 1}]
    }
    assert faults(twice) == [
        "Measure 2 (battery, a): id: Measure 1 has this id already. Choose another id."
    ]


def test_format_1_is_brought_up_to_date():
    old = {
        "format": 1, "name": "Old", "baseline": "abc", "baseline_name": "Dorf", "year": 2037,
        "measures": [
            {"kind": "retrofit", "start": 2027, "pace_percent": 2},
            {"kind": "demolition", "id": "own", "select": {"ids": ["h01"]}},
        ],
    }  # fmt: skip
    found = load_scenario(json.dumps(old))
    assert found.format == 2
    assert (found.baseline.hash, found.baseline.name) == ("abc", "Dorf")
    assert found.stages == (2025, 2030, 2035, 2037)
    assert [(m.id, m.start_year) for m in found.measures] == [("m1", 2027), ("own", 2026)]
    assert faults({**old, "measures": [3, {"kind": "x"}]})


def test_the_hash_is_of_what_counts():
    one = {"kind": "retrofit", "pace_percent": 2}
    plain = scenario(one)
    same = scenario({**one, "note": "so far"}, name="Other", author="Somebody", note="x")
    assert plain.hash == same.hash
    assert plain.hash == scenario({**one, "pace_percent": 2.0, "standard": "usual"}).hash
    others = [
        scenario({**one, "pace_percent": 3}), scenario({**one, "id": "b"}), scenario(one, one | {
            "id": "c"}), scenario(one, stages=[2025, 2045]), scenario(one, assumptions={"a": 1}),
        scenario(one, baseline={"hash": "x"}), scenario({**one, "enabled": False}),
    ]  # fmt: skip
    assert len({plain.hash, *(other.hash for other in others)}) == len(others) + 1


def test_the_published_schema_is_that_of_the_models():
    published = json.loads((DATA / "scenario.schema.json").read_text("utf-8"))
    assert published == json.loads(json.dumps(scenario_schema()))
    kinds = {d["properties"]["kind"]["const"] for d in published["$defs"].values()
             if "kind" in d.get("properties", {})}  # fmt: skip
    assert kinds == set(MEASURES)


AT_ONCE = {kind for kind, model in MEASURES.items() if issubclass(model, AtOnceMeasure)} | {
    "network_sources", "grid_mix", "electric_fleet", "work_from_home"
}  # fmt: skip
OF_ONE_TOWN = ("ids", "names", "districts", "blocks", "area", "line")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_written_scenarios_fit_any_town_or_name_theirs(path):
    text = path.read_text("utf-8")
    found = load_scenario(text)
    assert dump(found) == text
    assert found.baseline.hash == ""
    for measure in found.measures:
        assert measure.pace_percent or measure.end_year or measure.is_a in AT_ONCE or (
            found.baseline.name)  # fmt: skip
        content = measure.model_dump()
        chosen = {**content, **(content.get("select") or {})}
        bound = any(chosen.get(name) for name in OF_ONE_TOWN)
        assert not bound or found.baseline.name, measure.id


def test_there_are_three_written_scenarios():
    assert len(WRITTEN) >= 3


@pytest.mark.parametrize("stem", ["trend", "sun_and_heat_pumps"])
def test_the_written_scenarios_run_on_the_small_town(stem):
    town = make_state()
    found = load_scenario((DATA / "scenarios" / f"{stem}.json").read_bytes())
    last = plan(town.city, found, town.assumptions, base=town).states[-1].stock
    assert (last["system"] == "air_heat_pump").any()
    assert last["pv_kwp"].sum() > 5


def test_diff_names_every_change():
    a = scenario(
        {"kind": "retrofit", "id": "r", "pace_percent": 2},
        {"kind": "photovoltaics", "id": "p"},
        {"kind": "behaviour", "id": "b", "delta_k": -1},
        {"kind": "battery", "id": "x", "kwh": 5},
        assumptions={"one": 1, "two": 2},
    )
    b = scenario(
        {"kind": "behaviour", "id": "b", "delta_k": -1},
        {"kind": "retrofit", "id": "r", "pace_percent": 3,
         "select": {"share": {"percent": 30, "by": "heat_demand_kwh"}}},
        {"kind": "photovoltaics", "id": "p"},
        {"kind": "demolition", "id": "x", "select": {"ids": ["h01"]}},
        name="B", stages=[2025, 2045], assumptions={"two": 3},
    )  # fmt: skip
    found = diff(a, b)
    assert [m.id for m in found.added] == [m.id for m in found.removed] == ["x"]
    assert [(c.measure, c.field, c.before, c.after) for c in found.changed][:1] == [
        ("r", "pace_percent", 2.0, 3.0)
    ]
    assert {c.field for c in found.changed} == {"pace_percent", "select.share"}
    assert [(m.measure, m.before, m.after) for m in found.moved] == [("b", 3, 1)]
    assert [(c.field, c.before, c.after) for c in found.assumptions] == [
        ("one", 1.0, None), ("two", 2.0, 3.0)
    ]  # fmt: skip
    assert {c.field for c in found.frame} == {"name", "stages"}
    said = str(found)
    assert "Changed retrofit r, pace percent: 2 → 3" in said
    assert "Removed: Batteries of 5 kWh: all buildings, in 2026" in said
    assert "Moved behaviour b: from place 3 to 1" in said
    assert not diff(a, a)
    assert str(diff(a, a)) == ""
    assert isinstance(Scenario(), Scenario)
