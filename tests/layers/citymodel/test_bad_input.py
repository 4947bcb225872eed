"""What real deliveries get wrong: each thing is refused in one clear sentence, or counted."""

import gzip
import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from layers.citymodel import looks_like_citymodel, read_citymodel
from tests.layers.citymodel.make import E, N, codes, house, spoil, tile
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import faults_of

A, B = "DENW00000000000A", "DENW00000000000B"


def two(folder, **kw):
    return tile(folder, [house(A, 100, 100, roof=3.0), house(B, 200, 100)], **kw)


def message_of(path):
    with pytest.raises(SourceError) as caught:
        read_citymodel([path])
    return str(caught.value)


# refused


def test_a_tile_cut_off(tmp_path):
    path = two(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    assert "tile.gml is no complete XML" in message_of(path)


def test_an_archive_cut_off(tmp_path):
    plain = two(tmp_path)
    path = tmp_path / "tile.gml.gz"
    path.write_bytes(gzip.compress(plain.read_bytes())[:-50])
    assert "tile.gml.gz is a damaged or cut off archive" in message_of(path)
    path = tmp_path / "tiles.zip"
    path.write_bytes(b"PK\x03\x04 no archive")
    assert "tiles.zip is a damaged" in message_of(path)
    assert not looks_like_citymodel(path)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path, coding):
    path = two(tmp_path)
    text = path.read_text("utf-8").replace("UTF-8", coding.upper())
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    path.write_text(text.replace("?>\n", f"?>\n{bomb}\n", 1), coding)
    assert "declares a document type or entities" in message_of(path)


def test_a_hidden_external_entity_is_refused(tmp_path):
    """Beyond the first 64 kB, where a plain look at the start of the file ends."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = two(tmp_path)
    evil = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    filler = "<!--" + "x" * 70_000 + "-->\n"
    spoil(path, ("?>\n", f"?>\n{filler}{evil}\n"), ("31001_1000", "&e;"))
    assert "declares a document type or entities" in message_of(path)


def test_archives_that_unpack_without_end_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.citymodel.files.PACKED_FREE", 5_000_000)
    start = two(tmp_path).read_bytes()[:-20]
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as pack, pack.open("a.gml", "w") as file:
        file.write(start)
        for _ in range(8):
            file.write(b" " * 1_000_000)
    assert "far more than a city model does" in message_of(bomb)
    packed = tmp_path / "bomb.gml.gz"
    with gzip.open(packed, "wb") as file:
        file.write(start)
        for _ in range(8):
            file.write(b" " * 1_000_000)
    assert "far more than a city model does" in message_of(packed)


def test_other_files_are_told_apart(tmp_path):
    other = tmp_path / "roads.gml"
    other.write_text('<a:Roads xmlns:a="http://x.org"><a:member><a:Road/></a:member></a:Roads>')
    assert not looks_like_citymodel(other)
    assert "no city model: its root is Roads" in message_of(other)
    text = tmp_path / "notes.txt"
    text.write_text('{"type": "CityJSON"}')
    assert not looks_like_citymodel(text)
    assert not looks_like_citymodel(tmp_path / "absent.gml")
    assert "absent.gml does not exist" in message_of(tmp_path / "absent.gml")


def test_a_tile_without_crs(tmp_path):
    path = two(tmp_path)
    spoil(path, (' srsName="urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016"', ""))
    assert "tile.gml does not say in which coordinate system" in message_of(path)
    spoil(path, ("<gml:Solid>", '<gml:Solid srsName="EPSG:25832">'))
    assert read_citymodel([path]).crs == "EPSG:25832"  # a geometry says it


def test_an_unknown_crs(tmp_path):
    path = spoil(two(tmp_path), ("ETRS89_UTM32*DE_DHHN2016_NH*GCG2016", "MOON_1"))
    assert "'urn:adv:crs:MOON_1', which is not known" in message_of(path)


def test_tiles_without_any_building(tmp_path):
    path = tile(tmp_path, [])
    assert "hold no building" in message_of(path)
    data = read_citymodel([path, two(tmp_path, name="full")])
    assert codes(data) == {"tile_empty": 1}


def spoilt_json(change):
    def apply(folder):
        path = two(folder, version="cityjson")
        city = json.loads(path.read_text("utf-8"))
        change(city)
        path.write_text(json.dumps(city), "utf-8")
        return path

    return apply


def thing(city):
    return city["CityObjects"][A]["geometry"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(type="FeatureCollection"), "type is 'FeatureCollection'"),
        (lambda c: c.update(version="9.9"), "version is '9.9'"),
        (lambda c: c.update(vertices=[[1, 2]]), "vertices or transform"),
        (lambda c: c["transform"].pop("scale"), "vertices or transform"),
        (lambda c: c.update(CityObjects=[1]), "CityObjects is no object"),
        (lambda c: c["CityObjects"].update({A: 7}), f"CityObjects['{A}'] is no object"),
        (lambda c: c["CityObjects"][A].update(geometry=3), f"geometry of '{A}'"),
        (lambda c: thing(c)["boundaries"][0][0][0].append(10_000), f"semantics of '{A}'"),
        (lambda c: thing(c)["boundaries"][0][0][0].append("x"), f"semantics of '{A}'"),
        (lambda c: thing(c)["semantics"].update(values=[[0]]), f"semantics of '{A}'"),
        (lambda c: thing(c)["semantics"].update(values=[[99] * 7]), f"semantics of '{A}'"),
    ],
)
def test_cityjson_that_breaks_its_schema(tmp_path, change, said):
    message = message_of(spoilt_json(change)(tmp_path))
    assert "tile.city.json is no valid CityJSON" in message
    assert said in message


def test_cityjson_cut_off(tmp_path):
    path = two(tmp_path, version="cityjson")
    path.write_bytes(path.read_bytes()[:-100])
    assert "tile.city.json is no complete JSON" in message_of(path)


# counted


def test_swapped_axes(tmp_path):
    right = two(tmp_path / "a")
    wrong = two(tmp_path / "b")
    text = wrong.read_text("utf-8")
    for found in set(_pos_lists(text)):
        xyz = np.array(found.split(), float).reshape(-1, 3)[:, [1, 0, 2]]
        text = text.replace(found, " ".join(f"{v:.3f}" for v in xyz.ravel()))
    wrong.write_text(text, "utf-8")
    one, other = read_citymodel([right]), read_citymodel([wrong])
    assert codes(other) == {"axes_swapped": 1}
    pd.testing.assert_frame_equal(one.tables["buildings"], other.tables["buildings"])


def _pos_lists(text):
    return [part.partition("<")[0] for part in text.split('srsDimension="3">')[2:]]


@pytest.mark.parametrize(
    ("crs", "name", "flip"),
    [
        (31466, "urn:ogc:def:crs:EPSG::31466", False),  # Gauss-Krüger, Rechtswert first as usual
        (31466, "EPSG:31466", True),  # Hochwert first as the register has it
        (4258, "urn:ogc:def:crs:EPSG::4258", True),
        (4326, "EPSG:4326", False),
        (4647, "urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH", False),  # zone before the easting
        (25833, "urn:adv:crs:ETRS89_UTM33*DE_DHHN2016_NH", False),
    ],
)
def test_other_crs_come_out_where_they_lie(tmp_path, crs, name, flip):
    right = tile(tmp_path / "a", [house(A, 100, 100), house(B, 150, 100), house("C", 170, 100)])
    wrong = tile(tmp_path / "b", [house("D", 300, 100, roof=3.0)])
    from pyproj import Transformer  # noqa: PLC0415

    change = Transformer.from_crs(25832, crs, always_xy=True)
    text = wrong.read_text("utf-8").replace("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016", name)
    for found in set(_pos_lists(text)):
        xyz = np.array(found.split(), float).reshape(-1, 3)
        x, y = change.transform(xyz[:, 0], xyz[:, 1])
        xyz = np.column_stack([y, x, xyz[:, 2]] if flip else [x, y, xyz[:, 2]])
        text = text.replace(found, " ".join(f"{v:.9f}" for v in xyz.ravel()))
    wrong.write_text(text, "utf-8")
    data = read_citymodel([wrong, right])
    assert data.crs == "EPSG:25832"
    there = data.tables["buildings"].loc["D"]
    assert there.geometry.centroid.x == pytest.approx(E + 306, abs=0.02)
    assert there.geometry.centroid.y == pytest.approx(N + 105, abs=0.02)
    roofs = data.tables["roofs"]
    assert sorted(roofs.loc[roofs["building_id"] == "D", "azimuth_deg"].round(1) % 360) == [0, 180]
    assert codes(data) == {4647: {"zone_in_easting": 1}, 25833: {"outside_crs": 1}}.get(crs, {})
    alone = read_citymodel([wrong])
    assert alone.crs == ("EPSG:25833" if crs == 25833 else "EPSG:25832")


def test_missing_ids_are_made_from_the_shape(tmp_path):
    path = spoil(two(tmp_path), (f'<bldg:Building gml:id="{A}">', "<bldg:Building>"))
    data = read_citymodel([path])
    assert codes(data) == {"id_missing": 1}
    made = next(key for key in data.tables["buildings"].index if key != B)
    assert made.startswith("lod2:")
    again = tile(tmp_path, [house(B, 200, 100), house(A, 100, 100, roof=3.0)], name="again")
    spoil(again, (f'<bldg:Building gml:id="{A}">', "<bldg:Building>"))
    assert made in read_citymodel([again]).tables["buildings"].index


def test_tiles_that_overlap(tmp_path):
    one = two(tmp_path, name="one")
    other = tile(tmp_path, [house(B, 200, 100), house("C", 300, 100)], name="other")
    data = read_citymodel([one, other])
    assert codes(data) == {"twice": 1}
    assert data.tables["buildings"].index.tolist() == ["C", A, B]
    assert len(data.tables["roofs"]) == 4
    assert not codes(read_citymodel([one, one]))  # the same file named twice is one file


def test_the_newest_version_stays(tmp_path):
    old = tile(tmp_path, [house(A, 100, 100)], name="z_old")
    spoil(old, ("2025-03-01", "2019-03-01"))
    new = tile(tmp_path, [house(A, 100, 100, height=9.0)], name="a_new")
    for paths in ([old, new], [new, old]):
        data = read_citymodel(paths)
        assert codes(data) == {"older_version": 1}
        assert data.tables["buildings"]["height_m"].tolist() == [9.0]


def test_a_building_cut_at_the_border_of_a_tile(tmp_path):
    west = tile(tmp_path, [house(A, 990, 100, width=10)], name="west")
    east = tile(tmp_path, [house(A, 1000, 100, width=8, height=7.0)], name="east")
    one, two = read_citymodel([west, east]), read_citymodel([east, west])
    assert codes(one)["cut_at_border"] == 1
    table = one.tables["buildings"]
    assert table["footprint_m2"].tolist() == [180.0]
    assert table["height_m"].tolist() == [7.0]
    assert one.tables["roofs"]["area_m2"].sum() == pytest.approx(180)
    pd.testing.assert_frame_equal(table, two.tables["buildings"])


def test_an_id_used_for_two_buildings(tmp_path):
    path = tile(tmp_path, [house(A, 100, 100), house(A, 500, 500)])
    data = read_citymodel([path])
    assert codes(data) == {"id_reused": 1}
    assert len(data.tables["buildings"]) == 2


def test_absurd_values_are_left_out(tmp_path):
    path = spoil(
        tile(tmp_path, [house(A, said={"storeys": 2.0, "year_built": 1950.0})]),
        ('uom="urn:adv:uom:m">6.000', 'uom="urn:adv:uom:m">-9999'),
        (">2</bldg:storeys", ">9999</bldg:storeys"), (">1950<", ">0000<"),
    )  # fmt: skip
    data = read_citymodel([path])
    row = data.tables["buildings"].loc[A]
    assert row["height_m"] == 6.0
    assert pd.isna(row["storeys"])
    assert pd.isna(row["year_built"])
    assert codes(data) == {"height_absurd": 1}
    spoil(path, ("-9999", "viel"), (">0000<", ">bald<"))
    assert read_citymodel([path]).tables["buildings"].loc[A, "height_m"] == 6.0


def test_polygons_that_cannot_be_read_are_counted(tmp_path):
    path = tile(tmp_path, [house(A, roof=3.0)])
    text = path.read_text("utf-8")
    roof = text.index("RoofSurface")
    start = text.index('srsDimension="3">', roof) + len('srsDimension="3">')
    end = text.index("<", start)
    for rubbish in ("", "1 2 x", "1 2 3 4", "1 2 3 1 2 3 1 2 3 1 2 3"):
        path.write_text(text[:start] + rubbish + text[end:], "utf-8")
        data = read_citymodel([path])
        assert codes(data)["polygon_degenerate"] == 1
        assert codes(data)["shell_open"] == 1
        assert len(data.tables["roofs"]) == 1
        for key, frame in data.tables.items():
            if key != "buildings":
                assert faults_of(TABLES[key], frame, crs=data.crs) == []


@pytest.mark.parametrize("absurd", ["5e12", "1e300", "-99999999"])
def test_corners_off_the_earth_take_their_polygon_along_only(tmp_path, absurd):
    path = tile(tmp_path, [house(A, roof=3.0), house(B, 50)])
    text = path.read_text("utf-8")
    roof = text.index('srsDimension="3">', text.index("RoofSurface")) + len('srsDimension="3">')
    path.write_text(text[:roof] + absurd + text[text.index(" ", roof) :], "utf-8")
    data = read_citymodel([path])
    assert codes(data) == {"polygon_absurd": 1, "shell_open": 1}
    assert len(data.tables["roofs"]) == 2
    assert len(data.tables["buildings"]) == 2
    path.write_text(text[:roof] + "nan" + text[text.index(" ", roof) :], "utf-8")
    assert codes(read_citymodel([path])) == {"polygon_degenerate": 1, "shell_open": 1}
