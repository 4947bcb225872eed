"""The real tiles of NRW and the samples of citygml4j against counts made without our reader."""

import re
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from layers.citymodel import looks_like_citymodel, read_citymodel, roofs_by_side
from tests.conftest import shared
from twin.schema import TABLES
from twin.validation import faults_of

NRW, ESSEN = "LoD2_32_280_5659_1_NW.gml", "EssenExample.gml"
CITYGML3, CITYJSON = "citygml4j_lod2_buildings_v3.gml", "citygml4j_lod2_buildings_v2.city.json"
BLDG = "{http://www.opengis.net/citygml/building/1.0}"
GML = "{http://www.opengis.net/gml}"


def real(name):
    return shared(f"data/citymodel/{name}")


@pytest.fixture(scope="module")
def read():
    return {name: read_citymodel([real(name)]) for name in (NRW, ESSEN, CITYGML3, CITYJSON)}


def measured_heights(path):
    """Return measuredHeight by gml:id with the standard library, own heights only."""
    root = ET.parse(path).getroot()
    found = {}
    for kind in ("Building", "BuildingPart"):
        for element in root.iter(BLDG + kind):
            height = element.find(BLDG + "measuredHeight")
            if height is not None:
                found[element.get(GML + "id")] = float(height.text)
    return pd.Series(found)


def roof_triangles(path):
    """Return the roof area by fanning out each ring from its first corner, in space."""
    root, total = ET.parse(path).getroot(), 0.0
    for roof in root.iter(BLDG + "RoofSurface"):
        for polygon in roof.iter(GML + "Polygon"):
            numbers = polygon.find(f"{GML}exterior//{GML}posList").text.split()
            p = np.array(numbers, float).reshape(-1, 3)
            fan = np.cross(p[1:-1] - p[0], p[2:] - p[0])
            total += np.linalg.norm(fan.sum(axis=0)) / 2
    return total


@pytest.mark.parametrize(
    ("name", "buildings", "parts", "surfaces"), [(NRW, 109, 55, 210), (ESSEN, 117, 0, 238)]
)
def test_counts_are_those_of_a_plain_text_search(read, name, buildings, parts, surfaces):
    text = real(name).read_text("utf-8")
    assert len(re.findall("<bldg:Building ", text)) == buildings
    assert len(re.findall("<bldg:BuildingPart ", text)) == parts
    assert len(re.findall("<bldg:RoofSurface[ >]", text)) == surfaces
    report = read[name].report["citymodel"]
    assert report["buildings"] == buildings
    assert report["parts"] == parts
    assert report["roof_surfaces"] == surfaces
    table = read[name].tables["buildings"]
    assert table["part_of"].isna().sum() == buildings
    assert table["part_of"].notna().sum() == parts


@pytest.mark.parametrize("name", [NRW, ESSEN])
def test_heights_are_those_of_the_standard_library(read, name):
    table = read[name].tables["buildings"]
    own = table["height_m"] - table["min_height_m"]
    expected = measured_heights(real(name))
    assert len(expected) == {NRW: 140, ESSEN: 117}[name]
    np.testing.assert_allclose(own.reindex(expected.index), expected, atol=2e-3)


def test_heights_and_years_are_those_of_gdal(read, tmp_path):
    copy = tmp_path / ESSEN  # GDAL writes a file beside it
    shutil.copyfile(real(ESSEN), copy)
    gdal = pyogrio.read_dataframe(copy, layer="Building").set_index("gml_id")
    table = read[ESSEN].tables["buildings"]
    assert set(gdal.index) == set(table.index)
    ours = table.loc[gdal.index]
    np.testing.assert_allclose(ours["height_m"], gdal["measuredHeight"].astype(float))
    np.testing.assert_allclose(ours["year_built"], gdal["yearOfConstruction"].astype(float))
    np.testing.assert_allclose(ours["storeys"], gdal["storeysAboveGround"].astype(float))


@pytest.mark.parametrize("name", [NRW, ESSEN])
def test_roof_area_is_that_of_triangles(read, name):
    ours = read[name].tables["roofs"]["area_m2"].sum()
    assert ours == pytest.approx(roof_triangles(real(name)), rel=1e-4)


@pytest.mark.parametrize("name", [NRW, ESSEN, CITYGML3, CITYJSON])
def test_roofs_in_plan_cover_the_footprints(read, name):
    tables = read[name].tables
    roofs = tables["roofs"]
    plan = (roofs["area_m2"] * np.cos(np.radians(roofs["tilt_deg"]))).groupby(roofs["building_id"])
    footprint = tables["buildings"]["footprint_m2"]
    share = plan.sum() / footprint.reindex(plan.sum().index)
    assert share.median() == pytest.approx(1, abs=0.002)
    assert ((share - 1).abs() < 0.02).mean() > 0.97


@pytest.mark.parametrize("name", [NRW, ESSEN])
def test_tilt_is_that_of_the_planes_drawn(read, name):
    """The roof geometry itself, plan against surface, gives the tilt again."""
    roofs = read[name].tables["roofs"]
    assert shapely.has_z(roofs.geometry.to_numpy()).all()
    cosine = roofs.geometry.area / roofs["area_m2"]
    large = roofs["area_m2"] > 5
    tilt = np.degrees(np.arccos(cosine[large].clip(0, 1)))
    assert (tilt - roofs["tilt_deg"][large]).abs().max() < 1.5  # arccos of nearly 1, 1 mm corners


def test_gabled_bodies_have_as_much_wall_to_each_side(read):
    """What looks north is matched by what looks south in a closed body under symmetric roofs."""
    walls = read[ESSEN].tables["envelopes"]
    north, south = walls["wall_north_m2"].sum(), walls["wall_south_m2"].sum()
    east, west = walls["wall_east_m2"].sum(), walls["wall_west_m2"].sum()
    assert north == pytest.approx(south, rel=0.003)
    assert east == pytest.approx(west, rel=0.003)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NRW, {"north": 1154.5, "east": 960.1, "south": 1401.2, "west": 926.2, "flat": 2939.2}),
        (ESSEN, {"north": 5838.8, "east": 5793.0, "south": 5887.3, "west": 5767.5, "flat": 0.0}),
    ],
)
def test_roofs_by_orientation_as_the_docs_print_them(read, name, expected):
    """Figures of 2026-11-22; their sum is checked against triangles above."""
    sides = roofs_by_side(read[name].tables["roofs"])
    assert sides == expected
    assert sum(sides.values()) == pytest.approx(roof_triangles(real(name)), rel=1e-4)


@pytest.mark.parametrize("name", [NRW, ESSEN, CITYGML3, CITYJSON])
def test_tables_follow_the_schema(read, name):
    data = read[name]
    assert looks_like_citymodel(real(name))
    for key, frame in data.tables.items():
        assert faults_of(TABLES[key], frame, crs=data.crs) == []
    known = data.tables["buildings"].index
    for key in ("roofs", "addresses"):
        assert data.tables[key]["building_id"].isin(known).all()
    assert data.tables["envelopes"].index.isin(known).all()


def test_what_the_cadastre_says_comes_along(read):
    data = read[NRW]
    table = data.tables["buildings"]
    canopy = table.loc["DENW43AL00002f8o"]
    assert (canopy["use"], canopy["use_source"]) == ("other", "registered:lod2")
    assert canopy["roof_type"] == "skillion"
    dwelling = table.loc["DENW43AL00002dng"]
    assert (dwelling["use"], dwelling["function"]) == ("residential", "Wohnhaus")
    assert (dwelling["street"], dwelling["housenumber"]) == ("Engelbertstraße", "5")
    assert data.source.key == "geobasis_nrw"
    assert data.source.date == "2020-12-31"
    assert data.crs == "EPSG:25832"
    structures = next(f for f in data.findings if f.code == "citymodel_structure")
    assert structures.count == 15 + 1 + 1  # 51009_1610, 51009_1611, 53001_1800 in the file


def test_both_samples_hold_the_same_buildings(read):
    three, js = read[CITYGML3].tables, read[CITYJSON].tables
    assert len(three["buildings"]) == 100
    for key in ("buildings", "roofs", "envelopes"):
        pd.testing.assert_frame_equal(
            three[key].drop(columns="geometry", errors="ignore"),
            js[key].drop(columns="geometry", errors="ignore"),
            rtol=0, atol=0.05,
        )  # fmt: skip
    gap = shapely.hausdorff_distance(
        three["buildings"].geometry.to_numpy(), js["buildings"].geometry.to_numpy()
    )
    assert gap.max() < 0.005
    first = three["buildings"].loc["FZK_GUID_1F3E679D-E226-4535-926C-7390977FB25A"]
    assert (first["height_m"], first["storeys"], first["year_built"]) == (11.0, 5.0, 1929.0)
    assert first["footprint_m2"] == pytest.approx(6 * 8, rel=1e-3)  # 0.02 % scale of the map
    assert first["use_source"] == "unknown"


def test_roof_of_the_sample_by_hand(read):
    """6 m wide, ridge 6 m above eaves: slope atan(6 / 3), 8 m long; turned 1.1° by the new grid."""
    roofs = read[CITYGML3].tables["roofs"]
    mine = roofs[roofs["building_id"] == "FZK_GUID_1F3E679D-E226-4535-926C-7390977FB25A"]
    np.testing.assert_allclose(mine["tilt_deg"], np.degrees(np.arctan2(6, 3)), atol=0.05)
    np.testing.assert_allclose(mine["area_m2"], 8 * np.hypot(3, 6), rtol=1e-3)
    assert sorted(mine["azimuth_deg"].round()) == [91, 271]
    np.testing.assert_allclose(mine["height_m"], 8.0, atol=0.01)
