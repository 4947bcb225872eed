"""Route relations of both schemes, written by hand and counted in the real extract."""

import shutil
import subprocess
from itertools import pairwise

import pytest

from layers.osm import read_raw
from layers.osm.routes import headway
from layers.osm.routes import routes as routes_of
from tests.conftest import shared
from tests.layers.osm.make import EAST, NORTH, Osm, read


def street(osm, count=3):
    """A street of nodes 400 m apart, with a stop on the right between each two."""
    nodes = [osm.node(400 * i, 0) for i in range(count)]
    ways = [osm.way(pair, {"highway": "residential"})
            for pair in pairwise(nodes)]  # fmt: skip
    tags = {"highway": "bus_stop", "public_transport": "platform"}
    stops = [osm.node(400 * i + 200, -6, {**tags, "name": "ABCDEF"[i]}) for i in range(count - 1)]
    return ways, stops


def test_members_come_in_order_with_their_roles(tmp_path):
    osm = Osm()
    ways, stops = street(osm)
    halt = osm.node(200, 0, {"public_transport": "stop_position", "bus": "yes", "name": "A"})
    members = [("n", halt, "stop"), ("n", stops[0], "platform"), ("n", stops[1], "platform"),
               *(("w", way, "") for way in ways), ("n", 999, "stop")]  # fmt: skip
    key = osm.relation(members, {
        "type": "route", "route": "bus", "ref": "501;502", "name": "Bus 501", "operator": "RSVG",
        "colour": "#F80", "interval": "00:20", "from": "A", "to": "B",
    })  # fmt: skip
    routes = read(osm, tmp_path).routes
    line = routes.lines.loc[f"osm:r{key}"]
    assert line.drop("master").to_dict() == {
        "class": "bus", "ref": "501", "name": "Bus 501", "from": "A", "to": "B",
        "operator": "RSVG", "colour": "#ff8800", "headway_min": 20.0, "long_distance": False,
    }  # fmt: skip
    found = routes.members
    assert list(found["key"]) == [
        f"osm:n{halt}", *(f"osm:n{stop}" for stop in stops), *(f"osm:w{way}" for way in ways),
        "osm:n999",
    ]  # fmt: skip
    assert list(found["is_halt"]) == [True, True, True, False, False, True]
    assert found["x"][:3].tolist() == pytest.approx([EAST + 200, EAST + 200, EAST + 600], abs=0.01)
    assert found["y"][:3].tolist() == pytest.approx([NORTH, NORTH - 6, NORTH - 6], abs=0.01)
    assert found["x"][3:].isna().all()


def test_directions_share_their_master_and_only_passenger_lines_count(tmp_path):
    osm = Osm()
    ways, _ = street(osm)
    bus = {"type": "route", "route": "bus", "ref": "1"}
    keys = [osm.relation([("w", way, "forward") for way in ways], bus) for _ in range(2)]
    for other in ("road", "bicycle", "hiking", "railway"):
        osm.relation([("w", ways[0], "")], {"type": "route", "route": other})
    osm.relation([("w", ways[0], "")], {**bus, "disused": "yes"})
    osm.relation([("w", ways[0], "")],
                 {"type": "route", "route": "train", "service": "long_distance"})  # fmt: skip
    master = osm.relation([("r", key, "") for key in keys],
                          {"type": "route_master", "route_master": "bus", "ref": "1"})  # fmt: skip
    lines = read(osm, tmp_path).routes.lines
    assert list(lines["class"]) == ["bus", "bus", "rail"]
    assert lines["master"].tolist()[:2] == [f"osm:r{master}"] * 2
    assert lines["long_distance"].tolist() == [False, False, True]


def test_an_extract_without_lines_has_none(tmp_path):
    osm = Osm()
    street(osm)
    routes = read(osm, tmp_path).routes
    assert len(routes.lines) == 0
    assert len(routes.members) == 0


@pytest.mark.parametrize(
    ("text", "minutes"), [("15", 15), ("1:30", 90), ("10;20", 20), ("PT1H", 60), ("7,5", 7)]
)
def test_headways_as_people_write_them(text, minutes):
    assert headway(text) == minutes


def test_the_real_extract_as_osmium_counts_it(tmp_path):
    path = shared("data/osm/neubrandenburg.osm.pbf")
    if shutil.which("osmium") is None:
        pytest.skip("needs osmium-tool")
    out = tmp_path / "routes.opl"
    kinds = ("bus", "tram", "train", "light_rail", "subway", "trolleybus", "ferry", "share_taxi")
    filters = [f"r/route={kind}" for kind in kinds]
    subprocess.run(
        ["osmium", "tags-filter", "-R", str(path), *filters, "-o", str(out)],
        check=True, capture_output=True,
    )  # fmt: skip
    rows = [line for line in out.read_text("utf-8").splitlines() if "type=route" in line]
    rows = [line for line in rows if "route_master" not in line]
    cut = tmp_path / "cut.osm.pbf"  # only what the relations name: fast
    subprocess.run(["osmium", "tags-filter", str(path), *filters, "-o", str(cut)],
                   check=True, capture_output=True)  # fmt: skip
    routes = routes_of(read_raw(cut))
    assert sorted(routes.lines.index) == sorted("osm:" + line.split()[0] for line in rows)
    told = [m for line in rows for m in line.split(" M")[1].split(",") if m[0] in "nw"]
    assert len(routes.members) == len(told)
    assert set(routes.lines["class"]) == {"bus", "rail"}
