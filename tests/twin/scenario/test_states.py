"""What holds for every scenario, and what each stage year holds."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.small_town import small_town
from tests.twin.scenario.town import IDS, area, make_state, scenario
from twin.assumptions import assumptions
from twin.energy.seasonal import seasonal_demand
from twin.memo import Memo
from twin.scenario import Kept, Scenario, diff, dump, load_scenario, plan, states, today
from twin.scenario.errors import ScenarioError
from twin.scenario.model import Baseline

TOWN = make_state()


def run(found: Scenario, base=TOWN):
    return plan(base.city, found, base.assumptions, base=base)


selectors = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.lists(st.sampled_from(IDS[:30]), min_size=8, max_size=12, unique=True),
        "blocks": st.just(["bl1"]),
        "share": st.builds(
            lambda p, o: {"percent": p, "by": "heated_area_m2", "order": o},
            st.integers(50, 100),
            st.sampled_from(["highest", "lowest", "random"]),
        ),
    },
)
paces = st.one_of(
    st.just({}),
    st.builds(lambda p: {"pace_percent": p}, st.integers(1, 60)),
    st.builds(lambda y: {"end_year": y}, st.integers(2040, 2050)),
)
kinds = st.sampled_from(
    [
        {"kind": "retrofit", "standard": "usual"},
        {"kind": "retrofit", "standard": "advanced"},
        {"kind": "heating_change", "to": "air_heat_pump"},
        {"kind": "photovoltaics"},
        {"kind": "behaviour", "delta_k": -1},
    ]
)
orders = st.sampled_from(["worst_first", "largest_first", "random"])
measures = st.builds(
    lambda kind, select, pace, order, start: {
        **kind,
        **pace,
        "select": select,
        "order": order,
        "start_year": start,
    },
    kinds,
    selectors,
    paces,
    orders,
    st.integers(2024, 2039),
)


def attempt(found: Scenario, base=TOWN):
    """Return the states, or nothing where a measure has nothing left to do."""
    try:
        return run(found, base).states
    except ScenarioError:
        return None


@settings(max_examples=12)
@given(st.lists(measures, max_size=4))
def test_no_measure_changes_its_input_and_json_keeps_all(listed):
    found = scenario(*listed)
    before = TOWN.stock.copy(deep=True)
    attempt(found)
    assert_frame_equal(TOWN.stock, before)
    assert load_scenario(dump(found)) == found
    assert load_scenario(dump(found)).hash == found.hash
    assert not diff(found, load_scenario(dump(found)))


@settings(max_examples=12)
@given(st.lists(measures, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_order_of_buildings_does_not_matter(listed, random):
    order = list(range(40))
    random.shuffle(order)
    found = scenario(*listed)
    buildings = TOWN.city.buildings.iloc[order[::-1]]
    city = TOWN.city.replace(buildings=buildings)
    shuffled = TOWN.replace(stock=TOWN.stock.iloc[order], city=city, baseline=city)
    straight, mixed = attempt(found), attempt(found, shuffled)
    assert (straight is None) == (mixed is None)
    for one, other in zip(straight or (), mixed or (), strict=True):
        assert_frame_equal(one.stock.sort_index(), other.stock.sort_index())


@settings(max_examples=12)
@given(st.lists(measures, min_size=1, max_size=3))
def test_dropping_the_last_measure_is_undo(listed):
    """Each stage before the last measure starts is the same with and without it."""
    with_last, without = attempt(scenario(*listed)), attempt(scenario(*listed[:-1]))
    if with_last is None or without is None:
        return
    start = listed[-1]["start_year"]
    for one, other in zip(with_last, without, strict=True):
        if one.year < start:
            assert_frame_equal(one.stock, other.stock)


@settings(max_examples=12)
@given(measures)
def test_stages_nest(measure):
    """Who is done in one stage is done in every later one, and not again."""
    found = attempt(scenario(measure)) or ()
    column = {"retrofit": "refurbished_year", "photovoltaics": "pv_year"}.get(
        measure["kind"], "system_year" if measure["kind"] == "heating_change" else "set_point_c"
    )
    for one, later in pairwise(found):
        done = one.stock[column] != TOWN.stock[column]
        done &= one.stock[column].notna()
        assert_frame_equal(one.stock.loc[done, [column]], later.stock.loc[done, [column]])


def test_nothing_planned_changes_nothing():
    for state in run(scenario()).states:
        assert_frame_equal(state.stock, TOWN.stock)
        assert state.city is TOWN.city
        assert state.assumptions.hash == TOWN.assumptions.hash
    assert [state.year for state in run(scenario()).states] == [2025, 2030, 2035, 2040, 2045]


def test_a_measure_switched_off_does_nothing():
    off = scenario({"kind": "demolition", "enabled": False})
    assert all(state.stock is TOWN.stock for state in run(off).states)
    assert off.hash == scenario().hash


@pytest.mark.parametrize(
    ("pace", "done"),
    [
        ({"pace_percent": 10}, [0, 19, 38, 38, 38]),  # 38 of 39 heated are below the standard
        ({"pace_percent": 5}, [0, 10, 19, 29, 38]),
        ({"end_year": 2035}, [0, 19, 38, 38, 38]),
        ({}, [0, 38, 38, 38, 38]),
        ({"start_year": 2016, "pace_percent": 10}, [38] * 5),
        ({"start_year": 2021, "pace_percent": 2}, [4, 8, 11, 15, 19]),  # 3.8, 7.6, 11.4, 15.2, 19
    ],
)
def test_the_work_of_a_year_counts_at_its_end(pace, done):
    found = run(scenario({"kind": "retrofit", "order": "worst_first", **pace})).states
    assert [int((s.stock["refurbishment"] == "usual").sum()) for s in found] == done


def test_years_are_those_of_the_work():
    stock = run(scenario({"kind": "retrofit", "pace_percent": 10})).states[-1].stock
    years = stock["refurbished_year"].dropna().value_counts().sort_index()
    assert list(years.index) == list(range(2026, 2036))
    assert years.between(3, 4).all()
    assert (stock["refurbishment_source"][stock["refurbishment"] == "usual"] == (
        "estimated:scenario"
    )).all()  # fmt: skip


def test_worst_first_goes_by_specific_demand():
    base = TOWN
    found = run(scenario({"kind": "retrofit", "pace_percent": 5, "order": "worst_first"}))
    order = found.schedules["m1"].index
    stock = base.stock.loc[order]
    demand = seasonal_demand(stock, base.city.envelopes, base.assumptions) / stock["heated_area_m2"]
    assert demand.is_monotonic_decreasing
    assert demand.nunique() > 10


def test_lots_do_not_know_the_others():
    """By lot, a building's year stays when others are no longer selected."""
    every = {"kind": "retrofit", "pace_percent": 5, "order": "random"}
    all_years = run(scenario(every)).schedules["m1"]
    few_years = run(scenario({**every, "select": {"ids": IDS[3:17]}})).schedules["m1"]
    assert_series = all_years.reindex(few_years.index)
    assert (assert_series == few_years).all()
    assert few_years.nunique() > 5
    other = run(scenario({**every, "id": "another"})).schedules["another"]
    assert (other.reindex(all_years.index) != all_years).any()


def test_the_selection_is_made_once_on_the_city_the_measure_meets():
    """Gas is gone in 2035: heat pumps of 2026 and boilers of 2036 do not chase each other."""
    pumps = {"kind": "heating_change", "to": "air_heat_pump", "end_year": 2035}
    gas = [{"column": "system", "op": "in", "value": ["gas_boiler"]}]
    found = run(scenario({**pumps, "select": {"where": gas}}, {
        "kind": "heating_change", "to": "biomass_boiler", "start_year": 2036,
        "select": {"where": [{"column": "system", "op": "==", "value": "oil_boiler"}]},
    }))  # fmt: skip
    last = found.states[-1].stock["system"].value_counts()
    assert (last["air_heat_pump"], last["biomass_boiler"], last["none"]) == (29, 10, 1)
    assert len(found.schedules["m1"]) == 29


def test_a_later_measure_meets_what_an_earlier_one_left():
    first = {"kind": "retrofit", "standard": "usual"}
    second = {
        "kind": "heating_change", "to": "air_heat_pump", "start_year": 2028,
        "select": {"where": [{"column": "refurbishment", "op": "==", "value": "usual"}]},
    }  # fmt: skip
    assert len(run(scenario(first, second)).schedules["m2"]) == 38
    with pytest.raises(ScenarioError, match=r"Measure 1 .*The selection .*holds no building"):
        run(scenario(second, first))


def test_own_assumptions_count_and_are_noted():
    found = run(scenario(assumptions={"measures.spacing": 40}))
    assert found.states[0].assumptions["measures.spacing"] == 40
    assert "outside of the usual 5 to 12 m" in str(found.notes[0])
    assert not run(scenario(assumptions={"measures.spacing": 7})).notes


def test_another_baseline_is_refused_unless_moved():
    foreign = Scenario(name="Plan", baseline=Baseline(hash="abc", name="Köln"))
    with pytest.raises(ScenarioError) as error:
        states(TOWN.city, foreign, TOWN.assumptions, base=TOWN)
    said = str(error.value)
    assert all(part in said for part in ("Köln", "abc", "Dorf", TOWN.city.hash))
    assert len(states(TOWN.city, foreign, TOWN.assumptions, base=TOWN, rebase=True)) == 5
    own = Scenario(baseline=Baseline(hash=TOWN.city.hash))
    assert len(states(TOWN.city, own, TOWN.assumptions, base=TOWN)) == 5


def test_all_faults_of_all_measures_at_once():
    bad = scenario(
        {"kind": "retrofit", "select": {"ids": ["h01", "nobody"]}},
        {"kind": "retrofit", "select": {"districts": ["Oz"]}, "start_year": 2040},
        {"kind": "retrofit", "select": {"blocks": ["x"]}},
        {"kind": "heat_network", "streets": ["w9"], "sources": {"biomass": 1}},
        {"kind": "retrofit", "select": {"area": area(900, 900, 950, 950)}},
        {"kind": "retrofit", "start_year": 2046},
        {"kind": "photovoltaics", "target_kwp": 1e6},
        {"kind": "network_sources", "network_id": "n", "sources": {"biomass": 1}},
        {"kind": "energy_price", "assumption": "balance.price_gass", "factor": 2},
        {"kind": "heat_network", "area": area(0, 0, 50, 50)},
        {"kind": "new_development", "area": area(0, 0, 100, 60), "dwellings": 500},
        {"kind": "battery", "kwh": 5, "select": {"ids": ["h05"]}},
        assumptions={"heat.nothing": 1.0},
    )
    with pytest.raises(ScenarioError) as error:
        run(bad)
    faults = error.value.faults
    assert [(f.place, f.code) for f in faults] == [
        (0, "unknown_assumption"), (1, "unknown_id"), (2, "unknown_district"),
        (3, "unknown_block"), (4, "unknown_street"), (5, "empty"), (6, "too_late"),
        (7, "above_potential"), (8, "unknown_network"), (9, "unknown_assumption"),
        (10, "unknown_network"), (11, "no_room"), (12, "not_applicable"),
    ]  # fmt: skip
    lines = str(error.value).splitlines()
    assert lines[0] == "The scenario Test cannot be applied to Dorf:"
    assert lines[2] == (
        "  - Measure 1 (retrofit, m1): There is no building nobody. Ids are those of whole "
        "buildings in the table of buildings, not of parts."
    )
    assert "There is no district Oz. Districts are: Mitte." in lines[3]
    assert "starts in 2046, after the last stage 2045" in lines[7]
    assert "1000000 kWp cannot be reached" in lines[8]
    assert "Perhaps: balance.price_gas" in lines[10]


def test_demolished_then_retrofitted_names_both():
    gone = {"kind": "demolition", "id": "gone", "start_year": 2030, "select": {"ids": ["h03"]}}
    named = {"kind": "retrofit", "start_year": 2031, "select": {"ids": ["h03", "h04"]}}
    drawn = {"kind": "retrofit", "start_year": 2031, "select": {"area": area(30, 0, 44, 30)}}
    for late in (named, drawn):
        for listed in ((gone, late), (late, gone)):
            with pytest.raises(ScenarioError) as error:
                run(scenario(*listed))
            (fault,) = error.value.faults
            place = listed.index(late) + 1
            assert (fault.code, fault.place) == ("contradiction", place)
            assert f"Measure {3 - place} (demolition, gone) has demolished h03" in str(fault)


def test_demolished_before_its_turn_is_left_out_and_said():
    found = run(
        scenario(
            {"kind": "demolition", "start_year": 2031, "select": {"blocks": ["bl1"]}},
            {"kind": "retrofit", "start_year": 2026, "pace_percent": 5},
        )
    )
    assert len(found.states[-1].stock) == 20
    said = [str(note) for note in found.notes]
    assert any("of 38 buildings are demolished by measure 1 before their turn" in s for s in said)
    assert any("of its buildings are demolished later by measure 1" in s for s in said)


def test_the_state_of_today_has_the_networks_that_stand():
    city = TOWN.city
    base = today(city, TOWN.assumptions, year=2025)
    on = base.stock["system"] == "district_heat"
    assert set(base.stock.index) == set(IDS)
    assert base.stock["network_id"][on].isin(base.networks).all()
    assert base.stock["network_id"][~on].isna().all()
    assert_frame_equal(states(city, scenario(), TOWN.assumptions)[-1].stock, base.stock)


def test_supply_areas_are_known_before_the_network_is_built():
    net = {"kind": "heat_network", "id": "net", "area": area(0, 0, 60, 40), "start_year": 2040,
           "sources": {"geothermal": 1}}  # fmt: skip
    pumps = {"kind": "heating_change", "to": "air_heat_pump", "outside_networks": True}
    first, *_, last = run(scenario(pumps, net)).states
    inside = first.supply_areas["net"]
    assert 0 < len(inside) < 30
    assert not first.networks
    assert last.networks["net"].start_year == 2040
    assert not (last.stock["system"][inside] == "air_heat_pump").any()
    outside = last.stock.index.difference(inside).drop("h39")
    assert (last.stock["system"][outside] == "air_heat_pump").all()
    assert np.isclose((last.stock["network_id"] == "net").sum(), 0.6 * len(inside), atol=0.5)
    assert isinstance(inside, pd.Index)


def test_kept_steps_give_what_a_fresh_walk_gives_and_are_not_done_again():
    """Whatever the order of asking; a measure on buildings leaves those on streets as they are."""
    city, given = small_town(), assumptions()
    base, memo = today(city, given, year=2025), Memo()
    streets = {"kind": "speed_limit", "id": "s", "speed_kmh": 20, "select": {"classes": [
        "residential"]}}  # fmt: skip
    walls = {"kind": "retrofit", "id": "w", "standard": "advanced", "pace_percent": 5}
    sun = {"kind": "photovoltaics", "id": "p", "pace_percent": 9}
    for measures in ([streets], [walls, streets], [walls, streets, sun], [sun, streets], [walls]):
        scenario = load_scenario(
            {"format": 2, "name": "x", "stages": [2025, 2030, 2040], "measures": measures}
        )
        kept = plan(city, scenario, given, base=base, kept=Kept(memo, "the base"))
        fresh = plan(city, scenario, given, base=base)
        for one, other in zip(kept.states, fresh.states, strict=True):
            assert_frame_equal(one.stock, other.stock, check_exact=True)
            assert dict(one.city.hashes) == dict(other.city.hashes)
            assert one.year == other.year
    assert memo.computed["begun"] == 4  # streets and walls once, sun once after them and once alone
