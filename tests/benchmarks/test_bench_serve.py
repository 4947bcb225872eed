"""
`twin serve` as a user meets it: seconds until it answers, until the first complete 3D frame.

Server and browser run in processes of their own on the same two cores; each round starts anew.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from layers.build import build_city
from layers.city_store import save_city
from layers.osm import read_osm
from layers.sample_city import make_sample
from tests.benchmarks.measure import ROOT
from tests.browser.conftest import find_browser, launched
from tests.conftest import shared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = 5


@pytest.fixture(scope="module", params=["neubrandenburg", "15,000 of the model town"])
def folder(request: Any, tmp_path_factory: Any) -> Path:
    if request.param == "neubrandenburg":
        data = read_osm(shared("data/osm/neubrandenburg.osm.pbf"))
    else:
        data = make_sample(buildings=15_000)
    return save_city(build_city(data), tmp_path_factory.mktemp("city") / "city")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, float]]:
    """Run `twin serve`; give its address and the seconds until it said that it answers."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "dash_app.cli", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        yield re.search(r"http://\S+", line).group(), seconds
        process.terminate()


def test_ready(benchmark: Any, folder: Path) -> None:
    """Required: at most 3 s."""
    seconds = []

    def start() -> None:
        with served(folder) as (_, needed):
            seconds.append(needed)

    benchmark.pedantic(start, rounds=ROUNDS)
    benchmark.extra_info["ready_s"] = statistics.median(seconds)
    print(f"\nready: median {statistics.median(seconds):.2f} s of {ROUNDS}")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_first_frame(benchmark: Any, folder: Path, size: tuple[int, int]) -> None:
    """Required: at most 3 s after navigation, in a browser without a cache."""
    if find_browser() is None:
        pytest.skip("needs Chromium or Chrome")
    milliseconds, sent = [], []

    def visit() -> None:
        with launched() as browser:
            page = browser.new_page(viewport={"width": size[0], "height": size[1]})
            page.goto(address)
            page.wait_for_timeout(4_000)  # no polling: it would take the page's own time
            while not page.evaluate("Boolean(twinMap.stats().marks.complete)"):
                page.wait_for_timeout(500)
            milliseconds.append(page.evaluate("twinMap.stats().marks.complete"))
            sent.append(page.evaluate(BYTES))

    with served(folder) as (address, _):
        time.sleep(3)  # a server that stands, as one does in a town hall
        benchmark.pedantic(visit, rounds=ROUNDS)
    benchmark.extra_info["first_frame_ms"] = milliseconds
    print(
        f"\nfirst complete frame {size[0]}x{size[1]}: median {statistics.median(milliseconds):.0f}"
        f" ms of {[round(ms) for ms in milliseconds]}, {statistics.median(sent) / 1e6:.2f} MB sent"
    )


BYTES = "performance.getEntriesByType('resource').reduce((sum, e) => sum + e.encodedBodySize, 0)"
