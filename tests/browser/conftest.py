"""A real Chromium and a real server for the browser tests."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from tests.browser.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=gl-egl",
    "--ignore-gpu-blocklist",
]
# Mesa's llvmpipe draws on the processor, five times faster than Chromium's own SwiftShader
GRAPHICS = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "llvmpipe"}


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, `TWIN_BROWSER` first."""
    named = os.environ.get("TWIN_BROWSER")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser with software graphics and stop it afterwards."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=FLAGS, env={**os.environ, **GRAPHICS}
        )
        yield browser
        browser.close()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Run an ASGI app with uvicorn in a thread on a free port; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    assert server.started, "the test server did not start"
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; skips, with what to do, where there is none."""
    if find_browser() is None:
        pytest.skip("needs Chromium or Chrome: install Debian's `chromium`, or set TWIN_BROWSER")
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Any], str]]:
    """Give a function that serves an app until the end of the session and returns its address."""
    running: list[Any] = []

    def start(app: Any) -> str:
        context = serving(app)
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    """One window on the page at the module's `address`; checks at the end that it kept quiet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="de-DE")
    context.set_default_timeout(60_000)  # other tests run beside
    visit = Visit(context.new_page(), address)
    yield visit
    context.close()
    visit.assert_clean()
