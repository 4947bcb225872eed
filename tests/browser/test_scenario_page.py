"""The page of a scenario as a browser shows it: offline, light and dark, readable for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dash_app.i18n import translator
from dash_app.report.scenario_page import scenario_page
from dash_app.report.scenario_plots import scenario_plots
from tests.browser.visit import serious_faults
from tests.small_town import answered
from twin.indicators import INDICATORS, explain, indicator_table
from twin.indicators.ranges import with_bounds

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page with everything it can hold, ranges and drivers included."""
    results = answered()
    names = [(n, y, "balance.emission") for n in INDICATORS for y in results.years]
    index = pd.MultiIndex.from_tuples(names, names=["indicator", "year", "assumption"])
    spread = pd.DataFrame({"low": -1.0, "high": 2.0}, index)
    table = with_bounds(indicator_table(results), spread)
    told = [explain(results, name, results.last.year, spread=spread) for name in INDICATORS]
    words = translator("de")
    plots = scenario_plots(words, results, table)
    path = tmp_path_factory.mktemp("results") / "report.html"
    path.write_text(scenario_page(words, results, table, told, plots), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("wide", [420, 1280])
def test_it_needs_nothing_and_everyone_can_read_it(
    chromium: Browser, page_file: Path, theme: str, wide: int
) -> None:
    # axe-core is put into the page as a script, which the page itself forbids
    context = chromium.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": wide, "height": 900},
        bypass_csp=True,
        offline=True,
    )
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert asked == [page_file.as_uri()]
    assert said == []
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    plots = page.locator("figure.plot svg")
    assert plots.count() == 7
    for place in range(7):
        box = plots.nth(place).bounding_box()
        assert box is not None
        assert 250 < box["width"] <= wide
        assert box["height"] > 100
    context.close()


def test_the_policy_of_the_page_keeps_its_plots_in_style(
    chromium: Browser, page_file: Path
) -> None:
    """With the policy in force nothing is refused: no complaint on the console."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(page_file.as_uri())
    first = page.locator("details").first
    assert not first.locator("table").first.is_visible()
    first.locator("summary").press("Enter")
    assert first.locator("table").first.is_visible()
    assert said == []
    context.close()
