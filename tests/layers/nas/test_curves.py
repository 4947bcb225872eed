"""Arcs and rings against geometry worked out by hand and against GDAL."""

import math

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from layers.nas.curves import NoRingError, arc_through, ring
from twin.assumptions import assumed

GML = 'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink"'


def xml(text: str):
    return etree.fromstring(text.replace(">", f" {GML}>", 1) if "xmlns" not in text else text)


def piece(segment: str) -> str:
    inside = f"<gml:Curve><gml:segments>{segment}</gml:segments></gml:Curve>"
    return f"<gml:curveMember>{inside}</gml:curveMember>"


def line(text: str) -> str:
    return piece(
        f"<gml:LineStringSegment><gml:posList>{text}</gml:posList></gml:LineStringSegment>"
    )


def drawn(*members: str, shared=None) -> shapely.Polygon:
    flat = ring(xml(f"<gml:Ring>{''.join(members)}</gml:Ring>"), shared)
    return shapely.Polygon(np.array(flat).reshape(-1, 2))


def test_a_half_disc():
    """A half disc of radius 10 has the area 50 π; a chord takes at most its error off the edge."""
    arc = piece("<gml:Arc><gml:posList>0 0 10 10 20 0</gml:posList></gml:Arc>")
    found = drawn(arc, line("20 0 0 0"))
    error = assumed("arc_chord_error")
    assert 50 * math.pi - error * 10 * math.pi < found.area < 50 * math.pi
    assert found.bounds == pytest.approx((0, 0, 20, 10), abs=error)


def test_a_circle_through_three_points_and_by_its_centre():
    through = piece("<gml:Circle><gml:posList>5 0 0 5 -5 0</gml:posList></gml:Circle>")
    centre = piece(
        "<gml:CircleByCenterPoint numArc='1'><gml:pos>0 0</gml:pos><gml:radius uom='m'>5"
        "</gml:radius></gml:CircleByCenterPoint>"
    )
    for found in (drawn(through), drawn(centre)):
        assert found.is_valid
        assert found.area == pytest.approx(25 * math.pi, rel=2e-3)
        assert found.centroid.coords[0] == pytest.approx((0, 0), abs=0.01)


@given(
    st.floats(1, 500), st.floats(0, math.tau), st.floats(0.05, 6.0), st.floats(0.1, 0.9),
    st.booleans(),
)  # fmt: skip
def test_no_chord_is_further_off_than_said(radius, start, sweep, share, clockwise):
    turn = -1 if clockwise else 1
    angles = [start, start + turn * sweep * share, start + turn * sweep]
    points = [v for a in angles for v in (radius * math.cos(a), radius * math.sin(a))]
    xy = np.array(arc_through(points)).reshape(-1, 2)
    middle = np.hypot(*((xy[1:] + xy[:-1]) / 2).T)
    assert (radius - middle).max() <= assumed("arc_chord_error") + 1e-6
    assert np.hypot(*xy.T) == pytest.approx(radius, abs=1e-5 * radius)
    length = np.hypot(*np.diff(xy, axis=0).T).sum()
    assert length == pytest.approx(radius * sweep, rel=0.02, abs=0.1)
    assert list(xy[0]) == points[:2]
    assert list(xy[-1]) == points[4:]


@given(st.floats(1, 100), st.floats(0.2, 3.0))
def test_neighbours_keep_their_shared_arc(radius, sweep):
    points = [
        v for a in (0, sweep / 3, sweep) for v in (radius * math.cos(a), radius * math.sin(a))
    ]
    there = np.array(arc_through(points)).reshape(-1, 2)
    back = np.array(arc_through([*points[4:], *points[2:4], *points[:2]])).reshape(-1, 2)
    assert np.abs(there - back[::-1]).max() < 1e-6


def test_three_points_in_a_row_are_a_line():
    assert arc_through([0.0, 0.0, 1.0, 1.0, 2.0, 2.0]) == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]


def on(degrees: float) -> str:
    """Give a point of the circle of radius 20 around 50, 50."""
    angle = math.radians(degrees)
    return f"{50 + 20 * math.cos(angle)!r} {50 + 20 * math.sin(angle)!r}"


SURFACE = """<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" {gml}><ogr:featureMember>
<ogr:t gml:id="t.1"><ogr:geometryProperty>
<gml:Surface gml:id="g" srsName="urn:ogc:def:crs:EPSG::25832">
<gml:patches><gml:PolygonPatch><gml:exterior><gml:Ring>{members}</gml:Ring></gml:exterior>
</gml:PolygonPatch></gml:patches></gml:Surface></ogr:geometryProperty></ogr:t></ogr:featureMember>
</ogr:FeatureCollection>"""


@pytest.mark.parametrize(
    "members",
    [
        piece("<gml:Arc><gml:posList>0 0 30 12 60 0</gml:posList></gml:Arc>") + line("60 0 0 0"),
        piece("<gml:Arc><gml:posList>0 0 3 40 60 0</gml:posList></gml:Arc>") + line("60 0 0 0"),
        piece("<gml:ArcString><gml:posList>0 0 10 5 20 0 30 -5 40 0</gml:posList></gml:ArcString>")
        + line("40 0 40 50 0 50 0 0"),
        piece("<gml:ArcByCenterPoint numArc='1'><gml:pos>50 50</gml:pos><gml:radius uom='m'>20"
              "</gml:radius><gml:startAngle>30</gml:startAngle><gml:endAngle uom='deg'>250"
              "</gml:endAngle></gml:ArcByCenterPoint>")
        + line(f"{on(250)} {on(30)}"),
        piece("<gml:Circle><gml:posList>5 0 0 5 -5 0</gml:posList></gml:Circle>"),
    ],
    ids=["arc", "arc over half", "two arcs", "by centre", "circle"],
)  # fmt: skip
def test_gdal_draws_the_same(tmp_path, members):
    """GDAL puts a vertex every four degrees, so it may differ by 6 ‰ of the radius, not more."""
    path = tmp_path / "t.gml"
    path.write_text(SURFACE.format(gml=GML, members=members))
    theirs = shapely.get_parts(shapely.make_valid(pyogrio.read_dataframe(path).geometry.iloc[0]))
    theirs = shapely.union_all(theirs)
    ours = drawn(members)
    assert ours.symmetric_difference(theirs).area < 0.004 * ours.area
    assert ours.hausdorff_distance(theirs) < 0.1


def test_pieces_come_in_any_direction():
    square = drawn(line("0 0 10 0"), line("10 10 10 0"), line("10 10 0 10"), line("0 0 0 10"))
    assert square.equals(shapely.box(0, 0, 10, 10))
    first_backwards = drawn(
        line("10 0 0 0"), line("10 0 10 10"), line("10 10 0 10"), line("0 10 0 0")
    )
    assert first_backwards.equals(shapely.box(0, 0, 10, 10))


def test_shared_edges_by_link_and_turned_around():
    shared = {"e1": [0.0, 0.0, 10.0, 0.0]}
    link = '<gml:curveMember xlink:href="#e1"/>'
    turned = (
        '<gml:curveMember><gml:OrientableCurve orientation="-"><gml:baseCurve xlink:href="#e1"/>'
        "</gml:OrientableCurve></gml:curveMember>"
    )
    rest = (line("10 0 10 10"), line("10 10 0 10 0 0"))
    assert drawn(link, *rest, shared=shared).equals(shapely.box(0, 0, 10, 10))
    below = (line("0 0 0 -10 10 -10 10 0"),)
    assert drawn(turned, *below, shared=shared).equals(shapely.box(0, -10, 10, 0))


def test_curves_within_curves():
    inner = line("0 0 10 0") + line("10 0 10 10")
    nested = f"<gml:curveMember><gml:CompositeCurve>{inner}</gml:CompositeCurve></gml:curveMember>"
    assert drawn(nested, line("10 10 0 10 0 0")).equals(shapely.box(0, 0, 10, 10))


def test_heights_are_dropped():
    flat = ring(xml('<gml:LinearRing srsDimension="3"><gml:posList>0 0 5 9 0 5 9 9 5 0 0 5'
                    "</gml:posList></gml:LinearRing>"))  # fmt: skip
    assert flat == [0, 0, 9, 0, 9, 9, 0, 0]
    flat = ring(xml("<gml:LinearRing><gml:pos>0 0 5</gml:pos><gml:pos>9 0 5</gml:pos>"
                    "<gml:pos>9 9 5</gml:pos><gml:pos>0 0 5</gml:pos></gml:LinearRing>")
    )  # fmt: skip
    assert flat == [0, 0, 9, 0, 9, 9, 0, 0]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ('<gml:curveMember xlink:href="#gone"/>', "dangling_edge"),
        (line("0 0 10 0") + line("20 0 20 10 0 0"), "open_outline"),
        (line("0 0 10 0 10 10"), "open_outline"),
        (line("0 0 10 0 0 0"), "broken_outline"),
        (line("0 0 10"), "broken_outline"),
        (line("0 0 nan 0 10 10 0 0"), "broken_outline"),
        (piece("<gml:Bezier><gml:posList>0 0 1 1</gml:posList></gml:Bezier>"), "unknown_curve"),
        ("", "broken_outline"),
    ],
)
def test_what_cannot_be_drawn_says_why(members, reason):
    with pytest.raises(NoRingError) as error:
        drawn(members)
    assert error.value.reason == reason


@given(st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_the_short_way_draws_what_the_long_way_draws(count, seed):
    """Rings of single sides are read by a short cut; the same sides out of order are not."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, math.tau, count))
    xy = np.column_stack([np.cos(angles), np.sin(angles)]).round(6) * 1000
    sides = [
        line(f"{a[0]:.3f} {a[1]:.3f} {b[0]:.3f} {b[1]:.3f}")
        for a, b in zip(xy, np.roll(xy, -1, axis=0), strict=True)
    ]
    turned_side = line(" ".join(f"{v:.3f}" for v in (*xy[1 % count], *xy[0])))
    short, long = drawn(*sides), drawn(turned_side, *sides[1:])
    assert short.equals(long)
    assert len(short.exterior.coords) == count + 1
