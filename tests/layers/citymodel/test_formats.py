"""One town in every format, version and wrapping gives one and the same city."""

import gzip
import json
import zipfile

import pandas as pd
import pytest
from shapely import box

from layers.citymodel import looks_like_citymodel, read_citymodel
from layers.sample_city import make_sample
from layers.source_data import Area
from tests.layers.citymodel.make import E, N, codes, house, tile
from tests.town_files.citymodel import write_lod2
from tests.town_files.ids import official_id
from tests.town_files.terrain import ground


@pytest.fixture(scope="module")
def town():
    tables = make_sample(buildings=120).tables
    return tables["buildings"], tables


@pytest.fixture(scope="module")
def tiles(town, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lod2")
    return {
        version: write_lod2(town[1], folder / version, version=version)
        for version in ("1.0", "2.0", "3.0", "cityjson")
    }


@pytest.fixture(scope="module")
def read(tiles):
    return {version: read_citymodel(paths) for version, paths in tiles.items()}


def same(one, two, *, atol=0.0):
    for key in one.tables:
        pd.testing.assert_frame_equal(
            pd.DataFrame(one.tables[key].drop(columns="geometry", errors="ignore")),
            pd.DataFrame(two.tables[key].drop(columns="geometry", errors="ignore")),
            rtol=0, atol=atol,
        )  # fmt: skip


def test_the_town_comes_back(town, read):
    drawn, _ = town
    drawn = drawn.set_index(drawn.index.map(official_id))
    back = read["1.0"].tables["buildings"]
    whole = back[back["part_of"].isna()]
    assert set(whole.index) == set(drawn.index)
    drawn = drawn.loc[whole.index]
    assert ((whole["footprint_m2"] - drawn["footprint_m2"]).abs() < 0.1).all()
    assert ((whole["height_m"] - drawn["height_m"]).abs() < 0.002).all()
    assert whole["street"].equals(drawn["street"].astype("str"))
    assert whole["housenumber"].equals(drawn["housenumber"].astype("str"))
    rectangles = drawn.geometry.count_coordinates() == 5
    pitched = rectangles & drawn["roof_type"].isin(["gabled", "hipped", "pyramidal"])
    pitched &= drawn["roof_height_m"] > 0.3
    assert pitched.sum() > 20
    kept = whole["roof_type"].astype(str) == drawn["roof_type"].astype(str)
    assert kept[pitched].all()
    gap = (whole["roof_height_m"] - drawn["roof_height_m"])[pitched].abs()
    assert gap.quantile(0.98) < 0.02
    middle = whole.geometry.centroid
    assert ((whole["ground_m"] - ground(middle.x, middle.y)).abs() < 4).all()


def test_all_formats_agree(read):
    for version in ("2.0", "3.0", "cityjson"):
        same(read["1.0"], read[version], atol=0.011)
        assert codes(read[version]) == codes(read["1.0"])


def test_order_of_files_does_not_matter(tiles, read):
    again = read_citymodel(tiles["1.0"][::-1])
    same(again, read["1.0"])
    assert again.source == read["1.0"].source
    assert again.findings == read["1.0"].findings


def test_packed_files(tiles, read, tmp_path):
    packed = [tmp_path / f"{path.name}.gz" for path in tiles["1.0"]]
    for path, into in zip(tiles["1.0"], packed, strict=True):
        into.write_bytes(gzip.compress(path.read_bytes()))
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("licence.txt", "dl-de/zero-2-0")
        for path in tiles["1.0"]:
            pack.write(path, f"folder/{path.name}")
    for paths in (packed, [tmp_path / "all.zip"]):
        assert all(looks_like_citymodel(path) for path in paths)
        same(read_citymodel(paths), read["1.0"])


def test_cityjson_sequence(tiles, read, tmp_path):
    """The same buildings as CityJSONSeq: features with vertices of their own."""
    paths = []
    for path in tiles["cityjson"]:
        city = json.loads(path.read_text("utf-8"))
        lines = [{**city, "CityObjects": {}, "vertices": []}]
        for key, thing in city["CityObjects"].items():
            if "parents" in thing:
                continue
            family = [key, *thing.get("children", [])]
            feature = {"type": "CityJSONFeature", "id": key, "vertices": city["vertices"]}
            lines.append({**feature, "CityObjects": {k: city["CityObjects"][k] for k in family}})
        paths.append(tmp_path / path.name.replace(".json", ".jsonl"))
        paths[-1].write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert all(looks_like_citymodel(path) for path in paths)
    same(read_citymodel(paths), read["cityjson"])


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_older_cityjson(tmp_path, version):
    path = tile(tmp_path, [house("DENW000000000001", roof=3.0)], version="cityjson")
    city = json.loads(path.read_text("utf-8"))
    scale, origin = city["transform"]["scale"], city["transform"]["translate"]
    if version == "1.0":  # without transform, and with the CRS as a URN
        city["vertices"] = [
            [v * s + o for v, s, o in zip(vertex, scale, origin, strict=True)]
            for vertex in city["vertices"]
        ]
        del city["transform"]
        city["metadata"]["referenceSystem"] = "urn:ogc:def:crs:EPSG::25832"
        city["CityObjects"]["DENW000000000001"]["geometry"][0]["lod"] = 2
    city["version"] = version
    path.write_text(json.dumps(city, indent=1), "utf-8")
    data = read_citymodel([path])
    assert data.tables["buildings"]["height_m"].tolist() == [9.0]
    assert len(data.tables["roofs"]) == 2


def test_area_takes_buildings_by_their_middle(tmp_path):
    houses = [house("DENW00000000000A", 100, 100), house("DENW00000000000B", 300, 100)]
    path = tile(tmp_path, houses)
    area = Area(box(E, N, E + 200, N + 1000), "EPSG:25832")
    assert read_citymodel([path], area=area).tables["buildings"].index.tolist() == [
        "DENW00000000000A"
    ]


def test_tiles_outside_the_area_are_not_read(tmp_path):
    near = tile(tmp_path, [house("DENW00000000000A", 100, 100)])
    far = tmp_path / "far.gml"
    text = near.read_text("utf-8").replace("364000 5627000", "464000 5627000")
    far.write_text(text.replace("365000 5628000", "465000 5628000")[:-400], "utf-8")  # cut off
    area = Area(box(E, N, E + 1000, N + 1000), "EPSG:25832")
    data = read_citymodel([near, far], area=area)
    assert data.report["citymodel"]["tiles"] == 1
    in_degrees = area.within("EPSG:4326")
    again = read_citymodel([near, far], area=Area(in_degrees, "EPSG:4326"))
    same(again, data)


def test_parts_stand_in_their_building(read):
    table = read["1.0"].tables["buildings"]
    parts = table.dropna(subset="part_of")
    assert len(parts) > 4
    outlines = table.loc[parts["part_of"]]
    assert outlines["has_parts"].all()
    assert not parts["has_parts"].any()
    shared = parts.geometry.reset_index(drop=True).intersection(
        outlines.geometry.reset_index(drop=True)
    )
    assert (shared.area.to_numpy() / parts["footprint_m2"].to_numpy()).min() > 0.999
    assert parts["use"].astype(str).tolist() == outlines["use"].astype(str).tolist()
    by_outline = parts.groupby("part_of")["footprint_m2"].sum()
    assert (by_outline - table["footprint_m2"][by_outline.index]).abs().max() < 0.1


def test_progress_is_told_and_may_cancel(tiles):
    seen = []
    read_citymodel(tiles["cityjson"], progress=lambda step, share: seen.append((step, share)))
    assert seen[0][0] == "Read city model tiles"
    assert seen[-1] == ("Done", 1.0)
    assert [share for _, share in seen] == sorted(share for _, share in seen)

    def cancel(_step, share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_citymodel(tiles["cityjson"], progress=cancel)
