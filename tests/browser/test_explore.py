"""The Explore page in a real browser: what people do, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dash_app.app import create_app
from dash_app.state import parse, to_query
from tests.browser.visit import Visit, serious_faults
from tests.conftest import make_toy_city

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

CITY = make_toy_city()
THERE = """(zoom) => {
  const {zoom: now, pitch} = twinMap.camera();
  return Math.abs(now - zoom) < 1e-3 && pitch < 1e-3;
}"""


@pytest.fixture(scope="module")
def address(serve: Callable[[Any], str]) -> str:
    return serve(create_app(CITY))


def text_of(page: Page, selector: str) -> str:
    return page.inner_text(selector)


def test_a_visit_in_german(visit: Visit) -> None:
    page = visit.open()
    assert page.get_attribute("html", "lang") == "de"
    assert text_of(page, "h1") == "Toytown"
    assert "Nichts ausgewählt" in text_of(page, "#inspector")
    assert page.evaluate("twinMap.stats().buildings") == 3


def test_the_language_changes_in_place(visit: Visit) -> None:
    page = visit.open("?pick=buildings:b2")
    page.evaluate("window.sameDocument = true")
    page.click("[data-lang=en]")
    page.wait_for_selector("text=Colour by")
    page.wait_for_selector("#inspector >> text=Height of underside")
    assert page.get_attribute("html", "lang") == "en"
    assert page.evaluate("window.sameDocument")
    assert "lang=en" in visit.query


def test_a_click_on_a_building_fills_the_inspector(visit: Visit) -> None:
    page = visit.open()
    page.evaluate(
        "twinPage.patch({camera: {...twinPage.state.camera, zoom: 18, pitch: 0}}, {move: true})"
    )
    page.wait_for_function(THERE, arg=18)
    x, y, *_ = page.evaluate("place => twinMap.project(...place)", corner("b3"))
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_selector(".inspector-title")
    assert text_of(page, ".inspector-title") == "Grundschule"
    assert "pick=buildings:b3" in visit.query
    inspector = text_of(page, "#inspector")
    assert "12 m" in inspector.replace("\n", " ").replace("\u202f", " ")
    assert "geschätzt" in inspector
    assert "Ausgewählt: Gebäude Grundschule" in page.inner_text("#spoken")
    page.keyboard.press("Escape")
    page.wait_for_selector(".inspector-empty")
    assert "pick" not in visit.query


def corner(key: str) -> list[float]:
    """Give a place in degrees inside a building, near its corner: clear of any label."""
    west, south, east, north = CITY.buildings.to_crs("EPSG:4326").geometry[key].bounds
    return [west + 0.2 * (east - west), south + 0.2 * (north - south)]


def test_buildings_take_the_colour_of_a_column(visit: Visit) -> None:
    page = visit.open()
    before = page.evaluate("twinMap.stats().recolour_ms")
    page.select_option("#colour-column", "height_m")
    page.wait_for_selector(".legend-row")
    rows = page.locator(".legend-row").all_inner_texts()
    assert sum(int(row.split()[-1]) for row in rows) == 3
    page.wait_for_function("before => twinMap.stats().recolour_ms !== before", arg=before)
    page.click("[data-smooth=yes]")
    page.wait_for_selector(".ramp-smooth")
    assert "colour=height_m&scale=smooth" in visit.query
    page.select_option("#colour-column", "use")
    page.wait_for_selector(".legend-row >> text=Wohnen")
    page.select_option("#colour-column", "")
    page.wait_for_selector(".legend-row", state="detached")
    assert "colour" not in visit.query


def test_a_shared_address_restores_everything(visit: Visit) -> None:
    query = (
        "?lang=en&theme=dark&at=50.81760,7.15400,17.50,35,40&layers=buildings:60,streets"
        "&colour=use&pick=buildings:b1&district=d1&sun=12-21,09:30"
    )
    page = visit.open(query)
    assert page.get_attribute("html", "data-theme") == "dark"
    assert text_of(page, ".inspector-title") == "Am Bach 1"
    assert page.input_value("#colour-column") == "use"
    assert not page.is_checked("[data-layer=trees]")
    assert page.is_checked("[data-layer=buildings]")
    assert page.input_value("[data-opacity=buildings]") == "60"
    assert page.get_attribute("[data-district=d1]", "aria-pressed") == "true"
    assert text_of(page, "#sun-time-text") == "09:30"
    camera = page.evaluate("twinMap.camera()")
    assert [round(camera[k], 1) for k in ("zoom", "pitch", "bearing")] == [17.5, 35.0, 40.0]
    assert "?" + visit.query == query
    state, lost = parse(query, CITY)
    assert (to_query(state), lost) == (visit.query, [])


def test_an_address_with_nonsense_opens_with_a_note(visit: Visit) -> None:
    page = visit.open("?colour=secret&pick=buildings:nobody&at=x")
    note = text_of(page, "#note")
    assert all(name in note for name in ("colour", "pick", "at"))
    assert "colour" not in visit.query


def test_search_by_keyboard_flies_and_picks(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("/")
    page.keyboard.type("am bach 3")
    page.wait_for_selector("#found [role=option]")
    field = page.locator("#search-input")
    assert field.get_attribute("aria-expanded") == "true"
    assert field.get_attribute("aria-activedescendant") == "found-0"
    page.keyboard.press("Enter")
    page.wait_for_selector(".inspector-title >> text=Am Bach 3")
    assert not page.is_visible("#found-box")
    assert "pick=buildings:b2" in visit.query
    field.fill("xyzzy")
    page.wait_for_selector("text=Nichts gefunden")


def test_the_table_leads_everywhere_by_keyboard(visit: Visit) -> None:
    page = visit.open("?view=table")
    page.wait_for_selector("#table tbody tr")
    assert page.locator("#table tbody tr").count() == 3
    page.focus("[data-sort=height_m]")
    page.keyboard.press("Enter")
    page.wait_for_selector("th[aria-sort=ascending]")
    page.focus("[data-sort=height_m]")
    page.keyboard.press("Enter")
    page.wait_for_selector("th[aria-sort=descending]")
    first = page.locator("#table .row-key").first
    assert first.inner_text() == "b3"
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".inspector-title >> text=Grundschule")
    page.focus("[data-do=fly-to-pick]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#table", state="hidden")
    assert page.evaluate("twinMap.camera().zoom") >= 15
    page.click("[data-view=table]")
    page.select_option("#table-name", "streets")
    page.wait_for_selector("#table tbody tr[data-row='streets:w1:0:f']")
    page.select_option("#table-column", "speed_kmh")
    page.fill("#table-low", "40")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('#table tbody tr').length === 1")


def test_layers_are_switched_and_faded(visit: Visit) -> None:
    page = visit.open()
    page.uncheck("[data-layer=trees]")
    page.locator("[data-opacity=landuse]").fill("40")
    layers = dict(part.split("=") for part in visit.query.split("&"))["layers"].split(",")
    assert "trees" not in layers
    assert "landuse:40" in layers
    assert page.is_disabled("[data-layer=water]")  # the toy town has no water


def test_map_buttons_and_sun_change_the_view(visit: Visit) -> None:
    page = visit.open()
    start = page.evaluate("twinMap.camera()")
    page.click("[data-do=north]")
    page.click("[data-do=zoom-in]")
    page.click("[data-do=tilt]")
    page.wait_for_function("() => twinPage.state.camera.pitch === 0")
    now = page.evaluate("twinPage.state.camera")
    assert now["bearing"] == 0
    assert now["zoom"] > start["zoom"]
    page.locator("[data-sun=minutes]").fill("600")
    assert text_of(page, "#sun-time-text") == "10:00 Uhr"
    assert "sun=06-21,10:00" in visit.query
    page.click("[data-do=sun]")
    assert "sun=off" in visit.query


def test_data_and_quality_are_told(visit: Visit) -> None:
    page = visit.open("?view=data")
    page.wait_for_selector(".card")
    words = text_of(page, "#quality")
    assert "made up for tests" in words
    assert "1 of 3 heights are estimated." in words


def test_a_link_is_copied(visit: Visit) -> None:
    page = visit.open("?pick=buildings:b1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#share-button")
    page.wait_for_selector("#note >> text=kopiert")
    assert "pick=buildings:b1" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize(
    "query", ["pick=buildings:b1&colour=use", "view=table", "view=data&lang=en"]
)
def test_axe_finds_nothing_serious(visit: Visit, query: str) -> None:
    page = visit.open(f"?theme=light&{query}")
    page.wait_for_timeout(300)
    assert serious_faults(page) == []
    page.evaluate("twinPage.patch({theme: 'dark'})")
    page.wait_for_selector("html[data-theme=dark]")
    page.wait_for_timeout(300)
    assert serious_faults(page) == [], "dark"


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 720), (1024, 768), (640, 360)])
def test_nothing_is_cut_off_at_any_size(visit: Visit, width: int, height: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": height})
    page = visit.open("?pick=buildings:b3&colour=use")
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll('.top-bar *, .panel *, .panel')].filter(
             (e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('.share-word')
               && (e.getBoundingClientRect().right > innerWidth + 1
                   || (e.children.length === 0 && e.scrollWidth > e.clientWidth + 1
                       && getComputedStyle(e).overflowX !== 'visible')))
           .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
