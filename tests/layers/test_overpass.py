"""From a place name to tables, against a local server that speaks Nominatim and Overpass."""

import errno
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import osmium
import osmnx
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely.geometry import mapping

import layers.overpass
from layers.osm import read_osm
from layers.osm_cut import cut
from layers.overpass import Endpoints, fetch_place, query, read_place
from layers.source import find_entry
from layers.tiles import split
from layers.web import Manners, user_agent
from tests.conftest import shared
from tests.osm_net import Net
from tests.osm_server import OSM_BASE, OsmData, serve
from tests.osm_town import TOWN
from twin.crs import utm_crs
from twin.errors import SourceError

NAMES = {"generated": "Musterstadt", "neubrandenburg": "Neubrandenburg"}


@pytest.fixture(scope="module", params=["generated", "neubrandenburg"])
def extract(request, town):
    """Give the file of a town, real or generated, its name and its data."""
    real = request.param == "neubrandenburg"
    path = shared("data/osm/neubrandenburg.osm.pbf") if real else town
    return path, NAMES[request.param], OsmData(path)


def read_objects(path):
    """Return the tags of every object by kind and id, and the nodes of every way."""
    tags, refs = {"n": {}, "w": {}, "r": {}}, {}
    for thing in osmium.FileProcessor(str(path)):
        kind = thing.type_str()
        tags[kind][thing.id] = {tag.k: tag.v for tag in thing.tags}
        if kind == "w":
            refs[thing.id] = [node.ref for node in thing.nodes]
    return tags, refs


def leftovers(folder):
    return [p.name for p in folder.iterdir() if ".part" in p.name or ".merged" in p.name]


# ---------------------------------------------------------------- the whole way of a name

OFTEN = ("buildings", "landuse", "water", "railways", "trees", "places", "stops", "addresses")


def outline_of(data, name, crs):
    """Give the boundary in metres; long lines are straight in degrees."""
    (key,) = [k for k in data.outlines if data.tags("r", k).get("name") == name]
    fine = shapely.segmentize(data.outlines[key], 0.001)
    return gpd.GeoSeries([fine], crs="EPSG:4326").to_crs(crs).iloc[0]


@pytest.fixture(scope="module")
def both_ways(extract, tmp_path_factory, no_pause):
    """Give what the server's answer and the file itself say of the place, its outline, the net."""
    path, name, data = extract
    with serve(data) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers.overpass, "TILE_KM2", 20 if name == "Neubrandenburg" else 0.5)
        net = Net(server, tmp_path_factory.mktemp("cache"))
        got = read_place(name, cache_dir=net.folder, endpoints=net.endpoints, progress=net.note)
    return got, read_osm(path), outline_of(data, name, got.crs), net


def test_a_name_becomes_the_same_tables_as_the_same_cut_read_directly(both_ways, extract):
    got, direct, outline, net = both_ways
    assert len(net.server.asked("interpreter")) > 2
    assert (got.name, got.crs) == (extract[1], direct.crs)
    for table in OFTEN:
        expected = direct.tables[table]
        expected = expected[expected.intersects(outline)].sort_index()
        assert_frame_equal(got.tables[table].sort_index(), expected, obj=table)
    assert len(got.tables["buildings"]) > (9000 if got.name == "Neubrandenburg" else 50)
    steps = [share for _, share in net.steps]
    assert steps == sorted(steps)
    assert 0 <= steps[0] <= steps[-1] <= 1


def test_streets_inside_are_the_same_kilometres(both_ways):
    got, direct, outline, _ = both_ways
    lengths = [
        links.intersection(outline).length.groupby(links["class"].astype(str)).sum()
        for links in (got.tables["streets"], direct.tables["streets"])
    ]
    inside = lengths[1][lengths[1] > 0]  # links are joined differently outside, not inside
    assert lengths[0].reindex(inside.index).to_numpy() == pytest.approx(inside.to_numpy(), rel=1e-9)
    assert inside.sum() > (1e6 if got.name == "Neubrandenburg" else 1e4)


def test_a_street_that_crosses_the_boundary_stays_whole(net):
    read = read_place("Musterstadt", cache_dir=net.folder, endpoints=net.endpoints)
    streets = read.tables["streets"]
    road = streets[streets["name"].eq("Landstraße")].to_crs("EPSG:4326")
    assert road.total_bounds[0] == pytest.approx(13.2 - 9 * 0.0015)


def test_streets_that_leave_the_town_end_at_its_edge(net):
    nodes = read_place("Musterstadt", cache_dir=net.folder, endpoints=net.endpoints).tables["nodes"]
    ends = nodes[nodes["is_boundary"]].to_crs("EPSG:4326").geometry
    assert len(ends) == 3  # the road to the west, and the track through the corner has two
    assert not ends.intersects(shapely.box(*TOWN)).any()
    inner_dead_ends = nodes[~nodes["is_boundary"]].to_crs("EPSG:4326").geometry
    assert inner_dead_ends.intersects(shapely.box(*TOWN)).all()


def test_source_and_date_are_the_servers(net):
    source = read_place("Musterstadt", cache_dir=net.folder, endpoints=net.endpoints).source
    assert source.url == f"{net.server.url}/api/interpreter"
    assert source.date == OSM_BASE[:10]
    assert source.retrieved == datetime.now(UTC).date().isoformat()
    assert source.attribution == "© OpenStreetMap contributors"
    assert len(source.sha256) == 64


def test_neighbours_and_higher_levels_are_no_districts(net):
    read = read_place("Musterstadt", cache_dir=net.folder, endpoints=net.endpoints)
    assert read.tables["districts"]["name"].tolist() == ["Musterstadt"]


# ---------------------------------------------------------------------------- the raw cut


def test_the_cut_is_complete_and_holds_nothing_from_outside(net, town):
    path = net.fetch("Musterstadt")
    tags, refs = read_objects(path)
    whole, _ = read_objects(town)
    assert all(ref in tags["n"] for path in refs.values() for ref in path), "a way lacks a node"
    assert not any(t.get("name") == "Punktdorf" for t in tags["n"].values())
    names = {t.get("name") for t in tags["w"].values()} - {None}
    assert {"Landstraße", "Querstraße 0", "Längsstraße 7"} <= names
    kinds = sorted(filter(None, (t.get("highway") for t in tags["w"].values())))
    assert kinds.count("track") == 1, "the one through the corner, not the one round the wood"
    assert "service" not in kinds
    assert sum("building" in t for t in tags["w"].values()) == 50  # 49 houses, one barn astride
    assert {t["type"] for t in tags["r"].values()} >= {"restriction", "multipolygon", "boundary"}
    assert {t.get("name") for t in tags["r"].values()} >= {"Musterstadt"}
    assert "Land" not in {t.get("name") for t in tags["r"].values()}, "no country borders"
    assert set(tags["w"]) < set(whole["w"])


@pytest.mark.parametrize("tile_km2", [0.05, 0.3, 100])
def test_the_cut_does_not_depend_on_the_tiles(net, town, tile_km2, monkeypatch, tmp_path):
    monkeypatch.setattr(layers.overpass, "TILE_KM2", tile_km2)
    fetched = net.fetch("Musterstadt")
    assert len(net.server.asked("interpreter")) == (
        1 if tile_km2 == 100 else pytest.approx(20, abs=17)
    )
    tags, refs = read_objects(fetched)
    direct = tmp_path / "direct.osm"
    cut([town], shapely.box(*TOWN), direct)
    expected, expected_refs = read_objects(direct)
    for kind in "nw":
        assert tags[kind] == expected[kind]
    assert refs == expected_refs
    not_asked_for = {k for k, t in expected["r"].items() if t.get("name") == "Land"}
    assert set(tags["r"]) == set(expected["r"]) - not_asked_for


def test_the_cut_agrees_with_osmium_tool(extract, tmp_path):
    if shutil.which("osmium") is None:
        pytest.skip("needs osmium-tool")
    path, name, data = extract
    (key,) = [k for k in data.outlines if data.tags("r", k).get("name") == name]
    area = tmp_path / "area.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(data.outlines[key])}
    area.write_text(json.dumps(feature))
    theirs, ours = tmp_path / "theirs.osm", tmp_path / "ours.osm"
    tool = ["osmium", "extract", "-s", "smart", "-S", "types=multipolygon,boundary,building"]
    subprocess.run([*tool, "-p", area, "-o", theirs, path], check=True, capture_output=True)
    cut([path], data.outlines[key], ours)
    (tags, refs), (expected, expected_refs) = read_objects(ours), read_objects(theirs)
    # osmium-tool leaves out ways that cross the area between two nodes, and nodes on its line
    assert set(tags["w"]) >= set(expected["w"])
    assert len(tags["w"]) <= len(expected["w"]) * 1.01 + 5
    assert all(expected_refs[way] == refs[way] for way in expected_refs)
    assert set(tags["n"]) >= {n for path in expected_refs.values() for n in path} & set(
        expected["n"]
    )


def test_duplicates_between_tiles_appear_once(net, monkeypatch):
    monkeypatch.setattr(layers.overpass, "TILE_KM2", 0.1)
    path = net.fetch("Musterstadt")
    ids = [(t.type_str(), t.id) for t in osmium.FileProcessor(osmium.io.File(str(path), "osm"))]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids, key=lambda key: ("nwr".index(key[0]), key[1]))


# --------------------------------------------------------------------------- politeness


def test_only_place_and_program_are_told(net):
    net.fetch("Musterstadt")
    for seen in net.server.seen:
        assert seen.headers["User-Agent"] == user_agent()
        known = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language"}
        assert set(seen.headers) <= known | {
            "Connection",
            "Content-Type",
            "Content-Length",
            "referer",
        }
        assert not seen.headers.get("referer")
    assert len(net.server.asked("search")) == len(net.server.asked("lookup")) == 1
    (tile,) = net.server.asked("interpreter")
    assert list(tile.asked) == ["data"]
    assert "user" not in tile.asked["data"]
    assert "meta" not in tile.asked["data"]


def test_osmnx_keeps_its_own_settings(net):
    before = dict(vars(osmnx.settings))
    net.fetch("Musterstadt")
    assert dict(vars(osmnx.settings)) == before


def test_what_is_in_the_cache_works_offline(net):
    path = net.fetch("Musterstadt")
    asked = len(net.server.seen)
    content = path.read_bytes()
    assert net.fetch("Musterstadt") == path
    offline = Endpoints(
        nominatim=net.server.url, overpass=("http://127.0.0.1:1/api",), manners=Manners(attempts=1)
    )
    assert net.fetch("Musterstadt", endpoints=offline) == path
    assert path.read_bytes() == content
    assert len(net.server.seen) == asked
    assert sorted(p.suffix for p in net.folder.iterdir()) == [".json", ".json", ".json", ".osm"]


def test_a_full_server_is_asked_again_when_it_has_room(net):
    net.server.slot_wait_s = 42
    net.server.misbehave("interpreter", 429)
    net.fetch("Musterstadt")
    assert net.pauses == [43]


def test_retry_after_comes_before_the_slots(net):
    net.server.slot_wait_s = 42
    net.server.misbehave("interpreter", (429, {"Retry-After": "5"}))
    net.fetch("Musterstadt")
    assert net.pauses == [5]


PASSING = [504, 502, 429, "half", "unclosed", "broken", "page", "reset", "dispatcher"]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(net, fault):
    net.server.misbehave("interpreter", fault, fault)
    path = net.fetch("Musterstadt")
    assert len(net.server.asked("interpreter")) == 3
    assert len(net.pauses) == 2
    assert find_entry(path)
    assert leftovers(net.folder) == []


WORDS = {
    504: "busy or out of order .*504",
    502: "busy or out of order",
    429: "no room for another question",
    "half": "broke off in the middle",
    "unclosed": "broke off in the middle",
    "broken": "cannot be read",
    "page": "web page instead of data: too busy & tired",
    "reset": "No connection|broke off",
    "dispatcher": "gave up: runtime error: open64",
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_stays_is_said_and_nothing_half_written(net, fault):
    net.server.misbehave("interpreter", *[fault] * 9)
    with pytest.raises(SourceError, match=WORDS[fault]) as caught:
        net.fetch("Musterstadt")
    assert caught.value.hint
    assert len(net.server.asked("interpreter")) == 3
    assert not [p for p in net.folder.iterdir() if p.suffix == ".osm"]


def test_the_second_server_helps_out(net):
    net.server.misbehave("interpreter", *[504] * 3)
    servers = replace(net.endpoints, overpass=(f"{net.server.url}/api", f"{net.server.url}/b"))
    assert find_entry(net.fetch("Musterstadt", endpoints=servers))
    assert [seen.path for seen in net.server.asked("interpreter")][-1] == "/b/interpreter"


@pytest.mark.parametrize("fault", ["timeout", "memory"])
def test_a_tile_too_heavy_for_the_server_is_asked_for_in_quarters(net, fault, monkeypatch):
    monkeypatch.setattr(layers.overpass, "SMALLEST_TILE_KM2", 0.1)
    net.server.misbehave("interpreter", fault, fault)
    path = net.fetch("Musterstadt")
    assert len(net.server.asked("interpreter")) == 2 + 3 + 4  # whole, quarter; 4 of it, 3 more
    assert net.pauses == []
    assert sum("building" in t for t in read_objects(path)[0]["w"].values()) == 50


def test_a_server_too_weak_for_anything_is_said(net):
    net.server.misbehave("interpreter", *["memory"] * 40)
    with pytest.raises(SourceError, match=r"even for a small piece.*out of memory"):
        net.fetch("Musterstadt")
    assert len(net.server.asked("interpreter")) < 10


def test_a_question_the_server_does_not_understand_is_not_repeated(net, monkeypatch):
    monkeypatch.setattr(layers.overpass, "QUERY", "gibberish({found}{nodes});out;")
    with pytest.raises(SourceError, match="parse error"):
        net.fetch("Musterstadt")
    assert len(net.server.asked("interpreter")) == 1


def test_a_cancelled_fetch_goes_on_with_the_next_tile(net, monkeypatch):
    monkeypatch.setattr(layers.overpass, "TILE_KM2", 0.5)

    def cancel(_step, share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net.fetch("Musterstadt", progress=cancel)
    done = len([p for p in net.folder.iterdir() if p.name.startswith("tile-") and find_entry(p)])
    asked = len(net.server.asked("interpreter"))
    assert done > 0
    path = net.fetch("Musterstadt")
    tiles = len(split(shapely.box(*TOWN), tile_km2=0.5))
    assert len(net.server.asked("interpreter")) - asked == tiles - done
    assert find_entry(path)
    assert leftovers(net.folder) == []
    assert not [p for p in net.folder.iterdir() if p.name.startswith("tile-")]


def test_a_full_disk_while_cutting(net, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(layers.overpass, "cut", full)
    with pytest.raises(SourceError, match="disk is full"):
        net.fetch("Musterstadt")


# ----------------------------------------------------------------------- shapes and boxes


def test_a_box_and_a_shape_need_no_geocoder(net):
    box = net.fetch(TOWN)
    assert net.server.asked("search") == []
    assert net.fetch(shapely.box(*TOWN)) == box
    assert net.fetch(", ".join(map(str, TOWN))) == box
    assert len(net.server.asked("interpreter")) == 1


def test_a_part_of_the_town(net):
    west, south, _, _ = TOWN
    tags, _ = read_objects(net.fetch((west, south, 13.2021, 53.5021)))
    assert sum("building" in t for t in tags["w"].values()) == 4


def test_a_shape_in_two_parts_with_a_hole(net):
    step = 0.0015
    left = shapely.box(13.2, 53.5, 13.2 + step, 53.5 + 6 * step)
    right = shapely.box(13.2 + 3 * step, 53.5, 13.2 + 6 * step, 53.5 + 6 * step)
    hole = shapely.box(13.2 + 4.1 * step, 53.5 + 1.1 * step, 13.2 + 4.9 * step, 53.5 + 1.9 * step)
    tags, _ = read_objects(net.fetch(shapely.union(left, right.difference(hole))))
    houses = [t for t in tags["w"].values() if t.get("building") == "house"]
    assert len(houses) == 1 * 6 + 3 * 6 - 1


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (shapely.Point(13, 53), "encloses no area; it is a Point"),
        (shapely.LineString([(13, 53), (14, 53)]), "encloses no area"),
        (shapely.Polygon(), "encloses no area"),
        (shapely.box(370_000, 5_630_000, 371_000, 5_631_000), "not given in degrees.*latitude"),
        ((13.0, 53.0, 13.0, 53.0), "encloses no area"),
        ("1, 2, 1, 2", "encloses no area"),
        ((-190.0, 53.0, 13.0, 54.0), "not given in degrees"),
        ((6.0, 50.0, 8.0, 52.0), r"at most 1000 km².*geofabrik"),
        ((100.0, 0.0, 100.01, 0.01), "nothing in 100, 0, 100.01, 0.01"),
    ],
)
def test_areas_that_are_none(net, shape, words):
    with pytest.raises(SourceError, match=words):
        net.fetch(shape)
    assert leftovers(net.folder) == []


def test_a_shape_that_crosses_itself_counts_where_it_is_area(net):
    bow_tie = shapely.Polygon([(13.2, 53.5), (13.21, 53.51), (13.21, 53.5), (13.2, 53.51)])
    assert net.fetch(bow_tie).is_file()


places_in_germany = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.floats(6, 14.5),
    st.floats(47.5, 54.5),
    st.floats(0.001, 0.3),
    st.floats(0.001, 0.2),
)


@settings(max_examples=30)
@given(places_in_germany, st.floats(2, 60))
def test_tiles_cover_the_area_without_overlap_and_are_small(area, tile_km2):
    tiles = gpd.GeoSeries(split(area, tile_km2=tile_km2), crs="EPSG:4326")
    crs = utm_crs(area.centroid.x, area.centroid.y)
    flat, whole = tiles.to_crs(crs), gpd.GeoSeries([area], crs="EPSG:4326").to_crs(crs)
    assert flat.area.sum() == pytest.approx(whole.area.sum(), rel=1e-3)
    assert shapely.union_all(flat).area == pytest.approx(whole.area.sum(), rel=1e-3)
    assert flat.area.max() <= tile_km2 * 1e6 * 1.001


@settings(max_examples=20)
@given(places_in_germany)
def test_the_question_reaches_over_the_edge_of_its_tile(area):
    rings = re.findall(r'node\(poly:"([^"]*)"\)', query(area))
    asked = shapely.union_all(
        [
            shapely.Polygon([(x, y) for y, x in zip(v[::2], v[1::2], strict=True)])
            for ring in rings
            for v in [[float(number) for number in ring.split()]]
        ]
    )
    assert asked.covers(area)
    assert all(len(ring.split()) < 400 for ring in rings)


# ------------------------------------------------------------------------- any damage at all

JUNK = st.one_of(
    st.binary(max_size=3),
    st.sampled_from([b"<", b">", b'"', b"&", b"\0", b"</osm>", b"<way ", b"-", b"9" * 30, b"\xff"]),
)


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(at=st.floats(0, 1), gone=st.integers(0, 4000), junk=JUNK)
def test_damage_of_any_kind_is_said_or_harmless(small, at, gone, junk):
    def damage(body):
        start = int(at * len(body))
        return body[:start] + junk + body[start + gone :]

    small.server.faults.clear()
    small.server.misbehave("interpreter", damage)
    with TemporaryDirectory() as folder:
        try:
            path = fetch_place(SMALL, cache_dir=Path(folder), endpoints=small.endpoints)
        except SourceError:
            assert not list(Path(folder).glob("*.osm"))
        else:
            read_objects(path)  # what is kept can be read
            assert find_entry(path)


SMALL = (13.2, 53.5, 13.2015, 53.5015)


@pytest.fixture
def small(net):
    net.endpoints = replace(net.endpoints, manners=Manners(attempts=1))
    return net
