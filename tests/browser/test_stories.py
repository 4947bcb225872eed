"""People at the workspace: without a mouse, from the public, two at once, without a server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

from dash_app.app import create_app
from dash_app.settings import Settings
from dash_app.workspace.viewer import Viewer
from layers.project_store import open_store
from tests.browser.visit import DRAWN, WRITTEN, Visit, serious_faults
from tests.small_town import small_town

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

CITY = small_town()
NAMES = CITY.streets.loc[CITY.streets["allow_car"].to_numpy(bool), "name"].dropna()
STREET = str(NAMES.value_counts().index[0])
PLANNER = Viewer("admin", "Anna", fine=True)

READY = """() => Object.keys(twinWork.sides).length
    && Object.values(twinWork.sides).every((side) => side.ready)
    && document.documentElement.dataset.busy !== 'computing'
    && !document.querySelector('.strip .is-stale')"""
CHOSEN = """(before) => {
  const side = twinWork.sides[twinPage.state.shown];
  return side && !before.includes(side.id) && twinPage.state[twinPage.state.shown] === side.id;
}"""
CARDS = "() => [...document.querySelectorAll('.strip-cards')].map((n) => n.innerText).join('|')"


@pytest.fixture(scope="module")
def address(serve: Callable[[Any], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    store = open_store(tmp_path_factory.mktemp("laptop") / "projects.sqlite")
    return serve(create_app(CITY, store=store))


def opened(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/{query}")
    page.wait_for_function(DRAWN, timeout=60_000)
    page.wait_for_function("() => window.twinWork && twinWork.told.sides", timeout=60_000)


def settled(page: Page) -> None:
    """Wait until every number on screen is that of what is saved."""
    page.wait_for_function(READY, timeout=90_000)
    page.wait_for_timeout(400)


def hash_of(page: Page, side: str = "a") -> str:
    return str(page.evaluate(f"twinWork.sides.{side}?.hash"))


def new_scenario(page: Page, name: str) -> None:
    before = page.evaluate("Object.values(twinWork.sides).map((side) => side.id)")
    page.click("#work-left [data-dialog=new] >> nth=0")
    page.fill("#new-name", name)
    page.click("[data-work=new-scenario]")
    page.wait_for_selector(f"#work-left .tree-name >> text={name}")
    page.wait_for_function("() => !document.getElementById('dialog').open")
    page.wait_for_function(CHOSEN, arg=before)


def new_measure(page: Page, kind: str) -> None:
    page.click("[data-dialog=kinds]")
    page.click(f"[data-work=new-measure][data-kind={kind}]")
    page.wait_for_selector("[data-work=form-apply]")


def apply(page: Page) -> None:
    version = page.evaluate("twinWork.sides[twinWork.active()].version")
    page.wait_for_selector("[data-work=form-apply]:not([disabled])")
    page.click("[data-work=form-apply]")
    page.wait_for_function(f"() => twinWork.sides[twinWork.active()].version > {version}")


def unheard(route: Route) -> None:
    """Pass an edit on as a window makes it that has not heard of the second version yet."""
    edit = {**route.request.post_data_json, "expected_version": 1}
    route.continue_(post_data=json.dumps(edit))


def test_two_windows_on_one_scenario_meet_a_dialog(visit: Visit, chromium: Browser) -> None:
    page = visit.page
    opened(page, visit.address, "?view=scenario")
    new_scenario(page, "Gemeinsam")
    settled(page)
    key = page.evaluate("twinWork.sides.a.id")
    with chromium.new_context() as other:
        there = other.new_page()
        opened(there, visit.address, f"?view=scenario&a={key}&shown=a")
        settled(there)
        there.evaluate("twinWork.edit({do: 'set_note', note: 'von dort'})")
        there.wait_for_function("() => twinWork.sides.a.version === 2")
        page.route("**/api/scenarios/*/edits", unheard, times=1)
        page.evaluate("() => { twinWork.edit({do: 'rename', name: 'hier'}); }")
        page.wait_for_selector("#dialog[open] [data-work=conflict-mine]")
        page.click("[data-work=conflict-mine]")
        page.wait_for_function("() => twinWork.sides.a.version === 3")
    saved = page.evaluate(f"fetch('/api/scenarios/{key}').then((answer) => answer.json())")
    assert (saved["content"]["note"], saved["name"]) == ("von dort", "hier")
    visit.complaints = [text for text in visit.complaints if "409" not in text]


def press(page: Page, selector: str, key: str = "Enter") -> None:
    page.focus(selector)
    page.keyboard.press(key)


def test_without_a_mouse(visit: Visit) -> None:
    """A scenario, a measure, undo and today in its place: by keys alone."""
    page = visit.page
    page.set_default_timeout(60_000)
    opened(page, visit.address, "?view=scenario")
    settled(page)
    press(page, "#work-left [data-dialog=new] >> nth=0")
    press(page, "#new-name", "Control+a")
    page.keyboard.type("Nur Tasten")
    press(page, "[data-work=new-scenario]")
    page.wait_for_function("() => twinWork.sides.a")
    page.wait_for_selector("#work-left >> text=Nur Tasten")
    settled(page)
    press(page, "#work-left [data-dialog=kinds]")
    page.focus("#kind-search")
    page.keyboard.type("höchst")
    assert page.locator("[data-work=new-measure]:visible").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.focus("#work-right [data-add][data-names=streets]")
    page.keyboard.type(STREET)
    page.keyboard.press("Enter")
    press(page, "[data-work=form-apply]")
    page.wait_for_function("() => twinWork.sides.a.version === 2")
    settled(page)
    press(page, "#map", "Control+z")
    page.wait_for_function("() => twinWork.sides.a.version === 1")
    page.keyboard.down("b")
    page.wait_for_function("() => document.documentElement.dataset.held === 'base'")
    page.keyboard.up("b")
    page.wait_for_function("() => !document.documentElement.dataset.held")


@pytest.fixture(scope="module")
def town_hall(
    serve: Callable[[Any], str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str, str]:
    """Give the address of a shared server, a published scenario and one that is not."""
    store = open_store(tmp_path_factory.mktemp("shared") / "projects.sqlite")
    settings = Settings(mode="shared", https=False)
    app = create_app(CITY, settings=settings, store=store)
    projects = app.state.desk.projects
    public = projects.create(PLANNER, "Für alle").scenario_id
    hidden = projects.create(PLANNER, "Intern").scenario_id
    projects.publish(public, public=True, viewer=PLANNER)
    return serve(app), public, hidden


def test_the_public_visitor(town_hall: tuple[str, str, str], chromium: Browser) -> None:
    """Sees what is published, by Baublock; edits nothing and gets no building."""
    address, public, hidden = town_hall
    building = str(CITY.buildings.index[0])
    with chromium.new_context(viewport={"width": 1280, "height": 720}, locale="de-DE") as context:
        page = context.new_page()
        visit = Visit(page, address)
        opened(page, address, f"?view=scenario&a={public}&shown=a")
        settled(page)
        left = page.inner_text("#work-left")
        assert "Für alle" in left
        assert "Intern" not in left
        assert page.locator("[data-dialog=kinds], [data-dialog=new]").count() == 0
        for path in (
            f"/api/scenarios/{hidden}",
            f"/api/views/{hash_of(page)}/2045/heat_demand_building",
        ):
            status = page.evaluate(f"fetch({json.dumps(path)}).then((answer) => answer.status)")
            assert status in {401, 403, 404}, path
        refused = page.evaluate(
            "fetch('/api/scenarios', {method: 'POST', body: '{\"name\": \"x\"}', "
            "headers: {'Content-Type': 'application/json'}}).then((answer) => answer.status)"
        )
        assert refused in {401, 403}
        page.goto(f"{address}/?pick=buildings:{building}")
        page.wait_for_function(DRAWN, timeout=60_000)
        page.wait_for_selector(".inspector-title")
        words = page.inner_text("#inspector")
        assert not re.search(r"Einwohner\s+\d", words)
        assert serious_faults(page) == []
        assert visit.hosts == {urlparse(address).netloc}


def test_a_link_to_what_is_gone_says_so(visit: Visit) -> None:
    page = visit.page
    opened(page, visit.address, f"?view=scenario&a={'0' * 32}")
    page.wait_for_selector("#dialog[open] [data-work=drop-side]")
    page.click("[data-work=drop-side]")
    page.wait_for_function("() => !twinPage.state.a")
    page.wait_for_function(WRITTEN)
    assert "a" not in parse_qs(urlparse(page.url).query)


def test_names_are_text_and_never_markup(visit: Visit) -> None:
    page = visit.page
    opened(page, visit.address, "?view=scenario")
    new_scenario(page, "<img src=x onerror=alert(1)>")
    page.wait_for_timeout(500)
    assert page.locator("#work-left img").count() == 0
    assert "<img src=x" in page.inner_text("#work-left")


def test_axe_finds_nothing_serious_in_any_mode(visit: Visit) -> None:
    page = visit.page
    opened(page, visit.address, "?view=scenario")
    for mode in ("scenario", "compare", "mobility", "energy"):
        page.click(f"[data-view={mode}]")
        page.wait_for_function("(mode) => document.documentElement.dataset.page === mode", arg=mode)
        settled(page)
        page.mouse.move(640, 400)
        page.wait_for_timeout(300)  # what fades in has begun
        assert serious_faults(page) == [], mode


def test_an_edit_made_while_the_server_is_away_outlives_a_reload(visit: Visit) -> None:
    """The change waits in the browser and is saved when the server is back."""
    page = visit.page
    opened(page, visit.address, "?view=scenario")
    new_scenario(page, "Ohne Server")
    settled(page)
    key = page.evaluate("twinWork.sides.a.id")
    page.route("**/api/scenarios/*/edits", lambda route: route.abort())
    page.evaluate("() => { twinWork.edit({do: 'set_note', note: 'nicht verloren'}); }")
    page.wait_for_function("() => document.documentElement.dataset.saving === 'waiting'")
    assert page.locator(".saved-not").is_visible()
    page.on("dialog", lambda dialog: dialog.accept())  # leaving warns
    page.unroute("**/api/scenarios/*/edits")
    page.reload()
    page.wait_for_function(DRAWN, timeout=60_000)
    page.wait_for_function("() => twinWork.sides.a?.version === 2", timeout=30_000)
    saved = page.evaluate(f"fetch('/api/scenarios/{key}').then((answer) => answer.json())")
    assert saved["content"]["note"] == "nicht verloren"
    assert page.evaluate("localStorage.getItem('twin-unsaved')") is None
    visit.complaints = [text for text in visit.complaints if "ERR_FAILED" not in text]


def test_reload_and_back_lead_to_the_same_view(visit: Visit) -> None:
    page = visit.page
    opened(page, visit.address, "?view=scenario")
    new_scenario(page, "Bleibt da")
    settled(page)
    page.click("[data-view=energy]")
    page.wait_for_function("() => twinPage.state.view === 'energy'")
    page.wait_for_function(WRITTEN)
    key, query = page.evaluate("twinWork.sides.a.id"), urlparse(page.url).query
    page.goto(f"{visit.address}/health")
    page.go_back()
    page.wait_for_function(DRAWN, timeout=60_000)
    page.wait_for_function(f"() => twinWork.sides.a?.id === {json.dumps(key)}")
    assert page.evaluate("twinPage.state.view") == "energy"
    page.wait_for_function(WRITTEN)
    assert parse_qs(urlparse(page.url).query)["a"] == parse_qs(query)["a"]


def test_without_webgl_a_picture_and_the_table_serve(visit: Visit) -> None:
    page = visit.page
    page.add_init_script(
        "const plain = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return /webgl/.test(kind) ? null : plain.call(this, kind, ...more); };"
    )
    page.goto(f"{visit.address}/?view=scenario")
    page.wait_for_function(
        "() => document.querySelector('.map-still')?.naturalWidth > 100", timeout=60_000
    )
    page.wait_for_function(
        "() => document.getElementById('map-state').innerText.includes('Tabelle')"
    )
    page.click("[data-view=table]")
    page.wait_for_selector("#table table")
    visit.complaints = []
