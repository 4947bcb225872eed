import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import ModelError
from twin.observed.fit import fit_of, geh_verdict, verdict

HOURS = np.arange(48)


def test_measures_by_hand():
    # errors 10, -10, 30: sum 30, squares 1100; mean measured 200
    fit = fit_of([100, 200, 300], [110, 190, 330])
    assert (fit.n, fit.mean_observed, fit.mean_modelled, fit.bias) == (3, 200, 210, 10)
    assert fit.mae == pytest.approx(50 / 3)
    assert fit.rmse == pytest.approx((1100 / 3) ** 0.5)
    assert fit.cv_rmse == pytest.approx(100 * (1100 / 2) ** 0.5 / 200)
    assert fit.nmbe == pytest.approx(100 * 30 / 2 / 200)
    assert fit.r2 == pytest.approx(1 - 1100 / 20_000)


numbers = st.floats(0.1, 1e6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=50))
def test_measures_by_another_way(pairs):
    o, m = np.array(pairs).T
    fit = fit_of(o, m)
    frame = pd.DataFrame({"o": o, "m": m})
    assert fit.bias == pytest.approx((frame.m - frame.o).mean(), abs=1e-6)
    if frame.o.std() > 1e-3 and frame.m.std() > 1e-3:
        assert fit.correlation == pytest.approx(np.corrcoef(o, m)[0, 1], abs=1e-6)
        assert fit.r2 == pytest.approx(1 - ((o - m) ** 2).mean() / frame.o.var(ddof=0), rel=1e-6)
    assert fit.rmse >= abs(fit.bias) - 1e-6
    assert fit.mae <= fit.rmse + 1e-6


def test_a_perfect_model_and_a_flat_one():
    perfect = fit_of(HOURS, HOURS)
    assert (perfect.rmse, perfect.r2, perfect.bias) == (0, 1, 0)
    assert perfect.correlation == pytest.approx(1)
    flat = fit_of(HOURS, np.full(48, HOURS.mean()))
    assert flat.r2 == pytest.approx(0)
    assert np.isnan(flat.correlation)


def test_a_constant_measure_has_no_spread_to_explain():
    fit = fit_of(np.full(30, 5.0), np.full(30, 6.0))
    assert np.isnan(fit.r2)
    assert np.isnan(fit.correlation)
    assert fit.bias == 1


@pytest.mark.parametrize("values", [([], []), ([np.nan], [1.0]), ([1.0], [np.inf])])
def test_nothing_to_compare_is_not_a_number(values):
    fit = fit_of(*values)
    assert fit.n == 0
    assert np.isnan(fit.rmse)
    assert verdict(fit).level == "unknown"


def test_one_pair_has_a_bias_and_no_scatter():
    fit = fit_of([4.0], [5.0])
    assert fit.bias == 1
    assert np.isnan(fit.cv_rmse)


def test_series_meet_by_their_index():
    times = pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC")
    fit = fit_of(pd.Series([1.0, 2, 3, 4], times), pd.Series([9.0, 3, 4, 9], times[[0, 1, 2, 3]]))
    assert fit.n == 4
    shifted = pd.Series([3.0, 4.0], times[1:3].tz_convert("Europe/Berlin"))
    assert fit_of(pd.Series([1.0, 2, 3, 4], times), shifted).bias == 1


def test_lengths_that_differ_are_refused():
    with pytest.raises(ModelError, match="3 measured values cannot be compared with 2"):
        fit_of([1, 2, 3], [1, 2])


@pytest.mark.parametrize(
    ("step", "noise", "bias", "level"),
    [
        ("hour", 0.29, 0.0, "good"),
        ("hour", 0.31, 0.0, "poor"),
        ("hour", 0.0, 0.097, "good"),
        ("hour", 0.0, -0.11, "poor"),
        ("month", 0.14, 0.0, "good"),
        ("month", 0.29, 0.0, "poor"),
        ("month", 0.0, 0.06, "poor"),
    ],
)
def test_the_limits_are_those_of_guideline_14(step, noise, bias, level):
    swing = np.resize([1.0, -1.0], 1000)
    fit = fit_of(np.full(1000, 100.0), 100.0 * (1 + bias + noise * swing))
    found = verdict(fit, step)
    assert found.level == level
    assert "ASHRAE Guideline 14" in str(found.said)


def test_few_values_are_not_judged():
    found = verdict(fit_of(np.ones(23), np.ones(23)))
    assert found.level == "unknown"
    assert str(found.said) == "Values that can be compared: 23; at least 24 are needed to judge."


def test_a_mean_of_nothing_is_no_scale():
    assert verdict(fit_of(np.zeros(30), np.ones(30))).level == "unknown"


def test_geh_is_judged_by_the_share_below_5():
    assert geh_verdict([1.0] * 17 + [9.0] * 3).level == "good"
    assert geh_verdict([1.0] * 16 + [9.0] * 4).level == "poor"
    assert geh_verdict([5.0] * 20).level == "poor"  # 5 is not below 5
    assert geh_verdict([1.0] * 5 + [np.nan] * 40).level == "unknown"
    assert "85 %" in str(geh_verdict([1.0] * 20).said)
