"""
Takes the pictures of the README: `python -m tests.browser.screenshots CITY_FOLDER NAME`.

Instead of a city folder the page of a scenario (`results/report.html`) may be given.

Run by `make screenshots`; a person looks at them before they are committed.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from dash_app.app import create_app
from layers.city_store import open_city
from tests.browser.conftest import launched, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = Path(__file__).parents[2] / "dash_app" / "screenshots"
READY = "() => window.twinMap?.stats().state === 'ready'"
SIZES = {"wide": (1920, 1080), "small": (1280, 720), "page": (1180, 1280)}


def shoot(page: Page, address: str, file: Path) -> None:
    """Open `address`, wait for the complete map and save a picture."""
    page.goto(address)
    if not address.startswith("file:"):
        page.wait_for_function(READY, timeout=60_000)
        page.wait_for_timeout(2_500)  # labels and panels come to rest
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(file, quality=86, optimize=True)


def main() -> None:
    """Take one picture for each query given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="folder of a city, or a page")
    parser.add_argument("picture", help="name of the file, without ending")
    parser.add_argument("--query", default="", help="the view, as in the address")
    parser.add_argument("--size", choices=SIZES, default="wide")
    asked = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    width, height = SIZES[asked.size]
    picture = PICTURES / f"{asked.picture}.jpg"
    if asked.folder.suffix == ".html":
        with launched() as browser:
            page = browser.new_page(viewport={"width": width, "height": height})
            shoot(page, asked.folder.resolve().as_uri(), picture)
        return
    with serving(create_app(open_city(asked.folder))) as address, launched() as browser:
        page = browser.new_page(viewport={"width": width, "height": height})
        shoot(page, f"{address}/?{asked.query}", picture)


if __name__ == "__main__":
    main()
