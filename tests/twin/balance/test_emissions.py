"""Greenhouse gas against the law's factors and BISKO sums by hand."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.conftest import shared
from twin.assumptions import assumptions
from twin.balance import emission_factors, emissions, local_electricity
from twin.classes import CARRIERS
from twin.errors import ModelError

given = assumptions()


def factors_of_the_law():
    with shared("refs/energy/emission_factors.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("carrier", "named"),
    [("gas", "Erdgas"), ("oil", "Heizöl"), ("coal", "Braunkohle"), ("biomass", "Holz"),
     ("green_gas", "Biogas"), ("green_oil", "Bioöl")],
)  # fmt: skip
def test_factors_are_those_of_the_law(carrier, named):
    values = [float(r["value"]) for r in factors_of_the_law() if r["carrier"] == named]
    assert values == [emission_factors(2025, given)[carrier]]


def test_electricity_is_the_national_mix_with_upstream_chains():
    direct = {
        int(r["year"]): float(r["value"])
        for r in factors_of_the_law()
        if r["set"] in ("UBA_Strommix", "Projection")
    }
    for year in (2025, 2030):
        found = emission_factors(year, given)["electricity"]
        upstream = given.at("balance.emission_electricity_upstream", year)
        assert found - upstream == pytest.approx(direct[year])
        assert upstream > 0
    path = [emission_factors(year, given)["electricity"] for year in range(2025, 2046)]
    assert (np.diff(path) < 0).all()


def test_a_town_by_hand():
    """1 GWh gas, 500 MWh oil, 200 MWh electricity, 100 MWh district heat in 2025."""
    final = pd.DataFrame(
        {"gas_kwh": [1e6], "oil_kwh": [5e5], "electricity_kwh": [2e5], "district_heat_kwh": [1e5]}
    )
    found = emissions(final, 2025, given).iloc[0]
    assert found.to_dict() == pytest.approx(
        {"gas_t": 240, "oil_t": 155, "electricity_t": 80.8, "district_heat_t": 18}
    )


def test_networks_and_local_electricity_bring_their_own_factors():
    final = pd.DataFrame(
        {"district_heat_kwh": [1e4, 1e4, 1e4], "electricity_kwh": [1e3] * 3}, index=list("abc")
    )
    own = pd.Series({"a": 0.00005, "b": np.nan})
    found = emissions(final, 2025, given, network_factor=own, electricity_factor=0.0001)
    assert found["district_heat_t"].tolist() == pytest.approx([0.5, 1.8, 1.8])
    assert found["electricity_t"].tolist() == pytest.approx([0.1] * 3)
    assert emissions(final, 2025, given, network_factor=0.0)["district_heat_t"].sum() == 0


@drawn(st.lists(st.lists(st.floats(0, 1e6), min_size=9, max_size=9), min_size=1, max_size=20))
def test_the_sum_of_buildings_is_the_town(rows):
    final = pd.DataFrame(rows, columns=[f"{name}_kwh" for name in CARRIERS])
    town = final.sum().to_frame().T
    by_building, whole = (emissions(table, 2035, given).sum() for table in (final, town))
    assert by_building.to_numpy() == pytest.approx(whole.to_numpy())
    assert (by_building >= 0).all()


def test_unknown_carriers_are_named():
    final = pd.DataFrame({"gas_kwh": [1.0], "plutonium_kwh": [1.0]})
    with pytest.raises(ModelError, match="unknown carriers: plutonium"):
        emissions(final, 2025, given)


def test_local_mix_lies_between_sun_and_nation():
    national = emission_factors(2025, given)["electricity"] / 1e6
    sun = given["balance.emission_solar"] / 1e6
    assert local_electricity(100, 0, 2025, given) == pytest.approx(national)
    assert local_electricity(100, 50, 2025, given) == pytest.approx((national + sun) / 2)
    assert local_electricity(100, 500, 2025, given) == pytest.approx(sun)
    assert local_electricity(0, 0, 2025, given) == pytest.approx(national)
