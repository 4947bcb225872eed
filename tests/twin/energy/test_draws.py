"""Numbers by building id: even, the same everywhere, and shares between town and country."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from scipy import stats

from twin.energy.draws import blended, drawn, pick, shares_of

IDS = pd.Index([f"DENW{i:08x}" for i in range(20_000)], dtype="str")


def test_numbers_are_even_and_not_tied_to_one_another():
    age, system = drawn(IDS, "age"), drawn(IDS, "system")
    assert stats.kstest(age, "uniform").pvalue > 0.01
    assert 0 <= age.min() < age.max() < 1
    assert abs(np.corrcoef(age, system)[0, 1]) < 0.03
    assert abs(np.corrcoef(age[1:], age[:-1])[0, 1]) < 0.03


def test_numbers_never_change():
    # written down once: a stock of today must be the stock of tomorrow, on any machine
    got = drawn(pd.Index(["osm:w1", "model:building_0"]), "age")
    assert got == pytest.approx([0.2229143826, 0.6835173826], abs=1e-9)


@examples(st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_a_number_depends_on_the_id_alone(ids):
    together = dict(zip(ids, drawn(pd.Index(ids, dtype="str"), "age"), strict=True))
    turned = drawn(pd.Index(ids[::-1], dtype="str"), "age")
    assert [together[name] for name in ids[::-1]] == turned.tolist()
    assert drawn(pd.Index(ids[:1], dtype="str"), "age")[0] == together[ids[0]]


def test_shares_are_met():
    wanted = np.array([0.1, 0.0, 0.6, 0.3])
    got = pick(np.tile(wanted * 7, (len(IDS), 1)), drawn(IDS, "age"))
    counted = np.bincount(got, minlength=4) / len(IDS)
    assert counted == pytest.approx(wanted, abs=0.01)
    assert counted[1] == 0


def test_counts_weigh_against_the_wider_area():
    wider = np.array([0.5, 0.5])
    assert shares_of(np.array([0.0, 0.0]), wider, 50).tolist() == [0.5, 0.5]
    assert shares_of(np.array([50.0, 0.0]), wider, 50).tolist() == [0.75, 0.25]
    assert shares_of(np.array([5e6, 0.0]), wider, 50)[0] > 0.9999


def test_district_goes_before_town_and_town_before_country():
    codes = np.array([0] * 100 + [1] * 100 + [-1, -1, -1])
    areas = np.array([0] * 100 + [1] * 100 + [0, 1, -1])
    got = blended(codes, areas, np.array([0.2, 0.8]), 50)[-3:]
    town = (100 + 50 * 0.2) / 250
    assert got[2] == pytest.approx([town, 1 - town])  # no district
    assert got[0, 0] == pytest.approx((100 + 50 * town) / 150)
    assert got[1, 0] == pytest.approx(50 * town / 150)
    nothing = blended(np.array([-1]), np.array([-1]), np.array([2.0, 8.0]), 50)
    assert nothing[0] == pytest.approx([0.2, 0.8])
