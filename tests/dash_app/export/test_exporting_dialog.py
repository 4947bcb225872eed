"""The dialog offers what there is, as links that lead to it."""

from __future__ import annotations

import html as texts
import re
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.components.dialogs import dialog
from dash_app.i18n import translator
from dash_app.workspace.viewer import PUBLIC, Viewer
from tests.dash_app.api.conftest import PLANNER, content
from tests.dash_app.as_html import as_html

if TYPE_CHECKING:
    from tests.dash_app.api.conftest import Desk


def opened(desk: Desk, viewer: Viewer = PLANNER, **asked: Any) -> str:
    asked = {"name": "export", "lang": "en", "year": 2030, "view": "energy", **asked}
    made: Any = dialog(translator("en"), desk.context, viewer, asked)
    return texts.unescape(as_html(made))


@pytest.fixture
def key(desk: Desk) -> str:
    made = desk.context.projects.create(PLANNER, "", content())
    _, scenario = desk.context.projects.open(made.scenario_id, viewer=PLANNER)
    assert desk.context.engine.start(scenario, wait=True).problem is None
    return str(made.scenario_id)


def hash_of(desk: Desk, key: str) -> str:
    return desk.context.projects.open(key, viewer=PLANNER)[1].hash


def links(html: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', html)


def test_every_link_of_the_dialog_leads_to_a_file(desk, key):
    found = links(opened(desk, a=key, shown="a"))
    exports = [link for link in found if link.startswith("/api/export/")]
    assert len(exports) == 20 + 6 + 2
    assert f"/api/scenarios/{key}/file?version=1" in found
    tried = [link for link in exports if "size=A" not in link or "size=A4&" in link]
    for link in tried:
        answer = desk.client.get(link)
        assert answer.status_code == 200, link
        assert "attachment" in answer.headers["content-disposition"]
    run = hash_of(desk, key)
    assert all(f"hash={run}" in link and "lang=en" in link for link in exports)


def test_a_difference_is_asked_for_as_one(desk, key):
    maps = [link for link in links(opened(desk, a=key, shown="diff")) if "/map." in link]
    assert maps
    assert all(f"minus={desk.base}" in link for link in maps)


def test_the_link_holds_the_version_on_screen(desk, key):
    html = opened(desk, a=key, shown="a", value="car_flow", hour=7)
    (link,) = re.findall(r'data-text="([^"]+)"', html)
    assert link == f"/?lang=en&view=energy&a={key}@1&shown=a&year=2030&value=car_flow&hour=7"
    assert "hour=7" in next(one for one in links(html) if "/map." in one)


def test_the_plain_city_has_a_map_and_no_layer(desk, key):
    found = links(opened(desk, a=key, view="map"))
    assert not any("layer" in link or "view=" in link for link in found)
    assert any("map.pdf" in link for link in found)


def test_everybody_is_offered_nothing_of_single_buildings(desk, key):
    html = opened(desk, PUBLIC, a=key, shown="a", value="heat_demand_building")
    assert "heat_demand_building" not in [
        part for link in links(html) for part in re.split(r"[=&]", link)
    ]
    assert hash_of(desk, key) not in html
