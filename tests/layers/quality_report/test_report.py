"""The quality report: figures that add up, and a page that stands for itself."""

import dataclasses
import json
import re

import pytest
from lxml import html

from dash_app.i18n import translator
from layers.matching import match_buildings
from layers.quality_report import quality_report, report_html
from layers.quality_report.words import plain_number
from tests.layers.matching.towns import grid, rect, table
from twin.provenance import Finding, Source


@pytest.fixture(scope="module")
def matching():
    """Cadastre, city model and OpenStreetMap of one town, which overlap by known numbers."""
    osm = grid(200, key="osm:w", shift=(1.0, -0.4), jitter=0.4).iloc[20:]
    osm = osm.assign(height_m=osm["height_m"] + 3.0)
    cadastre = grid(200).iloc[:190].assign(height_m=float("nan"), height_source=None)
    lod2 = grid(200).iloc[:100].assign(height_source="measured")
    return match_buildings({"osm": osm, "cadastre": cadastre, "lod2": lod2})


@pytest.fixture
def city(toy_city, matching):
    nasty = Finding(
        "x", "buildings", 1234, "{column}: {count} of {total} values are estimated.",
        "fault", examples=("<script>alert(1)</script>", 'a"b'), total=4000, column="height_m",
    )  # fmt: skip
    source = Source(
        "osm", "A & B <i>", "ODbL-1.0", "javascript:alert(1)", "© <A>", date="2026-01-02"
    )
    info = dataclasses.replace(
        toy_city.info,
        report={"matching": matching.report, "lod2": {"tiles": (1, 2)}},
        findings=(*toy_city.info.findings, *matching.findings, nasty),
        sources=(*toy_city.info.sources, source),
    )
    return dataclasses.replace(toy_city, name="Klein & Groß", info=info)


def page_of(city, lang="de"):
    t = translator(lang)
    return report_html(city, lang=lang, words=t.text, number=t.number)


def test_the_figures_are_json_and_add_up(city, matching):
    report = quality_report(city)
    assert json.loads(json.dumps(report)) == report
    assert report["rows"]["buildings"] == 3
    kinds = ("measured", "registered", "tagged", "estimated", "unknown", "missing")
    for entry in report["completeness"]:
        assert sum(entry[kind] for kind in kinds) == entry["rows"] == report["rows"][entry["table"]]
    assert report["build"] == {"lod2": {"tiles": [1, 2]}}
    assert len(report["findings"]) == len(city.info.findings)
    stock = report["matching"]["stock"]
    assert sum(stock["known_by"].values()) == stock["buildings"] == len(matching.buildings)


def test_match_figures_by_hand(matching):
    """200 houses: OSM has 20 to 199, the cadastre 0 to 189, the city model 0 to 99."""
    stock = matching.report["stock"]
    assert stock["known_by"] == {
        "cadastre lod2": 20, "cadastre lod2 osm": 80, "cadastre osm": 90, "osm": 10,
    }  # fmt: skip
    assert stock["only"]["osm"]["buildings"] == 10
    lod2, osm = matching.report["stages"]
    assert (lod2["source"], lod2["rate"], lod2["by_key"], lod2["stock_rate"]) == (
        "lod2", 1.0, 100, 0.5263,
    )  # fmt: skip
    assert (osm["source"], osm["matched"], osm["rate"]) == ("osm", 170, 0.9444)
    (heights,) = matching.report["heights"]
    assert (heights["source"], heights["against"], heights["count"]) == ("osm", "lod2", 80)
    assert (heights["median"], heights["mean_absolute"]) == (3.0, 3.0)
    for theme in ("areas", "overlaps", "heights"):
        for entry in matching.report[theme]:
            assert sum(entry["counts"]) + entry["below"] + entry["above"] == entry["count"]
    assert matching.report["attributes"]["height_m"] == {
        "from": {"lod2": 100, "osm": 100}, "compared": 80, "conflicts": 80,
        "examples": [f"DE00000{n}" for n in range(20, 25)],
    }  # fmt: skip


def test_area_differences_in_per_cent_of_the_more_trusted_footprint():
    one = {f"A{n}": (rect(30 * n, 0, 10, 10), {}) for n in range(3)}
    two = {f"o{n}": (rect(30 * n, 0, 10, 10 + n), {}) for n in range(3)}
    report = match_buildings({"cadastre": table(one), "osm": table(two)}).report
    (areas,) = report["areas"]
    assert (areas["median"], areas["mean"]) == (10.0, 10.0)
    counts = dict(zip(areas["edges"], [*areas["counts"], None], strict=True))
    assert {edge: n for edge, n in counts.items() if n} == {-2.0: 1, 10.0: 1, 20.0: 1}


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_page_asks_nobody_for_anything(city, lang):
    text = page_of(city, lang)
    page = html.document_fromstring(text)
    assert page.get("lang") == lang
    assert page.xpath("//script | //link | //img | //iframe | //object") == []
    assert page.xpath("//@src | //@srcset | //@onload | //@onclick") == []
    assert not re.search(r"url\(|@import", text)
    assert all(link.startswith("https://") for link in page.xpath("//a/@href"))
    assert "default-src 'none'" in text


def test_foreign_text_stays_text(city):
    page = html.document_fromstring(page_of(city))
    words = page.text_content()
    assert "<script>alert(1)</script>" in words
    assert "Klein & Groß" in words
    assert "A & B <i>" in words


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_plot_has_words_and_a_table_beside_it(city, lang):
    page = html.document_fromstring(page_of(city, lang))
    plots = page.xpath("//svg")
    assert len(plots) >= 10
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for plot in plots:
        assert plot.get("role") == "img"
        names = plot.get("aria-labelledby").split()
        told = [page.get_element_by_id(name).text_content() for name in names]
        assert len(told) == 2
        assert all(told)
        assert plot.getparent().tag == "figure"
        assert len(plot.getparent().xpath(".//table//tbody/tr")) >= 1
    assert all(cell.get("scope") for cell in page.xpath("//th"))


def test_numbers_in_the_page_follow_the_language(city):
    german, english = page_of(city, "de"), page_of(city, "en")
    assert "Höhe: 1.234 von 4.000 Werten sind geschätzt." in german
    assert "Height: 1,234 of 4,000 values are estimated." in english
    # 190 of 200 buildings are known to several sources
    assert "95\u202f%" in german
    assert "94,4\u202f%" in german
    assert "94.4\u202f%" in english
    assert "Ein Gebäudebestand" in german
    assert "One building stock" in english


def test_the_bars_are_as_long_as_the_numbers_say(city):
    page = html.document_fromstring(page_of(city))
    (plot,) = [p for p in page.xpath("//svg") if p.get("aria-labelledby").startswith("known-t")]
    wide = [float(bar.get("width")) for bar in plot.xpath(".//rect")]
    assert wide == pytest.approx([624 * n / 90 for n in (90, 80, 20, 10)], abs=0.01)
    (plot,) = [p for p in page.xpath("//svg") if "firm-streets" in p.get("aria-labelledby")]
    speed = [r for r in plot.xpath(".//rect") if r.get("y") == "19"]
    assert [r.get("class") for r in speed] == ["kind-tagged", "kind-estimated"]
    assert [float(r.get("width")) for r in speed] == pytest.approx([416, 208])


def test_the_order_of_trust_stands_beside_each_value(city):
    page = html.document_fromstring(page_of(city, "en"))
    rows = {
        row.xpath("string(th)"): row.xpath("string(td[1])")
        for row in page.xpath("//section[h2='Where the values come from']//tbody/tr")
    }
    assert rows["Height"] == "City model LoD2 > OpenStreetMap > Cadastre"
    assert rows["Use"] == "Cadastre > City model LoD2 > OpenStreetMap"


def test_a_city_of_one_source_has_a_report_too(toy_city):
    text = page_of(toy_city)
    assert "Ein Gebäudebestand" not in text
    assert quality_report(toy_city)["matching"] == {}
    bare = dataclasses.replace(
        toy_city,
        tables={name: frame.iloc[:0] for name, frame in toy_city.tables.items()},
        hashes={},
        info=dataclasses.replace(toy_city.info, sources=(), findings=(), model_town=True),
    )
    page = report_html(bare, lang="en", words=str)
    assert "No building is real." in page
    assert "Nothing was noticed while building." in page


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.0, "", "0"), (1234.5, "m", "1,234\u202fm"), (3.14159, "", "3.14"), (float("nan"), "", "–")],
)
def test_plain_numbers(value, unit, text):
    assert plain_number(value, unit) == text
