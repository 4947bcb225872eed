"""Real extracts against an independent count by osmium-tool (Debian)."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from shapely.geometry import shape

from layers.osm import read_osm
from layers.osm.tags import table
from tests.conftest import shared
from tests.layers.osm.make import ESTIMATED_LATER
from twin.hashing import hash_table
from twin.schema import TABLES
from twin.validation import faults_of

TOWN = "data/osm/neubrandenburg.osm.pbf"


@pytest.fixture(scope="module")
def town():
    return read_osm(shared(TOWN))


def second_tool(*filters, geometry, folder):
    """Give the objects that osmium-tool finds, as GeoJSON features."""
    if shutil.which("osmium") is None:
        pytest.skip("needs osmium-tool")
    cut, out = folder / "cut.osm.pbf", folder / "out.geojsonseq"
    run = ["osmium", "tags-filter", str(shared(TOWN)), *filters, "-o", str(cut), "--overwrite"]
    subprocess.run(run, check=True, capture_output=True)
    run = ["osmium", "export", str(cut), f"--geometry-types={geometry}", "-o", str(out)]
    subprocess.run(
        [*run, "--overwrite", "-u", "type_id", "-f", "geojsonseq"], check=True, capture_output=True
    )
    lines = out.read_text(encoding="utf-8").replace("\x1e", "").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


OF_A_MAP = (
    "buildings", "streets", "nodes", "street_points", "turns", "railways", "landuse", "water",
    "trees", "places", "stops", "addresses", "districts",
)  # fmt: skip
"""Tables that OpenStreetMap fills; cadastre, census, weather and timetables are others' to give."""


def test_every_table_follows_the_schema(town):
    for name, frame in town.tables.items():
        faults = faults_of(TABLES[name], frame, crs=town.crs)
        assert [f for f in faults if not f.startswith(ESTIMATED_LATER)] == [], name
    assert town.crs == "EPSG:25833"
    assert town.source.date == "2016-02-10"
    assert set(town.tables) == set(OF_A_MAP)


def test_buildings_as_osmium_counts_them(town, tmp_path):
    features = second_tool("wr/building", "wr/building:part", geometry="polygon", folder=tmp_path)
    no = [*table()["building"]["not_a_building"]]
    theirs = [
        f
        for f in features
        if f["properties"].get("building", f["properties"].get("building:part", "no")) not in no
    ]
    # osmium exports an outer ring beside its relation, and does not see one shape drawn twice
    twice = {"osm_ring_twice", "osm_building_twice"}
    spare = sum(f.count for f in town.findings if f.code in twice)
    ours = len(town.tables["buildings"])
    assert ours <= len(theirs) + 5
    assert len(theirs) - ours <= spare
    assert ours > 15_000


def key_of(feature):
    """Give our key of a feature of osmium: areas are 2 * way or 2 * relation + 1."""
    letter, number = feature["id"][0], int(feature["id"][1:])
    if letter != "a":
        return f"osm:{letter}{number}"
    return f"osm:{'r' if number % 2 else 'w'}{number // 2}"


def metres_on_the_sphere(line):
    lon, lat = np.radians(np.array(line.coords)).T
    x, y = np.diff(lon) * np.cos((lat[1:] + lat[:-1]) / 2), np.diff(lat)
    return float(np.hypot(x, y).sum()) * 6_371_009


def test_kilometres_of_road_as_osmium_measures_them(town, tmp_path):
    """Length on the sphere against the length of our links: sphere and UTM differ by 0.3 %."""
    left_out = table()["streets"]["left_out"]
    lines = second_tool("w/highway", geometry="linestring", folder=tmp_path)
    areas = second_tool("w/highway", geometry="polygon", folder=tmp_path)
    known = {key_of(f) for f in lines}  # osmium exports a closed way as line and as area
    metres = 0.0
    for feature in [*lines, *(f for f in areas if key_of(f) not in known)]:
        if feature["properties"].get("highway", "no") not in left_out:
            line = shape(feature["geometry"])
            parts = [line] if line.geom_type == "LineString" else [p.exterior for p in line.geoms]
            metres += sum(metres_on_the_sphere(part) for part in parts)
    streets = town.tables["streets"]
    both_ways = streets["reverse_id"].notna() & streets.index.str.endswith(":b")
    ours = streets.loc[~both_ways, "length_m"].sum()
    assert ours == pytest.approx(metres, rel=0.003)
    assert ours == pytest.approx(1_534_000, rel=0.002)


def test_bus_stops_as_osmium_counts_them(town, tmp_path):
    features = second_tool("nw/highway=bus_stop", geometry="point", folder=tmp_path)
    theirs = {f"osm:{f['id']}" for f in features if f["properties"].get("highway") == "bus_stop"}
    assert len(theirs) == 198
    assert theirs <= set(town.tables["stops"].index)


def test_land_use_as_osmium_counts_it(town, tmp_path):
    features = second_tool("wr/landuse", geometry="polygon", folder=tmp_path)
    theirs = {key_of(f) for f in features if "landuse" in f["properties"]}
    ours = set(town.tables["landuse"].index) | set(town.tables["water"].index)
    ours |= set(town.tables["buildings"].index)
    rings = sum(f.count for f in town.findings if f.code == "osm_ring_twice")
    assert len(theirs) > 500
    assert len(theirs - ours) <= rings  # the outer ring of a relation that has its tags now
    area = town.tables["landuse"]
    for name in ("residential", "farmland", "allotments", "cemetery"):  # from no other key
        keys = {key_of(f) for f in features if f["properties"].get("landuse") == name}
        kept = keys & set(area.index)
        assert (area.loc[sorted(kept), "class"] == name).mean() > 0.97, name


def test_the_main_network_is_the_town(town):
    streets = town.tables["streets"]
    for mode in ("car", "bike", "walk"):
        reach = streets[f"{mode}_reach"]
        may = streets[f"allow_{mode}"]
        assert ((reach == "not_allowed") == ~may).all()
        assert (reach[may] == "main").mean() > 0.95
    ends = set(streets["from_node"]) | set(streets["to_node"])
    assert ends == set(town.tables["nodes"].index)


def test_same_extract_twice_gives_the_same_tables(town):
    again = read_osm(shared(TOWN))
    for name, frame in town.tables.items():
        assert hash_table(again.tables[name]) == hash_table(frame), name
    assert again.findings == town.findings


@pytest.mark.parametrize(
    ("file", "crs"),
    [("north-bayreuth", "EPSG:25832"), ("helsinki-centre", "EPSG:25835")],
)
def test_other_towns(file, crs):
    data = read_osm(shared(f"data/osm/{file}.osm.pbf"))
    assert data.crs == crs
    for name, frame in data.tables.items():
        faults = faults_of(TABLES[name], frame, crs=crs)
        assert [f for f in faults if not f.startswith(ESTIMATED_LATER)] == [], name
    for name in ("buildings", "streets", "landuse", "water", "places", "stops"):
        assert len(data.tables[name]) > 10, name
