"""Plots of mobility: drawn where there is something to see, in both languages, the same twice."""

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest
from shapely import LineString

from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from dash_app.report.mobility_plots import (
    MODES_SHOWN,
    both_directions,
    mode_shares,
    traffic,
    traffic_change,
)
from dash_app.report.scenario_plots import as_png, as_svg
from layers.results_mobility import street_map
from tests.layers.test_results_mobility import other
from tests.small_town import answered
from twin.indicators import by_year, indicator_table


@pytest.fixture(scope="module")
def whole():
    return {"value": by_year(indicator_table(answered()))}


@pytest.fixture(scope="module")
def closed():
    """Results where the busiest street is shut and another takes a part of its cars."""
    last = answered().last
    now = last.answers["traffic"].copy()
    busy, calm = now["car"].idxmax(), now["car"][now["car"] > 0].idxmin()
    now.loc[calm, "car"] += 0.5 * now.loc[busy, "car"]
    now.loc[busy, ["car", "truck"]] = 0.0
    return replace(answered(), years={last.year: other(last, traffic=now)}), busy, calm


@pytest.mark.parametrize("lang", ["de", "en"])
def test_shares_are_stacked_to_all_trips(whole, lang):
    words = translator(lang)
    figure = mode_shares(words, whole)
    axes = figure.axes[0]
    tops = {}
    for bars in axes.containers:
        for bar in bars:
            tops[bar.get_x()] = max(tops.get(bar.get_x(), 0), bar.get_y() + bar.get_height())
    assert list(tops.values()) == pytest.approx([100.0, 100.0])
    title = axes.get_title(loc="left")
    assert title == {"de": "Wege der Einwohner nach Verkehrsmittel"}.get(
        lang, "Trips of residents by mode"
    )
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [words.text(label) for label, _, _ in MODES_SHOWN.values()]


def test_labels_of_modes_have_german():
    assert {("", label) for label, _, _ in MODES_SHOWN.values()} <= set(catalogue("de"))


def test_traffic_and_its_gas_stand_side_by_side(whole):
    left, right = traffic(translator("de"), whole).axes
    driven = [bar.get_height() for bar in left.patches]
    assert driven == pytest.approx(list(whole["value"]["traffic_km"].values()))
    gas = [1000 * bar.get_height() for bar in right.patches]
    assert gas == pytest.approx(list(whole["value"]["emissions_traffic"].values()))


def test_without_mobility_there_is_no_plot(whole):
    none = {name: dict.fromkeys(years, float("nan")) for name, years in whole["value"].items()}
    assert mode_shares(translator("de"), {"value": none}) is None
    assert traffic(translator("de"), {"value": none}) is None
    last = answered().last
    nothing = replace(answered(), years={last.year: other(last, traffic=None)})
    assert traffic_change(translator("de"), nothing) is None


def test_there_is_no_map_of_change_where_nothing_changes():
    assert traffic_change(translator("de"), answered()) is None


def test_both_directions_are_one_line_that_adds_up(closed):
    results, busy, calm = closed
    streets = street_map(results.last)
    lines = both_directions(streets)
    total = streets["change_day"].sum()
    assert lines["change_day"].sum() == pytest.approx(total)
    assert total < 0
    pairs = streets["reverse_id"].reindex(lines.index)
    assert not set(pairs.dropna()) & set(lines.index), "each pair of directions is drawn once"
    assert lines["change_day"].min() == pytest.approx(streets.loc[busy, "change_day"], abs=0.01)
    assert lines["change_day"].max() == pytest.approx(streets.loc[calm, "change_day"], abs=0.01)


def test_the_map_shows_what_changed(closed, tmp_path):
    results, _, _ = closed
    figure = traffic_change(translator("en"), results)
    assert "2030" in figure.axes[0].get_title(loc="left")
    quiet, moved = figure.axes[0].collections
    assert len(moved.get_segments()) == 2
    assert moved.get_array().min() < 0 < moved.get_array().max()
    assert len(quiet.get_segments()) > 10
    (left, right), (low, high) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    assert min(right - left, high - low) >= 2000
    for segment in moved.get_segments():
        middle = LineString(segment).interpolate(0.5, normalized=True)
        assert left < middle.x < right
        assert low < middle.y < high
    (tmp_path / "map.png").write_bytes(as_png(figure))
    picture = matplotlib.image.imread(tmp_path / "map.png")[..., :3]
    red = (picture[..., 0] > picture[..., 2] + 0.3).sum()
    blue = (picture[..., 2] > picture[..., 0] + 0.3).sum()
    assert min(red, blue) > 100, "both colours are in the picture"
    assert np.ptp(picture) > 0.5


def test_the_map_in_the_page_is_small_and_the_same_twice(closed):
    results, _, _ = closed
    first, second = (as_svg(traffic_change(translator("de"), results)) for _ in range(2))
    assert first == second
    assert first.count("<path") < 300, "streets are a picture, not thousands of paths"
    assert 'href="data:image/png' in first


def test_ranges_are_drawn_where_they_are_known(whole):
    lower, higher = (
        {name: {y: factor * v for y, v in years.items()} for name, years in whole["value"].items()}
        for factor in (0.9, 1.2)
    )
    figure = traffic(translator("de"), {**whole, "low": lower, "high": higher})
    for axes, name in zip(figure.axes, ("traffic_km", "emissions_traffic"), strict=True):
        factor = 1 if name == "traffic_km" else 1e-3
        ends = [segment[:, 1] for segment in axes.collections[0].get_segments()]
        expected = [(0.9 * factor * v, 1.2 * factor * v) for v in whole["value"][name].values()]
        np.testing.assert_allclose(ends, expected)
