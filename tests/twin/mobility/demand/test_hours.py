"""The day's profile: every trip starts in one hour, there and back add up."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tests.twin.mobility.demand.towns import GIVEN
from twin.classes import PURPOSES
from twin.mobility.demand import hour_shares, peak_hour
from twin.mobility.demand.hours import wrapped_hours

SHARES = hour_shares(GIVEN)


def test_every_column_is_a_whole_day():
    assert SHARES.index.tolist() == list(range(24))
    np.testing.assert_allclose(SHARES.sum(), 1.0)
    assert (SHARES >= 0).all(axis=None)
    assert {*PURPOSES, "car", "truck"} <= set(SHARES)


def test_hours_are_those_of_the_normal_distribution():
    wanted = [norm.cdf(h + 1, 12, 2) - norm.cdf(h, 12, 2) for h in range(24)]
    np.testing.assert_allclose(wrapped_hours(12, 2), wanted, atol=1e-8)


def test_the_night_goes_on_after_midnight():
    shares = wrapped_hours(23.5, 2.0)
    assert shares[0] == pytest.approx(shares[22])
    np.testing.assert_allclose(np.roll(shares, 5), wrapped_hours(4.5, 2.0), atol=1e-9)


def test_people_go_before_they_come_back():
    hours = np.arange(24)
    for purpose in PURPOSES:
        assert SHARES[f"{purpose}_out"] @ hours < SHARES[f"{purpose}_back"] @ hours


def test_the_busiest_hour_of_cars_is_in_the_afternoon_with_a_tenth_of_the_day():
    hour, share = peak_hour(SHARES["car"].to_numpy())
    assert 15 <= hour <= 17
    assert 0.07 <= share <= 0.11
    assert SHARES["car"][7] > SHARES["car"][10]  # and there is a morning peak
    assert SHARES["car"].loc[0:4].sum() < 0.03


def test_hours_of_a_matrix_add_up_to_the_day():
    home = np.array([[1.0, 30.0], [4.0, 2.0]])  # rows are home
    out, back = SHARES["work_out"].to_numpy(), SHARES["work_back"].to_numpy()
    hours = home[None] * out[:, None, None] / 2 + home.T[None] * back[:, None, None] / 2
    np.testing.assert_allclose(hours.sum(axis=0), (home + home.T) / 2)
    assert hours[7][0, 1] > hours[7][1, 0]  # to work in the morning
    assert hours[16][0, 1] < hours[16][1, 0]
