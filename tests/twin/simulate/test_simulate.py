"""Results follow from city, scenario and assumptions alone, and nothing is lost on the way."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.twin.simulate.conftest import HEAT_PUMPS, RETROFIT, SOLAR, scenario
from twin.assumptions import assumptions
from twin.classes import CARRIERS
from twin.compare import difference
from twin.errors import ModelError, TwinError
from twin.indicators import INDICATORS, explain, indicator_table
from twin.indicators.mobility import OF_STREETS
from twin.memo import Memo
from twin.simulate import Cancelled, simulate

KW = 1000.0


def same(one, other):
    """Compare two answers bit for bit."""
    for year, found in one.years.items():
        against = other.years[year]
        pd.testing.assert_frame_equal(found.buildings, against.buildings, check_exact=True)
        pd.testing.assert_frame_equal(found.hourly, against.hourly, check_exact=True)
        pd.testing.assert_frame_equal(found.peaks, against.peaks, check_exact=True)
        pd.testing.assert_frame_equal(found.money, against.money, check_exact=True)


def test_no_measures_change_nothing_and_switched_off_ones_neither(town, base):
    off = scenario({**RETROFIT, "enabled": False}, {**SOLAR, "enabled": False})
    other = simulate(town, off, memo=Memo())
    same(base, other)
    assert (difference(base, other)["change"] == 0).all()


def test_a_fresh_run_gives_the_bits_of_one_that_starts_from_another_answer(town, changed):
    same(changed, simulate(town, scenario(RETROFIT, HEAT_PUMPS, SOLAR), memo=Memo()))


def test_undo_is_dropping_the_last_measure(town, memo, base):
    simulate(town, scenario(RETROFIT, SOLAR), memo=memo)
    same(base, simulate(town, scenario(), memo=memo))


def test_the_order_of_buildings_does_not_count(town, base):
    shuffled = town.buildings.sample(frac=1, random_state=3)
    other = simulate(town.replace(buildings=shuffled), scenario(), memo=Memo())
    same(base, other)


def test_the_number_of_threads_does_not_count(town, changed):
    import numba  # noqa: PLC0415

    many = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        alone = simulate(town, scenario(RETROFIT, HEAT_PUMPS, SOLAR), memo=Memo())
    finally:
        numba.set_num_threads(many)
    same(changed, alone)


def test_without_batteries_electricity_is_conserved_hour_by_hour(town, memo):
    found = simulate(town, scenario({**SOLAR, "battery_kwh_per_kwp": 0}), memo=memo).last
    hourly = found.hourly
    bought = hourly["import_w"] - hourly["feed_in_w"]
    plants = int((found.buildings["pv_kwp"] > 0).sum())
    assert plants > 10
    # each plant is counted in whole watts
    gap = bought - (hourly["electricity_w"] + hourly["charging_w"] - hourly["pv_w"])
    assert gap.abs().max() <= 2 * plants


def test_batteries_shift_and_lose_but_make_nothing(changed):
    found = changed.last
    hourly, each = found.hourly, found.buildings
    bought = (hourly["import_w"] - hourly["feed_in_w"]).sum() / KW
    used = (hourly["electricity_w"] + hourly["charging_w"] - hourly["pv_w"]).sum() / KW
    kept = each["battery_loss_kwh"].sum() + each["charge_change_kwh"].sum()
    assert each["battery_loss_kwh"].sum() > 0
    assert bought - used == pytest.approx(kept, abs=1 + 8.76 * (each["pv_kwp"] > 0).sum() * 0.05)


def test_profiles_hold_the_energy_of_the_buildings(changed):
    for found in changed.years.values():
        each, hourly = found.buildings, found.hourly
        count = len(each)
        heat = each["space_kwh"].sum() + each["hot_water_kwh"].sum()
        assert hourly["heat_w"].sum() / KW == pytest.approx(heat, abs=0.6 * 8.76 * count)
        used = each["appliance_kwh"].sum() + each["heat_electricity_kwh"].sum()
        assert hourly["electricity_w"].sum() / KW == pytest.approx(used, rel=2e-3)
        assert hourly["pv_w"].sum() / KW == pytest.approx(each["pv_kwh"].sum(), rel=1e-6, abs=1)


def test_districts_and_blocks_add_up_to_the_city(changed):
    table = indicator_table(changed)["value"]
    assert changed.last.buildings[["district_id", "block_id"]].notna().all().all()
    of_people = [i for i in INDICATORS.values() if not set(i.top) & set(OF_STREETS)]
    sums = [i.name for i in of_people if i.top and not i.bottom]
    for name in sums:
        whole = table[name, "city", "city", 2030]
        for level in ("district", "block"):
            parts = table[name].xs((level, 2030), level=("level", "year")).sum()
            assert parts == pytest.approx(whole, rel=1e-9, abs=1e-9), (name, level)


def test_streets_of_the_districts_are_part_of_those_of_the_city(changed):
    table = indicator_table(changed)["value"]
    for name in ("traffic_km", "emissions_traffic", "delay"):
        parts = table[name].xs(("district", 2030), level=("level", "year")).sum()
        assert 0 < parts <= table[name, "city", "city", 2030] * (1 + 1e-9)


def test_every_actor_s_payment_reaches_somebody(changed):
    money = changed.last.money
    between = ["district_heat", "co2_share", "retrofit_levy", "heating_levy"]
    assert money.loc[between, "total"].abs().max() < 1e-6 * money["total"].abs().sum()


def test_measures_do_what_they_are_for(base, changed):
    change = difference(base, changed)["change"]
    at = lambda name: change[name, "city", "city", 2030]  # noqa: E731
    assert at("heat_demand") < 0
    assert at("emissions") < 0
    assert at("heat_gas") < 0
    assert at("heat_electricity") > 0
    assert at("pv_yield") > 0
    assert at("investment") > 0
    assert change["heat_demand", "city", "city", 2025] == 0


def test_final_energy_is_the_sum_of_its_carriers(changed):
    each = changed.last.buildings
    assert (each[[f"heat_{c}_kwh" for c in CARRIERS if c != "electricity"]] >= 0).all().all()
    bought = [f"heat_{c}_kwh" for c in CARRIERS if c != "ambient_heat"]
    columns = each[bought].sum(axis=1) + each["appliance_kwh"]
    pd.testing.assert_series_equal(columns, each["final_kwh"], check_names=False)


def count(memo, run):
    """Tell which stages of the models were worked out; measures are none."""
    before = memo.computed.copy()
    run()
    made = memo.computed - before
    return {name: times for name, times in made.items() if name not in {"begun", "advanced"}}


def test_an_edit_recomputes_only_what_depends_on_it(town):
    memo = Memo()
    one_year = {"stages": (2025, 2030)}
    simulate(town, scenario(SOLAR, **one_year), memo=memo)
    assert count(memo, lambda: simulate(town, scenario(SOLAR, **one_year), memo=memo)) == {}
    more_sun = {**SOLAR, "roof_percent": 50}
    worked = count(memo, lambda: simulate(town, scenario(more_sun, **one_year), memo=memo))
    assert set(worked) == {
        "prosumers", "running", "invested", "capital", "actors", "building_table", "cost_table",
        "sums", "hours",
    }  # fmt: skip
    dearer = scenario(SOLAR, assumptions={"balance.interest": 0.05}, **one_year)
    worked = count(memo, lambda: simulate(town, dearer, memo=memo))
    assert "heat" not in worked
    assert "networks" not in worked
    assert "prosumers" not in worked
    assert worked["capital"] == 2


def test_a_measure_on_a_few_buildings_runs_the_hours_of_those_alone(town):
    memo = Memo()
    simulate(town, scenario(), memo=memo)
    ids = town.buildings.index[town.buildings["use"] == "residential"][:5]
    few = {**RETROFIT, "select": {"ids": [str(key) for key in ids]}}
    found = simulate(town, scenario(few), memo=memo)
    rows = next(reversed(memo._answers["heat"].values()))
    assert rows.computed <= 2 * len(ids)
    assert found.years[2030].buildings.loc[ids, "space_kwh"].sum() > 0


def test_measured_blocks_are_met_and_keep_their_habits(town, base):
    blocks = base.years[2025].buildings.groupby("block_id", observed=True)
    heat = (blocks["space_kwh"].sum() + blocks["hot_water_kwh"].sum()).astype(float)
    block = heat.idxmax()
    measured = pd.DataFrame({"heat_kwh": [0.6 * heat[block]]}, index=pd.Index([block]))
    found = simulate(town, scenario(RETROFIT), measured=measured)
    mine = found.years[2025].buildings.query("block_id == @block")
    used = mine["space_kwh"].sum() + mine["hot_water_kwh"].sum()
    assert used == pytest.approx(0.6 * heat[block], rel=2e-3)
    later = found.years[2030].buildings.query("block_id == @block")
    assert later["space_kwh"].sum() < mine["space_kwh"].sum()


def test_own_assumptions_reach_the_results_and_their_explanation(town, memo, base):
    warm = simulate(town, scenario(assumptions={"supply.field_factor": 0.7}), memo=memo)
    changes = difference(base, warm)["change"]
    assert changes["heat_electricity", "city", "city", 2025] > 0
    told = explain(warm, "heat_electricity", 2025)
    mine = [entry for entry in told.assumptions if entry.status == "user"]
    assert [entry.name for entry in mine] == ["supply.field_factor"]
    json.dumps(told.as_dict())


@pytest.mark.parametrize("name", list(INDICATORS))
def test_every_indicator_can_say_where_it_comes_from(changed, name):
    told = explain(changed, name, 2030)
    assert np.isfinite(told.value)
    assert told.unit
    assert told.assumptions or name in {"network_heat_share", "refurbished"}
    for given in told.inputs:
        assert sum(given.shares.values()) == pytest.approx(1)


def test_a_city_without_weather_is_refused(town):
    with pytest.raises(ModelError, match="has no weather"):
        simulate(town.replace(weather=town.weather.iloc[:0]), scenario())


def test_missing_hours_of_weather_are_named(town):
    with pytest.raises(TwinError, match="hour"):
        simulate(town.replace(weather=town.weather.drop(town.weather.index[100])), scenario())


def test_unknown_blocks_in_measured_heat_are_named(town):
    measured = pd.DataFrame({"heat_kwh": [1.0]}, index=["nowhere"])
    with pytest.raises(ModelError, match="nowhere"):
        simulate(town, scenario(), measured=measured)


def test_assumptions_may_be_handed_in(town, base):
    same(base, simulate(town, scenario(), assumptions()))


def test_transformer_areas_share_the_load_of_the_city(changed):
    found = changed.last
    table = found.answers["transformers"]
    assert set(table["area_source"]) == {"estimated:assumed_areas"}
    assert (table["peak_kw"] > 0).any()
    # peaks of parts are no lower than the peak of the whole
    assert table["peak_kw"].sum() >= found.peaks.loc[("city", "city"), "import_kw"] * 0.99
    areas = found.answers["transformer_area"]
    assert areas.equals(changed.years[2025].answers["transformer_area"])


def test_customers_of_a_network_see_what_own_heating_would_cost(base):
    found = base.last
    table = found.answers["against_own_heating"]
    connected = found.state.stock.index[found.state.stock["system"] == "district_heat"]
    assert set(table.index) <= set(connected)
    assert len(table) > 10
    assert (table["network_eur_kwh"] > 0).all()
    cheaper = table["network_eur_kwh"] < table["decentral_eur_kwh"]
    assert ((table["saving_eur_a"] > 0) == cheaper).all()


def test_what_falls_due_before_the_first_stage_is_paid_in_it(town, changed):
    late = simulate(town, scenario(RETROFIT, HEAT_PUMPS, SOLAR, stages=(2030,)))
    costs = ["retrofit_eur", "heating_eur", "pv_eur", "battery_eur", "annual_cost_eur"]
    pd.testing.assert_frame_equal(
        late.last.buildings[costs], changed.years[2030].buildings[costs], check_exact=True
    )
    assert late.last.buildings["retrofit_eur"].sum() > 0


def test_a_held_plan_reaches_the_same_buildings_under_other_assumptions(town, memo):
    picky = scenario({**SOLAR, "minimum_yield_kwh_kwp": 800})
    first = simulate(town, picky, memo=memo)
    lossy = assumptions().at_end("solar.losses", "high")
    free, held = (simulate(town, picky, lossy, memo=memo, held=h) for h in (None, first))
    assert held.last.buildings["pv_kwp"].equals(first.last.buildings["pv_kwp"])
    assert held.last.buildings["pv_kwh"].sum() < first.last.buildings["pv_kwh"].sum()
    assert free.last.buildings["pv_kwp"].sum() < first.last.buildings["pv_kwp"].sum()


def test_a_held_plan_under_the_same_assumptions_changes_nothing(town, memo, changed):
    plan = scenario(RETROFIT, HEAT_PUMPS, SOLAR)
    same(changed, simulate(town, plan, memo=Memo(), held=changed))


def test_single_years_are_the_same_as_in_the_whole_run(town, changed):
    plan, memo = scenario(RETROFIT, HEAT_PUMPS, SOLAR), Memo()
    last = simulate(town, plan, memo=memo, years=[2030])
    assert list(last.years) == [2030]
    pd.testing.assert_frame_equal(
        indicator_table(last), indicator_table(changed).query("year == 2030"), check_exact=True
    )
    pd.testing.assert_frame_equal(
        last.last.buildings, changed.years[2030].buildings, check_exact=True
    )
    done = memo.computed.copy()
    first = simulate(town, plan, memo=memo, years=[2025])
    assert (memo.computed - done)["heat"] == 0
    same(first, replace(changed, years={2025: changed.years[2025]}))


def test_a_year_that_is_no_stage_is_refused(town, memo):
    for years in ([2030, 2037], []):
        with pytest.raises(ModelError, match="2025, 2030"):
            simulate(town, scenario(), memo=memo, years=years)


def test_a_cancelled_run_leaves_nothing_in_half_and_can_be_asked_again(town, changed):
    plan, memo = scenario(RETROFIT, HEAT_PUMPS, SOLAR), Memo()
    with pytest.raises(Cancelled):
        simulate(town, plan, memo=memo, cancelled=lambda: memo.computed["final"] > 0)
    assert memo.computed["final"] == 1
    assert not memo.computed["prosumers"]
    same(changed, simulate(town, plan, memo=memo))
