"""Measured roofs, terrain, areas and lines in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dash_app.app import create_app
from dash_app.map.colours import scale_for
from tests.browser.map_harness import harness_app
from tests.browser.test_map import CLOSE, VOLUME, MapPage, place_of
from tests.browser.visit import Visit, serious_faults
from tests.conftest import make_toy_city
from tests.dash_app.rich import enrich, gabled_roofs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CITY = enrich(make_toy_city())


@pytest.fixture(scope="module")
def url(serve: Callable[[Any], str]) -> str:
    return serve(harness_app(CITY))


@pytest.fixture(scope="module")
def address(serve: Callable[[Any], str]) -> str:
    return serve(create_app(CITY))


@pytest.fixture
def shown(chromium: Browser, url: str) -> Iterator[MapPage]:
    page = chromium.new_page(viewport={"width": 900, "height": 600}, reduced_motion="reduce")
    held = MapPage(page, url)
    yield held
    page.close()
    assert held.said == []


def volumes(shown: MapPage) -> dict[int, float]:
    root = shown.js("() => __view.index.replace('/index.json', '')")
    return dict(map(tuple, shown.js(VOLUME, root)))


def test_measured_roofs_enclose_their_volume(shown):
    """A house with eaves at 60 % of its height under a gable holds 80 % of its box."""
    shown.open(layers={"buildings": 1})
    assert shown.js("() => twinMap.stats().roofs") == 3
    boxes = (CITY.buildings["height_m"] * CITY.buildings["footprint_m2"] * 0.8).tolist()
    found = volumes(shown)
    assert [found[row] for row in range(3)] == pytest.approx(boxes, rel=0.02)


def test_a_measured_roof_is_picked_recoloured_and_selected(shown):
    shown.open(layers={"buildings": 1})
    ridge = place_of(CITY, "b3", 12.0)
    x, y = shown.js("([a, b, z]) => twinMap.project(a, b, z)", ridge)
    shown.page.mouse.click(x, y + 4)
    shown.wait("(__events['map-pick'] || []).slice(-1)[0]?.id === 'b3'")
    plain = shown.colour_at(ridge)
    scale = scale_for(CITY, "buildings", "height_m", theme="light", classes=3).to_json()
    root = shown.js("() => __view.index.replace('/index.json', '')")
    colour = {**scale, "url": f"{root}/column/buildings/height_m"}
    shown.js("(colour) => show({colour})", colour)
    shown.wait("twinMap.stats().recolours > 0")
    assert np.abs(shown.colour_at(ridge) - plain).max() > 40
    shown.js("() => show({colour: null, selection: {table: 'buildings', id: 'b3'}})")
    red, _green, blue = shown.colour_at(ridge)
    assert blue > red + 60


def test_eaves_reach_over_walls_that_stand_on_the_footprint(chromium, serve):
    wide = CITY.replace(roofs=gabled_roofs(CITY.buildings, overhang=0.8))
    page = chromium.new_page(viewport={"width": 900, "height": 600})
    shown = MapPage(page, serve(harness_app(wide))).open(layers={"buildings": 1})
    script = """async (root) => {
      const index = await twinMapKit.fetchJson(root + '/index.json');
      const part = await twinMapKit.fetchPart(root + '/near/' + index.tiles.buildings[0].key);
      const {positions: p} = twinMapKit.buildingMesh(part);
      const box = (keep) => {
        const x = [], y = [];
        for (let i = 0; i < p.length; i += 3) {
          if (keep(p[i + 2])) { x.push(p[i]); y.push(p[i + 1]); }
        }
        return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
      };
      return [box((z) => z === 0), box((z) => z > 0)];
    }"""
    foot, roof = shown.js(script, shown.js("() => __view.index.replace('/index.json', '')"))
    page.close()
    reach = np.array(foot) - np.array(roof)
    assert reach[:2] == pytest.approx([0.8, 0.8], abs=0.12)
    assert reach[2:] == pytest.approx([-0.8, -0.8], abs=0.12)


def test_the_terrain_is_shaded_and_can_be_put_away(shown):
    shown.open(layers={"terrain": 1}, camera={**CLOSE, "zoom": 16})
    relief = shown.picture()
    assert len(np.unique(relief.reshape(-1, 3), axis=0)) > 12
    shown.js("() => show({layers: {}})")
    level = shown.picture()[250:500]
    assert len(np.unique(level.reshape(-1, 3), axis=0)) == 1
    asked = [one for one in shown.asked if one.endswith("/terrain/relief")]
    assert len(asked) == 1
    shown.js("() => show({layers: {terrain: 1}, theme: 'dark'})")
    assert len(np.unique(shown.picture()[250:500].reshape(-1, 3), axis=0)) > 8


def test_areas_and_lines_are_drawn_picked_and_coloured(shown):
    shown.open(layers={"blocks": 1}, camera={**CLOSE, "zoom": 15, "pitch": 0})
    before = shown.picture()
    found = shown.js("() => twinMap.find([300, 200])")
    assert found["table"] == "blocks"
    scale = scale_for(CITY, "blocks", "residents", theme="light", classes=4).to_json()
    root = shown.js("() => __view.index.replace('/index.json', '')")
    colour = {**scale, "url": f"{root}/column/blocks/residents"}
    shown.js("(colour) => show({colour})", colour)
    shown.wait("twinMap.stats().recolours > 0")
    assert (np.abs(shown.picture() - before).max(axis=2) > 20).mean() > 0.3
    shown.js("() => show({colour: null, layers: {lines: 1}})")
    shown.wait("twinMap.stats().state === 'ready'")
    red = shown.picture()
    assert ((red[..., 0] > 180) & (red[..., 1] < 110)).sum() > 200  # the colour of line 501


def test_what_a_city_has_not_is_not_asked_for(chromium, serve):
    page = chromium.new_page()
    shown = MapPage(page, serve(harness_app(make_toy_city())))
    every = dict.fromkeys(["terrain", "parcels", "blocks", "zones", "cells", "lines"], 1)
    shown.open(layers=every)
    assert not [one for one in shown.asked if "/overlay/" in one or "/terrain" in one]
    assert shown.js("() => twinMap.stats().roofs") == 0
    page.close()
    assert shown.said == []


def test_the_page_shows_the_new_sources(visit: Visit) -> None:
    page = visit.open("?pick=buildings:b1&layers=buildings,terrain,blocks")
    text = page.inner_text("#inspector")
    for part in ("Dachflächen", "Neigung", "Gebäudehülle", "Liegt in", "Kataster", "Heizungsart"):
        assert part in text
    rows = page.locator(".planes tbody tr")
    assert rows.count() == 2
    assert sorted(rows.nth(i).locator("td").nth(1).inner_text() for i in (0, 1)) == ["N", "S"]
    tree = page.inner_text(".layers")
    for part in ("Geländeschummerung", "Baublöcke", "Flurstücke", "Linien des Nahverkehrs"):
        assert part in tree
    assert "dl-de/zero-2-0" in tree
    page.uncheck("[data-layer=terrain]")
    assert "terrain" not in visit.query
    page.select_option("#colour-column", "blocks.residents")
    page.wait_for_selector(".legend-row")
    assert "colour=blocks.residents" in visit.query
    assert serious_faults(page) == []
    page.click("[data-pick='blocks:block:1']")
    page.wait_for_selector("#inspector >> text=Quelle der Grenze")
    assert "pick=blocks:block:1" in visit.query


def test_a_stop_leads_to_its_line(visit: Visit) -> None:
    page = visit.open("?lang=en&pick=stops:stop:1")
    assert "Lines that stop here" in page.inner_text("#inspector")
    page.click(".links >> text=501")
    page.wait_for_selector("#inspector >> text=RSVG")
    assert "pick=lines:line:501" in visit.query
