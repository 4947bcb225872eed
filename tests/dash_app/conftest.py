"""One town with a scenario answered on it, for every test of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.small_town import MEMO, full_plan, plan, small_town
from tests.small_town import answered as answered_plan
from twin.scenario import load_scenario
from twin.simulate import simulate

if TYPE_CHECKING:
    from twin.city import City
    from twin.scenario import Scenario
    from twin.simulate.results import Results


@pytest.fixture(scope="session")
def answered() -> tuple[City, Scenario, Results, Results]:
    """Give the small town, scenario A, the answer without measures and that of A."""
    base = simulate(small_town(), load_scenario(plan(name="")), memo=MEMO)
    return small_town(), full_plan(), base, answered_plan()
