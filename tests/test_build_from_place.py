"""`twin build "a place"`: from the name to the city folder, with all that a network does wrong."""

import json

import osmnx
import pytest
from shapely import box

import layers.overpass
from dash_app.cli import main
from layers.city_store import open_city
from layers.overpass import Endpoints, fetch_place
from layers.source import find_entry
from layers.web import Manners
from tests.osm_server import OsmData, as_place, serve
from tests.osm_town import TOWN, write_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("osm") / "town.osm")


@pytest.fixture(scope="module")
def data(town):
    return OsmData(town)


@pytest.fixture
def server(data, tmp_path, monkeypatch):
    class Hasty:
        @staticmethod
        def sleep(_seconds):
            """Return at once."""

    monkeypatch.setattr(osmnx._nominatim, "time", Hasty)
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    with serve(data) as running:
        monkeypatch.setenv("TWIN_NOMINATIM", running.url)
        monkeypatch.setenv("TWIN_OVERPASS", f"{running.url}/api")
        quick = Manners(attempts=3, read_timeout_s=30, sleep=lambda _seconds: None)
        monkeypatch.setattr(layers.overpass, "Endpoints", lambda: Endpoints(manners=quick))
        yield running


@pytest.fixture
def build(capsys, tmp_path):
    def build(place, out=None):
        with pytest.raises(SystemExit) as end:
            main(["--lang", "en", "build", place, "-o", str(out or tmp_path / "city")])
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return end.value.code, said.err.strip()

    return build


def test_a_place_becomes_a_city(server, build, tmp_path):
    assert build("Musterstadt") == (0, "")
    city = open_city(tmp_path / "city")
    assert city.name == "Musterstadt"
    # 49 houses, a school and a barn astride the border; the barn outside stays outside
    assert len(city.buildings) == 51
    assert set(city.districts["name"]) >= {"Musterstadt"}
    source, weather = city.info.sources
    assert weather.key == "reference_weather"
    assert source.date == "2026-11-20"
    assert source.url == f"{server.url}/api/interpreter"
    assert "OpenStreetMap" in source.attribution


def test_place_box_and_file_give_the_same_buildings(server, build, tmp_path, town):
    for name, source in {
        "place": "Musterstadt",
        "box": ",".join(map(str, TOWN)),
        "file": str(town),
    }.items():
        assert build(source, tmp_path / name) == (0, "")
    place, box, file = (open_city(tmp_path / name).buildings for name in ("place", "box", "file"))
    # the file also holds what lies around the town, and the estimates look at the neighbours
    tagged = ["use", "has_parts", "footprint_m2", "housenumber"]
    assert place[tagged].equals(box[tagged])
    assert place[tagged].equals(file.loc[place.index, tagged])


def test_the_same_place_twice_is_the_same_city(server, build, tmp_path):
    build("Musterstadt", tmp_path / "one")
    asked = len(server.seen)
    build("Musterstadt", tmp_path / "two")
    assert len(server.seen) == asked, "the second time works offline"
    assert open_city(tmp_path / "one").hash == open_city(tmp_path / "two").hash


FAULTS = {
    "429": ("interpreter", 429, "no room for another question"),
    "504": ("interpreter", 504, "busy or out of order"),
    "half": ("interpreter", "half", "broke off"),
    "unclosed": ("interpreter", "unclosed", "broke off"),
    "broken xml": ("interpreter", "broken", "cannot be read"),
    "page": ("interpreter", "page", "web page instead of data"),
    "remark": ("interpreter", "dispatcher", "gave up"),
    "forbidden": ("interpreter", 403, "refuses to give"),
    "gone": ("interpreter", 404, "does not know"),
    "geocoder busy": ("search", 429, "busy or out of order"),
    "geocoder page": ("search", "page", "no list of places"),
    "geocoder half": ("lookup", "half", "broke off"),
    "geocoder blocked": ("lookup", 403, "refuses to give"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_is_one_clear_line_and_leaves_no_half_city(server, build, tmp_path, case):
    where, fault, words = FAULTS[case]
    server.misbehave(where, *[fault] * 9)
    code, said = build("Musterstadt")
    assert code == 1
    assert words in said
    assert said.startswith("Error: ")
    assert "\n" not in said
    assert not (tmp_path / "city").exists()
    server.faults.clear()
    assert find_entry(fetch_place("Musterstadt")), "the fault left something behind"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("Nirgendwo", "No place called Nirgendwo"),
        ("Punktdorf", "only a point or line"),
        ("R1", "no object R1"),
        ("7.0,50.0,9.0,52.0", "at most 1,000 km²"),
        ("100,0,100.01,0.01", "nothing in 100"),
        ("13.2,53.5,13.2,53.5", "encloses no area"),
        (" ", "No place is given"),
        ("; DROP TABLE", "No place called"),
        ('"];out;', "No place called"),
        ("ÄÖÜ ß 東京 \U0001f600", "No place called"),
        ("x" * 5000, "No place called"),
    ],
)
def test_places_that_are_none(server, build, tmp_path, place, words):
    code, said = build(place)
    assert (code, words in said) == (1, True), said
    assert not (tmp_path / "city").exists()
    assert server.asked("interpreter") == [] or "nothing in" in words


def test_a_name_of_several_places_lists_them(server, build):
    for number, land in enumerate(("Hessen", "Sachsen")):
        twin = as_place("relation", 50 + number, "Neustadt", boxed(number), importance=0.4)
        server.extra_places.append(twin | {"display_name": f"Neustadt, {land}, Deutschland"})
    code, said = build("Neustadt")
    assert code == 1
    assert "R50  Neustadt, Hessen, Deutschland" in said
    assert "R51  Neustadt, Sachsen, Deutschland" in said


def boxed(number):
    return box(number, 50, number + 0.1, 50.1)


def test_a_town_without_buildings_or_streets_is_said(server, build, tmp_path):
    west, south, *_ = TOWN
    # the strip along the western border holds the crossing road and nothing else
    code, said = build(f"{west},{south},{west + 0.001},{south + 0.002}")
    assert code == 1, said
    assert "neither buildings nor streets" in said or "nothing in" in said
    assert not (tmp_path / "city").exists()


@pytest.mark.parametrize("url", ["http://nowhere.invalid", "http://127.0.0.1:1", "nonsense"])
def test_servers_out_of_reach(server, build, monkeypatch, url, tmp_path):
    monkeypatch.setenv("TWIN_OVERPASS", f"{url}/api")
    code, said = build("Musterstadt")
    assert code == 1
    assert any(words in said for words in ("was not found", "No connection", "not a web address"))
    assert not (tmp_path / "city").exists()


def test_a_damaged_cache_heals(server, build, tmp_path):
    build("Musterstadt", tmp_path / "one")
    (file,) = (tmp_path / "cache").glob("*.osm")
    file.write_bytes(file.read_bytes()[:1000])
    assert build("Musterstadt", tmp_path / "two") == (0, "")
    assert open_city(tmp_path / "one").hash == open_city(tmp_path / "two").hash
    (place,) = (tmp_path / "cache").glob("*place.json")
    place.write_text("{")
    assert build("Musterstadt", tmp_path / "three") == (0, "")


def test_absurd_values_from_the_server_are_counted_not_fatal(server, build, tmp_path, data):
    ways = data.objects["w"]
    houses = [way for way, (tags, _) in ways.items() if tags.get("building") == "house"]
    roads = [way for way, (tags, _) in ways.items() if tags.get("highway") == "residential"]
    heights = ["9999", "-3", "acht", "1e400", "", "12 ft", "NaN", "∞", "8;9"]
    speeds = ["walk", "50 mph", "999", "DE:urban", "-1", "", "none"]
    before = {way: dict(ways[way][0]) for way in (*houses, *roads)}
    try:
        for way, height in zip(houses, heights, strict=False):
            ways[way][0]["height"] = height
        for way, speed in zip(roads, speeds, strict=False):
            ways[way][0]["maxspeed"] = speed
        assert build("Musterstadt") == (0, "")
    finally:
        for way, tags in before.items():
            ways[way][0].clear()
            ways[way][0].update(tags)
    city = open_city(tmp_path / "city")
    assert city.buildings["height_m"].between(0.5, 500).all()
    assert city.streets["speed_kmh"].between(3, 300).all()
    counted = {f["code"]: f["count"] for f in json.loads(_manifest(tmp_path))["findings"]}
    assert any("height" in code for code in counted)
    assert any("speed" in code for code in counted)


def _manifest(tmp_path):
    return (tmp_path / "city" / "city.json").read_text("utf-8")
