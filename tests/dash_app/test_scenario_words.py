"""Scenarios, their measures and their faults, said in German."""

from pathlib import Path

import pytest

from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from tests.twin.scenario.town import scenario
from twin.classes import NETWORK_SOURCES
from twin.measures import MEASURES
from twin.scenario import ScenarioError, diff, load_scenario
from twin.selection.columns import COLUMNS, DERIVED
from twin.selection.columns import context as context_of

DATA = Path(__file__).parents[2] / "data"
GERMAN = translator("de")
INNER = {"id", "kind"}


def test_every_word_has_german():
    known = catalogue("de")
    wanted = {("measure", kind) for kind in MEASURES}
    wanted |= {("network.source", source) for source in NETWORK_SOURCES}
    fields = {name for model in MEASURES.values() for name in model.model_fields} - INNER
    wanted |= {("measure.field", name) for name in fields}
    wanted |= {("", column.label) for column in DERIVED}
    assert sorted(wanted - set(known)) == []


def test_words_of_conditions_have_german():
    known = catalogue("de")
    missing = {
        (name, value)
        for name, column in COLUMNS.items()
        for value in column.values
        if (context_of(name), value) not in known and ("", value) not in known
    }
    assert missing == set()


def test_a_measure_in_german():
    (measure,) = scenario(
        {
            "kind": "retrofit", "pace_percent": 2.5,
            "select": {"where": [
                {"column": "size_class", "op": "in", "value": ["apartments", "detached"]},
                {"column": "year_built", "op": "<", "value": 1978},
                {"column": "heat_demand_kwh_m2", "op": ">", "value": 150.5}]},
        }
    ).measures  # fmt: skip
    assert GERMAN.sentence(measure.summary()) == (
        "Sanierung (üblich): Gebäudetyp: Mehrfamilienhaus, "
        "Einfamilienhaus; Baujahr < 1978; Wärmebedarf je Fläche > 150,5 kWh/(m²·a), "
        "2,5 % im Jahr ab 2026"
    )


@pytest.mark.parametrize("path", sorted((DATA / "scenarios").glob("*.json")), ids=lambda p: p.stem)
def test_the_written_scenarios_in_german(path):
    for measure in load_scenario(path.read_text("utf-8")).measures:
        said = GERMAN.sentence(measure.summary())
        assert not {"the", "from", "buildings", "of", "heat"} & set(said.lower().split()), said


def test_faults_in_german():
    bad = [{"kind": "heating_change", "id": "a", "to": "gas"}, {"kind": "x", "id": "b"}]
    with pytest.raises(ScenarioError) as error:
        load_scenario({"name": "Plan", "measures": bad})
    lines = GERMAN.error(error.value).splitlines()
    assert lines[0] == "Das Szenario Plan ist nicht lesbar:"
    assert lines[1].startswith(
        "  - Maßnahme 1 (Heizungstausch, a): to: gas ist hier nicht bekannt. Erlaubt: gas_boiler,"
    )
    assert lines[2].startswith("  - Maßnahme 2: Maßnahmenart x gibt es nicht. Bekannte Arten: ret")


def test_differences_in_german():
    a = scenario({"kind": "retrofit", "id": "r", "pace_percent": 2})
    b = scenario({"kind": "retrofit", "id": "r", "pace_percent": 3})
    assert [GERMAN.sentence(s) for s in diff(a, b).sentences()] == [
        "Geändert: Sanierung r, Tempo (% im Jahr): 2 → 3"
    ]
