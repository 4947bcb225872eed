import numpy as np
import pandas as pd
import pytest

from tests.conftest import shared
from tests.twin.energy.heat_grid.town import line_town
from twin.assumptions import assumptions
from twin.energy.heat_grid import connect_points, heat_density, line_density, thresholds

GIVEN = assumptions()


def test_heat_density_by_hand():
    blocks = pd.DataFrame({"area_m2": [20_000.0, 5_000.0, 10_000.0]}, index=["k1", "k2", "k3"])
    ids = [f"b{i}" for i in range(8)]
    stock = pd.DataFrame({"block_id": ["k1"] * 5 + ["k2"] * 2 + [None]}, index=ids)
    heat = pd.Series([100_000.0] * 5 + [50_000.0, 0.0, 9e9], index=ids)
    found = heat_density(blocks, stock, heat)
    # 500 MWh on 2 ha; 50 MWh on half a hectare; nothing on the third
    assert found["heat_density_mwh_ha_a"].tolist() == [250.0, 100.0, 0.0]
    assert found["buildings"].tolist() == [5, 1, 0]
    assert found["publishable"].tolist() == [True, False, True]


def test_heat_density_needs_no_heat_row_for_every_building():
    blocks = pd.DataFrame({"area_m2": [10_000.0, 0.0]}, index=["k1", "k2"])
    stock = pd.DataFrame({"block_id": ["k1", "k1", "k2"]}, index=["a", "b", "c"])
    found = heat_density(blocks, stock, pd.Series({"b": 7_000.0}))
    assert found["heat_density_mwh_ha_a"].iloc[0] == 7
    assert np.isnan(found["heat_density_mwh_ha_a"].iloc[1])


def test_line_density_by_hand():
    town = line_town([(20, 10), (50, 10), (80, 10), (150, 30)])
    at = connect_points(town.buildings, town.streets, GIVEN)
    heat = pd.Series([30_000.0, 0.0, 60_000.0, 40_000.0], index=town.buildings.index)
    found = line_density(at, town.streets, heat)
    assert list(found.index) == ["s0000:b", "s0001:b", "s0002:b"]
    assert found["line_density_kwh_m"].tolist() == [900.0, 400.0, 0.0]
    assert found["line_density_mwh_m"].tolist() == [0.9, 0.4, 0.0]
    assert found["buildings"].tolist() == [2, 1, 0]
    # an unheated building needs no connection: 100 m street + 2 x 10 m
    assert found["connection_m"].tolist() == [20.0, 30.0, 0.0]
    with_houses = [90_000 / 120, 40_000 / 130, 0]
    np.testing.assert_allclose(found["line_density_with_connections_kwh_m"], with_houses)
    assert found["publishable"].tolist() == [False, False, True]


def test_the_heat_of_all_connected_buildings_is_on_the_streets():
    town = line_town([(x, 9) for x in range(5, 300, 7)])
    at = connect_points(town.buildings, town.streets, GIVEN)
    heat = pd.Series(np.arange(len(at), dtype=float), index=at.index)
    assert line_density(at, town.streets, heat)["heat_kwh"].sum() == heat.sum()


def test_limits_are_those_of_the_references_with_their_status():
    ref = pd.read_csv(shared("refs/energy/heat_density_thresholds.csv"))
    ref = ref[ref["quantity"].isin(["heat_density", "heat_line_density"])]
    own = thresholds()
    assert own["low"].tolist() == pytest.approx(ref["low"].tolist())
    assert own["source"].tolist() == ref["source"].tolist()
    assert (own["status"] == "unverified").tolist() == (ref["status"] == "UNVERIFIED").tolist()
