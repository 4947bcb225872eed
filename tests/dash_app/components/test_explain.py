"""Every number says where it comes from, and no more than the viewer may see."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from dash_app.components.explain import explain, explain_panel
from dash_app.components.terms import ASSUMED, SUMS
from dash_app.i18n import translator
from dash_app.settings import Privacy, Settings
from dash_app.workspace.privacy import withheld
from dash_app.workspace.viewer import PUBLIC
from tests.dash_app.components.seen import by_class, text_of, walk, with_data
from twin.assumptions import assumptions
from twin.indicators import INDICATORS
from twin.indicators.catalogue import SUMMED
from twin.indicators.ranges import DRIVERS, bounds

if TYPE_CHECKING:
    from dash_app.workspace.work import Work

DE = translator("de")


def test_every_sum_and_every_driver_has_a_name() -> None:
    assert set(SUMMED) <= set(SUMS)
    assert set(DRIVERS) <= set(ASSUMED)
    known = assumptions()
    assert [n for n in ASSUMED if not any(f"{k}.".startswith(f"{n}.") for k in known)] == []


def test_every_indicator_can_answer(work: Work) -> None:
    for name in INDICATORS:
        text = text_of(explain(DE, work, name))
        assert "So wird gerechnet" in text, name
        assert DE.text(INDICATORS[name].formula) in text, name


def test_the_numbers_of_the_formula_give_the_value(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    row = year.sums["city"].loc["city"]
    share = (
        100 * row["trips_bike"] / row[[c for c in row.index if str(c).startswith("trips_")]].sum()
    )
    lines = [text_of(line) for line in by_class(explain(DE, work, "mode_bike"), "sum-line")]
    assert lines[0].endswith(f" {row['trips_bike']:.0f}")
    assert lines[-1] == f"= Wege mit dem Fahrrad {DE.number(share)}\u202f%"
    assert len(lines) == 1 + 5 + 1 + 1


def test_the_range_is_that_of_the_model(work: Work, ranged: Work) -> None:
    assert with_data(explain(DE, work, "heat_demand"), work="want-spread")
    assert ranged.a is not None
    reach = bounds(ranged.a.spread).loc[("heat_demand", 2030)]
    section = text_of(explain(DE, ranged, "heat_demand"))
    assert "Gemessene zu berechneter Wärme" in section
    assert not with_data(explain(DE, ranged, "heat_demand"), work="want-spread")
    assert reach["below"] > 0


def test_unknown_things_are_said_and_break_nothing(work: Work) -> None:
    assert "gibt es nicht" in text_of(explain(DE, work, "nonsense"))
    assert "nowhere" in text_of(explain(DE, work, "heat_demand", "district", "nowhere"))
    assert "So wird gerechnet" in text_of(explain(DE, work, "heat_demand", "planet", "earth"))
    assert "So wird gerechnet" in text_of(explain(DE, work, "delay", "block", "x"))  # no such level
    assert explain_panel(DE, work, {"indicator": None, "level": 3, "area": ["a"]})


def test_a_scenario_whose_answer_is_not_there_says_so(work: Work) -> None:
    assert work.a is not None
    waiting = replace(work, a=replace(work.a, results=None))
    assert "wird berechnet" in text_of(explain(DE, waiting, "heat_demand"))
    older = replace(work, a=replace(work.a, results=None, stale=work.a.results))
    assert by_class(explain(DE, older, "heat_demand"), "is-stale")


def fields(tree: Any) -> list[Any]:
    return with_data(tree, work="assume")


def test_assumptions_are_for_planners_and_never_of_today(work: Work) -> None:
    open_stock = {"theme": "stock"}
    rows = fields(explain(DE, work, "heat_demand", **open_stock))
    assert len(rows) == sum(name.startswith("stock.") for name in assumptions())
    assert not fields(explain(DE, replace(work, shown="base"), "heat_demand", **open_stock))
    assert not fields(explain(DE, replace(work, viewer=PUBLIC), "heat_demand", **open_stock))
    assert not fields(explain(DE, work, "heat_demand"))  # nothing is unfolded


def test_a_changed_assumption_is_marked_and_can_be_taken_back(work: Work) -> None:
    from dash_app.workspace.edits import Edit  # noqa: PLC0415 - another room's contract

    assert work.a is not None
    own = work.a.scenario.model_copy(update={"assumptions": {"stock.reference_per_living": 1.2}})
    tree = explain(DE, replace(work, a=replace(work.a, scenario=own)), "heat_demand")
    (row,) = by_class(tree, "is-changed")
    assert "hier geändert" in text_of(row)
    assert "üblich 1 bis 1,3" in text_of(row)
    edits = [json.loads(getattr(c, "data-edit")) for c in walk(row) if hasattr(c, "data-edit")]
    assert {edit["do"] for edit in edits} == {"set_assumption", "reset_assumption"}
    for edit in edits:
        TypeAdapter(Edit).validate_python(edit)


def test_areas_with_few_addresses_are_withheld_from_the_public(work: Work) -> None:
    strict = Settings(privacy=Privacy(min_addresses=40))
    hidden = withheld(work.city, "blocks", strict)
    assert hidden.any()
    block = str(hidden[hidden].index[0])
    public = replace(work, viewer=PUBLIC)
    text = text_of(explain(DE, public, "heat_demand", "block", block, settings=strict))
    assert "Datenschutz" in text
    assert "So wird gerechnet" not in text
    table = explain(DE, public, "heat_demand", settings=strict)
    rows = with_data(table, table="blocks", id=block)
    assert all("zu wenige Adressen" in text_of(row) for row in rows)
    seen = explain(DE, work, "heat_demand", "block", block, settings=strict)
    assert "So wird gerechnet" in text_of(seen)


def test_values_by_district_add_up(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    values = INDICATORS["heat_demand"].values(year.sums["district"], year.peaks)
    row = with_data(explain(DE, work, "heat_demand"), table="districts")[0]
    shown = text_of(row).replace(".", "")
    assert f"{round(float(values.iloc[0]), -1):.0f}" in shown


def test_targets_can_be_set_by_planners_only(work: Work) -> None:
    assert with_data(explain(DE, work, "heat_demand"), work="target", year="2030", value="")
    public = explain(DE, replace(work, viewer=PUBLIC), "heat_demand")
    assert not with_data(public, work="target")
    assert "900" in text_of(public)
