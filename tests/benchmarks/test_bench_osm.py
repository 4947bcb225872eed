"""How long reading and translating an extract takes."""

from layers.osm import read_osm, read_raw
from tests.conftest import shared


def test_read_raw(benchmark):
    path = shared("data/osm/neubrandenburg.osm.pbf")
    raw = benchmark.pedantic(read_raw, args=(path,), rounds=3, warmup_rounds=1)
    assert len(raw.areas) > 15_000


def test_read_and_translate(benchmark):
    path = shared("data/osm/neubrandenburg.osm.pbf")
    data = benchmark.pedantic(read_osm, args=(path,), rounds=3, warmup_rounds=1)
    assert len(data.tables["buildings"]) > 15_000


def test_twice_the_roads_take_no_more_than_twice_the_time_and_some(benchmark):
    """Heidelberg has 3.2 times the road ways of Neubrandenburg; compare the two by hand."""
    path = shared("data/osm/heidelberg.osm.pbf")
    data = benchmark.pedantic(read_osm, args=(path,), rounds=1)
    assert len(data.tables["streets"]) > 80_000
