"""What a user names is told apart by content, whatever it is called."""

import json
import shutil

import pytest
import shapely

from layers.inputs import (
    KINDS,
    area_of,
    find_inputs,
    kind_of_file,
    read_area,
    read_inputs,
)
from layers.source_data import Area
from tests.conftest import shared
from tests.town_files.town import write_town
from twin.errors import SourceError

EXPECTED = {
    "osm": "osm", "gpkg": "cadastre", "shp": "cadastre", "gml": "cadastre", "nas": "nas",
    "lod2": "citymodel", "dgm1": "terrain", "census": "census", "try": "weather",
    "gtfs": "transit",
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    return folder, write_town(folder, buildings=60, formats=tuple(EXPECTED), cell_m=20.0)


def test_every_file_is_known_by_what_is_in_it(town):
    folder, files = town
    for form, kind in EXPECTED.items():
        found = find_inputs([folder / form])
        assert set(found.by_kind) == {kind}, form
        assert len(found.by_kind[kind]) == len(files[form]) or form == "shp"
        assert found.unknown == ()


def test_a_folder_is_looked_through_and_strangers_are_named(town, tmp_path):
    folder, _ = town
    inner = tmp_path / "data" / "deep" / "er"
    shutil.copytree(folder / "lod2", inner)
    (tmp_path / "data" / "readme.txt").write_text("how we got this")
    found = find_inputs([tmp_path / "data"])
    assert set(found.by_kind) == {"citymodel"}
    assert [path.name for path in found.unknown] == ["readme.txt"]


@pytest.mark.parametrize("name", ["letter.docx", "notes.txt", "picture.tif.txt"])
def test_a_file_of_no_known_kind_is_refused_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"dear council")
    with pytest.raises(SourceError, match=name):
        find_inputs([path])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tile.gml", b"", "is empty"),
        ("feed.zip", b"PK\x03\x04 cut", "damaged or cut off"),
        ("kreis.gpkg", b"<html>not found</html>", "damaged or cut off"),
    ],
)
def test_a_broken_file_is_called_broken(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"{name} .*{said}"):
        find_inputs([path])


def test_what_is_absent_is_said(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        find_inputs([tmp_path / "absent.gpkg"])


def test_a_prefix_says_what_nobody_can_see(town, tmp_path):
    tile = next((town[0] / "dgm1").glob("*.tif"))
    plain = shutil.copy(tile, tmp_path / "heights.tif")
    (data,) = read_inputs(find_inputs([f"surface={plain}"]))
    assert set(data.surfaces) == {"surface"}
    (data,) = read_inputs(find_inputs([plain]))
    assert set(data.surfaces) == {"terrain"}


def test_an_address_is_a_cadastre_service():
    found = find_inputs(["https://example.org/wfs"])
    assert found.by_kind == {"cadastre": ("https://example.org/wfs",)}


def test_the_same_file_named_twice_is_read_once(town):
    path = town[0] / "osm"
    assert len(find_inputs([path, path]).by_kind["osm"]) == 1


def test_two_maps_are_refused(town, tmp_path):
    first = next((town[0] / "osm").iterdir())
    second = shutil.copy(first, tmp_path / "other.osm.pbf")
    with pytest.raises(SourceError, match="osmium merge"):
        read_inputs(find_inputs([first, second]))


def test_progress_goes_up_to_one(town):
    told = []
    read_inputs(find_inputs([town[0] / "try", town[0] / "gtfs"]),
                progress=lambda _step, share: told.append(share))  # fmt: skip
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_a_folder_without_boundary_has_no_area(tmp_path):
    assert area_of([tmp_path]) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("osm/neubrandenburg.osm.pbf", "osm"),
        ("citymodel/LoD2_32_280_5659_1_NW.gml", "citymodel"),
        ("citymodel/citygml4j_lod2_buildings_v3.gml", "citymodel"),
        ("citymodel/citygml4j_lod2_buildings_v2.city.json", "citymodel"),
        ("census/census2011_100m_troisdorf.parquet", "census"),
        ("census/census2022_1km_troisdorf.parquet", "census"),
        ("terrain/N49E011.hgt.zip", "terrain"),
        ("transit/vrn_gtfs_cut_heidelberg.zip", "transit"),
        ("weather/DWD_TRY2015_Koeln_509319069572_Jahr.dat", "weather"),
        ("weather/ASHRAE140-2020_Denver_725650TYCST.epw", "weather"),
        ("boundaries/troisdorf_vg250_simplified.geojson", "boundaries"),
        ("sensors/koeln_traffic_load_2013-10.csv.gz", ""),
    ],
)
def test_real_files_are_known(path, kind):
    assert kind_of_file(shared(f"data/{path}")) == kind
    assert kind in (*KINDS, "")


def test_an_area_is_read_from_any_vector_file(tmp_path):
    path = tmp_path / "area.geojson"
    ring = [[7.1, 50.8], [7.2, 50.8], [7.2, 50.85], [7.1, 50.8]]
    feature = {"type": "Feature", "properties": {},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    area = read_area(path)
    assert area.crs == "EPSG:25832"
    assert area.shape.area == pytest.approx(19.6e6, rel=0.02)  # half of 7.05 km × 5.56 km
    point = {**feature, "geometry": {"type": "Point", "coordinates": [7.1, 50.8]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [point]}))
    with pytest.raises(SourceError, match="no polygon"):
        read_area(path)
    path.write_text("no json")
    with pytest.raises(SourceError, match=r"area\.geojson"):
        read_area(path)
    with pytest.raises(SourceError, match="absent"):
        read_area(tmp_path / "absent.gpkg")


def test_of_a_large_map_only_the_area_is_read(town):
    path = next((town[0] / "osm").iterdir())
    (whole,) = read_inputs(find_inputs([path]))
    houses = whole.tables["buildings"]
    west, south, east, north = houses.total_bounds
    area = Area(shapely.box(west, south, (west + east) / 2, north), whole.crs)
    (half,) = read_inputs(find_inputs([path]), area=area)
    expected = houses.index[houses.to_crs(area.crs).intersects(area.shape)]
    assert 0 < len(expected) < len(houses)
    assert set(half.tables["buildings"].index) == set(expected)
    assert 0 < len(half.tables["streets"]) < len(whole.tables["streets"])
    assert (half.source.sha256, half.source.date) == (whole.source.sha256, whole.source.date)
    assert half.name == whole.name


def test_a_damaged_map_is_refused_with_an_area_too(tmp_path):
    path = tmp_path / "cut.osm"
    path.write_text('<?xml version="1.0"?><osm version="0.6"><node id="1" lat="50" lon="7"/><way')
    area = Area(shapely.box(360_000, 5_620_000, 370_000, 5_630_000), "EPSG:25832")
    with pytest.raises(SourceError, match=r"cut\.osm is damaged"):
        read_inputs(find_inputs([path]), area=area)
