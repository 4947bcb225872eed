"""A small model town and its cadastre, written once."""

import pytest

from layers.sample_city import make_sample
from tests.town_files.cadastre import write_cadastre


@pytest.fixture(scope="session")
def town():
    return dict(make_sample(buildings=250).tables)


@pytest.fixture(scope="session")
def files(town, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cadastre")
    return {kind: write_cadastre(town, folder / kind, kind=kind) for kind in ("gpkg", "shp", "gml")}
