from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dash_app.components.belongings import COMPASS, FAMILIES, compass
from dash_app.components.layer_tree import LAYER_TREE
from dash_app.components.themes import REST, THEMES, by_theme
from dash_app.i18n import translator
from dash_app.i18n.catalogue import catalogue
from dash_app.pages import explore
from dash_app.shown import Shown
from dash_app.state import COLOURABLE, coloured
from tests.conftest import make_toy_city
from tests.dash_app.pages.test_explore import words
from tests.dash_app.rich import enrich
from twin.schema import BUILDINGS

CITY = enrich(make_toy_city())
SHOWN = Shown(CITY)


def inspect(pick: str, shown: Shown = SHOWN, lang: str = "de") -> str:
    table, _, key = pick.partition(":")
    return words(explore.inspect(shown, {"table": table, "id": key, "lang": lang})[0])


@pytest.mark.parametrize(
    ("degrees", "german"),
    [(0, "N"), (22.4, "N"), (22.6, "NO"), (90, "O"), (180, "S"), (292, "W"), (359.9, "N")],
)
def test_directions_in_words(degrees: float, german: str) -> None:
    assert compass(translator("de"), degrees) == german


def test_the_words_of_this_panel_have_german() -> None:
    german = catalogue("de")
    spoken = {*THEMES, REST, *FAMILIES.values(), *(layer.note for layer in LAYER_TREE.values())}
    assert spoken - {""} <= {msgid for context, msgid in german if context == ""}
    assert {("compass", word) for word in (*COMPASS, "flat")} <= set(german)


def test_a_building_tells_its_roof_envelope_and_places() -> None:
    text = inspect("buildings:b1")
    # b1 is 10 m square, 6 m high, eaves at 3.6 m: rise 2.4 m over 5 m
    for part in (
        "Dachflächen gemessen Fläche Zeigt nach Neigung",
        "55,5 m² S 26° 55,5 m² N 26°",
        "Außenwände N 50 · O 50 · S 50 · W 50 m²",
        "Gemeinsame Wand mit Nachbarn 12,5 m²",
        "Baublock Baublock Flurstück Flur 3, 12/4",
        "Bekannt in : OpenStreetMap, Kataster, Stadtmodell LoD2",
        "Kennungen in anderen Quellen : DENW_b1",
    ):
        assert part in text, part


def test_an_outline_tells_the_roofs_of_its_parts() -> None:
    parts = CITY.buildings.assign(part_of=[None, "b1", "b1"], has_parts=[True, False, False])
    roofs = CITY.roofs[CITY.roofs["building_id"] != "b1"]
    shown = Shown(CITY.replace(buildings=parts, roofs=roofs))
    assert inspect("buildings:b1", shown).count(" m² S ") == 2
    assert inspect("buildings:b2", shown).count(" m² S ") == 1


def test_many_planes_are_cut_with_their_number() -> None:
    roofs = CITY.roofs.assign(building_id="b1")
    many = roofs.iloc[[0] * 20].set_axis([f"r{i}" for i in range(20)])
    shown = Shown(CITY.replace(roofs=many))
    assert "und 8 kleinere" in inspect("buildings:b1", shown)


def test_a_bare_city_says_nothing_of_all_this() -> None:
    text = inspect("buildings:b1", Shown(make_toy_city()))
    assert not any(part in text for part in ("Dachflächen", "Gebäudehülle", "Bekannt in :"))


def test_a_station_tells_the_lines_of_its_platforms() -> None:
    stops = CITY.stops.iloc[[0, 0]].set_axis(["stop:1", "station"])
    stops = stops.assign(parent_id=["station", None])
    shown = Shown(CITY.replace(stops=stops))
    assert "Linien, die hier halten 501" in inspect("stops:station", shown)
    assert "S12" not in inspect("stops:station", shown)
    assert "24 am Tag" in inspect("stops:stop:1", shown)


def test_every_column_of_a_building_has_one_place() -> None:
    names = [c.name for _, group in by_theme(BUILDINGS.columns) for c in group]
    assert sorted(names) == sorted(c.name for c in BUILDINGS.columns)


def tree(shown: Shown) -> str:
    return words(explore.open_page(shown, "")["left"])


def test_layers_a_city_has_not_are_not_offered() -> None:
    new = ("Geländeschummerung", "Linien des Nahverkehrs", "Verkehrszellen", "Baublöcke",
           "Flurstücke", "Zensuszellen")  # fmt: skip
    bare, full = tree(Shown(make_toy_city())), tree(SHOWN)
    assert not [label for label in new if label in bare]
    assert [label for label in new if label not in full] == []
    assert "3 von 3 mit gemessenem Dach" in full
    assert "Bahnstrecken" in bare  # what every town has is named, with "not in the data"
    level = Shown(replace(CITY, rasters={}))
    assert "Geländeschummerung" not in tree(level)


def test_other_tables_can_colour_the_map() -> None:
    assert "Baublock: Einwohner" in tree(SHOWN)
    assert "Baublock: Einwohner" not in tree(Shown(make_toy_city()))
    scale, legend = explore.paint(SHOWN, {"column": "zones.residents", "lang": "de"})
    assert scale is not None
    assert (scale["table"], scale["column"]) == ("zones", "zones.residents")
    assert scale["url"].endswith("/column/zones/residents")
    assert "100 % amtlich" in words(legend)
    hovered = explore.tip(SHOWN, "zones", "zone:1", "zones.residents", "de")
    assert hovered["line"] == "Einwohner: 7"
    assert explore.tip(SHOWN, "buildings", "b1", "zones.residents", "de")["line"] != ""


def test_colours_name_columns_that_exist() -> None:
    for key in COLOURABLE:
        table, column = coloured(key)
        assert column.name in CITY.tables[table]


def test_a_parcel_and_a_line_are_found() -> None:
    def find(text: str) -> Any:
        return words(explore.find(SHOWN, {"text": text, "lang": "de"})[0])

    assert "Linie" in find("501")
    assert "Flur 3, 12/4" in find("Flur 3")
