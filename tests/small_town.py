"""A model town of two hundred buildings with a scenario answered on it, worked out once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from layers.build import build_city
from layers.sample_city import make_sample
from twin.memo import Memo
from twin.scenario import Scenario, load_scenario
from twin.simulate import simulate

if TYPE_CHECKING:
    from twin.city import City
    from twin.simulate.results import Results

MEMO = Memo()
"""Results do not depend on it (tests/twin/simulate says so); without it each test takes seconds."""

MEASURES: list[dict[str, Any]] = [
    {"kind": "retrofit", "id": "walls", "start_year": 2026, "standard": "advanced"},
    {
        "kind": "heating_change", "id": "pumps", "start_year": 2026, "to": "air_heat_pump",
        "select": {"where": [{"column": "system", "op": "in", "value": ["gas_boiler"]}]},
    },
    {
        "kind": "photovoltaics", "id": "sun", "start_year": 2026, "battery_kwh_per_kwp": 1.0,
        "select": {"share": {"percent": 50, "order": "random"}},
    },
]  # fmt: skip


@cache
def small_town() -> City:
    """Build the town."""
    return build_city([make_sample(buildings=200)])


def plan(*measures: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a scenario of two stages as a file has it."""
    content = {"format": 2, "name": "Warm walls", "stages": [2025, 2030], **more}
    return {**content, "measures": list(measures)}


def full_plan(**more: Any) -> Scenario:
    """Return the scenario with walls, heat pumps and photovoltaics."""
    return load_scenario(plan(*MEASURES, **more))


@cache
def answered() -> Results:
    """Answer the full plan."""
    return simulate(small_town(), full_plan(), memo=MEMO)
