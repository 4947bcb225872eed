"""Views of results on 15,000 buildings: each at most 60 ms once its stages are worked out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dash_app.views import VIEWS, encode, scale_of, values
from layers.city_store import open_city
from twin.scenario import load_scenario
from twin.simulate import simulate

TOWN = Path(__file__).parents[2] / "cities" / "neubrandenburg"
LIMIT_MS = 60.0


@pytest.mark.skipif(not TOWN.exists(), reason="needs cities/neubrandenburg: `twin build`")
def test_every_view_is_fast() -> None:
    city = open_city(TOWN)
    plan = {"format": 2, "name": "", "stages": [2025], "measures": []}
    found = simulate(city, load_scenario(plan)).last
    slow = {}
    for name, view in VIEWS.items():
        values(view, found, city)  # stages that answer when asked
        started = time.perf_counter()
        column = values(view, found, city)
        scale_of(view, [column], "light")
        encode(column)
        took = (time.perf_counter() - started) * 1000
        if took > LIMIT_MS:
            slow[name] = round(took)
    assert slow == {}
