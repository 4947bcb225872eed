"""What is taken along says the same as the results, and nothing that is withheld."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pypdf
import pytest
from PIL import Image

from dash_app.export.kept import Pictures
from dash_app.export.legend import class_words
from dash_app.export.margins import bar_length, fitted
from dash_app.export.paper import Sheet, colours_of, drawn, printed_scale
from dash_app.export.sizes import paper_mm
from dash_app.export.tables import _plain
from dash_app.i18n import translator
from dash_app.settings import Settings
from dash_app.views import VIEWS, scale_of, values
from dash_app.workspace.privacy import withheld
from tests.dash_app.api.conftest import problem
from tests.dash_app.components.conftest import spread_of
from tests.small_town import small_town
from twin.compare import ranking
from twin.indicators import indicator_table

if TYPE_CHECKING:
    from httpx import Response

    from tests.dash_app.api.conftest import Desk

FINE = next(name for name, view in VIEWS.items() if view.fine)


def ask(desk: Desk, name: str, **query: Any) -> Response:
    return desk.client.get(f"/api/export/{name}", params=query)


def got(desk: Desk, name: str, **query: Any) -> bytes:
    answer = ask(desk, name, **query)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize(
    ("size", "portrait", "wide", "high"), [("A4", False, 297, 210), ("A3", True, 297, 420)]
)
def test_a_pdf_has_the_size_of_the_paper_and_says_what_it_is(desk, size, portrait, wide, high):
    body = got(desk, "map.pdf", hash=desk.full, year=2030, view="heat_density", size=size,
               portrait=portrait, lang="en")  # fmt: skip
    (page,) = pypdf.PdfReader(io.BytesIO(body)).pages
    points = (float(page.mediabox.width), float(page.mediabox.height))
    assert np.allclose(np.array(points) * 25.4 / 72, (wide, high), atol=0.2)
    text = page.extract_text()
    for words in (
        small_town().name, "Heat density", "Warm walls, 2030", "MWh/(ha·a)", "under ", "from ",
        "1 : ", desk.full[:12], small_town().hash[:12],
    ):  # fmt: skip
        assert words in text


def test_a_difference_names_both_and_has_signs(desk):
    body = got(desk, "map.pdf", hash=desk.full, minus=desk.base, year=2030, view="heat_density",
               lang="en")  # fmt: skip
    text = pypdf.PdfReader(io.BytesIO(body)).pages[0].extract_text()
    assert "Warm walls compared with" in text
    assert re.search(r"from \+\d", text)


def test_a_png_has_the_pixels_of_the_paper(desk):
    body = got(desk, "map.png", hash=desk.full, view="car_flow")
    assert Image.open(io.BytesIO(body)).size == pytest.approx(
        (297 / 25.4 * 200, 210 / 25.4 * 200), abs=1
    )


def test_nothing_is_cut_off_and_strange_names_are_only_names():
    t = translator("de")
    name = "$x^{ <script> \n" + "Ein sehr langer Name " * 12
    view = VIEWS["heat_density"]
    column = np.linspace(1, 600, len(small_town().blocks))
    series = pd.Series(column, small_town().blocks.index)
    scale = scale_of(view, [series], "light")
    for portrait in (False, True):
        sheet = Sheet(small_town(), name, name, series, series > 300, "blocks", scale, name,
                      tuple(class_words(t, view, scale)), portrait=portrait)  # fmt: skip
        figure = drawn(t, sheet)
        figure.canvas.draw()
        whole = figure.bbox
        for text in figure.findobj(lambda one: hasattr(one, "get_text") and one.get_text()):
            box = text.get_window_extent()
            assert min(box.x0, box.y0, whole.x1 - box.x1, whole.y1 - box.y1) >= 0, text.get_text()
    assert fitted(name, 15, 280, lines=1)[0].startswith("$x^{ <script> Ein")


def test_the_scale_that_is_printed_is_the_scale_of_the_map():
    sheet = Sheet(small_town(), "Town", "", size="A3")
    figure = drawn(translator("en"), sheet)
    map_axes, page = figure.axes
    (said,) = [int(text.get_text()[4:].replace(",", "")) for text in page.texts
               if text.get_text().startswith("1 : ")]  # fmt: skip
    west, east = map_axes.get_xlim()
    paper = map_axes.get_position().width * paper_mm("A3", portrait=False)[0]
    assert (east - west) * 1000 / paper == pytest.approx(said)
    parts = [patch for patch in page.patches if patch.get_gid() == "scale-bar"]
    end = next(
        text.get_text() for text in page.texts if re.fullmatch(r"[\d.,]+\sk?m", text.get_text())
    )
    number, unit = re.split(r"\s", end)
    metres = float(number.replace(",", "")) * (1000 if unit == "km" else 1)
    assert sum(part.get_width() for part in parts) * said / 1000 == pytest.approx(metres)


def test_scales_and_bars_are_round():
    assert printed_scale((3_000, 1_000), (200, 150)) == 15_000
    assert printed_scale((1, 1), (200, 150)) == 500
    assert bar_length(25_000, 40) == 1000
    assert bar_length(15_000, 40) == 500


def test_a_value_on_a_limit_has_the_colour_of_the_class_above():
    view = VIEWS["heat_density"]
    some = pd.Series(np.arange(100.0))
    scale = scale_of(view, [some], "light")
    limit = scale.breaks[0]
    colours, known = colours_of(pd.Series([limit - 0.01, limit, np.nan]), scale)
    assert colours == list(scale.colours[:2])
    assert known.tolist() == [True, True, False]


def truth(desk: Desk, hash_: str, level: str) -> Any:
    table = indicator_table(desk.context.engine.peek(hash_))
    return table.xs(2030, level="year").xs(level, level="level")["value"]


@pytest.mark.parametrize(("lang", "mark", "comma"), [("de", ";", ","), ("en", ",", ".")])
def test_a_csv_says_what_the_results_say(desk, lang, mark, comma):
    body = got(desk, "indicators.csv", hash=desk.full, year=2030, lang=lang)
    assert body.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=mark)
    before, after = (truth(desk, one, "city") for one in (desk.base, desk.full))
    assert len(rows) == len(after)
    for row in rows:
        assert len(row) == len(head)
        numbers = [float(cell.replace(comma, ".")) if cell else np.nan for cell in row[6:10]]
        one, other = (side.get((row[1], "city"), np.nan) for side in (before, after))
        percent = (other - one) / one * 100 if one else np.nan
        np.testing.assert_allclose(numbers, [one, other, other - one, percent], rtol=1e-9)


def test_a_workbook_says_what_the_results_say(desk):
    body = got(
        desk, "indicators.xlsx", hash=desk.full, other=desk.base, level="district", lang="en"
    )
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet, about = book.worksheets
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    after = truth(desk, desk.full, "district")
    assert len(rows) == len(after) > 0
    for row in rows:
        value = after[row[1], row[3]]
        assert row[7] == pytest.approx(value) if np.isfinite(value) else row[7] is None
    told = {row[1].value for row in about.iter_rows()}
    assert {desk.full, desk.base, small_town().hash, "2030", "Warm walls"} <= told


def test_no_text_of_a_cell_is_a_formula():
    for text in ("=1+1", "+49", "-x", "@A1"):
        assert _plain(text) == f"'{text}"
    assert _plain("Warm walls") == "Warm walls"


def test_layers_hold_the_values_and_the_projection(desk, tmp_path):
    names = "heat_density,car_flow,heat_demand_building"
    path = tmp_path / "layers.gpkg"
    path.write_bytes(got(desk, "layers.gpkg", hash=desk.full, year=2030, views=names))
    city, found = small_town(), desk.context.engine.peek(desk.full).years[2030]
    tables = {name: VIEWS[name].table for name in names.split(",")}
    assert {row[0] for row in pyogrio.list_layers(path)} == {*tables.values(), "about"}
    for name, table in tables.items():
        layer = gpd.read_file(path, layer=table).set_index("id")
        assert layer.crs == city.crs
        expected = values(VIEWS[name], found, city)
        np.testing.assert_allclose(layer[name].astype(float), expected.astype(float))
        assert (
            layer.geometry.iloc[0].centroid.distance(city.tables[table].geometry.iloc[0].centroid)
            < 0.01
        )
    parquet = tmp_path / "one.parquet"
    parquet.write_bytes(got(desk, "layer.parquet", hash=desk.full, views="heat_density"))
    assert gpd.read_parquet(parquet).crs == city.crs
    problem(ask(desk, "layer.parquet", hash=desk.full, views="heat_density,car_flow"), 422)


def test_pictures_without_webgl_are_drawn_once(desk, monkeypatch):
    body = got(desk, "static.png", hash=desk.full, view="heat_density", width=320, height=200)
    assert Image.open(io.BytesIO(body)).size == (320, 200)
    monkeypatch.setattr("dash_app.export.paper.plain", lambda *_: b"another")
    assert (
        got(desk, "static.png", hash=desk.full, view="heat_density", width=320, height=200) == body
    )
    assert (
        got(desk, "static.png", hash=desk.full, view="car_flow", width=320, height=200)
        == b"another"
    )
    monkeypatch.undo()
    bare = got(desk, "static.png", width=300, height=200)
    assert (
        len(
            np.unique(
                np.asarray(Image.open(io.BytesIO(bare)).convert("RGB")).reshape(-1, 3), axis=0
            )
        )
        > 5
    )


def test_only_the_latest_pictures_are_kept():
    pictures, made = Pictures(most=2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        pictures.kept(key, lambda key=key: made.append(key) or b"x")
    assert made == ["a", "b", "c", "b"]


def test_everybody_gets_no_single_buildings(desk):
    desk.as_public()
    for name, query in (
        ("map.pdf", {"view": FINE}), ("map.png", {"view": FINE}), ("static.png", {"view": FINE}),
        ("layers.gpkg", {"views": f"heat_density,{FINE}"}), ("layer.parquet", {"views": FINE}),
    ):  # fmt: skip
        problem(ask(desk, name, hash=desk.base, year=2030, **query), 403)


def test_everybody_gets_no_blocks_of_few_addresses(desk, tmp_path):
    desk.as_public()
    away = withheld(small_town(), "blocks", Settings())
    assert away.any()
    assert not away.all()
    path = tmp_path / "one.parquet"
    path.write_bytes(got(desk, "layer.parquet", hash=desk.base, views="heat_density"))
    layer = gpd.read_parquet(path).set_index("id")
    assert layer["heat_density"].isna()[away.to_numpy()].all()
    assert layer["heat_density_withheld"].tolist() == away.tolist()
    text = got(desk, "indicators.csv", hash=desk.base, level="block", lang="en").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    hidden = [row for row in rows if away.get(row[3], True)]
    assert hidden
    assert all(not any(row[6:12]) and row[12] for row in hidden)
    assert any(any(row[6:12]) for row in rows if not away.get(row[3], True))


def test_everybody_sees_no_scenario_that_is_not_published(desk):
    desk.as_public()
    for name in ("map.pdf", "static.png", "indicators.csv", "indicators.xlsx"):
        problem(ask(desk, name, hash=desk.full, year=2030), 404)
    problem(ask(desk, "indicators.csv", hash=desk.base, other=desk.full), 404)
    problem(ask(desk, "map.pdf", hash=desk.base, minus=desk.full, view="heat_density"), 404)
    problem(ask(desk, "layers.gpkg", hash=desk.full, views="heat_density"), 404)


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("map.pdf", {"hash": "0123456789abcdef"}, 404),
        ("indicators.csv", {"hash": "0123456789abcdef"}, 404),
        ("layers.gpkg", {"hash": "0123456789abcdef", "views": "heat_density"}, 404),
        ("map.pdf", {"view": "nonsense"}, 404),
        ("map.pdf", {"view": "heat_density"}, 422),
        ("map.pdf", {"size": "A9"}, 422),
        ("map.pdf", {"hash": "../../etc"}, 422),
        ("map.pdf", {"bbox": "1,2,3"}, 422),
        ("map.pdf", {"bbox": "a,b,c,d"}, 422),
        ("map.pdf", {"bbox": "nan,1,2,3"}, 422),
        ("map.pdf", {"bbox": "3,1,2,3"}, 422),
        ("map.pdf", {"bbox": "100,10,101,11"}, 422),
        ("static.png", {"width": "20000"}, 422),
        ("indicators.csv", {}, 422),
    ],
)
def test_what_cannot_be_is_refused_in_words(desk, name, query, status):
    problem(ask(desk, name, **query), status)


def test_a_year_that_is_no_stage_is_refused(desk):
    problem(ask(desk, "map.pdf", hash=desk.full, year=2026), 422)


def test_a_box_shows_that_part(desk):
    west, south, east, north = small_town().buildings.to_crs(4326).total_bounds
    part = f"{west},{south},{(west + east) / 2},{(south + north) / 2}"
    whole, half = (
        pypdf.PdfReader(io.BytesIO(got(desk, "map.pdf", lang="en", **query)))
        .pages[0]
        .extract_text()
        for query in ({}, {"bbox": part})
    )
    scales = [int(re.search(r"1 : ([\d,]+)", text)[1].replace(",", "")) for text in (whole, half)]
    assert scales[1] < scales[0]


def test_ranges_of_the_city_are_those_of_the_comparison(desk, monkeypatch):
    results = {key: desk.context.engine.peek(key) for key in (desk.base, desk.full)}
    spreads = {
        key: spread_of(found, parts)
        for (key, found), parts in zip(results.items(), ((0.3, 0.1), (0.1, 0.2)), strict=True)
    }
    monkeypatch.setattr(desk.context.engine, "spread", spreads.get)
    text = got(desk, "indicators.csv", hash=desk.full, year=2030, lang="en").decode("utf-8-sig")
    expected = ranking(*results.values(), tuple(spreads.values())).xs(2030, level="year")
    rows = {row[1]: row[10:12] for row in list(csv.reader(io.StringIO(text)))[1:]}
    assert rows["heat_demand"] != ["", ""]
    for name, ends in rows.items():
        if all(ends):
            np.testing.assert_allclose(
                [float(end) for end in ends], expected.loc[name, ["low", "high"]]
            )
