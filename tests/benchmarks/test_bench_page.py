"""What the page asks of the server, on 200,000 addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from dash_app.pages import explore
from dash_app.search import build_index
from dash_app.shown import Shown
from tests.conftest import CRS, make_toy_city
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from twin.city import City

COUNT = 200_000
WORDS = ("Mühlen", "Bahnhof", "Schul", "Garten", "Linden", "Kirch", "Haupt", "Berg", "Bach")


@pytest.fixture(scope="module")
def large() -> City:
    """The toy town with 200,000 addresses in 4,000 streets."""
    number = np.arange(COUNT)
    street = pd.Series(number // 50).map(lambda n: f"{WORDS[n % len(WORDS)]}straße {n // 9}")
    raw = gpd.GeoDataFrame(
        {
            "street": street.to_numpy(),
            "housenumber": (number % 50 + 1).astype(str),
            "postcode": "53840",
            "locality": "Musterstadt",
        },
        index=[f"a{n}" for n in number],
        geometry=shapely.points(370_000 + number % 500, 5_631_000 + number // 500),
        crs=CRS,
    )
    return make_toy_city().replace(addresses=conform(TABLES["addresses"], raw, crs=CRS))


def test_index(benchmark: Any, large: City) -> None:
    benchmark.pedantic(build_index, (large,), rounds=2)


@pytest.mark.parametrize("query", ["m", "mühlenstr", "mühlenstr 3 7", "xyzzy"])
def test_find(benchmark: Any, large: City, query: str) -> None:
    index = build_index(large)
    benchmark(index.find, query)


ASKED = {
    "last page": {"page": 7000},
    "sorted": {"sort": "street"},
    "filtered": {"column": "street", "text": "linden"},
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_table(benchmark: Any, large: City, asked: dict[str, Any]) -> None:
    benchmark(explore.show_table, Shown(large), {"table": "addresses", "lang": "de", **asked})


def test_open_page(benchmark: Any, large: City) -> None:
    shown = Shown(large)
    explore.open_page(shown, "")
    benchmark(explore.open_page, shown, "?colour=use&pick=buildings:b1")
