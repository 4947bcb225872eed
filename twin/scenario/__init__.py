"""Scenarios: a baseline, a path of years, ordered measures, own assumptions."""

from __future__ import annotations

from twin.scenario.difference import Change, Moved, ScenarioDifference, diff
from twin.scenario.errors import Fault, ScenarioError
from twin.scenario.model import FORMAT, STAGES, Baseline, Scenario, dump, scenario_schema
from twin.scenario.read import load_scenario
from twin.scenario.states import Plan, plan, states, today
from twin.scenario.steps import Kept

__all__ = [
    "FORMAT", "STAGES", "Baseline", "Change", "Fault", "Kept", "Moved", "Plan", "Scenario",
    "ScenarioDifference", "ScenarioError", "diff", "dump", "load_scenario", "plan",
    "scenario_schema", "states", "today",
]  # fmt: skip
