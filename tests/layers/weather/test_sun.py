"""The place of the sun and the parting of its light, against published figures and laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.weather.hours import hours_of, keys_of
from layers.weather.sun import beam_from_horizontal, clear_beam, split_global, sun_at

YEAR = hours_of(2015)
ELEVATION, _ = sun_at(YEAR, lat=50.93, lon=6.96, offset_h=1.0, height_m=50)


def test_the_example_of_the_algorithm():
    """
    Reda and Andreas (2004), table of the worked example: 17 October 2003, 12:30:30 UTC-7.

    39.742476° N, 105.1786° W, 1830.14 m: elevation 39.872° without refraction, azimuth 194.340°.
    """
    start = pd.DatetimeIndex(["2003-10-17 12:00:30"])  # its middle is 12:30:30
    elevation, azimuth = sun_at(start, lat=39.742476, lon=-105.1786, offset_h=-7, height_m=1830.14)
    assert elevation[0] == pytest.approx(39.872, abs=2e-3)
    assert azimuth[0] == pytest.approx(194.340, abs=2e-3)


def test_noon_by_hand():
    """At true noon the sun stands 90° - latitude + declination high."""
    for day, declination in (("2015-06-21", 23.44), ("2015-12-22", -23.44), ("2015-09-23", 0.0)):
        start = pd.DatetimeIndex([f"{day} 12:00"])
        best = max(
            sun_at(start + pd.Timedelta(minutes=m), lat=50.8, lon=7.15, offset_h=1, height_m=0)[0][
                0
            ]
            for m in range(-30, 60, 2)
        )
        assert best == pytest.approx(90 - 50.8 + declination, abs=0.15)


def test_southern_hemisphere_and_half_hours():
    """In Adelaide (UTC+9:30) the sun stands in the north at noon, highest in December."""
    start = pd.DatetimeIndex(["2015-12-22 12:00", "2015-06-21 12:00"])
    elevation, azimuth = sun_at(start, lat=-34.9, lon=138.6, offset_h=9.5, height_m=50)
    np.testing.assert_allclose(elevation, [90 - 34.9 + 23.44, 90 - 34.9 - 23.44], atol=1.0)
    assert (np.minimum(azimuth, 360 - azimuth) < 25).all()
    assert keys_of(start, 9.5)[0] == "2015-12-22T12:00+09:30"


@given(st.integers(0, 8759), st.floats(0, 1))
def test_beam_on_the_horizontal_comes_back(hour, share):
    """Whatever the horizontal gets, the facing plane gets 1 / sine of it, but never too much."""
    at, elevation = YEAR[hour : hour + 1], ELEVATION[hour : hour + 1]
    beam = np.array([share * 1000 * max(np.sin(np.radians(elevation[0])), 0)])
    dni, cut = beam_from_horizontal(beam, elevation, at, height_m=50)
    back = dni * np.sin(np.radians(elevation))
    assert 0 <= dni[0] <= 1150
    assert back[0] <= beam[0] + 1e-9
    if not cut[0] and elevation[0] >= 2:
        assert back[0] == pytest.approx(beam[0], abs=1e-9)
    if elevation[0] < 2:
        assert dni[0] == 0


@given(st.floats(0, 1.2))
def test_parted_light_adds_up(share):
    ghi = share * 1000 * np.sin(np.radians(np.maximum(ELEVATION, 0)))
    dni, dhi = split_global(ghi, ELEVATION, YEAR)
    back = dhi + dni * np.sin(np.radians(np.maximum(ELEVATION, 0)))
    np.testing.assert_allclose(back, ghi, atol=1e-6)
    assert (dni >= 0).all()
    assert (dhi >= 0).all()
    assert (dni <= clear_beam(ELEVATION, YEAR, height_m=0) + 1e-9).all()


def test_diffuse_share_of_erbs_by_hand():
    """
    Erbs et al. (1982): kt up to 0.22 has 1 - 0.09 kt diffuse, above 0.8 it has 16.5 %.

    kt is ghi over the irradiance above the air on the horizontal.
    """
    noon = int(np.argmax(ELEVATION))
    at, elevation = YEAR[noon : noon + 1], ELEVATION[noon : noon + 1]
    day = at.day_of_year.to_numpy()
    above = 1366.1 * (1 + 0.033 * np.cos(2 * np.pi * day / 365)) * np.sin(np.radians(elevation))
    _, dhi = split_global(0.1 * above, elevation, at)
    np.testing.assert_allclose(dhi / (0.1 * above), 1 - 0.09 * 0.1, rtol=0.002)
    _, dhi = split_global(0.5 * above, elevation, at)
    kt = 0.5
    share = 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    np.testing.assert_allclose(dhi / (0.5 * above), share, rtol=0.01)


def test_the_clearest_sky_is_brighter_than_any_real_one():
    """On the Zugspitze about 1,080 W/m² are the most; nothing reaches the solar constant."""
    most = clear_beam(np.array([-5.0, 2, 10, 30, 60, 90]), YEAR[:6], height_m=2960)
    assert most[0] == 0
    assert (np.diff(most) > 0).all()
    assert 1050 < most[4] < 1410
