"""The map in a real browser: drawn, picked, recoloured, without a word to anybody else."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image
from shapely import Polygon, box

from dash_app.map.colours import scale_for
from tests.browser.map_harness import harness_app
from tests.conftest import CRS, make_toy_city
from twin.schema import BUILDINGS
from twin.validation import conform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

E, N = 370_000.0, 5_631_000.0
CLOSE = {"lon": 7.15562, "lat": 50.81641, "zoom": 17.4, "pitch": 45, "bearing": -20, "seq": 1}
PATIENCE_S = 60.0
REST_MS = 120  # two pictures so far apart and alike: it stands still


class MapPage:
    """A page with the map, and what it said and asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, **view: Any) -> MapPage:
        self.page.goto(f"{self.url}/?view={quote(json.dumps({'camera': CLOSE, **view}))}")
        self.wait("window.twinMap && twinMap.stats().state === 'ready'")
        return self

    def wait(self, condition: str) -> None:
        """Poll from here: the strict policy forbids Playwright's own polling in the page."""
        until = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < until, f"{condition}: {self.said}"
            time.sleep(0.05)

    def js(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def picture(self, begun_ms: int = 700) -> np.ndarray:
        """Wait until what was asked for has begun, and then until nothing moves any more."""
        self.page.wait_for_timeout(begun_ms)
        until = time.monotonic() + PATIENCE_S
        before, now = None, self._taken()
        while before is None or not np.array_equal(before, now):
            assert time.monotonic() < until, "the picture never comes to rest"
            self.page.wait_for_timeout(REST_MS)
            before, now = now, self._taken()
        return now

    def _taken(self) -> np.ndarray:
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return np.asarray(image).astype(int)

    def colour_at(self, place: tuple[float, float, float]) -> np.ndarray:
        x, y = self.js("([lon, lat, z]) => twinMap.project(lon, lat, z)", place)
        return self.picture()[round(y), round(x)]

    def events(self, name: str) -> list[Any]:
        return self.js("(name) => window.__events[name] || []", name)


def place_of(city: Any, key: str, height: float = 0.0) -> tuple[float, float, float]:
    """Return longitude, latitude and height of a building's middle."""
    point = gpd.GeoSeries([city.buildings.geometry[key].centroid], crs=CRS).to_crs(4326).iloc[0]
    return float(point.x), float(point.y), height


@pytest.fixture(scope="module")
def city() -> Any:
    return make_toy_city()


@pytest.fixture(scope="module")
def url(serve: Any, city: Any) -> str:
    address: str = serve(harness_app(city))
    return address


@pytest.fixture
def shown(chromium: Any, url: str) -> Iterator[MapPage]:
    page = chromium.new_page(viewport={"width": 900, "height": 600}, reduced_motion="reduce")
    held = MapPage(page, url)
    yield held
    page.close()
    assert held.said == []
    foreign = [one for one in held.asked if not one.startswith((url, "data:", "blob:"))]
    assert foreign == []


def test_buildings_are_drawn_where_they_stand(shown, city):
    shown.open()
    stats = shown.js("() => twinMap.stats()")
    assert stats["buildings"] == 3
    roof = shown.colour_at(place_of(city, "b3", 12.0))
    ground = shown.colour_at((7.1543, 50.8155, 0.0))
    assert np.abs(roof - ground).max() > 4
    assert roof.min() > 235  # a white flat roof in the light
    colours = len(np.unique(shown.picture().reshape(-1, 3), axis=0))
    assert colours > 50  # walls, roofs, shades, roads, letters


def test_a_click_on_a_roof_picks_its_building_and_beside_it_nothing(shown, city):
    shown.open(layers={"buildings": 1})
    for key, height in (("b1", 6.0), ("b3", 12.0)):
        x, y = shown.js("([a, b, z]) => twinMap.project(a, b, z)", place_of(city, key, height))
        shown.page.mouse.click(x, y)
        shown.wait(f"(__events['map-pick'] || []).slice(-1)[0]?.id === '{key}'")
    lon, lat, _ = place_of(city, "b3")
    picked = shown.events("map-pick")[-1]
    assert picked["table"] == "buildings"
    assert (picked["lon"], picked["lat"]) == pytest.approx((lon, lat), abs=1e-4)
    shown.page.mouse.click(20, 300)
    shown.wait("__events['map-pick'].slice(-1)[0] === null")


def test_a_building_before_another_hides_it_from_the_pointer(chromium, serve):
    raw = gpd.GeoDataFrame(
        {"height_m": [40.0, 4.0], "roof_type": "flat", "min_height_m": 0.0},
        index=["tower", "hut"],
        geometry=[box(E, N, E + 20, N + 20), box(E, N + 40, E + 20, N + 60)],
        crs=CRS,
    )
    city = make_toy_city().replace(buildings=conform(BUILDINGS, raw, crs=CRS))
    page = chromium.new_page(viewport={"width": 900, "height": 600}, reduced_motion="reduce")
    shown = MapPage(page, serve(harness_app(city)))
    lon, lat, height = place_of(city, "hut", 4.0)
    shown.open(camera={**CLOSE, "lon": lon, "lat": lat, "pitch": 60, "bearing": 0, "zoom": 18})
    look = "([a, b, z]) => { const p = twinMap.project(a, b, z); return twinMap.find(p)?.row; }"
    rows = {key: row for row, key in enumerate(city.buildings.index)}
    assert shown.js(look, [lon, lat, height]) == rows["tower"]
    behind = {"bearing": 180, "pitch": 60, "lon": lon, "lat": lat, "seq": 2}
    shown.js("(camera) => show({camera})", behind)
    assert shown.js(look, [lon, lat, height]) == rows["hut"]
    page.close()


def test_streets_are_picked_and_hover_gives_their_name(shown):
    shown.open()
    x, y = shown.js("() => twinMap.project(7.15545, 50.81616, 0)")
    shown.page.mouse.move(x - 40, y)
    shown.page.mouse.move(x, y)
    shown.wait("(__events['map-hover'] || []).slice(-1)[0]?.table === 'streets'")
    assert shown.events("map-hover")[-1]["label"] == "Am Bach"


def test_recolouring_fetches_one_column_and_no_geometry(shown, city):
    shown.open(layers={"buildings": 1})
    before = len(shown.asked)
    roof = place_of(city, "b3", 12.0)
    plain = shown.colour_at(roof)
    scale = scale_for(city, "buildings", "height_m", theme="light", classes=3).to_json()
    root = shown.js("() => __view.index.replace('/index.json', '')")
    colour = {**scale, "url": f"{root}/column/buildings/height_m"}
    shown.js("(colour) => show({colour})", colour)
    shown.wait("twinMap.stats().recolour_ms > 0")
    painted = shown.colour_at(roof)
    wanted = np.array([int(scale["colours"][-1][i : i + 2], 16) for i in (1, 3, 5)])
    assert np.abs(painted - plain).max() > 40
    assert np.abs(painted - wanted).max() < 60  # the value's colour, in sunlight
    assert [one.split("/")[-1] for one in shown.asked[before:]] == ["height_m"]
    shown.js("() => show({colour: null})")
    assert np.abs(shown.colour_at(roof) - plain).max() <= 2


def test_the_theme_changes_in_place(shown):
    shown.open()
    before, canvas = len(shown.asked), shown.js("() => document.querySelector('canvas').id")
    light = shown.picture().mean()
    shown.js("() => show({theme: 'dark'})")
    assert shown.picture().mean() < light - 80
    assert len(shown.asked) == before
    assert shown.js("() => document.querySelectorAll('canvas').length") == 1
    assert shown.js("() => document.querySelector('canvas').id") == canvas


def test_layers_can_be_hidden(shown, city):
    shown.open(layers={"buildings": 1})
    roof = place_of(city, "b3", 12.0)
    assert shown.colour_at(roof).min() > 245
    shown.js("() => show({layers: {}})")
    land = shown.picture()
    assert len(np.unique(land[250:500].reshape(-1, 3), axis=0)) == 1
    x, y = shown.js("([a, b, z]) => twinMap.project(a, b, z)", roof)
    assert shown.js("(at) => twinMap.find(at)", [x, y]) is None


def test_a_selected_building_is_tinted_and_ringed(shown, city):
    shown.open(layers={"buildings": 1})
    shown.js("() => show({selection: {table: 'buildings', id: 'b2'}})")
    shown.wait("__view.selection")
    red, green, blue = shown.colour_at(place_of(city, "b2", 9.0))
    assert blue > red + 60
    assert green > red + 60


def test_a_tree_is_picked_and_ringed(shown, city):
    shown.open(layers={"trees": 1})
    tree = gpd.GeoSeries(city.trees.geometry, crs=CRS).to_crs(4326).iloc[0]
    before = shown.picture()
    x, y = shown.js("([a, b, z]) => twinMap.project(a, b, z)", [tree.x, tree.y, 6.6])
    shown.page.mouse.click(x, y)
    shown.wait("(__events['map-pick'] || []).slice(-1)[0]?.table === 'trees'")
    shown.js("() => show({selection: {table: 'trees', id: 't1'}})")
    after = shown.picture()
    assert np.abs(after - before).max() > 60


def test_the_rest_of_the_city_fades_behind_a_district(chromium, serve):
    city = make_toy_city()
    one = city.buildings.assign(district_id=["d1", "d1", None])
    city = city.replace(buildings=one)
    page = chromium.new_page(viewport={"width": 900, "height": 600}, reduced_motion="reduce")
    shown = MapPage(page, serve(harness_app(city))).open(layers={"buildings": 1})
    place = place_of(city, "b3", 12.0)
    whole = shown.colour_at(place)
    shown.js("() => show({filter: {district: 'd1'}})")
    faded = shown.colour_at(place)
    page.close()
    assert np.abs(whole - faded).max() > 2


def test_keys_move_turn_tilt_and_lead_home(shown):
    shown.open()
    shown.page.focus("#map")
    start = shown.js("() => twinMap.camera()")
    for key, part, grows in (
        ("ArrowUp", "lat", True), ("Shift+ArrowRight", "bearing", True),
        ("Shift+ArrowUp", "pitch", True), ("+", "zoom", True), ("-", "zoom", False),
    ):  # fmt: skip
        old = shown.js("() => twinMap.camera()")[part]
        shown.page.keyboard.press(key)
        new = shown.js("() => twinMap.camera()")[part]
        assert (new > old) == grows, key
    shown.page.keyboard.press("n")
    assert shown.js("() => twinMap.camera()")["bearing"] == 0
    shown.page.keyboard.press("Home")
    assert shown.js("() => twinMap.camera()") != start
    shown.wait("(__events['map-camera'] || []).length > 0")


def test_the_source_is_named_on_the_map(shown):
    shown.open()
    assert shown.page.inner_text(".twin-map-sources") == "made up for tests"
    # labels are placed a moment after the frame
    shown.page.wait_for_function(
        "document.querySelector('.twin-map-labels').innerText.includes('Grundschule')"
    )


def test_a_part_that_is_missing_is_said_not_hidden(chromium, url):
    page = chromium.new_page()
    page.route("**/near/*", lambda route: route.fulfill(status=200, content_type="text/html"))
    shown = MapPage(page, url)
    page.goto(url)
    shown.wait("(__events['map-status'] || []).some((status) => status.state === 'error')")
    page.close()


# ---- figures worked out in the browser, against figures from elsewhere ----


SUN = [  # pvlib 0.16.1, spa_python without refraction; German wall clock
    ((50.816, 7.156), (2026, 6, 21, 940), (233.727, 53.274)),
    ((50.816, 7.156), (2026, 12, 21, 720), (173.000, 15.461)),
    ((50.816, 7.156), (2026, 3, 29, 540), (104.389, 15.762)),
    ((50.816, 7.156), (2026, 10, 25, 990), (241.757, 6.295)),
    ((50.816, 7.156), (2026, 6, 21, 330), (52.028, 0.666)),
    ((50.816, 7.156), (2026, 2, 10, 465), (110.439, -1.995)),
    ((53.557, 13.262), (2026, 6, 21, 940), (238.333, 48.640)),
    ((53.557, 13.262), (2026, 10, 25, 990), (246.525, 1.733)),
]


def test_the_sun_stands_where_pvlib_says(shown):
    shown.open()
    for (lat, lon), (year, month, day, minutes), expected in SUN:
        when = {"year": year, "month": month, "day": day, "minutes": minutes}
        sun = shown.js("([w, a, b]) => twinMapKit.sunOf(w, a, b)", [when, lat, lon])
        assert (sun["azimuth"], sun["elevation"]) == pytest.approx(expected, abs=0.05)


def test_the_shadow_falls_away_from_the_sun_and_ends_at_night(shown):
    shown.open()
    script = """(minutes) => {
      const sun = twinMapKit.sunOf({month: 6, day: 21, minutes}, 50.8, 7.1);
      const style = {ambient: 0.5, sun: 1, sky: 0, fill: 0,
        sun_colour: '#ffffff', sky_colour: '#ffffff', fill_colour: '#ffffff'};
      return twinMapKit.lightOf(style, sun).shadow.slice(0, 2); }"""
    morning, evening, night = (shown.js(script, minutes) for minutes in (8 * 60, 18 * 60, 60))
    assert morning[0] < 0 < evening[0]  # to the west in the morning, to the east in the evening
    assert night == pytest.approx([0, 0])


def test_the_view_of_the_ground_is_that_of_deck(shown):
    shown.open()
    camera = {"longitude": 7.1, "latitude": 50.8, "zoom": 15, "pitch": 55, "bearing": 33}
    script = """([camera, padding, pixel]) => {
      const [width, height] = [1000, 700], frame = new twinMapKit.Frame([7.15, 50.81]);
      const ours = new twinMapKit.GroundView({width, height, camera, padding, frame});
      const theirs = new deck.MapView({padding}).makeViewport({width, height, viewState: camera});
      return [ours.ground(pixel), frame.metres(theirs.unproject(pixel))];
    }"""
    for padding in (None, {"left": 300, "right": 40, "top": 0, "bottom": 100}):
        for pixel in ([500, 350], [0, 700], [1000, 0], [730, 120]):
            ours, theirs = shown.js(script, [camera, padding, pixel])
            assert ours == pytest.approx(theirs, rel=2e-3, abs=2)


ROOFS = [  # shape, roof height, volume of a house of 12 x 8 m, 6 m to the eaves
    ("flat", 0.0, 12 * 8 * 6),
    ("gabled", 4.0, 12 * 8 * 6 + 12 * 8 * 4 / 2),
    ("skillion", 4.0, 12 * 8 * 6 + 12 * 8 * 4 / 2),
    ("saltbox", 4.0, 12 * 8 * 6 + 12 * 8 * 4 / 2),
    ("pyramidal", 3.0, 12 * 8 * 6 + 12 * 8 * 3 / 3),
    # a hip of run 4 at both ends: a ridge prism 4 long and two half pyramids
    ("hipped", 4.0, 12 * 8 * 6 + (4 * 8 * 4 / 2 + 8 * 8 * 4 / 3)),
]
YARD = Polygon(box(E, N, E + 40, N + 40).exterior, [box(E + 10, N + 10, E + 30, N + 30).exterior])

VOLUME = """async (root) => {
  const index = await twinMapKit.fetchJson(root + '/index.json');
  const part = await twinMapKit.fetchPart(root + '/near/' + index.tiles.buildings[0].key);
  const {positions: p, indices, bodyFirst, bodyRows} = twinMapKit.buildingMesh(part);
  return Array.from(bodyRows, (row, i) => {
    const end = i + 1 < bodyRows.length ? bodyFirst[i + 1] : indices.length;
    let volume = 0;
    for (let k = bodyFirst[i]; k < end; k += 3) {
      const [a, b, c] = [0, 1, 2].map((j) => 3 * indices[k + j]);
      volume += p[a] * (p[b + 1] * p[c + 2] - p[b + 2] * p[c + 1])
        - p[a + 1] * (p[b] * p[c + 2] - p[b + 2] * p[c])
        + p[a + 2] * (p[b] * p[c + 1] - p[b + 1] * p[c]);
    }
    return [row, volume / 6];
  });
}"""


def test_roofs_and_courtyards_enclose_the_right_volume(chromium, serve):
    """Triangles turned outwards and closed above the ground add up to the volume (Gauss)."""
    shapes = [box(E + 50 * i, N, E + 50 * i + 12, N + 8) for i in range(len(ROOFS))] + [YARD]
    heights = [6 + roof for _, roof, _ in ROOFS] + [10.0]
    raw = gpd.GeoDataFrame(
        {
            "height_m": heights, "min_height_m": 0.0,
            "roof_type": [shape for shape, *_ in ROOFS] + ["flat"],
            "roof_height_m": [roof for _, roof, _ in ROOFS] + [0.0],
        },
        index=[f"h{i}" for i in range(len(shapes))], geometry=shapes, crs=CRS,
    )  # fmt: skip
    city = make_toy_city().replace(buildings=conform(BUILDINGS, raw, crs=CRS))
    page = chromium.new_page()
    shown = MapPage(page, serve(harness_app(city))).open()
    root = shown.js("() => __view.index.replace('/index.json', '')")
    found = dict(map(tuple, shown.js(VOLUME, root)))
    page.close()
    expected = [volume for *_, volume in ROOFS] + [(1600 - 400) * 10]
    assert [found[row] for row in range(len(expected))] == pytest.approx(expected, rel=0.03)
