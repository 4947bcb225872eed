"""From our classes of size and age to TABULA's types."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES
from twin.energy.archetypes import archetypes, bucket_of, typology
from twin.energy.archetypes.classes import (
    AGE_YEARS,
    BUCKETS,
    FIRST_YEARS,
    LETTERS,
    NEVER_WORSE,
    SIZES,
    _weights,
)


@pytest.fixture(scope="module")
def types():
    return archetypes(assumptions())


def bucket(age, year):
    return int(bucket_of(pd.Series([age], dtype="str"), pd.Series([year], dtype=float))[0])


def test_first_years_are_those_of_the_typology():
    table = typology().groupby("letter")["year_from"].first()
    assert tuple(table[list(LETTERS)]) == FIRST_YEARS


@pytest.mark.parametrize(
    ("age", "year", "letter"),
    [
        ("until_1918", 1700, "A"), ("until_1918", 1859, "A"), ("until_1918", 1860, "B"),
        ("1949_1968", 1957, "D"), ("1949_1968", 1958, "E"), ("1969_1983", 1983, "G"),
        ("1984_2001", 1994, "H"), ("2010_2016", 2016, "L"), ("2017_2029", 2029, "L"),
        (None, 1925, "C"),
    ],
)  # fmt: skip
def test_a_known_year_gives_its_type(age, year, letter):
    assert bucket(age, year) == LETTERS.index(letter)


def test_a_year_outside_the_age_class_does_not_count():
    assert bucket("2017_2029", 1925) == 12 + AGE_CLASSES.index("2017_2029")
    assert bucket("1919_1948", np.nan) == 12 + 1
    assert bucket(None, np.nan) == 12 + AGE_CLASSES.index("1949_1968")


def test_classes_weigh_types_by_the_years_they_share():
    weights = _weights()[len(LETTERS) :]
    by_class = {
        name: dict(zip(LETTERS, row, strict=True))
        for name, row in zip(AGE_CLASSES, weights, strict=True)
    }
    assert by_class["until_1918"]["B"] == 1
    assert by_class["1949_1968"]["D"] == 9 / 20  # 1949 to 1957
    assert by_class["1949_1968"]["E"] == 11 / 20
    assert by_class["1969_1983"]["F"] == 10 / 15
    assert by_class["1984_2001"]["H"] == 11 / 18
    assert by_class["2010_2016"]["L"] == 1 / 7
    assert np.allclose(weights.sum(axis=1), 1)


def test_age_years_follow_one_another():
    ends = [last for _, last in AGE_YEARS]
    assert [first for first, _ in AGE_YEARS[1:]] == [last + 1 for last in ends[:-1]]


def test_u_values_are_those_of_the_example_building(types):
    size, letter = SIZES.index("detached"), LETTERS.index("E")
    row = typology().loc["DE.N.SFH.05.Gen.ReEx.001.002"]
    walls = row["wall1_m2"] + row["wall2_m2"] + row["wall3_m2"]  # the last against the ground
    mean = (
        row["wall1_m2"] * row["wall1_u"]
        + row["wall2_m2"] * row["wall2_u"] * row["wall2_b"]
        + row["wall3_m2"] * row["wall3_u"] * row["wall3_b"]
    ) / walls
    assert 0.9 * row["wall1_u"] < mean < row["wall1_u"]
    assert types.wall_u[size, letter, 1] == pytest.approx(mean)
    assert types.window_u[size, letter, 1] == pytest.approx(row["window1_u"])
    assert types.wall_bridged_u[size, letter, 1] == pytest.approx(mean + 0.1)
    assert types.g[size, letter, 1] == row["g"]


def test_types_that_do_not_exist_are_stood_in_for(types):
    large, apartments = SIZES.index("large_apartments"), SIZES.index("apartments")
    for letter in "IJKL":
        at = LETTERS.index(letter)
        assert (types.wall_u[large, at] == types.wall_u[apartments, at]).all()
    east = typology().loc["DE.East.AB.07.Gen.ReEx.001.001", "wall1_u"]
    assert types.wall_u[large, LETTERS.index("G"), 0] == pytest.approx(east)
    assert (types.roof_u[large, 0] == types.roof_u[large, 1]).all()


def test_a_better_state_never_has_a_higher_u_value(types):
    for name in NEVER_WORSE:
        assert (np.diff(getattr(types, name), axis=2) <= 0).all(), name


def test_only_a_few_u_values_of_the_typology_had_to_be_held(types):
    table = typology()
    wall = table.pivot_table(
        index=["size", "letter", "subtype", "region"], columns="state", values="wall1_u"
    )
    assert (wall["usual"] <= wall["existing"]).mean() > 0.9


def test_everything_is_finite_and_of_one_shape(types):
    for field in fields(types):
        values = getattr(types, field.name)
        assert values.shape == (4, BUCKETS, 3), field.name
        assert np.isfinite(values).all(), field.name
        assert (values >= 0).all(), field.name
    assert (types.window_share + types.door_share < 0.5).all()
