"""From data to a city on disk and back: the same input gives the same city, whatever it passes."""

import pytest

from layers.build import build_city
from layers.city_store import open_city, save_city, verify
from layers.osm import read_osm
from layers.sample_city import make_sample
from tests.conftest import shared
from twin.validation import validate_all


def read_real():
    return read_osm(shared("data/osm/neubrandenburg.osm.pbf"))


def read_made():
    return make_sample(buildings=200)


@pytest.mark.parametrize("read", [read_real, read_made])
def test_built_twice_stored_and_opened_it_is_one_city(read, tmp_path):
    city = build_city(read())
    assert build_city(read()).hash == city.hash
    again = open_city(save_city(city, tmp_path / "city"))
    assert again.hash == city.hash
    recounted = again.replace(**dict(again.tables))  # hashed from what was read, not from the file
    assert recounted.hash == city.hash
    validate_all(again.tables, crs=again.crs)
    assert verify(tmp_path / "city") == []


@pytest.mark.parametrize("read", [read_real, read_made])
def test_every_value_says_where_it_comes_from(read):
    city = build_city(read())
    assert city.info.sources
    assert all(source.licence and source.attribution for source in city.info.sources)
    heights = city.buildings["height_source"]
    assert heights.notna().all()
    people = city.buildings.loc[city.buildings["residents"].notna(), "residents_source"]
    assert people.str.startswith(("estimated", "registered", "measured")).all()
