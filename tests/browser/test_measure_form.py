"""The form of a measure in a browser: fields in, JSON out, for every kind; the script alone."""

# ruff: noqa: E501 - scripts

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dash_app.components.measure_form import measure_form
from dash_app.i18n import translator
from dash_app.workspace.preview import preview
from dash_app.workspace.preview_words import preview_words
from dash_app.workspace.viewer import Viewer
from dash_app.workspace.work import Side, Work
from tests.dash_app.as_html import as_html
from tests.dash_app.drafts import EXAMPLES, town, town_scenario
from twin.measures import MEASURES
from twin.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ASSETS = Path(__file__).parents[2] / "dash_app" / "assets"
PLANNER = Viewer("planner", fine=True)

STUB = """
window.asked = []; window.edits = []; window.actions = {}; window.answers = {};
window.twinWork = {
  sides: {a: {id: "s", version: 1}}, state: {year: 2030}, told: {}, active: () => "a",
  on: (name, act) => { window.actions[name] = act; }, watch: () => {},
  api: async (method, path, body) => {
    window.asked.push([path, body]);
    return window.answer ? window.answer(path, body) : {valid: true, figures: [], problems: [], chosen: [], ids: []};
  },
  mark: (sets) => { window.marked = sets; }, preview: (measure) => { window.live = measure; },
  tool: (tool) => { window.tool = tool; }, say: (text) => { window.note = text; },
  panel: (name, args) => { window.panel = [name, args]; },
  edit: async (change) => { window.edits.push(change); return {version: 2}; },
};
document.addEventListener("click", (event) => {
  const at = event.target.closest("[data-work]");
  if (at) window.actions[at.dataset.work]?.(at.dataset, event, at);
});
"""


@cache
def form_html(kind: str, measure: str = "", lang: str = "de") -> str:
    """Return the form of a new measure, or of one that the scenario has."""
    content = [json.loads(measure)] if measure else []
    scenario = load_scenario({**town_scenario(), "measures": content})
    base = load_scenario(town_scenario())
    work = Work(town(), PLANNER, Side("base", base, base.hash),
                Side("a", scenario, scenario.hash), shown="a")  # fmt: skip
    panel = {"kind": kind, "id": content[0]["id"] if content else ""}
    return as_html(measure_form(translator(lang), None, work, panel))


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_content("<html lang='de'><body><div id='work-right'></div></body></html>")
    page.add_script_tag(content=STUB)
    for name in ("form_draft.js", "form_fields.js", "form_tools.js", "page_form.js"):
        page.add_script_tag(content=(ASSETS / name).read_text("utf-8"))
    yield page
    page.close()


def show(page: Page, kind: str, measure: dict[str, Any] | None = None, lang: str = "de") -> None:
    html = form_html(kind, json.dumps(measure) if measure else "", lang)
    page.evaluate("document.getElementById('work-right').replaceChildren(); window.asked = []")
    page.wait_for_function("window.twinForm.draft === null")
    page.evaluate("(html) => { document.getElementById('work-right').innerHTML = html; }", html)
    page.wait_for_function("(kind) => window.twinForm.draft?.kind === kind", arg=kind)


def draft(page: Page) -> dict[str, Any]:
    found = page.evaluate("JSON.stringify(window.twinForm.draft)")
    return dict(json.loads(found))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two contents are the same measure."""
    a, b = (load_scenario({"format": 2, "measures": [m]}).measures[0] for m in (one, other))
    return bool(a == b)


FILL = """(measure) => {
  // as a person would: the options first, then every field, in the notation of the country
  const flat = {};
  const walk = (value, path) => {
    if (value && typeof value === "object" && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key);
    } else flat[path] = value;
  };
  walk(measure, "");
  const form = document.getElementById("measure-form");
  const has = (path) => Object.keys(flat).some((key) => key === path || key.startsWith(path + "."));
  for (const group of form.querySelectorAll("[data-group]")) {
    const score = (button) => {
      const paths = JSON.parse(button.dataset.paths), fixed = JSON.parse(button.dataset.fixed);
      if (Object.entries(fixed).some(([path, value]) => flat[path] !== value)) return -9;
      return paths.filter(has).length - paths.filter((path) => !has(path)).length + 2 * Object.keys(fixed).length;
    };
    const buttons = [...group.querySelectorAll("[data-work=form-option]")];
    buttons.sort((a, b) => score(b) - score(a))[0].click();
  }
  const type = (field, text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.dispatchEvent(new Event("change", {bubbles: true}));
  };
  for (const field of form.querySelectorAll("[data-field]")) {
    const {field: path, type: kind, scale, word} = field.dataset;
    if (field.closest(".mf-year")) continue;
    const value = flat[path];
    if (kind === "many") {
      const wanted = (value ?? (field.dataset.default ? JSON.parse(field.dataset.default) : [])).includes(word);
      if (field.checked !== wanted) field.click();
    } else if (kind === "flag") {
      const wanted = value ?? (field.dataset.default === "true");
      if (field.checked !== wanted) field.click();
    } else if (kind === "maybe") type(field, value === undefined ? "" : String(value));
    else if (kind === "number" || kind === "integer") {
      const number = scale && value !== undefined ? Math.round(value * scale * 1e6) / 1e6 : value;
      if (number !== undefined) type(field, String(number).replace(".", ","));
      else if (scale && field.value) type(field, "");
    } else if (value !== undefined) type(field, value);
  }
}"""


@pytest.mark.parametrize("kind", sorted(MEASURES))
def test_every_kind_can_be_made_through_the_form(page: Page, kind: str) -> None:
    """Values typed into the fields, what is drawn handed in as the map does, JSON read back."""
    wanted = dict(EXAMPLES[kind])
    show(page, kind)
    page.evaluate(FILL, wanted)
    give_places(page, wanted)
    made = {**draft(page), "id": wanted["id"]}
    assert same(made, wanted), (made, wanted)
    assert preview(town(), load_scenario(town_scenario()), made, viewer=PLANNER).valid


def give_places(page: Page, wanted: dict[str, Any]) -> None:
    """Hand in what a person draws or picks: tools of the map, lists, conditions, years."""
    for path, value in places(wanted):
        page.evaluate(PLACE, [path, value])


def places(wanted: dict[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for name, value in wanted.items():
        if name == "select":
            typed = {"share", "classes", "both_directions"}
            found += [(f"select.{inner}", part) for inner, part in value.items()
                      if inner not in typed]  # fmt: skip
        elif name in {"area", "line", "points", "to", "streets", "districts", "lines", "stops",
                      "path", "path_percent"} and not isinstance(value, (str, int)):  # fmt: skip
            found.append((name, value))
        elif name == "around" and "point" in value:
            found.append(("around.point", value["point"]))
    return found


PLACE = """async ([path, value]) => {
  const form = document.getElementById("measure-form");
  const send = (kind, detail) => window.dispatchEvent(new CustomEvent("map-tool", {detail: {kind, done: true, ...detail}}));
  const settle = () => new Promise((done) => setTimeout(done, 20));
  const type = (field, text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    field.dispatchEvent(new Event("change", {bubbles: true}));
  };
  const tool = (kind) => form.querySelector(`[data-tool="${kind}"][data-path="${path}"]`);
  window.answer = (where, body) => (where === "/api/select" ? {ids: body.names || [], area: body.area} : {valid: true});
  const years = form.querySelector(`[data-years="${path}"]`);
  if (years) {
    for (let row; (row = years.querySelector("[data-work=form-year-remove]"));) row.click();
    for (const [year, number] of Object.entries(value)) {
      form.querySelector(`[data-work=form-year][data-path="${path}"]`).click();
      const rows = [...years.children];
      const row = rows[rows.length - 1];
      type(row.querySelector("[data-year-of]"), year);
      type(years.querySelector(`[data-field="${path}.${year}"]`), String(number).replace(".", ","));
    }
  } else if (path === "select.where") {
    for (const {column, op, value: wanted} of value) {
      form.querySelector("[data-work=form-condition]").click();
      const rows = form.querySelectorAll(".mf-conditions .mf-condition");
      const row = rows[rows.length - 1];
      type(row.querySelector("[data-part=column]"), column);
      type(row.querySelector("[data-part=op]"), op);
      const control = [...row.querySelectorAll("[data-part=value]")].find((part) => !part.hidden);
      if (Array.isArray(wanted)) {
        for (const word of wanted) control.querySelector(`[data-value="${word}"]`).click();
      } else type(control, String(wanted).replace(".", ","));
    }
  } else if (tool("line")) { tool("line").click(); send("line", {geometry: value}); }
  else if (tool("area")) { tool("area").click(); send("area", {geometry: value}); await settle(); }
  else if (tool("point")) {
    for (const spot of Array.isArray(value[0]) ? value : [value]) {
      if (tool("point").getAttribute("aria-pressed") !== "true") tool("point").click();
      send("point", {geometry: {type: "Point", coordinates: spot}});
      await settle();
    }
  } else if (tool("click")) { tool("click").click(); for (const id of value) send("click", {step: "set", ids: [id], took: true}); }
  else {
    for (const word of value) {
      type(form.querySelector(`[data-add="${path}"]`), word);
      await settle();
    }
  }
}"""


@pytest.mark.parametrize("kind", sorted(MEASURES))
def test_a_measure_opened_and_not_touched_stays_as_it_is(page: Page, kind: str) -> None:
    """Also what the form does not ask for."""
    measure = {**EXAMPLES[kind], "note": "<script>", "enabled": False}
    show(page, kind, measure)
    assert same(draft(page), measure)
    assert page.evaluate("window.twinForm.dirty()") is False


@pytest.mark.parametrize(
    ("text", "lang", "number"),
    [
        ("1,5", "de", 1.5), ("1.234,5", "de", 1234.5), ("1.234", "de", 1234), ("1.5", "de", 1.5),
        ("12 000", "de", 12000), ("−3", "de", -3), ("1,234.5", "en", 1234.5), ("1,234", "en", 1234),
        ("0.5", "en", 0.5), ("1,5", "en", 1.5), ("abc", "de", None), ("1e400", "de", None),
        ("--3", "de", None), ("", "de", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(
    page: Page, text: str, lang: str, number: float | None
) -> None:
    assert page.evaluate("([a, b]) => window.twinForm.numberOf(a, b)", [text, lang]) == number


def test_an_absurd_number_stays_and_its_sentence_stands_at_the_field(page: Page) -> None:
    """The sentence is that of the server, shown at the field and tied to it."""
    for text in ("1e9", "schnell"):
        show(page, "speed_limit")
        field = page.locator("[data-field=speed_kmh]")
        measure = {"kind": "speed_limit", "id": "speed-limit-1", "speed_kmh": text}
        if text == "1e9":
            measure["speed_kmh"] = 1e9
        answer = preview_words(
            translator("de"),
            preview(town(), load_scenario(town_scenario()), measure, viewer=PLANNER),
            town(),
        )
        page.evaluate("(answer) => { window.answer = () => answer; }", answer)
        field.fill(text)
        page.wait_for_function("document.querySelector('[data-problem=speed_kmh]').textContent")
        said = page.locator("[data-problem=speed_kmh]").text_content()
        assert "300" in str(said) or "Zahl" in str(said), said
        assert field.get_attribute("aria-invalid") == "true"
        assert field.input_value() == text
        assert draft(page)["speed_kmh"] == measure["speed_kmh"]
        page.locator("[data-work=form-apply]").click()
        page.wait_for_function("document.activeElement.dataset.field === 'speed_kmh'")
        assert page.evaluate("window.edits.length") == 0


def test_a_slider_and_its_number_follow_each_other(page: Page) -> None:
    """What is asked of the server is the newest draft, the live effect too."""
    page.evaluate("window.answer = () => ({valid: true, figures: [], problems: [], chosen: []})")
    show(page, "speed_limit")
    slider = page.locator("[data-slider=speed_kmh]")
    slider.fill("45")
    assert page.locator("[data-field=speed_kmh]").input_value() == "45"
    page.locator("[data-field=speed_kmh]").fill("20")
    assert slider.input_value() == "20"
    page.wait_for_function("window.live?.speed_kmh === 20")
    asked = page.evaluate("window.asked.filter(([path]) => path === '/api/preview')")
    assert asked[-1][1]["measure"]["speed_kmh"] == 20


def test_applying_saves_the_draft_once_and_closes(page: Page) -> None:
    page.evaluate("window.edits = []; window.answer = () => ({valid: true})")
    show(page, "speed_limit")
    page.locator("[data-field=note]").fill("<img src=x onerror=alert(1)>")
    page.locator("[data-work=form-apply]").click()
    page.wait_for_function("window.edits.length === 1")
    edit = page.evaluate("window.edits[0]")
    assert edit["do"] == "add_measure"
    assert edit["measure"]["note"] == "<img src=x onerror=alert(1)>"
    page.wait_for_function("window.panel[0] === null && !window.twinForm.dirty()")


def test_a_measure_that_is_there_is_replaced(page: Page) -> None:
    page.evaluate("window.edits = []; window.answer = () => ({valid: true})")
    show(page, "speed_limit", EXAMPLES["speed_limit"])
    page.locator("[data-field=speed_kmh]").fill("20")
    page.locator("[data-work=form-apply]").click()
    page.wait_for_function("window.edits.length === 1")
    assert page.evaluate("window.edits[0].do") == "replace_measure"


def test_a_draft_survives_when_the_server_draws_the_form_again(page: Page) -> None:
    show(page, "speed_limit")
    page.locator("[data-field=speed_kmh]").fill("17")
    html = form_html("speed_limit")
    page.evaluate("(html) => { document.getElementById('work-right').innerHTML = html; }", html)
    page.wait_for_function("document.querySelector('[data-field=speed_kmh]').value === '17'")
    assert draft(page)["speed_kmh"] == 17


def test_discarding_a_changed_draft_asks_first(page: Page) -> None:
    show(page, "speed_limit")
    page.locator("[data-field=speed_kmh]").fill("17")
    said: list[str] = []
    page.once("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.locator("[data-work=form-discard]").click()
    assert said
    assert draft(page)["speed_kmh"] == 17
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("[data-work=form-discard]").click()
    page.wait_for_function("window.twinForm.draft === null")


def test_what_is_chosen_is_listed_and_can_be_removed(page: Page) -> None:
    measure = {**EXAMPLES["speed_limit"]}
    ids = measure["select"]["ids"]
    words = preview_words(
        translator("de"),
        preview(town(), load_scenario(town_scenario()), measure, viewer=PLANNER), town(),
    )  # fmt: skip
    page.evaluate("(answer) => { window.answer = () => answer; }", words)
    show(page, "speed_limit", measure)
    page.wait_for_selector(".mf-entry")
    assert page.locator(".mf-entry").count() == len(words["chosen"])
    assert "m" in (page.locator(".mf-entry-fact").first.text_content() or "")
    page.locator(".mf-entry .mf-remove").first.click()
    left = draft(page).get("select", {}).get("ids", [])
    assert len(left) < len(ids)


def test_help_opens_by_keyboard(page: Page) -> None:
    show(page, "speed_limit")
    button = page.locator(".mf-help").first
    text = page.locator(f"#{button.get_attribute('aria-controls')}")
    assert not text.is_visible()
    button.press("Enter")
    assert text.is_visible()
    assert button.get_attribute("aria-expanded") == "true"


CHAINED = "(count) => (window.twinForm.draft.select?.ids || []).length === count"
SEND = """(detail) => window.dispatchEvent(new CustomEvent("map-tool", {detail}))"""


def test_clicks_of_the_map_add_and_take_away(page: Page) -> None:
    """The map counts both directions of a street as one."""
    show(page, "speed_limit")
    page.locator("[data-tool=click]").click()
    assert page.evaluate("window.tool.kind") == "click"
    for name in ("x:0:f", "y:0:b"):
        page.evaluate(SEND, {"kind": "click", "step": "set", "ids": [name], "took": True})
    assert draft(page)["select"]["ids"] == ["x:0:f", "y:0:b"]
    page.evaluate(SEND, {"kind": "click", "step": "set", "ids": ["y:0:f"], "took": False})
    assert draft(page)["select"]["ids"] == ["x:0:f"]
    assert page.evaluate("window.tool.ids") == ["x:0:f"]
    page.evaluate(SEND, {"kind": "click", "step": "leave"})
    assert page.evaluate("window.tool") is None


def test_a_chain_asks_from_click_to_click_and_goes_back(page: Page) -> None:
    show(page, "speed_limit")
    page.evaluate(
        "window.answer = (path, body) => path === '/api/chain'"
        " ? {ids: body.from[0] === body.to[0] ? [] : [`${body.from[0]}-${body.to[0]}`]} : {valid: true}"
    )
    page.locator("[data-tool=chain]").click()
    for count, lon in enumerate((7.1, 7.2, 7.3)):
        spot = {"type": "Point", "coordinates": [lon, 50]}
        page.evaluate(SEND, {"kind": "chain", "step": "set", "geometry": spot})
        page.wait_for_function(CHAINED, arg=count)
    assert draft(page)["select"]["ids"] == ["7.1-7.2", "7.2-7.3"]
    page.evaluate(SEND, {"kind": "chain", "step": "undo"})
    assert draft(page)["select"]["ids"] == ["7.1-7.2"]
    page.evaluate(SEND, {"kind": "chain", "step": "done", "done": True})
    page.wait_for_function("window.tool === null")
    assert draft(page)["select"]["ids"] == ["7.1-7.2"]


def test_a_form_that_was_applied_does_not_come_back(page: Page) -> None:
    """The server takes a moment to draw the panel anew."""
    page.evaluate("window.edits = []; window.answer = () => ({valid: true})")
    show(page, "speed_limit")
    page.locator("[data-work=form-apply]").click()
    page.wait_for_function("window.edits.length === 1 && window.twinForm.draft === null")
    page.evaluate("document.body.append(document.createElement('p'))")
    assert page.evaluate("window.twinForm.draft") is None
    assert not page.locator("#measure-form").is_visible()
