"""Limits, colours and differences of views, and how columns travel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.map.binary import unpack
from dash_app.views import VIEWS, change, encode, order_of, scale_of, values
from dash_app.views.scales import PALETTES

NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=40)
HEAT, FLOW, STRESS, CARRIER = (
    VIEWS[name] for name in ("heat_demand_m2", "car_flow", "cycling_stress", "carrier")
)


def column(*numbers: float) -> pd.Series:
    return pd.Series(numbers, [f"r{i}" for i in range(len(numbers))], dtype=float)


@given(NUMBERS, NUMBERS, st.booleans())
def test_limits_rise_and_count_every_value_once(one, other, difference):
    series = [column(*one), column(*other)]
    for theme in ("light", "dark"):
        scale = scale_of(HEAT, series, theme, difference=difference)
        assert list(scale.breaks) == sorted(set(scale.breaks))
        assert len(scale.colours) == len(scale.counts) == len(scale.breaks) + 1
        assert sum(scale.counts) == series[-1].notna().sum()
        assert scale.missing == series[-1].isna().sum()


@given(NUMBERS)
def test_differences_are_even_around_zero(numbers):
    breaks = scale_of(HEAT, [column(*numbers)], "light", difference=True).breaks
    assert [-b for b in reversed(breaks)] == list(breaks)
    assert 0 not in breaks


def test_the_middle_colour_of_a_difference_is_for_no_change():
    scale = scale_of(HEAT, [column(-100.0, -30.0, 0.0, 0.0, 30.0, 100.0)], "light", difference=True)
    middle = len(scale.colours) // 2
    assert len(scale.colours) % 2 == 1
    assert scale.colours[middle] == "#EBE6E2"
    assert scale.counts[middle] == 2


def test_limits_stay_with_the_baseline_while_a_scenario_is_edited():
    base = column(*np.linspace(50, 200, 60))
    plain = scale_of(HEAT, [base], "light").breaks
    for factor in (0.95, 0.9, 0.85):
        assert scale_of(HEAT, [base, base * factor], "light").breaks == plain
    assert scale_of(HEAT, [base, base * 5], "light").breaks != plain  # it could not show them


def test_the_same_colour_means_the_same_on_both_sides():
    base, other = column(*np.linspace(0, 100, 50)), column(*np.linspace(20, 90, 50))
    one, two = scale_of(HEAT, [base, other], "light"), scale_of(HEAT, [base, other], "dark")
    assert one.breaks == two.breaks
    assert one.colours != two.colours


@pytest.mark.parametrize("numbers", [[], [float("nan")], [0.0], [7.0, 7.0, 7.0]])
def test_a_column_with_nothing_to_tell_apart_has_one_class(numbers):
    scale = scale_of(HEAT, [column(*numbers)], "light")
    assert scale.breaks == ()
    assert len(scale.colours) == 1


def test_hours_have_limits_of_their_own():
    day, hour = (scale_of(FLOW, [column(900.0)], "light", hour=h).breaks for h in (None, 7))
    assert hour[-1] == day[-1] / 10


def test_words_keep_their_colour_whatever_else_is_there():
    few = pd.Series(["gas", None, "heat_pump"])
    many = pd.Series(["gas", "oil", "district_heat", "heat_pump"])
    one, two = scale_of(CARRIER, [few], "light"), scale_of(CARRIER, [few, many], "light")
    colours = [dict(zip(s.breaks, s.colours, strict=True)) for s in (one, two)]
    assert colours[0]["heat_pump"] == colours[1]["heat_pump"]
    assert one.counts == (1, 1)
    assert one.missing == 1
    assert two.breaks == ("gas", "oil", "district_heat", "heat_pump")


def test_a_word_nobody_foresaw_is_still_shown():
    scale = scale_of(CARRIER, [pd.Series(["gas", "peat"])], "light")
    assert scale.breaks == ("gas", "peat")
    assert len(scale.colours) == 2


def test_all_palettes_are_there_in_both_themes_and_cover_the_views():
    for view in VIEWS.values():
        assert view.palette in {*PALETTES, "words", "ordered"}
    for palette in PALETTES.values():
        assert set(palette) == {"light", "dark"}
        assert len(palette["light"]) == len(palette["dark"])
    assert len(PALETTES["stress"]["light"]) == len(order_of(STRESS))


def test_a_change_is_after_less_before_and_missing_where_either_is():
    after, before = column(3.0, float("nan"), 1.0), column(1.0, 1.0, float("nan"))
    assert change(HEAT, after, before).fillna(-9.0).tolist() == [2.0, -9.0, -9.0]


def test_a_flow_on_a_street_of_one_side_only_is_all_change():
    after, before = column(300.0, float("nan")), column(float("nan"), 200.0)
    assert change(FLOW, after, before).tolist() == [300.0, -200.0]


def test_stress_changes_by_levels_and_words_where_they_differ():
    after, before = pd.Series(["1", "4", None]), pd.Series(["3", "4", "2"])
    assert change(STRESS, after, before).fillna(9).tolist() == [-2.0, 0.0, 9.0]
    after, before = pd.Series(["gas", "oil", "gas"]), pd.Series(["gas", "gas", None])
    assert change(CARRIER, after, before).tolist() == [None, "oil", None]


@pytest.mark.parametrize("name", list(VIEWS))
def test_differences_of_real_results_can_be_drawn(name, answered):
    city, _, base, found = answered
    view = VIEWS[name]
    both = [values(view, results.last, city) for results in (base, found)]
    each = change(view, both[1], both[0])
    assert each.index.equals(both[0].index)
    scale = scale_of(view, [each], "light", difference=True)
    assert sum(scale.counts) + scale.missing == len(each)
    header, packed = unpack(encode(each))
    assert len(packed["value"]) == len(each)
    assert header["kind"] in {"number", "category"}


@given(NUMBERS, st.data())
def test_numbers_come_back_and_what_is_withheld_does_not(numbers, data):
    flags = data.draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    _, packed = unpack(encode(column(*numbers), pd.Series(flags)))
    back, away = packed["value"], np.array(flags)
    assert np.isnan(back[away]).all()
    np.testing.assert_array_equal(back[~away], np.array(numbers, np.float32)[~away])
    assert packed["withheld"].astype(bool).tolist() == flags


def test_words_come_back_and_what_is_withheld_is_not_even_named():
    words = pd.Series(["gas", "oil", None, "gas"])
    header, packed = unpack(encode(words, pd.Series([False, True, False, False])))
    assert header["words"] == ["gas"]
    assert packed["value"].tolist() == [1, 0, 0, 1]
    assert packed["withheld"].tolist() == [0, 1, 0, 0]
