from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.map.colours import HEAT, NODATA, WORDS, colourable, round_breaks, scale_for
from tests.conftest import make_toy_city

if TYPE_CHECKING:
    from twin.city import City

numbers = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: round(v, 3)), min_size=2, max_size=60
)


@given(numbers, st.integers(2, 9))
def test_breaks_rise_inside_the_values(values, classes):
    array = np.array(values)
    breaks = round_breaks(array, classes)
    assert breaks == sorted(set(breaks))
    assert len(breaks) < classes or len(breaks) == 1
    assert all(array.min() <= b <= array.max() for b in breaks)


def test_breaks_of_even_values_are_the_round_numbers_a_person_would_take():
    assert round_breaks(np.linspace(0, 60, 601), 6) == [10, 20, 30, 40, 50]


def test_whole_numbers_get_whole_limits():
    breaks = round_breaks(np.repeat([1.0, 2, 3, 8], [5, 90, 20, 2]), 6)
    assert all(float(b).is_integer() for b in breaks)


def city_with(values: list[float]) -> City:
    city = make_toy_city()
    return city.replace(buildings=city.buildings.assign(height_m=values))


def test_counts_add_up_and_a_limit_belongs_above():
    scale = scale_for(city_with([2.0, 4.0, np.nan]), "buildings", "height_m", theme="light")
    assert sum(scale.counts) == 2
    assert scale.missing == 1
    edge = scale.breaks[0]
    again = scale_for(city_with([2.0, edge, 4.0]), "buildings", "height_m", theme="light")
    below = sum(1 for value in (2.0, edge, 4.0) if value < again.breaks[0])
    assert again.counts[0] == below


def test_both_sides_of_zero_get_the_palette_of_differences():
    scale = scale_for(city_with([-30.0, 0.0, 30.0]), "buildings", "height_m", theme="light")
    middle = scale.breaks.index(min(b for b in scale.breaks if b > 0))
    assert scale.breaks == tuple(-b for b in reversed(scale.breaks))
    assert scale.colours[middle] == "#EBE6E2"
    assert scale.counts[middle] >= 1


def test_one_value_is_one_class():
    scale = scale_for(city_with([5.0, 5.0, 5.0]), "buildings", "height_m", theme="dark")
    assert (scale.breaks, len(scale.colours), scale.counts) == ((), 1, (3,))


def test_no_value_at_all_still_has_a_legend():
    scale = scale_for(make_toy_city(), "buildings", "year_built", theme="light")
    assert (scale.missing, scale.counts) == (3, (0,))


def test_continuous_places_cover_the_values():
    scale = scale_for(make_toy_city(), "buildings", "height_m", theme="light", kind="continuous")
    assert scale.breaks[0] <= 6.5
    assert scale.breaks[-1] >= 11.5
    assert len(scale.breaks) == len(scale.colours) == len(HEAT["light"])


def test_words_come_by_frequency_with_their_counts_and_unknown_is_grey():
    city = make_toy_city()
    used = city.buildings["use"].cat.rename_categories({"education": "unknown", "unknown": "x"})
    city = city.replace(buildings=city.buildings.assign(use=used))
    scale = scale_for(city, "buildings", "use", theme="dark")
    assert scale.kind == "category"
    assert scale.breaks == ("residential", "unknown")
    assert scale.counts == (2, 1)
    assert scale.colours[0] == WORDS["dark"][0]
    assert scale.colours[1] not in WORDS["dark"]


def test_flags_are_two_words():
    scale = scale_for(make_toy_city(), "buildings", "has_parts", theme="light")
    assert (scale.breaks, scale.counts) == (("False", "True"), (3, 0))


def test_colourable_leaves_out_text_and_empty_columns():
    names = [column.name for column in colourable(make_toy_city())]
    assert "height_m" in names
    assert not {"name", "year_built", "street"} & set(names)


def test_an_unknown_column_is_an_error_and_json_is_plain():
    with pytest.raises(KeyError):
        scale_for(make_toy_city(), "buildings", "beauty", theme="light")
    plain = scale_for(make_toy_city(), "buildings", "height_m", theme="light").to_json()
    assert plain["nodata"] == NODATA["light"]
    assert isinstance(plain["breaks"], list)


def lightness(colour: str) -> float:
    """CIE L* of an sRGB colour."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize(("theme", "sign"), [("light", -1), ("dark", 1)])
def test_more_is_darker_on_light_and_brighter_on_dark_ground(theme, sign):
    steps = np.diff([lightness(colour) for colour in HEAT[theme]])
    assert (steps * sign > 3).all()


def test_whole_numbers_are_parted_between_whole_numbers():
    for values in ([0.0, 7, 14, 21], [1.0, 2], [0.0, 3, 8, 9, 11, 17]):
        breaks = round_breaks(np.array(values), 6)
        assert breaks == np.round(breaks).tolist()
