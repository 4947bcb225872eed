"""What the callbacks of the Explore page answer, to sense and to nonsense."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from dash._utils import to_json
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from dash_app.pages import explore
from dash_app.pages.explore import OPEN_OUTPUTS
from dash_app.shown import Shown
from dash_app.state import PICKABLE
from tests.conftest import CRS, make_toy_city
from twin.schema import TABLES
from twin.validation import conform

if TYPE_CHECKING:
    from twin.city import City

SHOWN = Shown(make_toy_city())

nonsense = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["table", "id", "lang", "column", "text", "smooth", "pick"]), inner
        )
    ),
    max_leaves=8,
)


def words(tree: Any) -> str:
    """Give all text of a component tree, in order, with single blanks."""
    return " ".join(" ".join(texts(tree)).split())


def texts(tree: Any) -> list[str]:
    if isinstance(tree, (list, tuple)):
        return [text for part in tree for text in texts(part)]
    if tree is None or isinstance(tree, (str, int, float)):
        return [str(tree or "")]
    return texts(getattr(tree, "children", None))


def test_an_address_fills_every_part_of_the_page() -> None:
    answer = explore.open_page(SHOWN, "?lang=en&colour=use&pick=buildings:b1")
    assert set(answer) == set(OPEN_OUTPUTS)
    assert "Toytown" in words(answer["bar"])
    assert "Colour by" in words(answer["left"])
    assert "Am Bach 1" in words(answer["inspector"])
    assert answer["spoken"] == "Selected: Building Am Bach 1"
    assert answer["state"]["state"]["colour"] == "use"
    assert answer["note"] == ""


@pytest.mark.parametrize("search", [None, 3, [], "?at=x&pick=y", "?" + "a" * 10_000])
def test_a_bad_address_gives_the_default(search: Any) -> None:
    answer = explore.open_page(SHOWN, search)
    assert answer["state"]["state"]["pick"] is None
    assert ("at, pick" in answer["note"]) == (search == "?at=x&pick=y")


def test_the_model_town_says_what_it_is(toy_city: City) -> None:
    from dataclasses import replace  # noqa: PLC0415

    model = replace(toy_city, info=replace(toy_city.info, model_town=True))
    assert "Modellstadt, keine Vermessung" in words(explore.open_page(Shown(model), "")["bar"])
    assert "Modellstadt" not in words(explore.open_page(Shown(toy_city), "")["bar"])
    assert "Kein Gebäude ist echt" in words(explore.show_quality(Shown(model), {}))


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("table", PICKABLE)
def test_every_row_can_be_inspected_and_says_every_attribute(table: str, lang: str) -> None:
    from dash_app.components.inspector import KEYS  # noqa: PLC0415
    from dash_app.i18n import translator  # noqa: PLC0415

    t = translator(lang)
    for key in SHOWN.city.tables[table].index:
        panel, place, said = explore.inspect(SHOWN, {"table": table, "id": key, "lang": lang})
        text = words(panel)
        assert place is not None
        assert said
        for column in TABLES[table].columns:
            titled = column.name in {"name", "street", "housenumber"} | KEYS
            assert titled or t.text(column.label) in text, column.name


def test_values_carry_unit_kind_and_how() -> None:
    panel, place, _ = explore.inspect(SHOWN, {"table": "buildings", "id": "b3", "lang": "de"})
    text = words(panel)
    for part in ("Höhe nach der Klasse 12 m geschätzt", "Nutzung Bildung kartiert",
                 "Grundfläche 1.200 m²", "Gebäude · Mitte", "CC0-1.0", "b3"):  # fmt: skip
        assert part in text
    # b3 stands 100 to 140 m east and 20 to 50 m north of (370000, 5631000) in UTM 32
    assert place == {
        "lon": pytest.approx(9 - 129_880 / 0.9996 / 70_474, abs=1e-4),  # metres a degree at 50.8° N
        "lat": pytest.approx(50.8163, abs=1e-3),
    }


def test_a_building_tells_all_its_addresses(toy_city: City) -> None:
    numbers = {"a1": "3", "a2": "3a"}
    raw = gpd.GeoDataFrame(
        {"street": "Am Bach", "housenumber": numbers.values(), "building_id": "b2"},
        index=list(numbers),
        geometry=[Point(370_040, 5_631_015)] * 2,
        crs=CRS,
    )
    addresses = conform(TABLES["addresses"], raw, crs=CRS)
    shown = Shown(toy_city.replace(addresses=addresses))
    text = words(explore.inspect(shown, {"table": "buildings", "id": "b2", "lang": "de"})[0])
    assert "Adressen Am Bach 3, Am Bach 3a" in text


def test_a_street_tells_both_directions(toy_city: City) -> None:
    streets = toy_city.streets.copy()
    streets.loc["w1:0:b", "speed_kmh"] = 20.0
    streets.loc["w1:0:b", "allow_truck"] = False
    shown = Shown(toy_city.replace(streets=streets))
    both = words(explore.inspect(shown, {"table": "streets", "id": "w1:0:f", "lang": "en"})[0])
    assert "both directions" in both
    assert "30 km/h" in both
    assert "20 km/h" in both
    assert "Open to, opposite direction Cars, Buses, Bicycles, On foot" in both
    one = words(explore.inspect(shown, {"table": "streets", "id": "w2:0:f", "lang": "en"})[0])
    assert "one way" in one
    assert "opposite" not in one.split("Keys")[0]


@pytest.mark.parametrize("function", [explore.inspect, explore.paint, explore.find,
                                      explore.show_table, explore.show_quality])  # fmt: skip
def test_callbacks_answer_nonsense(function: Any) -> None:
    @given(asked=nonsense)
    def check(asked: Any) -> None:
        json.loads(to_json(function(SHOWN, asked)))

    check()


def test_the_legend_counts_every_building() -> None:
    scale, legend = explore.paint(SHOWN, {"column": "height_m", "lang": "de"})
    assert scale is not None
    assert scale["url"].endswith("/column/buildings/height_m")
    assert len(scale["light"]["colours"]) == len(scale["dark"]["colours"])
    text = words(legend)
    assert "in m" in text
    assert "67 % kartiert" in text  # two of three
    _, uses = explore.paint(SHOWN, {"column": "use", "lang": "de"})
    assert words(uses).startswith("Wohnen 2 Bildung 1")
    _, storeys = explore.paint(SHOWN, {"column": "storeys", "lang": "de"})
    assert "2 1 ab 3 2" in words(storeys)
    _, ages = explore.paint(SHOWN, {"column": "year_built", "lang": "de"})
    assert "ohne Angabe 3" in words(ages)


def test_no_colour_needs_no_legend() -> None:
    assert explore.paint(SHOWN, {"column": None}) == (None, [])
    assert explore.paint(SHOWN, {"column": "name"}) == (None, [])


def test_the_tip_says_name_and_value() -> None:
    assert explore.tip(SHOWN, "buildings", "b2", "height_m", "de") == {
        "title": "Am Bach 3", "line": "Höhe: 9\u202fm"}  # fmt: skip
    assert explore.tip(SHOWN, "streets", "w1:0:f", "", "en")["line"] == "Residential"
    with pytest.raises(KeyError):
        explore.tip(SHOWN, "buildings", "nobody", "", "de")


def test_the_table_view_shows_and_marks_the_picked_row() -> None:
    asked = {"table": "buildings", "pick": {"table": "buildings", "id": "b2"}, "lang": "de"}
    tree = explore.show_table(SHOWN, asked)
    text = words(tree)
    assert "Gebäude: Zeilen 1 bis 3 von 3" in text
    assert "Seite 1 von 1" in text
    assert json.loads(to_json(tree))
    assert to_json(tree).count("is-picked") == 1


def test_an_empty_city_says_what_to_do(toy_city: City) -> None:
    empty = Shown(toy_city.replace(**{n: t.iloc[:0] for n, t in toy_city.tables.items()}))
    answer = explore.open_page(empty, "?colour=use")
    assert "keine Stadtteile" in words(answer["left"])
    assert "Davon gibt es in den Daten nichts" in words(explore.show_table(empty, {}))
    assert explore.find(empty, {"text": "bach"})[1].startswith("Nichts gefunden")
