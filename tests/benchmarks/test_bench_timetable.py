"""Assumed timetables: seconds and memory for a real town, and how a headway's cost grows."""

from pathlib import Path

import numpy as np
import pytest

from layers.osm import read_osm
from layers.sample_city import make_sample
from layers.transit import attach_stops
from layers.transit.stand_in import assumed_timetable
from tests.benchmarks.measure import run
from tests.conftest import shared
from tests.layers.transit.test_stand_in import whole
from twin.mobility.timetable import service_of, with_headway

TOWN = "data/osm/neubrandenburg.osm.pbf"
BUILD = """
import sys
from pathlib import Path
from layers.build import build_city
from layers.osm import read_osm
city = build_city([read_osm(Path(sys.argv[1]))])
print(len(city.trips), len(city.stop_times))
"""


@pytest.mark.parametrize("name", ["neubrandenburg", "heidelberg"])
def test_lines_of_a_town_are_assumed(benchmark, name):
    data = read_osm(shared(f"data/osm/{name}.osm.pbf"))
    tables = whole(data)
    done, _, _ = benchmark.pedantic(assumed_timetable, (tables, [data.routes]), rounds=3)
    benchmark.extra_info.update(lines=len(done["lines"]), stop_times=len(done["stop_times"]))


def test_lines_led_through_the_model_town(benchmark):
    data = make_sample()
    tables = whole(data)
    done, _, _ = benchmark.pedantic(assumed_timetable, (tables, [data.routes]), rounds=3)
    benchmark.extra_info.update(lines=len(done["lines"]), stop_times=len(done["stop_times"]))


def test_building_the_town_with_its_lines(benchmark):
    path = Path(shared(TOWN))
    done = benchmark.pedantic(run, ("-c", BUILD, str(path)), rounds=1)
    benchmark.extra_info["peak_mb"] = round(done.peak_mb)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_every_ten_minutes(benchmark, share):
    data = read_osm(shared(TOWN))
    stops = attach_stops(data.tables["stops"], data.tables["streets"], crs=data.crs)
    done, _, _ = assumed_timetable({**whole(data), "stops": stops}, [data.routes])
    service = service_of(done)
    lines = list(service.lines.index[: int(np.ceil(share * len(service.lines)))])
    found = benchmark(with_headway, service, lines, name="m", headway_min=10)
    benchmark.extra_info["trips"] = len(found.trips)
