"""
The planner's story: a filter at the school, a cycle link, heat for one Baublock in two ways.

Everything is done on the map and in the forms, as somebody would: click, draw, apply. The numbers
are read where the screen reads them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from dash_app.app import create_app
from dash_app.map.binary import unpack
from layers.project_store import open_store
from tests.browser.test_stories import (
    CARDS,
    apply,
    hash_of,
    new_measure,
    new_scenario,
    opened,
    settled,
)
from tests.browser.visit import serious_faults
from tests.small_town import small_town

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Browser, Page

    from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

TOWN = small_town()
BLOCK = str(TOWN.blocks["dwellings"].astype(float).idxmax())
LANES = TOWN.streets[TOWN.streets["class"].astype(str) == "residential"].to_crs(TOWN.crs)


def degrees(shape: Any) -> Any:
    return gpd.GeoSeries([shape], crs=TOWN.crs).to_crs(4326).iloc[0]


MIDDLE = TOWN.blocks.geometry[BLOCK].centroid
SCHOOL_STREET = str(LANES.index[LANES.distance(MIDDLE).argmin()])
SCHOOL = LANES.geometry[SCHOOL_STREET].interpolate(0.5, normalized=True)
AROUND = TOWN.blocks.geometry[BLOCK].buffer(3, join_style="mitre").simplify(4).exterior


def with_school() -> Any:
    """Return the town with a school beside a street."""
    old = TOWN.tables["places"]
    new = old.iloc[[0]].set_axis(["test:school"]).assign(name="Grundschule am Weg")
    new["class"] = pd.Categorical(["school"], old["class"].cat.categories)
    new = new.set_geometry([SCHOOL], crs=old.crs)
    places = gpd.GeoDataFrame(pd.concat([old, new]).rename_axis(old.index.name), crs=old.crs)
    return TOWN.replace(places=places)


CITY = with_school()


@pytest.fixture(scope="module")
def address(serve: Callable[[Any], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    store = open_store(tmp_path_factory.mktemp("story") / "projects.sqlite")
    return serve(create_app(CITY, store=store))


def look_at_the_block(page: Page, address: str, query: str) -> None:
    here = degrees(MIDDLE)
    opened(page, address, f"?{query}&at={here.y:.5f},{here.x:.5f},15.6,0,0")
    settled(page)


def on_page(page: Page, points: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return where positions in degrees stand on the screen."""
    box = page.evaluate("document.getElementById('map').getBoundingClientRect().toJSON()")
    places = [page.evaluate("(at) => twinMap.project(...at)", list(point)) for point in points]
    return [(box["x"] + x, box["y"] + y) for x, y in places]


def draw(page: Page, path: str, shape: Any) -> None:
    """Take the tool of a field and click a point, a line or an area on the map."""
    tool = {"Point": "point", "LineString": "line"}.get(shape.geom_type, "area")
    page.click(f"[data-work=form-tool][data-path='{path}'][data-tool={tool}]")
    corners = shapely.get_coordinates(degrees(shape)).tolist()
    for x, y in on_page(page, corners[:-1] if tool == "area" else corners):
        page.mouse.click(x, y)
    if tool != "point":
        page.keyboard.press("Enter")


def cycle_link(metres: float) -> shapely.LineString:
    """Return a straight link through the block, moved to the east by some metres."""
    west, south, east, north = AROUND.bounds
    x = (west + east) / 2 + metres
    return shapely.LineString(
        [(x, south + 0.2 * (north - south)), (x, north - 0.2 * (north - south))]
    )


def test_a_school_a_cycle_link_and_heat_in_two_ways(visit: Visit, chromium: Browser) -> None:
    page = visit.page
    page.set_default_timeout(60_000)
    look_at_the_block(page, visit.address, "view=scenario")
    new_scenario(page, "Netz")
    settled(page)
    new_measure(page, "modal_filter")
    draw(page, "points", SCHOOL)
    apply(page)
    put_the_link_and_undo_it(page)
    first = page.evaluate("twinWork.sides.a.id")
    second = make_the_variant(page)
    heat_of_the_block(page, "heat_network", "area")
    page.click("#strip [data-work=show][data-shown=a]")
    settled(page)
    heat_of_the_block(page, "heating_change", "select.area")
    compare(page, visit.address, first, second)
    query = explained(page)
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as other:
        there = other.new_page()
        opened(there, visit.address, f"?{query}")
        settled(there)
        there.wait_for_selector("#work-right .explain")
        assert [hash_of(there, side) for side in "ab"] == [hash_of(page, side) for side in "ab"]
    assert serious_faults(page) == []


def put_the_link_and_undo_it(page: Page) -> None:
    """A drawn cycle link; without it every number is the same to the bit again."""
    settled(page)
    before, numbers = hash_of(page), page.evaluate(CARDS)
    new_measure(page, "new_link")
    draw(page, "line", cycle_link(0))
    apply(page)
    settled(page)
    after = hash_of(page)
    page.click("#work-left [data-work=undo]")
    page.wait_for_function(f"() => twinWork.sides.a.hash === {json.dumps(before)}")
    settled(page)
    assert page.evaluate(CARDS) == numbers
    page.click("#work-left [data-work=redo]")
    page.wait_for_function(f"() => twinWork.sides.a.hash === {json.dumps(after)}")
    settled(page)


def make_the_variant(page: Page) -> str:
    """Duplicate the scenario, which opens as B, and draw its cycle link anew, 20 m further."""
    first = page.evaluate("twinWork.sides.a.id")
    page.click(f"#work-left [data-dialog=scenario][data-id='{first}']")
    page.click("[data-work=duplicate]")
    page.wait_for_function("() => twinWork.active() === 'b' && twinWork.sides.b?.hash")
    settled(page)
    page.click("#work-left [data-panel=form][data-id=new-link-1]")
    page.wait_for_selector("[data-work=form-apply]")
    draw(page, "line", cycle_link(20))
    apply(page)
    settled(page)
    second = str(page.evaluate("twinWork.sides.b.id"))
    lines = [drawn_line(page, key) for key in (first, second)]
    assert lines[0] != lines[1]
    return second


def drawn_line(page: Page, key: str) -> Any:
    saved = page.evaluate(f"fetch('/api/scenarios/{key}').then((answer) => answer.json())")
    return saved["content"]["measures"][1]["line"]["coordinates"]


def heat_of_the_block(page: Page, kind: str, path: str) -> None:
    """Heat the Baublock anew: draw round it, apply."""
    new_measure(page, kind)
    draw(page, path, shapely.Polygon(AROUND))
    apply(page)
    settled(page)


def compare(page: Page, address: str, first: str, second: str) -> None:
    """Of all Baublöcke this one gets heat pumps in A and a network in B."""
    where = f"?view=compare&a={first}&b={second}&shown=diff&value=network_connected"
    opened(page, address, where)
    settled(page)
    page.wait_for_selector("#bottom table")
    page.click("[data-split=swipe]")
    page.wait_for_function("() => twinPage.state.split === 'swipe'")
    page.wait_for_selector(".side-name")
    for side, view in (("a", "share_heat_pump"), ("b", "network_connected")):
        more = by_block(page, side, view) - by_block(page, "base", view)
        assert list(CITY.blocks.index[more > 1e-6]) == [BLOCK], view


def explained(page: Page) -> str:
    """Ask a number where it comes from; give the address that leads there."""
    page.click(".strip-cards [data-panel=explain] >> nth=0")
    page.wait_for_selector("#work-right .explain")
    page.wait_for_function("() => location.search.includes('explain=')")
    return urlparse(page.url).query


def by_block(page: Page, side: str, view: str) -> Any:
    """Return a view by Baublock in 2045, as the map is given it; withheld is 0."""
    origin = page.evaluate("location.origin")
    answer = page.request.get(f"{origin}/api/views/{hash_of(page, side)}/2045/{view}")
    return np.nan_to_num(unpack(answer.body())[1]["value"])
