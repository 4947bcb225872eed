"""The comparison holds every indicator on both sides, and says who gains and who loses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from dash._utils import to_json

from dash_app.components.comparison import (
    Example,
    building_examples,
    comparison,
    comparison_left,
    holds,
    indicator_section,
    side_names,
)
from dash_app.components.gains import _way
from dash_app.i18n import translator
from dash_app.settings import Privacy, Settings
from dash_app.views import VIEWS
from dash_app.workspace.viewer import PUBLIC
from tests.dash_app.components.seen import by_class, drawings, text_of, with_data
from twin.compare import ranking
from twin.errors import ModelError
from twin.indicators import INDICATORS, lacking

if TYPE_CHECKING:
    from dash_app.workspace.work import Work

DE = translator("de")


def test_every_indicator_stands_in_its_group(work: Work) -> None:
    tree = indicator_section(DE, work, ["heat_demand"])
    names = [getattr(c, "data-indicator") for c in with_data(tree, work="panel")]
    assert names[0] == "heat_demand"
    assert sorted(names[1:]) == sorted(INDICATORS)
    assert len(by_class(tree, "compare-fold")) == 8


def test_both_sides_and_the_difference_stand_in_the_right_order(work: Work) -> None:
    text = text_of(indicator_section(DE, replace(work, shown="diff"), ["heat_demand"]))
    assert "Kennzahl B A Unterschied" in text
    assert "Wärmebedarf MWh/a 1.930 1.020 47\u202f% weniger, besser" in text


def test_what_holds_agrees_with_the_ranking_of_the_model(ranged: Work) -> None:
    assert ranged.a is not None
    table = ranking(ranged.base.results, ranged.a.results,
                    (ranged.base.spread, ranged.a.spread))  # fmt: skip
    for name in INDICATORS:
        row = table.loc[(name, 2030)]
        if abs(row["change"]) > 1e-9:
            assert holds(ranged, name, float(row["change"])) == bool(row["holds"]), name


def test_flows_and_paths_are_drawn_for_both(work: Work) -> None:
    tree = comparison(DE, replace(work, shown="diff"))
    charts = {getattr(c, "data-chart", "") for c in by_class(tree, "chart-figure")}
    assert {"carrier-flow-a", "carrier-flow-b", "trip-flow-a", "trip-flow-b"} <= charts
    assert "path-heat_demand" in charts
    assert all(getattr(d, "aria-label") for d in drawings(tree))


def test_a_failed_or_missing_side_is_said_and_the_rest_stays(work: Work) -> None:
    assert work.a is not None
    tree = comparison(DE, replace(work, a=replace(work.a, results=None)))
    assert "A wird neu berechnet" in text_of(tree)
    assert by_class(tree, "compare-table")
    alone = replace(work, a=None, b=None, shown="base")
    assert "Wählen Sie ein Szenario" in text_of(comparison(DE, alone))


def test_a_single_figure_that_failed_has_no_difference_and_says_why(work: Work) -> None:
    assert work.a is not None
    assert work.a.results is not None
    year = work.a.results.years[work.year]
    broken = replace(
        year, failed={"noise": ModelError("The noise of {street} has no source.", street="Ring")}
    )
    results = replace(work.a.results, years={**work.a.results.years, work.year: broken})
    name = next(iter(lacking(broken)))
    tree = indicator_section(DE, replace(work, a=replace(work.a, results=results)), [name])
    cells = [cell for cell in by_class(tree, "says-failed") if "Ring" in str(cell.title)]
    assert len(cells) == 1 + len(lacking(broken))  # chosen first, and all in their groups
    assert "Berechnung gescheitert" in text_of(cells[0])
    heat = indicator_section(DE, work, ["heat_demand"])
    assert not by_class(heat, "says-failed")


def test_money_of_all_actors_is_that_of_the_model(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    owners = float(year.money["owner"].sum())
    text = text_of(comparison(DE, work)).replace(".", "")
    assert f"{round(owners, -3):.0f}" in text


def test_examples_of_a_building_are_for_signed_in_people(work: Work) -> None:
    building = str(work.city.buildings.index[3])
    found = building_examples(DE, work, building)
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    assert found[0].after == pytest.approx(year.buildings.loc[building, "annual_cost_eur"])
    assert building_examples(DE, replace(work, viewer=PUBLIC), building) == ()
    closed = Settings(privacy=Privacy(building_level=False))
    assert building_examples(DE, work, building, closed) == ()
    assert building_examples(DE, work, "no building") == ()


def test_examples_are_said_in_words(work: Work) -> None:
    trip = Example("Südstadt zur Schule", 9.0, 6.0, "min")
    text = text_of(comparison(DE, work, examples=[trip]))
    assert "Südstadt zur Schule 9\u202fmin in Ist-Zustand, 6\u202fmin in A" in text
    assert "33\u202f% weniger, besser" in text


def test_who_gains_is_told_by_group_with_few_addresses_withheld(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    table = year.answers["gains"].copy()
    way = ("walk", "stop")
    there = (table.index.get_level_values(0) == way[0]) & (
        table.index.get_level_values(1) == way[1]
    )
    table.loc[there, ["gain", "lose"]] = [7.0, 2.0]
    open_table = text_of(_way(DE, work, table, way, Settings()))
    assert "7 gewinnen, 2 verlieren" in open_table
    assert "Haushalte ohne Auto 7 2" in open_table
    strict = Settings(privacy=Privacy(min_addresses=100))
    public = replace(work, viewer=PUBLIC)
    district = str(work.city.districts["name"].iloc[0])
    assert f"{district} 7 2" in text_of(_way(DE, work, table, way, strict))
    hidden = np.array(by_class(_way(DE, public, table, way, strict), "is-withheld"), object)
    assert len(hidden) <= len(work.city.districts)


def test_the_public_reads_no_building(work: Work) -> None:
    told = to_json(comparison(DE, replace(work, viewer=PUBLIC)))
    assert not any(f'"{key}"' in told for key in work.city.buildings.index)


def test_the_left_panel_chooses_how_both_sides_are_laid_out(work: Work) -> None:
    tree = comparison_left(DE, work, VIEWS["heat_density"], split="swipe")
    pressed = {getattr(b, "data-split"): getattr(b, "aria-pressed")
               for b in with_data(tree, work="split")}  # fmt: skip
    assert pressed == {"swipe": "true", "twin": "false", "diff": "false"}
    nothing = comparison_left(DE, replace(work, a=None, b=None, shown="base"), None)
    assert all(b.disabled for b in with_data(nothing, work="split"))
    assert len(side_names(DE, work)) == 2
    assert side_names(DE, replace(work, shown="base")) == []
