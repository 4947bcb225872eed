"""Cadastre files that are wrong: put right and counted, or refused with one clear sentence."""

import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from layers.cadastre import read_cadastre
from layers.features.gml import flipped
from layers.source_data import Area
from tests.layers.cadastre.make import E, N, frame, house, write
from twin.errors import SourceError


def codes(data):
    return {f.code.removeprefix("cadastre_"): f.count for f in data.findings}


def read(table, path):
    return read_cadastre(write(table, path))


def test_no_crs_follows_from_the_land(tmp_path):
    path = write(frame(house(1)), tmp_path / "GebauedeBauwerk.shp")
    path.with_suffix(".prj").unlink()
    data = read_cadastre(path)
    assert data.crs == "EPSG:25832"
    assert codes(data) == {"no_crs": 1}
    assert data.tables["buildings"].geometry.iloc[0].equals(house(1)["geometry"])


def test_no_crs_and_nothing_to_tell_it(tmp_path):
    path = write(frame(house(1, oid="17")), tmp_path / "GebauedeBauwerk.shp")
    path.with_suffix(".prj").unlink()
    with pytest.raises(SourceError, match="names no coordinate system"):
        read_cadastre(path)


def test_no_crs_of_a_land_in_zone_33(tmp_path):
    oid = "DEBB43AL00000001BL"
    path = write(frame(house(1, oid=oid)), tmp_path / "GebauedeBauwerk.shp")
    path.with_suffix(".prj").unlink()
    assert read_cadastre(path).crs == "EPSG:25833"


@pytest.mark.parametrize("crs", ["EPSG:25832", "EPSG:4326", "EPSG:31466"])
def test_swapped_axes_are_put_right(tmp_path, crs):
    right = frame(house(1), house(2)).to_crs(crs)
    wrong = right.set_geometry(flipped(np.asarray(right.geometry.array)), crs=crs)
    one, other = read(right, tmp_path / "a.gpkg"), read(wrong, tmp_path / "b.gpkg")
    assert codes(one) == {}
    assert codes(other) == {"swapped_axes": 1}
    found = [data.tables["buildings"].geometry for data in (one, other)]
    assert found[0].geom_equals_exact(found[1], 0.001).all()
    assert found[0].iloc[0].centroid.distance(box(E + 20, N, E + 30, N + 10).centroid) < 2


def test_mixed_crs_become_one(tmp_path):
    write(frame(house(1), house(2), house(3)), tmp_path / "a.gpkg")
    write(frame(house(4)).to_crs("EPSG:25833"), tmp_path / "b.gpkg")
    data = read_cadastre([tmp_path / "b.gpkg", tmp_path / "a.gpkg"])
    assert data.crs == "EPSG:25832"
    assert codes(data) == {"mixed_crs": 2}
    fourth = data.tables["buildings"].geometry["DENW43AL00000004"]
    assert fourth.hausdorff_distance(house(4)["geometry"]) < 0.01


def test_an_area_in_another_zone_gives_its_crs(tmp_path):
    path = write(frame(house(1), house(2)), tmp_path / "a.gpkg")
    shape = gpd.GeoSeries([house(1)["geometry"]], crs="EPSG:25832").to_crs("EPSG:25833").iloc[0]
    data = read_cadastre(path, area=Area(shape, "EPSG:25833"))
    assert data.crs == "EPSG:25833"
    assert list(data.tables["buildings"].index) == ["DENW43AL00000001"]


def test_duplicates_the_newest_counts_in_any_order(tmp_path):
    old, new = house(1, anzahlgs=1), house(1, anzahlgs=3, aktualit="2026-02-01")
    write(frame(old), tmp_path / "a.gpkg")
    write(frame(new, house(2), house(2)), tmp_path / "b.gpkg")
    paths = [tmp_path / "a.gpkg", tmp_path / "b.gpkg"]
    for order in (paths, paths[::-1]):
        data = read_cadastre(order)
        assert data.tables["buildings"]["storeys"].tolist() == [3.0, 2.0]
        assert codes(data) == {"twice": 2}


def test_missing_ids_get_stable_keys(tmp_path):
    data = read(frame(house(1, oid=None), house(2)), tmp_path / "a.gpkg")
    again = read(frame(house(2), house(1, oid=" ")), tmp_path / "b.gpkg")
    assert codes(data) == codes(again) == {"no_id": 1}
    assert list(data.tables["buildings"].index) == list(again.tables["buildings"].index)


def test_outlines_are_repaired_or_counted(tmp_path):
    bow_tie = Polygon([(E, N), (E + 10, N + 10), (E + 10, N), (E, N + 10)])
    line = Polygon([(E, N), (E + 10, N + 10), (E, N)])
    rows = [house(1, geometry=bow_tie), house(2, geometry=line), house(3, geometry=None), house(4)]
    rows.append(house(5, geometry=Polygon([(E, N, 4), (E + 9, N, 4), (E, N + 9, 4)])))
    data = read(frame(*rows), tmp_path / "a.gpkg")
    found = data.tables["buildings"]
    assert codes(data) == {"repaired": 1, "no_area": 1, "no_outline": 1}
    assert list(found.index.str[-1]) == ["1", "4", "5"]
    assert found["footprint_m2"].tolist() == [50.0, 100.0, 40.5]  # two triangles of 10 by 5
    assert found.geometry.is_valid.all()
    assert not shapely.has_z(found.geometry.array).any()


def test_empty_layers_are_said(tmp_path):
    path = write(frame(house(1)).iloc[:0], tmp_path / "a.gpkg")
    data = read_cadastre(path)
    assert len(data.tables["buildings"]) == 0
    assert codes(data) == {"empty_layers": 1}


def test_unknown_layers_are_named_and_alone_refused(tmp_path):
    path = write(frame(house(1)), tmp_path / "a.gpkg")
    data = read_cadastre(write(frame(house(1)), path, "Bodenrichtwerte"))
    assert [(f.code, f.examples) for f in data.findings] == [
        ("cadastre_unknown_layers", ("a.gpkg: Bodenrichtwerte",))
    ]
    other = write(frame(house(1)), tmp_path / "b.gpkg", "Bodenrichtwerte")
    with pytest.raises(SourceError, match="holds no layer of the simplified ALKIS schema"):
        read_cadastre(other)


def test_unknown_use_of_land_is_other(tmp_path):
    row = house(1) | {"nutzart": "Mondlandschaft", "bez": None}
    table = frame(row, house(2) | {"nutzart": "Wald", "bez": "Nadelholz"})
    data = read_cadastre(write(table, tmp_path / "a.gpkg", "Nutzung"))
    assert data.tables["landuse"]["class"].tolist() == ["other", "forest"]
    assert codes(data) == {"use": 1}


def test_a_parcel_without_official_area(tmp_path):
    row = house(1) | {"flaeche": None, "flstkennz": "05512300700012000300", "gemarkung": "Sieglar"}
    data = read_cadastre(write(frame(row), tmp_path / "a.gpkg", "Flurstueck"))
    parcel = data.tables["parcels"].iloc[0]
    assert (parcel["area_m2"], parcel["area_source"]) == (100.0, "registered:outline")
    assert parcel["number"] == "Sieglar, Flur 7, 12/3"
    assert codes(data) == {"parcel_area": 1}


def test_wrongly_decoded_text(tmp_path):
    table = frame(house(1, lagebeztxt="HauptstraÃ\x9fe 5"))
    found = read(table, tmp_path / "a.gpkg").tables["buildings"]
    assert found["street"].tolist() == ["Hauptstraße"]


def test_a_letter_cut_in_its_middle(tmp_path):
    """A field of a Shapefile ends after 254 bytes, also where a letter has two."""
    path = tmp_path / "GebauedeBauwerk.shp"
    write(frame(house(1, funktion="Wohngebäude", name="x" * 40)), path)
    dbf = path.with_suffix(".dbf")
    data = dbf.read_bytes()
    assert data.count(b"x" * 40) == 1
    dbf.write_bytes(data.replace(b"x" * 40, "Forstwirtschaftsflä".encode()[:-1].ljust(40)))
    found = read_cadastre(path).tables["buildings"].iloc[0]
    assert found["name"] == "Forstwirtschaftsfl"
    assert found["function"] == "Wohngebäude"


def test_damaged_files(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\x00" + bytes(500))
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "GebauedeBauwerk.shp").write_bytes(b"\x00\x00\x27\x0a")
    for name in ("a.gpkg", "a.zip", "GebauedeBauwerk.shp"):
        with pytest.raises(SourceError, match="is damaged"):
            read_cadastre(tmp_path / name)
    with pytest.raises(SourceError, match="is not there"):
        read_cadastre(tmp_path / "absent.gpkg")


def test_truncated_gml(files, tmp_path):
    text = files["gml"].read_bytes()
    (tmp_path / "half.gml").write_bytes(text[: len(text) // 2])
    with pytest.raises(SourceError, match=r"half\.gml is damaged"):
        read_cadastre(tmp_path / "half.gml")


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0">&b;</wfs:FeatureCollection>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_bombs_and_external_entities_are_refused(tmp_path, text, encoding):
    (tmp_path / "bomb.gml").write_bytes(text.encode(encoding))
    with pytest.raises(SourceError, match="declares a document type"):
        read_cadastre(tmp_path / "bomb.gml")


def test_archives_that_swell_are_refused(tmp_path):
    path = tmp_path / "big.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.gpkg", bytes(80 << 20))
    with pytest.raises(SourceError, match="swells"):
        read_cadastre(path)


def test_archives_cannot_write_elsewhere(tmp_path, files):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = inner / "slip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(files["gpkg"], "../../slipped.gpkg")
    assert len(read_cadastre(path).tables["buildings"]) > 200
    assert not list(tmp_path.glob("**/slipped.gpkg"))
