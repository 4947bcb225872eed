"""All municipalities of the Land, against the published boundaries and tiles."""

import csv
import json
from pathlib import Path

import geopandas as gpd
import pytest

from layers.fetch.boundary import tiles_of
from layers.fetch.listing import fill
from layers.fetch.municipalities import TABLE, find_municipality, municipalities
from layers.fetch.products import products
from layers.source import addresses
from tests.conftest import shared
from twin.errors import SourceError

ROOT = Path(__file__).parents[3]


def test_both_copies_of_the_table_are_the_same():
    assert TABLE.read_bytes() == (ROOT / "data" / "nrw_municipalities.csv").read_bytes()


def test_396_municipalities_in_53_districts():
    found = municipalities()
    assert len(found) == len({m.ags for m in found}) == 396
    assert len({m.district_ags for m in found}) == len({m.district for m in found}) == 53
    assert all(m.ags.startswith("05") and len(m.ags) == 8 for m in found)
    assert all(m.district_ags == m.ags[:5] + "000" for m in found)


def test_keys_names_and_bounds_are_those_of_the_boundaries():
    path = shared("data/boundaries/municipality_nrw.geojson")
    published = gpd.read_file(path).set_index("AGS")
    bounds = published.to_crs("EPSG:25832").bounds
    for town in municipalities():
        assert published["GEN"][town.ags] == town.name
        assert bounds.loc[town.ags].to_numpy() == pytest.approx(town.bounds, abs=1.0)


def test_every_name_finds_its_own_municipality():
    for town in municipalities():
        assert find_municipality(town.name) == town
        assert find_municipality(town.name.upper()) == town
        assert find_municipality(f" {town.ags} ") == town


@pytest.mark.parametrize(
    ("text", "name"),
    [("Stadt Troisdorf", "Troisdorf"), ("koeln", "Köln"), ("Hennef", "Hennef (Sieg)"),
     ("053820068068", "Troisdorf"), ("halle", "Halle (Westf.)"), ("sankt aug", "Sankt Augustin")],
)  # fmt: skip
def test_other_spellings(text, name):
    assert find_municipality(text).name == name


def test_several_are_listed():
    with pytest.raises(
        SourceError, match=r"several municipalities: Bad .*Bad Honnef \(05382008"
    ) as e:
        find_municipality("Bad")
    assert e.value.values["candidates"].count("; ") == 9


def test_unknown_ones_get_candidates():
    with pytest.raises(SourceError, match="near to it are Troisdorf"):
        find_municipality("Troisdrof")
    for text in ("Atlantis", "", "99999999", "München"):
        with pytest.raises(SourceError, match=r"No municipality|near to it"):
            find_municipality(text)


def published_tiles() -> dict[tuple[int, int], dict[str, str]]:
    with shared("refs/troisdorf/tiles_troisdorf.csv").open(encoding="utf-8") as file:
        return {(int(row["e_km"]), int(row["n_km"])): row for row in csv.DictReader(file)}


def troisdorf():
    path = shared("data/boundaries/troisdorf_vg250_simplified.geojson")
    return gpd.read_file(path).to_crs("EPSG:25832").geometry.iloc[0]


def test_tiles_of_troisdorf_lie_in_the_published_window_and_cover_the_town():
    known, shape = published_tiles(), troisdorf()
    town = find_municipality("troisdorf")
    found, box = set(tiles_of(town, shape)), set(tiles_of(town, None))
    assert found < box <= known.keys()
    import shapely  # noqa: PLC0415

    squares = [shapely.box(1000 * e, 1000 * n, 1000 * e + 1000, 1000 * n + 1000) for e, n in found]
    assert shapely.union_all(squares).covers(shape)
    assert all(square.intersects(shape) for square in squares)
    assert len(found) == 84


@pytest.mark.parametrize(
    ("product", "column"),
    [("lod2", "lod2_gml (pattern, not checked per tile)"), ("dgm1", "dgm1_tif"),
     ("ndom50", "ndom50_tif")],
)  # fmt: skip
def test_addresses_of_tiles_are_the_published_ones(product, column):
    entry = products()[product]
    pattern = addresses(entry.source, entry.service)[0]
    for (east, north), row in published_tiles().items():
        known = {"E": str(east), "N": str(north), "YYYY": str(entry.year)}
        assert fill(pattern, known) == row[column]


def test_patterns_are_those_of_the_reference():
    text = shared("refs/troisdorf/nrw_datasets.json").read_text("utf-8")
    listed = {entry["id"]: entry for entry in json.loads(text)["downloads"]}
    base = json.loads(text)["base"]
    own = {"dom1": "dom1", "addresses": "gebref"}
    for key, service in own.items():
        assert addresses("geobasis_nrw", service)[0] == base + listed[key]["pattern"]
    town = {"AGS": "05382068", "NAME": "Troisdorf"}
    for key, service in {
        "solarkataster_pv": "solar_roofs",
        "raumwaermebedarf": "heat_demand",
    }.items():
        assert fill(addresses("energieatlas_nrw", service)[0], town) == listed[key]["url"]
    kreis = {"DISTRICT": "05382000", "DISTRICT_NAME": "Rhein-Sieg-Kreis"}
    expected = listed["alkis_vereinfacht"]["troisdorf"].split()[1]
    assert fill(addresses("geobasis_nrw", "alkis_simplified")[0], kreis).endswith("/" + expected)


def test_every_product_has_addresses_and_a_source():
    for product in products().values():
        assert addresses(product.source, product.service)
