"""Questions to a place: what the panel asks for and where the script puts the numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dash_app.components.reach_panel import MODES, reach_buttons, reach_panel
from dash_app.i18n import translator
from dash_app.workspace.viewer import Viewer
from dash_app.workspace.work import Side, Work
from tests.small_town import full_plan, small_town

SCRIPT = Path(__file__).parents[3] / "dash_app" / "assets" / "page_reach.js"


def work() -> Work:
    scenario = full_plan()
    base = Side("base", scenario, "0" * 32, "0" * 32)
    a = Side("a", scenario, "a" * 32, "a" * 32)
    return Work(small_town(), Viewer("public"), base, a, shown="a", year=2030)


def text_of(name: str, lang: str) -> str:
    parts = reach_panel(translator(lang), work(), name)
    return json.dumps(
        [part.to_plotly_json() for part in parts], default=lambda c: c.to_plotly_json()
    )


@pytest.mark.parametrize("name", ["reach", "trip", "flow"])
def test_the_panel_names_the_run_it_asks_about(name: str) -> None:
    text = text_of(name, "de")
    assert f'"data-run": "{"a" * 32}"' in text
    assert f'"data-other": "{"0" * 32}"' in text
    assert '"data-year": "2030"' in text


@pytest.mark.parametrize("name", ["reach", "trip", "flow"])
def test_every_place_for_a_number_is_one_the_script_knows(name: str) -> None:
    script = SCRIPT.read_text("utf-8")
    fills = re.findall(r'"data-fill": "([a-z_]+)', text_of(name, "de"))
    assert fills
    for stem in set(fills):
        assert re.search(rf"[`\"]{stem}[:`\"]", script), stem


def test_it_speaks_both_languages() -> None:
    german, english = text_of("reach", "de"), text_of("reach", "en")
    assert "Wie weit kommt man" in german
    assert "How far does one get" in english
    for words in MODES.values():
        assert words not in german


def test_three_questions_are_offered() -> None:
    text = json.dumps(
        reach_buttons(translator("de")).to_plotly_json(), default=lambda c: c.to_plotly_json()
    )
    assert re.findall(r'"data-panel": "(\w+)"', text) == ["reach", "trip", "flow"]
