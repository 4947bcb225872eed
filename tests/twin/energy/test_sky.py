"""Sun on planes against pvlib, an independent implementation, and limiting cases."""

import numpy as np
import pandas as pd
import pvlib
import pytest

from tests.twin.energy.heat_demand.made import make_weather
from twin.energy.climate import sky_of
from twin.energy.sky import cos_incidence, diffuse_modifier, on_plane, pane_modifier, sky_view


@pytest.mark.parametrize(("tilt", "azimuth"), [(90, 0), (90, 90), (90, 180), (90, 270), (35, 200)])
def test_irradiance_is_that_of_pvlib_perez(tilt, azimuth):
    hours = make_weather()
    sky = sky_of(hours)
    ours = on_plane(sky, tilt_deg=tilt, azimuth_deg=azimuth, albedo=0.2)
    zenith = 90 - hours["sun_elevation_deg"]
    up = hours["sun_elevation_deg"] > 0
    days = pd.date_range("2015-01-01", periods=8760, freq="h").day_of_year.to_numpy()
    theirs = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, zenith, hours["sun_azimuth_deg"],
        hours["dni_wm2"], hours["ghi_wm2"], hours["dhi_wm2"],
        dni_extra=np.asarray(pvlib.irradiance.get_extra_radiation(days)),
        airmass=pvlib.atmosphere.get_relative_airmass(zenith.where(up, np.nan)),
        albedo=0.2, model="perez",
    )  # fmt: skip
    total = theirs["poa_global"].fillna(0)
    assert ours.total.sum() == pytest.approx(total.sum(), rel=0.002)
    assert np.abs(ours.total - total)[up].max() < 8  # W/m², in hours around sunrise


def test_horizontal_is_what_was_measured():
    hours = make_weather()
    plane = on_plane(sky_of(hours), tilt_deg=0, azimuth_deg=180, albedo=0.2)
    np.testing.assert_allclose(plane.total, hours["ghi_wm2"], atol=1e-9)
    assert plane.ground.max() == 0


def test_no_plane_ever_gets_less_than_nothing():
    for azimuth in range(0, 360, 45):
        plane = on_plane(sky_of(make_weather()), tilt_deg=90, azimuth_deg=azimuth, albedo=0.0)
        assert plane.total.min() >= 0


def test_sun_stands_behind_the_north_wall_at_noon():
    sky = sky_of(make_weather())
    noon = np.arange(12, 8760, 24)
    assert cos_incidence(sky, tilt_deg=90, azimuth_deg=0)[noon].max() == 0
    south = cos_incidence(sky, tilt_deg=90, azimuth_deg=180)[noon]
    np.testing.assert_allclose(south, np.cos(np.radians(sky.elevation_deg[noon])), atol=0.02)


def test_panes_follow_the_table_of_clear_double_glazing():
    """g of the double glazing of ANSI/ASHRAE 140-2020, case 600, by angle, over that at 0°."""
    angle = np.array([0, 20, 40, 50, 60, 70, 80, 90])
    table = np.array([0.769, 0.766, 0.748, 0.718, 0.651, 0.509, 0.267, 0.0]) / 0.769
    ours = pane_modifier(np.cos(np.radians(angle)), panes=2, category=4)
    np.testing.assert_allclose(ours, table, atol=0.07)
    assert diffuse_modifier(panes=2, category=4) == pytest.approx(0.670 / 0.769, abs=0.03)
    assert (np.diff(ours) < 0).all()


def test_a_wall_sees_half_of_the_sky_and_that_half_is_the_warmer_one():
    assert 0.3 < sky_view(90) < 0.5
    assert sky_view(0) == 1
