"""Charts show the numbers of the model at the right size, and say them in words and tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from dash._utils import to_json
from hypothesis import given
from hypothesis import strategies as st

from dash_app.components.charts import (
    energy,
    energy_charts,
    energy_tables,
    mobility,
    mobility_charts,
)
from dash_app.components.charts.bars import Class, Series, columns, pairs
from dash_app.components.charts.frame import below, sheet
from dash_app.components.charts.lines import Line, lines_chart, years_axis
from dash_app.components.charts.sankey import LINE, End, Ends, _apart, sankey
from dash_app.components.charts.scale import ticks
from dash_app.components.charts.stack import Bar, Category, stacked
from dash_app.i18n import translator
from dash_app.views.mobility import car_flow
from dash_app.workspace.viewer import PUBLIC
from tests.dash_app.components.seen import by_class, drawings, marks, nodes, text_of, walk

if TYPE_CHECKING:
    from dash_app.workspace.work import Work

DE = translator("de")


@given(st.floats(-1e6, 1e6), st.floats(1.0, 1e6))
def test_ticks_are_round_even_and_hold_everything(low: float, span: float) -> None:
    found = ticks(low, low + span)
    steps = np.diff(found)
    assert found[0] <= low + 1e-3 * span
    assert found[-1] >= low + span - 1e-3 * span
    assert np.allclose(steps, steps[0])
    assert 2 <= len(found) <= 8
    assert f"{steps[0]:.6e}"[:3] in {"1.0", "2.0", "2.5", "5.0"}


@given(st.lists(st.floats(0, 230), max_size=9).map(sorted))
def test_names_of_flows_never_touch(wanted: list[float]) -> None:
    found = _apart(wanted)
    assert all(b - a >= LINE - 1e-6 for a, b in pairwise(found))


@given(st.lists(st.integers(1900, 2100), min_size=2, max_size=30, unique=True).map(sorted))
def test_texts_below_an_axis_never_touch(years: list[int]) -> None:
    made, _ = sheet(DE, (float(years[0]), float(years[-1])), (0.0, 1.0))
    texts = below(made, [(float(y), str(y)) for y in years])
    places = sorted(
        (n["is"]["x"] - (30.4 if n["is"]["textAnchor"] == "end" else 15.2)) for n in texts
    )
    assert all(b - a > 30.4 for a, b in pairwise(places))


def heights(chart: Any, colour: str) -> list[float]:
    (drawn,) = drawings(chart)
    return [m["height"] for m in marks(drawn, "rect", colour)]


def test_parts_of_a_bar_are_as_high_as_their_share() -> None:
    bars = [Bar("2025", {"one": 300.0, "two": 100.0}), Bar("2030", {"one": 150.0})]
    kinds = {"one": Category("c-gas", "Eins"), "two": Category("c-oil", "Zwei")}
    chart = stacked(DE, "Titel", bars, kinds, unit="MWh/a", says="Satz")
    one = heights(chart, "c-gas")
    assert one[0] == pytest.approx(2 * one[1], abs=0.1)
    assert one[0] == pytest.approx(3 * heights(chart, "c-oil")[0], abs=0.1)
    assert "2025 300 100 400 2030 150 0 150" in text_of(by_class(chart, "explain-table"))
    half = stacked(DE, "Titel", bars, kinds, unit="MWh/a", says="Satz", top=800.0)
    assert heights(half, "c-gas")[0] < one[0]


def test_both_sides_of_flows_have_one_scale() -> None:
    ends = Ends({"gas": End("Gas")}, {"home": End("Wohnen")}, ("Träger", "Nutzung"))
    sizes = []
    for value in (400.0, 100.0):
        flows = pd.DataFrame({"home": [value]}, index=["gas"])
        chart = sankey(DE, "A", flows, ends, unit="MWh/a", whole=400.0, says="Satz")
        sizes.append(heights(chart, "datum")[0])
    assert sizes[0] == pytest.approx(4 * sizes[1], rel=0.01)


def test_bars_in_pairs_and_columns_are_as_long_as_their_value() -> None:
    series = [Series("A", "c-a", [20.0, 10.0]), Series("B", "c-b", [5.0, 0.0])]
    classes = [Class("Fuß", {"data_mark": "", "data_mode": "walk"}), Class("Rad")]
    lying = pairs(DE, "Titel", classes, series, unit="%", says="Satz", head="Art")
    (drawn,) = drawings(lying)
    widths = [m["width"] for m in marks(drawn, "rect", "c-a")]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert marks(drawn, "rect", "c-a")[0]["data-mode"] == "walk"
    upright = columns(DE, "Titel", classes, series, unit="%", says="Satz", head="Art")
    tall = heights(upright, "c-a")
    assert tall[0] == pytest.approx(2 * tall[1], abs=0.05)


def test_a_line_runs_through_its_values_and_stops_where_there_are_none() -> None:
    axis = years_axis(DE, (2025, 2030, 2035), 2030)
    line = Line("A", "c-a", [100.0, 50.0, float("nan")], low=[90, 40, float("nan")],
                high=[110, 60, float("nan")])  # fmt: skip
    chart = lines_chart(DE, "Titel", axis, [line], unit="%", says="Satz")
    (drawn,) = drawings(chart)
    (path,) = marks(drawn, "path", "line")
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", path["d"]) if p]
    assert len(points) == 2
    assert points[1][1] > points[0][1]  # less stands lower
    assert len(marks(drawn, "circle", "dot")) == 2
    assert marks(drawn, "path", "band")
    assert "2030 50 (40 – 60) 2035 –" in text_of(by_class(chart, "explain-table"))


def every_chart(work: Work) -> list[Any]:
    return [*energy_charts(DE, work), *mobility_charts(DE, work)]


@pytest.mark.parametrize("shown", ["base", "a", "diff"])
def test_every_chart_is_finished(work: Work, shown: Any) -> None:
    found = by_class(every_chart(replace(work, shown=shown)), "chart-figure")
    assert len(found) >= 14
    for chart in found:
        assert text_of(by_class(chart, "chart-title"))
        assert by_class(chart, "explain-table"), "no table with the same content"
        for drawn in drawings(chart):
            assert len(getattr(drawn, "aria-label")) > 15
            assert drawn.role == "img"
            assert not any("style" in node["is"] for node in nodes(drawn))
            assert "nan" not in json.dumps(drawn.drawing)


def test_marks_say_what_they_stand_for_on_the_map(work: Work) -> None:
    linked = [m for d in drawings(every_chart(work)) for m in marks(d, "rect") if "data-mark" in m]
    names = {"data-carrier", "data-mode", "data-value", "data-id"}
    assert {name for mark in linked for name in mark if name in names} == names
    assert all(names & set(mark) for mark in linked)


def test_carriers_are_those_of_the_model(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    oil = year.buildings["heat_oil_kwh"].sum() / 1000
    assert energy.carriers(year)["oil"] == pytest.approx(oil)
    flows = energy.carrier_flows(year)
    assert flows.loc["oil"].sum() == pytest.approx(oil)
    assert flows.to_numpy().sum() == pytest.approx(sum(energy.carriers(year).values()))


def test_residual_load_is_what_comes_from_the_grid_less_what_goes_in(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    hours = energy.hours_of(year)["residual_w"]
    assert hours.max() == pytest.approx(year.hourly["import_w"].max() / 1000)
    assert hours.min() == pytest.approx(-year.hourly["feed_in_w"].max() / 1000)
    start = energy.week_start(year, "winter")
    assert start <= int(np.argmax(year.hourly["import_w"])) < start + energy.WEEK


def test_trips_by_hour_add_up_to_the_day(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    purposes = year.answers["travel"].demand.purposes
    assert mobility.hourly_trips(year).sum() == pytest.approx(
        sum(p.sum() for p in purposes.values())
    )
    flows = mobility.trip_flows(year, work.city)
    row = year.sums["city"].loc["city"]
    assert flows["bike"].sum() == pytest.approx(row["trips_bike"], rel=1e-6)


def test_hours_of_a_street_add_up_to_its_day(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    street = str(car_flow(year, work.city).idxmax())
    chart = mobility.street_hours(DE, work, street)
    assert chart is not None
    (drawn,) = drawings(chart)
    day = float(car_flow(year, work.city)[street])
    assert f"A {DE.number(float(f'{day:.3g}'))}" in getattr(drawn, "aria-label")
    assert mobility.street_hours(DE, work, "no such street") is None


def test_small_groups_are_left_out_for_the_public(work: Work) -> None:
    assert work.a is not None
    year = work.a.year(2030)
    assert year is not None
    (drawn,) = drawings(energy.age_and_type(DE, year))
    (coarse,) = drawings(energy.age_and_type(DE, year, fewest=10))
    assert 0 < len(marks(coarse, "rect", "datum")) < len(marks(drawn, "rect", "datum"))
    public = text_of(energy_charts(DE, replace(work, viewer=PUBLIC)))
    named = str(year.networks["name"].iloc[0])
    assert named in public  # 24 buildings
    assert named not in text_of(energy_tables.networks(DE, work.a, year, fewest=25))


def test_charts_tell_no_building(work: Work) -> None:
    told = to_json(every_chart(replace(work, viewer=PUBLIC)))
    assert not any(f'"{key}"' in told for key in work.city.buildings.index)


def test_charts_of_what_is_not_there_say_so(work: Work) -> None:
    assert work.a is not None
    waiting = replace(work, a=replace(work.a, results=None))
    for made in (energy_charts, mobility_charts):
        assert "werden berechnet" in text_of(made(DE, waiting))
    assert not [c for c in walk(energy_charts(DE, waiting)) if c._type == "Svg"]
