"""Two sides of values, marks, tools, faults and pictures of the map; one page plays them all."""

from __future__ import annotations

import base64
import io
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pyproj import Geod

from dash_app.map.binary import Column, pack
from tests.browser.map_harness import harness_app
from tests.browser.test_map import CLOSE, MapPage, place_of
from tests.conftest import make_toy_city

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser

RED, BLUE = "#CC1111", "#1133CC"
COLUMNS: dict[str, tuple[list[float], list[int]]] = {  # values, withheld
    "left": ([5.0, 6.0, 7.0], [0, 0, 0]),
    "right": ([1.0, 2.0, 3.0], [0, 0, 1]),
    "streets": ([31_000.0, math.nan, math.nan], [0, 0, 0]),
    "districts": ([80.0], [0]),
}
LAYERS = {"buildings": 1, "streets": 1}
PLAIN: dict[str, Any] = {
    "layers": LAYERS, "values": None, "marked": None, "tool": None, "scene": None, "colour": None,
}  # fmt: skip


def side(name: str, colour: str, table: str = "buildings", **more: Any) -> dict[str, Any]:
    """Return one side of the wanted values, all in one colour."""
    return {
        "url": f"/values/{name}", "table": table, "kind": "classed", "breaks": [],
        "colours": [colour], "nodata": "#D3D2CF", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def city() -> Any:
    return make_toy_city()


@pytest.fixture(scope="module")
def held(chromium: Any, serve: Any, city: Any) -> Iterator[MapPage]:
    page = chromium.new_page(viewport={"width": 900, "height": 600}, reduced_motion="reduce")

    def answer(route: Any) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if name not in COLUMNS:
            route.fulfill(status=404, content_type="application/json", body="{}")
            return
        values, withheld = COLUMNS[name]
        columns = {"value": Column(np.array(values)), "withheld": Column(np.array(withheld))}
        body = pack({"kind": "number"}, columns)
        route.fulfill(content_type="application/octet-stream", body=body)

    page.route("**/values/*", answer)
    page.route("**/scene.json", lambda route: route.fulfill(json=SCENE))
    held = MapPage(page, serve(harness_app(city)))
    held.open(layers=LAYERS)
    yield held
    page.close()
    assert [text for text in held.said if "404" not in text] == []


@pytest.fixture
def shown(held: MapPage) -> MapPage:
    held.js("(view) => { show(view); __events = {}; }", {**PLAIN, "camera": {**CLOSE, "seq": 1}})
    held.page.mouse.move(5, 5)
    return held


def show_values(shown: MapPage, **values: Any) -> None:
    count = shown.js("() => twinMap.stats().recolours")
    shown.js("(values) => show({values})", values)
    shown.wait(f"twinMap.stats().recolours > {count}")


def spot(shown: MapPage, city: Any, key: str, height: float) -> tuple[int, int]:
    x, y = shown.js("(at) => twinMap.project(...at)", list(place_of(city, key, height)))
    return round(x), round(y)


def look(shown: MapPage) -> np.ndarray:
    return shown.picture(350)


def is_red(pixel: np.ndarray) -> bool:
    return bool(pixel[0] > pixel[2] + 40)


def test_the_divider_parts_two_sides_and_moves_by_hand_and_key(shown, city):
    x, y = spot(shown, city, "b3", 12.0)
    width = 900
    at = x / width
    show_values(
        shown, left=side("left", RED), right=side("right", BLUE), split="swipe", at=at + 0.1
    )
    assert is_red(look(shown)[y, x])
    shown.js("(at) => show({values: {...__view.values, at}})", at - 0.1)
    assert not is_red(look(shown)[y, x])
    shown.page.focus(".twin-map-handle")
    shown.page.keyboard.press("End")
    assert shown.page.get_attribute(".twin-map-handle", "aria-valuenow") == "100"
    shown.wait("(__events['map-split'] || []).slice(-1)[0]?.at === 1")
    assert is_red(look(shown)[y, x])
    shown.page.mouse.move(897, 300)
    shown.page.wait_for_timeout(400)  # the camera of the start has been told by then
    shown.js("() => { delete __events['map-camera']; }")
    shown.page.mouse.down()
    shown.page.mouse.move(round(width * (at - 0.1)), 300)
    shown.page.mouse.up()
    shown.wait("__events['map-split'].slice(-1)[0].at < 0.9")
    assert not is_red(look(shown)[y, x])
    assert shown.js("() => Boolean(__events['map-camera'])") is False  # the map stood still


def test_twin_pictures_show_a_side_each_and_say_its_value(shown, city):
    show_values(shown, left=side("left", RED), right=side("right", BLUE), split="twin")
    x, y = spot(shown, city, "b2", 9.0)
    picture = look(shown)
    assert is_red(picture[y, x])
    assert not is_red(picture[y, x + 450])
    row = list(city.buildings.index).index("b2")
    for shift, value in ((0, 6.0), (450, 2.0)):
        shown.page.mouse.move(x + shift + 3, y)
        shown.page.mouse.move(x + shift, y)
        shown.wait(f"(__events['map-hover'] || []).slice(-1)[0]?.value === {value}")
        assert shown.events("map-hover")[-1]["row"] == row
    before = shown.js("() => twinMap.camera()")
    shown.page.mouse.move(700, 500)
    shown.page.mouse.down()
    shown.page.mouse.move(700, 440, steps=3)
    shown.page.mouse.up()
    assert shown.js("() => twinMap.camera()") != before
    x, y = spot(shown, city, "b2", 9.0)
    picture = look(shown)
    assert is_red(picture[y, x])
    assert picture[y, x + 450][2] > picture[y, x + 450][0] + 40


def test_what_is_withheld_has_no_value_and_strokes(shown, city):
    show_values(shown, left=side("right", BLUE), split="none")
    x, y = spot(shown, city, "b3", 12.0)
    shown.page.mouse.move(x + 3, y)
    shown.page.mouse.move(x, y)
    shown.wait("(__events['map-hover'] || []).slice(-1)[0]?.withheld === true")
    assert shown.events("map-hover")[-1]["value"] is None
    shown.page.mouse.move(5, 5)
    around = look(shown)[y - 6 : y + 6, x - 6 : x + 6].sum(axis=2)
    assert around.max() - around.min() > 60  # hatched, not plain


def test_a_flow_is_as_wide_as_its_value(shown):
    show_values(shown, left=side("streets", RED, "streets", widths=31_000), flow=True)
    x, y = (round(v) for v in shown.js("() => twinMap.project(7.15545, 50.81616, 0)"))
    picture = look(shown)[y - 30 : y + 31, x - 30 : x + 31]
    reds = (picture[..., 0] > picture[..., 2] + 80).sum()
    across = reds / 61 / math.hypot(1, 0)
    assert reds > 61 * 10
    assert across < 61
    by_value = shown.js(
        "() => Array.from(twinMapKit.flowWidths({columns: {value: [31000, 8000, 0, NaN, -8000]}},"
        " {breaks: [], widths: 31000}))"
    )
    expected = [1.1 + 19, 1.1 + (8 / 31) ** 0.72 * 19]
    assert by_value == pytest.approx([*expected, 0, 0, expected[1]], abs=1e-4)


def test_areas_stand_as_high_as_their_value_and_are_picked_there(shown, city):
    values = side("districts", RED, "districts") | {"breaks": [40.0], "colours": [BLUE, RED]}
    show_values(shown, left=values, height=True)
    lon, lat, _ = place_of(city, "b2")
    shown.wait("twinMap.find(twinMap.project(7.1555, 50.8162, 0))?.table === 'districts'")
    x, y = shown.js("(at) => twinMap.project(...at)", [lon, lat, 90 * 1.7])  # twice the limit
    assert shown.js("(at) => twinMap.find(at).row", [x, y]) == 0
    assert shown.js("(at) => twinMap.find(at)", [x, y - 140]) is None
    assert is_red(look(shown)[round(y), round(x)])


def test_changing_sides_leaves_no_textures_and_a_failure_leaves_the_picture(shown, city):
    show_values(shown, left=side("left", RED), right=side("right", BLUE), split="swipe", at=0.5)
    alive = shown.js("() => twinMap.stats().textures")
    for colour in (BLUE, RED) * 4:
        show_values(shown, left=side("left", colour), right=side("right", RED), split="swipe")
    assert shown.js("() => twinMap.stats().textures") == alive
    asked = [url for url in shown.asked if "/values/" in url]
    assert len(asked) == len(set(asked))  # a column that was seen is not asked for again
    x, y = spot(shown, city, "b3", 12.0)
    before = look(shown)[y, x]
    shown.js("(left) => show({values: {left, split: 'none'}})", side("nowhere", BLUE))
    shown.wait("(__events['map-status'] || []).some((status) => status.state === 'error')")
    assert np.abs(look(shown)[y, x] - before).max() < 4


def test_rows_are_marked_by_id_in_either_direction(shown, city):
    middle = city.streets.to_crs(4326).geometry["w1:0:b"].interpolate(0.4, normalized=True)
    street = [middle.x, middle.y, 0]
    x, y = (round(v) for v in shown.js("(at) => twinMap.project(...at)", street))
    before = look(shown)[y, x]
    marked = [
        {"table": "streets", "ids": ["w1:0:f"], "style": "chosen"},  # its other direction is drawn
        {"table": "buildings", "ids": ["b2", "no such id"], "style": "chosen"},
    ]
    shown.js("(marked) => show({marked})", marked)
    shown.page.wait_for_timeout(500)
    red, green, blue = look(shown)[y, x]
    assert min(blue, green) > red + 60
    shown.js("() => show({marked: []})")
    assert np.abs(look(shown)[y, x] - before).max() < 4


SCENE = {
    "links": [], "stops": [], "lines": [], "pipes": [],
    "buildings": [{"id": "new", "height": 20.0, "rings": [
        [[7.1543, 50.8157], [7.1546, 50.8157], [7.1546, 50.8158], [7.1543, 50.8158]]]}],
    "gone": {"buildings": [0], "streets": []},
}  # fmt: skip


def test_what_a_scenario_builds_is_drawn(shown):
    at = shown.js("() => twinMap.project(7.15445, 50.81575, 20)")
    x, y = (round(v) for v in at)
    before = look(shown)[y, x]
    shown.js("() => show({scene: {url: '/scene.json'}})")
    shown.page.wait_for_timeout(500)
    built = look(shown)[y, x]
    assert built[2] > built[0] + 10  # a tint of the accent
    shown.js("() => show({scene: null})")
    assert np.abs(look(shown)[y, x] - before).max() < 4


# ---- tools ----


def last(shown: MapPage) -> Any:
    return shown.events("map-tool")[-1]


def test_a_click_takes_in_and_out_again(shown, city):
    shown.js("() => show({tool: {kind: 'click', table: 'buildings', ids: []}})")
    x, y = spot(shown, city, "b3", 12.0)
    for took in (True, False):
        shown.page.mouse.click(x, y)
        shown.wait(f"(__events['map-tool'] || []).slice(-1)[0]?.took === {str(took).lower()}")
        assert last(shown)["ids"] == ["b3"]
        assert last(shown)["chosen"]["ids"] == (["b3"] if took else [])
        shown.page.wait_for_timeout(450)
    assert shown.events("map-pick") == []


def test_a_line_is_drawn_taken_back_and_measured(shown):
    shown.js("() => show({tool: {kind: 'line', snap: false}})")
    for x, y in ((200, 200), (500, 250), (700, 480)):
        shown.page.mouse.click(x, y)
        shown.page.wait_for_timeout(420)
    shown.page.focus("#map")
    shown.page.keyboard.press("Backspace")
    assert len(last(shown)["geometry"]["coordinates"]) == 2
    shown.page.keyboard.press("Enter")
    assert last(shown)["done"]
    ends = last(shown)["geometry"]["coordinates"]
    _, _, metres = Geod(ellps="sphere").inv(*ends[0], *ends[1])
    assert last(shown)["length_m"] == pytest.approx(metres, rel=2e-3)


def test_the_keyboard_sets_points_and_leaves(shown):
    shown.js("() => show({tool: {kind: 'area', snap: false}})")
    shown.page.focus("#map")
    keys = "ArrowUp ArrowUp Enter ArrowRight ArrowRight ArrowRight Enter ArrowDown Enter Enter"
    for key in keys.split():
        shown.page.keyboard.press(key)
    assert last(shown)["done"]
    assert last(shown)["geometry"]["type"] == "Polygon"
    assert len(last(shown)["geometry"]["coordinates"][0]) == 4
    assert last(shown)["area_m2"] > 20
    shown.page.keyboard.press("Escape")
    assert last(shown)["step"] == "leave"
    assert last(shown)["geometry"] is None


def test_a_lasso_of_ten_thousand_points_is_told_with_five_hundred(shown, city):
    count = shown.js(
        "() => twinMapKit.simplified(Array.from({length: 10000}, (_, i) =>"
        " [300 + 200 * Math.cos(i / 200) + 9 * Math.sin(i), 300 + 200 * Math.sin(i / 200)])).length"
    )
    assert 3 < count <= 500
    shown.js("() => show({tool: {kind: 'lasso', table: 'buildings'}})")
    x, y = spot(shown, city, "b3", 0.0)
    around = [(x + 160 * math.cos(a / 4), y + 160 * math.sin(a / 4)) for a in range(26)]
    shown.page.mouse.move(*around[0])
    shown.page.mouse.down()
    for place in around[1:]:
        shown.page.mouse.move(*place)
    shown.page.mouse.up()
    shown.wait("(__events['map-tool'] || []).slice(-1)[0]?.done")
    assert "b3" in last(shown)["ids"]
    assert last(shown)["geometry"]["type"] == "Polygon"


def test_a_line_snaps_to_the_end_of_a_street(shown, city):
    shown.js("() => show({tool: {kind: 'line'}})")
    lon, lat = city.streets.to_crs(4326).geometry["w1:0:b"].coords[0]
    x, y = shown.js("(at) => twinMap.project(...at)", [lon, lat, 0])
    shown.page.mouse.click(x + 5, y - 4)
    shown.wait("(__events['map-tool'] || []).length")
    assert last(shown)["snap"] == "node"
    assert last(shown)["points"][0] == pytest.approx([lon, lat], abs=3e-6)


# ---- pictures and faults ----


def test_a_picture_has_the_size_asked_for_and_no_panels(shown, city):
    show_values(shown, left=side("left", RED))
    script = """async (size) => {
      const blob = await twinMap.picture(size), reader = new FileReader();
      return new Promise((done) => {
        reader.onload = () => done(reader.result.split(',')[1]);
        reader.readAsDataURL(blob);
      }); }"""
    data = shown.js(script, {"width": 450, "height": 300, "scale": 2})
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    assert picture.shape == (600, 900, 3)
    x, y = spot(shown, city, "b3", 12.0)  # the same ground on half the pixels at twice the scale
    assert is_red(picture[y, x])
    assert is_red(look(shown)[y, x])


def test_a_lost_context_comes_back_with_the_same_view(shown, city):
    show_values(shown, left=side("left", RED))
    camera = shown.js("() => twinMap.camera()")
    shown.js(
        "() => document.querySelector('#map canvas').getContext('webgl2')"
        ".getExtension('WEBGL_lose_context').loseContext()"
    )
    shown.wait("(__events['map-status'] || []).some(({state}) => state === 'lost')")
    shown.wait("twinMap.stats().state === 'ready' && twinMap.stats().recolour_ms > 0")
    assert shown.js("() => twinMap.camera()") == camera
    assert shown.js("() => document.querySelectorAll('#map canvas').length") == 1
    x, y = spot(shown, city, "b3", 12.0)
    shown.page.wait_for_timeout(400)
    assert is_red(look(shown)[y, x])


def test_without_graphics_it_says_so(chromium, held):
    page = chromium.new_page()
    page.add_init_script(
        "const type = HTMLCanvasElement.prototype, get = type.getContext;"
        "type.getContext = function (kind, ...more) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); }"
    )
    bare = MapPage(page, held.url)
    page.goto(held.url)
    bare.wait("window.twinMap && twinMap.stats().state === 'none'")
    assert json.dumps(bare.said) == "[]"
    page.close()
