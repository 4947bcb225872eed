"""One misplaced point costs one object, not the city."""

import re

import pytest

from layers.build import build_city
from layers.osm import read_osm
from tests.osm_town import write_town


@pytest.fixture
def town(tmp_path):
    return write_town(tmp_path / "town.osm")


def misplace(town, way):
    """Move the last point that only this way has to the equator."""
    text = town.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f'<way id="{way}"'))
    refs = re.findall(r'ref="(\d+)"', line)
    own = next(ref for ref in refs[::-1] if text.count(f'ref="{ref}"') == refs.count(ref))
    moved = re.sub(rf'(<node id="{own}" .*?lat=)"[^"]*"', r'\1"0.0"', text)
    assert moved != text
    town.write_text(moved, "utf-8")


def ways_with(town, tag):
    text = town.read_text("utf-8")
    return [
        re.search(r'id="(\d+)"', line)[1]
        for line in text.splitlines()
        if line.startswith("<way") and tag in line
    ]


@pytest.mark.parametrize(
    ("tag", "code", "table"),
    [
        ('v="house"', "osm_building_giant", "buildings"),
        ('v="Landstraße"', "osm_street_giant", "streets"),
    ],
)
def test_a_giant_is_left_out_and_counted(town, tag, code, table):
    before = build_city(read_osm(town))
    way = ways_with(town, tag)[0]
    misplace(town, way)
    after = build_city(read_osm(town))
    (seen,) = [f for f in after.info.findings if f.code == code]
    assert (seen.count, seen.table, seen.examples) == (1, table, (f"osm:w{way}",))
    if table == "buildings":
        assert set(before.buildings.index) - set(after.buildings.index) == {f"osm:w{way}"}
    else:
        assert before.streets["name"].eq("Landstraße").any()
        assert not after.streets["name"].eq("Landstraße").any()


def test_a_field_tagged_as_a_house_has_estimates_within_the_schema(town):
    text = town.read_text("utf-8")
    house = ways_with(town, 'v="house"')[0]
    corner = re.search(
        rf'<way id="{house}".*?<nd ref="\d+"/><nd ref="\d+"/><nd ref="(\d+)"/>', text
    )
    far = re.sub(
        rf'(<node id="{corner[1]}" .*?)lat="[^"]*" lon="[^"]*"', r'\1lat="53.55" lon="13.25"', text
    )
    far = re.sub(rf'(<way id="{house}".*?)(</way>)', r'\1<tag k="building:levels" v="40"/>\2', far)
    town.write_text(far, "utf-8")
    buildings = build_city(read_osm(town)).buildings
    assert buildings.loc[f"osm:w{house}", "footprint_m2"] > 50_000
    assert buildings.loc[f"osm:w{house}", "dwellings"] == 5000  # what the schema takes for possible
    assert buildings["floor_area_m2"].max() <= 5_000_000
