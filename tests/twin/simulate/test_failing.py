"""Where one step of the models fails the others stay, and what rests on it says so."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.twin.simulate.conftest import HEAT_PUMPS, RETROFIT, SOLAR, scenario
from twin.errors import ModelError, TwinError
from twin.indicators import explain, indicator_table, lacking
from twin.memo import Memo
from twin.simulate import run, simulate


def refuse(**_):
    raise ModelError("This cannot be worked out: {why}.", why="a test")


def broken(**_):
    return {}["nothing"]


def failing(monkeypatch, *names, make=refuse):
    stages = [replace(s, make=make) if s.name in names else s for s in run.STAGES]
    monkeypatch.setattr(run, "STAGES", tuple(stages))


def city_of(results):
    return indicator_table(results)["value"].xs("city", level="level").droplevel("area")


CASES = {
    "travel": {"mode_car", "traffic_km", "noise_day", "charging", "import_peak", "delay",
               "emissions_traffic", "calm_streets"},
    "noise": {"noise_day", "noise_night"},
    "service": {"mode_car", "traffic_km", "charging"},
    "reached": {"access_school", "fifteen_minutes"},
    "networks": {"emissions", "annual_cost", "renewable_heat", "investment"},
    "prosumers": {"pv_yield", "self_use", "energy_cost", "import_peak"},
    "heat": {"heat_demand", "final_energy", "heat_peak", "emissions"},
    "charging": {"charging", "import_peak", "feed_in_peak"},
}  # fmt: skip
STAY = {
    "travel": {"heat_demand", "final_energy", "emissions", "annual_cost", "access_school",
               "heat_peak", "investment"},
    "noise": {"mode_car", "heat_demand", "import_peak", "traffic_km"},
    "service": {"heat_demand", "access_school"},
    "reached": {"mode_car", "noise_day"},
    "networks": {"heat_demand", "final_energy", "mode_car", "noise_day", "pv_yield",
                 "import_peak"},
    "prosumers": {"heat_demand", "emissions", "mode_car"},
    "heat": {"mode_car", "noise_day", "pv_power", "refurbished"},
    "charging": {"heat_peak", "mode_car", "pv_yield"},
}  # fmt: skip


def without(memo, *names):
    """Return a memo that has forgotten some stages."""
    found = Memo()
    for stage, answers in memo._answers.items():
        for key, value in answers.items() if stage not in names else ():
            found.answer(stage, key, lambda _, value=value: value)
    return found


@pytest.fixture(scope="module")
def plan():
    return scenario(RETROFIT, HEAT_PUMPS, SOLAR)


@pytest.mark.parametrize("name", CASES)
def test_the_others_stay_and_the_failed_say_why(town, changed, memo, plan, monkeypatch, name):
    failing(monkeypatch, name)
    found = simulate(town, plan, memo=without(memo, name), partial=True)
    whole, left = city_of(changed), city_of(found)
    for year, results in found.years.items():
        assert str(results.failed[name]) == "This cannot be worked out: a test."
        gone, known = lacking(results), set(left.xs(year, level="year").index)
        assert CASES[name] <= set(gone)
        assert not set(gone) & known
        assert STAY[name] <= known
        assert set(gone) | known >= set(whole.xs(year, level="year").index)
    pd.testing.assert_series_equal(left, whole[left.index], check_exact=True)
    told = explain(found, next(iter(CASES[name])), 2030)
    assert "a test" in told.as_dict()["problem"]


def test_the_command_line_gets_all_or_nothing(town, memo, plan, monkeypatch):
    failing(monkeypatch, "noise")
    with pytest.raises(ModelError, match="a test"):
        simulate(town, plan, memo=without(memo, "noise"))


def test_a_fault_of_the_program_is_borne_as_well_and_nothing_is_remembered(
    town, changed, memo, plan, monkeypatch
):
    own = without(memo, "noise")
    with monkeypatch.context() as patch:
        failing(patch, "noise", make=broken)
        found = simulate(town, plan, memo=own, partial=True)
        assert "KeyError" in str(found.last.failed["noise"])
        assert "heat_demand" in city_of(found)
        with pytest.raises(KeyError):
            simulate(town, plan, memo=own)
    found = simulate(town, plan, memo=own, partial=True)
    assert not found.last.failed
    pd.testing.assert_series_equal(city_of(found), city_of(changed), check_exact=True)


def test_what_failed_is_asked_in_vain_and_what_did_not_is_answered(town, memo, plan, monkeypatch):
    failing(monkeypatch, "noise")
    answers = simulate(town, plan, memo=without(memo, "noise"), partial=True).last.answers
    with pytest.raises(TwinError, match="a test"):
        answers["noise"]
    assert answers["calm_town"] is not None
