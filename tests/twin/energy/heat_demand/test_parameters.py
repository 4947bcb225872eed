"""From zones to the network, and the hours of the night."""

import numpy as np
import pytest

from tests.twin.energy.heat_demand.made import make_zones
from twin.assumptions import assumptions
from twin.energy.heat_demand.formula import outer_conductance, response
from twin.energy.heat_demand.parameters import night_share, room_of

GIVEN = assumptions()


def test_outer_and_inner_part_are_the_whole_in_series():
    outer = outer_conductance(np.array([100.0]), np.array([1000.0]))
    assert 1 / outer[0] + 1 / 1000 == pytest.approx(1 / 100)


def test_room_in_balance_with_outdoors_stays_there():
    """Mass and outdoor air at one temperature, nothing else: so is the air, so it remains."""
    answer = response(room_of(make_zones(5), GIVEN))
    np.testing.assert_allclose(answer.air[0] + answer.air[1], 1, atol=1e-12)
    np.testing.assert_allclose(answer.mass[0] + answer.mass[1], 1, atol=1e-12)
    assert (answer.mass_per_w > 0).all()
    assert (answer.air_per_w > answer.mass_per_w).all()


def test_sun_and_gains_warm_and_sky_cools():
    answer = response(room_of(make_zones(5), GIVEN))
    for term, sign in ((2, 1), (3, 1), (4, -1), (5, 1)):
        assert (answer.air[term] * sign > 0).all()
        assert (answer.mass[term] * sign > 0).all()


def test_night_is_full_then_rises_to_its_end():
    share = night_share(GIVEN)
    assert share[[22, 23, 0, 1, 2]].tolist() == [1] * 5
    np.testing.assert_allclose(share[3:6], [5 / 6, 1 / 2, 1 / 6], atol=1e-9)
    assert share[6:22].tolist() == [0] * 16


def test_night_of_half_hours_and_no_night():
    odd = GIVEN.replaced({"heat.set_back_start": 22.5, "heat.set_back_ramp": 0})
    assert night_share(odd)[22] == pytest.approx(0.5)
    assert night_share(odd)[5] == 1
    none = GIVEN.replaced({"heat.set_back_start": 6, "heat.set_back_end": 6})
    assert night_share(none).sum() == 0
