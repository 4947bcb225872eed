"""Hourly electricity per heat: seasonal performance as measured in the field, right series."""

import csv

import numpy as np
import pytest

from tests.conftest import shared
from tests.twin.energy.supply.houses import climate_of, cologne, made_up_climate, make_stock
from twin.assumptions import assumptions
from twin.classes import AGE_CLASSES, HEAT_SYSTEMS
from twin.energy.supply import (
    SERIES,
    default_performance,
    heat_series,
    hot_water_series,
    seasonal_performance,
    space_series,
)
from twin.errors import ModelError

given = assumptions()
LOSS = given.by_class("supply.distribution_loss")


def performance_of(source, flow, table):
    """Heat made over electricity, as field tests measure it, with 15 % of the heat in water."""
    space, water = (table.loc[f"{source}_{use}", "performance"] for use in (flow, "hot_water"))
    made = 0.85 * (1 + LOSS["space"]) + 0.15 * (1 + LOSS["hot_water"])
    return made / (0.85 / space + 0.15 / water)


def test_names_and_values_fit_together():
    series = heat_series(made_up_climate(), given)
    assert series.names == SERIES
    assert series.values.shape == (len(SERIES), 8760)
    assert series.values.dtype == np.float32
    assert np.isfinite(series.values).all()
    by_name = dict(zip(series.names, series.values, strict=True))
    assert not by_name["zero"].any()
    assert (by_name["one"] == 1).all()


@pytest.mark.parametrize("source", ["air", "brine"])
@pytest.mark.parametrize("flow", [35, 45, 55])
def test_seasonal_performance_lies_where_fraunhofer_ise_measured(source, flow):
    with shared("refs/energy/census_heating.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if "Fraunhofer ISE" in r["source"]]
    low, high = sorted(float(row["value"]) for row in rows)
    climate = cologne()
    table = seasonal_performance(heat_series(climate, given), climate, given)
    assert low <= performance_of(source, flow, table) <= high


def test_brine_beats_air_and_low_flow_beats_high():
    climate = made_up_climate()
    table = seasonal_performance(heat_series(climate, given), climate, given)["performance"]
    for flow in (35, 45, 55, 65):
        assert table[f"brine_{flow}"] > table[f"air_{flow}"]
    for source in ("air", "brine", "hybrid"):
        assert (np.diff([table[f"{source}_{flow}"] for flow in (35, 45, 55, 65)]) < 0).all()


def test_assumed_performance_is_what_cologne_gives():
    climate = cologne()
    found = seasonal_performance(heat_series(climate, given), climate, given)
    assumed = default_performance(given)
    pumps = [name for name in SERIES if name not in ("zero", "one")]
    for column in ("performance", "share"):
        assert assumed.loc[pumps, column].to_numpy() == pytest.approx(
            found.loc[pumps, column].to_numpy(), rel=0.01
        )


def test_a_constant_climate_by_hand():
    series = heat_series(climate_of(np.full(8760, 5.0)), given)
    by_name = dict(zip(series.names, series.values[:, 100], strict=True))
    flow = 20 + (15 / 30) ** (1 / 1.3) * 35  # heating curve of the 55 °C class
    cop = (46.37462900126993 - 46.22057938564581) * 5 - 0.08756667775339223 * flow + 7.0454352113504
    assert by_name["air_55"] == pytest.approx(1.07 / (cop * 0.85), rel=1e-5)
    assert by_name["hybrid_55"] == by_name["air_55"]
    brine = 0.09856460505867312 * (6.7657 - flow) + 8.12241287944408 - 0.00010931425657465474 * 5
    assert by_name["brine_55"] == pytest.approx(1.07 / (brine * 0.85), rel=1e-5)


def test_hybrids_take_no_electricity_in_the_cold_and_air_heat_pumps_take_more():
    series = heat_series(climate_of(np.full(8760, -6.0)), given)
    by_name = dict(zip(series.names, series.values[:, 0], strict=True))
    assert by_name["hybrid_55"] == 0
    assert by_name["hybrid_hot_water"] == 0
    warm = heat_series(climate_of(np.full(8760, 3.0)), given)
    assert by_name["air_55"] > 1.5 * warm.values[SERIES.index("air_55"), 0]


def test_no_hour_takes_more_than_direct_heat_and_losses():
    values = heat_series(climate_of(np.full(8760, -30.0)), given).values
    assert values.max() <= 1 + LOSS["hot_water"] + 1e-6
    space = [i for i, name in enumerate(SERIES) if not name.endswith("hot_water")]
    assert values[space].max() <= 1 + LOSS["space"] + 1e-6


def names_of(codes):
    return [SERIES[code] for code in codes]


def test_each_system_follows_its_series():
    stock = make_stock(system=list(HEAT_SYSTEMS), age_class="1984_2001")
    space = dict(zip(HEAT_SYSTEMS, names_of(space_series(stock, given)), strict=True))
    water = dict(zip(HEAT_SYSTEMS, names_of(hot_water_series(stock, given)), strict=True))
    pumps = {"air_heat_pump": "air", "brine_heat_pump": "brine", "hybrid_heat_pump": "hybrid"}
    for system in HEAT_SYSTEMS:
        kind = pumps.get(system)
        other = "one" if system == "direct_electric" else "zero"
        assert space[system] == (f"{kind}_55" if kind else other)
        taps = "one" if system in ("direct_electric", "coal_stove") else "zero"
        assert water[system] == (f"{kind}_hot_water" if kind else taps)
    assert space_series(stock, given).dtype == np.int32
    assert hot_water_series(stock, given).dtype == np.int32


def test_flow_temperature_by_age_and_refurbishment():
    cases = [
        ("until_1918", "existing", 65), ("1969_1983", "usual", 55), ("1969_1983", "advanced", 45),
        ("1984_2001", "existing", 55), ("2002_2009", "usual", 35), ("2017_2029", "existing", 35),
        ("2010_2016", "advanced", 35), (None, "existing", 55),
    ]  # fmt: skip
    ages, states, flows = zip(*cases, strict=True)
    stock = make_stock(system="air_heat_pump", age_class=list(ages), refurbishment=list(states))
    assert names_of(space_series(stock, given)) == [f"air_{flow}" for flow in flows]
    between = given.replaced({"supply.flow_built.until_1918": 57.0})
    assert names_of(space_series(stock, between))[0] == "air_65"  # the next higher class


def test_series_do_not_depend_on_the_order_of_buildings():
    rng = np.random.default_rng(3)
    stock = make_stock(
        system=list(rng.choice(HEAT_SYSTEMS, 200)), age_class=list(rng.choice(AGE_CLASSES, 200))
    )
    mixed = rng.permutation(200)
    for follow in (space_series, hot_water_series):
        assert (follow(stock.iloc[mixed], given) == follow(stock, given)[mixed]).all()


def test_an_unknown_word_is_named_with_what_is_allowed():
    stock = make_stock().astype({"system": object})
    stock["system"] = "fusion"
    with pytest.raises(ModelError, match=r"Column system holds fusion\. Allowed are gas_boiler"):
        space_series(stock, given)
