"""GML geometry, against GDAL as the second reader and cases worked out by hand."""

import io
import math

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.features.gml import read_gml
from layers.features.srs import choose_srs, north_first, parse_srs
from tests.layers.features.fake import GML, collection
from twin.errors import SourceError

POLYGON = (
    '<gml:Polygon srsName="EPSG:25832"><gml:exterior>{}</gml:exterior>'
    "<gml:interior><gml:LinearRing><gml:posList>3 3 4 3 4 4 3 3</gml:posList></gml:LinearRing>"
    "</gml:interior></gml:Polygon>"
)
LINEAR = "<gml:LinearRing><gml:posList>0 0 10 0 10 10 0 10 0 0</gml:posList></gml:LinearRing>"
SINGLE = "<gml:LinearRing>{}</gml:LinearRing>".format(
    "".join(f"<gml:pos>{p}</gml:pos>" for p in ("0 0", "10 0", "10 10", "0 10", "0 0"))
)
PIECES = (
    "<gml:Ring><gml:curveMember><gml:LineString><gml:posList>0 0 10 0 10 10</gml:posList>"
    "</gml:LineString></gml:curveMember><gml:curveMember><gml:Curve><gml:segments>"
    "<gml:LineStringSegment><gml:posList>10 10 0 10 0 0</gml:posList></gml:LineStringSegment>"
    "</gml:segments></gml:Curve></gml:curveMember></gml:Ring>"
)
MULTI = (
    '<gml:MultiSurface srsName="EPSG:25832"><gml:surfaceMember>{}</gml:surfaceMember>'
    "<gml:surfaceMember><gml:Surface><gml:patches><gml:PolygonPatch><gml:exterior><gml:LinearRing>"
    "<gml:posList>20 0 30 0 30 10 20 0</gml:posList></gml:LinearRing></gml:exterior>"
    "</gml:PolygonPatch></gml:patches></gml:Surface></gml:surfaceMember></gml:MultiSurface>"
)
ARC = (
    '<gml:Polygon srsName="EPSG:25832"><gml:exterior><gml:Ring><gml:curveMember><gml:Curve>'
    "<gml:segments><gml:Arc><gml:posList>0 0 5 5 10 0</gml:posList></gml:Arc>"
    "<gml:LineStringSegment><gml:posList>10 0 0 0</gml:posList></gml:LineStringSegment>"
    "</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon>"
)


def document(*shapes):
    members = "".join(
        f'<wfs:member><a:t gml:id="t{n}"><a:geom>{shape}</a:geom></a:t></wfs:member>'
        for n, shape in enumerate(shapes)
    )
    text = f'<wfs:FeatureCollection {GML} xmlns:a="urn:a">{members}</wfs:FeatureCollection>'
    return text.encode()


def shapes_of(*shapes):
    return read_gml(io.BytesIO(document(*shapes)), name="test").frames["t"].geometry


def test_every_spelling_of_a_ring_is_the_same():
    found = shapes_of(*(POLYGON.format(ring) for ring in (LINEAR, SINGLE, PIECES)))
    square = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [[(3, 3), (4, 3), (4, 4)]])
    assert all(shape.equals(square) for shape in found)


def test_gdal_reads_the_same():
    shapes = [POLYGON.format(LINEAR), MULTI.format(POLYGON.format(PIECES)), POLYGON.format(SINGLE)]
    other = pyogrio.read_dataframe(io.BytesIO(document(*shapes)), layer="t").geometry
    mine = shapes_of(*shapes)
    assert [a.equals(b) for a, b in zip(mine, other, strict=True)] == [True] * 3
    assert [shape.geom_type for shape in mine] == ["Polygon", "MultiPolygon", "Polygon"]


def test_an_arc_is_a_half_circle():
    area = shapes_of(ARC).iloc[0].area
    assert area == pytest.approx(math.pi * 25 / 2, rel=2e-3)
    other = pyogrio.read_dataframe(io.BytesIO(document(ARC)), layer="t").geometry.iloc[0]
    assert area == pytest.approx(other.area, rel=5e-3)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 900)), min_size=1, max_size=12))
def test_squares_come_back_as_written(places):
    boxes = [shapely.box(x, x + 7, x + size, x + 7 + size) for x, size in places]
    texts = []
    for box in boxes:
        numbers = " ".join(map(str, shapely.get_coordinates(box).ravel()))
        ring = f"<gml:LinearRing><gml:posList>{numbers}</gml:posList></gml:LinearRing>"
        texts.append(f"<gml:Polygon><gml:exterior>{ring}</gml:exterior></gml:Polygon>")
    assert [a.equals(b) for a, b in zip(shapes_of(*texts), boxes, strict=True)] == [True] * len(
        boxes
    )


def test_heights_are_dropped_wherever_the_dimension_stands():
    flat = "0 0 10 0 10 10 0 0"
    deep = "0 0 5 10 0 5 10 10 5 0 0 5"
    ring = "<gml:LinearRing><gml:posList{}>{}</gml:posList></gml:LinearRing>"
    outer = "<gml:Polygon{}><gml:exterior>{}</gml:exterior></gml:Polygon>"
    found = shapes_of(
        outer.format("", ring.format("", flat)),
        outer.format("", ring.format(' srsDimension="3"', deep)),
        outer.format(' srsDimension="3"', ring.format("", deep)),
    )
    assert found.iloc[1].equals(found.iloc[0])
    assert found.iloc[2].equals(found.iloc[0])


def test_points_lines_and_the_old_style():
    found = shapes_of(
        "<gml:Point><gml:pos>1 2</gml:pos></gml:Point>",
        "<gml:LineString><gml:posList>0 0 3 4</gml:posList></gml:LineString>",
        "<gml:Polygon><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>0,0 4,0 4,4 0,0"
        "</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon>",
    )
    assert [s.geom_type for s in found] == ["Point", "LineString", "Polygon"]
    assert (found.iloc[0].x, found.iloc[1].length, found.iloc[2].area) == (1.0, 5.0, 8.0)


def test_what_cannot_be_drawn_is_missing_and_counted():
    bad = "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 1 x</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"  # noqa: E501
    page = read_gml(io.BytesIO(document(bad, POLYGON.format(LINEAR))), name="test")
    assert page.broken == 1
    assert page.frames["t"].geometry.isna().tolist() == [True, False]


def test_mixed_crs_in_one_document_become_one():
    first = collection([1, 2], matched=3)
    ring = "50.7 7.0 50.7 7.001 50.701 7.001 50.7 7.0"
    other = collection([9], srs="urn:ogc:def:crs:EPSG::4326", ring=ring)
    start, end = other.index("<wfs:member>"), other.index("</wfs:FeatureCollection>")
    both = first.replace("</wfs:FeatureCollection>", other[start:end] + "</wfs:FeatureCollection>")
    frame = read_gml(io.BytesIO(both.encode()), name="test").frames["GebaeudeBauwerk"]
    assert frame.crs == "EPSG:25832"
    lon, lat = frame.to_crs("EPSG:4326").geometry.iloc[2].bounds[:2]
    assert (lon, lat) == (pytest.approx(7.0), pytest.approx(50.7))


def test_hundreds_of_features_cost_no_memory_of_each_other():
    body = collection(list(range(500)), matched=500).encode()
    page = read_gml(io.BytesIO(body), name="test")
    assert (page.returned, page.matched) == (500, 500)
    assert np.allclose(page.frames["GebaeudeBauwerk"].area, 100)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("urn:ogc:def:crs:EPSG::25833", ("EPSG:25833", False)),
        ("urn:ogc:def:crs:EPSG:6.9:4258", ("EPSG:4258", True)),
        ("urn:ogc:def:crs:EPSG::31467", ("EPSG:31467", True)),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", ("EPSG:4326", False)),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", ("OGC:CRS84", False)),
        ("urn:adv:crs:ETRS89_UTM33*DE_DHHN2016_NH", ("EPSG:25833", False)),
        ("urn:adv:crs:Mars", ("", False)),
        ("EPSG:999999", ("", False)),
        ("", ("", False)),
    ],
)
def test_names_of_coordinate_systems(name, expected):
    assert parse_srs(name) == expected


def test_the_first_fitting_name_is_chosen():
    assert choose_srs([], "EPSG:25832") == ""
    assert choose_srs(["urn:x:unknown", "EPSG:4326"], "EPSG:25832") == "EPSG:4326"
    assert north_first("EPSG:4258")


def test_no_features_are_no_frames():
    page = read_gml(io.BytesIO(document()), name="test")
    assert (page.frames, page.returned) == ({}, 0)
    with pytest.raises(SourceError, match="test is damaged"):
        read_gml(io.BytesIO(document()[:-5]), name="test")
