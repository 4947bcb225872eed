"""A model town of two hundred buildings and what is run on it."""

import pytest

from layers.build import build_city
from layers.sample_city import make_sample
from twin.memo import Memo
from twin.scenario import load_scenario
from twin.simulate import simulate


@pytest.fixture(scope="session")
def town():
    return build_city([make_sample(buildings=200)])


@pytest.fixture(scope="session")
def memo():
    return Memo()


def scenario(*measures, stages=(2025, 2030), **more):
    return load_scenario(
        {"format": 2, "name": "a test", "stages": list(stages), "measures": list(measures), **more}
    )


RETROFIT = {"kind": "retrofit", "id": "walls", "standard": "advanced", "start_year": 2026}
HEAT_PUMPS = {
    "kind": "heating_change", "id": "pumps", "start_year": 2026, "to": "air_heat_pump",
    "select": {"where": [{"column": "system", "op": "in", "value": ["gas_boiler"]}]},
}  # fmt: skip
SOLAR = {
    "kind": "photovoltaics", "id": "sun", "start_year": 2026, "battery_kwh_per_kwp": 1.0,
    "select": {"share": {"percent": 50, "order": "random"}},
}  # fmt: skip


@pytest.fixture(scope="session")
def base(town, memo):
    return simulate(town, scenario(), memo=memo)


@pytest.fixture(scope="session")
def changed(town, memo):
    return simulate(town, scenario(RETROFIT, HEAT_PUMPS, SOLAR), memo=memo)
