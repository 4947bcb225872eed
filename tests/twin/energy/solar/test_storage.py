"""Energy neither lost nor made, hour by hour; a day by hand; pay-back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.assumptions import assumptions
from twin.energy.solar import dispatch, payback_years
from twin.errors import ModelError

GIVEN = assumptions()
LOSSLESS = GIVEN.replaced({"solar.battery_efficiency": 1.0, "solar.battery_power": 10.0})


def hours(*values):
    year = np.zeros((1, 8760), np.float32)
    year[0, : len(values)] = values
    return year


def test_a_day_by_hand():
    """2 kWh over, then 3 kWh lacking: the battery of 1.5 kWh is full, then empty."""
    pv, load = hours(2500, 500, 0, 0), hours(500, 500, 2000, 1000)
    totals, net = dispatch(load, pv, np.array([1.5]), LOSSLESS)
    assert net[0, :4].tolist() == [-500, 0, 500, 1000]
    row = totals.iloc[0]
    assert row["self_use_kwh"] == pytest.approx(2.5)
    assert (row["feed_in_kwh"], row["grid_import_kwh"]) == pytest.approx((0.5, 1.5))
    assert (row["peak_import_kw"], row["peak_feed_in_kw"]) == (1.0, 0.5)
    assert (row["battery_loss_kwh"], row["charge_change_kwh"]) == (0, 0)


def test_losses_and_power_by_hand():
    """5 kWh at 0.5 kW/kWh: 2.5 kW at most; 81 % there and back, so 0.9 each way."""
    lossy = GIVEN.replaced({"solar.battery_efficiency": 0.81, "solar.battery_power": 0.5})
    totals, net = dispatch(hours(0, 3000), hours(4000, 0), np.array([5.0]), lossy)
    assert net[0, 0] == pytest.approx(-1500)  # 2.5 kW go in, 2.25 kWh stay
    assert net[0, 1] == pytest.approx(3000 - 2250 * 0.9)
    assert totals["battery_loss_kwh"].iloc[0] == pytest.approx(2.5 - 2.25 * 0.9)


def test_without_a_battery_hours_stand_alone():
    rng = np.random.default_rng(1)
    load, pv = (rng.gamma(1, 500, (3, 8760)).astype(np.float32) for _ in range(2))
    totals, net = dispatch(load, pv, np.zeros(3), GIVEN)
    direct = np.minimum(load.astype(float), pv).sum(axis=1) / 1000
    assert totals["self_use_kwh"].to_numpy() == pytest.approx(direct)
    np.testing.assert_allclose(net, load.astype(float) - pv, rtol=1e-6, atol=1e-3)
    assert (totals["battery_loss_kwh"] == 0).all()


@settings(max_examples=25)
@given(
    st.integers(0, 1000), st.floats(0, 30), st.floats(0.5, 1.0), st.floats(0.1, 2.0),
)  # fmt: skip
def test_energy_is_conserved(seed, battery, efficiency, power):
    rng = np.random.default_rng(seed)
    load = rng.gamma(0.7, 600, (2, 8760)).astype(np.float32)
    pv = np.maximum(rng.normal(-500, 2500, (2, 8760)), 0).astype(np.float32)
    given_ = GIVEN.replaced({"solar.battery_efficiency": efficiency, "solar.battery_power": power})
    totals, net = dispatch(load, pv, np.array([battery, 0.0]), given_)
    made, used = (v.sum(axis=1, dtype=float) / 1000 for v in (pv, load))
    left = made + totals["grid_import_kwh"] - used - totals["feed_in_kwh"]
    left -= totals["battery_loss_kwh"] + totals["charge_change_kwh"]
    assert left.abs().max() < 1e-8
    assert (totals.to_numpy() >= 0).all()
    assert (totals["self_use_kwh"] <= used + 1e-9).all()
    assert totals["charge_change_kwh"].iloc[0] <= battery + 1e-9
    grid = net.astype(float) / 1000
    bought, fed = totals[["grid_import_kwh", "feed_in_kwh"]].to_numpy().T
    assert np.clip(grid, 0, None).sum(axis=1) == pytest.approx(bought, rel=1e-5, abs=1e-3)
    assert np.clip(-grid, 0, None).sum(axis=1) == pytest.approx(fed, rel=1e-5, abs=1e-3)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.permutations(range(5)))
def test_rows_do_not_see_each_other(seed, order):
    rng = np.random.default_rng(seed)
    load, pv = (rng.gamma(1, 500, (5, 8760)).astype(np.float32) for _ in range(2))
    battery = rng.uniform(0, 10, 5)
    totals, net = dispatch(load, pv, battery, GIVEN)
    moved, moved_net = dispatch(load[order], pv[order], battery[order], GIVEN)
    np.testing.assert_array_equal(moved.to_numpy(), totals.to_numpy()[order])
    np.testing.assert_array_equal(moved_net, net[order])


def test_a_larger_battery_never_imports_more():
    rng = np.random.default_rng(2)
    sun = np.clip(np.sin(np.arange(8760) * 2 * np.pi / 24), 0, None) * rng.uniform(0, 4000, 8760)
    load = np.tile(rng.gamma(1, 500, 8760), (6, 1)).astype(np.float32)
    pv = np.tile(sun, (6, 1)).astype(np.float32)
    totals, _ = dispatch(load, pv, np.array([0, 1, 2, 5, 10, 20.0]), GIVEN)
    assert (np.diff(totals["grid_import_kwh"]) < 0).all()
    assert (np.diff(totals["feed_in_kwh"]) < 0).all()


def test_nobody_is_a_case_too():
    totals, net = dispatch(np.zeros((0, 8760), "f4"), np.zeros((0, 8760), "f4"), np.zeros(0), GIVEN)
    assert len(totals) == len(net) == 0


def test_every_fault_is_named():
    load = hours(100)
    load[0, 5] = np.nan
    with pytest.raises(ModelError, match="load is negative or missing in row 0; battery is neg"):
        dispatch(load, hours(1), np.array([-1.0]), GIVEN)
    with pytest.raises(ModelError, match="expected"):
        dispatch(load[:, :100], hours(1), np.zeros(1), GIVEN)


def test_pay_back():
    """10,000 EUR at 1,000 EUR/a: 10 years; at 5 % the annuity of 14.2 years."""
    years = payback_years(np.array([10_000.0]), np.array([1000.0]), interest=0.05)[0]
    worth = sum(1000 / 1.05**k for k in range(1, 15))
    assert worth < 10_000 < worth + 1000 / 1.05**15
    assert 14 < years < 15
    assert payback_years(np.array([10_000.0]), np.array([400.0]), interest=0.05)[0] == np.inf
    assert payback_years(np.array([0.0]), np.array([-5.0]))[0] == 0


@given(st.floats(1, 1e6), st.floats(1, 1e5), st.floats(0.001, 0.2))
def test_interest_never_pays_back_sooner(investment, saving, interest):
    simple = payback_years(np.array([investment]), np.array([saving]))[0]
    dear = payback_years(np.array([investment]), np.array([saving]), interest=interest)[0]
    assert dear >= simple * (1 - 1e-9)
