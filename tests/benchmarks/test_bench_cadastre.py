"""How long the cadastre takes, from files and from a WFS."""

import pytest

from layers.cadastre import read_cadastre
from layers.features import open_service, read_layer
from layers.sample_city import make_sample
from tests.benchmarks.measure import run
from tests.layers.features.mapserver import serve
from tests.town_files.cadastre import write_cadastre

SIZES = (5_000, 20_000)


@pytest.fixture(scope="session")
def towns(tmp_path_factory):
    """Write towns once for all formats, on first use."""
    made: dict[tuple[int, str], object] = {}
    tables: dict[int, dict] = {}

    def give(size: int, kind: str):
        if size not in tables:
            tables[size] = dict(make_sample(buildings=size).tables)
        if (size, kind) not in made:
            folder = tmp_path_factory.mktemp(f"cadastre-{size}-{kind}")
            made[size, kind] = write_cadastre(tables[size], folder, kind=kind)
        return made[size, kind]

    return give


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["gpkg", "shp", "gml"])
def test_read_files(benchmark, towns, kind, size):
    path = towns(size, kind)
    data = benchmark.pedantic(read_cadastre, args=([path],), rounds=3, warmup_rounds=1)
    assert len(data.tables["buildings"]) > 0.9 * size


@pytest.mark.parametrize("kind", ["gpkg", "gml"])
def test_memory(benchmark, towns, kind):
    path = towns(20_000, kind)
    code = f"from layers.cadastre import read_cadastre; read_cadastre([{str(path)!r}])"
    done = benchmark.pedantic(run, args=("-c", code), rounds=1)
    print(f"\n{kind}: {done.seconds:.1f} s with start, peak {done.peak_mb:.0f} MB")
    assert done.peak_mb < 4000


@pytest.mark.parametrize("page", [1_000, 5_000])
def test_page_through_a_wfs(benchmark, towns, tmp_path, page):
    """Asks MapServer for 20,000 buildings; most of the time is the server's own."""
    with serve(towns(20_000, "gpkg"), tmp_path) as server:
        service = open_service(server.url)
        layer = next(la for la in service.layers if la.name.endswith("GebaeudeBauwerk"))
        options = {"page": page}
        frame = benchmark.pedantic(read_layer, args=(service, layer), kwargs=options, rounds=1)
    assert len(frame) > 19_000
