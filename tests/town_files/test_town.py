"""What is written about the model town is read back by the adapters, and differs as it should."""

import numpy as np
import pytest
import shapely

from layers.osm import read_osm
from layers.sample_city import make_sample
from tests.town_files.osm import drawn_buildings
from tests.town_files.town import FORMATS, write_town

BUILDINGS = 400


@pytest.fixture(scope="module")
def town():
    return make_sample(buildings=BUILDINGS).tables


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("town"), buildings=BUILDINGS, cell_m=50)


def test_every_format_is_there(files):
    assert set(files) == set(FORMATS)
    assert all(paths and all(path.exists() for path in paths) for paths in files.values())


def test_the_map_reads_back_as_drawn(town, files):
    """Outlines, streets, stops and districts against the model they were drawn from."""
    data = read_osm(files["osm"][0])
    read = data.tables
    drawn = drawn_buildings(town["buildings"])
    assert data.crs == town["buildings"].crs
    assert len(read["buildings"]) == len(drawn)
    areas = sorted(shape.area for shape, _ in drawn)
    assert np.allclose(sorted(read["buildings"].area), areas, atol=0.5)
    length = town["streets"].geometry.length.sum()
    assert read["streets"]["length_m"].sum() == pytest.approx(length, rel=0.01)
    assert len(read["stops"]) == len(town["stops"])
    assert set(read["districts"]["name"]) == set(town["districts"]["name"])
    assert len(read["trees"]) == len(town["trees"])
    assert (read["streets"]["car_reach"] == "main").mean() == pytest.approx(
        (town["streets"]["car_reach"] == "main").mean(), abs=0.05
    )


def test_the_map_lacks_some_houses_and_joins_others(town):
    drawn = shapely.union_all([shape for shape, _ in drawn_buildings(town["buildings"])])
    inside = shapely.intersects(shapely.point_on_surface(town["buildings"].geometry.array), drawn)
    assert 0.92 < inside.mean() < 0.99
    assert len(drawn_buildings(town["buildings"])) < inside.sum()
