"""Hot water by use and hour."""

from __future__ import annotations

import pytest

from tests.twin.energy.stocks import houses
from twin.assumptions import assumptions
from twin.energy.hot_water import hot_water_kwh, hot_water_profile

GIVEN = assumptions()


def test_housing_takes_tabulas_need_other_uses_their_own():
    stock = houses(
        5, use=["residential", "residential", "hospitality", "garage", "residential"],
        size_class=["detached", "large_apartments", "non_residential", None, None],
        heated_area_m2=[100.0, 1000.0, 500.0, 0.0, 100.0],
    )  # fmt: skip
    assert hot_water_kwh(stock, GIVEN).tolist() == [1000.0, 15_000.0, 22_500.0, 0.0, 1500.0]


def test_profile_sums_to_one_with_peaks_in_the_morning_and_evening():
    profile = hot_water_profile(GIVEN)
    assert profile.shape == (8760,)
    assert profile.sum() == pytest.approx(1, abs=1e-12)
    day = profile[:24] * 365
    assert day[6:10].sum() > 4 / 24
    assert day.argmax() in range(6, 10)
    assert day[17:22].sum() > day[12:17].sum() > day[0:5].sum()
    assert (profile.reshape(365, 24) == profile[:24]).all()
