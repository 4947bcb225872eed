import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from tests.conftest import shared
from tests.twin.energy.heat_grid.town import plan
from twin.assumptions import assumptions
from twin.classes import NETWORK_SOURCES
from twin.energy.heat_grid.plant import (
    CARRIER,
    chp_heat_share,
    coefficient_of_performance,
    final_energy,
    heat_factor,
    make_plant,
    renewable_share,
    size_plant,
)  # fmt: skip

GIVEN = assumptions()


def test_every_source_is_known():
    for name in NETWORK_SOURCES:
        made = make_plant(plan(sources={name: 1.0}), 1_000_000, 400, GIVEN)
        assert made["heat_kwh"].sum() == 1_000_000
        assert made["capacity_kw"].sum() >= 400
        assert (made[["intake_kwh", "electricity_kwh"]] >= 0).all(axis=None)
        assert CARRIER[name] in made["carrier"].tolist()


def test_capacities_by_hand():
    # 3 GWh from biomass at 4500 h: 667 kW; 1 GWh of gas at 1500 h: 667 kW; peak 2000 kW
    made = size_plant({"biomass": 0.75, "gas_boiler": 0.25}, 4_000_000, 2000, GIVEN)
    assert made["capacity_kw"].to_dict() == pytest.approx(
        {"biomass": 666.667, "gas_boiler": 1333.333}, abs=0.01
    )
    # without a boiler all sources grow alike
    made = size_plant({"geothermal": 0.5, "waste_heat": 0.5}, 6_000_000, 2000, GIVEN)
    assert made["capacity_kw"].tolist() == pytest.approx([1000, 1000])
    # and what is large enough is left as it is
    made = size_plant({"gas_boiler": 1.0}, 3_000_000, 500, GIVEN)
    assert made["capacity_kw"].tolist() == pytest.approx([2000])


def test_heat_pump_by_hand():
    cop = coefficient_of_performance("river_heat_pump", 75, GIVEN)
    # 75 °C from river water of 8 °C: 348.15 / 67 x 0.53 = 2.754
    assert cop == pytest.approx(2.754, abs=1e-3)
    made = make_plant(plan(sources={"river_heat_pump": 1.0}), 2754.0, 1, GIVEN).iloc[0]
    assert made["electricity_kwh"] == pytest.approx(1000 + 0.03 * 2754, abs=0.5)
    assert made["intake_kwh"] == pytest.approx(1754, abs=0.5)


def test_the_cooler_the_better():
    hot = coefficient_of_performance("air_heat_pump", 90, GIVEN)
    assert coefficient_of_performance("air_heat_pump", 45, GIVEN) > 1.5 * hot


def test_chp_by_exergy_by_hand():
    # 80 / 50: sink 338.15 K, Carnot 1 - 283.15 / 338.15 = 0.16265; 0.48 x 0.16265 = 0.07807
    share = 0.07807 / (0.07807 + 0.4)
    assert chp_heat_share(80, 50, GIVEN) == pytest.approx(share, abs=1e-4)
    # over the year the flow is at 75 °C: Carnot 0.15641, so 0.07508 of 0.47508
    made = make_plant(plan(sources={"gas_chp": 1.0}), 4800, 1, GIVEN).iloc[0]
    assert made["intake_kwh"] == pytest.approx(10_000)
    assert made["sold_kwh"] == pytest.approx(4000)
    assert made["for_heat_kwh"] == pytest.approx(10_000 * 0.07508 / 0.47508, abs=1)


@examples(st.floats(45, 130), st.floats(25, 44))
@settings(max_examples=25)
def test_a_heat_pump_makes_no_energy(flow, back):
    network = plan(sources={"air_heat_pump": 1.0}, flow_c=flow, return_c=back)
    made = make_plant(network, 1000, 1, GIVEN).iloc[0]
    auxiliary = GIVEN["grid.auxiliary.air_heat_pump"] * 1000
    assert made["intake_kwh"] + made["electricity_kwh"] - auxiliary == pytest.approx(1000)
    assert made["intake_kwh"] > 0


def test_emissions_of_a_gas_boiler_by_hand():
    made = make_plant(plan(sources={"gas_boiler": 1.0}), 1_000_000, 500, GIVEN)
    needed = final_energy(made, 20_000)
    # gas 1 GWh / 0.92 at 240 g; 1 % + 20 MWh of electricity at 390 g; 900 MWh arrive
    tonnes = 1_000_000 / 0.92 * 240e-6 + 30_000 * 390e-6
    assert heat_factor(needed, 900_000, 2025, GIVEN) == pytest.approx(tonnes / 900_000)
    own = heat_factor(needed, 900_000, 2025, GIVEN, factors={"electricity": 0.0, "gas": 1e-4})
    assert own == pytest.approx(1_000_000 / 0.92 * 1e-4 / 900_000)
    assert heat_factor(needed, 0, 2025, GIVEN) == 0


def test_factors_are_those_of_the_law():
    ref = pd.read_csv(shared("refs/energy/emission_factors.csv"))
    law = ref[ref["set"] == "GEG_Anlage9"].set_index("carrier")["value"]
    own = GIVEN.by_class("grid.emission")
    expected = {
        "gas": law["Erdgas"],
        "biomass": law["Holz"],
        "waste_heat": law["Abwärme aus Prozessen"],
        "waste_incineration": law["Wärme aus Verbrennung von Siedlungsabfällen"],
        "ambient_heat": law["Erdwärme, Geothermie, Solarthermie, Umgebungswärme"],
    }
    assert {name: value * 1e6 for name, value in own.items()} == pytest.approx(expected)


def test_renewable_share_by_hand():
    mix = {"biomass": 0.3, "gas_boiler": 0.2, "solar_thermal": 0.5}
    assert renewable_share(mix, GIVEN) == pytest.approx(0.8)
