"""Heat of many zones: against the plain formula, properties of heat, and exact bookkeeping."""

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.twin.energy.heat_demand.made import make_weather, make_year, make_zones
from tests.twin.energy.heat_demand.scalar import room_year
from twin.assumptions import assumptions
from twin.energy.climate import make_climate
from twin.energy.heat_demand import heat_hours, heat_matrix, kernel, warm_up
from twin.errors import ModelError

ROOT = Path(__file__).parents[4]
GIVEN = assumptions()
YEAR = make_year(GIVEN)
SERIES = np.vstack([np.ones(8760), np.zeros(8760), 0.3 + 0.1 * np.sin(np.arange(8760))])
SERIES = SERIES.astype(np.float32)


def channels(count: int, groups: int = 4) -> dict:
    """Three channels: all heat by block, a third of it by block, heat by network of every third."""
    rows = np.arange(count)
    by_block, network = rows % groups, np.where(rows % 3 == 0, 20, -1)
    return {
        "groups": np.column_stack([by_block, by_block + 10, network]).astype(np.int32),
        "series": SERIES,
        "series_index": np.tile(np.array([0, 2, 0], np.int32), (count, 1)),
    }


def run(zones, climate=YEAR, given=GIVEN, *, scale=1.0, before=None, **changes):
    options = {**channels(len(zones)), **changes}
    scales = np.full(len(zones), scale) if np.isscalar(scale) else scale
    return heat_hours(zones, climate, given, scale=scales, before=before, **options)


def test_kernel_equals_the_plain_formula():
    zones = make_zones(20)
    matrix = heat_matrix(zones, YEAR, GIVEN)
    for i in (0, 7, 16, 19):
        plain = room_year(zones, i, YEAR, GIVEN)["heat"]
        assert matrix[i].sum() == pytest.approx(plain.sum(), rel=2e-5)
        assert np.abs(matrix[i] - plain).max() < 2e-4 * plain.max() + 0.5


def test_energy_is_conserved_hour_by_hour():
    """Gains plus heat less losses is what the mass stores, to the rounding of float64."""
    zones = make_zones(3)
    for i in range(3):
        year = room_year(zones, i, YEAR, GIVEN)
        assert np.abs(year["rest"]).max() < 1e-6 * year["heat"].max()


def test_hand_worked_steady_state():
    """No sun, no sky, no gains, constant -10 °C: 30 K times all conductances in series."""
    zones = make_zones(1)
    nothing = np.zeros((1, 5))
    zones = dataclasses.replace(
        zones,
        window_apertures_m2=nothing, opaque_apertures_m2=nothing, gains_w=np.zeros(1),
        set_back_k=np.zeros(1), set_point_c=np.array([20.0]),
    )  # fmt: skip
    cold = dataclasses.replace(
        YEAR, temperature_c=np.full(8760, -10.0), sky_k=np.zeros(8760),
        irradiance_wm2=np.zeros((8760, 5)), window_wm2=np.zeros((8760, 5)),
    )  # fmt: skip
    h_is = 3.45 * zones.surface_area_m2[0]
    envelope = zones.opaque_w_k[0] + zones.window_w_k[0]
    by_hand = 30 * (zones.ventilation_w_k[0] + 1 / (1 / h_is + 1 / envelope))
    heat = heat_matrix(zones, cold, GIVEN)[0]
    np.testing.assert_allclose(heat[200:], by_hand, rtol=1e-3)
    rows = run(zones, cold)
    assert rows.table["space_kwh"].iloc[0] == pytest.approx(by_hand * 8.76, rel=2e-3)
    assert rows.table["peak_kw"].iloc[0] == pytest.approx(by_hand / 1000, rel=2e-3)


def test_first_hours_are_those_of_a_year_before():
    """January begins with the mass that December leaves, whatever it began with."""
    zones = make_zones(4)
    heavy = dataclasses.replace(zones, capacity_j_k=zones.floor_area_m2 * 370e3)
    matrix = heat_matrix(heavy, YEAR, GIVEN)
    plain = room_year(heavy, 0, YEAR, GIVEN)
    assert plain["before"][0] == pytest.approx(plain["mass"][-1], abs=0.3)
    assert matrix[0, :24].sum() == pytest.approx(plain["heat"][:24].sum(), rel=1e-3)


def test_table_and_sums_agree_to_the_watt():
    rows = run(make_zones(50), scale=0.83)
    table = rows.table
    months = table[[f"space_kwh_{m:02d}" for m in range(1, 13)]].sum(axis=1)
    np.testing.assert_allclose(months, table["space_kwh"], rtol=1e-12)
    for channel, groups in ((0, range(4)), (1, range(10, 14)), (2, (20,))):
        total = sum(int(rows.sums[group].sum(dtype=np.int64)) for group in groups)
        watts = np.rint(table[f"channel_{channel}_kwh"] * 1000).astype(int)
        assert total == watts.sum()
    pd.testing.assert_series_equal(
        table["channel_0_kwh"], table["space_kwh"], check_names=False
    )  # channel 0 takes all heat as it is


def test_sums_are_the_rounded_matrix():
    zones = make_zones(9)
    scale = np.linspace(0.5, 1.5, 9)
    rows = run(zones, scale=scale)
    heat = np.float32(scale)[:, None] * heat_matrix(zones, YEAR, GIVEN)
    np.testing.assert_array_equal(rows.sums[20], np.rint(heat[::3]).astype(np.int64).sum(axis=0))
    electric = np.rint(heat * SERIES[2]).astype(np.int64)
    np.testing.assert_array_equal(rows.sums[11], electric[1::4].sum(axis=0))
    assert rows.table["peak_kw"].tolist() == (np.rint(heat).astype(int).max(axis=1) / 1000).tolist()


def test_order_of_zones_does_not_count():
    zones = make_zones(37)
    turned = np.random.default_rng(3).permutation(37)
    options = channels(37)
    one = run(zones)
    two = run(
        zones.take(turned),
        groups=options["groups"][turned], series_index=options["series_index"][turned],
    )  # fmt: skip
    pd.testing.assert_frame_equal(one.table, two.table.loc[one.table.index], check_exact=True)
    assert one.sums.keys() == two.sums.keys()
    assert all((one.sums[g] == two.sums[g]).all() for g in one.sums)


def digest_of_many() -> str:
    """Enough zones for several threads."""
    rows = run(make_zones(700))
    digest = hashlib.sha256(rows.table.to_numpy().tobytes())
    for group in sorted(rows.sums):
        digest.update(rows.sums[group].tobytes())
    return digest.hexdigest()


def test_number_of_threads_does_not_count():
    """Here as many as the machine has (NUMBA_NUM_THREADS), in another process three or one."""
    threads = "3" if numba.get_num_threads() == 1 else "1"
    script = f"from {__name__} import digest_of_many as many; print(many())"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "NUMBA_NUM_THREADS": threads},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[-1] == digest_of_many()


def test_only_what_differs_is_calculated_and_nothing_else_changes():
    zones = make_zones(60)
    first = run(zones)
    assert run(zones, before=first).computed == 0
    windows = zones.window_w_k.copy()
    windows[[5, 40]] *= 0.5
    better = dataclasses.replace(zones, window_w_k=windows)
    second = run(better, before=first)
    assert second.computed == 4  # two taken out, two put in
    fresh = run(better)
    pd.testing.assert_frame_equal(second.table, fresh.table, check_exact=True)
    assert all((second.sums[g] == fresh.sums[g]).all() for g in fresh.sums)
    back = run(zones, before=second)
    pd.testing.assert_frame_equal(back.table, first.table, check_exact=True)
    assert all((back.sums[g] == first.sums[g]).all() for g in first.sums)


def test_another_climate_or_night_starts_afresh():
    zones = make_zones(5)
    first = run(zones)
    warm = make_year(GIVEN, warmer_k=2)
    second = run(zones, warm, before=first)
    assert second.computed == 5
    pd.testing.assert_frame_equal(second.table, run(zones, warm).table, check_exact=True)
    late = GIVEN.replaced({"heat.set_back_end": 7})
    assert run(zones, given=late, before=first).computed == 5
    assert run(zones, series=SERIES * np.float32(0.5), before=first).computed == 5


@settings(max_examples=12)
@drawn(
    st.integers(0, 10_000),
    st.sampled_from(["opaque_w_k", "window_w_k", "ventilation_w_k"]),
    st.floats(0.05, 0.99),
)
def test_more_insulation_never_raises_demand(seed, what, factor):
    zones = make_zones(6, seed)
    better = dataclasses.replace(zones, **{what: getattr(zones, what) * factor})
    if what == "opaque_w_k":  # less passes, less of the sun and of the sky's cold as well
        better = dataclasses.replace(better, opaque_apertures_m2=zones.opaque_apertures_m2 * factor)
    before, after = run(zones).table, run(better).table
    assert (after["space_kwh"] <= before["space_kwh"] + 0.01).all()


@settings(max_examples=8)
@drawn(st.integers(0, 10_000), st.floats(0.1, 5))
def test_a_warmer_climate_needs_less_heat(seed, warmer):
    zones = make_zones(6, seed)
    assert (
        run(zones, make_year(GIVEN, warmer_k=warmer)).table["space_kwh"]
        < run(zones).table["space_kwh"]
    ).all()


def test_a_lower_night_needs_less_heat_and_more_gains_too():
    zones = make_zones(12)
    steady = dataclasses.replace(zones, set_back_k=np.zeros(12))
    lower = dataclasses.replace(zones, set_back_k=np.full(12, 4.0))
    assert (run(lower).table["space_kwh"] < run(steady).table["space_kwh"]).all()
    busy = dataclasses.replace(zones, gains_w=zones.gains_w * 2)
    assert (run(busy).table["space_kwh"] < run(zones).table["space_kwh"]).all()


def test_scale_multiplies_and_zero_gives_nothing():
    zones = make_zones(8)
    one, half = run(zones).table, run(zones, scale=0.5).table
    np.testing.assert_allclose(half["space_kwh"], one["space_kwh"] / 2, rtol=1e-4)
    nothing = run(zones, scale=0.0)
    assert nothing.table.to_numpy().sum() == 0
    assert all(line.sum() == 0 for line in nothing.sums.values())


def test_no_zone_gives_empty_tables():
    rows = run(make_zones(0))
    assert len(rows.table) == 0
    assert rows.sums == {}
    assert "space_kwh_12" in rows.table
    assert heat_matrix(make_zones(0), YEAR, GIVEN).shape == (0, 8760)


def test_input_is_never_changed():
    zones = make_zones(5)
    before = {name: np.copy(values) for name, values in vars(zones).items() if name != "ids"}
    run(zones)
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(zones, name), values)


def test_frozen_arrays_need_no_kernel_of_their_own():
    """Numba compiles again for read-only arrays: seconds, for nothing."""
    frozen = SERIES.copy()
    frozen.flags.writeable = False
    run(make_zones(3))
    before = len(kernel._rooms.signatures)
    run(make_zones(3), series=frozen)
    assert len(kernel._rooms.signatures) == before == 1


def test_impossible_zones_are_named():
    zones = make_zones(9)
    area, capacity = zones.window_w_k.copy(), zones.capacity_j_k.copy()
    area[2], capacity[[1, 3, 4, 5, 6, 7]] = -1, np.nan
    broken = dataclasses.replace(zones, window_w_k=area, capacity_j_k=capacity)
    with pytest.raises(ModelError) as error:
        run(broken)
    assert "window_w_k of b2" in str(error.value)
    assert "capacity_j_k of b1, b3, b4, b5, b6 and 1 more" in str(error.value)
    thin = dataclasses.replace(zones, mass_area_m2=zones.mass_area_m2 / 100)
    with pytest.raises(ModelError, match="opaque_w_k over mass_area_m2 of b"):
        heat_matrix(thin, YEAR, GIVEN)


def test_shapes_that_do_not_fit_are_refused():
    zones = make_zones(4)
    with pytest.raises(ValueError, match=r"scale must be 4 .*; groups and series_index"):
        run(zones, scale=np.ones(3), groups=np.zeros((3, 3), np.int32))
    with pytest.raises(ValueError, match="series_index must be 0 to 2"):
        run(zones, series_index=np.full((4, 3), 3, np.int32))


def test_sums_that_would_run_over_are_refused():
    """2.1 GW is what an hourly sum holds."""
    zones = make_zones(3)
    with pytest.raises(ModelError, match="GW"):
        run(zones, scale=1e6)
    assert run(zones, scale=1e4).table["peak_kw"].sum() < 2.1e6


def test_set_point_is_held():
    """With heating the air is never below the set-point; without need there is no heat."""
    zones = make_zones(2)
    year = room_year(zones, 1, YEAR, GIVEN)
    night = np.isin(np.arange(8760) % 24, [22, 23, 0, 1, 2, 3, 4, 5])
    assert year["air"][~night].min() >= zones.set_point_c[1] - 1e-9
    assert year["air"].min() >= zones.set_point_c[1] - zones.set_back_k[1] - 1e-9
    assert (year["heat"][year["air"] > zones.set_point_c[1] + 0.01] == 0).all()


def test_warm_up_compiles():
    warm_up()


def test_orientation_of_windows_counts():
    """South windows bring more in winter than north windows of the same size."""
    zones = make_zones(1)
    hours = make_climate(make_weather(), GIVEN)

    def with_windows(column):
        apertures = np.zeros((1, 5))
        apertures[0, column] = 6.0
        return run(dataclasses.replace(zones, window_apertures_m2=apertures), hours).table

    north, south = with_windows(0)["space_kwh"].iloc[0], with_windows(2)["space_kwh"].iloc[0]
    assert south < north
