"""Hours by group: the same as building by building, exact in sum, free of order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.energy.electricity.stock import many
from twin.assumptions import assumptions
from twin.energy.electricity import (
    appliance_kwh,
    appliance_parts,
    charging_hours,
    electricity_hours,
    load_profiles,
    profile_of,
    profiles_of_parts,
)
from twin.errors import ModelError

GIVEN = assumptions().of(["electricity"])
PROFILES = load_profiles(2025)


def town(count=300, blocks=7):
    stock = many(count, blocks=blocks)
    groups = stock["block_id"].str[1:].astype("int32").to_numpy()
    return appliance_kwh(stock, GIVEN), profile_of(stock), groups


def test_as_building_by_building():
    kwh, profile, groups = town()
    power = electricity_hours(kwh, profile, PROFILES, groups, count=7)
    each = np.round(kwh.to_numpy(), 3)[:, None] * PROFILES.values[profile] * 1000
    wanted = np.stack([each[groups == g].sum(axis=0) for g in range(7)])
    assert np.abs(power - wanted).max() <= 0.5 + 1e-6
    assert power.dtype == np.int32
    assert power.sum() / 1000 == pytest.approx(kwh.sum(), rel=1e-5)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_any_order_gives_the_same_bits(seed):
    kwh, profile, groups = town()
    order = np.random.default_rng(seed).permutation(len(kwh))
    one = electricity_hours(kwh, profile, PROFILES, groups, count=7)
    two = electricity_hours(kwh.iloc[order], profile[order], PROFILES, groups[order], count=7)
    assert (one == two).all()


def test_one_group_is_the_sum_of_its_blocks_to_the_rounding():
    """The town as one group differs by half a watt a block at most; sums of blocks are exact."""
    kwh, profile, groups = town()
    blocks = electricity_hours(kwh, profile, PROFILES, groups, count=7)
    whole = electricity_hours(kwh, profile, PROFILES, np.zeros_like(groups), count=1)
    assert np.abs(blocks.sum(axis=0) - whole[0]).max() <= 0.5 * 8


def test_parts_with_profiles_of_their_own():
    stock = many(200, blocks=3)
    groups = stock["block_id"].str[1:].astype("int32").to_numpy()
    parts, rows = appliance_parts(stock, GIVEN), profiles_of_parts(stock)
    both = electricity_hours(parts, rows, PROFILES, groups, count=3)
    apart = [
        electricity_hours(parts.iloc[:, i], rows[:, i], PROFILES, groups, count=3) for i in (0, 1)
    ]
    assert np.abs(both - sum(apart)).max() <= 1


def test_cars_hot_water_and_heat_pumps_come_on_top():
    kwh, profile, groups = town()
    night = np.tile([1.0] * 6 + [0.0] * 18, 365)
    more = PROFILES.with_profile("cars", night)
    pumps = np.full((7, 8760), 250, np.int32)
    cars = np.full(len(kwh), 1500.0)
    rows = np.column_stack([profile, np.full(len(kwh), more.index("cars"), np.int32)])
    power = electricity_hours(
        np.column_stack([kwh, cars]), rows, more, groups, count=7, added=pumps
    )
    plain = electricity_hours(kwh, profile, PROFILES, groups, count=7)
    extra = power.astype(np.int64) - plain - pumps
    assert extra[:, 12].tolist() == [0] * 7
    houses = np.bincount(groups, minlength=7)
    assert extra[:, 3] == pytest.approx(houses * 1500 * 1000 / (365 * 6), abs=1)


def test_no_car_charges_until_mobility_says_so():
    assert not charging_hours(3).any()
    evening = np.tile(np.where(np.arange(24) >= 18, 1.0, 0.0), 365)
    power = charging_hours(2, kwh=np.array([0.0, 2190.0]), shape=evening)
    assert not power[0].any()
    assert power[1, :24].tolist() == [0] * 18 + [1000] * 6
    assert charging_hours(1, kwh=np.array([8760.0]))[0].tolist() == [1000] * 8760
    with pytest.raises(ModelError, match="lengths"):
        charging_hours(2, kwh=np.array([1.0]))


def test_no_group_and_nothing():
    kwh, profile, groups = town()
    none = electricity_hours(kwh, profile, PROFILES, np.full_like(groups, -1), count=2)
    assert none.shape == (2, 8760)
    assert not none.any()
    empty = np.zeros(0, np.int32)
    assert electricity_hours(np.zeros(0), empty, PROFILES, empty, count=0).shape == (0, 8760)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kwh": np.array([1.0, -1.0])}, "negative"),
        ({"kwh": np.array([1.0, np.nan])}, "missing"),
        ({"profile": np.array([0, 6], np.int32)}, "profile"),
        ({"groups": np.array([0, 2], np.int32)}, "group"),
        ({"groups": np.array([0], np.int32)}, "lengths"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    whole = {"kwh": np.ones(2), "profile": np.zeros(2, np.int32), "groups": np.zeros(2, np.int32)}
    arrays = {**whole, **change}
    with pytest.raises(ModelError, match=said):
        electricity_hours(arrays["kwh"], arrays["profile"], PROFILES, arrays["groups"], count=2)
