"""A place's way over the network, shared by the tests of its stations."""

import osmnx
import pytest

from tests.osm_net import Net
from tests.osm_server import OsmData, serve
from tests.osm_town import write_town


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("osm") / "town.osm")


@pytest.fixture(scope="session")
def town_data(town):
    return OsmData(town)


@pytest.fixture(scope="session")
def no_pause():
    """Let osmnx not pause a second before it asks; nobody else waits for this server."""

    class Hasty:
        @staticmethod
        def sleep(_seconds):
            """Return at once."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(osmnx._nominatim, "time", Hasty)
        yield


@pytest.fixture
def net(town_data, tmp_path, no_pause):
    with serve(town_data) as server:
        yield Net(server, tmp_path)
