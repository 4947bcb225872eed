"""A screen of the small town: today, A with everything, and B that is today under another name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dash_app.workspace.viewer import Viewer
from dash_app.workspace.work import Side, Work
from twin.indicators.ranges import city_values

if TYPE_CHECKING:
    from twin.city import City
    from twin.scenario import Scenario
    from twin.simulate.results import Results

MOVED = ("stock.prebound", "balance.emission")
TARGETS = {"heat_demand": {2030: 900.0}, "mode_bike": {2030: 25.0}, "emissions": {2030: 400.0}}


@pytest.fixture(scope="session")
def work(answered: tuple[City, Scenario, Results, Results]) -> Work:
    """Give a planner's screen that shows A in 2030."""
    city, scenario, base, a = answered
    other = base.scenario.model_copy(update={"name": "<script>alert(1)</script>"})
    sides = (
        Side("base", base.scenario, base.scenario.hash, results=base),
        Side("a", scenario, scenario.hash, id="one", results=a),
        Side("b", other, other.hash, id="two", results=base),
    )
    planner = Viewer("planner", "Eva", fine=True)
    return Work(city, planner, *sides, shown="a", year=2030, targets=TARGETS)


def spread_of(results: Results, parts: tuple[float, float]) -> pd.DataFrame:
    """Give ranges as if two assumptions moved every figure by these parts of it."""
    value = city_values(results)
    tables = {
        name: pd.DataFrame({"low": -part * value, "high": 1.5 * part * value})
        for name, part in zip(MOVED, parts, strict=True)
    }
    return pd.concat(tables, names=["assumption"]).reorder_levels([1, 2, 0]).sort_index()


@pytest.fixture(scope="session")
def ranged(work: Work) -> Work:
    """Give the same with ranges, those of A moved by other parts than those of today."""
    parts = {"base": (0.3, 0.1), "a": (0.1, 0.2), "b": (0.3, 0.1)}
    sides = {}
    for side in work.sides:
        assert side.results is not None
        sides[side.key] = replace(side, spread=spread_of(side.results, parts[side.key]))
    return replace(work, **sides)  # type: ignore[arg-type]
