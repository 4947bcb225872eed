"""An address carries the whole view, and no address breaks the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dash_app.state import (
    COLOURABLE,
    LAYERS,
    Camera,
    Pick,
    Sun,
    ViewState,
    checked_pick,
    home_camera,
    parse,
    to_query,
)
from tests.conftest import make_toy_city

if TYPE_CHECKING:
    from twin.city import City

CITY = make_toy_city()

cameras = st.builds(
    Camera,
    lon=st.integers(-18_000_000, 18_000_000).map(lambda n: n / 1e5),
    lat=st.integers(-8_500_000, 8_500_000).map(lambda n: n / 1e5),
    zoom=st.integers(500, 2200).map(lambda n: n / 100),
    pitch=st.integers(0, 85).map(float),
    bearing=st.integers(-360, 360).map(float),
).filter(lambda c: abs(c.lon) <= 180 and abs(c.lat) <= 85)
suns = st.builds(
    Sun, month=st.integers(1, 12), day=st.integers(1, 29), minutes=st.integers(0, 1439)
)
layers = st.fixed_dictionaries({name: st.integers(0, 20).map(lambda n: n / 20) for name in LAYERS})
states = st.builds(
    ViewState,
    lang=st.sampled_from(["de", "en"]),
    theme=st.sampled_from(["system", "light", "dark"]),
    view=st.sampled_from(["map", "table", "data"]),
    table=st.sampled_from(["buildings", "streets", "districts"]),
    camera=st.none() | cameras,
    layers=layers,
    colour=st.none() | st.sampled_from(COLOURABLE),
    smooth=st.booleans(),
    pick=st.none()
    | st.sampled_from([Pick("buildings", "b1"), Pick("streets", "w1:0:f"), Pick("sensors", "12")]),
    district=st.none() | st.just("d1"),
    sun=st.none() | suns,
    moment=st.none() | st.sampled_from(["2026-11-22T07:00Z", "2026-10-25T01:30Z"]),
    property=st.none() | st.sampled_from(["air_temperature", "no2"]),
)


@settings(max_examples=60)
@given(state=states)
def test_what_is_written_is_read_again(state: ViewState) -> None:
    assert parse("?" + to_query(state), CITY) == (state, [])


@given(text=st.text(max_size=300))
def test_no_text_breaks_the_page(text: str) -> None:
    state, _ = parse(text, CITY)
    assert state.lang in {"de", "en"}


@given(
    name=st.sampled_from(["lang", "theme", "view", "table", "at", "layers", "colour", "scale",
                          "pick", "district", "sun", "moment", "property"]),
    value=st.text(max_size=40),
)  # fmt: skip
def test_a_bad_value_is_named_and_the_default_stands(name: str, value: str) -> None:
    state, lost = parse("?" + name + "=" + value.replace("&", ""), CITY)
    assert lost in ([], [name])
    if lost:
        assert state == ViewState()


@pytest.mark.parametrize(
    ("query", "lost"),
    [
        ("at=53.5,13.2,99", ["at"]),
        ("at=53.5,nan,15", ["at"]),
        ("at=1,2", ["at"]),
        ("layers=secret", ["layers"]),
        ("layers=trees:140", ["layers"]),
        ("colour=name", ["colour"]),
        ("colour=__class__", ["colour"]),
        ("pick=buildings:nobody", ["pick"]),
        ("pick=nodes:n1", ["pick"]),
        ("pick=sensors:0", ["pick"]),
        ("pick=sensors:../1", ["pick"]),
        ("moment=2026-11-22", ["moment"]),
        ("moment=0001-01-01T00:00", ["moment"]),
        ("property=<b>", ["property"]),
        ("district=d9", ["district"]),
        ("sun=02-30,12:00", ["sun"]),
        ("sun=06-21,24:00", ["sun"]),
        ("lang=fr&theme=pink&utm_source=x", ["lang", "theme"]),
    ],
)
def test_each_fault_is_named(query: str, lost: list[str]) -> None:
    assert parse(query, CITY)[1] == lost


def test_the_default_needs_no_query() -> None:
    assert to_query(ViewState()) == ""
    assert parse("", CITY, lang="en")[0].lang == "en"


def test_a_query_is_short_and_readable() -> None:
    state = ViewState(
        lang="en", theme="dark", camera=Camera(13.2604, 53.5575, 15.2, 50, -20),
        layers={**LAYERS, "trees": 0.4, "stops": 0}, colour="height_m",
        pick=Pick("buildings", "b1"), sun=Sun(12, 21, 9 * 60 + 30),
    )  # fmt: skip
    assert to_query(state) == (
        "lang=en&theme=dark&at=53.55750,13.26040,15.20,50,-20"
        "&layers=buildings,shadow,streets,rail,terrain,landuse,water,trees:40,names,places"
        "&colour=height_m&pick=buildings:b1&sun=12-21,09:30"
    )


@pytest.mark.parametrize(
    "data",
    [None, "b1", [], {}, {"table": "buildings"}, {"table": "buildings", "id": 3},
     {"table": ["buildings"], "id": "b1"}, {"table": "turns", "id": "b1"}],
)  # fmt: skip
def test_a_pick_from_the_browser_is_checked(data: object, toy_city: City) -> None:
    with pytest.raises((KeyError, TypeError)):
        checked_pick(toy_city, data)


def test_home_is_over_the_houses(toy_city: City) -> None:
    # the median corner box of the three houses of the toy town is the second house, (E0+40, N0+15)
    home = home_camera(toy_city)
    degrees_per_metre = 1 / 70_000
    assert home.lon == pytest.approx(7.1538, abs=100 * degrees_per_metre)
    assert home.lat == pytest.approx(50.8176, abs=100 * degrees_per_metre)


def test_a_city_without_anything_has_a_home(toy_city: City) -> None:
    empty = {name: table.iloc[:0] for name, table in toy_city.tables.items()}
    assert home_camera(toy_city.replace(**empty)).zoom == 6
