"""The mode of measurements: a value that changes, a sensor picked, measurement and model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from pyproj import Transformer

from dash_app.app import create_app
from layers.project_store import open_store
from layers.sensors.records import Datastream, Delivery, Flag, Reading
from tests.small_town import small_town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.project_store import ProjectStore
    from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

HOUR = 3_600_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectStore]:
    """Give a store with a thermometer and a counter that have told two weeks of hours."""
    opened = open_store(tmp_path_factory.mktemp("panels") / "projects.sqlite")
    city = small_town()
    usable = city.streets[city.streets["allow_car"].to_numpy(bool)]
    point = usable.geometry.iloc[0].interpolate(0.5, normalized=True)
    lon, lat = Transformer.from_crs(city.crs, 4326, always_xy=True).transform(point.x, point.y)
    streams = (
        Datastream("p/air", "p", "Markt <b>", "air_temperature", "Cel", "mean", interval_s=3600.0,
                   lon=lon, lat=lat),
        Datastream("p/cars", "p", "Ring", "vehicles", "{vehicle}", "count", interval_s=3600.0,
                   street=str(usable.index[0])),
    )  # fmt: skip
    newest = int(time.time() * 1000) // HOUR * HOUR - HOUR
    readings = tuple(
        Reading(key, newest - n * HOUR, value, int(Flag.JUMP) if n == 2 and value < 20 else 0)
        for key, value in (("p/air", 7.5), ("p/cars", 80.0))
        for n in range(14 * 24)
    )
    opened.observations.write([Delivery("p", readings, streams)])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(serve: Any, store: ProjectStore) -> str:
    return str(serve(create_app(small_town(), store=store)))


def number(store: ProjectStore, key: str) -> int:
    row = store.observations.stream(key)
    assert row is not None
    return row.number


def test_a_new_value_is_seen_in_the_list_and_the_panel(visit: Visit, store: ProjectStore) -> None:
    air = number(store, "p/air")
    page = visit.open("?view=sensors")
    row = page.locator(f"[data-pick='sensors:{air}']")
    row.wait_for()
    assert "7,5\u202f°C" in row.inner_text()
    assert "Markt <b>" in row.inner_text()
    row.click()
    panel = page.locator(f".sense-panel[data-sensor='{air}']")
    panel.wait_for()
    assert panel.locator("[data-chart=history] svg").count() == 1
    now = Reading("p/air", int(time.time() * 1000), 21.5)
    store.observations.write([Delivery("p", (now,))])
    page.wait_for_function(
        "(n) => [`[data-sensor-value='${n}']`, '.sense-panel .sense-value'].every((one) =>"
        " document.querySelector(one)?.textContent.startsWith('21,5'))",
        arg=air,
    )
    page.locator("[data-sense=span][data-to=week]").click()
    page.wait_for_function(
        "() => document.querySelector('[data-sense=span][data-to=week]')"
        ".getAttribute('aria-pressed') === 'true'"
    )
    page.wait_for_function("() => document.querySelectorAll('.sense-flag.is-jump').length === 1")


def test_counts_and_model_and_the_matrix(visit: Visit) -> None:
    page = visit.open("?view=sensors&value=count_deviation")
    page.locator("[data-chart=scatter]").wait_for(timeout=60_000)
    assert "GEH" in page.locator(".fit-card").first.inner_text()
    page.wait_for_function("() => (twinWork.told.maps?.base?.column) === 'count_deviation'")
    page.locator("[data-work=fit-adjust]").click()
    page.wait_for_function(
        "() => document.querySelector('.fit-adjust')?.dataset.state === 'done'", timeout=60_000
    )
    assert page.locator(".fit-adjust a[download]").count() == 3
    page.locator("[data-sense=tab][data-to=table]").click()
    sort = page.locator("th [data-sense=sort][data-to=value]")
    sort.wait_for()
    sort.click()
    page.locator("th[aria-sort=ascending] [data-to=value]").wait_for()
    page.locator("[data-sense=tab][data-to=climate]").click()
    page.locator("[data-chart=temperature-hours]").wait_for(timeout=60_000)
    page.locator(".sense-search").fill("kein solcher")
    page.wait_for_function("() => !document.querySelector('.sense-row')")
