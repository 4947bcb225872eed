"""Light on planes and power of modules, against pvlib, published figures and limiting cases."""

import numpy as np
import pandas as pd
import pvlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import shared
from tests.twin.energy.solar.light import DENVER, made_weather, real_weather
from twin.assumptions import assumptions
from twin.energy.solar import pv_hours, pv_matrix, pv_year
from twin.energy.solar.sun import make_sun
from twin.errors import ModelError

GIVEN = assumptions().replaced({"solar.flat_below": 0.0})  # planes as they are, no rows
DIRECTIONS = [(t, a) for t in (0.1, 10, 20, 35, 50, 70, 90) for a in range(0, 360, 45)]
MADE = made_weather()


def planes_of(directions):
    tilt, azimuth = np.array(directions, float).T
    ids = [f"p{i}" for i in range(len(tilt))]
    return pd.DataFrame(
        {"building_id": "b", "azimuth_deg": azimuth, "tilt_deg": tilt}, index=ids
    )  # fmt: skip


def by_pvlib(weather, tilt, azimuth, given=GIVEN):
    """Perez, ASHRAE modifier, Faiman, PVWatts: irradiance [W/m²] and power [W/kWp] by hour."""
    zenith = 90 - weather["sun_elevation_deg"].to_numpy()
    dni, ghi, dhi = (weather[f"{n}_wm2"].to_numpy() for n in ("dni", "ghi", "dhi"))
    turn = weather["sun_azimuth_deg"].to_numpy()
    day = np.arange(8760) // 24 + 1
    extra = pvlib.irradiance.get_extra_radiation(day, method="spencer", solar_constant=1366.1)
    mass = pvlib.atmosphere.get_relative_airmass(zenith)
    with np.errstate(all="ignore"):
        parts = pvlib.irradiance.perez(
            tilt, azimuth, dhi, dni, extra, zenith, turn, mass, return_components=True
        )
    sky, around = (np.nan_to_num(parts[f"poa_{n}"]) for n in ("sky_diffuse", "circumsolar"))
    ground = pvlib.irradiance.get_ground_diffuse(tilt, ghi, given["solar.albedo"])
    angle = pvlib.irradiance.aoi(tilt, azimuth, zenith, turn)
    beam = np.where(
        zenith < 90, pvlib.irradiance.beam_component(tilt, azimuth, zenith, turn, dni), 0
    )
    total = beam + sky + ground
    b0 = given["solar.incidence_loss"]
    entry = pvlib.iam.ashrae(np.clip(angle, 0, 89.99), b=b0).clip(0)
    of_sky = pvlib.iam.ashrae(59.7 - 0.1388 * tilt + 0.001497 * tilt**2, b=b0)
    of_ground = pvlib.iam.ashrae(min(90 - 0.5788 * tilt + 0.002693 * tilt**2, 89.99), b=b0)
    good = (beam + around) * entry + (sky - around) * of_sky + ground * max(of_ground, 0)
    cell = pvlib.temperature.faiman(
        total, weather["temperature_c"].to_numpy(), weather["wind_ms"].to_numpy(),
        u0=given["solar.cell_heat_loss"], u1=given["solar.cell_heat_loss_wind"],
    )  # fmt: skip
    dc = pvlib.pvsystem.pvwatts_dc(good, cell, 1000.0, given["solar.temperature_coefficient"])
    eta = given["solar.inverter_efficiency"]
    rated = 1000 / given["solar.inverter_ratio"] / eta
    ac = pvlib.inverter.pvwatts(dc * (1 - given["solar.losses"]), rated, eta_inv_nom=eta)
    return total, ac


@pytest.mark.parametrize(
    "make",
    [lambda: MADE, real_weather, lambda: real_weather(DENVER)],
    ids=["made", "TRY Köln", "Denver"],
)
def test_every_direction_as_pvlib(make):
    weather = make()
    year = pv_year(planes_of(DIRECTIONS), weather, None, GIVEN)
    peer = np.array([[v.sum() / 1000 for v in by_pvlib(weather, t, a)] for t, a in DIRECTIONS])
    assert year["poa_kwh_m2"].to_numpy() == pytest.approx(peer[:, 0], rel=0.0015)
    assert year["yield_kwh_kwp"].to_numpy() == pytest.approx(peer[:, 1], rel=0.0005)


def test_every_hour_as_pvlib():
    directions = [(35, 180), (35, 100), (60, 300)]
    hours = pv_matrix(planes_of(directions), MADE, None, GIVEN)
    low = (MADE["sun_elevation_deg"] <= 0).to_numpy()  # pvlib drops the twilight
    for line, (tilt, azimuth) in zip(hours, directions, strict=True):
        peer = by_pvlib(MADE, tilt, azimuth)[1]
        assert line[~low] == pytest.approx(peer[~low], abs=0.5)


def test_wind_cools_as_faiman_says():
    airy = GIVEN.replaced({"solar.cell_heat_loss_wind": 6.84})
    ours = pv_year(planes_of([(35, 180)]), MADE, None, airy)["yield_kwh_kwp"].iloc[0]
    assert ours == pytest.approx(by_pvlib(MADE, 35, 180, airy)[1].sum() / 1000, rel=0.005)


def test_the_reference_that_others_worked_out():
    """Other sun positions and another beam at low sun: 1 % on roofs."""
    reference = pd.read_csv(shared("refs/energy/pv_reference_pvlib.csv"))
    reference = reference[(reference["transposition"] == "perez") & (reference["tilt_deg"] <= 45)]
    directions = reference[["tilt_deg", "azimuth_deg"]].to_numpy()
    year = pv_year(planes_of(directions), real_weather(), None, GIVEN)
    expected = reference["poa_kWh_m2"].to_numpy()
    assert len(expected) >= 12
    assert year["poa_kwh_m2"].to_numpy() == pytest.approx(expected, rel=0.01)


def test_yield_of_the_rhineland():
    """PVGIS gives 950 to 1,000 kWh/kWp for south roofs around Köln (general knowledge)."""
    best = pv_year(planes_of([(35, 180)]), real_weather(), None, GIVEN)
    assert 930 < best["yield_kwh_kwp"].iloc[0] < 1010


def test_a_level_plane_gets_what_the_weather_says():
    year = pv_year(planes_of([(0, 0)]), MADE, None, GIVEN)
    assert year["poa_kwh_m2"].iloc[0] == pytest.approx(MADE["ghi_wm2"].sum() / 1000, rel=0.002)


def test_rows_in_pairs_are_east_and_west_together():
    flat = planes_of([(0, 0)])
    rows = pv_year(flat, MADE, None, assumptions())["yield_kwh_kwp"].iloc[0]
    both = pv_year(planes_of([(10, 90), (10, 270)]), MADE, None, GIVEN)["yield_kwh_kwp"].mean()
    assert rows == pytest.approx(both, rel=0.005)
    south = assumptions().replaced({"solar.flat_rows_azimuth": 180.0})
    single = pv_year(flat, MADE, None, south)["yield_kwh_kwp"].iloc[0]
    expected = pv_year(planes_of([(10, 180)]), MADE, None, GIVEN)["yield_kwh_kwp"].iloc[0]
    assert single == expected


def horizon_table(ids, angle, view):
    columns = {f"h{at:03d}": angle for at in range(0, 360, 10)}
    return pd.DataFrame({**columns, "sky_view": view}, index=ids)


def test_no_beam_from_behind_a_horizon():
    planes = planes_of([(35, 180)])
    walled = pv_year(planes, MADE, horizon_table(planes.index, 89.9, 0.0), GIVEN)
    ground = GIVEN["solar.albedo"] * (1 - np.cos(np.radians(35))) / 2 * MADE["ghi_wm2"].sum()
    assert walled["poa_kwh_m2"].iloc[0] == pytest.approx(ground / 1000, rel=1e-4)


def test_a_horizon_in_the_east_takes_the_mornings():
    planes = planes_of([(35, 180)])
    table = horizon_table(planes.index, 0.0, 1.0)
    table[[f"h{at:03d}" for at in range(0, 180, 10)]] = 60.0
    before, after = (pv_matrix(planes, MADE, t, GIVEN)[0] for t in (None, table))
    turn = MADE["sun_azimuth_deg"].to_numpy()
    cooler = 0.5  # light at a grazing angle only warms the cells
    assert (after[turn < 170] <= before[turn < 170] + cooler).all()
    assert after[turn < 170].sum() < 0.6 * before[turn < 170].sum()
    np.testing.assert_array_equal(after[turn >= 180], before[turn >= 180])


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.floats(0, 90), st.floats(0, 360)), min_size=2, max_size=40
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_the_order_of_planes_does_not_count(directions, random):
    planes = planes_of(directions)
    shuffled = planes.sample(frac=1, random_state=random.randrange(1000))
    one = pv_year(planes, MADE, None, GIVEN)
    two = pv_year(shuffled, MADE, None, GIVEN)
    pd.testing.assert_frame_equal(one, two.loc[one.index], check_exact=True)


def test_sums_by_group_are_the_sums_of_the_planes():
    planes = planes_of(DIRECTIONS)
    planes["building_id"] = [f"b{i % 5}" for i in range(len(planes))]
    kwp = pd.Series(np.arange(len(planes)) / 3.0, index=planes.index)
    names, sums = pv_hours(kwp, planes, MADE, None, GIVEN)
    assert names.tolist() == [f"b{i}" for i in range(5)]
    matrix = pv_matrix(planes, MADE, None, GIVEN)
    watts = np.rint(matrix * kwp.to_numpy(np.float32)[:, None]).astype(int)
    expected = pd.DataFrame(watts).groupby(planes["building_id"].to_numpy()).sum().to_numpy()
    np.testing.assert_array_equal(sums, expected)
    by = pd.Series("all", index=planes.index).where(kwp > 5)
    names, total = pv_hours(kwp, planes, MADE, None, GIVEN, by=by)
    assert names.tolist() == ["all"]
    np.testing.assert_array_equal(total[0], watts[kwp > 5].sum(axis=0))


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_leave_no_trace(monkeypatch, threads):
    planes = planes_of(DIRECTIONS)
    table = horizon_table(planes.index, 12.0, 0.95)
    kwp = pd.Series(7.3, index=planes.index)
    before = pv_year(planes, MADE, table, GIVEN), pv_hours(kwp, planes, MADE, table, GIVEN)[1]
    monkeypatch.setattr("numba.get_num_threads", lambda: threads)
    after = pv_year(planes, MADE, table, GIVEN), pv_hours(kwp, planes, MADE, table, GIVEN)[1]
    pd.testing.assert_frame_equal(before[0], after[0], check_exact=True)
    np.testing.assert_array_equal(before[1], after[1])


def test_half_a_year_is_refused():
    with pytest.raises(ModelError, match="4000 hours"):
        make_sun(MADE.iloc[:4000], GIVEN)


def test_missing_values_are_named():
    holes = MADE.copy()
    holes.iloc[5, 0] = holes.iloc[7, 2] = np.nan
    with pytest.raises(ModelError, match=r"temperature_c \(1\), dni_wm2 \(1\)"):
        make_sun(holes, GIVEN)


def test_more_plants_than_a_town_can_have_are_refused():
    planes = planes_of([(35, 180)])
    with pytest.raises(ModelError, match="kWp"):
        pv_hours(pd.Series(2e6, index=planes.index), planes, MADE, None, GIVEN)
