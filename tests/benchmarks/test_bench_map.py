"""
How fast the map is encoded and drawn. Run with

    make benchmark

A model town of 15,000 buildings is generated once; the browser draws with llvmpipe.
"""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.map.data import MapData
from layers.build import build_city
from layers.sample_city import make_sample
from tests.browser.conftest import find_browser, launched, serving
from tests.browser.map_harness import harness_app
from tests.dash_app.rich import enrich

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from twin.city import City

BUILDINGS = 15_000


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(make_sample(buildings=BUILDINGS))


@pytest.fixture(scope="module")
def url(city: City) -> Iterator[str]:
    with serving(harness_app(city, warm=True)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if find_browser() is None:
        pytest.skip("needs Chromium or Chrome")
    with launched() as found:
        yield found


def everything(city: City) -> dict[str, int]:
    """Encode all parts of a city; return compressed bytes by kind."""
    data = MapData(city)
    index = data.index()
    tiles = json.loads(gzip.decompress(index.body))["tiles"]
    sizes = {"index": len(index.body), "labels": len(data.labels().body)}
    sizes["column"] = len(data.column("buildings", "height_m").body)
    kinds: Any = (("buildings", data.near), ("ground", data.ground), ("trees", data.trees))
    for kind, make in kinds:
        sizes[kind] = sum(len(make(tile["key"]).body) for tile in tiles[kind])
    return sizes


def test_encode_a_city(benchmark: Any, city: City) -> None:
    sizes = benchmark.pedantic(everything, args=(city,), rounds=3)
    benchmark.extra_info.update(sizes)
    print("\ncompressed bytes:", sizes)
    assert sizes["buildings"] + sizes["column"] < 1_500_000


def test_encode_the_buildings(benchmark: Any, city: City) -> None:
    def encode() -> None:
        data = MapData(city)
        for key in data.building_grid.keys:
            data.near(key)

    benchmark.pedantic(encode, rounds=3)


def test_encode_measured_roofs_and_terrain(benchmark: Any, city: City) -> None:
    rich = enrich(city, cell_m=10)

    def encode() -> dict[str, int]:
        data = MapData(rich)
        roofs = sum(len(data.near(key).body) for key in data.building_grid.keys)
        return {"buildings": roofs, "terrain": len(data.terrain().body)}

    sizes = benchmark.pedantic(encode, rounds=3)
    benchmark.extra_info.update(sizes)
    print("\ncompressed bytes with measured roofs:", sizes)
    assert sizes["buildings"] < 1_500_000
    assert sizes["terrain"] <= 300_000


def wait(page: Any, condition: str) -> None:
    until = time.monotonic() + 120
    while not page.evaluate(f"Boolean({condition})"):
        assert time.monotonic() < until, condition
        time.sleep(0.02)


READY = "window.twinMap && twinMap.stats().state === 'ready'"


FRAMES = """async () => {
  const gl = document.querySelector('canvas').getContext('webgl2'), pixel = new Uint8Array(4);
  const times = [];
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    twinMap.zoom(i % 2 ? 0.0005 : -0.0005);
    await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    times.push(performance.now() - start);
  }
  return times;
}"""
RECOLOUR = """async () => {
  const root = __view.index.replace('/index.json', ''), times = [];
  for (let i = 0; i < 5; i++) {
    const before = twinMap.stats().recolours;
    show({colour: {table: 'buildings', column: 'height_m', kind: 'classed',
      url: root + '/column/buildings/height_m', breaks: [4 + i, 8, 12, 16], nodata: '#888888',
      colours: ['#FBEFA6', '#F5CF69', '#ECAC54', '#E37F50', '#C8504A']}});
    while (twinMap.stats().recolours === before) await new Promise((go) => setTimeout(go, 5));
    times.push(twinMap.stats().recolour_ms);
  }
  return times;
}"""


def test_frame_and_recolour(benchmark: Any, browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    page.goto(url)
    wait(page, READY)
    page.wait_for_timeout(1500)
    frames = benchmark.pedantic(lambda: page.evaluate(FRAMES), rounds=1)
    benchmark.extra_info["frame_ms"] = sorted(frames)[len(frames) // 2]
    benchmark.extra_info["recolour_ms"] = page.evaluate(RECOLOUR)
    benchmark.extra_info["buildings"] = page.evaluate("() => twinMap.stats().buildings")
    recolour = sorted(benchmark.extra_info["recolour_ms"])[2]
    print(f"\nframe: median {benchmark.extra_info['frame_ms']:.0f} ms; recolour: {recolour:.1f} ms")
    page.close()
