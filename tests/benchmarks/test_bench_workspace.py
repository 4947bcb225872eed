"""Edit to indicator in headless Chromium: 30 edits, switch of scenarios, start of the page."""

import time
from pathlib import Path

import numpy as np
import pytest

from dash_app.app import create_app
from layers.city_store import open_city
from layers.project_store import open_store
from tests.benchmarks.measure import ROOT
from tests.browser.conftest import launched, serving

pytestmark = pytest.mark.skipif("config.getoption('benchmark_skip')", reason="a benchmark")

ROUNDS = 16
"""Of two kinds of edits; the first round compiles what is left and is not counted."""

EDIT = """async (measure) => {
  const work = window.twinWork, start = performance.now(), {hash} = work.sides.a;
  if (!await work.edit({do: "add_measure", measure})) return null;
  const drawn = () => work.sides.a.ready && work.sides.a.hash !== hash
    && (work.told.maps?.a?.url || "").includes(work.sides.a.hash)
    && document.documentElement.dataset.busy !== "computing";
  while (!drawn()) {
    if (performance.now() - start > 60000) return null;
    await new Promise((done) => setTimeout(done, 10));
  }
  return performance.now() - start;
}"""
SWITCH = """async (shown) => {
  const start = performance.now();
  twinPage.patch({shown});
  const there = () => document.querySelector(`.strip [data-shown=${shown}]`)
    ?.getAttribute("aria-pressed") === "true";
  while (!there()) await new Promise((done) => setTimeout(done, 5));
  return performance.now() - start;
}"""
READY = "() => ['a', 'base'].every((key) => window.twinWork?.sides[key]?.ready)"


@pytest.fixture(scope="module", params=["neubrandenburg", "model-town"])
def town(request):
    folder = ROOT / "cities" / request.param
    if not folder.exists():
        pytest.skip(f"needs the city {folder}")
    return open_city(folder)


def measures(town):
    """Give pairs of edits that fit: slower streets, and retrofit of a Baublock."""
    streets = town.streets
    fast = streets[streets["allow_car"].to_numpy(bool) & (streets["speed_kmh"] == 50)]
    names = fast["name"].dropna().unique()[:ROUNDS]
    lived = town.buildings.loc[town.buildings["dwellings"] > 2, "block_id"].value_counts()
    for turn, (name, block) in enumerate(zip(names, lived.index, strict=False)):
        yield "street", {"kind": "speed_limit", "id": f"s{turn}", "speed_kmh": 30,
                         "select": {"names": [str(name)], "where": [
                             {"column": "speed_kmh", "op": "==", "value": 50}]}}  # fmt: skip
        yield "heat", {"kind": "retrofit", "id": f"r{turn}", "standard": "advanced",
                       "select": {"blocks": [str(block)]}}  # fmt: skip


def test_edit_to_indicator_on_screen(town, tmp_path: Path):
    """Wanted: p50 at most 1 s, p95 at most 2 s; a switch at most 200 ms; usable after 4 s."""
    store = open_store(tmp_path / "projects.sqlite")
    with serving(create_app(town, store=store)) as address, launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/")
        page.wait_for_function("() => window.twinWork?.sides.base?.ready", timeout=120_000)
        key = page.evaluate(
            "twinWork.api('POST', '/api/scenarios', {name: 'Edits'}).then(({id}) => id)"
        )
        started = time.perf_counter()
        page.goto(f"{address}/?view=mobility&a={key}&shown=a&value=car_flow")
        page.wait_for_function(READY, timeout=120_000)
        usable = time.perf_counter() - started
        page.wait_for_timeout(3_000)
        taken = [(kind, page.evaluate(EDIT, measure)) for kind, measure in measures(town)][2:]
        switches = []
        for turn in range(12):
            switches.append(page.evaluate(SWITCH, "base" if turn % 2 == 0 else "a"))
            page.wait_for_timeout(700)
    assert all(ms is not None for _, ms in taken), "an edit came to no end"
    report(town, taken, switches, usable)


def report(town, taken, switches, usable):
    print(f"\n{town.name}: {len(taken)} edits, page usable after {usable:.1f} s")
    for kind in ("street", "heat", ""):
        seconds = [ms / 1000 for name, ms in taken if kind in ("", name)]
        p50, p95 = np.percentile(seconds, [50, 95])
        print(f"  {kind or 'all':7s} p50 {p50:.2f} s, p95 {p95:.2f} s")
    print(f"  switch p50 {np.median(switches):.0f} ms, slowest {max(switches):.0f} ms")
