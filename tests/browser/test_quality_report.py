"""The quality report as a browser shows it: offline, light and dark, readable for everyone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from dash_app.i18n import translator
from layers.matching import match_buildings
from layers.quality_report import report_html
from tests.browser.visit import serious_faults
from tests.conftest import make_toy_city
from tests.layers.matching.towns import grid

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    osm = grid(200, key="osm:w", shift=(1.0, -0.4), jitter=0.4)
    matched = match_buildings({"osm": osm, "cadastre": grid(190)})
    city = make_toy_city()
    findings = (*city.info.findings, *matched.findings)
    told = {"matching": matched.report}
    info = dataclasses.replace(city.info, report=told, findings=findings)
    t = translator("de")
    text = report_html(
        dataclasses.replace(city, info=info), lang="de", words=t.text, number=t.number
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(text, encoding="utf-8")
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
    page.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert said == []
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    bar = page.locator("svg .bar").first.bounding_box()
    assert bar is not None
    assert bar["width"] > 10
    context.close()
