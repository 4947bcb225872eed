"""Every test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field

import pytest

from layers.project_store import ProjectStore, open_store
from tests.layers.project_store.server import binaries, new_server

COUNTER = itertools.count()


@pytest.fixture(scope="session")
def server():
    if binaries() is None:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    running = new_server()
    yield running
    running.crash()
    shutil.rmtree(running.folder, ignore_errors=True)


@pytest.fixture
def address(request, tmp_path):
    """Where a new, empty database is; `backend` says of which kind."""
    backend = getattr(request, "param", "sqlite")
    if backend == "sqlite":
        return str(tmp_path / "projects.sqlite")
    server = request.getfixturevalue("server")
    name = f"twin{next(COUNTER)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def pytest_generate_tests(metafunc):
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", ["sqlite", "postgresql"], indirect=True)


def scenario(name: str = "Oberlar", **more: object) -> dict:
    return {"format": 1, "name": name, "measures": [], **more}


@dataclass
class Opened:
    """Stores opened by a test, closed with it."""

    address: str
    stores: list[ProjectStore] = field(default_factory=list)

    def __call__(self, **more) -> ProjectStore:
        self.stores.append(open_store(self.address, **{"check": None, **more}))
        return self.stores[-1]


@pytest.fixture
def opened(address):
    opener = Opened(address)
    yield opener
    for store in opener.stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()


@pytest.fixture
def project(store):
    return store.project("b" * 32, "Troisdorf")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request, tmp_path_factory):
    """One store for the tests of observations in a module: each has sources of its own."""
    if request.param == "sqlite":
        where = str(tmp_path_factory.mktemp("observations") / "p.sqlite")
    else:
        server = request.getfixturevalue("server")
        name = f"observations{next(COUNTER)}"
        server.execute(f"CREATE DATABASE {name}")
        where = server.url(name)
    with open_store(where, check=None) as store:
        yield store


@pytest.fixture
def source():
    """A name that no other test uses."""
    return f"source{next(COUNTER)}"
