"""
States of a scenario on a town.

Required: five stages and six measures on 27,000 buildings well below 0.3 s. No other program that
can be installed answers this question; the written scenarios are the yardstick.
"""

import numpy as np
import pandas as pd
import pytest

from layers.city_store import open_city
from tests.benchmarks.measure import ROOT
from twin.assumptions import assumptions
from twin.scenario import load_scenario, plan, today

CITY = ROOT / "cities" / "model-town"


@pytest.fixture(scope="module")
def town():
    if not CITY.exists():
        pytest.skip(f"needs the model town in {CITY}: run `twin demo` once")
    return today(open_city(CITY), assumptions(), year=2025)


@pytest.mark.parametrize("name", ["trend", "heat_plan", "sun_and_heat_pumps"])
def test_states_of_a_written_scenario(benchmark, town, name):
    """Potential of roofs and house connections are worked out once, in the warm-up."""
    scenario = load_scenario((ROOT / "data" / "scenarios" / f"{name}.json").read_text("utf-8"))
    made = benchmark.pedantic(
        plan, args=(town.city, scenario, town.assumptions), kwargs={"base": town},
        rounds=7, warmup_rounds=1,
    )  # fmt: skip
    assert len(made.states) == 5
    benchmark.extra_info |= {"buildings": len(town.stock), "measures": len(scenario.measures)}
    print(f"\n{name}, {len(town.stock):,} buildings: {benchmark.stats.stats.median:.3f} s")


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_growth_with_buildings(benchmark, town, share):
    """The same measures on a part of the town."""
    rows = np.arange(int(len(town.stock) * share))
    base = town.replace(stock=pd.DataFrame(town.stock.iloc[rows]))
    kinds = [
        {"kind": "retrofit", "pace_percent": 2},
        {"kind": "retrofit", "pace_percent": 2, "standard": "advanced", "order": "random"},
        {"kind": "heating_change", "to": "air_heat_pump", "end_year": 2045},
        {"kind": "photovoltaics", "pace_percent": 4},
        {"kind": "battery", "kwh": 5, "start_year": 2034},
        {"kind": "behaviour", "delta_k": -1, "pace_percent": 3},
    ]
    measures = [{"id": f"m{n}", **kind} for n, kind in enumerate(kinds)]
    scenario = load_scenario({"format": 2, "measures": measures})
    made = benchmark.pedantic(
        plan, args=(town.city, scenario, town.assumptions), kwargs={"base": base},
        rounds=7, warmup_rounds=1,
    )  # fmt: skip
    assert len(made.states) == 5
    print(f"\n{len(rows):,} buildings: {benchmark.stats.stats.median:.3f} s")
