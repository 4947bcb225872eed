"""WFS and OGC API Features of a real MapServer, against the file it serves."""

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from layers.cadastre import read_cadastre
from layers.features import open_service, read_layer
from layers.sample_city import make_sample
from layers.source_data import Area
from tests.layers.features.mapserver import serve
from tests.town_files.cadastre import write_cadastre

LAYER = "GebauedeBauwerk"


@pytest.fixture(scope="module")
def town():
    return dict(make_sample(buildings=200).tables)


@pytest.fixture(scope="module")
def file(town, tmp_path_factory):
    return write_cadastre(town, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def server(file, tmp_path_factory):
    with serve(file, tmp_path_factory.mktemp("map")) as running:
        yield running


@pytest.fixture(scope="module")
def truth(file):
    return pyogrio.read_dataframe(file, layer=LAYER).sort_values("oid", ignore_index=True)


def buildings(service):
    return next(layer for layer in service.layers if layer.name.endswith("GebaeudeBauwerk"))


def by_id(frame):
    return frame.sort_values("oid", ignore_index=True)


def test_capabilities(server):
    service = open_service(server.url)
    assert (service.kind, service.version, service.paging) == ("wfs", "2.0.0", True)
    layer = buildings(service)
    assert layer.name == "ave:GebaeudeBauwerk"
    assert layer.srs[0] == "urn:ogc:def:crs:EPSG::25832"
    assert layer.namespace.endswith("alkis-vereinfacht/2.0")
    assert 7 < layer.bounds[0] < layer.bounds[2] < 7.2


@pytest.mark.parametrize("page", [None, 50, 7000])
def test_all_features_arrive_whatever_the_page(server, truth, page):
    service = open_service(server.url)
    frame = by_id(read_layer(service, buildings(service), page=page))
    assert list(frame["oid"]) == list(truth["oid"])
    assert frame.geometry.geom_equals(truth.geometry.explode(index_parts=False), align=False).all()


def test_its_own_crs_is_not_named_since_some_services_refuse_that(server):
    service = open_service(server.url)
    server.asked.clear()
    read_layer(service, buildings(service))
    assert server.asked
    assert not any("SRSNAME" in asked for asked in server.asked)


def test_degrees_have_the_right_order(file, truth, tmp_path):
    """A service that offers latitude and longitude only: positions are those of the file."""
    with serve(file, tmp_path, srs="EPSG:4326") as server:
        service = open_service(server.url)
        frame = by_id(read_layer(service, buildings(service)))
        assert any("GetFeature" in asked for asked in server.asked)
    assert frame.crs == "EPSG:25832"
    away = shapely.distance(frame.centroid.array, truth.centroid.array)
    assert np.max(away) < 0.2  # MapServer writes degrees with six digits


def test_another_crs_is_asked_for(file, truth, tmp_path):
    with serve(file, tmp_path, srs="EPSG:4326 EPSG:25832") as server:
        service = open_service(server.url)
        frame = by_id(read_layer(service, buildings(service)))
        assert any("SRSNAME=urn%3Aogc%3Adef%3Acrs%3AEPSG%3A%3A25832" in a for a in server.asked)
    assert frame.geometry.geom_equals(truth.geometry.explode(index_parts=False), align=False).all()


@pytest.mark.parametrize("srs", ["EPSG:25832", "EPSG:4326"])
def test_a_box_gives_what_it_touches(file, truth, tmp_path, srs):
    west, south, east, north = truth.total_bounds
    box = shapely.box(west, south, (west + east) / 2, (south + north) / 2)
    area = Area(box, "EPSG:25832")
    # a box in metres is none in degrees: it grows on the way there, and again on the way back
    around = Area(shapely.box(*area.within("EPSG:4326").bounds), "EPSG:4326")
    wide = shapely.box(*around.within("EPSG:25832").bounds).buffer(1)
    least, most = (set(truth["oid"][truth.intersects(shape)]) for shape in (box, wide))
    with serve(file, tmp_path, srs=srs) as server:
        for url in (server.url, server.features_api):
            service = open_service(url)
            frame = read_layer(service, buildings(service), area=area, page=20)
            assert least <= set(frame["oid"]) <= most
    assert 0 < len(least) < len(most) < len(truth)


def test_wfs_1_1_without_paging(file, truth, tmp_path):
    """The same server as version 1.1: everything at once, counted before."""
    more = '"wfs_maxfeatures" "150"'
    with serve(file, tmp_path, more=more) as server:
        service = open_service(server.url)
        old = type(service)(
            kind="wfs", url=service.url, layers=service.layers, version="1.1.0", largest_page=150
        )
        frame = by_id(read_layer(old, buildings(old)))
        assert any("resulttype=hits" in asked.lower() for asked in server.asked)
    assert list(frame["oid"]) == list(truth["oid"])
    assert frame.geometry.geom_equals(truth.geometry.explode(index_parts=False), align=False).all()


def test_a_server_side_maximum(file, truth, tmp_path):
    with serve(file, tmp_path, more='"wfs_maxfeatures" "60"') as server:
        service = open_service(server.url)
        frame = by_id(read_layer(service, buildings(service), page=5000))
    assert list(frame["oid"]) == list(truth["oid"])


def close_to(frame, truth):
    """MapServer writes degrees with six digits, that is to 0.1 m."""
    assert list(frame["oid"]) == list(truth["oid"])
    assert isinstance(frame, gpd.GeoDataFrame)
    return np.max(shapely.distance(frame.centroid.array, truth.centroid.array)) < 0.2


def test_ogc_api_features_page_by_page(town, truth, tmp_path):
    with serve(write_cadastre(town, tmp_path / "shp", kind="shp"), tmp_path) as server:
        service = open_service(server.features_api)
        assert service.kind == "oaf"
        frame = by_id(read_layer(service, buildings(service), page=50))
        asked = [a for a in server.asked if "collections/GebaeudeBauwerk/items" in a]
    assert close_to(frame, truth)
    assert len(asked) == int(np.ceil(len(truth) / 50))


def test_ogc_api_features_without_offset(server, truth):
    """MapServer 8.0 passes over the offset where GDAL reads the data: every page is the first."""
    service = open_service(server.features_api)
    assert close_to(by_id(read_layer(service, buildings(service), page=50)), truth)


def test_one_collection_can_be_named(server):
    service = open_service(f"{server.features_api}/collections/Flurstueck/items?f=html")
    assert [layer.name for layer in service.layers] == ["Flurstueck"]


def test_the_cadastre_of_a_wfs_equals_that_of_the_file(server, file):
    served, read = read_cadastre([server.url]), read_cadastre([file])
    assert served.findings == read.findings
    assert served.source.url == server.url
    for name, table in read.tables.items():
        assert_geodataframe_equal(table, served.tables[name])


def test_the_cadastre_of_an_ogc_api_differs_in_rounding_only(server, file):
    served, read = read_cadastre(server.features_api), read_cadastre([file])
    for name, table in read.tables.items():
        other = served.tables[name]
        assert list(other.index) == list(table.index)
        same = [c for c in table.columns if c not in {"geometry", "footprint_m2", "area_m2"}]
        assert other[same].equals(table[same]), name
        if name != "addresses":  # a point inside may jump where an outline moves a little
            apart = shapely.distance(other.centroid.array, table.centroid.array)
            assert np.max(apart) < 0.5, name
