"""Investments between two stages, each kind worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from tests.twin.energy.supply.houses import make_stock
from twin.assumptions import assumptions
from twin.balance import investments
from twin.errors import ModelError

given = assumptions()


def sizes_of(stock, peak_kw=12.0):
    return pd.DataFrame({"peak_kw": peak_kw, "heated_area_m2": stock["heated_area_m2"]})


def invest(before, after, years=(2025, 2030), sizes=None, given=given):
    sizes = sizes_of(after) if sizes is None else sizes
    return investments(before, after, sizes, years=years, given=given)


def test_nothing_done_costs_nothing():
    stock = make_stock(3, system_year=2022.0, pv_kwp=5.0, pv_year=2020.0)
    assert invest(stock, stock).eq(0).all(axis=None)


def test_a_new_air_heat_pump_of_12_kw_costs_about_35000_euros():
    before = make_stock(system_year=2015.0)
    after = make_stock(system="air_heat_pump", system_year=2028.0)
    found = invest(before, after).iloc[0]
    assert found["heating_eur"] == pytest.approx(35_000, rel=0.02)
    assert found["heating_levy_eur"] == pytest.approx(0.85 * found["heating_eur"])
    assert found["total_eur"] == found["heating_eur"]


@pytest.mark.parametrize(
    ("installed", "years", "count"),
    [(2008, (2025, 2030), 1), (2010, (2025, 2030), 1), (2011, (2025, 2030), 0),
     (2006, (2025, 2030), 1), (2010, (2030, 2035), 0), (1990, (2025, 2035), 1),
     (1985, (2035, 2045), 0), (2008, (2025, 2050), 2)],
)  # fmt: skip
def test_old_generators_are_replaced_like_for_like_in_any_scenario(installed, years, count):
    """Life of 20 years: one of 2008 ends in 2028, one of 1985 until 2035."""
    stock = make_stock(system_year=float(installed))
    found = invest(stock, stock, years).iloc[0]
    assert found["heating_eur"] == pytest.approx(count * 4634 * 12**0.46)
    assert found["heating_levy_eur"] == 0  # no modernisation


def test_a_generator_that_a_measure_renews_is_paid_once():
    before = make_stock(system_year=2009.0)
    after = make_stock(system_year=2027.0)
    assert invest(before, after).iloc[0]["heating_eur"] == pytest.approx(4634 * 12**0.46)


def test_an_envelope_by_hand():
    before = make_stock(2, size_class=["detached", "apartments"], heated_area_m2=[150.0, 1000.0])
    after = before.assign(
        refurbishment=pd.Categorical(["usual", "advanced"], before["refurbishment"].cat.categories),
        refurbished_year=2029.0,
        system_year=2027.0,
    )
    found = invest(before.assign(system_year=2027.0), after.assign(system_year=2024.0))
    assert found["retrofit_eur"].tolist() == pytest.approx([150 * 520, 1000 * 460])
    levy = [150 * 520 * 0.38, 1000 * 460 * 0.55]
    assert found["retrofit_levy_eur"].tolist() == pytest.approx(levy)


def test_an_envelope_renewed_to_the_same_standard_counts_by_its_year():
    before = make_stock(refurbishment="usual", refurbished_year=1995.0, system_year=2024.0)
    after = before.assign(refurbished_year=2030.0)
    assert invest(before, after)["retrofit_eur"].iloc[0] == pytest.approx(150 * 520)
    assert invest(before, after, (2030, 2035))["retrofit_eur"].iloc[0] == 0


def test_photovoltaics_and_batteries_by_what_they_grow():
    before = make_stock(system_year=2024.0, pv_kwp=[0.0, 5.0], pv_year=[np.nan, 2020.0])
    after = before.assign(pv_kwp=[10.0, 15.0], pv_year=[2028.0, 2028.0], battery_kwh=[10.0, 0.0])
    found = invest(before, after)
    assert found["pv_eur"].tolist() == pytest.approx([13_000 * 0.9] * 2, rel=1e-3)  # raiffeisenvolt
    assert found["battery_eur"].tolist() == pytest.approx([6_000 * 0.9, 0])


def test_old_photovoltaics_are_renewed():
    stock = make_stock(system_year=2024.0, pv_kwp=10.0, pv_year=2004.0)
    assert invest(stock, stock)["pv_eur"].iloc[0] == pytest.approx(13_000 * 0.9, rel=1e-3)
    assert invest(stock, stock, (2030, 2035))["pv_eur"].iloc[0] == 0


def test_a_substation_is_part_of_the_network():
    before = make_stock(system_year=2015.0)
    after = make_stock(system="district_heat", system_year=2030.0)
    found = invest(before, after, sizes=sizes_of(after, 100.0)).iloc[0]
    assert found["substation_eur"] == pytest.approx(27_779)
    assert found["total_eur"] == found["heating_eur"] == 0


def test_new_buildings_buy_their_heating_but_no_retrofit():
    before = make_stock(1, system_year=2024.0)
    after = make_stock(2, system_year=2024.0, refurbishment="advanced", pv_kwp=8.0)
    after.loc["b0", "refurbishment"] = "existing"
    after.loc["b0", "pv_kwp"] = 0.0
    found = invest(before, after).loc["b1"]
    assert found["retrofit_eur"] == 0
    assert found["heating_eur"] > 0
    assert found["pv_eur"] > 0
    assert found["heating_levy_eur"] == 0


def test_what_is_demolished_costs_nothing():
    before = make_stock(3, system_year=2008.0)
    assert invest(before, before.iloc[[2]]).index.tolist() == ["b2"]


def test_a_subsidy_moves_cost_to_the_state():
    before = make_stock(system_year=2015.0)
    after = make_stock(system="air_heat_pump", system_year=2028.0)
    helped = given.replaced({"balance.subsidy.air_heat_pump": 0.3})
    full, less = invest(before, after).iloc[0], invest(before, after, given=helped).iloc[0]
    assert less["heating_eur"] == pytest.approx(0.7 * full["heating_eur"])
    assert less["heating_eur"] + less["subsidy_eur"] == pytest.approx(full["heating_eur"])


def test_a_scenario_that_changes_nothing_costs_what_the_reference_does():
    rng = np.random.default_rng(4)
    stock = make_stock(200, system_year=list(rng.integers(1985, 2025, 200).astype(float)))
    pd.testing.assert_frame_equal(invest(stock, stock), invest(stock, stock.copy()))
    mixed = stock.iloc[rng.permutation(200)]
    again = invest(mixed, mixed).reindex(stock.index)
    pd.testing.assert_frame_equal(again, invest(stock, stock))


def test_unheated_buildings_buy_no_heating():
    before = make_stock(system_year=2008.0)
    found = invest(before, before, sizes=sizes_of(before).iloc[:0])
    assert found.eq(0).all(axis=None)


def test_every_fault_of_the_sizes_is_named_at_once():
    stock = make_stock(2)
    sizes = sizes_of(stock).drop(columns="heated_area_m2")
    sizes.loc["b1", "peak_kw"] = -3.0
    with pytest.raises(ModelError) as caught:
        invest(stock, stock, sizes=sizes)
    assert "no column heated_area_m2" in str(caught.value)
    assert "peak_kw of b1 is -3" in str(caught.value)
