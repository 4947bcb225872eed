import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Polygon, box

from layers.boundaries import looks_like_boundaries, read_boundaries
from layers.source_data import Area
from tests.conftest import CRS, shared
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import faults_of

E, N = 370_000.0, 5_631_000.0


def squares(count, **columns):
    shapes = [box(E + 1000 * i, N, E + 1000 * i + 900, N + 500) for i in range(count)]
    return gpd.GeoDataFrame(columns, index=range(count), geometry=shapes, crs=CRS)


def save(frame, path):
    frame.to_file(path)
    return path


def test_districts_of_a_town_from_any_format(tmp_path):
    frame = squares(
        3, STADTTEIL=["Mitte", "Spich", "Sieglar"], NR=["01", "02", "03"], EWZ=[5, 6, 7]
    )
    tables = []
    for name in ("stadtteile.gpkg", "stadtteile.shp", "stadtteile.geojson"):
        source = frame.to_crs("EPSG:4326") if name.endswith("json") else frame
        path = save(source, tmp_path / name)
        assert looks_like_boundaries(path)
        data = read_boundaries([path])
        assert data.crs == CRS
        assert faults_of(TABLES["districts"], data.tables["districts"], crs=CRS) == []
        tables.append(data.tables["districts"])
    first = tables[0]
    assert first.index.tolist() == ["district:01", "district:02", "district:03"]
    assert first["name"].tolist() == ["Mitte", "Spich", "Sieglar"]
    assert (first["level"] == 10).all()
    assert (first["boundary_source"] == "registered").all()
    assert first["residents"].tolist() == [5, 6, 7]
    assert first["area_m2"].tolist() == [450_000] * 3
    for other in tables[1:]:
        assert other["area_m2"].tolist() == pytest.approx(first["area_m2"].tolist(), rel=1e-6)
        pd.testing.assert_frame_equal(
            other.drop(columns=["geometry", "area_m2"]), first.drop(columns=["geometry", "area_m2"])
        )


@pytest.mark.parametrize(
    ("name", "columns", "kind", "level"),
    [
        ("Stadtbezirke", {"NAME": "Nord"}, "districts", 9),
        ("Statistische_Quartiere", {"NAME": "Nord"}, "districts", 11),
        ("Gemeinden", {"GEN": "Troisdorf", "AGS": "05382068"}, "districts", 8),
        ("Kreise", {"GEN": "Rhein-Sieg-Kreis", "AGS": "05382"}, "districts", 6),
        ("Grenzen", {"name": "Troisdorf", "admin_level": "8"}, "districts", 8),
        ("Baubloecke", {"BLOCKNR": "0412"}, "blocks", None),
        ("Verkehrszellen", {"ZELLE": "17"}, "zones", None),
    ],
)
def test_what_a_file_holds_is_told_by_name_and_columns(tmp_path, name, columns, kind, level):
    data = read_boundaries([save(squares(1, **columns), tmp_path / f"{name}.gpkg")])
    assert list(data.tables) == [kind]
    if level:
        assert data.tables[kind]["level"].tolist() == [level]


def test_kind_may_be_given(tmp_path):
    path = save(squares(2, id=[1, 2]), tmp_path / "export.gpkg")
    data = read_boundaries([path], kind="zones")
    assert data.tables["zones"].index.tolist() == ["zone:1", "zone:2"]


def test_areas_of_one_key_are_united_and_seas_left_out(tmp_path):
    columns = {"GEN": "Norderney", "BEZ": "Stadt", "AGS": "03452020", "GF": [4, 4, 2]}
    data = read_boundaries([save(squares(3, **columns), tmp_path / "vg250.gpkg")])
    table = data.tables["districts"]
    assert table.index.tolist() == ["ags:03452020"]
    assert table["area_m2"].tolist() == [900_000]
    assert data.source.key == "vg250"
    assert [f.code for f in data.findings] == ["boundary_generalised"]


def write_json(path, shape, **properties):
    feature = {"type": "Feature", "properties": properties, "geometry": shape.__geo_interface__}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def test_metres_in_a_geojson_without_crs_and_swapped_axes_are_noticed(tmp_path):
    metres = write_json(tmp_path / "stadtteile.geojson", box(E, N, E + 900, N + 500), name="a")
    data = read_boundaries([metres])
    assert data.tables["districts"]["area_m2"].tolist() == [450_000]
    assert [f.code for f in data.findings] == ["boundary_crs"]
    swapped = write_json(tmp_path / "stadtteil2.geojson", box(50.81, 7.15, 50.82, 7.16), name="a")
    data = read_boundaries([swapped])
    assert [f.code for f in data.findings] == ["boundary_axes"]
    assert data.crs == CRS
    nowhere = write_json(tmp_path / "ortsteile.geojson", box(1e8, 1e8, 2e8, 2e8), name="a")
    with pytest.raises(SourceError, match="fit no CRS"):
        read_boundaries([nowhere])


def test_crossed_and_empty_areas_are_counted(tmp_path):
    bow = Polygon([(E, N), (E + 100, N + 100), (E + 100, N), (E, N + 100)])
    shapes = [bow, LineString([(E, N), (E + 5, N)]), box(E, N, E + 50, N + 50), None]
    frame = gpd.GeoDataFrame({"name": list("abcd")}, geometry=shapes, crs=CRS)
    path = tmp_path / "stadtteile.geojson"
    frame.to_crs("EPSG:4326").to_file(path)
    data = read_boundaries([path])
    assert {f.code: f.count for f in data.findings} == {"boundary_repaired": 1, "boundary_empty": 2}
    assert data.tables["districts"]["area_m2"].round().tolist() == [5000, 2500]


def test_only_what_touches_the_area_and_any_order_of_files(tmp_path):
    north = save(squares(2, name=["a", "b"]), tmp_path / "stadtteile_1.gpkg")
    south = save(squares(1, name=["a"]), tmp_path / "stadtteile_2.gpkg")
    area = Area(box(E, N, E + 950, N + 100), CRS)
    assert read_boundaries([north], area=area).tables["districts"]["name"].tolist() == ["a"]
    one, other = read_boundaries([north, south]), read_boundaries([south, north])
    pd.testing.assert_frame_equal(one.tables["districts"], other.tables["districts"])


def test_a_zip_with_a_shapefile(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    save(squares(1, Stadtteil=["Altenrath"]), folder / "stadtteile.shp")
    path = tmp_path / "stadtteile.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    assert looks_like_boundaries(path)
    assert read_boundaries([path]).tables["districts"]["name"].tolist() == ["Altenrath"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.geojson", b"{"), ("a.gpkg", b"nothing"), ("a.zip", b"PK broken"), ("a.txt", b"x")],
)
def test_files_that_hold_no_boundaries(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert not looks_like_boundaries(path)
    with pytest.raises(SourceError):
        read_boundaries([path])
    with pytest.raises(SourceError):
        read_boundaries([tmp_path / "absent.gpkg"])


def test_the_real_boundary_has_its_published_area():
    path = shared("data/boundaries/troisdorf_vg250_simplified.geojson")
    assert looks_like_boundaries(path)
    table = read_boundaries([path]).tables["districts"]
    assert table.index.tolist() == ["ags:05382068"]
    assert table["area_m2"].iloc[0] == pytest.approx(61.3e6, rel=1e-3)
    assert table["level"].tolist() == [8]


def test_all_towns_of_a_land():
    path = shared("data/boundaries/municipality_nrw.geojson")
    table = read_boundaries([path]).tables["districts"]
    assert len(table) == 396, "municipalities of North Rhine-Westphalia"
    assert table["area_m2"].sum() == pytest.approx(34_100e6, rel=0.01), "34,112 km²"
