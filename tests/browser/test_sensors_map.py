"""Sensors on the page: a value that comes in is seen, an alert is told, a day is played."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from pyproj import Transformer

from dash_app.app import create_app
from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Reading
from tests.small_town import small_town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.project_store import ProjectStore
    from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

STEP = 300_000
LABELS = "[...document.querySelectorAll('.twin-map-sensor')].map((one) => one.textContent)"
ASKED = (
    "performance.getEntriesByType('resource').filter(({name}) => name.includes('/api/sensors'))"
    ".length"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectStore]:
    opened = open_store(tmp_path_factory.mktemp("sensors") / "projects.sqlite")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(serve: Any, store: ProjectStore) -> str:
    return str(serve(create_app(small_town(), store=store)))


def now_ms() -> int:
    return int(time.time() * 1000)


def connect(store: ProjectStore) -> None:
    """Connect a thermometer and a counter in the middle of the town, with a day of values."""
    city = small_town()
    west, south, east, north = city.buildings.total_bounds
    turned = Transformer.from_crs(city.crs, "EPSG:4326", always_xy=True)
    (lon, lat), (far, up) = (
        turned.transform(west + part * (east - west), (south + north) / 2) for part in (0.3, 0.7)
    )
    streams = (
        Datastream("t/warm", "t", "Markt <script>", "air_temperature", "Cel", lon=lon, lat=lat,
                   interval_s=300, alert_above=30),
        Datastream("t/cars", "t", "Ring", "vehicles", "{vehicle}", "count", lon=far, lat=up,
                   interval_s=300),
    )  # fmt: skip
    begin = now_ms() // STEP * STEP
    values = [
        Reading(key, begin - k * STEP, value + k % 7)
        for k in range(600)
        for key, value in (("t/warm", 11.5), ("t/cars", 40))
    ]
    store.observations.write([Delivery("t", tuple(values), streams)])


def test_a_town_without_sensors_is_as_it_was(visit: Visit) -> None:
    page = visit.open()
    assert page.locator("[data-layer=sensors]").count() == 0
    assert page.locator("button[data-view=sensors]").count() == 0
    assert page.evaluate(ASKED) == 0


def test_values_come_in_and_the_day_is_played_again(visit: Visit, store: ProjectStore) -> None:
    connect(store)
    page = visit.page
    page.goto(f"{visit.address}/?view=sensors")
    page.wait_for_function(f"() => {LABELS}.some((text) => text.startsWith('11,5'))")
    page.evaluate("window.stays = true")

    store.observations.write([Delivery("t", (Reading("t/warm", now_ms(), 33.25),))])
    page.wait_for_function(f"() => {LABELS}.some((text) => text.startsWith('33,3'))")
    alert = page.locator(".twin-map-sensor[data-state=alert]")
    assert page.evaluate("twinPage.words.sensor_alert") in alert.inner_text()
    page.wait_for_function("() => document.getElementById('note').textContent.includes('Markt <')")

    text = page.locator("[data-sensors-text=moment]")
    live = text.inner_text()
    page.locator("[data-sensors=play]").click()
    page.wait_for_function("(live) => twinSensors.moment && "
                           "document.querySelector('[data-sensors-text=moment]').textContent"
                           " !== live", arg=live)  # fmt: skip
    first = page.evaluate("twinSensors.moment")
    page.wait_for_function("(first) => twinSensors.moment > first", arg=first)
    page.wait_for_function("() => location.search.includes('moment=')")
    page.locator("[data-sensors=play]").click()
    page.wait_for_function("() => !twinSensors.playing")
    then = page.evaluate("twinSensors.moment")
    page.wait_for_function("(then) => location.search.includes(`moment=${then}`)", arg=then)
    assert page.evaluate("twinSensors.rows.get(1).value") < 20

    page.locator("[data-sensors=live]").click()
    page.wait_for_function("() => twinSensors.rows.get(1).value === 33.25")
    page.wait_for_function("() => !location.search.includes('moment=')")
    assert page.evaluate("window.stays"), "the page was not loaded again"
