"""Bodies worked out by hand: planes, kinds of face, orientation, repair."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.citymodel import read_citymodel
from layers.citymodel.planes import measure_polygons
from layers.citymodel.raw import ROOF, Collector
from layers.citymodel.surfaces import side_of
from layers.citymodel.tables import azimuths, tilts
from tests.layers.citymodel.make import E, N, box_faces, codes, house, spoil, tile
from tests.town_files.citymodel import Body, House

A = "DENW00000000000A"


def planes_of(*polygons):
    taken = Collector()
    taken.add_object("a", parent=-1)
    for rings in polygons:
        assert taken.add_polygon(0, ROOF, [np.ravel(ring).tolist() for ring in rings])
    return measure_polygons(taken.model())


def read(path):
    data = read_citymodel([path])
    return data, data.tables["buildings"].loc[A], data.tables["roofs"], codes(data)


angles = st.floats(0, 359.9)


@settings(max_examples=60)
@given(angles, st.floats(1.5, 85), st.floats(1, 30), st.floats(1, 30), angles)
def test_a_plane_laid_down_at_an_angle_is_measured_at_it(azimuth, tilt, width, run, start):
    """Build a rectangle from its azimuth and tilt, far from the origin; get both back."""
    down = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth)), 0])
    side = np.array([down[1], -down[0], 0])  # to the right when looking up
    fall = down * np.cos(np.radians(tilt)) - np.array([0, 0, np.sin(np.radians(tilt))])
    corners = [0 * side, run * fall, run * fall - width * side, -width * side]
    ring = np.array([364_000.123, 5_627_000.456, 60]) + np.array(corners)
    ring = np.roll(ring, int(start) % 4, axis=0)
    if np.cross(ring[1] - ring[0], ring[2] - ring[1])[2] < 0:
        ring = ring[::-1]
    plane = planes_of([ring])
    assert plane["area"][0] == pytest.approx(width * run, rel=1e-6)
    assert tilts(plane)[0] == pytest.approx(tilt, abs=1e-4)
    assert np.cos(np.radians(azimuths(plane)[0] - azimuth)) == pytest.approx(1, abs=1e-9)
    assert plane["mean"][0] == pytest.approx(ring[:, 2].mean(), abs=1e-3)
    assert plane["off_plane"][0] < 1e-6


def test_holes_count_against_their_polygon_however_they_run():
    outer = np.array([(0, 0, 5), (10, 0, 5), (10, 10, 5), (0, 10, 5), (0, 0, 5)], float)
    inner = np.array([(2, 2, 5), (4, 2, 5), (4, 4, 5), (2, 4, 5), (2, 2, 5)], float)
    for hole in (inner, inner[::-1]):
        plane = planes_of([outer, hole])
        assert plane["area"][0] == 96
        assert plane["moment"][0] == pytest.approx(96 * 5)


def test_a_corner_off_the_plane_is_measured():
    lifted = [(0, 0, 5), (10, 0, 5), (10, 10, 5.4), (0, 10, 5)]
    assert planes_of([np.array(lifted, float)])["off_plane"][0] == pytest.approx(0.1, abs=0.01)


def test_sides_of_the_compass():
    sides = side_of(np.array([0, 44, 46, 134, 136, 224, 226, 314, 316, 360.0]))
    assert sides.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 0, 0]


def test_a_gabled_house_by_hand(tmp_path):
    path = tile(tmp_path, [house(A, 100, 200, width=12, depth=10, height=6, roof=4)])
    data, row, roofs, seen = read(path)
    assert seen == {}
    assert (row["height_m"], row["roof_height_m"], row["ground_m"]) == (10, 4, 50)
    assert row.geometry.equals(shapely.box(E + 100, N + 200, E + 112, N + 210))
    assert roofs["azimuth_deg"].tolist() == [0, 180] or roofs["azimuth_deg"].tolist() == [180, 0]
    np.testing.assert_allclose(roofs["tilt_deg"], np.degrees(np.arctan2(4, 5)), atol=0.01)
    np.testing.assert_allclose(roofs["area_m2"], 12 * np.hypot(5, 4), atol=0.01)
    np.testing.assert_allclose(roofs["height_m"], 58)
    body = data.tables["envelopes"].loc[A]
    assert body[["wall_north_m2", "wall_south_m2"]].tolist() == [72, 72]
    assert body[["wall_east_m2", "wall_west_m2"]].tolist() == [80, 80]
    assert body["volume_m3"] == pytest.approx(12 * 10 * 6 + 12 * 10 * 4 / 2)


def test_faces_that_run_the_wrong_way_are_turned(tmp_path):
    right = house(A, roof=4.0)
    wrong = house(A, roof=4.0)
    faces = wrong.bodies[0].faces
    for number in (0, 1, 4):  # ground, a roof plane, a wall
        kind, rings = faces[number]
        faces[number] = (kind, [ring[::-1] for ring in rings])
    one, _, _, _ = read(tile(tmp_path, [right], name="right"))
    two, _, _, seen = read(tile(tmp_path, [wrong], name="wrong"))
    assert seen == {"polygon_turned": 3}
    for key in ("envelopes", "roofs"):
        columns = [c for c in one.tables[key] if c != "geometry"]
        assert one.tables[key][columns].equals(two.tables[key][columns])


def plain_solid(path, *, lod="2"):
    """Rewrite a tile so that the solid holds its polygons itself and no surface has a name."""
    text = path.read_text("utf-8")
    polygons = text.split("<gml:Polygon ")[1:]
    members = "".join(
        f"<gml:surfaceMember><gml:Polygon {p.partition('</gml:Polygon>')[0]}</gml:Polygon>"
        "</gml:surfaceMember>"
        for p in polygons
    )
    start, end = (
        text.index("<bldg:lod2Solid>"),
        text.index("<bldg:address")
        if ("<bldg:address" in text)
        else text.index("</bldg:Building>"),
    )
    solid = (
        f"<bldg:lod{lod}Solid><gml:Solid><gml:exterior><gml:CompositeSurface>{members}"
        f"</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod{lod}Solid>"
    )
    path.write_text(text[:start] + solid + text[end:], "utf-8")
    return path


@pytest.mark.parametrize("spoilt", ["", "inside_out", "mixed"])
def test_solids_without_names_are_read_by_their_normals(tmp_path, spoilt):
    one = house(A, roof=4.0)
    faces = one.bodies[0].faces
    turned = {"": (), "inside_out": range(len(faces)), "mixed": (1, 3)}[spoilt]
    for number in turned:
        faces[number] = (faces[number][0], [ring[::-1] for ring in faces[number][1]])
    data, row, roofs, seen = read(plain_solid(tile(tmp_path, [one])))
    assert row["footprint_m2"] == 120
    assert len(roofs) == 2
    np.testing.assert_allclose(roofs["tilt_deg"], np.degrees(np.arctan2(4, 5)), atol=0.01)
    body = data.tables["envelopes"].loc[A]
    assert body[["wall_north_m2", "wall_east_m2"]].tolist() == [72, 80]
    assert body[["wall_south_m2", "wall_west_m2"]].tolist() == [72, 80]
    assert body["volume_m3"] == pytest.approx(720 + 240)
    assert seen == ({"polygon_turned": len(turned)} if turned else {})


def test_lod1_has_height_and_footprint_but_no_roof(tmp_path):
    path = plain_solid(tile(tmp_path, [house(A, height=8.0)]), lod="1")
    data, row, roofs, seen = read(path)
    assert seen == {}
    assert (row["height_m"], row["height_source"]) == (8, "measured:lod1")
    assert row["footprint_m2"] == 120
    assert roofs.empty  # a flat top of LoD1 is no roof
    assert data.tables["envelopes"].empty
    spoil(path, ("<bldg:measuredHeight", "<bldg:x"), ("</bldg:measuredHeight", "</bldg:x"))
    assert read(path)[1]["height_m"] == 8


def test_a_missing_ground_is_the_shadow_of_the_roof(tmp_path):
    one = house(A, roof=4.0)
    one.bodies[0].faces.pop(0)
    _, row, _, seen = read(tile(tmp_path, [one]))
    assert row["footprint_m2"] == 120
    assert seen == {"ground_missing": 1, "shell_open": 1}


def test_a_ground_that_crosses_itself_is_repaired(tmp_path):
    one = house(A)
    bow = [(0, 0), (12, 10), (12, 0), (0, 4)]  # its two edges cross at x = 24/7
    one.bodies[0].faces[0] = ("GroundSurface", [[(E + x, N + y, 50.0) for x, y in bow]])
    _, row, _, seen = read(tile(tmp_path, [one]))
    assert row.geometry.is_valid
    assert row["footprint_m2"] == pytest.approx(4 * 24 / 7 / 2 + 10 * 60 / 7 / 2, abs=0.02)
    assert seen["footprint_repaired"] == 1


def test_a_roof_that_is_not_flat_is_counted(tmp_path):
    one = house(A)
    kind, (ring,) = one.bodies[0].faces[1]
    bent = [(x, y, z + 1.0 * (n == 0)) for n, (x, y, z) in enumerate(ring)]
    one.bodies[0].faces[1] = (kind, [bent])
    _, _, roofs, seen = read(tile(tmp_path, [one]))
    assert seen["polygon_not_planar"] == 1
    assert len(roofs) == 1


def test_a_court_in_the_middle(tmp_path):
    outer = [(E, N), (E + 20, N), (E + 20, N + 20), (E, N + 20)]
    inner = [(E + 5, N + 5), (E + 5, N + 15), (E + 15, N + 15), (E + 15, N + 5)]
    faces = [
        ("GroundSurface", [[(x, y, 50.0) for x, y in r[::-1]] for r in (outer, inner)]),
        ("RoofSurface", [[(x, y, 58.0) for x, y in r] for r in (outer, inner)]),
    ]
    for ring in (outer, inner):
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            faces.append(("WallSurface", [[(*a, 50.0), (*b, 50.0), (*b, 58.0), (*a, 58.0)]]))
    one = House(A, E, N, {"function": "31001_1000"}, [Body(A, faces, "flat", 8.0)])
    data, row, roofs, seen = read(tile(tmp_path, [one]))
    assert seen == {}
    assert row["footprint_m2"] == 300
    assert roofs["area_m2"].tolist() == [300]
    body = data.tables["envelopes"].loc[A]
    assert body[[f"wall_{s}_m2" for s in ("north", "east", "south", "west")]].tolist() == [240] * 4
    assert body["volume_m3"] == 300 * 8


def test_parts_on_a_slope(tmp_path):
    """The second part stands 2 m higher: heights count from the ground of the building."""
    low = Body("P1", box_faces(E, N, 50.0, 10, 10, 6), "flat", 6.0)
    high = Body("P2", box_faces(E + 10, N, 52.0, 10, 10, 6), "flat", 6.0)
    one = House(A, E, N, {"function": "31001_1000"}, [low, high])
    data, row, roofs, seen = read(tile(tmp_path, [one]))
    assert seen == {}
    assert row["has_parts"]
    assert (row["height_m"], row["footprint_m2"], row["ground_m"]) == (8, 200, 50)
    parts = data.tables["buildings"].loc[["P1", "P2"]]
    assert parts["part_of"].tolist() == [A, A]
    assert parts["height_m"].tolist() == [6, 8]
    assert parts["min_height_m"].tolist() == [0, 2]
    assert parts["use"].tolist() == ["residential"] * 2
    assert roofs["building_id"].tolist() == ["P1", "P2"]
    assert data.tables["envelopes"].index.tolist() == ["P1", "P2"]


def add_body(path, faces):
    """Give the building of a tile surfaces of its own before its parts."""
    lines = []
    for kind, rings in faces:
        ring = " ".join(f"{v:.3f}" for corner in [*rings[0], rings[0][0]] for v in corner)
        lines.append(
            f"<bldg:boundedBy><bldg:{kind}><bldg:lod2MultiSurface><gml:MultiSurface>"
            "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>"
            f"{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
            "</gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>"
            f"</bldg:{kind}></bldg:boundedBy>"
        )
    text = path.read_text("utf-8")
    at = text.index("<bldg:consistsOfBuildingPart")
    path.write_text(text[:at] + "".join(lines) + text[at:], "utf-8")
    return path


def two_parts(folder):
    one = House(A, E, N, {"function": "31001_1000"}, [
        Body("P1", box_faces(E, N, 50.0, 10, 10, 6), "flat", 6.0),
        Body("P2", box_faces(E + 10, N, 50.0, 10, 10, 6), "flat", 6.0),
    ])  # fmt: skip
    return tile(folder, [one])


def test_a_body_beside_the_parts_becomes_a_part(tmp_path):
    path = add_body(two_parts(tmp_path), box_faces(E + 20, N, 50.0, 10, 10, 9))
    data, row, roofs, seen = read(path)
    assert seen == {"body_and_parts": 1}
    table = data.tables["buildings"]
    assert table.index.tolist() == [A, f"{A}:body", "P1", "P2"]
    assert table.loc[f"{A}:body", "height_m"] == 9
    assert (row["footprint_m2"], row["height_m"]) == (300, 9)
    assert len(roofs) == 3


def test_a_body_drawn_again_over_its_parts_counts_once(tmp_path):
    path = add_body(two_parts(tmp_path), box_faces(E, N, 50.0, 20, 10, 6))
    data, row, roofs, seen = read(path)
    assert seen == {"body_and_parts": 1}
    assert data.tables["buildings"].index.tolist() == [A, "P1", "P2"]
    assert row["footprint_m2"] == 200
    assert roofs["area_m2"].sum() == 200
    assert data.tables["envelopes"]["volume_m3"].sum() == 1200


def test_surfaces_named_but_not_there_are_counted(tmp_path):
    path = tile(tmp_path, [house(A), house("DENW00000000000B", 50)])
    text = path.read_text("utf-8")
    start, end = text.index("<bldg:boundedBy>"), text.index("</bldg:Building>")
    path.write_text(text[:start] + text[end:], "utf-8")
    data = read_citymodel([path])
    assert codes(data)["reference_lost"] == 6
    assert codes(data)["without_shape"] == 1
    assert len(data.tables["buildings"]) == 1


def test_the_id_of_the_cadastre_stands_beside_an_id_of_the_model(tmp_path):
    link = (
        "<core:externalReference><core:externalObject><core:name>DEBYvAAAAABCDEFG</core:name>"
        "</core:externalObject></core:externalReference>"
    )
    path = spoil(
        tile(tmp_path, [house("DEBY_LOD2_17")]), ("<bldg:function>", link + "<bldg:function>")
    )
    data = read_citymodel([path])
    assert data.tables["buildings"].loc["DEBY_LOD2_17", "other_ids"] == "DEBYvAAAAABCDEFG"
    assert data.source.key == "citymodel"
