"""One look at the page in a browser, with everything it complained of and asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

if TYPE_CHECKING:
    from playwright.sync_api import Page

DRAWN = "() => window.twinMap && window.twinMap.stats().state === 'ready'"
WRITTEN = """() => {
  const state = twinPage.query(twinPage.state);
  return window.location.search === (state ? `?${state}` : '');
}"""
RESTING = """async () => {
  const ends = (one) => one.effect.getComputedTiming().iterations !== Infinity;
  await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""
FILLED = "() => document.querySelector('.inspector-empty, .inspector-title')"


class Visit:
    """One browser window that notes every complaint and every request."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.hosts: set[str | None] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(error.stack or str(error)))
        page.on("request", self._note)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _note(self, request: Any) -> None:
        parts = urlparse(request.url)
        if parts.scheme not in {"data", "blob"}:
            self.hosts.add(parts.netloc)

    def open(self, query: str = "") -> Page:
        self.page.goto(f"{self.address}/{query}")
        self.page.wait_for_function(FILLED)
        self.page.wait_for_function(DRAWN)
        return self.page

    @property
    def query(self) -> str:
        """The address as it stands after the page has written it."""
        self.page.wait_for_timeout(200)  # what was just done has reached the state
        self.page.wait_for_function(WRITTEN)
        return urlparse(self.page.url).query

    def assert_clean(self) -> None:
        """No error on the console, not one request to another host."""
        assert self.complaints == [], self.complaints  # no module pytest rewrites
        assert self.hosts == {urlparse(self.address).netloc}


def serious_faults(page: Page) -> list[str]:
    """Let axe-core look at the page; give the rules broken at level serious or worse."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page.evaluate(RESTING)  # what fades in has its colours
    found = Axe().run(page).response["violations"]
    return [v["id"] for v in found if v["impact"] in {"serious", "critical"}]
