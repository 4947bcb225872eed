"""Yearly electricity by hand, for all Germany, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.energy.electricity.stock import many, stock_of
from twin.assumptions import assumptions
from twin.classes import BUILDING_USES
from twin.energy.electricity import (
    PROFILES,
    appliance_kwh,
    appliance_parts,
    profile_of,
    profiles_of_parts,
)
from twin.errors import ModelError

GIVEN = assumptions().of(["electricity"])


def test_households_by_hand():
    """A house of 3: 1,800 + 3 · 600; six flats of 12: 6 · 800 + 12 · 600."""
    stock = stock_of(size_class=["terraced", "apartments"], dwellings=[1.0, 6.0],
                     residents=[3.0, 12.0], heated_area_m2=[120.0, 500.0])  # fmt: skip
    assert appliance_kwh(stock, GIVEN).tolist() == [3600.0, 12_000.0]


def test_published_households_come_out():
    """Stromspiegel quoted by ADAC, no hot water: flats 1,400, 2,000 kWh, houses 2,400, 3,000."""
    stock = stock_of(size_class=["apartments", "apartments", "detached", "detached"],
                     dwellings=[1.0] * 4, residents=[1.0, 2.0, 1.0, 2.0])  # fmt: skip
    assert appliance_kwh(stock, GIVEN).tolist() == [1400.0, 2000.0, 2400.0, 3000.0]


def test_all_german_households():
    """
    41 million households, 84 million people, half of the people in houses (19 million homes).

    AGEB: households take about 127 TWh, of which heating and hot water about a fifth.
    """
    stock = stock_of(size_class=["detached", "apartments"], dwellings=[18e6, 23e6],
                     residents=[43e6, 41e6])  # fmt: skip
    assert 0.75 * 127 < appliance_kwh(stock, GIVEN).sum() / 1e9 < 0.9 * 127


def test_other_uses_count_by_area_and_mixed_ones_both():
    stock = stock_of(use=["office", "mixed", "garage", "residential"],
                     size_class=["non_residential", "apartments", "non_residential", "apartments"],
                     heated_area_m2=[1000.0, 600.0, 0.0, 94.0],
                     dwellings=[0.0, 4.0, 0.0, 0.0], residents=[0.0, 8.0, 0.0, 0.0])  # fmt: skip
    parts = appliance_parts(stock, GIVEN)
    assert parts["households_kwh"].tolist() == [0, 4 * 800 + 8 * 600, 0, 94 * 26]
    assert parts["other_kwh"].tolist() == [40_000, 600 * 12, 0, 0]
    assert (appliance_kwh(stock, GIVEN) == parts.sum(axis=1)).all()


def test_every_use_has_a_figure_and_a_profile():
    stock = stock_of(use=list(BUILDING_USES), heated_area_m2=[100.0] * len(BUILDING_USES))
    assert appliance_kwh(stock, GIVEN).notna().all()
    names = dict(zip(BUILDING_USES, np.array(PROFILES)[profile_of(stock)], strict=True))
    assert names["residential"] == names["mixed"] == "H25"
    assert names["agriculture"] == "L25"
    assert names["office"] == names["industrial"] == "G25"
    parts = profiles_of_parts(stock)
    assert (np.array(PROFILES)[parts[:, 0]] == "H25").all()
    assert not (np.array(PROFILES)[parts[:, 1]] == "H25").any()
    assert profile_of(stock).dtype == parts.dtype == np.int32


@given(st.randoms(use_true_random=False))
def test_rows_in_any_order_and_one_by_one(random):
    stock = many(30)
    order = random.sample(range(30), 30)
    whole = appliance_kwh(stock, GIVEN)
    assert (appliance_kwh(stock.iloc[order], GIVEN) == whole.iloc[order]).all()
    one = order[0]
    assert appliance_kwh(stock.iloc[[one]], GIVEN).iloc[0] == whole.iloc[one]


def test_the_stock_stays_as_it_was():
    stock = many(20)
    before = stock.copy()
    assert appliance_kwh(stock, GIVEN).index.equals(stock.index)
    assert stock.equals(before)


def test_all_faults_are_told_at_once():
    stock = stock_of(heated_area_m2=[-1.0, 50.0], dwellings=[1.0, np.nan], use=["office", "castle"])
    with pytest.raises(ModelError) as told:
        appliance_kwh(stock, GIVEN)
    for word in ("heated_area_m2: h00000", "dwellings: h00001", "use: h00001"):
        assert word in str(told.value)
