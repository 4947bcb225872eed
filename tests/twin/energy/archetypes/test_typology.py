"""The typology in the package against the table it was taken from, and against itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.conftest import shared
from twin.assumptions import assumptions
from twin.energy.archetypes.typology import PARTS, area_of, transmission_of, typology


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(shared("refs/energy/tabula_de.csv"), index_col="Code_BuildingVariant")


def test_has_every_variant_once_and_three_states_of_each_example():
    table = typology()
    assert len(table) == 187
    assert table.index.is_unique
    states = table.groupby(["region", "size", "letter", "subtype"])["state"].nunique()
    assert (states == 3).all()


def test_figures_are_the_published_ones(published):
    table = typology().loc[published.index]
    assert table["reference_area_m2"].tolist() == published["A_C_Ref"].tolist()
    assert table["heat_kwh_m2"].tolist() == published["q_h_nd"].tolist()
    assert table["wall1_u"].tolist() == published["U_Actual_Wall_1"].tolist()
    assert table["floor2_b"].tolist() == published["b_Transmission_Floor_2"].tolist()
    assert np.allclose(table["glass_south_m2"], published["A_Calc_Window_South"], atol=0.001)
    assert np.allclose(table["g"], published["g_gl_n"])


def test_transmission_is_the_published_one_within_its_rounding(published):
    own = transmission_of(typology()) / typology()["reference_area_m2"]
    difference = own - published.loc[own.index, "h_Transmission"]
    assert difference.abs().max() < 0.0061


def test_boundary_conditions_of_all_variants_are_the_assumed_ones(published):
    given = assumptions()
    same = {
        "h_room": "room_height", "n_air_use": "air_change_use", "F_f": "frame_share",
        "F_w": "incidence", "F_sh_hor": "shading_horizontal", "F_sh_vert": "shading_vertical",
        "c_m": "heat_capacity", "phi_int": "gains.residential", "HeatingDays": "heating_days",
        "Theta_e": "outdoor_temperature", "I_Sol_South": "season_sun.south",
        "I_Sol_Hor": "season_sun.horizontal", "I_Sol_North": "season_sun.north",
        "I_Sol_East": "season_sun.east", "I_Sol_West": "season_sun.west",
    }  # fmt: skip
    for column, name in same.items():
        assert (published[column] == given[f"archetypes.{name}"]).all(), column
    sizes = {"EFH": "detached", "RH": "terraced", "MFH": "apartments", "GMH": "large_apartments"}
    for german, own in sizes.items():
        rows = published[published["size_class_DE"] == german]
        assert (rows["F_red_htr1"] == given[f"archetypes.reduction_at_1.{own}"]).all()
        assert (rows["F_red_htr4"] == given[f"archetypes.reduction_at_4.{own}"]).all()
        assert (rows["q_w_nd"] == given[f"stock.hot_water_housing.{own}"]).all()


def test_known_quirks_do_no_harm():
    table = typology()
    odd = table[table["floor1_u"] == 0]
    assert set(odd["letter"]) <= {"K", "L"}
    assert (odd["floor1_m2"] == 0).all()  # no area that a wrong 0 could take heat loss from
    assert table.loc["DE.N.SFH.07.Gen.ReEx.001.001", "window1_u"] == 4.3


def test_every_part_of_the_envelope_has_an_area():
    for part in PARTS:
        assert (area_of(typology(), part) > 0).mean() > 0.98, part
