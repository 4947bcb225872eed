import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from twin.observed.congestion import (
    compare_congestion,
    congestion_profile,
    hourly_load,
    rank_correlation,
)

HOURS = np.arange(24)
DAY = np.exp(-((HOURS - 17) ** 2) / 8) + 0.5 * np.exp(-((HOURS - 8) ** 2) / 8)


def segments(scale, shift=0):
    return pd.DataFrame(
        np.outer(scale, np.roll(DAY, shift)), index=[f"s{n}" for n in range(len(scale))],
        columns=HOURS,
    )  # fmt: skip


def test_ranks_by_scipy():
    rng = np.random.default_rng(3)
    first, second = pd.Series(rng.integers(0, 5, 40)), pd.Series(rng.normal(size=40))
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    second[[3, 9]] = np.nan
    there = second.notna()
    expected = spearmanr(first[there], second[there]).statistic
    assert rank_correlation(first, second) == pytest.approx(expected)


def test_the_same_order_and_day_agree_wholly_whatever_the_scale():
    found = compare_congestion(segments([0.1, 0.5, 1.0, 1.5, 2.0]), segments([1, 2, 3, 4, 50.0]))
    assert (found.rank, found.shape) == (pytest.approx(1), pytest.approx(1))
    assert found.segments["busiest_observed"].tolist() == [17] * 5
    assert (found.hours["segments"] == 5).all()
    assert str(found.said).startswith("Classes of congestion are no counts.")


def test_the_reverse_order_and_another_day():
    found = compare_congestion(segments([5, 4, 3, 2, 1.0]), segments([1, 2, 3, 4, 5.0], shift=12))
    assert found.rank == pytest.approx(-1)
    assert found.shape < 0
    assert found.segments["busiest_modelled"].tolist() == [5] * 5


def test_what_does_not_vary_or_is_not_there_says_nothing():
    flat = segments([1, 1, 1, 1, 1.0]) * 0
    found = compare_congestion(flat, segments([1, 2, 3, 4, 5.0]))
    assert np.isnan(found.rank)
    assert np.isnan(found.shape)
    assert "says nothing" in str(found.said)
    none = compare_congestion(segments([1.0]), segments([1.0]).set_axis(["other"]))
    assert none.segments.empty
    gaps = segments([1, 2, 3, 4, 5.0])
    gaps.loc["s0"] = np.nan
    part = compare_congestion(gaps, segments([9, 2, 3, 4, 5.0]))
    assert part.segments["busiest_observed"].isna().tolist() == [True, *[False] * 4]
    assert "says nothing" in str(part.said)


def test_codes_for_unknown_are_no_class():
    # Köln: 16 where nothing is known
    index = pd.date_range("2013-10-07", periods=288, freq="5min", tz="Europe/Berlin")
    values = np.where(index.hour == 8, 2.0, 0.0)
    values[::3] = 16.0
    found = congestion_profile(pd.Series(values, index.tz_convert("UTC")))
    assert found.tolist() == [2.0 if hour == 8 else 0.0 for hour in range(24)]
    dead = congestion_profile(pd.Series(16.0, index.tz_convert("UTC")))
    assert dead.isna().all()


def test_load_of_an_hour_follows_its_flow():
    shares = pd.DataFrame({"car": DAY / DAY.sum(), "truck": np.full(24, 1 / 24)})
    peak = shares.loc[17]
    traffic = pd.DataFrame(
        {
            "car": [5000.0, 0.0, 0.0], "truck": [240.0, 0.0, 0.0],
            "car_peak": [5000 * peak["car"], 0, 0], "truck_peak": [240 * peak["truck"], 0, 0],
            "load": [0.8, 0.0, np.nan],
        },
        index=["a", "idle", "closed"],
    )  # fmt: skip
    found = hourly_load(traffic, shares)
    assert found.loc["a", 17] == pytest.approx(0.8)
    flow = 5000 * shares["car"] + 240 * shares["truck"]
    assert found.loc["a"].tolist() == pytest.approx((0.8 * flow / flow[17]).tolist())
    assert (found.loc["idle"] == 0).all()
    assert found.loc["closed"].isna().all()
