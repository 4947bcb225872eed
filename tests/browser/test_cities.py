"""The whole way in a real browser: the real town and the town of `make demo`, opened and used."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from dash_app.app import create_app
from layers.build import build_city
from layers.osm import read_osm
from layers.sample_city import make_sample
from tests.browser.visit import DRAWN, serious_faults
from tests.conftest import shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.visit import Visit
    from twin.city import City

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=["neubrandenburg", "model town"])
def city(request: pytest.FixtureRequest) -> City:
    if request.param == "model town":
        return build_city(make_sample())
    return build_city(read_osm(shared("data/osm/neubrandenburg.osm.pbf")))


@pytest.fixture(scope="module")
def address(city: City, serve: Callable[[Any], str]) -> str:
    return serve(create_app(city))


def picture(page: Page) -> np.ndarray:
    """The middle of the map, clear of panels."""
    page.wait_for_timeout(1_500)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB").crop((320, 120, 900, 600))
    return np.asarray(image, dtype=int)


def test_opened_drawn_picked_coloured_and_shared(visit: Visit, city: City) -> None:
    page = visit.open("?sun=off")
    drawn = page.evaluate("twinMap.stats().buildings")
    assert 500 < drawn <= len(city.buildings)
    with_buildings = picture(page)

    key = pick_a_large_building(page, city)
    assert f"pick=buildings:{key}" in visit.query
    assert "m²" in page.inner_text("#inspector")

    page.select_option("#colour-column", "use")
    page.wait_for_selector(".legend-row")
    page.click("[data-lang=en]")
    page.wait_for_selector("text=Colour by")
    shared_query = visit.query
    assert serious_faults(page) == []

    visit.open("?" + shared_query)
    assert page.get_attribute("html", "lang") == "en"
    assert page.input_value("#colour-column") == "use"
    assert f"pick=buildings:{key}" in visit.query

    visit.open("?sun=off&layers=streets,landuse,water")
    changed = np.abs(picture(page) - with_buildings).sum(axis=2) > 24
    assert changed.mean() > 0.03, "hiding the buildings must be seen"


def pick_a_large_building(page: Page, city: City) -> str:
    """Look straight down on a large building and click on it; its key is what is picked."""
    whole = city.buildings[city.buildings["part_of"].isna() & ~city.buildings["has_parts"]]
    camera = page.evaluate("twinMap.camera()")
    places = whole.representative_point().to_crs("EPSG:4326")
    near = np.hypot(places.x - camera["lon"], places.y - camera["lat"]).to_numpy() < 0.01
    chosen = whole[near]["footprint_m2"].idxmax()
    place = places[chosen]
    page.evaluate(
        "([lon, lat]) => twinPage.patch({camera: {lon, lat, zoom: 18, pitch: 0, bearing: 0}},"
        " {move: true})",
        [place.x, place.y],
    )
    page.wait_for_timeout(1_500)
    page.wait_for_function(DRAWN)
    x, y, *_ = page.evaluate("place => twinMap.project(...place)", [place.x, place.y])
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x + 3, box["y"] + y + 3)
    page.wait_for_selector(".inspector-title")
    return str(chosen)
