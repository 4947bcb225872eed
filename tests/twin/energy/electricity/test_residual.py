"""Residual load: kept hour by hour, by hand, in the limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.energy.electricity import load_duration, residual_load
from twin.energy.electricity.residual import COLUMNS
from twin.errors import ModelError

HOURS = 8760


def year(*hours):
    """Return a year that begins with these hours and is 0 else."""
    line = np.zeros(HOURS, np.int32)
    line[: len(hours)] = hours
    return line


def drawn(seed, groups=4):
    draw = np.random.default_rng(seed)
    load = draw.integers(0, 50_000, (groups, HOURS), dtype=np.int32)
    pv = (draw.integers(0, 90_000, (groups, HOURS)) * draw.integers(0, 2, HOURS)).astype(np.int32)
    return load, pv


def test_two_blocks_by_hand():
    """Block 0: 2, 3, 1 kW against 0, 5, 1; block 1: 1, 1, 4 kW and no sun."""
    load = np.stack([year(2000, 3000, 1000), year(1000, 1000, 4000)])
    pv = np.stack([year(0, 5000, 1000), year()])
    done = residual_load(load, pv)
    first = done.groups.iloc[0]
    assert first[["demand_kwh", "generation_kwh", "import_kwh", "export_kwh"]].tolist() == [
        6,
        6,
        2,
        2,
    ]
    assert first[["peak_demand_kw", "peak_demand_hour"]].tolist() == [3, 1]
    assert first[["peak_import_kw", "peak_import_hour"]].tolist() == [2, 0]
    assert first[["peak_export_kw", "peak_export_hour", "backfeed_hours"]].tolist() == [2, 1, 1]
    assert first[["self_sufficiency", "self_consumption"]].tolist() == pytest.approx([4 / 6, 4 / 6])
    second = done.groups.iloc[1]
    assert second[["import_kwh", "export_kwh", "peak_export_hour"]].tolist() == [6, 0, -1]
    assert second["self_sufficiency"] == 0
    assert np.isnan(second["self_consumption"])
    town = done.city.iloc[0]  # block 1 takes one of the two kW that block 0 sends out
    assert town[["demand_kwh", "import_kwh", "export_kwh"]].tolist() == [12, 7, 1]
    assert done.city_w[:4].tolist() == [3000, -1000, 4000, 0]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_energy_is_kept_in_every_hour_and_town(seed):
    load, pv = drawn(seed)
    done = residual_load(load, pv)
    for table in (done.groups, done.city):
        left = table["generation_kwh"] + table["import_kwh"]
        assert left.to_numpy() == pytest.approx(
            (table["demand_kwh"] + table["export_kwh"]).to_numpy()
        )
        own = table["demand_kwh"] - table["import_kwh"]
        assert own.to_numpy() == pytest.approx(table["self_consumption_kwh"].to_numpy())
    assert (done.city_w == load.sum(axis=0, dtype=np.int64) - pv.sum(axis=0, dtype=np.int64)).all()
    assert done.city["import_kwh"].iloc[0] <= done.groups["import_kwh"].sum()
    assert done.city["demand_kwh"].iloc[0] == pytest.approx(done.groups["demand_kwh"].sum())


@given(st.integers(0, 2**32 - 1), st.permutations(range(4)))
@settings(max_examples=8)
def test_groups_in_any_order(seed, order):
    load, pv = drawn(seed)
    one, two = residual_load(load, pv), residual_load(load[order], pv[order])
    assert (one.city_w == two.city_w).all()
    assert one.city.equals(two.city)
    again = two.groups.set_axis(order).sort_index()
    assert again.equals(one.groups.set_axis(range(4)))


def test_as_numpy_has_it():
    load, pv = drawn(3)
    net = load.astype(np.int64) - pv
    table = residual_load(load, pv).groups
    assert table["import_kwh"].to_numpy() == pytest.approx(np.maximum(net, 0).sum(axis=1) / 1000)
    assert table["export_kwh"].to_numpy() == pytest.approx(-np.minimum(net, 0).sum(axis=1) / 1000)
    assert table["peak_import_hour"].tolist() == net.argmax(axis=1).tolist()
    assert table["peak_export_hour"].tolist() == net.argmin(axis=1).tolist()
    assert table["peak_demand_hour"].tolist() == load.argmax(axis=1).tolist()
    assert table["backfeed_hours"].tolist() == (net < 0).sum(axis=1).tolist()
    assert list(table.columns[: len(COLUMNS)]) == list(COLUMNS)


def test_without_sun_and_with_sun_enough():
    load, _ = drawn(5)
    none = residual_load(load, np.zeros_like(load)).city.iloc[0]
    assert (none["self_sufficiency"], none["export_kwh"]) == (0, 0)
    assert none["import_kwh"] == none["demand_kwh"]
    ample = residual_load(load, load).city.iloc[0]
    assert (ample["self_sufficiency"], ample["self_consumption"]) == (1, 1)
    assert (ample["peak_import_kw"], ample["peak_import_hour"]) == (0, -1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30_000))
@settings(max_examples=6)
def test_more_sun_never_brings_more_in(seed, more):
    load, pv = drawn(seed, 2)
    less, much = residual_load(load, pv).groups, residual_load(load, pv + np.int32(more)).groups
    assert (much["import_kwh"] <= less["import_kwh"]).all()
    assert (much["self_sufficiency"] >= less["self_sufficiency"]).all()
    assert (much["peak_import_kw"] <= less["peak_import_kw"]).all()


def test_a_battery_moves_what_it_stores():
    load, pv = year(0, 2000)[None], year(2000, 0)[None]
    moved = year(-2000, 2000)[None]
    done = residual_load(load, pv, storage=moved)
    assert done.city[["import_kwh", "export_kwh"]].iloc[0].tolist() == [0, 0]
    assert not done.city_w.any()
    plain = residual_load(load, pv).city.iloc[0]
    assert plain[["import_kwh", "export_kwh"]].tolist() == [2, 2]


def test_no_group_at_all():
    done = residual_load(np.zeros((0, HOURS), np.int32), np.zeros((0, HOURS), np.int32))
    assert len(done.groups) == 0
    assert done.city["demand_kwh"].tolist() == [0]


def test_a_town_beyond_32_bits():
    load = np.full((3, HOURS), 2_000_000_000, np.int32)
    done = residual_load(load, np.zeros_like(load))
    assert done.city["peak_import_kw"].tolist() == [6e6]
    assert done.city["demand_kwh"].tolist() == [6e6 * HOURS]


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_the_duration_curve_falls_and_holds_all_hours(hours):
    curve = load_duration(np.array(hours))
    assert (np.diff(curve) <= 0).all()
    assert sorted(curve.tolist()) == sorted(hours)


@pytest.mark.parametrize(
    ("load", "pv", "said"),
    [
        (np.zeros((2, HOURS), int), np.zeros((1, HOURS), int), "shapes"),
        (np.zeros((1, 8784), int), np.zeros((1, 8784), int), "8,760"),
        (np.zeros((1, HOURS)), np.zeros((1, HOURS), int), "whole watts"),
        (np.full((1, HOURS), -1), np.zeros((1, HOURS), int), "negative"),
    ],
)
def test_what_is_no_load_is_refused(load, pv, said):
    with pytest.raises(ModelError, match=said):
        residual_load(load, pv)
